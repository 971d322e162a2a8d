import { describe, expect, it } from 'vitest'
import * as i64 from './int64'
import { Random } from './random'
import * as tnum from './tnum'
import { Tnum } from './tnum'

const SEED = 4_711

/** A random tnum and one of its values. */
function sample(random: Random): { t: Tnum; v: i64.I64 } {
  const mask = i64.and(random.wide(), random.wide())
  const value = i64.and(random.wide(), i64.not(mask))
  return { t: new Tnum(value, mask), v: i64.or(value, i64.and(random.wide(), mask)) }
}
const holds = (t: Tnum, v: i64.I64): boolean => tnum.contains(t, tnum.constant(v))

describe('tristate numbers', () => {
  it(`hold the result of every operation on values they hold (seed ${SEED})`, () => {
    const random = new Random(SEED)
    for (let k = 0; k < 4000; k++) {
      const a = sample(random)
      const b = sample(random)
      const n = random.below(64)
      const at = `${tnum.text(a.t)} ${tnum.text(b.t)} ${i64.hex(a.v)} ${i64.hex(b.v)} ${n}`
      expect(holds(tnum.add(a.t, b.t), i64.add(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.sub(a.t, b.t), i64.sub(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.mul(a.t, b.t), i64.mul(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.mulByParts(a.t, b.t), i64.mul(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.and(a.t, b.t), i64.and(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.or(a.t, b.t), i64.or(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.xor(a.t, b.t), i64.xor(a.v, b.v)), at).toBe(true)
      expect(holds(tnum.lshift(a.t, n), i64.shl(a.v, n)), at).toBe(true)
      expect(holds(tnum.rshift(a.t, n), i64.shr(a.v, n)), at).toBe(true)
      expect(holds(tnum.arshift(a.t, n, 64), i64.sar(a.v, n)), at).toBe(true)
      expect(holds(tnum.union(a.t, b.t), a.v) && holds(tnum.union(a.t, b.t), b.v), at).toBe(true)
    }
  })
  it('know ranges of small numbers by their common bits', () => {
    expect(tnum.text(tnum.range(i64.u64(8), i64.u64(15)))).toBe('(0x8; 0x7)')
    expect(tnum.text(tnum.range(i64.u64(7), i64.u64(8)))).toBe('(0x0; 0xf)')
  })
  it('find the next member above a number, for every tnum of five bits', () => {
    for (let mask = 0; mask < 32; mask++) {
      for (let value = 0; value < 32; value++) {
        if ((mask & value) !== 0) continue
        const t = new Tnum(i64.u64(value), i64.u64(mask))
        const members = Array.from({ length: 32 }, (_, v) => v).filter((v) => (v & ~mask) === value)
        for (let z = 0; z < 34; z++) {
          const expected = members.find((m) => m > z) ?? members[members.length - 1]!
          expect(tnum.next(t, i64.u64(z)).lo, `${value}/${mask} above ${z}`).toBe(expected)
          expect(tnum.next32(value, mask, z), `${value}/${mask} above ${z}`).toBe(expected)
        }
      }
    }
  })
})
