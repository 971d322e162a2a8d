/**
 * The kernel's own structures behind a map pointer, as far as programs may read them.
 * Sizes and members follow the kernel's type information; only the common head (`struct bpf_map`) is modelled.
 */
import * as M from './maps'
import type { MapInfo } from './maps'

const NAMES: Readonly<Record<number, string>> = {
  [M.HASH]: 'bpf_htab',
  [M.PERCPU_HASH]: 'bpf_htab',
  [M.LRU_HASH]: 'bpf_htab',
  [M.LRU_PERCPU_HASH]: 'bpf_htab',
  [M.HASH_OF_MAPS]: 'bpf_htab',
  [M.LPM_TRIE]: 'lpm_trie',
  [M.DEVMAP]: 'bpf_dtab',
  [M.DEVMAP_HASH]: 'bpf_dtab',
  [M.CPUMAP]: 'bpf_cpu_map',
  [M.XSKMAP]: 'xsk_map',
  [M.SOCKMAP]: 'bpf_stab',
  [M.SOCKHASH]: 'bpf_shtab',
  [M.QUEUE]: 'bpf_queue_stack',
  [M.STACK_MAP]: 'bpf_queue_stack',
  [M.RINGBUF_MAP]: 'bpf_ringbuf_map',
  [M.USER_RINGBUF]: 'bpf_ringbuf_map',
  [M.BLOOM_FILTER]: 'bpf_bloom_filter',
  [M.STACK_TRACE]: 'bpf_stack_map',
}

export const mapStructName = (map: MapInfo): string => NAMES[map.type] ?? 'bpf_array'

export type MapStructRead =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'pointer' }
  | { readonly kind: 'refused'; readonly text: string }

interface Member {
  readonly name: string
  readonly at: number
  readonly size: number
  readonly pointer?: boolean
}
/** Head of `struct bpf_map`. */
const MEMBERS: readonly Member[] = [
  { name: 'sha', at: 0, size: 32 },
  { name: 'ops', at: 32, size: 8, pointer: true },
  { name: 'inner_map_meta', at: 40, size: 8, pointer: true },
  { name: 'security', at: 48, size: 8, pointer: true },
  { name: 'map_type', at: 56, size: 4 },
  { name: 'key_size', at: 60, size: 4 },
  { name: 'value_size', at: 64, size: 4 },
  { name: 'max_entries', at: 68, size: 4 },
]

/** A load of `size` bytes at `off`, not negative. */
export function mapStructRead(_map: MapInfo, off: number, size: number): MapStructRead {
  const member = MEMBERS.find((m) => off >= m.at && off < m.at + m.size)
  if (member === undefined) return { kind: 'scalar' }
  const end = member.at + member.size
  if (off + size > end) {
    return {
      kind: 'refused',
      text: `access beyond the end of member ${member.name} (mend:${end}) in struct bpf_map with off ${off} size ${size}\n`,
    }
  }
  return { kind: member.pointer === true && size === 8 ? 'pointer' : 'scalar' }
}
