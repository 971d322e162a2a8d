/**
 * The control flow of a program: basic blocks, the ways between them, calls. Of what is written, not of
 * what the verifier finds reachable.
 */

import { decode } from './decode'
import { opcodeAt, slotsOf, srcAt } from './insn'
import { targetOf } from './names'
import { LD_IMM64, OP_CALL, OP_EXIT, OP_JA, OP_JA32, PSEUDO_CALL, PSEUDO_LD } from './opcodes'
import type { Program } from './program'

export interface FlowEdge {
  /** Index of the block it leads to. */
  readonly to: number
  /** `next`: falls through; `taken`: a condition holds; `always`: an unconditional jump. */
  readonly kind: 'next' | 'taken' | 'always'
}

export interface FlowBlock {
  /** First slot, and the slot behind the last. */
  readonly start: number
  readonly end: number
  /** Index into `Program.subprograms`. */
  readonly subprogram: number
  readonly edges: readonly FlowEdge[]
  /** The block ends the function. */
  readonly exits: boolean
}

export interface FlowCall {
  /** Slot of the call (or of the load of a callback's address). */
  readonly from: number
  /** Index into `Program.subprograms`. */
  readonly to: number
}

export interface FlowGraph {
  /** In the order of the code; together they hold every slot once. */
  readonly blocks: readonly FlowBlock[]
  readonly calls: readonly FlowCall[]
}

/** Cuts a program into basic blocks. A target outside the program has no edge. */
export function flowGraph(program: Pick<Program, 'insns' | 'subprograms'>): FlowGraph {
  const { insns, subprograms } = program
  const count = Math.floor(insns.length / 8)
  const leaders = leadersOf(insns, count, subprograms)
  const starts = [...leaders].filter((slot) => slot < count).sort((a, b) => a - b)
  const blockAt = new Map(starts.map((slot, index) => [slot, index]))
  const blocks = starts.map((start, i): FlowBlock => {
    const end = starts[i + 1] ?? count
    const last = lastInsn(insns, start, end)
    const edges: FlowEdge[] = []
    const add = (slot: number | undefined, kind: FlowEdge['kind']) => {
      const to = slot === undefined ? undefined : blockAt.get(slot)
      if (to !== undefined) edges.push({ to, kind })
    }
    const jump = jumpKind(insns, last)
    if (jump !== undefined) add(targetOf(insns, last), jump === 'jump' ? 'always' : 'taken')
    const exits = insns[last * 8] === OP_EXIT
    if (jump !== 'jump' && !exits) add(end, 'next')
    return { start, end, subprogram: subprograms.findLastIndex((candidate) => candidate.start <= start), edges, exits }
  })
  return { blocks, calls: callsOf(insns, count, subprograms) }
}

function leadersOf(insns: Uint8Array, count: number, subprograms: Program['subprograms']): Set<number> {
  const inside = new Set<number>()
  for (let slot = 0; slot < count; slot += slotsOf(insns, slot)) inside.add(slot)
  const leaders = new Set<number>([0, ...subprograms.map(({ start }) => start)].filter((slot) => inside.has(slot)))
  for (const slot of inside) {
    const isExit = insns[slot * 8] === OP_EXIT
    if (!isExit && jumpKind(insns, slot) === undefined) continue
    leaders.add(slot + 1)
    const target = isExit ? undefined : targetOf(insns, slot)
    if (target !== undefined && inside.has(target)) leaders.add(target)
  }
  return leaders
}

/** `jump` or `branch` for jumps, undefined for all else. */
function jumpKind(insns: Uint8Array, slot: number): 'jump' | 'branch' | undefined {
  const group = decode(insns, slot)?.form.group
  if (group !== 'jump' && group !== 'jump32') return undefined
  const opcode = opcodeAt(insns, slot)
  return opcode === OP_JA || opcode === OP_JA32 ? 'jump' : 'branch'
}

function lastInsn(insns: Uint8Array, start: number, end: number): number {
  let slot = start
  while (slot + slotsOf(insns, slot) < end) slot += slotsOf(insns, slot)
  return slot
}

function callsOf(insns: Uint8Array, count: number, subprograms: Program['subprograms']): FlowCall[] {
  const calls: FlowCall[] = []
  for (let slot = 0; slot < count; slot += slotsOf(insns, slot)) {
    const opcode = opcodeAt(insns, slot)
    const source = srcAt(insns, slot)
    if (!(opcode === OP_CALL && source === PSEUDO_CALL.LOCAL) && !(opcode === LD_IMM64 && source === PSEUDO_LD.FUNC))
      continue
    const target = targetOf(insns, slot)
    const to = subprograms.findIndex(({ start }) => start === target)
    if (to >= 0) calls.push({ from: slot, to })
  }
  return calls
}
