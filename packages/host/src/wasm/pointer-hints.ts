/**
 * Guesses about what each register points at, so that the translator can put the right bounds check first. They are
 * guesses: every check is still made, and a wrong guess only costs time. Constant offsets into stack and context are
 * tracked through moves, additions and spills.
 */
import { SIZE_BYTES } from './sizes'
import type { VmProgram } from '../vm/program'
import { instructionAt, instructionsOf } from './flow-graph'
import type { Block, FlowGraph } from './flow-graph'
import type { ContextKind } from '../vm/vm'

/** What a pointer leads to. `value` is an offset (context; stack, from R10), a map handle's address, or where the pointer came from (heap). */
export type HintKind = 'unknown' | 'context' | 'stack' | 'stack_variable' | 'packet' | 'heap' | 'map'

export interface Hint {
  readonly kind: HintKind
  readonly value: number
}

const UNKNOWN: Hint = { kind: 'unknown', value: 0 }
const PACKET: Hint = { kind: 'packet', value: 0 }
const STACK_VARIABLE: Hint = { kind: 'stack_variable', value: 0 }

/** Context fields that hold packet pointers. */
export const POINTER_FIELDS: Readonly<Record<ContextKind, readonly number[]>> = {
  xdp: [0, 4, 8],
  skb: [76, 80, 140],
  none: [],
}

/** Helpers that give a pointer into the heap: map lookups and ring buffer reservations. */
const GIVES_HEAP = new Set([1, 195, 131])

export class Hints {
  readonly registers: Hint[]
  /** Spilled pointers by offset from R10. */
  private readonly slots: Map<number, Hint>
  private readonly context: ContextKind

  constructor(context: ContextKind, registers?: readonly Hint[], slots?: ReadonlyMap<number, Hint>) {
    this.context = context
    this.registers = registers
      ? [...registers]
      : Array.from({ length: 11 }, (_, r) => (r === 10 ? { kind: 'stack', value: 0 } : UNKNOWN))
    this.slots = new Map(slots)
  }

  copy(): Hints {
    return new Hints(this.context, this.registers, this.slots)
  }

  /** What is known behind both. */
  join(other: Hints): void {
    for (let r = 0; r < 10; r++) this.registers[r] = joined(this.registers[r]!, other.registers[r]!)
    for (const [at, hint] of other.slots) this.slots.set(at, joined(this.slots.get(at) ?? UNKNOWN, hint))
  }

  /** Follows one instruction. */
  step(program: VmProgram, pc: number): void {
    const { op, dst, src, off, imm } = instructionAt(program, pc)
    const { registers } = this
    switch (op & 7) {
      case 7:
        registers[dst] = this.arithmetic(op, registers[dst]!, (op & 8) !== 0 ? registers[src]! : undefined, off, imm)
        break
      case 4:
        registers[dst] = UNKNOWN
        break
      case 1:
        registers[dst] = this.loaded(op, registers[src]!, off)
        break
      case 3:
        if ((op & 0xe0) === 0xc0) {
          if (imm & 1 && imm !== 0xf1) registers[src] = UNKNOWN
          else if (imm === 0xf1) registers[0] = UNKNOWN
          else if (imm === 0x100) registers[dst] = UNKNOWN
        } else this.store(op, registers[dst]!, off, registers[src]!)
        break
      case 2:
        this.store(op, registers[dst]!, off, UNKNOWN)
        break
      case 0:
        if (op === 0x18)
          registers[dst] =
            program.src[pc] === 2
              ? { kind: 'map', value: program.value[pc]! }
              : program.src[pc] === 4
                ? { kind: 'heap', value: pc }
                : UNKNOWN
        else registers[0] = UNKNOWN
        break
      default:
        if (op === 0x85) {
          const heap = program.src[pc] === 0 && GIVES_HEAP.has(imm)
          registers[0] = heap ? { kind: 'heap', value: pc } : UNKNOWN
        }
    }
  }

  private arithmetic(op: number, a: Hint, b: Hint | undefined, off: number, imm: number): Hint {
    const code = op >> 4
    if (code === 11) return off === 0 && b ? b : UNKNOWN
    if (code !== 0 && code !== 1) return UNKNOWN
    if (!b) return moved(a, code === 0 ? imm : -imm)
    if (a.kind === 'unknown') return code === 0 ? anywhere(b) : UNKNOWN
    return b.kind === 'unknown' ? anywhere(a) : UNKNOWN
  }

  private loaded(op: number, base: Hint, off: number): Hint {
    const at = base.value + off
    if (base.kind === 'context' && (op & 0xf8) === 0x60 && POINTER_FIELDS[this.context].includes(at)) return PACKET
    return base.kind === 'stack' && op === 0x79 ? (this.slots.get(at) ?? UNKNOWN) : UNKNOWN
  }

  private store(op: number, base: Hint, off: number, value: Hint): void {
    if (base.kind !== 'stack') return
    const at = base.value + off
    const size = SIZE_BYTES[(op >> 3) & 3]!
    for (let i = at - 7; i < at + size; i++) this.slots.delete(i)
    if (size === 8 && value.kind !== 'unknown') this.slots.set(at, value)
  }
}

function moved(hint: Hint, by: number): Hint {
  if (hint.kind === 'stack' || hint.kind === 'context') return { kind: hint.kind, value: hint.value + by }
  return hint.kind === 'map' ? UNKNOWN : hint
}

function anywhere(hint: Hint): Hint {
  if (hint.kind === 'stack') return STACK_VARIABLE
  return hint.kind === 'context' || hint.kind === 'map' ? UNKNOWN : hint
}

function joined(a: Hint, b: Hint): Hint {
  if (a.kind === 'unknown') return b
  if (b.kind === 'unknown' || (a.kind === b.kind && a.value === b.value)) return a
  if (a.kind.startsWith('stack') && b.kind.startsWith('stack')) return STACK_VARIABLE
  return a.kind === 'context' || a.kind === 'map' ? UNKNOWN : a
}

/** Hints at the start of each block. `entry` tells of the function's arguments. */
export function blockHints(program: VmProgram, graph: FlowGraph, entry: Hints): readonly Hints[] {
  const before: (Hints | undefined)[] = [entry.copy()]
  // Twice, so that what a loop does to its pointers reaches its start.
  for (let round = 0; round < 2; round++) {
    graph.blocks.forEach((block, index) => {
      const hints = (before[index] ?? entry).copy()
      throughBlock(program, block, hints)
      for (const next of block.successors) {
        if (next < 0) continue
        const known = before[next]
        if (known) known.join(hints)
        else before[next] = hints.copy()
      }
    })
  }
  return before.map((hints) => hints ?? entry)
}

function throughBlock(program: VmProgram, block: Block, hints: Hints): void {
  for (const pc of instructionsOf(program, block)) hints.step(program, pc)
}

/** What a callee may think of its arguments: a stack pointer lies a frame higher there. */
export function calleeHints(context: ContextKind, caller: Hints, frame: number): Hints {
  const hints = new Hints(context)
  for (let r = 1; r <= 5; r++)
    hints.registers[r] = moved(caller.registers[r]!, caller.registers[r]!.kind === 'stack' ? frame : 0)
  return hints
}
