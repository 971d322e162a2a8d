/**
 * Arithmetic on what is known of two scalars: new tnum and ranges of `dst op src`, 32 and 64 bits wide.
 * Ranges say "anything" where an operation may wrap; the tnum alone may still know bits.
 */
import * as i64 from './int64'
import { S32_MAX, S32_MIN, U32_MAX } from './int64'
import * as tnum from './tnum'
import type { Tnum } from './tnum'
import { sync, truncate, updateFromTnum, updateFromTnum32, zeroExtend32 } from './bounds'
import type { RegState } from './reg-state'

export const ADD = 0x00
export const SUB = 0x10
export const MUL = 0x20
export const DIV = 0x30
export const OR = 0x40
export const AND = 0x50
export const LSH = 0x60
export const RSH = 0x70
export const NEG = 0x80
export const MOD = 0x90
export const XOR = 0xa0
export const MOV = 0xb0
export const ARSH = 0xc0
export const END = 0xd0

/** What an era can compute; see profile.ts. */
export interface ScalarRules {
  /** Product of two tnums. */
  readonly tnumMul: (a: Tnum, b: Tnum) => Tnum
  /** Negation and byte swaps keep ranges or tnums. */
  readonly tracksNeg: boolean
  readonly tracksByteSwap: boolean
  /** Additions that surely wrap keep their range. */
  readonly wrapsTogether: boolean
  /** Products use all four corners of the signed ranges. */
  readonly signedProducts: boolean
  /** `and` / `or` of a value that is 0 or -1 with a constant is walked for both values. */
  readonly forksMasks: boolean
  /** A shift left by 32 keeps a negative 32-bit range too. */
  readonly shiftsNegativeHalf: boolean
}

const in32 = (n: number): boolean => n >= S32_MIN && n <= S32_MAX
const inU32 = (n: number): boolean => n >= 0 && n <= U32_MAX

function knows64(r: RegState): boolean {
  return tnum.isConst(r.varOff) && i64.eq(r.smin, r.smax) && i64.eq(r.umin, r.umax)
}
function knows32(r: RegState): boolean {
  return tnum.subregIsConst(r.varOff) && r.s32min === r.s32max && r.u32min === r.u32max
}

/** Whether the result of `op` with this source says anything at all. */
export function computable(op: number, narrow: boolean, src: RegState, rules: ScalarRules): boolean {
  switch (op) {
    case ADD:
    case SUB:
    case AND:
    case XOR:
    case OR:
    case MUL:
      return true
    case NEG:
      return rules.tracksNeg
    case END:
      return rules.tracksByteSwap
    case LSH:
    case RSH:
    case ARSH: {
      const known = narrow ? knows32(src) : knows64(src)
      return known && src.umax.hi === 0 && src.umax.lo >>> 0 < (narrow ? 32 : 64)
    }
    default:
      return false
  }
}

/**
 * `dst` becomes `dst op src`. The caller has made sure that `computable` holds. `imm` is the width of a byte swap,
 * `swapAlways` that it swaps on this little-endian machine.
 */
export function apply(op: number, narrow: boolean, dst: RegState, src: RegState, rules: ScalarRules): void {
  if (isExact(dst) && isExact(src)) {
    dst.setValue(compute(op, narrow, dst.varOff.value, src.varOff.value))
    return
  }
  switch (op) {
    case ADD:
      add32(dst, src, rules)
      add64(dst, src, rules)
      dst.varOff = tnum.add(dst.varOff, src.varOff)
      break
    case SUB:
      sub32(dst, src, rules)
      sub64(dst, src, rules)
      dst.varOff = tnum.sub(dst.varOff, src.varOff)
      break
    case NEG: {
      const old = dst.clone()
      dst.setKnown(i64.ZERO)
      sub32(dst, old, rules)
      sub64(dst, old, rules)
      dst.varOff = tnum.neg(old.varOff)
      break
    }
    case MUL:
      dst.varOff = rules.tnumMul(dst.varOff, src.varOff)
      if (rules.signedProducts) {
        mul32(dst, src)
        mul64(dst, src)
      } else {
        mul32Old(dst, src)
        mul64Old(dst, src)
      }
      break
    case AND:
      dst.varOff = tnum.and(dst.varOff, src.varOff)
      bitwise32(dst, src, dst.varOff.value.lo >>> 0, Math.min(dst.u32max, src.u32max))
      bitwise64(dst, src, dst.varOff.value, i64.umin(dst.umax, src.umax))
      break
    case OR:
      dst.varOff = tnum.or(dst.varOff, src.varOff)
      bitwise32(dst, src, Math.max(dst.u32min, src.u32min), (dst.varOff.value.lo | dst.varOff.mask.lo) >>> 0)
      bitwise64(dst, src, i64.umax(dst.umin, src.umin), i64.or(dst.varOff.value, dst.varOff.mask))
      break
    case XOR:
      dst.varOff = tnum.xor(dst.varOff, src.varOff)
      bitwise32(dst, src, dst.varOff.value.lo >>> 0, (dst.varOff.value.lo | dst.varOff.mask.lo) >>> 0)
      bitwise64(dst, src, dst.varOff.value, i64.or(dst.varOff.value, dst.varOff.mask))
      break
    case LSH:
      if (narrow) lsh32(dst, src.u32min)
      else lsh64(dst, src.umin.lo, rules)
      break
    case RSH:
      if (narrow) rsh32(dst, src.u32min)
      else rsh64(dst, src.umin.lo)
      break
    case ARSH:
      if (narrow) arsh32(dst, src.u32min)
      else arsh64(dst, src.umin.lo)
      break
  }
  if (narrow) zeroExtend32(dst)
  sync(dst)
}

