/** hash, lru_hash and their per-CPU forms. A full lru map gives up the entry that was used longest ago. */
import { ERRNO } from '../errno'
import { EntryTable } from './entry-table'
import { BPF_EXIST, BPF_NOEXIST, rounded } from './map'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

export class HashMap implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  private readonly host: MapHost
  private readonly table: EntryTable
  private readonly perCpu: boolean
  private readonly lru: boolean
  private readonly stride: number
  private readonly scratch: number

  private constructor(attributes: MapAttributes, host: MapHost, scratch: number) {
    this.attributes = attributes
    this.host = host
    this.perCpu = attributes.type.includes('percpu')
    this.lru = attributes.type.includes('lru')
    this.stride = rounded(attributes.valueSize)
    this.table = new EntryTable(host, attributes.keySize, this.stride * (this.perCpu ? host.cpus : 1))
    this.scratch = scratch
  }

  static create(attributes: MapAttributes, host: MapHost): HashMap | undefined {
    const scratch = host.memory.alloc(attributes.keySize)
    return scratch === undefined ? undefined : new HashMap(attributes, host, scratch)
  }

  get count(): number {
    return this.table.count
  }

  private value(slot: number, cpu: number): number {
    return this.table.valueAddress(slot) + (this.perCpu ? cpu * this.stride : 0)
  }

  lookup(key: number, cpu: number): number {
    const slot = this.table.find(key)
    if (slot < 0) return 0
    if (this.lru) this.table.touch(slot)
    return this.value(slot, cpu)
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    const { memory } = this.host
    const slot = this.place(key, flags)
    if (slot < 0) return slot
    const at = this.value(slot, cpu)
    memory.bytes.copyWithin(at, value, value + this.attributes.valueSize)
    return 0
  }

  /** Slot to write to, or a negative errno. A new per-CPU entry is zero on all CPUs. */
  private place(key: number, flags: number): number {
    if (flags > BPF_EXIST || flags < 0) return -ERRNO.EINVAL
    const found = this.table.find(key)
    if (found >= 0) {
      if (flags === BPF_NOEXIST) return -ERRNO.EEXIST
      if (this.lru) this.table.touch(found)
      return found
    }
    if (flags === BPF_EXIST) return -ERRNO.ENOENT
    if (this.table.count >= this.attributes.maxEntries) {
      if (!this.lru) return -ERRNO.E2BIG
      this.table.remove(this.table.oldest())
    }
    const slot = this.table.insert(key)
    if (slot === undefined) return -ERRNO.ENOMEM
    const at = this.value(slot, 0)
    this.host.memory.bytes.fill(0, at, at + this.stride * (this.perCpu ? this.host.cpus : 1))
    return slot
  }

  delete(key: number): number {
    const slot = this.table.find(key)
    if (slot < 0) return -ERRNO.ENOENT
    this.table.remove(slot)
    return 0
  }

  forEach(cpu: number, visit: (key: number, value: number) => boolean): number {
    let visited = 0
    for (let slot = this.table.after(-1); slot >= 0; slot = this.table.after(slot)) {
      visited++
      if (!visit(this.table.keyAddress(slot), this.value(slot, cpu))) break
    }
    return visited
  }

  private put(key: Uint8Array): number {
    this.host.memory.bytes.set(key.subarray(0, this.attributes.keySize), this.scratch)
    return this.scratch
  }

  hostLookup(key: Uint8Array): LookupResult {
    const slot = this.table.find(this.put(key))
    if (slot < 0) return { errno: -ERRNO.ENOENT }
    const at = this.value(slot, 0)
    const size = this.perCpu ? this.stride * this.host.cpus : this.attributes.valueSize
    return { errno: 0, value: this.host.memory.bytes.slice(at, at + size) }
  }

  hostUpdate(key: Uint8Array, value: Uint8Array, flags: number): number {
    const slot = this.place(this.put(key), flags)
    if (slot < 0) return slot
    this.host.memory.bytes.set(value, this.value(slot, 0))
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
  }
}
