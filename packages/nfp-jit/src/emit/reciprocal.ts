/**
 * Multiplier and shift that replace a division by a constant (Granlund and Montgomery's method, as nfp-jit.md,
 * section 10, states it). Uses BigInt: the numbers have up to 65 bits, and a program has few divisions.
 */
export interface Reciprocal {
  /** Low 32 bits of the multiplier. */
  readonly multiplier: number
  /** The multiplier has a 33rd bit. */
  readonly wide: boolean
  /** Bits to shift the high word of the product by. */
  readonly shift: number
  /** Bits of `divisor − 1`: the smallest power of two that is not below the divisor. */
  readonly exponent: number
}

/** `divisor` from 1 to 2^32 − 1; `precision` bits of the dividend count (32, less those shifted out before). */
export function reciprocal(divisor: number, precision: number): Reciprocal {
  const exponent = divisor === 1 ? 0 : 32 - Math.clz32(divisor - 1)
  const d = BigInt(divisor)
  const one = 1n << BigInt(32 + exponent)
  let low = one / d
  let high = (one + (1n << BigInt(32 + exponent - precision))) / d
  let shift = exponent
  while (shift > 0 && low >> 1n < high >> 1n) {
    low >>= 1n
    high >>= 1n
    shift--
  }
  return { multiplier: Number(high & 0xffffffffn), wide: high >> 32n !== 0n, shift, exponent }
}

/** Zero bits below the lowest one bit; `value` is not 0. */
export const trailingZeros = (value: number): number => 31 - Math.clz32(value & -value)
