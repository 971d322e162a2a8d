/**
 * Entries found by their key bytes: chained buckets over slots in guest memory. A slot is the key, then the value (one
 * per CPU for per-CPU maps). Slots keep their place, so a pointer that a program holds stays good after a delete, as in
 * the kernel until the next grace period. Order of iteration: by slot, which is the order of insertion until reuse.
 */
import type { MapHost } from './map'
import { rounded, sameBytes } from './map'

const CHUNK = 64

export class EntryTable {
  readonly keySize: number
  /** Offset of the (first) value from the slot's start. */
  readonly valueOffset: number
  private readonly host: MapHost
  private readonly slotSize: number
  private readonly chunks: { readonly at: number; readonly size: number; readonly first: number }[] = []
  private addresses = new Int32Array(0)
  private next = new Int32Array(0)
  private live = new Uint8Array(0)
  /** Live slots in order of use, a list in both directions; -1 ends it. */
  private newer = new Int32Array(0)
  private older = new Int32Array(0)
  private newest = -1
  private leastRecent = -1
  private heads = new Int32Array(16).fill(-1)
  private freeSlots: number[] = []
  private used = 0
  count = 0

  constructor(host: MapHost, keySize: number, valueBytes: number) {
    this.host = host
    this.keySize = keySize
    this.valueOffset = rounded(keySize)
    this.slotSize = this.valueOffset + rounded(valueBytes)
  }

  /** Slot of the key at `key`, or -1. */
  find(key: number): number {
    const { bytes } = this.host.memory
    for (let slot = this.heads[this.bucket(key)]!; slot >= 0; slot = this.next[slot]!) {
      if (sameBytes(bytes, this.addresses[slot]!, key, this.keySize)) return slot
    }
    return -1
  }

  /** A new slot for the key at `key`, value not yet set; undefined when memory is out. */
  insert(key: number): number | undefined {
    let slot = this.freeSlots.pop()
    if (slot === undefined) {
      if (this.used === this.addresses.length && !this.grow()) return undefined
      slot = this.used++
    }
    const { bytes } = this.host.memory
    bytes.copyWithin(this.addresses[slot]!, key, key + this.keySize)
    this.live[slot] = 1
    this.link(slot)
    this.count++
    this.putNewest(slot)
    if (this.count > this.heads.length * 2) this.rehash()
    return slot
  }

  remove(slot: number): void {
    const bucket = this.bucket(this.addresses[slot]!)
    let at = this.heads[bucket]!
    if (at === slot) this.heads[bucket] = this.next[slot]!
    else {
      while (this.next[at] !== slot) at = this.next[at]!
      this.next[at] = this.next[slot]!
    }
    this.live[slot] = 0
    this.takeOut(slot)
    this.freeSlots.push(slot)
    this.count--
  }

  keyAddress(slot: number): number {
    return this.addresses[slot]!
  }

  valueAddress(slot: number): number {
    return this.addresses[slot]! + this.valueOffset
  }

  /** First live slot after `slot` (-1 for the first of all), or -1. */
  after(slot: number): number {
    for (let i = slot + 1; i < this.used; i++) if (this.live[i]) return i
    return -1
  }

  /** The slot was used now. */
  touch(slot: number): void {
    if (slot === this.newest) return
    this.takeOut(slot)
    this.putNewest(slot)
  }

  /** The live slot that was used longest ago, or -1. */
  oldest(): number {
    return this.leastRecent
  }

  private putNewest(slot: number): void {
    this.newer[slot] = -1
    this.older[slot] = this.newest
    if (this.newest >= 0) this.newer[this.newest] = slot
    else this.leastRecent = slot
    this.newest = slot
  }

  private takeOut(slot: number): void {
    const [newer, older] = [this.newer[slot]!, this.older[slot]!]
    if (newer >= 0) this.older[newer] = older
    else this.newest = older
    if (older >= 0) this.newer[older] = newer
    else this.leastRecent = newer
  }

  free(): void {
    for (const chunk of this.chunks) this.host.memory.release(chunk.at, chunk.size)
  }

  private bucket(key: number): number {
    const { bytes } = this.host.memory
    let hash = 0x811c9dc5
    for (let i = 0; i < this.keySize; i++) hash = Math.imul(hash ^ bytes[key + i]!, 0x01000193)
    hash ^= hash >>> 15
    return hash & (this.heads.length - 1)
  }

  private link(slot: number): void {
    const bucket = this.bucket(this.addresses[slot]!)
    this.next[slot] = this.heads[bucket]!
    this.heads[bucket] = slot
  }

  private rehash(): void {
    this.heads = new Int32Array(this.heads.length * 4).fill(-1)
    for (let slot = 0; slot < this.used; slot++) if (this.live[slot]) this.link(slot)
  }

  private grow(): boolean {
    const more = Math.min(CHUNK << Math.min(this.chunks.length, 8), Math.max(1, Math.floor((1 << 24) / this.slotSize)))
    const size = more * this.slotSize
    const at = this.host.memory.alloc(size)
    if (at === undefined) return false
    const first = this.addresses.length
    this.chunks.push({ at, size, first })
    const length = first + more
    const addresses = new Int32Array(length)
    addresses.set(this.addresses)
    for (let i = 0; i < more; i++) addresses[first + i] = at + i * this.slotSize
    this.addresses = addresses
    this.next = extend(this.next, new Int32Array(length))
    this.live = extend(this.live, new Uint8Array(length))
    this.newer = extend(this.newer, new Int32Array(length))
    this.older = extend(this.older, new Int32Array(length))
    return true
  }
}

function extend<T extends Int32Array | Uint8Array>(old: T, bigger: T): T {
  bigger.set(old)
  return bigger
}
