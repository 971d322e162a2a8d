/** Map types: the kernel's numbers and names (lower case, without `BPF_MAP_TYPE_`), and the flags of map creation. */

/** Name by number; number 0 and gaps are `unspec`. */
export const MAP_TYPE_NAMES: readonly string[] = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
  'user_ringbuf',
  'cgrp_storage',
  'arena',
]

const numberByName = new Map(MAP_TYPE_NAMES.map((name, number) => [name, number]))

/** Number of a map type given by name or number; undefined for an unknown name. */
export function mapTypeNumber(type: string | number): number | undefined {
  return typeof type === 'number' ? type : numberByName.get(type)
}

/** Name of a map type given by name or number; an unknown number is printed as it is. */
export function mapTypeName(type: string | number): string {
  return typeof type === 'string' ? type : (MAP_TYPE_NAMES[type] ?? String(type))
}

/** Flags of map creation, as the kernel's headers name them. */
export const MAP_FLAGS = {
  BPF_F_NO_PREALLOC: 0x1,
  BPF_F_NO_COMMON_LRU: 0x2,
  BPF_F_NUMA_NODE: 0x4,
  BPF_F_RDONLY: 0x8,
  BPF_F_WRONLY: 0x10,
  BPF_F_STACK_BUILD_ID: 0x20,
  BPF_F_ZERO_SEED: 0x40,
  BPF_F_RDONLY_PROG: 0x80,
  BPF_F_WRONLY_PROG: 0x100,
  BPF_F_CLONE: 0x200,
  BPF_F_MMAPABLE: 0x400,
  BPF_F_PRESERVE_ELEMS: 0x800,
  BPF_F_INNER_MAP: 0x1000,
} as const
