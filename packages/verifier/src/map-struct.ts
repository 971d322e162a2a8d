/**
 * The kernel's own structures behind a map pointer, as far as programs may read them.
 * Sizes and members follow the kernel's type information; only the common head (`struct bpf_map`) is modelled.
 */
import { EACCES, EINVAL } from './env'
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
  | { readonly kind: 'refused'; readonly errno: number; readonly text: string }

interface Member {
  readonly name: string
  readonly at: number
  readonly size: number
  readonly pointer?: boolean
}
const member = (name: string, at: number, size: number, pointer = false): Member => ({ name, at, size, pointer })
/** Head of `struct bpf_map` as Linux 6.18 on x86-64 has it; what follows is read as plain numbers. */
const MEMBERS: readonly Member[] = [
  member('sha', 0, 32),
  member('excl', 32, 4),
  member('ops', 40, 8, true),
  member('inner_map_meta', 48, 8, true),
  member('security', 56, 8, true),
  member('map_type', 64, 4),
  member('key_size', 68, 4),
  member('value_size', 72, 4),
  member('max_entries', 76, 4),
  member('map_extra', 80, 8),
  member('map_flags', 88, 4),
  member('id', 92, 4),
  member('record', 96, 8, true),
  member('numa_node', 104, 4),
  member('btf_key_type_id', 108, 4),
  member('btf_value_type_id', 112, 4),
  member('btf_vmlinux_value_type_id', 116, 4),
  member('btf', 120, 8, true),
  member('objcg', 128, 8, true),
  member('name', 136, 16),
]
const HEAD = 152
/** Bytes of the structures; the others end in an array of any length. */
const SIZES: Readonly<Record<string, number>> = {
  bpf_array: 312,
  bpf_htab: 832,
  lpm_trie: 400,
  bpf_dtab: 344,
  bpf_cpu_map: 304,
  xsk_map: 304,
  bpf_ringbuf_map: 304,
}

/** A load of `size` bytes at `off`, not negative. */
export function mapStructRead(map: MapInfo, off: number, size: number): MapStructRead {
  const name = mapStructName(map)
  const refused = (errno: number, text: string): MapStructRead => ({ kind: 'refused', errno, text: `${text}\n` })
  const where = `off ${off} size ${size}`
  if (off + size > (SIZES[name] ?? Infinity)) return refused(EACCES, `access beyond struct ${name} at ${where}`)
  const m = MEMBERS.find((x) => off >= x.at && off < x.at + x.size)
  if (m === undefined) {
    return off < HEAD ? refused(EINVAL, `struct bpf_map doesn't have field at offset ${off}`) : { kind: 'scalar' }
  }
  const end = m.at + m.size
  if (m.pointer === true) {
    if (off === m.at && size === 8) return { kind: 'pointer' }
    return refused(EACCES, `cannot access ptr member ${m.name} with moff ${m.at} in struct bpf_map with ${where}`)
  }
  if (off + size > end) {
    return refused(EACCES, `access beyond the end of member ${m.name} (mend:${end}) in struct bpf_map with ${where}`)
  }
  return { kind: 'scalar' }
}
