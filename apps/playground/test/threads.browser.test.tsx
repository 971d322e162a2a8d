import { describe, expect, it } from 'vitest'
import { ThreadChoice } from '../src/workers/thread-choice'

/** Runs slices of 10 ms at the given speeds (cycles a millisecond) and tells which way was taken at the end. */
function settle(choice: ThreadChoice, together: number, alone: number, slices: number): boolean {
  for (let slice = 0; slice < slices; slice++) choice.after((choice.helping ? together : alone) * 10, 10)
  return choice.helping
}

describe('the choice between one thread and several', () => {
  it('keeps the others when they help', () => expect(settle(new ThreadChoice(), 180, 100, 40)).toBe(true))
  it('works alone when they do not', () => expect(settle(new ThreadChoice(), 60, 100, 40)).toBe(false))
  it('works alone when they gain next to nothing', () => expect(settle(new ThreadChoice(), 104, 100, 40)).toBe(false))
  it('tries again later', () => {
    const choice = new ThreadChoice()
    expect(settle(choice, 60, 100, 40)).toBe(false)
    expect(settle(choice, 180, 100, 1100)).toBe(true)
  })
})
