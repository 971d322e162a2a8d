/**
 * Keeps the five descriptions of one 64-bit value (tnum, u64, s64, u32, s32 ranges) in step: what one knows, the others
 * learn. Every rule is sound by itself; the fixed number and order of rounds is the kernel's, since logs show the result.
 */
import * as i64 from './int64'
import { S32_MAX, U32_MAX, type I64 } from './int64'
import * as tnum from './tnum'
import type { RegState } from './reg-state'

/** Rules that an era has or has not; see profile.ts. */
export interface BoundsRules {
  /** A signed range across the sign, of which the unsigned range meets one end only, shrinks to that end. */
  readonly splitsAtSign: boolean
  /** A tnum and an unsigned range that meet in one value give that value. */
  readonly meetsInOneValue: boolean
  /** Rounds of deduction. */
  readonly rounds: number
}

let rules: BoundsRules = { splitsAtSign: true, meetsInOneValue: true, rounds: 3 }

/** Sets the rules of the verification that begins; one runs at a time, from start to end. */
export function useBoundsRules(next: BoundsRules): void {
  rules = next
}

/** Ranges learn from the tnum. */
export function updateFromTnum(r: RegState): void {
  updateFromTnum64(r)
  updateFromTnum32(r)
}
function updateFromTnum64(r: RegState): void {
  const { value, mask } = r.varOff
  const topLo = value.lo | mask.lo
  const topHi = value.hi | mask.hi
  // Least and greatest member, with the sign bit set resp. clear where it is unknown.
  const leastHi = value.hi | (mask.hi & i64.S32_MIN)
  const greatestHi = value.hi | (mask.hi & S32_MAX)
  if (sltRaw(r.smin, value.lo, leastHi)) r.smin = i64.pair(value.lo, leastHi)
  if (sgtRaw(r.smax, topLo, greatestHi)) r.smax = i64.pair(topLo, greatestHi)
  if (i64.ult(r.umin, value)) r.umin = value
  if (ugtRaw(r.umax, topLo, topHi)) r.umax = i64.pair(topLo, topHi)
  if (rules.meetsInOneValue) meetInOneValue(r)
}

// Comparisons with a value given by its halves: no object is made for a bound that teaches nothing.
const sltRaw = (a: I64, lo: number, hi: number): boolean => (a.hi === hi ? a.lo >>> 0 < lo >>> 0 : a.hi < hi)
const sgtRaw = (a: I64, lo: number, hi: number): boolean => (a.hi === hi ? a.lo >>> 0 > lo >>> 0 : a.hi > hi)
const ultRaw = (a: I64, lo: number, hi: number): boolean =>
  a.hi === hi ? a.lo >>> 0 < lo >>> 0 : a.hi >>> 0 < hi >>> 0
const ugtRaw = (a: I64, lo: number, hi: number): boolean =>
  a.hi === hi ? a.lo >>> 0 > lo >>> 0 : a.hi >>> 0 > hi >>> 0

/** Members of the tnum inside [umin, umax]: if there is exactly one, the value is known. */
function meetInOneValue(r: RegState): void {
  const { value, mask } = r.varOff
  if ((mask.lo & mask.hi) === -1) {
    if (i64.eq(r.umin, r.umax)) r.setValue(r.umin)
    return
  }
  if ((value.hi | mask.hi | r.umin.hi | r.umax.hi) === 0) {
    meetInOneValue32(r, value.lo, mask.lo)
    return
  }
  const next = tnum.next(r.varOff, r.umin)
  const highest = i64.or(value, mask)
  const minIsMember = i64.eq(i64.and(r.umin, i64.not(mask)), value)
  if (minIsMember) {
    if (i64.ult(r.umax, next)) r.setValue(r.umin)
  } else if (i64.eq(next, highest)) r.setValue(highest)
  else if (i64.ule(next, r.umax) && i64.ult(r.umax, tnum.next(r.varOff, next))) r.setValue(next)
}
/** The same where everything fits 32 bits. */
function meetInOneValue32(r: RegState, value: number, mask: number): void {
  const min = r.umin.lo >>> 0
  const max = r.umax.lo >>> 0
  const next = tnum.next32(value, mask, min)
  if ((min & ~mask) === value) {
    if (max < next) r.setValue(r.umin)
  } else if (next === (value | mask) >>> 0 || (next <= max && max < tnum.next32(value, mask, next))) {
    r.setValue(i64.u64(next))
  }
}
export function updateFromTnum32(r: RegState): void {
  const value = r.varOff.value.lo
  const mask = r.varOff.mask.lo
  r.s32min = Math.max(r.s32min, value | (mask & i64.S32_MIN))
  r.s32max = Math.min(r.s32max, value | (mask & i64.S32_MAX))
  r.u32min = Math.max(r.u32min, value >>> 0)
  r.u32max = Math.min(r.u32max, (value | mask) >>> 0)
}

