/**
 * Reading and writing registers as operands: are they there, may they be written, which definitions must be
 * zero-extended. Also ids of linked scalars. Every access marks the register as touched for the log.
 */
import { EACCES, EINVAL, type Env } from './env'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { FP, REG_COUNT } from './state'
import * as tnum from './tnum'
import { CALLER_SAVED, noteWideRead } from './wide-reads'

const isWide = (env: Env, r: RegState, regno: number, source: boolean): boolean => {
  const op = env.insns.op[env.insn]!
  const kind = op & 0xf0
  switch (op & 7) {
    case 5:
      if (kind === 0x80) return env.insns.src[env.insn] !== 1 && source
      return true
    case 7:
      return !(kind === 0xd0 && env.insns.imm[env.insn] !== 64)
    case 4:
      return kind === 0xd0 && env.insns.imm[env.insn] === 64
    case 6:
      return false
    case 1:
      return source || (op & 0x18) === 0x18 || (op & 0xe0) === 0x80
    case 3:
      return (source && r.type !== R.SCALAR) || (op & 0x18) === 0x18
    case 0:
      return (op & 0xe0) === 0x00 || source || regno === 6
    default:
      return true
  }
}

function checkNumber(env: Env, regno: number): void {
  if (regno >= REG_COUNT) env.refuse(EINVAL, `R${regno} is invalid\n`)
  env.touched.reg(regno)
}

/** The register is read. */
export function readReg(env: Env, regno: number): RegState {
  checkNumber(env, regno)
  const r = env.regs[regno]!
  if (r.type === R.NOT_INIT) env.refuse(EACCES, `R${regno} !read_ok\n`)
  if (regno !== FP && isWide(env, r, regno, true)) {
    markZeroExtended(env, r.subregDef)
    noteWideRead(env.state, env.curFrame, regno)
  }
  return r
}

export function markZeroExtended(env: Env, def: number): void {
  if (def !== 0) env.marks.zext[def - 1] = 1
}

/** The register will be written; gives the `subregDef` of what is put there. */
export function checkWrite(env: Env, regno: number): number {
  checkNumber(env, regno)
  if (regno === FP) env.refuse(EACCES, 'frame pointer is read only\n')
  const { frame } = env
  frame.written |= 1 << regno
  return isWide(env, frame.regs[regno]!, regno, false) ? 0 : env.insn + 1
}

/** The register is written: it stays as it is but for the note who wrote it, and may be changed now. */
export function writeReg(env: Env, regno: number): RegState {
  const def = checkWrite(env, regno)
  const r = env.frame.own(regno)
  r.subregDef = def
  return r
}

/** The register is written with something unknown. */
export function writeUnknown(env: Env, regno: number): RegState {
  return putUnknown(env, regno, checkWrite(env, regno))
}
export function putUnknown(env: Env, regno: number, def: number): RegState {
  const r = env.frame.fresh(regno)
  r.setUnknown()
  r.subregDef = def
  return r
}

/** R0–R5 are gone after a call; marks them as touched. */
export function forgetCallerSaved(env: Env): void {
  env.frame.written |= CALLER_SAVED
  for (let n = 0; n <= 5; n++) {
    env.frame.forget(n)
    env.touched.reg(n)
  }
}

/** A value that must not leak: a pointer, where the loader may not leak pointers. */
export const isSecret = (env: Env, r: RegState): boolean => !env.perfmon && isPointer(r)
export const isPointer = (r: RegState): boolean => r.type !== R.SCALAR

/**
 * Before a copy is made: gives an unknown scalar an id, so that what is learned of one copy goes to the other.
 * Returns the state to copy, stored in register `regno` (already owned or not).
 */
export function linkBeforeCopy(env: Env, regno: number): RegState {
  const r = env.regs[regno]!
  if (r.type !== R.SCALAR) return r
  const stale = (r.id & R.ADD_CONST) !== 0
  if (!stale && (r.id !== 0 || tnum.isConst(r.varOff))) return r
  const own = env.frame.own(regno)
  if (stale) {
    own.id = 0
    own.off = 0
  }
  if (!tnum.isConst(own.varOff)) own.id = env.newId()
  return own
}

export function clearScalarId(r: RegState): void {
  r.id = 0
  r.off = 0
}
