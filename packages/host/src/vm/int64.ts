/**
 * 64-bit multiplication and division on pairs of 32-bit halves; results go into `result` (low, high) so that nothing is
 * allocated. Additions, shifts and logic are short enough to stand in the interpreter itself.
 */

/** Low and high half of the last result. */
export const result = new Int32Array(2)

/** High 32 bits of the unsigned product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16]
  const low = aLow * bLow
  const middle = aHigh * bLow + (low >>> 16)
  const cross = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65536) + (cross >>> 16)) | 0
}

export function multiply(aLo: number, aHi: number, bLo: number, bHi: number): void {
  result[0] = Math.imul(aLo, bLo)
  result[1] = (multiplyHigh(aLo, bLo) + Math.imul(aLo, bHi) + Math.imul(aHi, bLo)) | 0
}

/** Unsigned division; with `remainder` the remainder instead. By zero: 0, and the dividend (RFC 9669). */
export function divide(aLo: number, aHi: number, bLo: number, bHi: number, remainder: boolean): void {
  const [al, ah, bl, bh] = [aLo >>> 0, aHi >>> 0, bLo >>> 0, bHi >>> 0]
  if (bl === 0 && bh === 0) {
    result[0] = remainder ? aLo : 0
    result[1] = remainder ? aHi : 0
    return
  }
  if (ah < 0x200000 && bh < 0x200000) {
    // Below 2^53 doubles are exact, and so is their remainder.
    const a = ah * 4294967296 + al
    const b = bh * 4294967296 + bl
    const rest = a % b
    const value = remainder ? rest : (a - rest) / b
    result[0] = (value % 4294967296) | 0
    result[1] = (value / 4294967296) | 0
    return
  }
  // Shift and subtract, a bit a step.
  let [qLo, qHi, rLo, rHi] = [0, 0, 0, 0]
  for (let i = 63; i >= 0; i--) {
    const carry = rHi >>> 31
    rHi = (rHi << 1) | (rLo >>> 31)
    rLo = (rLo << 1) | ((i >= 32 ? ah >>> (i - 32) : al >>> i) & 1)
    if (carry || rHi >>> 0 > bh || (rHi >>> 0 === bh && rLo >>> 0 >= bl)) {
      const borrow = rLo >>> 0 < bl ? 1 : 0
      rLo = (rLo - bl) | 0
      rHi = (rHi - bh - borrow) | 0
      if (i >= 32) qHi |= 1 << (i - 32)
      else qLo |= 1 << i
    }
  }
  result[0] = remainder ? rLo : qLo
  result[1] = remainder ? rHi : qHi
}

/** Signed division, rounding to zero; the minimum by −1 is the minimum, remainder 0; by zero as unsigned. */
export function divideSigned(aLo: number, aHi: number, bLo: number, bHi: number, remainder: boolean): void {
  const aNegative = aHi < 0
  const bNegative = bHi < 0
  if ((bLo | bHi) === 0) {
    divide(aLo, aHi, 0, 0, remainder)
    return
  }
  if (aNegative) negate(aLo, aHi)
  const [al, ah] = aNegative ? [result[0]!, result[1]!] : [aLo, aHi]
  if (bNegative) negate(bLo, bHi)
  const [bl, bh] = bNegative ? [result[0]!, result[1]!] : [bLo, bHi]
  divide(al, ah, bl, bh, remainder)
  if (remainder ? aNegative : aNegative !== bNegative) negate(result[0]!, result[1]!)
}

/** Two's complement into `result`. */
export function negate(lo: number, hi: number): void {
  result[0] = -lo | 0
  result[1] = (~hi + (lo === 0 ? 1 : 0)) | 0
}

/** Bytes of a 32-bit number reversed. */
export function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
}
