/**
 * How fast the emulator is: emulated instructions and packets per second of processor time, and simulated against real
 * time, for small and larger programs under load. Run with
 * `node_modules/.bin/tsx --conditions=@offload/source packages/nfp-chip/bench/chip.bench.ts`.
 */
import { arithmetic, hotReads, verdictOnly } from '../testdata/kernels'
import { createChip } from '../src/chip'
import type { EmulatedChip } from '../src/chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from '../src/devices'
import { chipWith, random } from '../testdata/programs'

const MHz = 800

/** Frames of 60 bytes at a steady rate (packets per microsecond) on two ports, from `from` microseconds on. */
function traffic(rate: number, from: number, microseconds: number) {
  const next = random(3)
  const templates = Array.from({ length: 64 }, () => {
    const data = Uint8Array.from({ length: 60 }, () => next() * 256)
    data.set([0x08, 0x00, 0x45], 12)
    return data
  })
  return Array.from({ length: Math.floor(rate * microseconds) }, (_, index) => ({
    time: from * 1000 + (index * 1000) / rate,
    port: index & 1,
    data: templates[Math.floor(next() * 64)]!,
  }))
}

interface Figures {
  readonly mips: number
  readonly mpps: number
  readonly simulated: number
}

/** Best of some rounds, each a stretch of simulated time under load. */
function measure(chip: EmulatedChip, rate: number, microseconds: number, rounds: number): Figures {
  let best: Figures = { mips: 0, mpps: 0, simulated: 0 }
  for (let round = 0; round < rounds; round++) {
    const from = round * microseconds
    chip.offer(traffic(rate, from, microseconds))
    const before = chip.counters()
    const started = process.cpuUsage().user
    chip.run((from + microseconds) * MHz)
    const spent = Math.max(1, process.cpuUsage().user - started)
    const after = chip.counters()
    const done = (c: typeof after): number => c.passed + c.dropped + c.transmitted + c.aborted
    const mips = (after.words - before.words) / spent
    if (mips > best.mips) best = { mips, mpps: (done(after) - done(before)) / spent, simulated: microseconds / spent }
  }
  return best
}

function chipOf(words: (start: number, done: number) => Uint32Array): EmulatedChip {
  const firmware = FIRMWARE_BEHAVIOURS['shipping']!
  const chip = createChip(
    { device: DEVICES['cx-2x40']!, firmware, seed: 1, timeModel: 'exact', queues: 8 },
    { snapLength: 0, members: 1 },
  )
  for (const port of [0, 1]) chip.loadProgram(port, { words: words(2592 + 2800 * port, 1), start: 2592 + 2800 * port })
  return chip
}

const cases: readonly (readonly [name: string, chip: () => EmulatedChip])[] = [
  ['XDP_DROP', () => chipOf((start, done) => verdictOnly(start, done, 1))],
  ['8 hot reads', () => chipOf((start, done) => hotReads(start, done, 8))],
  ['arithmetic, 250 words', () => chipOf((start, done) => arithmetic(start, done, 250))],
  ['arithmetic, 1500 words', () => chipOf((start, done) => arithmetic(start, done, 1500))],
  ['map lookup and counter', () => chipWith('adds packet bytes to an array element', { snapLength: 0 })],
]

console.log('exact, one thread, offered 60 Mpps        MIPS    Mpps   simulated/real')
for (const [name, make] of cases) {
  const { mips, mpps, simulated } = measure(make(), 60, 100, 8)
  console.log(`${name.padEnd(38)} ${mips.toFixed(1).padStart(8)} ${mpps.toFixed(3).padStart(7)} ${simulated.toFixed(4).padStart(10)}`)
}
for (const rate of [0.1, 1, 10]) {
  const { simulated } = measure(cases[4]![1](), rate, 1000, 4)
  console.log(`map lookup at ${rate} Mpps offered: simulated/real ${simulated.toFixed(3)}`)
}