function raise32(r: RegState, lo: number, hi: number): void {
  r.u32min = Math.max(r.u32min, lo >>> 0)
  r.u32max = Math.min(r.u32max, hi >>> 0)
}
function raiseSigned32(r: RegState, lo: number, hi: number): void {
  r.s32min = Math.max(r.s32min, lo | 0)
  r.s32max = Math.min(r.s32max, hi | 0)
}

function deduce32(r: RegState): void {
  const { umin, umax, smin, smax } = r
  if (umin.hi === umax.hi) {
    raise32(r, umin.lo, umax.lo)
    if (umin.lo <= umax.lo) raiseSigned32(r, umin.lo, umax.lo)
  }
  if (smin.hi === smax.hi) {
    if (smin.lo >>> 0 <= smax.lo >>> 0) raise32(r, smin.lo, smax.lo)
    if (smin.lo <= smax.lo) raiseSigned32(r, smin.lo, smax.lo)
  }
  // Two neighbouring upper halves: the low half runs from negative through zero.
  if (((umin.hi + 1) | 0) === umax.hi && umin.lo < 0 && umax.lo >= 0) raiseSigned32(r, umin.lo, umax.lo)
  if (((smin.hi + 1) | 0) === smax.hi && smin.lo < 0 && smax.lo >= 0) raiseSigned32(r, smin.lo, smax.lo)
  if ((r.u32min | 0) <= (r.u32max | 0)) raiseSigned32(r, r.u32min, r.u32max)
  if (r.s32min >>> 0 <= r.s32max >>> 0) raise32(r, r.s32min, r.s32max)
  else if (rules.splitsAtSign) {
    if (r.u32max < r.s32min >>> 0) {
      r.s32min = r.u32min | 0
      r.u32max = Math.min(r.u32max, r.s32max >>> 0)
    } else if (r.s32max >>> 0 < r.u32min) {
      r.s32max = r.u32max | 0
      r.u32min = Math.max(r.u32min, r.s32min >>> 0)
    }
  }
}

function deduce64(r: RegState): void {
  if (i64.sle(r.umin, r.umax)) {
    r.smin = i64.smax(r.umin, r.smin)
    r.smax = i64.smin(r.umax, r.smax)
  }
  if (i64.ule(r.smin, r.smax)) {
    r.umin = i64.umax(r.smin, r.umin)
    r.umax = i64.umin(r.smax, r.umax)
  } else if (!rules.splitsAtSign) return
  else if (i64.ult(r.umax, r.smin)) {
    // The signed range wraps around; the unsigned one overlaps only its non-negative end …
    r.smin = r.umin
    r.umax = i64.umin(r.umax, r.smax)
  } else if (i64.ult(r.smax, r.umin)) {
    // … or only its negative end.
    r.smax = r.umax
    r.umin = i64.umax(r.umin, r.smin)
  }
}

function deduceMixed(r: RegState): void {
  const lo = r.u32min | 0
  const hi = r.u32max | 0
  if (ultRaw(r.umin, lo, r.umin.hi)) r.umin = i64.pair(lo, r.umin.hi)
  if (ugtRaw(r.umax, hi, r.umax.hi)) r.umax = i64.pair(hi, r.umax.hi)
  if (sltRaw(r.smin, lo, r.smin.hi)) r.smin = i64.pair(lo, r.smin.hi)
  if (sgtRaw(r.smax, hi, r.smax.hi)) r.smax = i64.pair(hi, r.smax.hi)
  // After a sign-extending load: a non-negative low half rules out that the upper half is all ones.
  if (r.s32min >= 0 && i64.sle(i64.S32_MIN_64, r.smin) && i64.sle(r.smax, i64.S32_MAX_64)) {
    // (The tnum learns of it at the end of the rounds.)
    if (r.smin.lo !== r.s32min || r.smin.hi !== 0) r.smin = i64.u64(r.s32min)
    if (r.smax.lo !== r.s32max || r.smax.hi !== 0) r.smax = i64.u64(r.s32max)
    r.umin = r.smin
    r.umax = r.smax
  }
}

