import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { EmulatedChip } from './emulated-chip'
import { HDR } from './layout'
import { joinChip } from './member'
import { chipWith, frames } from '../testdata/programs'

/** Starts the other members of a chip and waits until they can take work. */
async function start(chip: EmulatedChip, members: number): Promise<Worker[]> {
  const share = chip.share(members)
  const url = new URL('../testdata/member-worker.mjs', import.meta.url)
  const workers = Array.from(
    { length: members - 1 },
    (_, index) =>
      new Worker(url, {
        workerData: { share, member: index + 1, members },
        execArgv: ['--conditions=@offload/source'],
      }),
  )
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.once('message', () => resolve())
          worker.once('error', reject)
        }),
    ),
  )
  return workers
}

describe('members', () => {
  it.each([2, 3])('%i threads give the state of one', async (members) => {
    const alone = chipWith('adds packet bytes to an array element')
    const shared = chipWith('adds packet bytes to an array element', { shared: true })
    const list = frames(700, 14)
    for (const chip of [alone, shared]) chip.offer(list)
    alone.run(Infinity, { untilIdle: true })
    const workers = await start(shared, members)
    try {
      shared.run(4000)
      shared.parallel(false)
      shared.run(9000)
      shared.parallel(true)
      shared.run(Infinity, { untilIdle: true })
    } finally {
      shared.dismiss()
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
    expect(shared.stateHash()).toBe(alone.stateHash())
    expect(shared.now).toBe(alone.now)
    expect(shared.counters()).toEqual(alone.counters())
  })

  it('can be dismissed and replaced by others', async () => {
    const alone = chipWith('updates a hash element')
    const shared = chipWith('updates a hash element', { shared: true })
    for (const chip of [alone, shared]) chip.offer(frames(300, 20))
    for (const until of [3000, 6000]) {
      const workers = await start(shared, 2)
      try {
        shared.run(until)
      } finally {
        shared.dismiss()
        await Promise.all(workers.map((worker) => worker.terminate()))
      }
    }
    alone.run(6000)
    expect(shared.stateHash()).toBe(alone.stateHash())
  })

  it('does not wait for ever for one that was killed', () => {
    const alone = chipWith('updates a hash element')
    const shared = chipWith('updates a hash element', { shared: true, patience: 20 })
    for (const chip of [alone, shared]) chip.offer(frames(300, 20))
    const before = shared.snapshot()
    // A member that says it is there and never does its part, as one that was killed in a window.
    const share = shared.share(2)
    Atomics.add(new Int32Array(share.buffer), HDR.joined, 1)
    expect(() => shared.run(6000)).toThrow('1 member(s) did not finish a window within 20 ms')
    shared.restore(before)
    alone.run(6000)
    shared.run(6000)
    expect(shared.stateHash()).toBe(alone.stateHash())
  })

  it('cannot join a chip without shared memory', () => {
    const chip = chipWith('swaps MAC addresses')
    expect(() => chip.share(2)).toThrow('without shared memory')
    const shared = chipWith('swaps MAC addresses', { shared: true })
    expect(() => joinChip(shared.share(2), 2, 2)).toThrow('member 2 of 2')
  })
})
