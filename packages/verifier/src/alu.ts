/**
 * Arithmetic instructions: encodings, moves, scalars, and what may be done to pointers.
 * Order of the checks as in NOTES.md: reserved fields, source, destination, constants, then the values.
 */
import { EACCES, EINVAL, MAX_VAR_OFF, type Env } from './env'
import * as bounds from './bounds'
import * as i64 from './int64'
import { pushBranch } from './pending'
import { markPrecise } from './precision'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import {
  checkWrite,
  clearScalarId,
  isPointer,
  isSecret,
  linkBeforeCopy,
  putUnknown,
  readReg,
  writeReg,
  writeUnknown,
} from './registers'
import * as A from './scalar-alu'
import { checkMovedPointer, commitPointer, needsSanitation, sanitizePointer, sanitizeScalar } from './speculation'
import * as tnum from './tnum'

const SIGNS = ['+=', '-=', '*=', '/=', '|=', '&=', '<<=', '>>=', 'neg', '%=', '^=', '=', 's>>=']

export function checkAlu(env: Env): void {
  const { insns, insn } = env
  const code = insns.op[insn]!
  const op = code & 0xf0
  const wide = (code & 7) === 7
  const fromReg = (code & 8) !== 0
  if (op === A.END || op === A.NEG) checkUnary(env, op, wide, fromReg)
  else if (op === A.MOV) checkMove(env, wide, fromReg)
  else if (op > A.END) env.refuse(EINVAL, `invalid BPF_ALU opcode ${op.toString(16)}\n`)
  else checkBinary(env, op, wide, fromReg)
  repairBounds(env, insns.dst[insn]!)
}

/** Ranges that contradict each other (of a path that cannot happen) become "anything". */
function repairBounds(env: Env, dst: number): void {
  const r = env.regs[dst]!
  if (r.type === R.SCALAR && bounds.contradictory(r)) env.frame.own(dst).setUnbounded()
}

function checkUnary(env: Env, op: number, wide: boolean, fromReg: boolean): void {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const imm = insns.imm[insn]!
  const reserved = insns.src[insn] !== 0 || insns.off[insn] !== 0
  if (op === A.NEG) {
    if (fromReg || reserved || imm !== 0) env.refuse(EINVAL, 'BPF_NEG uses reserved fields\n')
  } else if (reserved || (imm !== 16 && imm !== 32 && imm !== 64) || (wide && fromReg)) {
    env.refuse(EINVAL, 'BPF_END uses reserved fields\n')
  }
  const value = readReg(env, dst)
  if (isSecret(env, value)) env.refuse(EACCES, `R${dst} pointer arithmetic prohibited\n`)
  if (isPointer(value) || !A.computable(op, !wide, value, env.profile.scalar)) {
    writeUnknown(env, dst)
    return
  }
  const own = writeReg(env, dst)
  if (op === A.NEG) A.apply(op, !wide, own, own, env.profile.scalar)
  else {
    if (imm !== 64 || wide || fromReg) clearScalarId(own)
    A.byteSwap(own, imm as 16 | 32 | 64, wide || fromReg)
  }
}

function checkMove(env: Env, wide: boolean, fromReg: boolean): void {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const off = insns.off[insn]!
  const imm = insns.imm[insn]!
  if (!fromReg) {
    if (src !== 0 || off !== 0) env.refuse(EINVAL, 'BPF_MOV uses reserved fields\n')
    const def = checkWrite(env, dst)
    const r = env.frame.fresh(dst)
    r.setKnown(wide ? i64.s64(imm) : i64.u64(imm >>> 0))
    r.subregDef = def
    return
  }
  checkMoveFields(env, wide, off, imm)
  readReg(env, src)
  checkWrite(env, dst)
  const value = env.regs[src]!
  if (wide && off === 0) {
    const copy = linkBeforeCopy(env, src).clone()
    copy.subregDef = 0
    env.frame.adopt(dst, copy)
    return
  }
  if (isSecret(env, value)) {
    env.refuse(EACCES, `R${src} ${wide ? 'sign-extension part' : 'partial copy'} of pointer\n`)
  }
  const def = wide ? 0 : insn + 1
  if (isPointer(value)) {
    const unknown = putUnknown(env, dst, def)
    if (!wide) finishNarrow(unknown)
    return
  }
  // The copy stays linked only where it surely has the same value.
  const fits = R.width(value) <= (off === 0 ? 32 : off - 1)
  const copy = (fits ? linkBeforeCopy(env, src) : value).clone()
  if (!fits) clearScalarId(copy)
  copy.subregDef = def
  env.frame.adopt(dst, copy)
  if (off !== 0) {
    if (wide) bounds.signExtend(copy, off >> 3)
    else bounds.signExtend32(copy, off >> 3)
  }
  if (!wide) finishNarrow(copy)
}

