import { describe, expect, it } from 'vitest'
import { prngAfter, prngStart } from './prng'

describe('prngAfter', () => {
  it('jumps as far as single steps go', () => {
    let value = 42
    for (let step = 0; step < 1000; step++) value = prngAfter(value, 1)
    expect(prngAfter(42, 1000)).toBe(value)
    expect(prngAfter(prngAfter(42, 123_456_789), 987_654_321)).toBe(prngAfter(42, 1_111_111_110))
  })

  it('has the full period of a 32-bit register', () => {
    expect(prngAfter(42, 2 ** 32 - 1)).toBe(42)
    for (const divisor of [3, 5, 17, 257, 65537]) expect(prngAfter(42, (2 ** 32 - 1) / divisor)).not.toBe(42)
  })

  it('never starts at zero', () => {
    expect([0, 1, 2, -1].map((seed) => prngStart(seed) !== 0)).toEqual([true, true, true, true])
  })
})
