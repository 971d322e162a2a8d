/**
 * Helpers that call a function of the program: the callback is walked as a branch from the call, the call itself goes on
 * as if it had ended. How often the callback runs is found by comparing states, as with loops.
 */
import { ENOTSUPP, type Env } from './env'
import { enterFrame } from './calls'
import type { CallFacts } from './helper-args'
import * as i64 from './int64'
import * as M from './maps'
import { pushBranch } from './pending'
import { markPrecise } from './precision'
import * as R from './reg-state'
import { UNKNOWN_SCALAR, UNINITIALISED } from './reg-state'
import type { State } from './state'

const LOOP = 181
const FOR_EACH = 164
const ITERABLE = new Set([M.HASH, M.PERCPU_HASH, M.LRU_HASH, M.LRU_PERCPU_HASH, M.ARRAY, M.PERCPU_ARRAY])

export function pushCallback(env: Env, helper: number, facts: CallFacts): void {
  if (helper === FOR_EACH && !ITERABLE.has(env.maps[facts.map]!.type)) {
    env.refuse(ENOTSUPP, 'callback function not allowed for map\n')
  }
  if (helper === LOOP) {
    // The count decides whether the callback runs again.
    markPrecise(env, 1)
    if (!i64.ult(i64.u64(env.frame.callbackDepth), env.regs[1]!.umax)) {
      env.frame.callbackDepth = 0
      if (env.log.full) env.say(`frame${env.curFrame} bpf_loop iteration limit reached\n`)
      return
    }
  }
  const sub = env.subprograms[facts.subprogno]!
  sub.isCallback = true
  const state = pushBranch(env, sub.start, env.insn, false)
  setArguments(env, state, helper, facts)
  state.callbackUnroll++
  state.frames[state.frames.length - 2]!.callbackDepth++
  env.frame.callbackDepth = 0
}

function setArguments(env: Env, state: State, helper: number, facts: CallFacts): void {
  const caller = state.current
  const frame = enterFrame(env, facts.subprogno, state)
  const mapPointer = (type: number): R.RegState => {
    const r = new R.RegState()
    r.setPointer(type)
    r.map = facts.map
    return r
  }
  frame.regs[3] = UNINITIALISED
  if (helper === FOR_EACH) {
    frame.regs[1] = mapPointer(R.MAP_PTR)
    frame.regs[2] = mapPointer(R.MAP_KEY)
    frame.regs[3] = mapPointer(R.MAP_VALUE)
    frame.regs[4] = caller.regs[3]!
  } else {
    frame.regs[1] = UNKNOWN_SCALAR
    frame.regs[2] = caller.regs[3]!
  }
  frame.callbackRange = { min: 0, max: 1 }
}
