/**
 * The functions of a BPF program as graphs of basic blocks. A function is everything that jumps reach from its start, so
 * two functions may share instructions. Calls, helpers that end a run early, and whatever only the interpreter can do
 * end a block: then a block runs as a whole or not beyond its last instruction, which makes counting by block exact.
 */
import type { VmProgram } from '../vm/program'

/** How a block ends. `interpret`: the rest of the frame belongs to the interpreter. */
export type Ending =
  | 'fall'
  | 'jump'
  | 'branch'
  | 'may_goto'
  | 'exit'
  | 'call'
  | 'helper'
  | 'tail_call'
  | 'packet_load'
  | 'interpret'

export interface Block {
  /** First instruction, and the one after the last. */
  readonly start: number
  readonly end: number
  /** Instructions in it; an ld_imm64 counts once. */
  readonly count: number
  readonly ending: Ending
  /** Index of the last instruction. */
  readonly last: number
  /** Successors as block numbers of the function: the next one, then the jump's target. -1 lies outside the program. */
  readonly successors: readonly number[]
}

export interface FlowGraph {
  readonly entry: number
  /** Blocks in reverse postorder; the entry is 0. */
  readonly blocks: readonly Block[]
}

const LD_IMM64 = 0x18
const CALL = 0x85
const EXIT = 0x95
const MAY_GOTO = 0xe5
const TAIL_CALL = 12

function isCall(program: VmProgram, pc: number): boolean {
  return program.opcode[pc] === CALL && program.src[pc] === 2
}

/** How the instruction ends a block; undefined when it does not. */
export function endingOf(program: VmProgram, pc: number): Ending | undefined {
  const op = program.opcode[pc]!
  const kind = op & 7
  if (kind === 5 || kind === 6) {
    const code = op >> 4
    if (code === 0) return 'jump'
    if (op === EXIT) return 'exit'
    if (op === MAY_GOTO) return 'may_goto'
    if (op === CALL) {
      if (program.src[pc] === 2) return 'call'
      return program.src[pc] !== 0 ? 'interpret' : program.imm[pc] === TAIL_CALL ? 'tail_call' : 'helper'
    }
    return code <= 7 || (code >= 10 && code <= 13) ? 'branch' : 'interpret'
  }
  if (kind === 0 && op !== LD_IMM64) return (op & 0xe7) === 0x20 || (op & 0xe7) === 0x40 ? 'packet_load' : 'interpret'
  return isPlain(program, pc) ? undefined : 'interpret'
}

/** True for arithmetic, loads and stores that the translator knows; all others fault or are too rare. */
function isPlain(program: VmProgram, pc: number): boolean {
  const op = program.opcode[pc]!
  const mode = op & 0xe0
  switch (op & 7) {
    case 0:
      return true
    case 1:
      return mode === 0x60 || (mode === 0x80 && (op & 0x18) !== 0x18)
    case 2:
      return mode === 0x60
    case 3:
      return mode === 0x60 || (mode === 0xc0 && isAtomic(program.imm[pc]!, op))
    case 7:
      return op >> 4 <= 12 || op === 0xd7
    default:
      return op >> 4 <= 13
  }
}

function isAtomic(kind: number, op: number): boolean {
  if (kind === 0x100 || kind === 0x110) return true
  return (op & 0x18) % 0x18 === 0 && ATOMIC_KINDS.has(kind)
}

const ATOMIC_KINDS = new Set([0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1])

/** Places where the program's functions start: its beginning, call targets, callbacks named by ld_imm64. */
export function functionStarts(program: VmProgram): {
  readonly starts: readonly number[]
  readonly callbacks: readonly number[]
} {
  const starts = new Set([0])
  const callbacks = new Set<number>()
  for (let pc = 0; pc < program.length; pc += program.opcode[pc] === LD_IMM64 ? 2 : 1) {
    const target = isCall(program, pc)
      ? program.extra[pc]!
      : program.opcode[pc] === LD_IMM64 && program.src[pc] === 8
        ? program.value[pc]!
        : -1
    if (target < 0 || target >= program.length) continue
    starts.add(target)
    if (program.opcode[pc] === LD_IMM64) callbacks.add(target)
  }
  return { starts: [...starts].sort((a, b) => a - b), callbacks: [...callbacks] }
}

