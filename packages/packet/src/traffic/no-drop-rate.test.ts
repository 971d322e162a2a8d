import { describe, expect, it } from 'vitest'
import { searchNoDropRate } from './no-drop-rate'
import type { NoDropResult } from './no-drop-rate'

function search(capacity: number, max: number, precision?: number): NoDropResult {
  const trials = searchNoDropRate({ max, ...(precision !== undefined && { precision }) })
  let step = trials.next()
  while (!step.done) step = trials.next(step.value > capacity ? Math.ceil(step.value - capacity) : 0)
  return step.value
}

describe('searchNoDropRate', () => {
  it('finds the capacity within its precision, from below', () => {
    for (const capacity of [1e5, 3.3e6, 14_880_000]) {
      const { rate, trials } = search(capacity, 37_202_381)
      expect(rate).toBeLessThanOrEqual(capacity)
      expect(capacity - rate).toBeLessThan(372_024)
      expect(trials.length).toBeLessThan(12)
    }
  })

  it('asks once where the line holds, and gives 0 where nothing does', () => {
    expect(search(1e9, 1e6)).toEqual({ rate: 1e6, trials: [{ rate: 1e6, lost: 0 }] })
    expect(search(-1, 1e6).rate).toBe(0)
  })
})
