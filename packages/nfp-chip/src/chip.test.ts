import { br, withEcc, wordsOf } from '@offload/nfp'
import { describe, expect, it } from 'vitest'
import { hotAdds } from '../testdata/kernels'
import { PROGRAM_NAMES, START, chipWith, frames, program } from '../testdata/programs'
import { WAIT_NAMES } from './layout'

const idle = { untilIdle: true } as const

/** Programs that between them use every kind of request. */
const SLICED = ['adds packet bytes to an array element', 'updates a hash element', 'sends an event']

describe('time does not depend on how it is sliced', () => {
  it.each(SLICED)('%s: any window gives the same state', (name) => {
    const results = [undefined, 61, 9].map((window) => {
      const chip = chipWith(name, window === undefined ? {} : { window })
      chip.offer(frames(150, 12))
      chip.run(Infinity, idle)
      return `${chip.stateHash()} ${chip.now}`
    })
    expect(new Set(results).size).toBe(1)
  })

  it.each(SLICED)('%s: many short runs are one long run', (name) => {
    const whole = chipWith(name)
    const pieces = chipWith(name)
    for (const chip of [whole, pieces]) chip.offer(frames(150, 15))
    whole.run(60_000)
    for (let until = 0; until < 60_000; until += 977) pieces.run(until)
    pieces.run(60_000)
    expect(pieces.stateHash()).toBe(whole.stateHash())
    expect(pieces.now).toBe(60_000)
  })

  it.each(PROGRAM_NAMES)('%s: stepping word by word is running', (name) => {
    const runner = chipWith(name, {}, { workersPerIsland: 2, islands: 2 })
    const stepper = chipWith(name, {}, { workersPerIsland: 2, islands: 2 })
    for (const chip of [runner, stepper]) chip.offer(frames(30, 100))
    runner.run(Infinity, idle)
    let steps = 0
    expect(stepper.stepWord()).toEqual({ core: 0, context: 0, pc: START })
    for (steps = 1; stepper.stepWord(); steps++);
    stepper.run(Infinity, idle)
    expect(steps).toBe(runner.counters().words)
    expect(stepper.stateHash()).toBe(runner.stateHash())
    expect(stepper.now).toBe(runner.now)
  })

  it('a run that stops in the middle of a step sequence continues it', () => {
    const runner = chipWith('adds packet bytes to an array element')
    const mixed = chipWith('adds packet bytes to an array element')
    for (const chip of [runner, mixed]) chip.offer(frames(200, 20))
    runner.run(30_000)
    for (let round = 1; round <= 10; round++) {
      for (let step = 0; step < 37; step++) mixed.stepWord()
      mixed.run(Math.max(mixed.now, round * 3000))
    }
    mixed.run(30_000)
    expect(mixed.stateHash()).toBe(runner.stateHash())
  })
})

describe('breakpoints', () => {
  it('stop in front of a word, on any core, and leave the state of a run', () => {
    const runner = chipWith('swaps MAC addresses', {}, { islands: 1, workersPerIsland: 2 })
    const stopper = chipWith('swaps MAC addresses', {}, { islands: 1, workersPerIsland: 2 })
    for (const chip of [runner, stopper]) chip.offer(frames(20, 60))
    runner.run(Infinity, idle)
    const stops: string[] = []
    for (;;) {
      const place = stopper.runToWord(({ pc }) => pc === START + 1)
      if (!place) break
      stops.push(`${place.core}.${place.context}`)
      expect(stopper.context(place.core, place.context)).toMatchObject({ state: 'running', pc: START + 1 })
    }
    expect(stops).toHaveLength(20)
    expect(new Set(stops).size).toBeGreaterThan(1)
    stopper.run(Infinity, idle)
    expect(stopper.stateHash()).toBe(runner.stateHash())
  })

  it('give up after a number of words', () => {
    const chip = chipWith('swaps MAC addresses')
    chip.offer(frames(5, 60))
    expect(chip.runToWord(() => false, 40)).toBeUndefined()
    expect(chip.counters().words).toBe(40)
  })
})