/** The graph of the function that starts at `entry`. */
export function flowGraph(program: VmProgram, entry: number): FlowGraph {
  const leaders = reach(program, entry)
  const raw = new Map<number, { block: Omit<Block, 'successors'>; next: number[] }>()
  for (const start of leaders) raw.set(start, cut(program, start, leaders))
  const order = reversePostorder(entry, (start) => (raw.get(start)?.next ?? []).filter((next) => raw.has(next)))
  const number = new Map(order.map((start, index) => [start, index]))
  const blocks = order.map((start) => {
    const { block, next } = raw.get(start)!
    return { ...block, successors: next.map((target) => number.get(target) ?? -1) }
  })
  return { entry, blocks }
}

function width(program: VmProgram, pc: number): number {
  return program.opcode[pc] === LD_IMM64 ? 2 : 1
}

/** Where control may go after the instruction: what follows, then the target of a jump. */
function nextOf(program: VmProgram, pc: number): number[] {
  switch (endingOf(program, pc)) {
    case 'exit':
    case 'interpret':
      return []
    case 'jump':
      return [program.extra[pc]!]
    case 'branch':
    case 'may_goto':
      return [pc + 1, program.extra[pc]!]
    default:
      return [pc + width(program, pc)]
  }
}

/** First instructions of the blocks that can be reached. */
function reach(program: VmProgram, entry: number): Set<number> {
  const leaders = new Set([entry])
  const seen = new Uint8Array(program.length)
  const open = [entry]
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (pc < 0 || pc >= program.length || seen[pc]) continue
    seen[pc] = 1
    const next = nextOf(program, pc)
    if (endingOf(program, pc) !== undefined)
      for (const target of next) if (target >= 0 && target < program.length) leaders.add(target)
    open.push(...next)
  }
  return leaders
}

function cut(
  program: VmProgram,
  start: number,
  leaders: ReadonlySet<number>,
): { block: Omit<Block, 'successors'>; next: number[] } {
  let pc = start
  let count = 0
  for (;;) {
    count++
    const ending = endingOf(program, pc)
    const end = pc + width(program, pc)
    if (ending !== undefined) return { block: { start, end, count, ending, last: pc }, next: nextOf(program, pc) }
    if (leaders.has(end) || end >= program.length)
      return { block: { start, end, count, ending: 'fall', last: pc }, next: [end] }
    pc = end
  }
}

function reversePostorder(entry: number, successors: (block: number) => number[]): number[] {
  const order: number[] = []
  const seen = new Set([entry])
  const path: { readonly block: number; readonly next: number[] }[] = [{ block: entry, next: successors(entry) }]
  while (path.length > 0) {
    const top = path[path.length - 1]!
    const next = top.next.pop()
    if (next === undefined) {
      order.push(top.block)
      path.pop()
    } else if (!seen.has(next)) {
      seen.add(next)
      path.push({ block: next, next: successors(next) })
    }
  }
  return order.reverse()
}

/** The instruction's operands: what the translator, the liveness and the hints all look at. */
export interface Instruction {
  readonly op: number
  readonly dst: number
  readonly src: number
  readonly off: number
  readonly imm: number
}

export function instructionAt(program: VmProgram, pc: number): Instruction {
  return {
    op: program.opcode[pc]!,
    dst: program.dst[pc]! >> 1,
    src: program.src[pc]! >> 1,
    off: program.off[pc]!,
    imm: program.imm[pc]!,
  }
}

/** The block's instructions in order. */
export function* instructionsOf(program: VmProgram, block: Block): Generator<number> {
  for (let pc = block.start; pc < block.end; pc += width(program, pc)) yield pc
}
