/** BPF_MAP_CREATE on the host: the attribute checks of each type (kernel-tables.md, section 3.2) and the right class. */
import type { MapDef } from '@offload/bpf'
import { ERRNO } from '../errno'
import { own } from '../own'
import { ArrayMap } from './array-map'
import { HashMap } from './hash-map'
import { LpmTrie } from './lpm-trie'
import { MAP_TYPE_NUMBERS } from './map'
import { BloomFilter, QueueMap } from './queue-map'
import { RingBuffer } from './ringbuf-map'
import { SlotMap } from './slot-map'
import type { Vm } from '../vm/vm'
import type { HostMap, MapAttributes, MapHost } from './map'

const NO_PREALLOC = 0x1
const NO_COMMON_LRU = 0x2
const NUMA = 0x4
const RDONLY = 0x8
const WRONLY = 0x10
const ZERO_SEED = 0x40
const RDONLY_PROG = 0x80
const WRONLY_PROG = 0x100
const MMAPABLE = 0x400
const PRESERVE_ELEMS = 0x800
const INNER_MAP = 0x1000
const ACCESS = RDONLY | WRONLY | RDONLY_PROG | WRONLY_PROG

interface TypeRule {
  readonly key: readonly [least: number, most: number]
  readonly value: readonly [least: number, most: number]
  readonly flags: number
  readonly required?: number
}

const ANY: readonly [number, number] = [1, 0x7fffffff]
const PER_CPU: readonly [number, number] = [1, 32768]
const FOUR: readonly [number, number] = [4, 4]
const NONE: readonly [number, number] = [0, 0]

const RULES: Readonly<Record<string, TypeRule>> = {
  array: { key: FOUR, value: ANY, flags: NUMA | ACCESS | MMAPABLE | INNER_MAP },
  percpu_array: { key: FOUR, value: PER_CPU, flags: ACCESS },
  hash: { key: ANY, value: ANY, flags: NO_PREALLOC | NUMA | ACCESS | ZERO_SEED },
  percpu_hash: { key: ANY, value: PER_CPU, flags: NO_PREALLOC | ACCESS | ZERO_SEED },
  lru_hash: { key: ANY, value: ANY, flags: NO_COMMON_LRU | NUMA | ACCESS | ZERO_SEED },
  lru_percpu_hash: { key: ANY, value: PER_CPU, flags: NO_COMMON_LRU | ACCESS | ZERO_SEED },
  lpm_trie: { key: [5, 260], value: ANY, flags: NO_PREALLOC | NUMA | ACCESS, required: NO_PREALLOC },
  prog_array: { key: FOUR, value: FOUR, flags: NUMA | RDONLY | WRONLY },
  cgroup_array: { key: FOUR, value: FOUR, flags: NUMA | RDONLY | WRONLY },
  perf_event_array: { key: FOUR, value: FOUR, flags: NUMA | RDONLY | WRONLY | PRESERVE_ELEMS },
  devmap: { key: FOUR, value: [4, 8], flags: NUMA | RDONLY | WRONLY | RDONLY_PROG },
  devmap_hash: { key: FOUR, value: [4, 8], flags: NUMA | RDONLY | WRONLY | RDONLY_PROG },
  cpumap: { key: FOUR, value: [4, 8], flags: NUMA },
  xskmap: { key: FOUR, value: FOUR, flags: NUMA | RDONLY | WRONLY },
  queue: { key: NONE, value: ANY, flags: NUMA | ACCESS },
  stack: { key: NONE, value: ANY, flags: NUMA | ACCESS },
  ringbuf: { key: NONE, value: NONE, flags: NUMA },
  bloom_filter: { key: NONE, value: ANY, flags: NUMA | ACCESS | ZERO_SEED },
  array_of_maps: { key: FOUR, value: FOUR, flags: NUMA | RDONLY | WRONLY },
  hash_of_maps: { key: ANY, value: FOUR, flags: NO_PREALLOC | NUMA | ACCESS | ZERO_SEED },
}

export type CreateResult = { readonly ok: true; readonly map: HostMap } | { readonly ok: false; readonly errno: number }