/** One value, and every range says so. */
const isExact = (r: RegState): boolean =>
  tnum.isConst(r.varOff) && r.umin === r.varOff.value && r.umax === r.umin && r.smin === r.umin && r.smax === r.umin

/** The operation on two known values. */
export function compute(op: number, narrow: boolean, a: i64.I64, b: i64.I64): i64.I64 {
  if (narrow) return i64.u64(compute32(op, a.lo, b.lo) >>> 0)
  switch (op) {
    case ADD:
      return i64.add(a, b)
    case SUB:
      return i64.sub(a, b)
    case NEG:
      return i64.neg(a)
    case MUL:
      return i64.mul(a, b)
    case AND:
      return i64.and(a, b)
    case OR:
      return i64.or(a, b)
    case XOR:
      return i64.xor(a, b)
    case LSH:
      return i64.shl(a, b.lo & 63)
    case RSH:
      return i64.shr(a, b.lo & 63)
    default:
      return i64.sar(a, b.lo & 63)
  }
}
function compute32(op: number, a: number, b: number): number {
  switch (op) {
    case ADD:
      return a + b
    case SUB:
      return a - b
    case NEG:
      return -a
    case MUL:
      return Math.imul(a, b)
    case AND:
      return a & b
    case OR:
      return a | b
    case XOR:
      return a ^ b
    case LSH:
      return a << (b & 31)
    case RSH:
      return a >>> (b & 31)
    default:
      return a >> (b & 31)
  }
}

/** Byte order conversion: swaps, or only cuts to `bits`. */
export function byteSwap(dst: RegState, bits: 16 | 32 | 64, swaps: boolean): void {
  if (swaps) {
    dst.varOff = tnum.byteSwap(dst.varOff, bits)
    dst.setUnbounded()
    sync(dst)
  } else if (bits !== 64) truncate(dst, bits / 8)
}

