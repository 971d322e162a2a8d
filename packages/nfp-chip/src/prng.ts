/**
 * The pseudo-random register of a core: it steps once a cycle, so its value is a function of seed and cycle.
 *
 * A read jumps from the cycle of the last read by powers of the step matrix over GF(2). The real taps are not
 * documented (nfp-isa.md, section 10); `PRNG_TAPS` is the assumption.
 */
import { PRNG_SEED, PRNG_TAPS } from './constants'

const step = (value: number): number => (value >>> 1) ^ (value & 1 ? PRNG_TAPS : 0)

/** columns[32 * k + i]: what bit i alone becomes after 2^k steps. */
function jumpTable(): Int32Array {
  const columns = new Int32Array(32 * 48)
  for (let bit = 0; bit < 32; bit++) columns[bit] = step(1 << bit)
  for (let power = 1; power < 48; power++) {
    const half = columns.subarray((power - 1) * 32, power * 32)
    for (let bit = 0; bit < 32; bit++) columns[power * 32 + bit] = apply(half, half[bit]!)
  }
  return columns
}

function apply(columns: Int32Array, value: number): number {
  let result = 0
  for (let rest = value; rest !== 0; rest &= rest - 1) result ^= columns[31 - Math.clz32(rest & -rest)]!
  return result
}

const JUMPS = jumpTable()

/** The register `cycles` steps after it held `value`; cycles below 2^48. */
export function prngAfter(value: number, cycles: number): number {
  let result = value
  let rest = cycles
  for (let power = 0; rest > 0; power++) {
    if (rest % 2 === 1) result = apply(JUMPS.subarray(power * 32, power * 32 + 32), result)
    rest = Math.floor(rest / 2)
  }
  return result
}

/** Start value for a seed; seed 0 is the firmware's own. */
export function prngStart(seed: number): number {
  if (seed === 0) return PRNG_SEED
  const mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b)
  return (mixed ^ (mixed >>> 15)) | 1
}
