/**
 * The timing table of nfp-hardware.md, section 6.5: one model, measured rates. Printed as expected, emulated, deviation.
 */
import { describe, expect, it } from 'vitest'
import { hotAdds, hotReads, verdictOnly, writeAndSend } from '../testdata/kernels'
import { createChip } from './chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from './devices'

interface Case {
  readonly firmware: 'shipping' | 'open' | 'stripped'
  readonly cores: number
  readonly islands?: number
  readonly words: (start: number, done: number) => Uint32Array
  readonly device?: string
  readonly port?: { readonly Gbps: number; readonly clockMHz: number }
  readonly bytes?: number
}

/** Packets per second in millions that leave the chip when its ports are full, after a time to settle. */
function rate({ firmware, cores, islands = 5, words, device = 'cx-2x40', port, bytes = 60 }: Case): number {
  const base = DEVICES[device]!
  const profile = {
    ...base,
    islands,
    workersPerIsland: cores / islands,
    ...(port ? { portGbps: port.Gbps, clockMHz: port.clockMHz, ports: 1 } : {}),
  }
  const behaviour = FIRMWARE_BEHAVIOURS[firmware]!
  const chip = createChip(
    { device: profile, firmware: behaviour, seed: 1, timeModel: 'exact', queues: 4 },
    { buckets: 1024, recordBytes: 1 << 18, snapLength: 0, members: 1 },
  )
  const start = 3072
  for (let at = 0; at < profile.ports; at++) chip.loadProgram(at, { words: words(start, behaviour.tgtDone), start })
  const settle = 15
  const measure = 40
  const nanoseconds = ((bytes + 24) * 8) / profile.portGbps
  const data = Uint8Array.from({ length: bytes }, (_, index) => index)
  const frames = []
  for (let index = 0; index * nanoseconds < (settle + measure + 1) * 1000; index++) {
    for (let at = 0; at < profile.ports; at++) frames.push({ time: index * nanoseconds, port: at, data })
  }
  chip.offer(frames)
  const finished = (): number => {
    const { passed, dropped, transmitted, aborted } = chip.counters()
    return passed + dropped + transmitted + aborted
  }
  chip.run(settle * profile.clockMHz)
  const before = finished()
  chip.run((settle + measure) * profile.clockMHz)
  expect(chip.machineChecks()).toEqual([])
  return (finished() - before) / measure
}

const drop = (start: number, done: number): Uint32Array => verdictOnly(start, done, 1)
const reads = (count: number) => (start: number, done: number) => hotReads(start, done, count)
const adds = (count: number) => (start: number, done: number) => hotAdds(start, done, count)

const TABLE: readonly (readonly [name: string, expected: number, percent: number, given: Case])[] = [
  ['XDP_DROP, 5 cores', 9.6, 3, { firmware: 'open', cores: 5, words: drop }],
  ['XDP_DROP, 25 cores', 48, 3, { firmware: 'open', cores: 25, words: drop }],
  ['XDP_DROP, 50 cores', 53.7, 3, { firmware: 'open', cores: 50, words: drop }],
  ['4 hot reads, 5 cores', 11.8, 5, { firmware: 'stripped', cores: 5, words: reads(4) }],
  ['8 hot reads, 5 cores', 9.15, 5, { firmware: 'stripped', cores: 5, words: reads(8) }],
  ['8 hot reads, 50 cores', 24.8, 2, { firmware: 'stripped', cores: 50, words: reads(8) }],
  ['10 hot additions, 50 cores', 24.9, 3, { firmware: 'stripped', cores: 50, words: adds(10) }],
  ['write and send, one core', 3, 10, { firmware: 'stripped', cores: 1, islands: 1, words: writeAndSend }],
  [
    '64 B on a 10G port, 800 MHz',
    14.88,
    0.1,
    { firmware: 'shipping', cores: 50, words: drop, port: { Gbps: 10, clockMHz: 800 } },
  ],
  [
    '64 B on a 10G port, 633 MHz',
    14.88,
    0.1,
    { firmware: 'shipping', cores: 50, words: drop, port: { Gbps: 10, clockMHz: 633 } },
  ],
]

describe('measured throughput', () => {
  const lines: string[] = []
  it.each(TABLE)('%s: %f Mpps within %f %%', (name, expected, percent, given) => {
    const emulated = rate(given)
    const deviation = (100 * (emulated - expected)) / expected
    lines.push(
      `${name.padEnd(30)} ${expected.toFixed(2).padStart(6)} ${emulated.toFixed(2).padStart(6)} ${deviation.toFixed(1).padStart(6)} %`,
    )
    if (lines.length === TABLE.length)
      process.stdout.write(`\nMpps                          expect   emul  deviation\n${lines.join('\n')}\n`)
    expect(Math.abs(deviation)).toBeLessThanOrEqual(percent)
  })
})
