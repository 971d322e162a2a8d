import type { MapDef } from '@offload/bpf'
import { createRandom } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { createVm } from '../vm/run'
import { checkMapAttributes, createHostMap, freeHostMap, mapAttributes } from './create'
import type { HostMap } from './map'
import { QueueMap } from './queue-map'
import { RingBuffer } from './ringbuf-map'

function make(type: string, keySize: number, valueSize: number, maxEntries: number, flags = 0): HostMap {
  const made = createHostMap(
    createVm(),
    mapAttributes({ type, key_size: keySize, value_size: valueSize, max_entries: maxEntries, map_flags: flags }),
  )
  if (!made.ok) throw new Error(`errno ${made.errno}`)
  return made.map
}

const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

describe('errno of host operations (kernel-tables.md, 3.4)', () => {
  it('array', () => {
    const map = make('array', 4, 4, 2)
    expect(map.hostUpdate(key(0, 0, 0, 0), key(1, 2, 3, 4), 1)).toBe(-17)
    expect(map.hostUpdate(key(2, 0, 0, 0), key(1, 2, 3, 4), 0)).toBe(-7)
    expect(map.hostUpdate(key(0, 0, 0, 0), key(1, 2, 3, 4), 3)).toBe(-22)
    expect(map.hostUpdate(key(1, 0, 0, 0), key(1, 2, 3, 4), 2)).toBe(0)
    expect(map.hostDelete(key(1, 0, 0, 0))).toBe(-22)
    expect(map.hostLookup(key(1, 0, 0, 0)).value).toEqual(key(1, 2, 3, 4))
    expect(map.hostLookup(key(9, 0, 0, 0)).errno).toBe(-2)
    expect([
      map.nextKey(undefined),
      map.nextKey(key(0, 0, 0, 0)),
      map.nextKey(key(1, 0, 0, 0)),
      map.nextKey(key(7, 0, 0, 0)),
    ]).toEqual([key(0, 0, 0, 0), key(1, 0, 0, 0), undefined, key(0, 0, 0, 0)])
  })

  it('hash, full and not', () => {
    const map = make('hash', 3, 2, 2)
    expect(map.hostUpdate(key(1, 1, 1), key(1, 0), 2)).toBe(-2)
    expect(map.hostUpdate(key(1, 1, 1), key(1, 0), 1)).toBe(0)
    expect(map.hostUpdate(key(1, 1, 1), key(2, 0), 1)).toBe(-17)
    expect(map.hostUpdate(key(2, 1, 1), key(2, 0), 0)).toBe(0)
    expect(map.hostUpdate(key(3, 1, 1), key(2, 0), 0)).toBe(-7)
    expect(map.hostDelete(key(3, 1, 1))).toBe(-2)
    expect(map.hostDelete(key(1, 1, 1))).toBe(0)
    expect(map.hostUpdate(key(3, 1, 1), key(2, 0), 0)).toBe(0)
    expect(map.count).toBe(2)
  })

  it('lru_hash gives up what was used longest ago', () => {
    const map = make('lru_hash', 1, 1, 2)
    map.hostUpdate(key(1), key(1), 0)
    map.hostUpdate(key(2), key(2), 0)
    map.hostUpdate(key(1), key(9), 0)
    expect(map.hostUpdate(key(3), key(3), 0)).toBe(0)
    expect(map.hostLookup(key(2)).errno).toBe(-2)
    expect(map.hostLookup(key(1)).value).toEqual(key(9))
  })

  it('lpm_trie finds the longest prefix', () => {
    const map = make('lpm_trie', 8, 1, 4, 1)
    const prefix = (bits: number, ...address: number[]): Uint8Array => key(bits, 0, 0, 0, ...address)
    expect(map.hostUpdate(prefix(8, 10, 0, 0, 0), key(8), 0)).toBe(0)
    expect(map.hostUpdate(prefix(24, 10, 1, 2, 99), key(24), 0)).toBe(0)
    expect(map.hostUpdate(prefix(0, 1, 2, 3, 4), key(0), 0)).toBe(0)
    expect(map.hostUpdate(prefix(33, 0, 0, 0, 0), key(0), 0)).toBe(-22)
    expect(map.hostLookup(prefix(32, 10, 1, 2, 3)).value).toEqual(key(24))
    expect(map.hostLookup(prefix(32, 10, 9, 2, 3)).value).toEqual(key(8))
    expect(map.hostLookup(prefix(32, 11, 9, 2, 3)).value).toEqual(key(0))
    expect(map.hostUpdate(prefix(1, 0, 0, 0, 0), key(1), 0)).toBe(0)
    expect(map.hostUpdate(prefix(2, 0, 0, 0, 0), key(1), 0)).toBe(-28)
    expect(map.hostDelete(prefix(24, 10, 1, 2, 0))).toBe(0)
    expect(map.hostLookup(prefix(32, 10, 1, 2, 3)).value).toEqual(key(8))
  })

  it('queue, stack, ringbuf', () => {
    const queue = make('queue', 0, 1, 2) as QueueMap
    const stack = make('stack', 0, 1, 2) as QueueMap
    for (const map of [queue, stack]) {
      expect([1, 2, 3].map((n) => map.hostUpdate(key(), key(n), 0))).toEqual([0, 0, -7])
      expect(map.hostUpdate(key(), key(3), 2)).toBe(0)
      expect(map.hostUpdate(key(), key(3), 1)).toBe(-22)
    }
    expect([queue.hostPop().value, queue.hostPop().value, queue.hostPop().errno]).toEqual([key(2), key(3), -2])
    expect([stack.hostPop().value, stack.hostPop().value, stack.hostPop().errno]).toEqual([key(3), key(2), -2])
    const ring = make('ringbuf', 0, 0, 4096) as RingBuffer
    expect(ring.reserve(4081)).toBe(0)
    const held = ring.reserve(100)
    expect(ring.output(key(1, 2, 3))).toBe(0)
    expect(ring.read()).toEqual([])
    ring.finish(held, false)
    expect(ring.read()).toEqual([key(1, 2, 3)])
    expect(ring.producer).toBe(ring.consumer)
  })
})