function deduce(r: RegState): void {
  deduce32(r)
  deduce64(r)
  deduceMixed(r)
}

/** The tnum learns from the ranges: bits above the highest one in which the ends differ are known. */
function updateTnum(r: RegState): void {
  const { value, mask } = r.varOff
  const { umin, umax } = r
  const differHi = umin.hi ^ umax.hi
  const differLo = umin.lo ^ umax.lo
  let valueHi = value.hi
  let valueLo = value.lo
  let maskHi = mask.hi
  let maskLo = mask.lo
  // A range that needs the top bit says nothing.
  if (differHi >= 0) {
    const openHi = differHi === 0 ? 0 : onesBelow(differHi)
    const openLo = differHi === 0 ? onesBelow(differLo) : -1
    maskHi &= openHi
    maskLo &= openLo
    valueHi = (valueHi | (umin.hi & ~openHi)) & ~maskHi
    valueLo = (valueLo | (umin.lo & ~openLo)) & ~maskLo
  }
  const open = onesBelow((r.u32min ^ r.u32max) | 0)
  maskLo &= open
  valueLo = (valueLo | (r.u32min & ~open)) & ~maskLo
  if (valueLo === value.lo && valueHi === value.hi && maskLo === mask.lo && maskHi === mask.hi) return
  r.varOff = new tnum.Tnum(i64.pair(valueLo, valueHi), i64.pair(maskLo, maskHi))
}
/** Ones from bit 0 up to the highest set bit of `n`. */
const onesBelow = (n: number): number => (n === 0 ? 0 : -1 >>> Math.clz32(n)) | 0

/** One value, and everything agrees: nothing to learn. */
export function isSettled(r: RegState): boolean {
  const { value, mask } = r.varOff
  return (
    (mask.lo | mask.hi) === 0 &&
    r.umin === value &&
    r.umax === value &&
    r.smin === value &&
    r.smax === value &&
    r.s32min === value.lo &&
    r.s32max === value.lo &&
    r.u32min === value.lo >>> 0 &&
    r.u32max === value.lo >>> 0
  )
}

/** Everything learns from everything. */
export function sync(r: RegState): void {
  if (isSettled(r)) return
  updateFromTnum(r)
  for (let round = 0; round < rules.rounds; round++) {
    const { smin, smax, umin, umax, s32min, s32max, u32min, u32max } = r
    deduce(r)
    // Nothing learned in this round: nothing in the next.
    if (r.smin === smin && r.smax === smax && r.umin === umin && r.umax === umax) {
      if (r.s32min === s32min && r.s32max === s32max && r.u32min === u32min && r.u32max === u32max) break
    }
  }
  updateTnum(r)
  updateFromTnum(r)
}

/** Whether the ranges contradict each other or the tnum: such a state cannot occur at run time. */
export function contradictory(r: RegState): boolean {
  if (i64.ult(r.umax, r.umin) || i64.slt(r.smax, r.smin) || r.u32min > r.u32max || r.s32min > r.s32max) return true
  const { value, mask } = r.varOff
  if (i64.isZero(mask)) {
    if (!i64.eq(r.umin, value) || !i64.eq(r.umax, value) || !i64.eq(r.smin, value) || !i64.eq(r.smax, value))
      return true
  }
  if (mask.lo === 0) {
    const low = value.lo
    if (r.u32min !== low >>> 0 || r.u32max !== low >>> 0 || r.s32min !== low || r.s32max !== low) return true
  }
  return false
}

