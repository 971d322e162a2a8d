/**
 * Which programs can be translated: those that keep to the calling convention that the verifier enforces. R10 is never
 * written, a callee reads nothing of its caller but R1 … R5, nobody reads R1 … R5 after a call. Programs that break it
 * mean something only with one register file for all frames; they stay with the interpreter.
 */
import type { VmProgram } from '../vm/program'
import { instructionAt, instructionsOf } from './flow-graph'
import type { FlowGraph } from './flow-graph'

const ARGUMENTS = 0b11_1110
const CALLEE_SAVED = 0b11_1100_0000
export const CALLBACK_HELPERS: ReadonlySet<number> = new Set([164, 181])
const LOOP = 181
const TAIL_CALL = 12
/** What a callback may read: the four that for_each_map_elem sets, or the two that loop sets. */
const CALLBACK_ARGUMENTS = 0b01_1110
const LOOP_ARGUMENTS = 0b00_0110

export interface Convention {
  readonly ok: boolean
  /** The program itself reads R6 … R9 before it writes them: it cannot be entered by a tail call. */
  readonly readsSaved: boolean
}

/** `graphs` are the program's functions, the first of them its start. */
export function checkConvention(
  program: VmProgram,
  graphs: readonly FlowGraph[],
  callbacks: readonly number[],
): Convention {
  const refused = { ok: false, readsSaved: false }
  const called = new Set<number>()
  let loops = false
  for (const { blocks } of graphs) {
    for (const block of blocks) {
      for (const pc of instructionsOf(program, block)) {
        const { op, dst, src, imm } = instructionAt(program, pc)
        // A call whose target stands in a register may be any call.
        if (dst > 10 || src > 10 || op === 0x8d) return refused
        if (effect(program, pc).writes & (1 << 10)) return refused
        if (block.ending === 'call' && pc === block.last) called.add(program.extra[pc]!)
        if (op === 0x85 && src === 0 && imm === LOOP) loops = true
      }
    }
  }
  let readsSaved = false
  for (const graph of graphs) {
    const live = liveness(program, graph)
    if (live === undefined) return refused
    if (graph.entry === 0) readsSaved = (live & CALLEE_SAVED) !== 0
    if (called.has(graph.entry) && live & CALLEE_SAVED) return refused
    if (callbacks.includes(graph.entry) && live & ~(loops ? LOOP_ARGUMENTS : CALLBACK_ARGUMENTS)) return refused
  }
  return { ok: true, readsSaved }
}

/** Registers (a bit each, R10 left out) that the function reads before it writes them; undefined when arguments are read after a call. */
function liveness(program: VmProgram, graph: FlowGraph): number | undefined {
  const before = new Uint16Array(graph.blocks.length)
  for (let changed = true; changed;) {
    changed = false
    for (let index = graph.blocks.length - 1; index >= 0; index--) {
      const block = graph.blocks[index]!
      let live = block.successors.reduce((bits, next) => bits | (next < 0 ? 0 : before[next]!), 0)
      const clobbers =
        block.ending === 'call' || (block.ending === 'helper' && CALLBACK_HELPERS.has(program.imm[block.last]!))
      if (clobbers && live & ARGUMENTS) return undefined
      for (const pc of [...instructionsOf(program, block)].reverse()) {
        const { reads, writes } = effect(program, pc)
        live = (live & ~writes) | reads
      }
      live &= 0x3ff
      if (live !== before[index]) {
        before[index] = live
        changed = true
      }
    }
  }
  return before[0]!
}

/** Registers that the instruction reads and writes, a bit each. What a helper reads is taken to be nothing: it may not matter. */
function effect(program: VmProgram, pc: number): { readonly reads: number; readonly writes: number } {
  const { op, dst, src, imm } = instructionAt(program, pc)
  const d = 1 << dst
  const s = 1 << src
  switch (op & 7) {
    case 4:
    case 7: {
      const code = op >> 4
      const other = (op & 8) !== 0 && code !== 8 && code !== 13 ? s : 0
      return { reads: other | (code === 11 ? 0 : d), writes: d }
    }
    case 1:
      return { reads: s, writes: d }
    case 2:
      return { reads: d, writes: 0 }
    case 3: {
      if ((op & 0xe0) !== 0xc0 || imm === 0x110) return { reads: d | s, writes: 0 }
      if (imm === 0x100) return { reads: s, writes: d }
      return { reads: d | s | (imm === 0xf1 ? 1 : 0), writes: imm === 0xf1 ? 1 : imm & 1 ? s : 0 }
    }
    case 0:
      if (op === 0x18) return { reads: 0, writes: d }
      return { reads: (op & 0xe7) === 0x40 ? s : 0, writes: 1 }
    default: {
      const code = op >> 4
      if (op === 0x95) return { reads: 1, writes: 0 }
      if (op === 0x85) return { reads: 0, writes: src === 0 && imm === TAIL_CALL ? 0 : 1 }
      if (code === 0 || op === 0xe5) return { reads: 0, writes: 0 }
      return { reads: d | ((op & 8) !== 0 ? s : 0), writes: 0 }
    }
  }
}