describe('creation', () => {
  it.each<[string, MapDef, number]>([
    ['array with a wide key', { type: 'array', key_size: 8, value_size: 4, max_entries: 1 }, 22],
    ['hash without entries', { type: 'hash', key_size: 4, value_size: 4, max_entries: 0 }, 22],
    ['percpu value too large', { type: 'percpu_array', key_size: 4, value_size: 32769, max_entries: 1 }, 7],
    ['lpm without NO_PREALLOC', { type: 'lpm_trie', key_size: 8, value_size: 4, max_entries: 1 }, 22],
    ['lru with NO_PREALLOC', { type: 'lru_hash', key_size: 8, value_size: 4, max_entries: 1, map_flags: 1 }, 524],
    ['ring of odd size', { type: 'ringbuf', key_size: 0, value_size: 0, max_entries: 5000 }, 22],
    ['read and write only', { type: 'array', key_size: 4, value_size: 4, max_entries: 1, map_flags: 0x18 }, 22],
    ['name with a blank', { name: 'a b', type: 'array', key_size: 4, value_size: 4, max_entries: 1 }, 22],
    ['a name that every object has', { type: 'constructor', key_size: 4, value_size: 4, max_entries: 1 }, 22],
    ['fine', { type: 2, key_size: 4, value_size: 4, max_entries: 1 }, 0],
  ])('%s', (_, definition, errno) => {
    expect(checkMapAttributes(mapAttributes(definition))).toBe(errno)
  })
})

describe('lru_hash', () => {
  it('keeps the entries used last, like a list of them (seed 8)', () => {
    const random = createRandom(8)
    const map = make('lru_hash', 1, 1, 10)
    let order: number[] = []
    for (let round = 0; round < 5000; round++) {
      const k = random.below(30)
      const use = (): void => {
        order = [...order.filter((one) => one !== k), k]
      }
      switch (random.below(3)) {
        case 0:
          expect(map.hostUpdate(key(k), key(1), 0)).toBe(0)
          if (!order.includes(k) && order.length === 10) order.shift()
          use()
          break
        case 1:
          if (order.includes(k)) expect(map.hostUpdate(key(k), key(2), 2)).toBe(0)
          if (order.includes(k)) use()
          break
        default:
          expect(map.hostDelete(key(k))).toBe(order.includes(k) ? 0 : -2)
          order = order.filter((one) => one !== k)
      }
      expect(map.count).toBe(order.length)
    }
    expect(order.every((k) => map.hostLookup(key(k)).errno === 0)).toBe(true)
  })
})

describe('hash maps', () => {
  it('keep what a plain table keeps over random operations, and give their memory back (seed 3)', () => {
    const random = createRandom(3)
    const vm = createVm()
    const made = createHostMap(vm, mapAttributes({ type: 'hash', key_size: 2, value_size: 4, max_entries: 300 }))
    if (!made.ok) throw new Error('map')
    const { map } = made
    const model = new Map<number, number>()
    for (let round = 0; round < 20_000; round++) {
      const k = random.below(500)
      const bytes = key(k & 255, k >> 8)
      if (random.below(3) === 0) expect(map.hostDelete(bytes)).toBe(model.delete(k) ? 0 : -2)
      else {
        const full = !model.has(k) && model.size >= 300
        expect(map.hostUpdate(bytes, key(round & 255, 0, 0, 0), 0)).toBe(full ? -7 : 0)
        if (!full) model.set(k, round & 255)
      }
    }
    const seen = new Map<number, number>()
    for (let at = map.nextKey(undefined); at; at = map.nextKey(at))
      seen.set(at[0]! | (at[1]! << 8), map.hostLookup(at).value![0]!)
    expect(new Map([...seen].sort(([a], [b]) => a - b))).toEqual(new Map([...model].sort(([a], [b]) => a - b)))
    freeHostMap(vm, map)
    expect(vm.memory.heapUsed).toBe(0)
  })
})