function finishNarrow(r: RegState): void {
  bounds.zeroExtend32(r)
  bounds.sync(r)
}

function checkMoveFields(env: Env, wide: boolean, off: number, imm: number): void {
  if (wide && off === 1) {
    if (imm !== 1 && imm !== 0x10000) {
      env.refuse(EINVAL, 'addr_space_cast insn can only convert between address space 1 and 0\n')
    }
    env.refuse(EINVAL, 'addr_space_cast insn can only be used in a program that has an associated arena\n')
  }
  const known = off === 0 || off === 8 || off === 16 || (wide && off === 32)
  if (!known || imm !== 0) env.refuse(EINVAL, 'BPF_MOV uses reserved fields\n')
}

function checkBinary(env: Env, op: number, wide: boolean, fromReg: boolean): void {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const off = insns.off[insn]!
  const imm = insns.imm[insn]!
  const divides = op === A.DIV || op === A.MOD
  if ((fromReg ? imm !== 0 : src !== 0) || (off !== 0 && !(off === 1 && divides))) {
    env.refuse(EINVAL, 'BPF_ALU uses reserved fields\n')
  }
  if (fromReg) readReg(env, src)
  readReg(env, dst)
  if (divides && !fromReg && imm === 0) env.refuse(EINVAL, 'div by zero\n')
  if ((op === A.LSH || op === A.RSH || op === A.ARSH) && !fromReg && (imm < 0 || imm >= (wide ? 64 : 32))) {
    env.refuse(EINVAL, `invalid shift ${imm}\n`)
  }
  const def = checkWrite(env, dst)
  const left = env.regs[dst]!
  const right = fromReg ? env.regs[src]! : env.immediate(insn)
  if (!isPointer(left) && !isPointer(right)) {
    const own = env.frame.own(dst)
    own.subregDef = def
    scalarOp(env, op, wide, own, right, fromReg && src === dst)
  } else if (isPointer(left) && isPointer(right)) {
    if (op !== A.SUB || !env.perfmon) env.refuse(EACCES, `R${dst} pointer ${SIGNS[op >> 4]} pointer prohibited\n`)
    putUnknown(env, dst, def)
  } else if (isPointer(right)) {
    markPrecise(env, dst)
    pointerOp(env, op, wide, right, left, false, def)
  } else {
    if (fromReg) markPrecise(env, src)
    pointerOp(env, op, wide, left, right, true, def)
  }
}

function setUnknown(r: RegState): void {
  const def = r.subregDef
  r.setUnknown()
  r.subregDef = def
}

/** Both sides are scalars; `left` is already the writable destination. */
function scalarOp(env: Env, op: number, wide: boolean, left: RegState, right: RegState, sameReg: boolean): void {
  const src = sameReg ? left.clone() : right
  const id = left.id
  const fits = wide || R.width(left) <= 32
  if (!A.computable(op, !wide, src, env.profile.scalar)) {
    setUnknown(left)
  } else {
    if (needsSanitation(env, op)) sanitizeScalar(env)
    if ((op === A.AND || op === A.OR) && R.isConst(src) && env.profile.scalar.forksMasks) forkMask(env, left)
    A.apply(op, !wide, left, src, env.profile.scalar)
  }
  linkByConstant(left, left.id === id && fits ? id : 0, op, wide, src, sameReg)
}

