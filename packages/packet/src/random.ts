/**
 * Seeded random numbers: sfc32 (Chris Doty-Humphrey's small fast counter generator), seeded by splitmix32.
 * 32-bit integer arithmetic alone, so every browser and Node give the same numbers. Not for secrets.
 */

/** A stream of random numbers. All methods advance the stream by one draw. */
export interface Random {
  /** 0 … 2³²−1. */
  u32(): number
  /** 0 … bound−1; `bound` from 1 to 2³². */
  below(bound: number): number
  /** Exponentially distributed with mean 1. */
  exponential(): number
}

/** One step of splitmix32: a good mix of 32 bits, used for seeding and for hashing numbers. */
export function mix32(value: number): number {
  let z = (value + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

/** A generator for `seed` (any number; its 32 low bits and what lies above them both count). */
export function createRandom(seed: number): Random {
  let a = mix32(seed | 0)
  let b = mix32(a ^ (Math.floor(seed / 4294967296) | 0))
  let c = mix32(b)
  let counter = 1
  const u32 = (): number => {
    const t = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) u32()
  return {
    u32,
    below: (bound) => Math.floor((u32() / 4294967296) * bound),
    exponential: () => -naturalLog((u32() + 1) / 4294967296),
  }
}

/**
 * ln of a number in (0, 1] by additions and multiplications only: Math.log may differ in the last bit
 * from browser to browser, and arrival times must not. Relative error below 1e-15.
 */
export function naturalLog(value: number): number {
  let exponent = 0
  let m = value
  while (m < 0.70710678) {
    m *= 2
    exponent--
  }
  const t = (m - 1) / (m + 1)
  const t2 = t * t
  let term = t
  let sum = t
  for (let k = 3; k < 30; k += 2) {
    term *= t2
    sum += term / k
  }
  return 2 * sum + exponent * 0.6931471805599453
}
