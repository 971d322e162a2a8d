/**
 * lpm_trie: a key is a prefix length (u32, host order) and data in network order; a lookup finds the longest stored prefix
 * of its data. Kept as a table of masked keys that is asked once for each prefix length in use, longest first.
 */
import { ERRNO } from '../errno'
import { EntryTable } from './entry-table'
import { BPF_EXIST, BPF_NOEXIST } from './map'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

export class LpmTrie implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  private readonly host: MapHost
  private readonly table: EntryTable
  private readonly bits: number
  /** Entries by prefix length. */
  private readonly lengths: Int32Array
  private readonly scratch: number
  private readonly input: number

  private constructor(attributes: MapAttributes, host: MapHost, scratch: number, input: number) {
    this.attributes = attributes
    this.host = host
    this.bits = (attributes.keySize - 4) * 8
    this.table = new EntryTable(host, attributes.keySize, attributes.valueSize)
    this.lengths = new Int32Array(this.bits + 1)
    this.scratch = scratch
    this.input = input
  }

  static create(attributes: MapAttributes, host: MapHost): LpmTrie | undefined {
    const scratch = host.memory.alloc(attributes.keySize)
    const input = host.memory.alloc(attributes.keySize)
    return scratch === undefined || input === undefined ? undefined : new LpmTrie(attributes, host, scratch, input)
  }

  get count(): number {
    return this.table.count
  }

  /** Puts the key at `key`, cut to `length` bits, into the scratch. */
  private mask(key: number, length: number): number {
    const { bytes, view } = this.host.memory
    view.setUint32(this.scratch, length, true)
    for (let i = 0; i < this.bits / 8; i++) {
      const left = length - i * 8
      bytes[this.scratch + 4 + i] = bytes[key + 4 + i]! & (left >= 8 ? 255 : left <= 0 ? 0 : (0xff00 >> left) & 255)
    }
    return this.scratch
  }

  private findLongest(key: number): number {
    const wanted = this.host.memory.view.getUint32(key, true)
    if (wanted > this.bits) return -1
    for (let length = wanted; length >= 0; length--) {
      if (this.lengths[length] === 0) continue
      const slot = this.table.find(this.mask(key, length))
      if (slot >= 0) return slot
    }
    return -1
  }

  lookup(key: number): number {
    const slot = this.findLongest(key)
    return slot < 0 ? 0 : this.table.valueAddress(slot)
  }

  private place(key: number, flags: number): number {
    const length = this.host.memory.view.getUint32(key, true)
    if (flags > BPF_EXIST || flags < 0 || length > this.bits) return -ERRNO.EINVAL
    const found = this.table.find(this.mask(key, length))
    if (found >= 0) return flags === BPF_NOEXIST ? -ERRNO.EEXIST : found
    if (flags === BPF_EXIST) return -ERRNO.ENOENT
    if (this.table.count >= this.attributes.maxEntries) return -ERRNO.ENOSPC
    const slot = this.table.insert(this.scratch)
    if (slot === undefined) return -ERRNO.ENOMEM
    this.lengths[length]!++
    return slot
  }

  update(key: number, value: number, flags: number): number {
    const slot = this.place(key, flags)
    if (slot < 0) return slot
    this.host.memory.bytes.copyWithin(this.table.valueAddress(slot), value, value + this.attributes.valueSize)
    return 0
  }

  delete(key: number): number {
    const length = this.host.memory.view.getUint32(key, true)
    if (length > this.bits) return -ERRNO.EINVAL
    const slot = this.table.find(this.mask(key, length))
    if (slot < 0) return -ERRNO.ENOENT
    this.table.remove(slot)
    this.lengths[length]!--
    return 0
  }

  private put(key: Uint8Array): number {
    this.host.memory.bytes.set(key.subarray(0, this.attributes.keySize), this.input)
    return this.input
  }

  hostLookup(key: Uint8Array): LookupResult {
    const at = this.lookup(this.put(key))
    return at === 0
      ? { errno: -ERRNO.ENOENT }
      : { errno: 0, value: this.host.memory.bytes.slice(at, at + this.attributes.valueSize) }
  }

  hostUpdate(key: Uint8Array, value: Uint8Array, flags: number): number {
    const slot = this.place(this.put(key), flags)
    if (slot < 0) return slot
    this.host.memory.bytes.set(value, this.table.valueAddress(slot))
    return 0
  }

  hostDelete(key: Uint8Array): number {
    return this.delete(this.put(key))
  }

  nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const slot = this.table.after(key === undefined ? -1 : this.table.find(this.put(key)))
    if (slot < 0) return undefined
    const at = this.table.keyAddress(slot)
    return this.host.memory.bytes.slice(at, at + this.attributes.keySize)
  }

  free(): void {
    this.table.free()
    this.host.memory.release(this.scratch, this.attributes.keySize)
    this.host.memory.release(this.input, this.attributes.keySize)
  }
}
