/**
 * Tristate numbers: for each of 64 bits, known 0, known 1 or unknown ("mask" bit set).
 * The algebra of Vishwanathan et al., "Sound, Precise, and Fast Abstract Interpretation with Tristate Numbers" (2022),
 * in the shapes the kernel logs show. Immutable; invariant: value & mask = 0.
 */
import * as i from './int64'
import { I64, ZERO, U64_MAX } from './int64'

export class Tnum {
  readonly value: I64
  readonly mask: I64
  constructor(value: I64, mask: I64) {
    this.value = value
    this.mask = mask
  }
}

export const UNKNOWN = new Tnum(ZERO, U64_MAX)
export const TNUM_ZERO = new Tnum(ZERO, ZERO)

export const constant = (v: I64): Tnum => new Tnum(v, ZERO)
export const isConst = (t: Tnum): boolean => t.mask.lo === 0 && t.mask.hi === 0
export const isUnknown = (t: Tnum): boolean => t.mask.lo === -1 && t.mask.hi === -1
export const equalsConst = (t: Tnum, v: I64): boolean => isConst(t) && i.eq(t.value, v)
export const same = (a: Tnum, b: Tnum): boolean => a === b || (i.eq(a.value, b.value) && i.eq(a.mask, b.mask))

/** Smallest tnum that holds every unsigned value in [min, max]. */
export function range(min: I64, max: I64): Tnum {
  const bits = i.bitLength(i.xor(min, max))
  if (bits > 63) return UNKNOWN
  const delta = i.sub(i.shl(i.ONE, bits), i.ONE)
  return new Tnum(i.and(min, i.not(delta)), delta)
}

export const lshift = (t: Tnum, n: number): Tnum => new Tnum(i.shl(t.value, n), i.shl(t.mask, n))
export const rshift = (t: Tnum, n: number): Tnum => new Tnum(i.shr(t.value, n), i.shr(t.mask, n))
/** Arithmetic right shift of the low `width` (32 or 64) bits; a 32-bit result is zero-extended. */
export function arshift(t: Tnum, n: number, width: 32 | 64): Tnum {
  if (width === 32) return new Tnum(i.u64((t.value.lo >> n) >>> 0), i.u64((t.mask.lo >> n) >>> 0))
  return new Tnum(i.sar(t.value, n), i.sar(t.mask, n))
}

export function add(a: Tnum, b: Tnum): Tnum {
  const maskSum = i.add(a.mask, b.mask)
  const valueSum = i.add(a.value, b.value)
  const changed = i.xor(i.add(maskSum, valueSum), valueSum)
  const mask = i.or(i.or(changed, a.mask), b.mask)
  return new Tnum(i.and(valueSum, i.not(mask)), mask)
}
export function sub(a: Tnum, b: Tnum): Tnum {
  const difference = i.sub(a.value, b.value)
  const changed = i.xor(i.add(difference, a.mask), i.sub(difference, b.mask))
  const mask = i.or(i.or(changed, a.mask), b.mask)
  return new Tnum(i.and(difference, i.not(mask)), mask)
}
export const neg = (a: Tnum): Tnum => sub(TNUM_ZERO, a)

export function and(a: Tnum, b: Tnum): Tnum {
  const value = i.and(a.value, b.value)
  const possible = i.and(i.or(a.value, a.mask), i.or(b.value, b.mask))
  return new Tnum(value, i.and(possible, i.not(value)))
}
export function or(a: Tnum, b: Tnum): Tnum {
  const value = i.or(a.value, b.value)
  return new Tnum(value, i.and(i.or(a.mask, b.mask), i.not(value)))
}
export function xor(a: Tnum, b: Tnum): Tnum {
  const mask = i.or(a.mask, b.mask)
  return new Tnum(i.and(i.xor(a.value, b.value), i.not(mask)), mask)
}

/** Bits on which both agree stay known; the rest is unknown. */
export function union(a: Tnum, b: Tnum): Tnum {
  const mask = i.or(i.or(a.mask, b.mask), i.xor(a.value, b.value))
  return new Tnum(i.and(a.value, i.not(mask)), mask)
}
/** Both facts hold at once; assumes they do not contradict each other. */
export function intersect(a: Tnum, b: Tnum): Tnum {
  const mask = i.and(a.mask, b.mask)
  return new Tnum(i.and(i.or(a.value, b.value), i.not(mask)), mask)
}

/**
 * Product by long multiplication over the bits of `a`. A bit that may be 0 or 1 gives the union of both cases, which
 * is how kernels from 6.18 on do it.
 */
