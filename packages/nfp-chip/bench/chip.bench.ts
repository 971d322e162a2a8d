/**
 * How fast the emulator is: emulated instructions and packets per second of processor time, and simulated against real
 * time, by tier and time model, for small and larger programs under load; translation time; snapshots.
 * `npm run bench -- chip` runs it.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { arithmetic, hotReads, verdictOnly } from '../testdata/kernels'
import { chipWith, random } from '../testdata/programs'
import type { TimeModel } from '../src/api'
import { createChip } from '../src/chip'
import type { EmulatedChip } from '../src/chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from '../src/devices'
import type { ChipOptions } from '../src/layout'

const MHZ = 800

/** Frames of 60 bytes at a steady rate (packets per microsecond), from `from` microseconds on. */
function traffic(rate: number, from: number, microseconds: number, ports: number) {
  const next = random(3)
  const templates = Array.from({ length: 64 }, () => {
    const data = Uint8Array.from({ length: 60 }, () => next() * 256)
    data.set([0x08, 0x00, 0x45], 12)
    return data
  })
  return Array.from({ length: Math.floor(rate * microseconds) }, (_, index) => ({
    time: from * 1000 + (index * 1000) / rate,
    port: index % ports,
    data: templates[Math.floor(next() * 64)]!,
  }))
}

interface Figures {
  readonly mips: number
  readonly mpps: number
  /** Simulated by real time. */
  readonly ratio: number
}

/** Best of some rounds, each a stretch of simulated time under load. */
function measure(chip: EmulatedChip, rate: number, microseconds: number, rounds: number, ports: number): Figures {
  let best: Figures = { mips: 0, mpps: 0, ratio: 0 }
  for (let round = 0; round < rounds; round++) {
    const from = round * microseconds
    chip.offer(traffic(rate, from, microseconds, ports))
    const before = chip.counters()
    const started = process.cpuUsage().user
    chip.run((from + microseconds) * MHZ)
    const spent = process.cpuUsage().user - started
    // The system's account of processor time is coarse: a round that seems to have cost nothing tells nothing.
    if (spent < 2000) continue
    const after = chip.counters()
    const done = (c: typeof after): number => c.passed + c.dropped + c.transmitted + c.aborted
    const mpps = (done(after) - done(before)) / spent
    if (mpps > best.mpps) best = { mips: (after.words - before.words) / spent, mpps, ratio: microseconds / spent }
  }
  return best
}

type Build = (start: number, done: number) => Uint32Array

function chipOf(words: Build, tier: 'precise' | 'translated', timeModel: TimeModel): EmulatedChip {
  const config = {
    device: DEVICES['cx-2x40']!,
    firmware: FIRMWARE_BEHAVIOURS['shipping']!,
    seed: 1,
    timeModel,
    queues: 8,
  }
  const chip = createChip(config, { snapLength: 0, whenFull: 'overwrite', members: 1, tier })
  for (const port of [0, 1]) {
    const start = 2592 + 2800 * port
    chip.loadProgram(port, { words: words(start, config.firmware.tgtDone), start })
  }
  return chip
}

const counter = (tier: 'precise' | 'translated', timeModel: TimeModel): EmulatedChip => {
  const options: ChipOptions = { snapLength: 0, whenFull: 'overwrite', tier }
  return chipWith('adds packet bytes to an array element', options, {}, timeModel)
}

const programs: readonly (readonly [name: string, make: typeof counter, ports: number])[] = [
  ['XDP_DROP', (tier, model) => chipOf((start, done) => verdictOnly(start, done, 1), tier, model), 2],
  ['8 hot reads', (tier, model) => chipOf((start, done) => hotReads(start, done, 8), tier, model), 2],
  ['arithmetic, 250 words', (tier, model) => chipOf((start, done) => arithmetic(start, done, 250), tier, model), 2],
  ['arithmetic, 2500 words', (tier, model) => chipOf((start, done) => arithmetic(start, done, 2500), tier, model), 2],
  ['map lookup and counter', counter, 1],
]
const ways: readonly (readonly [tier: 'precise' | 'translated', model: TimeModel])[] = [
  ['precise', 'exact'],
  ['translated', 'exact'],
  ['translated', 'functional'],
]

const line = (...cells: readonly (string | number)[]): void =>
  console.log(cells.map((cell, index) => (index === 0 ? String(cell).padEnd(48) : String(cell).padStart(10))).join(''))

/** One figure; each runs in a process of its own, as each chip of the page has a worker of its own. */
const figures: Record<string, () => void> = {}
for (const [name, make, ports] of programs) {
  for (const [tier, model] of ways) {
    figures[`${name}, ${tier}, ${model}`] = () => {
      const { mips, mpps, ratio } = measure(make(tier, model), 50, name.includes('2500') ? 40 : 100, 8, ports)
      line(`${name}, ${tier}, ${model}`, mips.toFixed(1), mpps.toFixed(3), ratio.toFixed(4))
    }
  }
}
for (const rate of [0.1, 1, 3, 10, 30]) {
  figures[`map lookup and counter, exact, ${rate} Mpps offered`] = () => {
    const { ratio } = measure(counter('translated', 'exact'), rate, 3000 / rate, 6, 1)
    line(`map lookup and counter, exact, ${rate} Mpps offered`, '', '', ratio.toFixed(3))
  }
}
figures['snapshot'] = () => {
  const chip = counter('translated', 'exact')
  chip.offer(traffic(10, 0, 100, 1))
  chip.run(80_000)
  const saved = chip.snapshot()
  const started = performance.now()
  for (let round = 0; round < 10; round++) chip.snapshot()
  line(
    'snapshot: milliseconds, megabytes',
    ((performance.now() - started) / 10).toFixed(2),
    (saved.length / 2 ** 20).toFixed(1),
  )
}
figures['load'] = () => {
  const chip = counter('translated', 'exact')
  const words = arithmetic(2048, 0x01f4, 2500)
  chip.loadProgram(0, { words, start: 2048 })
  const started = performance.now()
  for (let round = 0; round < 5; round++) {
    chip.loadProgram(0, { words, start: 2048 })
    chip.offer([{ time: (chip.now * 1000) / MHZ, port: 0, data: new Uint8Array(60) }])
    chip.run(Infinity, { untilIdle: true })
  }
  line('load and translate 2,500 words, milliseconds', ((performance.now() - started) / 5).toFixed(1))
}

const asked = process.argv[2]
const figure = asked === undefined ? undefined : figures[asked]
if (figure) figure()
else {
  line('one thread, 50 cores, offered 50 Mpps', 'MIPS', 'Mpps', 'sim/real')
  for (const name of Object.keys(figures)) {
    const script = fileURLToPath(import.meta.url)
    spawnSync(process.execPath, [...process.execArgv, script, name], { stdio: 'inherit' })
  }
}
