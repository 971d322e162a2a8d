/**
 * Branches that wait to be walked: last in, first out.
 */
import { EFAULT, type Env } from './env'
import type { State } from './state'

/** Puts a copy of the present state aside, to go on at `next`; gives the copy, which may still be changed. */
export function pushBranch(env: Env, next: number, from: number, speculative: boolean): State {
  const state = env.state.copy(env.spareStates.pop())
  env.pending.push({ state, insn: next, prev: from, logEnd: env.log.end })
  state.speculative ||= speculative
  if (env.pending.length > env.profile.maxPending) {
    env.refuse(EFAULT, env.profile.tooManyPending(env.pending.length))
  }
  // Each branch of the parent must end before the parent counts as explored.
  if (state.parent) state.parent.branches++
  return state
}