function add64(dst: RegState, src: RegState, rules: ScalarRules): void {
  if (i64.saddOverflows(dst.smin, src.smin) || i64.saddOverflows(dst.smax, src.smax)) {
    dst.smin = i64.S64_MIN
    dst.smax = i64.S64_MAX
  } else {
    dst.smin = i64.add(dst.smin, src.smin)
    dst.smax = i64.add(dst.smax, src.smax)
  }
  const minWraps = i64.uaddOverflows(dst.umin, src.umin)
  const maxWraps = i64.uaddOverflows(dst.umax, src.umax)
  if (rules.wrapsTogether ? !minWraps && maxWraps : minWraps || maxWraps) {
    dst.umin = i64.ZERO
    dst.umax = i64.U64_MAX
  } else {
    dst.umin = i64.add(dst.umin, src.umin)
    dst.umax = i64.add(dst.umax, src.umax)
  }
}
function add32(dst: RegState, src: RegState, rules: ScalarRules): void {
  const smin = dst.s32min + src.s32min
  const smax = dst.s32max + src.s32max
  setSigned32(dst, smin, smax)
  const umin = dst.u32min + src.u32min
  const umax = dst.u32max + src.u32max
  const minWraps = umin > U32_MAX
  const maxWraps = umax > U32_MAX
  setUnsigned32(dst, umin, umax, rules.wrapsTogether ? !minWraps && maxWraps : minWraps || maxWraps)
}
function sub64(dst: RegState, src: RegState, rules: ScalarRules): void {
  if (i64.ssubOverflows(dst.smin, src.smax) || i64.ssubOverflows(dst.smax, src.smin)) {
    dst.smin = i64.S64_MIN
    dst.smax = i64.S64_MAX
  } else {
    const min = i64.sub(dst.smin, src.smax)
    dst.smax = i64.sub(dst.smax, src.smin)
    dst.smin = min
  }
  const minWraps = i64.ult(dst.umin, src.umax)
  const maxWraps = i64.ult(dst.umax, src.umin)
  if (rules.wrapsTogether ? minWraps && !maxWraps : minWraps) {
    dst.umin = i64.ZERO
    dst.umax = i64.U64_MAX
  } else {
    const min = i64.sub(dst.umin, src.umax)
    dst.umax = i64.sub(dst.umax, src.umin)
    dst.umin = min
  }
}
function sub32(dst: RegState, src: RegState, rules: ScalarRules): void {
  setSigned32(dst, dst.s32min - src.s32max, dst.s32max - src.s32min)
  const umin = dst.u32min - src.u32max
  const umax = dst.u32max - src.u32min
  setUnsigned32(dst, umin, umax, rules.wrapsTogether ? umin < 0 && umax >= 0 : umin < 0)
}
function setSigned32(dst: RegState, min: number, max: number): void {
  const fits = in32(min) && in32(max)
  dst.s32min = fits ? min : S32_MIN
  dst.s32max = fits ? max : S32_MAX
}
function setUnsigned32(dst: RegState, min: number, max: number, unbounded: boolean): void {
  dst.u32min = unbounded ? 0 : min >>> 0
  dst.u32max = unbounded ? U32_MAX : max >>> 0
}

function mul64(dst: RegState, src: RegState): void {
  if (i64.umulOverflows(dst.umax, src.umax) || i64.umulOverflows(dst.umin, src.umin)) {
    dst.umin = i64.ZERO
    dst.umax = i64.U64_MAX
  } else {
    dst.umin = i64.mul(dst.umin, src.umin)
    dst.umax = i64.mul(dst.umax, src.umax)
  }
  const { smin: a, smax: b } = dst
  const { smin: c, smax: d } = src
  if (i64.smulOverflows(a, c) || i64.smulOverflows(a, d) || i64.smulOverflows(b, c) || i64.smulOverflows(b, d)) {
    dst.smin = i64.S64_MIN
    dst.smax = i64.S64_MAX
    return
  }
  const ac = i64.mul(a, c)
  const ad = i64.mul(a, d)
  const bc = i64.mul(b, c)
  const bd = i64.mul(b, d)
  dst.smin = i64.smin(i64.smin(ac, ad), i64.smin(bc, bd))
  dst.smax = i64.smax(i64.smax(ac, ad), i64.smax(bc, bd))
}
function mul32(dst: RegState, src: RegState): void {
  // Doubles are exact enough to tell overflow; in range they are exact.
  const umax = dst.u32max * src.u32max
  const umin = dst.u32min * src.u32min
  const corners = [dst.s32min * src.s32min, dst.s32min * src.s32max, dst.s32max * src.s32min, dst.s32max * src.s32max]
  setUnsigned32(dst, umin, umax, !inU32(umax) || !inU32(umin))
  if (corners.every(in32)) {
    dst.s32min = Math.min(...corners) | 0
    dst.s32max = Math.max(...corners) | 0
  } else {
    dst.s32min = S32_MIN
    dst.s32max = S32_MAX
  }
}
function mul64Old(dst: RegState, src: RegState): void {
  const small = dst.umax.hi === 0 && src.umax.hi === 0
  if (dst.smin.hi < 0 || src.smin.hi < 0 || !small) {
    dst.setUnbounded64()
    return
  }
  dst.umin = i64.mul(dst.umin, src.umin)
  dst.umax = i64.mul(dst.umax, src.umax)
  if (dst.umax.hi < 0) {
    dst.smin = i64.S64_MIN
    dst.smax = i64.S64_MAX
  } else {
    dst.smin = dst.umin
    dst.smax = dst.umax
  }
}
function mul32Old(dst: RegState, src: RegState): void {
  if (dst.s32min < 0 || src.s32min < 0 || dst.u32max > 0xffff || src.u32max > 0xffff) {
    dst.setUnbounded32()
    return
  }
  dst.u32min = Math.imul(dst.u32min, src.u32min) >>> 0
  dst.u32max = Math.imul(dst.u32max, src.u32max) >>> 0
  if (dst.u32max > S32_MAX) {
    dst.s32min = S32_MIN
    dst.s32max = S32_MAX
  } else {
    dst.s32min = dst.u32min
    dst.s32max = dst.u32max
  }
}

