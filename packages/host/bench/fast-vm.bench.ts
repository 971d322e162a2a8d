/**
 * How fast the host runs a packet through the three demos: interpreter, WebAssembly translation, and the running kernel's
 * own test run where it may be asked. Nanoseconds a packet, the best of several rounds over the same 256 frames of the
 * demo's traffic; "net" leaves out what every run needs (laying the frame out, copying the result).
 * `npm run bench -- fast-vm` runs it.
 */
import { assemble } from '@offload/bpf'
import { createTraffic, formatHex } from '@offload/packet'
import type { TrafficSpec } from '@offload/packet'
import { DEMOS } from '../../content/src/index'
import { kernelOracle } from '../../tooling/oracle'
import { createFastProgram, createHostMap, createVm, loadProgram, mapAttributes, runProgram } from '../src/index'
import type { HostMap } from '../src/index'

const FRAMES = 256
const ROUNDS = 20
const REPEAT = 20
const KERNEL_REPEAT = 20_000

interface Sample {
  readonly name: string
  readonly source: string
  readonly frames: readonly Uint8Array[]
  readonly fill: (maps: readonly HostMap[]) => void
}

function framesOf(spec: TrafficSpec): Uint8Array[] {
  const source = createTraffic(spec)
  return Array.from({ length: FRAMES }, () => source.next()!.data)
}

const EMPTY = '.prog xdp empty\nr0 = 2\nexit\n'
const LOOP =
  '.prog xdp loop\nr1 = 1000\nr0 = 0\nagain:\nr0 += r1\nr0 ^= 5\nr1 -= 1\nif r1 != 0 goto again\nr0 = 2\nexit\n'

const samples: Sample[] = DEMOS.map((demo) => {
  const { traffic } = demo.session
  if (traffic?.kind !== 'synthetic') throw new Error(`demo ${demo.id} has no synthetic traffic`)
  return {
    name: demo.id,
    source: demo.source,
    frames: framesOf(traffic.spec),
    // The queue chooser by inner addresses, over eight queues: its longest way.
    fill: (maps) => {
      if (demo.id === 'rss') maps[0]!.hostUpdate(new Uint8Array(4), Uint8Array.of(3, 0, 0, 0, 7, 0, 0, 0), 0)
    },
  }
})
samples.push({ name: 'loop of 4,000', source: LOOP, frames: samples[0]!.frames, fill: () => {} })

function prepare(source: string, fill: Sample['fill']) {
  const assembled = assemble(source)
  if (!assembled.ok) throw new Error(JSON.stringify(assembled.diagnostics))
  const { program } = assembled
  const vm = createVm()
  const maps = program.maps.map((def) => {
    const made = createHostMap(vm, mapAttributes(def))
    if (!made.ok) throw new Error(`map: errno ${made.errno}`)
    return made.map
  })
  fill(maps)
  return { vm, loaded: loadProgram(program.insns, program.relocs, maps), program, maps }
}

/** Best nanoseconds of processor time a frame, of each way to run it; the ways take turns, so that a busy machine treats them alike. */
function times(frames: readonly Uint8Array[], ways: readonly ((frame: Uint8Array) => unknown)[]): number[] {
  const best = ways.map(() => Infinity)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of ways.entries()) {
      const start = process.cpuUsage()
      for (let i = 0; i < REPEAT; i++) for (const frame of frames) run(frame)
      const { user, system } = process.cpuUsage(start)
      best[index] = Math.min(best[index]!, ((user + system) * 1000) / (REPEAT * frames.length))
    }
  }
  return best
}

/** The kernel's figure: the mean over the first frames, many repeats of each. */
async function kernelTime(sample: Sample): Promise<string> {
  const oracle = await kernelOracle()
  if (!oracle) return '-'
  const { program } = prepare(sample.source, () => {})
  const distinct = sample.frames.slice(0, 16)
  const rss = sample.name === 'rss'
  const answer = await oracle.ask({
    prog_type: 'xdp',
    insns: formatHex(program.insns),
    maps: program.maps,
    relocs: program.relocs,
    ...(rss && { elems: [{ map: 0, key: '00000000', value: '0300000007000000' }] }),
    log_level: 0,
    runs: distinct.map((frame) => ({ data: formatHex(frame), repeat: KERNEL_REPEAT })),
  })
  await oracle.close()
  if (answer.verdict !== 'accept' || !answer.runs) return `refused (${answer.errno})`
  return (answer.runs.reduce((sum, run) => sum + (run.duration ?? 0), 0) / answer.runs.length).toFixed(0)
}

const pad = (text: string, width: number): string => text.padStart(width)
console.log('ns a packet (best of rounds)')
console.log(
  `${'program'.padEnd(16)}${['interpreter', 'WebAssembly', 'ratio', 'interp. net', 'WebAss. net', 'kernel', 'module bytes', 'translate µs'].map((text) => pad(text, 13)).join('')}`,
)
const bare = prepare(EMPTY, () => {})
const bareProgram = createFastProgram(bare.vm, bare.loaded, 'xdp')
for (const sample of samples) {
  const plain = prepare(sample.source, sample.fill)
  const fast = prepare(sample.source, sample.fill)
  const start = process.cpuUsage()
  const program = createFastProgram(fast.vm, fast.loaded, 'xdp')
  const { user, system } = process.cpuUsage(start)
  const translate = user + system
  const [base, interpreted, translated] = times(sample.frames, [
    (frame) => bareProgram.run(frame),
    (frame) => runProgram(plain.vm, plain.loaded, 'xdp', frame),
    (frame) => program.run(frame),
  ]) as [number, number, number]
  const figures = [interpreted, translated, interpreted / translated, interpreted - base, translated - base]
  const texts = figures.map((value, index) => pad(value.toFixed(index === 2 ? 1 : 0), 13))
  console.log(
    `${sample.name.padEnd(16)}${texts.join('')}${pad(await kernelTime(sample), 13)}${pad(String(program.size), 13)}${pad(translate.toFixed(0), 13)}`,
  )
}
console.log(
  'net: less a translated program of two instructions over the same frames; refused: the running kernel takes no such program',
)
