import { describe, expect, it } from 'vitest'
import * as i64 from './int64'
import { Random } from './random'

const MASK = (1n << 64n) - 1n
const big = (a: i64.I64): bigint => (BigInt(a.hi >>> 0) << 32n) | BigInt(a.lo >>> 0)
const signed = (a: i64.I64): bigint => BigInt.asIntN(64, big(a))
const SEED = 20_611

describe('64-bit integers', () => {
  it(`agree with BigInt on random values (seed ${SEED})`, () => {
    const random = new Random(SEED)
    for (let k = 0; k < 8000; k++) {
      const a = random.wide()
      const b = random.wide()
      const n = random.below(64)
      const x = big(a)
      const y = big(b)
      const at = `${x} ${y} ${n}`
      expect(big(i64.add(a, b)), at).toBe((x + y) & MASK)
      expect(big(i64.sub(a, b)), at).toBe((x - y) & MASK)
      expect(big(i64.mul(a, b)), at).toBe((x * y) & MASK)
      expect(big(i64.shl(a, n)), at).toBe((x << BigInt(n)) & MASK)
      expect(big(i64.shr(a, n)), at).toBe(x >> BigInt(n))
      expect(signed(i64.sar(a, n)), at).toBe(signed(a) >> BigInt(n))
      expect(i64.ult(a, b), at).toBe(x < y)
      expect(i64.sle(a, b), at).toBe(signed(a) <= signed(b))
      expect(i64.uaddOverflows(a, b), at).toBe(x + y > MASK)
      expect(i64.umulOverflows(a, b), at).toBe(x * y > MASK)
      const fits = (v: bigint): boolean => v === BigInt.asIntN(64, v)
      expect(i64.saddOverflows(a, b), at).toBe(!fits(signed(a) + signed(b)))
      expect(i64.ssubOverflows(a, b), at).toBe(!fits(signed(a) - signed(b)))
      expect(i64.smulOverflows(a, b), at).toBe(!fits(signed(a) * signed(b)))
      expect(i64.bitLength(a), at).toBe(x === 0n ? 0 : x.toString(2).length)
    }
  })
  it('print as hex and decimal', () => {
    expect(i64.hex(i64.pair(0x10, 1))).toBe('0x100000010')
    expect(i64.decimal(i64.S64_MIN)).toBe('-9223372036854775808')
    expect(i64.unsignedDecimal(i64.U64_MAX)).toBe('18446744073709551615')
  })
})
