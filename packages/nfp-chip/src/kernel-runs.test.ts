/**
 * Words of real programs against what a Linux kernel computed for the same programs in BPF: verdict, packet bytes and map
 * contents, in every tier and time model. The data (testdata/kernel-runs.json) hold the recorded results.
 */
import { wordsFromHex } from '@offload/nfp'
import { describe, expect, it } from 'vitest'
import recorded from '../testdata/kernel-runs.json'
import type { CardMapSpec, TimeModel } from './api'
import { createChip } from './chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from './devices'
import { allEntries } from './run-single'

type Entries = readonly (readonly [key: string, value: string])[]

interface Recorded {
  readonly id: string
  readonly type: string
  readonly maps: readonly (CardMapSpec & { readonly id: number })[]
  readonly init?: readonly (string | null)[]
  /** Words of values that programs add to: big-endian on the card. */
  readonly atomicWords?: readonly number[]
  readonly words: readonly string[]
  readonly runs: readonly {
    readonly packet: string
    readonly verdict: number
    readonly data: string
    readonly maps: readonly (Entries | null)[]
  }[]
}

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Byte that a program of the type leaves in A0 for a BPF return value (nfp-firmware-abi.md, section 3). */
function exitByte(type: string, verdict: number): number {
  if (type === 'xdp') return [0x82, 0x22, 0x11, 0x44][verdict] ?? 0x82
  return verdict === 2 ? 0x22 : verdict === 4 || verdict === 5 ? 0x02 : 0x11
}

function swapAtomic(value: Uint8Array, words: readonly number[] = []): Uint8Array {
  const swapped = value.slice()
  for (const word of words) if (4 * word + 4 <= swapped.length) swapped.subarray(4 * word, 4 * word + 4).reverse()
  return swapped
}

function check(given: Recorded, tier: 'precise' | 'translated', timeModel: TimeModel): void {
  const chip = createChip(
    {
      device: { ...DEVICES['cx-2x40']!, islands: 1, workersPerIsland: 1 },
      firmware: FIRMWARE_BEHAVIOURS['full']!,
      seed: 0,
      timeModel,
      queues: 4,
    },
    { members: 1, buckets: 4096, recordBytes: 1 << 16, eventBytes: 1 << 12, tier },
  )
  given.maps.forEach((spec, index) => {
    while (chip.mapAlloc(spec).id < spec.id);
    const init = given.init?.[index]
    if (init) chip.mapUpdate(spec.id, new Uint8Array(spec.keySize), swapAtomic(bytesOf(init), given.atomicWords), 0)
  })
  chip.loadProgram(0, { words: wordsFromHex(given.words), start: 0x0800 })
  for (const { packet, verdict, data, maps } of given.runs) {
    chip.offer([{ time: 0, port: 0, data: bytesOf(packet) }])
    chip.run(Infinity, { untilIdle: true, maxWords: 1_000_000 })
    const [record] = chip.takePackets()
    expect(record, 'a packet that came to its end').toBeDefined()
    expect(record!.exitCode).toBe(exitByte(given.type, verdict) << 16)
    expect(hexOf(record!.data)).toBe(data)
    given.maps.forEach((spec, index) => {
      const wanted = maps[index]
      if (!wanted) return
      const have = allEntries(chip, spec.id).map(([key, value]) => [
        hexOf(key),
        hexOf(swapAtomic(value, given.atomicWords)),
      ])
      const sorted = (list: readonly (readonly string[])[]): string[] => list.map((entry) => entry.join(' ')).toSorted()
      expect(sorted(have)).toEqual(sorted(wanted))
    })
  }
}

describe('programs give what the kernel gives', () => {
  it.each((recorded as unknown as readonly Recorded[]).map((entry) => [entry.id, entry] as const))('%s', (_, entry) => {
    check(entry, 'precise', 'exact')
    check(entry, 'translated', 'exact')
    check(entry, 'translated', 'functional')
  })
})
