/** queue (first in, first out), stack (last in, first out) and bloom_filter: maps without keys. */
import { ERRNO } from '../errno'
import { mix32 } from '@offload/packet'
import { BPF_EXIST } from './map'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

const NO_KEYS = { lookup: () => 0, update: () => -ERRNO.EOPNOTSUPP, delete: () => -ERRNO.EOPNOTSUPP }

export class QueueMap implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  readonly lookup = NO_KEYS.lookup
  readonly update = NO_KEYS.update
  readonly delete = NO_KEYS.delete
  private readonly host: MapHost
  private readonly items: Uint8Array[] = []

  constructor(attributes: MapAttributes, host: MapHost) {
    this.attributes = attributes
    this.host = host
  }

  get count(): number {
    return this.items.length
  }

  push(value: number, flags: number): number {
    return this.hostUpdate(
      new Uint8Array(0),
      this.host.memory.bytes.slice(value, value + this.attributes.valueSize),
      flags,
    )
  }

  pop(value: number): number {
    return this.take(value, true)
  }

  peek(value: number): number {
    return this.take(value, false)
  }

  private take(value: number, remove: boolean): number {
    const { bytes } = this.host.memory
    const item = this.front(remove)
    if (!item) {
      bytes.fill(0, value, value + this.attributes.valueSize)
      return -ERRNO.ENOENT
    }
    bytes.set(item, value)
    return 0
  }

  private front(remove: boolean): Uint8Array | undefined {
    if (this.attributes.type === 'stack') return remove ? this.items.pop() : this.items.at(-1)
    return remove ? this.items.shift() : this.items[0]
  }

  hostLookup(): LookupResult {
    const value = this.front(false)
    return value ? { errno: 0, value: value.slice() } : { errno: -ERRNO.ENOENT }
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_ELEM. */
  hostPop(): LookupResult {
    const value = this.front(true)
    return value ? { errno: 0, value } : { errno: -ERRNO.ENOENT }
  }

  hostUpdate(_key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags !== 0 && flags !== BPF_EXIST) return -ERRNO.EINVAL
    if (this.items.length >= this.attributes.maxEntries) {
      if (flags !== BPF_EXIST) return -ERRNO.E2BIG
      // "Exists" on a full map gives up the item that came first.
      this.items.shift()
    }
    this.items.push(value.slice())
    return 0
  }

  hostDelete(): number {
    return -ERRNO.EINVAL
  }

  nextKey(): undefined {
    return undefined
  }

  free(): void {
    this.items.length = 0
  }
}

/** Hash functions of a bloom filter when none are asked for. */
const BLOOM_HASHES = 5

export class BloomFilter implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  count = 0
  readonly lookup = NO_KEYS.lookup
  readonly update = NO_KEYS.update
  readonly delete = NO_KEYS.delete
  private readonly host: MapHost
  private readonly bits: Uint8Array
  private readonly mask: number

  constructor(attributes: MapAttributes, host: MapHost) {
    this.attributes = attributes
    this.host = host
    let size = 64
    while (size < (attributes.maxEntries * BLOOM_HASHES * 7) / 5) size *= 2
    this.bits = new Uint8Array(size / 8)
    this.mask = size - 1
  }

  private hash(value: Uint8Array, n: number): number {
    let hash = mix32(n)
    for (const byte of value) hash = mix32(hash ^ byte)
    return hash & this.mask
  }

  private at(value: number): Uint8Array {
    return this.host.memory.bytes.subarray(value, value + this.attributes.valueSize)
  }

  push(value: number, flags: number): number {
    return this.hostUpdate(new Uint8Array(0), this.at(value), flags)
  }

  peek(value: number): number {
    const bytes = this.at(value)
    for (let n = 0; n < BLOOM_HASHES; n++) {
      const bit = this.hash(bytes, n)
      if (!((this.bits[bit >> 3]! >> (bit & 7)) & 1)) return -ERRNO.ENOENT
    }
    return 0
  }

  hostLookup(): LookupResult {
    return { errno: -ERRNO.EINVAL }
  }

  hostUpdate(_key: Uint8Array, value: Uint8Array, flags: number): number {
    if (flags !== 0) return -ERRNO.EINVAL
    for (let n = 0; n < BLOOM_HASHES; n++) {
      const bit = this.hash(value, n)
      this.bits[bit >> 3]! |= 1 << (bit & 7)
    }
    this.count++
    return 0
  }

  hostDelete(): number {
    return -ERRNO.EOPNOTSUPP
  }

  nextKey(): undefined {
    return undefined
  }

  free(): void {
    this.count = 0
  }
}
