/**
 * One instruction of the walk: dispatch by class, reserved fields, and where to go on.
 */
import { EACCES, EINVAL, type Env } from './env'
import { checkAlu } from './alu'
import { checkAtomic } from './atomics'
import { contradictory } from './bounds'
import { checkExit, checkFunctionCall } from './calls'
import { mayLoadAbs } from './context'
import { checkHelperCall } from './helper-call'
import { accessSize } from './insns'
import * as i64 from './int64'
import { checkJump } from './jumps'
import { checkAccess, checkUnmodified } from './memory'
import { recordPointerType } from './pointer-type'
import { checkNothingHeld } from './references'
import * as R from './reg-state'
import { checkWrite, forgetCallerSaved, putUnknown, readReg, writeUnknown } from './registers'
import { subprogramIndex } from './cfg'

/** Checks the instruction at `env.insn`; gives the next one, or undefined where the path ends. */
export function checkInsn(env: Env): number | undefined {
  const { insns, insn } = env
  const code = insns.op[insn]!
  switch (code & 7) {
    case 4:
    case 7:
      checkAlu(env)
      return insn + 1
    case 1:
      checkLoad(env)
      return insn + 1
    case 3:
      checkStore(env)
      return insn + 1
    case 2:
      checkStoreImmediate(env)
      return insn + 1
    case 0:
      if ((code & 0xe0) === 0x20 || (code & 0xe0) === 0x40) {
        checkLoadAbs(env)
        return insn + 1
      }
      if ((code & 0xe0) !== 0x00) env.refuse(EINVAL, 'invalid BPF_LD mode\n')
      checkLoadImmediate(env)
      return insn + 2
    default:
      return checkControl(env, code)
  }
}

function checkLoad(env: Env): void {
  const { insns, insn } = env
  const code = insns.op[insn]!
  const src = insns.src[insn]!
  const dst = insns.dst[insn]!
  const { type } = readReg(env, src)
  // It keeps its value until the load is checked, since it may also be the address.
  const def = checkWrite(env, dst)
  const signed = (code & 0xe0) === 0x80
  checkAccess(env, {
    regno: src,
    off: insns.off[insn]!,
    size: accessSize(code),
    write: false,
    value: dst,
    signed,
    def,
    aligned: false,
  })
  recordPointerType(env, type)
  const r = env.regs[dst]!
  if (r.type === R.SCALAR && contradictory(r)) env.frame.own(dst).setUnbounded()
}

function checkStore(env: Env): void {
  const { insns, insn } = env
  const code = insns.op[insn]!
  const mode = code & 0xe0
  if (mode === 0xc0) {
    checkAtomic(env)
    return
  }
  if (mode !== 0x60 || insns.imm[insn] !== 0) env.refuse(EINVAL, 'BPF_STX uses reserved fields\n')
  const src = insns.src[insn]!
  const dst = insns.dst[insn]!
  readReg(env, src)
  const { type } = readReg(env, dst)
  store(env, dst, src, accessSize(code))
  recordPointerType(env, type)
}

function checkStoreImmediate(env: Env): void {
  const { insns, insn } = env
  const code = insns.op[insn]!
  if ((code & 0xe0) !== 0x60 || insns.src[insn] !== 0) env.refuse(EINVAL, 'BPF_ST uses reserved fields\n')
  const dst = insns.dst[insn]!
  const { type } = readReg(env, dst)
  store(env, dst, -1, accessSize(code))
  recordPointerType(env, type)
}

function store(env: Env, regno: number, value: number, size: number): void {
  const off = env.insns.off[env.insn]!
  checkAccess(env, { regno, off, size, write: true, value, signed: false, def: 0, aligned: false })
}

function checkLoadAbs(env: Env): void {
  const { insns, insn } = env
  const code = insns.op[insn]!
  const indirect = (code & 0xe0) === 0x40
  if (!mayLoadAbs(env.progType)) {
    env.refuse(EINVAL, 'BPF_LD_[ABS|IND] instructions not allowed for this program type\n')
  }
  if (
    insns.dst[insn] !== 0 ||
    insns.off[insn] !== 0 ||
    (code & 0x18) === 0x18 ||
    (!indirect && insns.src[insn] !== 0)
  ) {
    env.refuse(EINVAL, 'BPF_LD_[ABS|IND] uses reserved fields\n')
  }
  const skb = readReg(env, 6)
  checkNothingHeld(env, 'BPF_LD_[ABS|IND]')
  if (skb.type !== R.CTX) env.refuse(EINVAL, 'at the time of BPF_LD_ABS|IND R6 != pointer to skb\n')
  if (indirect) readReg(env, insns.src[insn]!)
  checkUnmodified(env, skb, 6)
  forgetCallerSaved(env)
  putUnknown(env, 0, insn + 1)
}

function checkLoadImmediate(env: Env): void {
  const { insns, insn, marks } = env
  if ((insns.op[insn]! & 0x18) !== 0x18) env.refuse(EINVAL, 'invalid BPF_LD_IMM insn\n')
  if (insns.off[insn] !== 0) env.refuse(EINVAL, 'BPF_LD_IMM64 uses reserved fields\n')
  if (!env.state.speculative) marks.seen[insn + 1] = 1
  const r = writeUnknown(env, insns.dst[insn]!)
  const src = insns.src[insn]!
  const map = marks.map[insn]!
  if (src === 0) r.setKnown(i64.pair(insns.imm[insn]!, insns.imm[insn + 1]!))
  else if (src === 4) {
    const k = subprogramIndex(env, insn + insns.imm[insn]! + 1)
    if (env.funcInfos.length === 0) env.refuse(EINVAL, 'missing btf func_info\n')
    if (env.subprograms[k]!.global) env.refuse(EINVAL, 'callback function not static\n')
    r.setPointer(R.FUNC)
    r.subprogno = k
  } else if (map >= 0) {
    r.setPointer(src === 2 ? R.MAP_VALUE : R.MAP_PTR)
    r.map = map
    r.off = src === 2 ? marks.mapOff[insn]! : 0
  } else env.refuse(EACCES, 'bpf verifier is misconfigured\n')
}

function checkControl(env: Env, code: number): number | undefined {
  const { insns, insn } = env
  const narrow = (code & 7) === 6
  const fromReg = (code & 8) !== 0
  const src = insns.src[insn]!
  const dst = insns.dst[insn]!
  const off = insns.off[insn]!
  const imm = insns.imm[insn]!
  env.jumps++
  switch (code & 0xf0) {
    case 0x80: {
      if (fromReg || off !== 0 || (src !== 0 && src !== 1 && !insns.isEmptyCall(insn)) || dst !== 0 || narrow) {
        env.refuse(EINVAL, 'BPF_CALL uses reserved fields\n')
      }
      const next = src === 2 ? insn + 1 : src === 1 ? checkFunctionCall(env) : checkHelperCall(env)
      env.touched.reg(0)
      return next
    }
    case 0x00:
      if (fromReg || src !== 0 || dst !== 0 || (narrow ? off !== 0 : imm !== 0)) {
        env.refuse(EINVAL, 'BPF_JA uses reserved fields\n')
      }
      return insn + 1 + (narrow ? imm : off)
    case 0x90:
      if (fromReg || imm !== 0 || src !== 0 || dst !== 0 || narrow) {
        env.refuse(EINVAL, 'BPF_EXIT uses reserved fields\n')
      }
      return checkExit(env)
    default:
      return checkJump(env)
  }
}
