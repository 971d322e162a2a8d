/**
 * Scalars that came from one value (same id, perhaps a constant apart): refining one refines the others.
 */
import { zeroExtend32, sync } from './bounds'
import type { Env } from './env'
import * as i64 from './int64'
import { insnOfFrame } from './loops'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { apply, ADD } from './scalar-alu'
import type { Frame, LinkedReg, State } from './state'

/** More than these are unlinked instead of tracked. */
const MAX_LINKED = 6

const baseId = (id: number): number => id & ~R.ADD_CONST

const matches = (r: RegState, id: number): boolean => r.type === R.SCALAR && r.id !== 0 && baseId(r.id) === id

const NONE: readonly LinkedReg[] = []

/** Every live scalar with the id of one of the two compared registers, the second's first; `second` < 0: a constant. */
export function collectLinked(env: Env, second: number, first: number): readonly LinkedReg[] {
  // Alone with its id, as most are: nobody to tell.
  if (countLinked(env, second) + countLinked(env, first) < 2) return NONE
  const list: LinkedReg[] = []
  collect(env, second, list)
  collect(env, first, list)
  return list
}

const idOf = (env: Env, regno: number): number => {
  const r = regno < 0 ? null : env.regs[regno]!
  return r !== null && r.type === R.SCALAR ? baseId(r.id) : 0
}

/** Registers that nobody reads need no refinement. */
const liveRegs = (env: Env, f: number): number => env.marks.live[insnOfFrame(env.state, f)]!

function countLinked(env: Env, regno: number): number {
  const wanted = idOf(env, regno)
  if (wanted === 0) return 0
  const { frames } = env.state
  let count = 0
  for (let f = 0; f < frames.length; f++) {
    const { regs, stack } = frames[f]!
    const live = liveRegs(env, f)
    for (let n = 0; n < 10; n++) if (((live >> n) & 1) !== 0 && matches(regs[n]!, wanted)) count++
    for (let k = 0; k < stack.length; k++) if (stack[k]!.isSpill && matches(stack[k]!.reg!, wanted)) count++
  }
  return count
}

function collect(env: Env, regno: number, list: LinkedReg[]): void {
  const wanted = idOf(env, regno)
  if (wanted === 0) return
  const { frames } = env.state
  for (let f = frames.length - 1; f >= 0; f--) {
    const frame = frames[f]!
    const live = liveRegs(env, f)
    for (let n = 0; n < 10; n++) {
      if (((live >> n) & 1) === 0 || !matches(frame.regs[n]!, wanted)) continue
      if (!take(list, frame, true, n)) frame.own(n).id = 0
    }
    for (let k = 0; k < frame.stack.length; k++) {
      const slot = frame.stack[k]!
      if (!slot.isSpill || !matches(slot.reg!, wanted) || take(list, frame, false, k)) continue
      const copy = slot.reg!.clone()
      copy.id = 0
      frame.stack[k] = slot.withReg(copy)
    }
  }
}

function take(list: LinkedReg[], frame: Frame, isReg: boolean, index: number): boolean {
  if (list.length >= MAX_LINKED) return false
  list.push({ frameno: frame.frameno, isReg, index })
  return true
}

/** `known` was refined: the listed scalars with its id follow. */
export function syncLinked(env: Env, state: State, known: RegState, list: readonly LinkedReg[]): void {
  for (const e of list) {
    const frame = state.frames[e.frameno]!
    const slot = e.isReg ? undefined : frame.stack[e.index]!
    const r = slot ? slot.reg! : frame.regs[e.index]!
    if (r === known || r.type !== R.SCALAR || baseId(r.id) !== baseId(known.id)) continue
    const next = follow(env, r, known)
    if (slot) frame.stack[e.index] = slot.withReg(next)
    else frame.regs[e.index] = next
  }
}

function follow(env: Env, r: RegState, known: RegState): RegState {
  const next = known.clone()
  next.subregDef = r.subregDef
  if (((r.id | known.id) & R.ADD_CONST) === 0 || r.off === known.off) return next
  next.id = r.id
  next.off = r.off
  const delta = new R.RegState()
  delta.setKnown(i64.sub(i64.s64(r.off), i64.s64(known.off)))
  apply(ADD, false, next, delta, env.profile.scalar)
  if (((r.id | known.id) & R.ADD_CONST_32) !== 0) {
    zeroExtend32(next)
    sync(next)
  }
  return next
}
