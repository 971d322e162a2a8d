/**
 * Any bytes give a verdict: random ones, random instructions, and instructions that nearly make sense.
 */
import { describe, expect, it } from 'vitest'
import type { VerifyRequest } from './api'
import { Random } from './random'
import { verify } from './verify'

const SEED = Number(process.env['SEED'] ?? 77_001)
const PROGRAMS = Number(process.env['PROGRAMS'] ?? 6000)
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
  if (cls === 1 || cls === 3 || (cls === 2 && true)) view.setInt16(8 * i + 2, -8 * (1 + random.below(4)), true)
  if ((op & 8) !== 0 || cls === 1) view.setInt32(8 * i + 4, 0, true)
  else view.setUint8(8 * i + 1, view.getUint8(8 * i + 1) & 15)
  if (cls === 3 || cls === 2) view.setUint8(8 * i + 1, (view.getUint8(8 * i + 1) & 0xf0) | 10)
  if (op === 0x85) {
    view.setUint32(8 * i, 0x85, true)
    view.setInt32(8 * i + 4, random.pick(HELPERS), true)
  }
  if (op === 0x95 || op === 0x05) view.setUint8(8 * i + 1, 0)
}

describe('hostile programs', () => {
  it(`get a verdict, never an exception (seed ${SEED})`, () => {
    console.log(`hostile programs: seed ${SEED}, ${PROGRAMS} programs`)
    const random = new Random(SEED)
    for (let k = 0; k < PROGRAMS; k++) {
      const insns = program(random, k % 3)
      const relocs = []
      for (let i = 0; 8 * i + 16 <= insns.length; i++) {
        if (insns[8 * i] !== 0x18 || random.below(2) === 0) continue
        insns[8 * i + 1] = (insns[8 * i + 1]! & 15) | ((1 + random.below(2)) << 4)
        insns.fill(0, 8 * i + 2, 8 * i + 16)
        relocs.push({ insn: i, map: random.below(2) })
      }
      let asked = 0
      const request: VerifyRequest = {
        progType: random.pick(TYPES),
        insns,
        maps: [{ type: random.pick(MAPS), key_size: 4, value_size: 8, max_entries: 1 + random.below(2) }],
        relocs,
        logLevel: random.below(8),
        kernel: random.pick(['6.18', '6.18', '6.12', '4.20']),
        record: random.below(8) === 0,
        ...(random.below(3) === 0 ? { caps: ['bpf', 'net_admin'] as const } : {}),
        cancelled: () => ++asked > 4,
      }
      let verdict = 'exception'
      try {
        verdict = verify(request).verdict
      } catch (e) {
        verdict = `exception: ${String(e)} for ${Array.from(insns, (b) => b.toString(16).padStart(2, '0')).join('')}`
      }
      expect(['accept', 'reject', 'cancelled'], `program ${k}`).toContain(verdict)
    }
  })
})
