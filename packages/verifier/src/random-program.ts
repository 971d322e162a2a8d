/**
 * Random questions for tests and campaigns: random bytes, random instructions, instructions that nearly make sense, and
 * programs that get far, with random maps, capabilities, log levels and eras. Not for engines.
 */
import type { VerifyRequest } from './api'
import { Random } from './random'

const OPS = [
  0x07, 0x0f, 0xb7, 0xbf, 0x61, 0x69, 0x71, 0x79, 0x62, 0x63, 0x7a, 0x7b, 0x15, 0x1d, 0x25, 0x2d, 0x55, 0x5d, 0x05,
  0x85, 0x95, 0x18, 0xc3, 0xdb, 0x57, 0x67, 0x77, 0xc7, 0x87, 0xd4, 0xdc, 0xd7, 0xb4, 0xbc, 0x04, 0x0c, 0x1c, 0xe5,
  0x06, 0x16, 0x20, 0x40,
]
const HELPERS = [1, 2, 3, 5, 7, 8, 12, 25, 28, 44, 54, 65, 84, 86, 87, 130, 131, 132, 164, 181, 182, 197, 198, 203]
const TYPES: readonly VerifyRequest['progType'][] = ['xdp', 'sched_cls', 'sched_act', 'socket_filter', 'cgroup_skb']
const MAPS = [
  'array',
  'hash',
  'ringbuf',
  'prog_array',
  'perf_event_array',
  'xskmap',
  'queue',
  'sockmap',
  'array_of_maps',
]

/** `sense` 0: any bytes; 1: known opcodes; 2: fields that mostly fit. */
function program(random: Random, sense: number): Uint8Array {
  const n = 1 + random.below(30)
  const out = new Uint8Array(8 * n)
  const view = new DataView(out.buffer)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < 8; k++) out[8 * i + k] = random.u32()
    if (sense === 0) continue
    const op = random.pick(OPS)
    out[8 * i] = op
    out[8 * i + 1] = random.below(11) | (random.below(11) << 4)
    view.setInt16(8 * i + 2, random.below(7) - 2, true)
    view.setInt32(8 * i + 4, random.below(4) === 0 ? random.u32() | 0 : random.below(24) - 4, true)
    if (sense === 2) fit(random, view, i, op)
  }
  if (sense === 2) out.set([0x95, 0, 0, 0, 0, 0, 0, 0], 8 * (n - 1))
  return out
}

function fit(random: Random, view: DataView, i: number, op: number): void {
  const cls = op & 7
  const jump = cls === 5 || cls === 6
  if (!jump) view.setInt16(8 * i + 2, 0, true)
  if (cls === 1 || cls === 3 || cls === 2) view.setInt16(8 * i + 2, -8 * (1 + random.below(4)), true)
  if ((op & 8) !== 0 || cls === 1) view.setInt32(8 * i + 4, 0, true)
  else view.setUint8(8 * i + 1, view.getUint8(8 * i + 1) & 15)
  if (cls === 3 || cls === 2) view.setUint8(8 * i + 1, (view.getUint8(8 * i + 1) & 0xf0) | 10)
  if (op === 0x85) {
    view.setUint32(8 * i, 0x85, true)
    view.setInt32(8 * i + 4, random.pick(HELPERS), true)
  }
  if (op === 0x95 || op === 0x05) view.setUint8(8 * i + 1, 0)
}

const ALU = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0]
const COMPARE = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]

/** Every register set, every field as it should be, jumps inside: such programs are walked for a while. */
function walkable(random: Random): Uint8Array {
  const n = 14 + random.below(40)
  const out = new Uint8Array(8 * n)
  const view = new DataView(out.buffer)
  const put = (i: number, op: number, dst: number, src: number, off: number, imm: number): void => {
    out[8 * i] = op
    out[8 * i + 1] = dst | (src << 4)
    view.setInt16(8 * i + 2, off, true)
    view.setInt32(8 * i + 4, imm, true)
  }
  put(0, 0xbf, 9, 1, 0, 0)
  for (let r = 0; r < 9; r++) put(1 + r, 0xb7, r, 0, 0, random.wide().lo)
  for (let i = 10; i < n - 2; i++) {
    const dst = random.below(9)
    const src = random.below(9)
    const fromReg = random.below(2)
    const narrow = random.below(3) === 0
    const off = -8 * (1 + random.below(4))
    const size = random.pick([0x00, 0x08, 0x10, 0x18])
    switch (random.below(8)) {
      case 0:
        put(i, 0x61 | size, dst, 10, off, 0)
        break
      case 1:
        put(i, fromReg ? 0x63 | size : 0x62 | size, 10, fromReg ? src : 0, off, fromReg ? 0 : random.wide().lo)
        break
      case 2:
      case 3: {
        const back = random.below(12) === 0
        const to = back ? 10 + random.below(i - 9) : i + 1 + random.below(n - 2 - i)
        const op = random.pick(COMPARE) | (narrow ? 6 : 5) | (fromReg << 3)
        put(i, op, dst, fromReg ? src : 0, to - i - 1, fromReg ? 0 : random.wide().lo)
        break
      }
      case 4:
        if (random.below(4) === 0) {
          put(i, 0x85, 0, 0, 0, 7)
          for (let r = 1; r <= 5 && i + 1 < n - 2; r++) put(++i, 0xb7, r, 0, 0, random.wide().lo)
        } else put(i, 0x61, dst, 9, 12, 0)
        break
      default: {
        const op = random.pick(ALU)
        const shift = op === 0x60 || op === 0x70 || op === 0xc0
        const imm = shift ? random.below(narrow ? 32 : 64) : random.wide().lo || 1
        put(i, op | (narrow ? 4 : 7) | (fromReg << 3), dst, fromReg ? src : 0, 0, fromReg ? 0 : imm)
      }
    }
  }
  put(n - 2, 0xb7, 0, 0, 0, 0)
  put(n - 1, 0x95, 0, 0, 0, 0)
  return out
}

/** The `n`-th question of a seed, always the same. It is cancelled after some 8,000 instructions. */
export function randomRequest(seed: number, n: number): VerifyRequest {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b))
  const kind = n % 8
  const insns = kind === 7 ? walkable(random) : program(random, kind % 3)
  const relocs = []
  for (let i = 0; 8 * i + 16 <= insns.length; i++) {
    if (insns[8 * i] !== 0x18 || random.below(2) === 0) continue
    insns[8 * i + 1] = (insns[8 * i + 1]! & 15) | ((1 + random.below(2)) << 4)
    insns.fill(0, 8 * i + 2, 8 * i + 16)
    relocs.push({ insn: i, map: random.below(2) })
  }
  let asked = 0
  return {
    progType: random.pick(TYPES),
    insns,
    maps: [{ type: random.pick(MAPS), key_size: 4, value_size: 8, max_entries: 1 + random.below(2) }],
    relocs,
    logLevel: random.pick([0, 0, 0, 0, 0, 1, 2, 4, 7]),
    kernel: random.pick(['6.18', '6.18', '6.12', '4.20']),
    record: random.below(8) === 0,
    ...(random.below(3) === 0 ? { caps: ['bpf', 'net_admin'] as const } : {}),
    cancelled: () => ++asked > 1,
  }
}