/** A value that is 0 or -1 (a sign spread over all bits) selects: both choices are walked, 0 later. */
function forkMask(env: Env, left: RegState): void {
  const wide = i64.eq(left.smin, MINUS_ONE) && i64.isZero(left.smax)
  if (!wide && !(left.s32min === -1 && left.s32max === 0)) return
  const other = pushBranch(env, env.insn, env.insn, false).current.own(env.insns.dst[env.insn]!)
  if (wide) {
    const { subregDef } = left
    other.setKnown(i64.ZERO)
    left.setKnown(MINUS_ONE)
    other.subregDef = subregDef
    left.subregDef = subregDef
  } else {
    other.setKnown32(0)
    left.setKnown32(-1)
  }
}
const MINUS_ONE = i64.s64(-1)

/** `r += constant` stays linked to its copies: they are a known distance away. */
function linkByConstant(left: RegState, id: number, op: number, wide: boolean, src: RegState, sameReg: boolean): void {
  const known = wide ? R.isConst(src) : R.isConst32(src)
  if ((op !== A.ADD && op !== A.SUB) || id === 0 || !known || sameReg) {
    left.id = 0
    return
  }
  const value = src.varOff.value
  const delta = op === A.SUB ? -value.lo : value.lo
  if ((wide && !i64.fitsS32(value)) || delta === 0x80000000 || (id & R.ADD_CONST) !== 0) {
    clearScalarId(left)
    return
  }
  left.id = id | (wide ? R.ADD_CONST_64 : R.ADD_CONST_32)
  left.off = delta
}

function pointerOp(
  env: Env,
  op: number,
  wide: boolean,
  pointer: RegState,
  offset: RegState,
  pointerIsDst: boolean,
  def: number,
): void {
  const dst = env.insns.dst[env.insn]!
  const known = tnum.isConst(offset.varOff)
  const badBounds = known ? !i64.eq(offset.smin, offset.smax) || !i64.eq(offset.umin, offset.umax) : false
  if (badBounds || i64.slt(offset.smax, offset.smin) || i64.ult(offset.umax, offset.umin)) {
    putUnknown(env, dst, def)
    return
  }
  if (!wide) {
    if (op !== A.SUB || !env.perfmon) env.refuse(EACCES, `R${dst} 32-bit pointer arithmetic prohibited\n`)
    putUnknown(env, dst, def)
    return
  }
  const name = R.typeName(pointer.type)
  if ((pointer.type & R.OR_NULL) !== 0) {
    env.refuse(EACCES, `R${dst} pointer arithmetic on ${name} prohibited, null-check it first\n`)
  }
  checkKind(env, dst, pointer, op, known && i64.isZero(offset.smin))
  checkSane(env, offset, name)
  checkSane(env, pointer, name)
  const masking = needsSanitation(env, op) ? sanitizePointer(env, op, pointer, offset, pointerIsDst) : null
  const out = pointer.clone()
  out.subregDef = def
  if (op === A.ADD) addOffset(env, out, pointer, offset, known)
  else if (op === A.SUB) {
    if (!pointerIsDst) env.refuse(EACCES, `R${dst} tried to subtract pointer from scalar\n`)
    if (pointer.type === R.STACK) env.refuse(EACCES, `R${dst} subtraction from stack pointer prohibited\n`)
    subtractOffset(env, out, pointer, offset, known)
  } else if (op === A.AND || op === A.OR || op === A.XOR) {
    env.refuse(EACCES, `R${dst} bitwise operator ${SIGNS[op >> 4]} on pointer prohibited\n`)
  } else env.refuse(EACCES, `R${dst} pointer arithmetic with ${SIGNS[op >> 4]} operator prohibited\n`)
  checkSane(env, out, name)
  if (!bounds.isSettled(out)) {
    out.setUnbounded32()
    bounds.sync(out)
  }
  env.frame.adopt(dst, out)
  checkMovedPointer(env, dst, out)
  if (needsSanitation(env, op)) commitPointer(env, masking, out, !pointerIsDst)
}

