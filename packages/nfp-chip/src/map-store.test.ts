import { describe, expect, it } from 'vitest'
import { createChip } from './chip'
import type { EmulatedChip } from './emulated-chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from './devices'
import { hashBucket, hashKey } from './map-hash'
import { allEntries } from './run-single'

function chipFor(firmware = 'shipping', buckets = 1024): EmulatedChip {
  return createChip(
    {
      device: { ...DEVICES['cx-2x25']!, islands: 1, workersPerIsland: 1 },
      firmware: FIRMWARE_BEHAVIOURS[firmware]!,
      seed: 1,
      timeModel: 'exact',
      queues: 1,
    },
    { buckets, members: 1, recordBytes: 4096, eventBytes: 4096, tier: 'precise' },
  )
}

const word = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)

/** Two 8-byte keys of map `id` that share a bucket. */
function collision(id: number): [Uint8Array, Uint8Array] {
  const seen = new Map<number, number>()
  for (let value = 0; ; value++) {
    hashKey(Int32Array.of(value, 77), 0, 2, id, -1)
    const bucket = hashBucket(22)
    const other = seen.get(bucket)
    const key = (of: number): Uint8Array => Uint8Array.of(...word(of), ...word(77))
    if (other !== undefined) return [key(other), key(value)]
    seen.set(bucket, value)
  }
}

describe('hash maps', () => {
  it('insert, replace, refuse and delete with the codes of the messages', () => {
    const chip = chipFor()
    const { id } = chip.mapAlloc({ type: 'hash', keySize: 5, valueSize: 3, maxEntries: 2 })
    const key = Uint8Array.of(1, 2, 3, 4, 5)
    const value = Uint8Array.of(7, 8, 9)
    expect(chip.mapLookup(id, key).code).toBe(2)
    expect(chip.mapUpdate(id, key, value, 2)).toBe(2)
    expect(chip.mapUpdate(id, key, value, 1)).toBe(0)
    expect(chip.mapUpdate(id, key, value, 1)).toBe(5)
    expect(chip.mapLookup(id, key).value).toEqual(value)
    expect(chip.mapUpdate(id, Uint8Array.of(2, 2, 3, 4, 5), value, 0)).toBe(0)
    expect(chip.mapUpdate(id, Uint8Array.of(3, 2, 3, 4, 5), value, 0)).toBe(7)
    expect(chip.mapDelete(id, key)).toBe(0)
    expect(chip.mapDelete(id, key)).toBe(2)
    expect(chip.mapUpdate(id, Uint8Array.of(3, 2, 3, 4, 5), value, 0)).toBe(0)
    expect(chip.mapLookup(200, key).code).toBe(1)
  })

  it('keep entries that share a bucket apart, also when the first of them goes', () => {
    const chip = chipFor()
    const { id } = chip.mapAlloc({ type: 'hash', keySize: 8, valueSize: 4, maxEntries: 10 })
    const [first, second] = collision(id)
    expect(chip.mapUpdate(id, first, word(1), 0)).toBe(0)
    expect(chip.mapUpdate(id, second, word(2), 0)).toBe(0)
    expect(allEntries(chip, id)).toEqual([
      [first, word(1)],
      [second, word(2)],
    ])
    chip.mapDelete(id, first)
    expect(chip.mapLookup(id, second).value).toEqual(word(2))
    chip.mapUpdate(id, first, word(3), 0)
    expect(allEntries(chip, id)).toHaveLength(2)
  })

  it('walk in one order, restart at a missing key, and vanish when freed', () => {
    const chip = chipFor()
    const { id } = chip.mapAlloc({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 300 })
    for (let index = 0; index < 300; index++) chip.mapUpdate(id, word(index * 7919), word(index), 0)
    const walk = allEntries(chip, id)
    expect(walk).toHaveLength(300)
    expect(chip.mapNextKey(id, word(5)).key).toEqual(walk[0]![0])
    expect(chip.mapFree(id)).toBe(0)
    expect(chip.mapNextKey(id, undefined).code).toBe(1)
    expect(chip.mapAlloc({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 300 }).id).toBe(id)
    expect(chip.mapNextKey(id, undefined).code).toBe(2)
  })

  it('refuse entries when the chip has no room for more', () => {
    const chip = chipFor('shipping', 300)
    const { id } = chip.mapAlloc({ type: 'hash', keySize: 4, valueSize: 4, maxEntries: 1000 })
    const codes = Array.from({ length: 300 }, (_, index) => chip.mapUpdate(id, word(index), word(index), 0))
    expect(codes).toContain(6)
    expect(allEntries(chip, id)).toHaveLength(codes.filter((code) => code === 0).length)
  })
})

describe('array maps', () => {
  it('hold zeroes from the start and refuse other indices', () => {
    const chip = chipFor()
    const { id } = chip.mapAlloc({ type: 'array', keySize: 4, valueSize: 8, maxEntries: 3 })
    expect(chip.mapLookup(id, word(2)).value).toEqual(new Uint8Array(8))
    expect(chip.mapLookup(id, word(3)).code).toBe(7)
    expect(chip.mapUpdate(id, word(1), new Uint8Array(8).fill(9), 0)).toBe(0)
    expect(chip.mapUpdate(id, word(1), new Uint8Array(8), 1)).toBe(5)
    expect(chip.mapDelete(id, word(1))).toBe(3)
    expect(allEntries(chip, id).map(([key]) => key[0])).toEqual([0, 1, 2])
  })

  it('are empty at first in the open firmware, whose codes differ', () => {
    const chip = chipFor('open')
    const { id } = chip.mapAlloc({ type: 'array', keySize: 4, valueSize: 8, maxEntries: 3 })
    expect(chip.mapLookup(id, word(2)).code).toBe(2)
    expect(chip.mapUpdate(id, word(0), new Uint8Array(8), 0)).toBe(0)
    expect(chip.mapUpdate(id, word(0), new Uint8Array(8), 1)).toBe(2)
    expect(allEntries(chip, id)).toHaveLength(1)
  })

  it('use every map id once', () => {
    const chip = chipFor()
    const spec = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1 } as const
    const ids = Array.from({ length: 129 }, () => chip.mapAlloc(spec))
    expect(ids[127]).toEqual({ code: 0, id: 128 })
    expect(ids[128]!.code).toBe(1)
  })
})
