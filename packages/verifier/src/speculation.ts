/**
 * What a loader without CAP_PERFMON must also be safe against: the processor guessing a branch wrongly.
 * Both ways of decided branches are walked "speculatively", and pointer arithmetic with registers must have one
 * masking limit per instruction. Messages as in kernel-tables.md, section 5.5.
 */
import { EACCES, type Env } from './env'
import * as i64 from './int64'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { ADD, SUB } from './scalar-alu'
import { pushBranch } from './pending'
import { checkMapValue } from './memory'
import { Refusal, MAX_STACK } from './env'
import * as tnum from './tnum'

const NEG_VALUE = 1
const SANITIZE_SRC = 2
const SANITIZE_DST = 4
const IMMEDIATE = 8
const NON_POINTER = 16

type Reason = 'bounds' | 'type' | 'paths' | 'limit' | 'stack'

/** Sanitation concerns register operands of additions and subtractions, unless speculation ends here anyway. */
export function needsSanitation(env: Env, op: number): boolean {
  if (env.perfmon || (op !== ADD && op !== SUB)) return false
  return (env.insns.op[env.insn]! & 8) !== 0 && env.marks.nospec[env.insn] === 0
}

function refuse(env: Env, reason: Reason, offsetInDst: boolean): never {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const verb = (insns.op[insn]! & 0xf0) === ADD ? 'add' : 'sub'
  const why = 'pointer arithmetic with it prohibited for !root\n'
  switch (reason) {
    case 'bounds':
      return env.refuse(EACCES, `R${offsetInDst ? dst : src} has unknown scalar with mixed signed bounds, ${why}`)
    case 'type':
      return env.refuse(EACCES, `R${offsetInDst ? src : dst} has pointer with unsupported alu operation, ${why}`)
    case 'paths':
      return env.refuse(EACCES, `R${dst} tried to ${verb} from different maps, paths or scalars, ${why}`)
    case 'limit':
      return env.refuse(EACCES, `R${dst} tried to ${verb} beyond pointer bounds, ${why}`)
    default:
      return env.refuse(12, `R${dst} could not be pushed for speculative verification, ${why}`)
  }
}

/** One instruction, one way of masking: another path must agree with the first. */
function agree(env: Env, state: number, limit: number): boolean {
  const { aluState, aluLimit } = env.marks
  const i = env.insn
  if (aluState[i] !== 0 && (aluState[i] !== state || aluLimit[i] !== limit)) return false
  aluState[i] = state
  aluLimit[i] = limit
  return true
}

export function sanitizeScalar(env: Env): void {
  if (!agree(env, NON_POINTER, 0)) refuse(env, 'paths', false)
}

/** Notes between the two steps of a pointer's sanitation. */
export interface Masking {
  toLeft: boolean
  state: number
  limit: number
}

function limitOf(env: Env, r: RegState, toLeft: boolean): number | Reason {
  let limit: number
  let max: number
  if (r.type === R.STACK) {
    max = MAX_STACK + (toLeft ? 1 : 0)
    limit = -(r.varOff.value.lo + r.off)
  } else if (r.type === R.MAP_VALUE) {
    max = env.maps[r.map]!.valueSize
    limit = (toLeft ? r.smin.lo : r.umax.lo) + r.off
  } else return 'type'
  return limit >>> 0 >= max ? 'limit' : limit
}

/** Before the arithmetic: finds the mask and walks the truncated result as a speculative path. */
export function sanitizePointer(
  env: Env,
  op: number,
  pointer: RegState,
  offset: RegState,
  pointerIsDst: boolean,
): Masking | null {
  const fixed = tnum.isConst(offset.varOff)
  const negative = i64.isNegative(offset.smin)
  let masking: Masking | null = null
  if (!env.state.speculative) {
    if (!fixed && i64.isNegative(offset.smin) !== i64.isNegative(offset.smax)) refuse(env, 'bounds', !pointerIsDst)
    const toLeft = (op === ADD && negative) || (op === SUB && !negative)
    const limit = limitOf(env, pointer, toLeft)
    if (typeof limit !== 'number') return refuse(env, limit, !pointerIsDst)
    const state = (negative ? NEG_VALUE : 0) | (fixed ? IMMEDIATE : 0) | (pointerIsDst ? SANITIZE_SRC : SANITIZE_DST)
    if (!fixed) env.exploresLimits = true
    masking = { toLeft, state, limit }
  }
  if (fixed) return masking
  // If the offset is masked to zero, the pointer stays where it was.
  const dst = env.insns.dst[env.insn]!
  const saved = env.regs[dst]!
  if (!pointerIsDst) env.regs[dst] = pointer
  pushSpeculative(env, env.insn + 1, env.insn)
  env.regs[dst] = saved
  return masking
}

/** After the arithmetic: the window is as wide as the pointer moved. */
export function commitPointer(env: Env, masking: Masking | null, moved: RegState, offsetInDst: boolean): void {
  if (masking === null || env.state.speculative) return
  const limit = limitOf(env, moved, masking.toLeft)
  if (typeof limit !== 'number') return refuse(env, limit, offsetInDst)
  if (!agree(env, masking.state, Math.abs(masking.limit - limit))) refuse(env, 'paths', offsetInDst)
}

/** The result must be usable as it is. */
export function checkMovedPointer(env: Env, regno: number, r: RegState): void {
  if (env.perfmon) return
  if (r.type === R.STACK) {
    const off = r.off + r.varOff.value.lo
    if (!tnum.isConst(r.varOff)) {
      env.refuse(
        EACCES,
        `R${regno} variable stack access prohibited for !root, var_off=${tnum.text(r.varOff)} off=${r.off}\n`,
      )
    }
    if (off >= 0 || off < -MAX_STACK) {
      env.refuse(EACCES, `R${regno} stack pointer arithmetic goes out of range, prohibited for !root; off=${off}\n`)
    }
  } else if (r.type === R.MAP_VALUE) {
    try {
      checkMapValue(env, regno, r.off, 1, false)
    } catch (e) {
      if (!(e instanceof Refusal)) throw e
      env.refuse(EACCES, `R${regno} pointer arithmetic of map value goes out of range, prohibited for !root\n`)
    }
  }
}

/** Walk from `next` later, as the processor might by mistake; the compared registers are unknown there. */
export function pushSpeculative(env: Env, next: number, from: number, jump = false): void {
  const branch = pushBranch(env, next, from, true)
  if (!jump) return
  const { insns } = env
  const frame = branch.current
  frame.own(insns.dst[from]!).setUnknown()
  if ((insns.op[from]! & 8) !== 0) frame.own(insns.src[from]!).setUnknown()
}