function checkKind(env: Env, dst: number, pointer: RegState, op: number, addsZero: boolean): void {
  switch (R.baseType(pointer)) {
    case R.CTX:
    case R.MAP_VALUE:
    case R.MAP_KEY:
    case R.STACK:
    case R.PACKET_META:
    case R.PACKET:
    case R.BTF_ID:
    case R.MEM:
    case R.FUNC:
      return
    case R.MAP_PTR:
      if (addsZero && op === A.ADD) return
  }
  env.refuse(EACCES, `R${dst} pointer arithmetic on ${R.typeName(pointer.type)} prohibited\n`)
}

/** Offsets beyond half a gigabyte are refused whatever they would do. */
function checkSane(env: Env, r: RegState, name: string): void {
  if (tnum.isConst(r.varOff) && outside(r.varOff.value)) {
    env.refuse(EINVAL, `math between ${name} pointer and ${i64.decimal(r.varOff.value)} is not allowed\n`)
  }
  if (r.off >= MAX_VAR_OFF || r.off <= -MAX_VAR_OFF) {
    env.refuse(EINVAL, `${name} pointer offset ${r.off} is not allowed\n`)
  }
  if (i64.eq(r.smin, i64.S64_MIN)) {
    env.refuse(EINVAL, `math between ${name} pointer and register with unbounded min value is not allowed\n`)
  }
  if (outside(r.smin)) {
    env.refuse(EINVAL, `value ${i64.decimal(r.smin)} makes ${name} pointer be out of bounds\n`)
  }
}

const GREATEST_OFF = i64.s64(MAX_VAR_OFF)
const LEAST_OFF = i64.s64(-MAX_VAR_OFF)
const outside = (v: i64.I64): boolean => !i64.slt(v, GREATEST_OFF) || !i64.slt(LEAST_OFF, v)

const fitsOff = (n: number): boolean => n === (n | 0)

function addOffset(env: Env, out: RegState, pointer: RegState, offset: RegState, known: boolean): void {
  const sum = pointer.off + i64.toSigned(offset.smin)
  if (known && fitsOff(sum)) {
    out.off = sum
    return
  }
  const overflows = i64.saddOverflows(pointer.smin, offset.smin) || i64.saddOverflows(pointer.smax, offset.smax)
  out.smin = overflows ? i64.S64_MIN : i64.add(pointer.smin, offset.smin)
  out.smax = overflows ? i64.S64_MAX : i64.add(pointer.smax, offset.smax)
  const wraps = i64.uaddOverflows(pointer.umin, offset.umin) || i64.uaddOverflows(pointer.umax, offset.umax)
  out.umin = wraps ? i64.ZERO : i64.add(pointer.umin, offset.umin)
  out.umax = wraps ? i64.U64_MAX : i64.add(pointer.umax, offset.umax)
  out.varOff = tnum.add(pointer.varOff, offset.varOff)
  if (R.isPacketPointer(pointer.type)) {
    // A new variable offset: what was proven of the old pointer does not hold for this one.
    out.id = env.newId()
    out.range = 0
  }
}

function subtractOffset(env: Env, out: RegState, pointer: RegState, offset: RegState, known: boolean): void {
  const difference = pointer.off - i64.toSigned(offset.smin)
  if (known && fitsOff(difference)) {
    out.off = difference
    return
  }
  const overflows = i64.ssubOverflows(pointer.smin, offset.smax) || i64.ssubOverflows(pointer.smax, offset.smin)
  out.smin = overflows ? i64.S64_MIN : i64.sub(pointer.smin, offset.smax)
  out.smax = overflows ? i64.S64_MAX : i64.sub(pointer.smax, offset.smin)
  const wraps = i64.ult(pointer.umin, offset.umax)
  out.umin = wraps ? i64.ZERO : i64.sub(pointer.umin, offset.umax)
  out.umax = wraps ? i64.U64_MAX : i64.sub(pointer.umax, offset.umin)
  out.varOff = tnum.sub(pointer.varOff, offset.varOff)
  if (R.isPacketPointer(pointer.type)) {
    out.id = env.newId()
    if (i64.isNegative(offset.smin)) out.range = 0
  }
}
