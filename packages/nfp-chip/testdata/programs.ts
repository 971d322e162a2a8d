/** Input for this package's tests: words of real programs, seeded frames, and a chip that runs both. Not exported. */
import { wordsFromHex } from '@offload/nfp'
import type { TimedFrame } from '@offload/packet'
import programs from './programs.json'
import type { CardMapSpec, DeviceProfile, TimeModel } from '../src/api'
import { createChip } from '../src/chip'
import type { EmulatedChip } from '../src/emulated-chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from '../src/devices'
import type { ChipOptions } from '../src/layout'

export const START = 0x0800

/** Programs by what they do; see programs.json for their sources. */
export function program(name: string): { readonly words: Uint32Array; readonly maps: readonly (CardMapSpec & { readonly id: number })[] } {
  const found = programs.find((candidate) => candidate.name === name)
  if (!found) throw new RangeError(`no test program "${name}"`)
  return { words: wordsFromHex(found.words), maps: found.maps as (CardMapSpec & { id: number })[] }
}

export const PROGRAM_NAMES: readonly string[] = programs.map(({ name }) => name)

/** A small linear congruential generator: the tests' own randomness. */
export function random(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 0x1000000
  }
}

/** Seeded IPv4 frames of mixed size; `gap` is the mean distance in nanoseconds. */
export function frames(count: number, gap: number, seed = 1, ports = 1): TimedFrame[] {
  const next = random(seed)
  let time = 0
  return Array.from({ length: count }, () => {
    time += Math.floor(next() * 2 * gap)
    const data = Uint8Array.from({ length: 60 + Math.floor(next() * next() * 1400) }, () => next() * 256)
    data.set([0x08, 0x00, 0x45, 0], 12)
    data[20] = 0
    data[21] = 0
    data[23] = next() < 0.5 ? 17 : 6
    return { time, port: Math.floor(next() * ports), data }
  })
}

/** A chip with one of the test programs on every port and its maps made. */
export function chipWith(
  name: string,
  options: ChipOptions = {},
  device: Partial<DeviceProfile> = {},
  timeModel: TimeModel = 'exact',
): EmulatedChip {
  const chip = createChip(
    {
      device: { ...DEVICES['cx-2x40']!, ...device },
      firmware: FIRMWARE_BEHAVIOURS['full']!,
      seed: 5,
      timeModel,
      queues: 8,
    },
    { buckets: 4096, recordBytes: 1 << 20, eventBytes: 1 << 18, members: 3, ...options },
  )
  const { words, maps } = program(name)
  // The words name the maps by their ids on the card; other maps take the ids before.
  for (const spec of maps) while (chip.mapAlloc(spec).id < spec.id);
  chip.loadProgram(0, { words, start: START })
  return chip
}
