/**
 * How fast the emulator is: emulated instructions and packets per second of processor time, and simulated against real
 * time, by tier and time model, for small and larger programs under load; translation time; snapshots.
 * `npm run bench -- chip` runs it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { arithmetic, hotReads, verdictOnly } from '../testdata/kernels'
import { chipWith, random } from '../testdata/programs'
import type { TimeModel } from '../src/api'
import { createChip } from '../src/chip'
import type { EmulatedChip } from '../src/emulated-chip'
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

/** Processor time of a measurement, microseconds; the first part, in which code is compiled, does not count. */
const MEASURED = 1_000_000
const WARM_UP = 0.4

const finished = (chip: EmulatedChip): number => {
  const { passed, dropped, transmitted, aborted } = chip.counters()
  return passed + dropped + transmitted + aborted
}

/** Runs stretches of simulated time under load until enough processor time is spent. */
function measure(chip: EmulatedChip, rate: number, microseconds: number, ports: number): Figures {
  let [spent, counted, words, packets, simulated] = [0, 0, 0, 0, 0]
  for (let from = 0; spent < MEASURED; from += microseconds) {
    chip.offer(traffic(rate, from, microseconds, ports))
    const before = { words: chip.counters().words, packets: finished(chip) }
    const started = process.cpuUsage().user
    chip.run((from + microseconds) * MHZ)
    const took = process.cpuUsage().user - started
    spent += took
    if (spent < MEASURED * WARM_UP) continue
    counted += took
    words += chip.counters().words - before.words
    packets += finished(chip) - before.packets
    simulated += microseconds
  }
  return { mips: words / counted, mpps: packets / counted, ratio: simulated / counted }
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
/** Way to run, and how many times the precise tier it is meant to be. */
const ways: readonly (readonly [tier: 'precise' | 'translated', model: TimeModel, aim: number])[] = [
  ['precise', 'exact', 1],
  ['translated', 'exact', 4.5],
  ['translated', 'quantum', 7.5],
  ['translated', 'functional', 20],
]

const line = (...cells: readonly (string | number)[]): void =>
  console.log(cells.map((cell, index) => (index === 0 ? String(cell).padEnd(48) : String(cell).padStart(10))).join(''))

/** Clock of this machine as far as it tells, for cycles per emulated instruction. */
const hostMHz = Number(
  /cpu MHz\s*: ([\d.]+)/.exec(existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '')?.[1] ?? 0,
)

/** Figures of a name in a process of their own, as each chip of the page has a worker of its own. */
const figures: Record<string, () => void> = {}
for (const [name, make, ports] of programs) {
  figures[name] = () => {
    let precise = 0
    for (const [tier, model, aim] of ways) {
      const { mips, mpps } = measure(make(tier, model), 50, name.includes('2500') ? 40 : 200, ports)
      if (model === 'exact' && tier === 'precise') precise = mpps
      line(
        `${name}, ${tier}, ${model}`,
        mips.toFixed(1),
        mpps.toFixed(3),
        (hostMHz / mips).toFixed(1),
        `${(mpps / precise).toFixed(1)}x`,
        aim === 1 ? '' : `${aim}x`,
      )
    }
  }
}
figures['simulated by real time'] = () => {
  line('map lookup and counter: simulated by real time', 'exact', 'quantum', 'functional')
  for (const rate of [1, 3, 10, 30, 50]) {
    const ratios = (['exact', 'quantum', 'functional'] as const).map((model) =>
      measure(counter('translated', model), rate, 3000 / rate, 1).ratio.toFixed(3),
    )
    line(`  ${rate === 50 ? 'saturated' : `${rate} Mpps`} offered`, ...ratios)
  }
}
figures['two threads'] = () => void twoThreads()

/** Wall time of the exact model with one thread and with two, in turns, so that a busy machine treats both alike. */
async function twoThreads(): Promise<void> {
  const options: ChipOptions = { snapLength: 0, whenFull: 'overwrite', shared: true, members: 2 }
  const chip = chipWith('adds packet bytes to an array element', options)
  const share = chip.share(2)
  const worker = new Worker(new URL('../testdata/member-worker.mjs', import.meta.url), {
    workerData: { share, member: 1, members: 2 },
  })
  await new Promise((resolve) => worker.once('message', resolve))
  const best = [0, 0]
  for (let round = 0; round < 40; round++) {
    const helped = round % 2
    chip.parallel(helped === 1)
    chip.offer(traffic(50, round * 400, 400, 1))
    const before = finished(chip)
    const started = performance.now()
    chip.run((round + 1) * 400 * MHZ)
    best[helped] = Math.max(best[helped]!, (finished(chip) - before) / (performance.now() - started) / 1000)
  }
  chip.dismiss()
  await worker.terminate()
  const [one, two] = best as [number, number]
  line(
    'exact, best of 20: Mpps of one thread, of two',
    '',
    one.toFixed(3),
    two.toFixed(3),
    `${(two / one).toFixed(2)}x`,
    '1.5x',
  )
}
figures['history'] = () => {
  const ring = (options: ChipOptions): number => {
    const chip = chipWith('adds packet bytes to an array element', { tier: 'translated', ...options })
    return measure(chip, 50, 200, 1).mpps
  }
  const without = ring({ snapLength: 0, whenFull: 'overwrite' })
  const kept = ring({ whenFull: 'overwrite' })
  line('exact: Mpps without packets kept, with all kept', '', without.toFixed(3), kept.toFixed(3))
}
figures['long run'] = () => {
  const chip = counter('translated', 'functional')
  const megabytes = (): string => (process.memoryUsage().rss / 2 ** 20).toFixed(0)
  const marks: string[] = []
  for (let step = 0; step < 1200; step++) {
    chip.offer(traffic(10, step * 500, 500, 1))
    chip.run((step + 1) * 500 * MHZ)
    if (step % 300 === 299) marks.push(megabytes())
  }
  line('6 million packets: megabytes at each quarter', ...marks)
}
figures['snapshot'] = () => {
  const chip = counter('translated', 'exact')
  chip.offer(traffic(10, 0, 100, 1))
  chip.run(80_000)
  const saved = chip.snapshot()
  const cost = (into?: Uint8Array): string => {
    const started = process.cpuUsage()
    for (let round = 0; round < 50; round++) chip.snapshot(into)
    const { user, system } = process.cpuUsage(started)
    return ((user + system) / 50_000).toFixed(2)
  }
  const megabytes = (saved.length / 2 ** 20).toFixed(1)
  line('snapshot: ms into fresh memory, into kept, MB', cost(), cost(new Uint8Array(saved.length + 65_536)), megabytes)
}
figures['load'] = () => {
  const chip = counter('translated', 'exact')
  const words = arithmetic(2048, 0x01f4, 2500)
  chip.loadProgram(0, { words, start: 2048 })
  const started = process.cpuUsage()
  for (let round = 0; round < 10; round++) {
    chip.loadProgram(0, { words, start: 2048 })
    chip.offer([{ time: (chip.now * 1000) / MHZ, port: 0, data: new Uint8Array(60) }])
    chip.run(Infinity, { untilIdle: true })
  }
  const { user, system } = process.cpuUsage(started)
  line('load and translate 2,500 words, ms', ((user + system) / 10_000).toFixed(1))
}

const asked = process.argv[2]
const figure = asked === undefined ? undefined : figures[asked]
if (figure) figure()
else {
  line('one thread, 50 cores, 50 Mpps offered', 'MIPS', 'Mpps', 'host c/i', 'ratio', 'aim')
  for (const name of Object.keys(figures)) {
    const script = fileURLToPath(import.meta.url)
    spawnSync(process.execPath, [...process.execArgv, script, name], { stdio: 'inherit' })
  }
}
