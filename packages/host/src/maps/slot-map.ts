/**
 * Maps whose values are objects of the host and not bytes: prog_array, perf_event_array, cgroup_array, devmap(_hash),
 * cpumap, xskmap, array_of_maps, hash_of_maps. A program sees them only through the helpers meant for them (and the two
 * maps of maps through lookups); the host writes numbers that name objects.
 */
import { ERRNO } from '../errno'
import type { VmProgram } from '../vm/program'
import { indexOf, keyBytes } from './array-map'
import { BPF_EXIST, BPF_NOEXIST, rounded } from './map'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

interface Slot {
  /** The value as the host wrote it: a program id, interface index, map id, … */
  readonly value: Uint8Array
  readonly program?: VmProgram
  readonly map?: HostMap
}

const KEYED = ['devmap_hash', 'hash_of_maps']

export class SlotMap implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  private readonly host: MapHost
  private readonly slots = new Map<string, Slot>()
  /** devmap: bytes that a program's lookup points at. */
  private readonly mirrors = new Map<string, number>()

  constructor(attributes: MapAttributes, host: MapHost) {
    this.attributes = attributes
    this.host = host
  }

  get count(): number {
    return this.slots.size
  }

  private get indexed(): boolean {
    return !KEYED.includes(this.attributes.type)
  }

  private name(key: Uint8Array): string {
    return this.indexed ? String(indexOf(key)) : key.subarray(0, this.attributes.keySize).join(',')
  }

  private keyAt(key: number): Uint8Array {
    return this.host.memory.bytes.subarray(key, key + this.attributes.keySize)
  }

  /** What stands in slot `index`. */
  slotValue(index: number): Uint8Array | undefined {
    return this.slots.get(this.name(keyBytes(index)))?.value
  }

  program(index: number): VmProgram | undefined {
    return this.slots.get(String(index))?.program
  }

  lookup(key: number): number {
    const name = this.name(this.keyAt(key))
    const slot = this.slots.get(name)
    if (!slot) return 0
    if (slot.map) return slot.map.handle
    if (!this.attributes.type.startsWith('devmap')) return 0
    const at = this.mirrors.get(name) ?? this.host.memory.alloc(rounded(this.attributes.valueSize)) ?? 0
    this.mirrors.set(name, at)
    this.host.memory.bytes.set(slot.value, at)
    return at
  }

  update(): number {
    return -ERRNO.EOPNOTSUPP
  }

  delete(): number {
    return -ERRNO.EOPNOTSUPP
  }

  hostLookup(key: Uint8Array): LookupResult {
    const { type } = this.attributes
    if (type === 'perf_event_array') return { errno: -ERRNO.ENOTSUPP }
    if (type === 'xskmap') return { errno: -ERRNO.EOPNOTSUPP }
    const slot = this.slots.get(this.name(key))
    return slot ? { errno: 0, value: slot.value.slice() } : { errno: -ERRNO.ENOENT }
  }

  hostUpdate(key: Uint8Array, value: Uint8Array, flags: number): number {
    return this.set(key, { value: value.slice() }, flags)
  }

  /** As hostUpdate, with the object that the value names. */
  set(key: Uint8Array, slot: Slot, flags: number): number {
    const { type, maxEntries } = this.attributes
    const name = this.name(key)
    if (flags > BPF_EXIST || flags < 0) return -ERRNO.EINVAL
    if (this.indexed) {
      if (type === 'prog_array' || type === 'perf_event_array' || type === 'cgroup_array' || type === 'array_of_maps') {
        if (flags !== 0) return -ERRNO.EINVAL
      } else if (flags === BPF_NOEXIST) return -ERRNO.EEXIST
      if (indexOf(key) >= maxEntries) return -ERRNO.E2BIG
    } else {
      if (flags === BPF_NOEXIST && this.slots.has(name)) return -ERRNO.EEXIST
      if (flags === BPF_EXIST && !this.slots.has(name)) return -ERRNO.ENOENT
      if (!this.slots.has(name) && this.slots.size >= maxEntries) return -ERRNO.E2BIG
    }
    // Interface 0 and queue size 0 empty a slot.
    if ((type.startsWith('devmap') || type === 'cpumap') && slot.value.subarray(0, 4).every((byte) => byte === 0))
      this.slots.delete(name)
    else this.slots.set(name, slot)
    return 0
  }

  hostDelete(key: Uint8Array): number {
    if (this.indexed && indexOf(key) >= this.attributes.maxEntries) return -ERRNO.E2BIG
    return this.slots.delete(this.name(key)) || this.attributes.type.startsWith('devmap') ? 0 : -ERRNO.ENOENT
  }

  nextKey(key: Uint8Array | undefined): Uint8Array | undefined {
    if (this.indexed) {
      const index = key === undefined ? -1 : indexOf(key)
      const next = index >= this.attributes.maxEntries ? 0 : index + 1
      return next < this.attributes.maxEntries ? keyBytes(next) : undefined
    }
    const names = [...this.slots.keys()]
    const at = key === undefined ? -1 : names.indexOf(this.name(key))
    const next = names[at + 1]
    return next === undefined ? undefined : Uint8Array.from(next.split(','), Number)
  }

  free(): void {
    for (const at of this.mirrors.values()) this.host.memory.release(at, rounded(this.attributes.valueSize))
  }
}
