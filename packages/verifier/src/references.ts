/**
 * Objects a program holds (ring buffer records, sockets) and must give back on every path.
 */
import { EINVAL, type Env } from './env'
import * as R from './reg-state'
import type { State } from './state'

export function acquireReference(env: Env): number {
  const id = env.newId()
  env.state.refs = [...env.state.refs, { id, insn: env.insn }]
  return id
}

/** Forgets the reference; false if there is none with this id. */
export function releaseReference(state: State, id: number): boolean {
  const left = state.refs.filter((ref) => ref.id !== id)
  const found = left.length < state.refs.length
  state.refs = left
  return found
}

/** What a pointer is that must not be used any more: some number, or nothing where addresses are secret. */
export const lostPointer = (env: Env): R.RegState => (env.perfmon ? R.UNKNOWN_SCALAR : R.UNINITIALISED)

/** Gives the object back: every register that points to it is unknown from now on. */
export function releaseObject(env: Env, id: number): void {
  if (!releaseReference(env.state, id)) env.refuse(EINVAL, `Unreleased reference id=${id}\n`)
  const gone = lostPointer(env)
  env.state.replaceRegs((r) => (r.refObjId === id ? gone : r))
}

/** Nothing may be held when `what` ends the program. */
export function checkNothingHeld(env: Env, what: string): void {
  const { refs, frames } = env.state
  if (frames.length > 1 && !env.frame.callbackRange) return
  if (refs.length === 0) return
  for (const ref of refs) env.say(`Unreleased reference id=${ref.id} alloc_insn=${ref.insn}\n`)
  env.refuse(EINVAL, env.profile.namesLeakingExit ? `${what} would lead to reference leak\n` : '')
}