describe('posted commands', () => {
  it('stall their core in the same cycles whatever the window, stepping included', () => {
    const results = ([undefined, 31, 'step'] as const).map((way) => {
      const chip = chipWith('swaps MAC addresses', typeof way === 'number' ? { window: way } : {}, {
        workersPerIsland: 1,
      })
      chip.loadProgram(0, { words: hotAdds(START, 0x01f4, 40), start: START })
      chip.offer(frames(80, 50))
      if (way === 'step') while (chip.stepWord());
      chip.run(Infinity, idle)
      return `${chip.stateHash()} ${chip.now}`
    })
    expect(new Set(results).size).toBe(1)
  })
})

describe('replacing a program', () => {
  it('lets packets in flight finish with the old one, whatever the window', () => {
    const results = [undefined, 13].map((window) => {
      const chip = chipWith('adds packet bytes to an array element', window === undefined ? {} : { window })
      chip.offer(frames(300, 20))
      chip.run(3000)
      const before = chip.counters()
      expect(before.received).toBeGreaterThan(before.passed + before.dropped)
      chip.loadProgram(0, { words: program('swaps MAC addresses').words, start: START })
      chip.run(Infinity, idle)
      const { aborted, passed, transmitted, lost } = chip.counters()
      expect([aborted, passed + transmitted + lost]).toEqual([0, 300])
      expect(passed).toBeGreaterThan(0)
      expect(transmitted).toBeGreaterThan(0)
      expect(chip.machineChecks()).toEqual([])
      return `${chip.stateHash()} ${chip.now}`
    })
    expect(results[0]).toBe(results[1])
  })

  it('gives up packets of a program that never ends', () => {
    const chip = chipWith('swaps MAC addresses', {}, { islands: 1, workersPerIsland: 1 })
    chip.loadProgram(0, { words: wordsOf([withEcc(br('br', START))]), start: START })
    chip.offer(frames(6, 10))
    chip.run(5000)
    chip.loadProgram(0, { words: program('swaps MAC addresses').words, start: START })
    chip.run(Infinity, idle)
    const { aborted, transmitted } = chip.counters()
    expect([aborted > 0, aborted + transmitted]).toEqual([true, 6])
    expect(chip.machineChecks()[0]?.cause).toBe('program does not end')
  })
})

describe('snapshot and restore', () => {
  it('repeats the rest of a run exactly', () => {
    const chip = chipWith('updates a hash element')
    chip.offer(frames(300, 20))
    chip.run(5000)
    const saved = chip.snapshot()
    chip.run(Infinity, idle)
    const first = [chip.stateHash(), chip.now, chip.counters().words]
    chip.restore(saved)
    expect(chip.now).toBe(5000)
    chip.run(Infinity, idle)
    expect([chip.stateHash(), chip.now, chip.counters().words]).toEqual(first)
  })

  it('moves to another chip of the same configuration', () => {
    const from = chipWith('chooses a queue by addresses')
    from.offer(frames(100, 20))
    from.run(4000)
    const to = chipWith('swaps MAC addresses')
    to.restore(from.snapshot(new Uint8Array(1 << 24)))
    for (const chip of [from, to]) chip.run(Infinity, idle)
    expect(to.stateHash()).toBe(from.stateHash())
  })

  it('refuses what is not a snapshot', () => {
    expect(() => chipWith('swaps MAC addresses').restore(new Uint8Array(1000))).toThrow('not a snapshot')
  })
})

