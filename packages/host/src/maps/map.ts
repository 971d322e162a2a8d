/**
 * Host maps as programs and the bpf() system call see them. Keys and values live in the guest memory, so a lookup from a
 * program gives an address. Numbers that come back are 0 or a negative errno. Rules: kernel-tables.md, section 3.
 */
import type { VmProgram } from '../vm/program'
import type { GuestMemory } from '../vm/memory'

/** Kernel numbers of map types, by name. */
export const MAP_TYPE_NUMBERS: Readonly<Record<string, number>> = {
  unspec: 0,
  hash: 1,
  array: 2,
  prog_array: 3,
  perf_event_array: 4,
  percpu_hash: 5,
  percpu_array: 6,
  stack_trace: 7,
  cgroup_array: 8,
  lru_hash: 9,
  lru_percpu_hash: 10,
  lpm_trie: 11,
  array_of_maps: 12,
  hash_of_maps: 13,
  devmap: 14,
  sockmap: 15,
  cpumap: 16,
  xskmap: 17,
  sockhash: 18,
  queue: 22,
  stack: 23,
  devmap_hash: 25,
  ringbuf: 27,
  bloom_filter: 30,
  user_ringbuf: 31,
}

export interface MapAttributes {
  readonly name: string
  /** Kernel's name in lower case. */
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
}

/** Flags of an update. */
export const BPF_ANY = 0
export const BPF_NOEXIST = 1
export const BPF_EXIST = 2

export interface LookupResult {
  readonly errno: number
  readonly value?: Uint8Array
}

export interface HostMap {
  readonly attributes: MapAttributes
  /** Address of the handle that map pointers in programs point at. */
  handle: number
  /** Address of the value that ld_imm64 with src 2 gives; only an array of one entry has one. */
  readonly directValue?: number
  /** Program side; addresses in guest memory. `lookup` gives 0 for "not there". */
  lookup(key: number, cpu: number): number
  update(key: number, value: number, flags: number, cpu: number): number
  delete(key: number): number
  /** Queue, stack, bloom filter. `peek` and `pop` write the value at `value`. */
  push?(value: number, flags: number): number
  pop?(value: number): number
  peek?(value: number): number
  /** prog_array: the program in a slot. */
  program?(index: number): VmProgram | undefined
  /** Every key's address in order, for for_each_map_elem: calls `visit` until it gives false. */
  forEach?(cpu: number, visit: (key: number, value: number) => boolean): number
  /** Host side; of per-CPU maps the value holds all CPUs, 8-aligned each. */
  hostLookup(key: Uint8Array): LookupResult
  hostUpdate(key: Uint8Array, value: Uint8Array, flags: number): number
  hostDelete(key: Uint8Array): number
  /** The key after `key` (the first for undefined or a key that is not there); undefined at the end. */
  nextKey(key: Uint8Array | undefined): Uint8Array | undefined
  /** Entries that are present. */
  readonly count: number
  /** Gives the memory back. */
  free(): void
}

/** Bytes between values in memory. */
export function rounded(size: number): number {
  return (size + 7) & ~7
}

export interface MapHost {
  readonly memory: GuestMemory
  readonly cpus: number
}

export function sameBytes(memory: Uint8Array, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (memory[a + i] !== memory[b + i]) return false
  return true
}
