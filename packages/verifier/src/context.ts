/**
 * Fields of the contexts (`xdp_md`, `__sk_buff`): which offsets and sizes a program type may load and store, and what a
 * load gives. Follows kernel-tables.md, section 4.
 */
import type { ProgType } from '@offload/bpf'
import { OR_NULL, PACKET, PACKET_END, PACKET_META, SCALAR, SOCK_COMMON } from './reg-state'

interface Field {
  readonly offset: number
  readonly size: number
  /** `n` also narrower aligned parts, otherwise exactly these sizes at the field's start. */
  readonly read: 'n' | readonly number[]
  /** Letters of the types that may read (C, S, G) and write. */
  readonly readers: string
  readonly writers: string
  readonly type: number
}

const field = (
  offset: number,
  size: number,
  read: Field['read'],
  readers: string,
  writers = '',
  type = SCALAR,
): Field => ({
  offset,
  size,
  read,
  readers,
  writers,
  type,
})

const XDP: readonly Field[] = [
  field(0, 4, [4], 'X', '', PACKET),
  field(4, 4, [4], 'X', '', PACKET_END),
  field(8, 4, [4], 'X', '', PACKET_META),
  field(12, 4, [4], 'X'),
  field(16, 4, [4], 'X'),
]

const address6 = (offset: number): Field[] => [0, 4, 8, 12].map((k) => field(offset + k, 4, [4], 'G'))

const SKB: readonly Field[] = [
  field(0, 4, 'n', 'CSG'),
  field(4, 4, 'n', 'CSG'),
  field(8, 4, 'n', 'CSG', 'CG'),
  field(12, 4, 'n', 'CSG', 'C'),
  ...[16, 20, 24, 28].map((o) => field(o, 4, 'n', 'CSG')),
  field(32, 4, 'n', 'CSG', 'CG'),
  field(36, 4, 'n', 'CSG'),
  field(40, 4, 'n', 'CSG'),
  field(44, 4, 'n', 'CSG', 'C'),
  ...[48, 52, 56, 60, 64].map((o) => field(o, 4, 'n', 'CSG', 'csg')),
  field(48, 8, [8], 'CSG', 'CSG'),
  field(56, 8, [8], 'CSG', 'CSG'),
  field(68, 4, 'n', 'CSG'),
  field(72, 4, 'n', 'C', 'C'),
  field(76, 4, [4], 'CG', '', PACKET),
  field(80, 4, [4], 'CG', '', PACKET_END),
  field(84, 4, 'n', 'CSG'),
  field(88, 4, 'n', 'G'),
  field(92, 4, [4], 'G'),
  field(96, 4, [4], 'G'),
  ...address6(100),
  ...address6(116),
  field(132, 4, 'n', 'G'),
  field(136, 4, 'n', 'G'),
  field(140, 4, [4], 'C', '', PACKET_META),
  field(152, 8, [8], 'CG', 'CG'),
  field(160, 4, 'n', 'C'),
  field(164, 4, 'n', 'CSG'),
  field(168, 8, [8], 'CSG', '', SOCK_COMMON | OR_NULL),
  field(176, 4, 'n', 'CSG'),
  field(180, 1, [1], 'C'),
  field(184, 8, [8], 'CG'),
]

const LETTER: Readonly<Record<ProgType, string>> = {
  xdp: 'X',
  sched_cls: 'C',
  sched_act: 'C',
  socket_filter: 'S',
  cgroup_skb: 'G',
}

function sizeFits(f: Field, offset: number, size: number, narrow: boolean): boolean {
  if (offset < f.offset || offset + size > f.offset + f.size || (offset & (size - 1)) !== 0) return false
  return narrow ? size <= f.size : offset === f.offset && f.read.includes(size as never)
}

/** Type that a load gives, or undefined where it is not allowed. */
export function contextLoad(progType: ProgType, offset: number, size: number): number | undefined {
  const letter = LETTER[progType]
  const table = progType === 'xdp' ? XDP : SKB
  return table.find((f) => f.readers.includes(letter) && sizeFits(f, offset, size, f.read === 'n'))?.type
}

/** `offloaded`: a device's program may also choose the receive queue. */
export function contextStore(progType: ProgType, offset: number, size: number, offloaded: boolean): boolean {
  if (progType === 'xdp') return offloaded && offset === 16 && size === 4
  const letter = LETTER[progType]
  return SKB.some((f) => {
    if (f.writers.includes(letter.toLowerCase())) return sizeFits(f, offset, size, true)
    return f.writers.includes(letter) && offset === f.offset && size === f.size
  })
}

/** Direct packet access through pointers. */
export const mayWritePacket = (progType: ProgType): boolean =>
  progType === 'xdp' || progType === 'sched_cls' || progType === 'sched_act'
export const mayLoadAbs = (progType: ProgType): boolean =>
  progType === 'socket_filter' || progType === 'sched_cls' || progType === 'sched_act'