describe('what programs do', () => {
  it('adds two packet fields into an array element', () => {
    const chip = chipWith('adds packet bytes to an array element')
    const list = frames(50, 1000)
    chip.offer(list)
    chip.run(Infinity, idle)
    // r7 = *(u64*)(pkt + 3); key 5; lock *(u32*)(value + 0) += r7, as a big-endian word on the card.
    let sum = 0
    for (const { data } of list) sum = (sum + new DataView(data.buffer).getUint32(3, true)) >>> 0
    const { value } = chip.mapLookup(3, Uint8Array.of(5, 0, 0, 0))
    expect(new DataView(value!.buffer).getUint32(0, false)).toBe(sum)
    expect(chip.machineChecks()).toEqual([])
  })

  it('sends packets back with swapped addresses, in order', () => {
    const chip = chipWith('swaps MAC addresses')
    const list = frames(200, 200)
    chip.offer(list)
    chip.run(Infinity, idle)
    const records = chip.takePackets()
    expect(records.map(({ number }) => number)).toEqual(list.map((_, index) => index))
    records.forEach((record, index) => {
      const { data } = list[index]!
      const swapped = data.slice()
      swapped.set(data.subarray(6, 12), 0)
      swapped.set(data.subarray(0, 6), 6)
      expect([record.outcome, record.data]).toEqual(['tx', swapped])
    })
  })

  it('makes and deletes hash elements for the host to see', () => {
    const chip = chipWith('updates a hash element')
    chip.offer(frames(5, 100))
    chip.run(Infinity, idle)
    const first = chip.mapNextKey(1, undefined)
    expect(first.key).toEqual(Uint8Array.of(84, 0, 0, 0))
    expect(chip.mapNextKey(1, first.key).code).toBe(2)
    expect(chip.mapDelete(1, first.key!)).toBe(0)
    expect(chip.mapLookup(1, first.key!).code).toBe(2)
  })

  it('counts every frame once: passed, dropped, sent, aborted or lost', () => {
    const chip = chipWith('chooses a queue by addresses', {}, { islands: 1, workersPerIsland: 1 })
    chip.offer(frames(3000, 4))
    chip.run(Infinity, idle)
    const { received, passed, dropped, transmitted, aborted, lost, queues } = chip.counters()
    expect(passed + dropped + transmitted + aborted + lost).toBe(3000)
    expect(received).toBeLessThanOrEqual(3000)
    expect(lost).toBeGreaterThan(0)
    expect(queues.reduce((sum, count) => sum + count, 0)).toBe(passed)
  })

  it('reports a word it cannot execute and goes on with the next packet', () => {
    const chip = chipWith('swaps MAC addresses')
    const broken = program('swaps MAC addresses').words.slice()
    broken[11]! ^= 1 << 30
    chip.loadProgram(0, { words: broken, start: START })
    chip.offer(frames(3, 1000))
    chip.run(Infinity, idle)
    expect(chip.counters().aborted).toBe(3)
    expect(chip.machineChecks()[0]).toMatchObject({ pc: START + 5, cause: 'code store parity error' })
  })
})

describe('telemetry', () => {
  it('accounts for every cycle of every context: busy, waiting by reason, refill', () => {
    const chip = chipWith('adds packet bytes to an array element', {}, { islands: 1, workersPerIsland: 2 })
    chip.offer(frames(200, 100))
    chip.run(Infinity, idle)
    const { telemetry } = chip
    const waits = new Float64Array(WAIT_NAMES.length)
    telemetry.waits(waits)
    const waited = Object.fromEntries(WAIT_NAMES.map((name, reason) => [name || 'ready', waits[reason]!]))
    for (const reason of ['ready', 'packet', 'CTM', 'IMEM', 'EMEM']) expect(waited[reason], reason).toBeGreaterThan(0)
    expect(waited['CLS']).toBe(0)
    const busy = new Float64Array(2)
    telemetry.busy(busy)
    const total = waits.reduce((sum, cycles) => sum + cycles, 0) + busy[0]! + busy[1]!
    // The rest: refills after swaps, and what contexts have waited since their last packet.
    expect(total).toBeLessThanOrEqual(8 * chip.now)
    const outcomes = new Float64Array(7)
    telemetry.outcomes(outcomes)
    expect(outcomes[0]! + outcomes[1]! + outcomes[2]! + outcomes[3]! + outcomes[4]!).toBe(200)
  })
})

describe('records', () => {
  it('are all there for a reader that comes late, with small rings too', () => {
    const list = frames(300, 300)
    const [small, large, none] = [{ recordBytes: 4096 }, {}, { snapLength: 0 }].map((options) => {
      const chip = chipWith('swaps MAC addresses', options)
      chip.offer(list)
      chip.run(Infinity, idle)
      return { packets: chip.takePackets(), again: chip.takePackets(), hash: chip.stateHash() }
    })
    expect([small!.hash, none!.hash]).toEqual([large!.hash, large!.hash])
    expect(small!.packets).toHaveLength(300)
    expect(small!.packets).toEqual(large!.packets)
    expect(small!.again).toEqual([])
  })
})
