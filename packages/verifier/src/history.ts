/**
 * The record of jumps and stack accesses since the last checkpoint, from which backtracking finds its way.
 */
import type { Env } from './env'
import type { HistoryEntry, LinkedReg } from './state'

function entry(env: Env): HistoryEntry {
  if (env.historyEntry) return env.historyEntry
  const e: HistoryEntry = { insn: env.insn, prev: env.prevInsn, stackFrame: -1, stackSlot: -1, flags: 0, linked: null }
  env.state.history.push(e)
  env.historyEntry = e
  return e
}

/** The walk came here by a jump (or at an end of one): the previous instruction is not the one before. */
export function noteJump(env: Env): void {
  entry(env)
}
/** The instruction spills to or fills from this slot. */
export function noteStackAccess(env: Env, frameno: number, slot: number): void {
  const e = entry(env)
  e.stackFrame = frameno
  e.stackSlot = slot
}
export const DST_IS_STACK = 1
export const SRC_IS_STACK = 2
/** A comparison with a stack pointer: which side. */
export function noteStackCompare(env: Env, flags: number): void {
  entry(env).flags |= flags
}
/** These scalars were refined together. */
export function noteLinked(env: Env, linked: readonly LinkedReg[]): void {
  entry(env).linked = linked
}
