/** array and percpu_array: every index exists from the start, zero. Values of one CPU (or all) lie one behind the other. */
import { ERRNO } from '../errno'
import { BPF_EXIST, BPF_NOEXIST, rounded } from './map'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

export class ArrayMap implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  readonly directValue?: number
  private readonly host: MapHost
  private readonly perCpu: boolean
  private readonly base: number
  private readonly stride: number
  private readonly size: number
  /** Where forEach puts the index for the callback. */
  private keyAt = 0

  constructor(attributes: MapAttributes, host: MapHost, base: number, size: number) {
    this.attributes = attributes
    this.host = host
    this.perCpu = attributes.type === 'percpu_array'
    this.base = base
    this.size = size
    this.stride = rounded(attributes.valueSize)
    if (attributes.type === 'array' && attributes.maxEntries === 1) this.directValue = base
  }

  /** Memory for the values; undefined when there is none left. */
  static create(attributes: MapAttributes, host: MapHost): ArrayMap | undefined {
    const copies = attributes.type === 'percpu_array' ? host.cpus : 1
    const size = rounded(attributes.valueSize) * attributes.maxEntries * copies
    const base = host.memory.alloc(size)
    return base === undefined ? undefined : new ArrayMap(attributes, host, base, size)
  }

  get count(): number {
    return this.attributes.maxEntries
  }

  private slot(index: number, cpu: number): number {
    return this.base + this.stride * (this.perCpu ? index * this.host.cpus + cpu : index)
  }

  lookup(key: number, cpu: number): number {
    const index = this.host.memory.view.getUint32(key, true)
    return index < this.attributes.maxEntries ? this.slot(index, cpu) : 0
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    const { memory } = this.host
    const bad = this.checkUpdate(memory.view.getUint32(key, true), flags)
    if (bad) return bad
    const at = this.slot(memory.view.getUint32(key, true), cpu)
    memory.bytes.copyWithin(at, value, value + this.attributes.valueSize)
    return 0
  }

  private checkUpdate(index: number, flags: number): number {
    if (flags > BPF_EXIST || flags < 0) return -ERRNO.EINVAL
    if (index >= this.attributes.maxEntries) return -ERRNO.E2BIG
    return flags === BPF_NOEXIST ? -ERRNO.EEXIST : 0
  }

  delete(): number {
    return -ERRNO.EINVAL
  }

  forEach(cpu: number, visit: (key: number, value: number) => boolean): number {
    const { memory } = this.host
    this.keyAt ||= memory.alloc(8) ?? 0
    for (let index = 0; index < this.attributes.maxEntries; index++) {
      memory.view.setUint32(this.keyAt, index, true)
      if (!visit(this.keyAt, this.slot(index, cpu))) return index + 1
    }
    return this.attributes.maxEntries
  }

  hostLookup(key: Uint8Array): LookupResult {
    const index = indexOf(key)
    if (index >= this.attributes.maxEntries) return { errno: -ERRNO.ENOENT }
    const at = this.slot(index, 0)
    const size = this.perCpu ? this.stride * this.host.cpus : this.attributes.valueSize
    return { errno: 0, value: this.host.memory.bytes.slice(at, at + size) }
  }

  hostUpdate(key: Uint8Array, value: Uint8Array, flags: number): number {
    const index = indexOf(key)
    const bad = this.checkUpdate(index, flags)
    if (bad) return bad
    this.host.memory.bytes.set(value, this.slot(index, 0))
    return 0
  }

  hostDelete(): number {
    return -ERRNO.EINVAL
  }

  nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    const index = key === undefined ? -1 : indexOf(key)
    const next = index >= this.attributes.maxEntries ? 0 : index + 1
    if (next >= this.attributes.maxEntries) return undefined
    return keyBytes(next)
  }

  free(): void {
    this.host.memory.release(this.base, this.size)
    if (this.keyAt) this.host.memory.release(this.keyAt, 8)
  }
}

/** A 4-byte little-endian index. */
export function keyBytes(index: number): Uint8Array {
  return Uint8Array.of(index & 255, (index >>> 8) & 255, (index >>> 16) & 255, index >>> 24)
}

export function indexOf(key: Uint8Array): number {
  return ((key[0] ?? 0) | ((key[1] ?? 0) << 8) | ((key[2] ?? 0) << 16) | ((key[3] ?? 0) << 24)) >>> 0
}
