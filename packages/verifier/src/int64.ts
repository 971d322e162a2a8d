/**
 * 64-bit integers as immutable pairs of 32-bit halves.
 * Not BigInt: the walk makes millions of these, and most are shared constants.
 * Signedness lies in the operation (`ult` / `slt`), not in the value; both halves are kept as int32.
 */

export class I64 {
  readonly lo: number
  readonly hi: number
  constructor(lo: number, hi: number) {
    this.lo = lo | 0
    this.hi = hi | 0
  }
}

export const ZERO = new I64(0, 0)
export const ONE = new I64(1, 0)
export const U64_MAX = new I64(-1, -1)
export const S64_MIN = new I64(0, 0x80000000)
export const S64_MAX = new I64(-1, 0x7fffffff)
export const U32_MAX_64 = new I64(-1, 0)
export const S32_MIN = -0x80000000
export const S32_MAX = 0x7fffffff
export const U32_MAX = 0xffffffff
export const S32_MIN_64 = new I64(S32_MIN, -1)
export const S32_MAX_64 = new I64(S32_MAX, 0)

const SMALL: I64[] = []
for (let n = -256; n < 1024; n++) SMALL.push(new I64(n, n < 0 ? -1 : 0))

/** Sign-extended 32-bit integer. */
export function s64(n: number): I64 {
  return n >= -256 && n < 1024 ? SMALL[n + 256]! : new I64(n, n < 0 ? -1 : 0)
}
/** Zero-extended 32-bit integer; takes int32 or uint32. */
export function u64(n: number): I64 {
  return n >= 0 && n < 1024 ? SMALL[n + 256]! : new I64(n, 0)
}
export function pair(lo: number, hi: number): I64 {
  return hi === 0 && lo >= 0 && lo < 1024 ? SMALL[lo + 256]! : new I64(lo, hi)
}

export const eq = (a: I64, b: I64): boolean => a === b || (a.lo === b.lo && a.hi === b.hi)
export const isZero = (a: I64): boolean => a.lo === 0 && a.hi === 0
export const isNegative = (a: I64): boolean => a.hi < 0

export function ult(a: I64, b: I64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 < b.lo >>> 0 : a.hi >>> 0 < b.hi >>> 0
}
export function ule(a: I64, b: I64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 <= b.lo >>> 0 : a.hi >>> 0 < b.hi >>> 0
}
export function slt(a: I64, b: I64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 < b.lo >>> 0 : a.hi < b.hi
}
export function sle(a: I64, b: I64): boolean {
  return a.hi === b.hi ? a.lo >>> 0 <= b.lo >>> 0 : a.hi < b.hi
}
export const umin = (a: I64, b: I64): I64 => (ult(b, a) ? b : a)
export const umax = (a: I64, b: I64): I64 => (ult(a, b) ? b : a)
export const smin = (a: I64, b: I64): I64 => (slt(b, a) ? b : a)
export const smax = (a: I64, b: I64): I64 => (slt(a, b) ? b : a)

export function add(a: I64, b: I64): I64 {
  const lo = (a.lo >>> 0) + (b.lo >>> 0)
  return pair(lo | 0, (a.hi + b.hi + (lo > U32_MAX ? 1 : 0)) | 0)
}
export function sub(a: I64, b: I64): I64 {
  const borrow = a.lo >>> 0 < b.lo >>> 0 ? 1 : 0
  return pair((a.lo - b.lo) | 0, (a.hi - b.hi - borrow) | 0)
}
export const neg = (a: I64): I64 => sub(ZERO, a)
export const and = (a: I64, b: I64): I64 => pair(a.lo & b.lo, a.hi & b.hi)
export const or = (a: I64, b: I64): I64 => pair(a.lo | b.lo, a.hi | b.hi)
export const xor = (a: I64, b: I64): I64 => pair(a.lo ^ b.lo, a.hi ^ b.hi)
export const not = (a: I64): I64 => pair(~a.lo, ~a.hi)