export function mul(a: Tnum, b: Tnum): Tnum {
  let acc = TNUM_ZERO
  while (!(i.isZero(a.value) && i.isZero(a.mask))) {
    if (a.value.lo & 1) acc = add(acc, b)
    else if (a.mask.lo & 1) acc = union(acc, add(acc, b))
    a = rshift(a, 1)
    b = lshift(b, 1)
  }
  return acc
}

/** Product as kernels before 6.18 did it: known part times known part, uncertainty summed apart. */
export function mulByParts(a: Tnum, b: Tnum): Tnum {
  let acc = TNUM_ZERO
  const known = i.mul(a.value, b.value)
  while (!(i.isZero(a.value) && i.isZero(a.mask))) {
    if (a.value.lo & 1) acc = add(acc, new Tnum(ZERO, b.mask))
    else if (a.mask.lo & 1) acc = add(acc, new Tnum(ZERO, i.or(b.value, b.mask)))
    a = rshift(a, 1)
    b = lshift(b, 1)
  }
  return add(constant(known), acc)
}

/** Whether every value of `b` is a value of `a`. */
export function contains(a: Tnum, b: Tnum): boolean {
  if (!i.isZero(i.and(b.mask, i.not(a.mask)))) return false
  return i.eq(a.value, i.and(b.value, i.not(a.mask)))
}

/** Smallest member above `z`; the largest member where there is none. */
export function next(t: Tnum, z: I64): I64 {
  const highest = i.or(t.value, t.mask)
  if (!i.ult(z, highest)) return highest
  if (i.ult(z, t.value)) return t.value
  // Above the highest bit where z cannot be followed, the answer equals z; below, it is the smallest that is larger.
  const d = i.sub(z, t.value)
  // Spread the offset over the unknown bits: positions that are known carry the increment through.
  const filled = i.or(d, i.not(t.mask))
  const wrong = i.and(d, i.not(t.mask))
  if (i.isZero(wrong)) return i.or(i.and(i.add(filled, i.ONE), t.mask), t.value)
  // d has a bit where the tnum has none: bits below it drop to zero, the unknown bits above count one up.
  const top = i.bitLength(wrong)
  const below = top >= 64 ? i.U64_MAX : i.sub(i.shl(i.ONE, top), i.ONE)
  const kept = i.and(i.and(d, i.not(below)), t.mask)
  const carried = i.add(i.or(i.or(kept, below), i.not(t.mask)), i.ONE)
  return i.or(i.and(carried, t.mask), t.value)
}

/** The same for a tnum of 32 bits, given and answered as unsigned numbers. */
export function next32(value: number, mask: number, z: number): number {
  const highest = (value | mask) >>> 0
  if (z >= highest) return highest
  if (z < value >>> 0) return value >>> 0
  const d = z - (value >>> 0)
  const wrong = d & ~mask
  if (wrong === 0) return ((((d | ~mask) + 1) & mask) | value) >>> 0
  const below = -1 >>> Math.clz32(wrong)
  const kept = d & ~below & mask
  return ((((kept | below | ~mask) + 1) & mask) | value) >>> 0
}

export function subreg(t: Tnum): Tnum {
  if (t.value.hi === 0 && t.mask.hi === 0) return t
  return new Tnum(i.u64(t.value.lo >>> 0), i.u64(t.mask.lo >>> 0))
}
/** Cuts to `size` bytes. */
export function cast(t: Tnum, size: number): Tnum {
  if (size >= 8) return t
  if (size === 4) return subreg(t)
  const keep = (1 << (size * 8)) - 1
  return new Tnum(i.u64(t.value.lo & keep), i.u64(t.mask.lo & keep))
}
export const withSubreg = (t: Tnum, low: Tnum): Tnum =>
  new Tnum(i.pair(low.value.lo, t.value.hi), i.pair(low.mask.lo, t.mask.hi))
export const subregIsConst = (t: Tnum): boolean => t.mask.lo === 0

const swap32 = (n: number): number => (n >>> 24) | ((n >>> 8) & 0xff00) | ((n & 0xff00) << 8) | (n << 24) | 0
function swap(a: I64, bits: 16 | 32 | 64): I64 {
  if (bits === 16) return i.u64(((a.lo & 0xff) << 8) | ((a.lo >>> 8) & 0xff))
  if (bits === 32) return i.u64(swap32(a.lo) >>> 0)
  return i.pair(swap32(a.hi), swap32(a.lo))
}
export const byteSwap = (t: Tnum, bits: 16 | 32 | 64): Tnum => new Tnum(swap(t.value, bits), swap(t.mask, bits))

/** `(0xvalue; 0xmask)`, or the number when it is known. */
export function text(t: Tnum): string {
  if (isConst(t)) return t.value.hi === 0 && t.value.lo >>> 0 <= 0xffff ? String(t.value.lo >>> 0) : i.hex(t.value)
  return `(${i.hex(t.value)}; ${i.hex(t.mask)})`
}