/** Common end of and, or, xor: unsigned bounds given, signed ones follow where they do not cross the sign. */
function bitwise64(dst: RegState, src: RegState, min: i64.I64, max: i64.I64): void {
  if (tnum.isConst(src.varOff) && tnum.isConst(dst.varOff)) {
    dst.setKnown(dst.varOff.value)
    return
  }
  dst.umin = min
  dst.umax = max
  const crosses = i64.slt(max, min)
  dst.smin = crosses ? i64.S64_MIN : min
  dst.smax = crosses ? i64.S64_MAX : max
  updateFromTnum(dst)
}
function bitwise32(dst: RegState, src: RegState, min: number, max: number): void {
  if (tnum.subregIsConst(src.varOff) && tnum.subregIsConst(dst.varOff)) {
    dst.setKnown32(dst.varOff.value.lo)
    return
  }
  dst.u32min = min
  dst.u32max = max
  const crosses = (min | 0) > (max | 0)
  dst.s32min = crosses ? S32_MIN : min | 0
  dst.s32max = crosses ? S32_MAX : max | 0
}

function lshRange32(dst: RegState, n: number): void {
  dst.s32min = S32_MIN
  dst.s32max = S32_MAX
  if (n > 31 || dst.u32max > 2 ** (31 - n)) {
    dst.u32min = 0
    dst.u32max = U32_MAX
  } else {
    dst.u32min = (dst.u32min << n) >>> 0
    dst.u32max = (dst.u32max << n) >>> 0
  }
}
function lsh32(dst: RegState, n: number): void {
  lshRange32(dst, n)
  dst.varOff = tnum.subreg(tnum.lshift(tnum.subreg(dst.varOff), n))
  dst.setUnbounded64()
  updateFromTnum32(dst)
}
function lsh64(dst: RegState, n: number, rules: ScalarRules): void {
  // Shifting by 32 moves the 32-bit signed range to the top: half of a sign extension by hand.
  const signed = n === 32 && (rules.shiftsNegativeHalf || dst.s32min >= 0)
  dst.smax = n === 32 && (rules.shiftsNegativeHalf || dst.s32max >= 0) ? i64.pair(0, dst.s32max) : i64.S64_MAX
  dst.smin = signed ? i64.pair(0, dst.s32min) : i64.S64_MIN
  if (i64.ult(i64.shl(i64.ONE, 63 - n), dst.umax)) {
    dst.umin = i64.ZERO
    dst.umax = i64.U64_MAX
  } else {
    dst.umin = i64.shl(dst.umin, n)
    dst.umax = i64.shl(dst.umax, n)
  }
  lshRange32(dst, n)
  dst.varOff = tnum.lshift(dst.varOff, n)
  updateFromTnum(dst)
}
function rsh32(dst: RegState, n: number): void {
  dst.s32min = S32_MIN
  dst.s32max = S32_MAX
  dst.varOff = tnum.rshift(tnum.subreg(dst.varOff), n)
  dst.u32min >>>= n
  dst.u32max >>>= n
  dst.setUnbounded64()
  updateFromTnum32(dst)
}
function rsh64(dst: RegState, n: number): void {
  dst.smin = i64.S64_MIN
  dst.smax = i64.S64_MAX
  dst.varOff = tnum.rshift(dst.varOff, n)
  dst.umin = i64.shr(dst.umin, n)
  dst.umax = i64.shr(dst.umax, n)
  dst.setUnbounded32()
  updateFromTnum(dst)
}
function arsh32(dst: RegState, n: number): void {
  dst.s32min >>= n
  dst.s32max >>= n
  dst.varOff = tnum.arshift(tnum.subreg(dst.varOff), n, 32)
  dst.u32min = 0
  dst.u32max = U32_MAX
  dst.setUnbounded64()
  updateFromTnum32(dst)
}
function arsh64(dst: RegState, n: number): void {
  dst.smin = i64.sar(dst.smin, n)
  dst.smax = i64.sar(dst.smax, n)
  dst.varOff = tnum.arshift(dst.varOff, n, 64)
  dst.umin = i64.ZERO
  dst.umax = i64.U64_MAX
  dst.setUnbounded32()
  updateFromTnum(dst)
}
