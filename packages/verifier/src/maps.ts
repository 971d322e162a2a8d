/**
 * Maps as the verifier sees them: type numbers, sizes, which helpers go with which type.
 * Follows kernel-tables.md, section 3. Creation rules of maps belong to the host package.
 */
import type { MapDef } from '@offload/bpf'

const NAMES =
  `unspec hash array prog_array perf_event_array percpu_hash percpu_array stack_trace cgroup_array lru_hash lru_percpu_hash
lpm_trie array_of_maps hash_of_maps devmap sockmap cpumap xskmap sockhash cgroup_storage reuseport_sockarray
percpu_cgroup_storage queue stack sk_storage devmap_hash struct_ops ringbuf inode_storage task_storage bloom_filter
user_ringbuf cgrp_storage arena`.split(/\s+/)

export const HASH = 1
export const ARRAY = 2
export const PROG_ARRAY = 3
export const PERF_EVENT_ARRAY = 4
export const PERCPU_HASH = 5
export const PERCPU_ARRAY = 6
export const STACK_TRACE = 7
export const CGROUP_ARRAY = 8
export const LRU_HASH = 9
export const LRU_PERCPU_HASH = 10
export const LPM_TRIE = 11
export const ARRAY_OF_MAPS = 12
export const HASH_OF_MAPS = 13
export const DEVMAP = 14
export const SOCKMAP = 15
export const CPUMAP = 16
export const XSKMAP = 17
export const SOCKHASH = 18
export const CGROUP_STORAGE = 19
export const REUSEPORT = 20
export const PERCPU_CGROUP_STORAGE = 21
export const QUEUE = 22
export const STACK_MAP = 23
export const SK_STORAGE = 24
export const DEVMAP_HASH = 25
export const RINGBUF_MAP = 27
const INODE_STORAGE = 28
export const TASK_STORAGE = 29
export const BLOOM_FILTER = 30
export const USER_RINGBUF = 31
export const CGRP_STORAGE = 32
export const ARENA = 33

/** Flags that change what a program may do. */
export const F_RDONLY_PROG = 0x80
export const F_WRONLY_PROG = 0x100

export interface MapInfo {
  readonly name: string
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
}

export function mapTypeNumber(type: string | number): number {
  if (typeof type === 'number') return type
  const n = NAMES.indexOf(type.toLowerCase().replace(/^bpf_map_type_/, ''))
  return n < 0 ? 0 : n
}

export function mapInfo(def: MapDef): MapInfo {
  const type = mapTypeNumber(def.type)
  // Programs may only read device maps, whatever the loader asked for.
  const own = type === DEVMAP || type === DEVMAP_HASH ? F_RDONLY_PROG : 0
  return {
    name: def.name ?? '',
    type,
    keySize: def.key_size,
    valueSize: def.value_size,
    maxEntries: def.max_entries,
    flags: (def.map_flags ?? 0) | own,
  }
}

export const programMayRead = (map: MapInfo): boolean => (map.flags & F_WRONLY_PROG) === 0
export const programMayWrite = (map: MapInfo): boolean => (map.flags & F_RDONLY_PROG) === 0

/** Maps whose type ties them to certain helpers; absent: no such limit. */
const HELPERS_OF_TYPE: Readonly<Record<number, readonly number[]>> = {
  [PROG_ARRAY]: [12],
  [PERF_EVENT_ARRAY]: [22, 25, 111, 55, 121],
  [RINGBUF_MAP]: [130, 131, 134, 198, 199, 200],
  [USER_RINGBUF]: [209],
  [STACK_TRACE]: [27],
  [CGROUP_ARRAY]: [33, 37],
  [CGROUP_STORAGE]: [81],
  [PERCPU_CGROUP_STORAGE]: [81],
  [DEVMAP]: [51, 1],
  [DEVMAP_HASH]: [51, 1],
  [CPUMAP]: [51],
  [XSKMAP]: [51, 1],
  [ARRAY_OF_MAPS]: [1],
  [HASH_OF_MAPS]: [1],
  [SOCKMAP]: [52, 53, 3, 60, 82, 1, 2],
  [SOCKHASH]: [72, 70, 3, 71, 82, 1, 2],
  [REUSEPORT]: [82],
  [QUEUE]: [89, 88, 87],
  [STACK_MAP]: [89, 88, 87],
  [SK_STORAGE]: [107, 108, 194],
  [INODE_STORAGE]: [145, 146, 194],
  [TASK_STORAGE]: [156, 157, 194],
  [CGRP_STORAGE]: [210, 211, 194],
  [BLOOM_FILTER]: [89, 87],
}

/** Helpers that want certain map types; absent: no such limit. */
const TYPES_OF_HELPER: Readonly<Record<number, readonly number[]>> = {
  12: [PROG_ARRAY],
  22: [PERF_EVENT_ARRAY],
  25: [PERF_EVENT_ARRAY],
  55: [PERF_EVENT_ARRAY],
  130: [RINGBUF_MAP],
  131: [RINGBUF_MAP],
  134: [RINGBUF_MAP],
  198: [RINGBUF_MAP],
  199: [RINGBUF_MAP],
  200: [RINGBUF_MAP],
  209: [USER_RINGBUF],
  27: [STACK_TRACE],
  33: [CGROUP_ARRAY],
  37: [CGROUP_ARRAY],
  51: [DEVMAP, DEVMAP_HASH, CPUMAP, XSKMAP],
  81: [CGROUP_STORAGE, PERCPU_CGROUP_STORAGE],
  82: [REUSEPORT, SOCKMAP, SOCKHASH],
  88: [QUEUE, STACK_MAP],
  89: [QUEUE, STACK_MAP, BLOOM_FILTER],
  87: [QUEUE, STACK_MAP, BLOOM_FILTER],
  195: [PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH],
  107: [SK_STORAGE],
  108: [SK_STORAGE],
  156: [TASK_STORAGE],
  157: [TASK_STORAGE],
  210: [CGRP_STORAGE],
  211: [CGRP_STORAGE],
}

/** Whether map type and helper go together, seen from both sides. */
export function mapFitsHelper(map: MapInfo, helper: number): boolean {
  const helpers = HELPERS_OF_TYPE[map.type]
  if (helpers && !helpers.includes(helper)) return false
  const types = TYPES_OF_HELPER[helper]
  return types === undefined || types.includes(map.type)
}