/** The upper half becomes zero. */
export function zeroExtend32(r: RegState): void {
  r.varOff = tnum.subreg(r.varOff)
  assign32Into64(r)
}
function assign32Into64(r: RegState): void {
  r.umin = i64.u64(r.u32min)
  r.umax = i64.u64(r.u32max)
  if (r.s32min >= 0 && r.s32max >= 0) {
    r.smin = i64.u64(r.s32min)
    r.smax = i64.u64(r.s32max)
  } else {
    r.smin = i64.ZERO
    r.smax = i64.U32_MAX_64
  }
}

/** Cuts to `size` bytes, zero-extended. */
export function truncate(r: RegState, size: number): void {
  r.varOff = tnum.cast(r.varOff, size)
  const bits = size * 8
  const mask = size >= 4 ? i64.U32_MAX_64 : i64.u64((1 << bits) - 1)
  const lowMin = i64.and(r.umin, mask)
  const lowMax = i64.and(r.umax, mask)
  if (i64.eq(i64.and(r.umin, i64.not(mask)), i64.and(r.umax, i64.not(mask)))) {
    r.umin = lowMin
    r.umax = lowMax
  } else {
    r.umin = i64.ZERO
    r.umax = mask
  }
  r.smin = r.umin
  r.smax = r.umax
  if (size < 4) {
    r.s32min = i64.S32_MIN
    r.s32max = i64.S32_MAX
    r.u32min = 0
    r.u32max = U32_MAX
  }
  sync(r)
}

const signMin = (size: number): number => (size === 1 ? -128 : size === 2 ? -32768 : i64.S32_MIN)
const signMax = (size: number): number => (size === 1 ? 127 : size === 2 ? 32767 : i64.S32_MAX)
const extend = (n: number, size: number): number =>
  size === 1 ? (n << 24) >> 24 : size === 2 ? (n << 16) >> 16 : n | 0

/** Sign-extends the low `size` bytes (1, 2, 4) to 64 bits. */
export function signExtend(r: RegState, size: number): void {
  if (tnum.isConst(r.varOff)) {
    r.setValue(i64.s64(extend(r.varOff.value.lo, size)))
    return
  }
  const bits = size * 8
  if (i64.eq(i64.sar(r.smax, bits), i64.sar(r.smin, bits))) {
    const first = i64.s64(extend(r.smax.lo, size))
    const second = i64.s64(extend(r.smin.lo, size))
    const max = i64.smax(first, second)
    const min = i64.smin(first, second)
    if (max.hi < 0 === min.hi < 0) {
      r.smin = min
      r.smax = max
      r.umin = min
      r.umax = max
      r.s32min = min.lo
      r.s32max = max.lo
      r.u32min = min.lo >>> 0
      r.u32max = max.lo >>> 0
      r.varOff = tnum.range(min, max)
      return
    }
  }
  r.smin = i64.s64(signMin(size))
  r.smax = i64.s64(signMax(size))
  r.s32min = signMin(size)
  r.s32max = signMax(size)
  r.umin = i64.ZERO
  r.umax = i64.U64_MAX
  r.u32min = 0
  r.u32max = U32_MAX
  r.varOff = tnum.UNKNOWN
}

/** Sign-extends the low `size` bytes (1, 2) to 32 bits; the upper half is left to the caller. */
export function signExtend32(r: RegState, size: number): void {
  if (tnum.subregIsConst(r.varOff)) {
    const v = extend(r.varOff.value.lo, size)
    r.s32min = v
    r.s32max = v
    r.u32min = v >>> 0
    r.u32max = v >>> 0
    r.varOff = tnum.withSubreg(r.varOff, tnum.constant(i64.u64(v >>> 0)))
    return
  }
  const bits = size * 8
  if (r.s32max >> bits === r.s32min >> bits) {
    const first = extend(r.s32max, size)
    const second = extend(r.s32min, size)
    const max = Math.max(first, second)
    const min = Math.min(first, second)
    if (max < 0 === min < 0) {
      r.s32min = min
      r.s32max = max
      r.u32min = min >>> 0
      r.u32max = max >>> 0
      r.varOff = tnum.subreg(tnum.range(i64.s64(min), i64.s64(max)))
      return
    }
  }
  r.s32min = signMin(size)
  r.s32max = signMax(size)
  r.u32min = 0
  r.u32max = U32_MAX
  r.varOff = tnum.subreg(tnum.UNKNOWN)
}