/** Kernel's lower-case name of a map definition's type. */
export function mapTypeName(type: string | number): string {
  if (typeof type === 'string') return type.toLowerCase().replace(/^bpf_map_type_/, '')
  return Object.keys(MAP_TYPE_NUMBERS).find((name) => MAP_TYPE_NUMBERS[name] === type) ?? String(type)
}

/** The checks alone: 0 or a positive errno. They come first for maps of a device, too. */
export function checkMapAttributes(attributes: MapAttributes): number {
  const { type, keySize, valueSize, maxEntries, flags } = attributes
  if (!/^[A-Za-z0-9_.]{0,15}$/.test(attributes.name)) return ERRNO.EINVAL
  const rule = own(RULES, type)
  if (!rule) return ERRNO.EINVAL
  if (type.startsWith('lru') && flags & NO_PREALLOC) return ERRNO.ENOTSUPP
  if (flags & ~rule.flags || (rule.required ?? 0) & ~flags) return ERRNO.EINVAL
  if ((flags & RDONLY && flags & WRONLY) || (flags & RDONLY_PROG && flags & WRONLY_PROG)) return ERRNO.EINVAL
  if (type === 'ringbuf') {
    const pages = maxEntries / 4096
    return keySize || valueSize || !Number.isInteger(Math.log2(pages)) || pages < 1 ? ERRNO.EINVAL : 0
  }
  if (maxEntries < 1 || keySize < rule.key[0] || valueSize < rule.value[0]) return ERRNO.EINVAL
  if (type === 'array' && valueSize > rule.value[1]) return ERRNO.E2BIG
  if (rule.value[1] === 32768 && valueSize > 32768) return ERRNO.E2BIG
  if (keySize > rule.key[1] || valueSize > rule.value[1]) return ERRNO.EINVAL
  if ((type.startsWith('devmap') || type === 'cpumap') && valueSize !== 4 && valueSize !== 8) return ERRNO.EINVAL
  if (type.includes('hash') && type !== 'devmap_hash') {
    if (keySize + valueSize >= 4 << 20) return ERRNO.E2BIG
    if (maxEntries > 1 << 27) return ERRNO.E2BIG
  }
  return 0
}

/** Creates a map of the host's own in `vm`, which programs of that machine can then refer to. */
export function createHostMap(vm: Vm, attributes: MapAttributes): CreateResult {
  const errno = checkMapAttributes(attributes)
  if (errno) return { ok: false, errno }
  const map = construct(attributes, { memory: vm.memory, cpus: vm.env.cpus })
  if (!map) return { ok: false, errno: ERRNO.ENOMEM }
  map.handle = vm.addMap(map)
  return { ok: true, map }
}

/** Takes a map out of its machine and gives its memory back. */
export function freeHostMap(vm: Vm, map: HostMap): void {
  vm.removeMap(map)
  map.free()
}

function construct(attributes: MapAttributes, host: MapHost): HostMap | undefined {
  switch (attributes.type) {
    case 'array':
    case 'percpu_array':
      return ArrayMap.create(attributes, host)
    case 'hash':
    case 'percpu_hash':
    case 'lru_hash':
    case 'lru_percpu_hash':
      return HashMap.create(attributes, host)
    case 'lpm_trie':
      return LpmTrie.create(attributes, host)
    case 'queue':
    case 'stack':
      return new QueueMap(attributes, host)
    case 'bloom_filter':
      return new BloomFilter(attributes, host)
    case 'ringbuf':
      return new RingBuffer(attributes, host)
    default:
      return new SlotMap(attributes, host)
  }
}

/** Attributes of a program's map definition; a missing name is empty. */
export function mapAttributes(def: MapDef): MapAttributes {
  return {
    name: def.name ?? '',
    type: mapTypeName(def.type),
    keySize: def.key_size,
    valueSize: def.value_size,
    maxEntries: def.max_entries,
    // Programs may never write device maps; the kernel sets the flag itself.
    flags: (def.map_flags ?? 0) | (mapTypeName(def.type).startsWith('devmap') ? RDONLY_PROG : 0),
  }
}
