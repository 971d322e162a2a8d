import { describe, expect, it } from 'vitest'
import { PROGRAM_NAMES, START, chipWith, frames } from '../testdata/programs'
import { randomProgram } from '../testdata/random-program'
import type { EmulatedChip } from './emulated-chip'
import type { ChipOptions } from './layout'
import { allEntries } from './run-single'

const idle = { untilIdle: true } as const

/** Everything that has no time in it: packets by number, and the maps. */
function results(chip: EmulatedChip, list: ReturnType<typeof frames>) {
  chip.offer(list)
  chip.run(Infinity, idle)
  const packets = chip
    .takePackets()
    .map(({ number, port, outcome, queue, exitCode, words, data }) => ({
      number,
      port,
      outcome,
      queue,
      exitCode,
      words,
      data,
    }))
    .sort((left, right) => left.number - right.number)
  const maps = [1, 2, 3].map((id) => allEntries(chip, id))
  const events = chip.takeEvents().map(({ mapId, packet, data }) => ({ mapId, packet, data }))
  return { packets, maps, events }
}

describe('functional', () => {
  it.each(PROGRAM_NAMES)('%s: gives the results of the exact model', (name) => {
    const list = frames(60, 400)
    const exact = results(chipWith(name), list)
    const functional = results(chipWith(name, {}, {}, 'functional'), list)
    expect(functional).toEqual(exact)
  })

  it('takes only frames that were offered before the end of a run', () => {
    const chip = chipWith('swaps MAC addresses', {}, {}, 'functional')
    const list = frames(50, 1000)
    chip.offer(list)
    chip.run(20_000)
    const due = list.filter(({ time }) => Math.ceil(time * 0.8) < 20_000).length
    expect(chip.counters().received).toBe(due)
    expect(chip.pending).toBe(50 - due)
    expect(chip.now).toBe(20_000)
  })

  it('finishes a packet that was stepped into', () => {
    const chip = chipWith('adds packet bytes to an array element', {}, {}, 'functional')
    chip.offer(frames(5, 1000))
    for (let step = 0; step < 10; step++) chip.stepWord()
    chip.run(Infinity, idle)
    expect(chip.takePackets().map(({ number }) => number)).toEqual([0, 1, 2, 3, 4])
  })

  it('repeats itself', () => {
    const hashes = [0, 1].map(() => {
      const chip = chipWith('updates a hash element', {}, {}, 'functional')
      chip.offer(frames(100, 50))
      chip.run(Infinity, idle)
      return chip.stateHash()
    })
    expect(hashes[0]).toBe(hashes[1])
  })
})

describe('quantum', () => {
  it.each(PROGRAM_NAMES)('%s: gives the results of the exact model when packets come one by one', (name) => {
    const list = frames(25, 20_000)
    expect(results(chipWith(name, {}, {}, 'quantum'), list)).toEqual(results(chipWith(name), list))
  })

  it('does not depend on how a run is cut, and keeps counts', () => {
    const hashes = [[60_000], [7, 2000, 2001, 31_000, 60_000]].map((stops) => {
      const chip = chipWith('adds packet bytes to an array element', {}, {}, 'quantum')
      chip.offer(frames(600, 15))
      for (const stop of stops) chip.run(stop)
      const { passed, dropped, transmitted, aborted, lost } = chip.counters()
      expect(passed + dropped + transmitted + aborted + lost).toBe(600)
      return chip.stateHash()
    })
    expect(hashes[0]).toBe(hashes[1])
  })
})

describe('random programs', () => {
  it.each(Array.from({ length: 4 }, (_, index) => 1000 + index))('seed %i: tiers, windows and steps agree', (seed) => {
    const words = randomProgram(seed, START, 0x01f4)
    const outcome = (options: ChipOptions, step = false): string => {
      const chip = chipWith('swaps MAC addresses', options, { islands: 1, workersPerIsland: 2 })
      chip.loadProgram(0, { words, start: START })
      chip.offer(frames(10, 60, seed))
      if (step) for (let count = 0; count < 1000 && chip.stepWord(); count++);
      chip.run(Infinity, { untilIdle: true, maxWords: 100_000 })
      return `${chip.stateHash()} ${chip.now} ${chip.counters().words} ${JSON.stringify(chip.machineChecks())}`
    }
    const precise = outcome({ tier: 'precise' })
    expect(outcome({ tier: 'translated' })).toBe(precise)
    expect(outcome({ tier: 'translated', window: 23 })).toBe(precise)
    expect(outcome({ tier: 'precise' }, true)).toBe(precise)
    expect(precise).toContain('[]')
  })
})

describe('tiers', () => {
  const models = ['exact', 'quantum', 'functional'] as const
  const each = PROGRAM_NAMES.flatMap((name) => models.map((model) => [name, model] as const))
  it.each(each)('%s, %s: precise and translated leave the same state', (name, model) => {
    const hashes = (['precise', 'translated'] as const).map((tier) => {
      const chip = chipWith(name, { tier }, {}, model)
      chip.offer(frames(100, 15))
      chip.run(Infinity, idle)
      return `${chip.stateHash()} ${chip.now} ${chip.counters().words}`
    })
    expect(hashes[0]).toBe(hashes[1])
  })
})

describe('mixed tiers', () => {
  it.each(PROGRAM_NAMES)('%s: they take over from each other at any cycle', (name) => {
    const list = frames(120, 15)
    const alone = chipWith(name, { tier: 'precise' })
    alone.offer(list)
    alone.run(Infinity, idle)
    const pair = (['translated', 'precise'] as const).map((tier) => chipWith(name, { tier }))
    pair[0]!.offer(list)
    for (let turn = 0; turn < 12; turn++) {
      const [from, to] = turn % 2 === 0 ? [pair[0]!, pair[1]!] : [pair[1]!, pair[0]!]
      from.run(311 * (turn + 1))
      to.restore(from.snapshot())
    }
    pair[0]!.run(Infinity, idle)
    expect(`${pair[0]!.stateHash()} ${pair[0]!.now}`).toBe(`${alone.stateHash()} ${alone.now}`)
  })
})