/** Shifts take 0…63. */
export function shl(a: I64, n: number): I64 {
  if (n === 0) return a
  if (n >= 32) return pair(0, a.lo << (n - 32))
  return pair(a.lo << n, (a.hi << n) | (a.lo >>> (32 - n)))
}
export function shr(a: I64, n: number): I64 {
  if (n === 0) return a
  if (n >= 32) return pair((a.hi >>> (n - 32)) | 0, 0)
  return pair((a.lo >>> n) | (a.hi << (32 - n)), (a.hi >>> n) | 0)
}
export function sar(a: I64, n: number): I64 {
  if (n === 0) return a
  if (n >= 32) return pair(a.hi >> (n - 32), a.hi >> 31)
  return pair((a.lo >>> n) | (a.hi << (32 - n)), a.hi >> n)
}

/** Low 64 bits of the product. */
export function mul(a: I64, b: I64): I64 {
  const low = mulWide32(a.lo, b.lo)
  return pair(low.lo, (low.hi + Math.imul(a.lo, b.hi) + Math.imul(a.hi, b.lo)) | 0)
}
function mulWide32(a: number, b: number): I64 {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const low = a0 * b0
  const mid = a1 * b0 + (low >>> 16)
  const mid2 = a0 * b1 + (mid & 0xffff)
  const high = a1 * b1 + Math.floor(mid / 0x10000) + Math.floor(mid2 / 0x10000)
  return new I64(Math.imul(a, b), high | 0)
}

/** Whether unsigned a·b leaves 64 bits. */
export function umulOverflows(a: I64, b: I64): boolean {
  if (a.hi === 0 && b.hi === 0) return false
  if (a.hi !== 0 && b.hi !== 0) return true
  const [wide, narrow] = a.hi !== 0 ? [a, b] : [b, a]
  const top = mulWide32(wide.hi, narrow.lo)
  if (top.hi !== 0) return true
  const low = mulWide32(wide.lo, narrow.lo)
  return (top.lo >>> 0) + (low.hi >>> 0) > U32_MAX
}
/** Whether signed a·b leaves 64 bits. */
export function smulOverflows(a: I64, b: I64): boolean {
  if (isZero(a) || isZero(b)) return false
  const negative = a.hi < 0 !== b.hi < 0
  const ma = a.hi < 0 ? neg(a) : a
  const mb = b.hi < 0 ? neg(b) : b
  if (umulOverflows(ma, mb)) return true
  const product = mul(ma, mb)
  return negative ? ult(S64_MIN, product) : product.hi < 0
}
export const uaddOverflows = (a: I64, b: I64): boolean => ult(add(a, b), a)
export function saddOverflows(a: I64, b: I64): boolean {
  const hi = add(a, b).hi
  return ((a.hi ^ hi) & (b.hi ^ hi)) < 0
}
export function ssubOverflows(a: I64, b: I64): boolean {
  const hi = sub(a, b).hi
  return ((a.hi ^ b.hi) & (a.hi ^ hi)) < 0
}

/** Position of the highest set bit plus one; 0 for zero. */
export function bitLength(a: I64): number {
  return a.hi !== 0 ? 64 - Math.clz32(a.hi) : 32 - Math.clz32(a.lo)
}

/** As a double; exact up to 2^53. */
export const toSigned = (a: I64): number => a.hi * 0x100000000 + (a.lo >>> 0)
/** Whether the value is the sign extension of its low half. */
export const fitsS32 = (a: I64): boolean => a.hi === a.lo >> 31

/** `0x…` without leading zeros. */
export function hex(a: I64): string {
  if (a.hi === 0) return `0x${(a.lo >>> 0).toString(16)}`
  return `0x${(a.hi >>> 0).toString(16)}${(a.lo >>> 0).toString(16).padStart(8, '0')}`
}
/** Decimal text of the signed value; BigInt is fine here, it is only for messages. */
export function decimal(a: I64): string {
  return fitsS32(a) ? String(a.lo) : ((BigInt(a.hi) << 32n) | BigInt(a.lo >>> 0)).toString()
}
export function unsignedDecimal(a: I64): string {
  return a.hi === 0 ? String(a.lo >>> 0) : ((BigInt(a.hi >>> 0) << 32n) | BigInt(a.lo >>> 0)).toString()
}
