/**
 * Seeded synthetic traffic: draws kind, size, flow and arrival time of each frame from one random stream and lets
 * the templates write the bytes. The same spec gives the same frames everywhere (no clock, no Math.log).
 */
import { createRandom } from '../random'
import { createTemplate, frameBuffer } from './template'
import type { Template } from './template'
import type { FlowKind, FrameSource, TimedFrame, TrafficSpec } from '../api'

/** Many frames in flat arrays, for workers: frame i is bytes[offsets[i], offsets[i + 1]). */
export interface FrameBatch {
  readonly count: number
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  /** Nanoseconds. */
  readonly times: Float64Array
  readonly ports: Uint8Array
}

export interface TrafficSource extends FrameSource {
  /** Up to `max` frames at once; a batch of 0 means the end. Takes from the same stream as `next`. */
  nextBatch(max: number): FrameBatch
}

/** Frames are cut from slabs: one allocation for many frames, yet no two frames share a byte. */
const SLAB = 1 << 18

interface SizeChoice {
  readonly weight: number
  /** Upper bounds of the cumulated weights, scaled to 2³². */
  readonly bounds: readonly number[]
  readonly templates: readonly Template[]
  readonly flows: number
  readonly port: number | undefined
}

/**
 * Frames of `spec`, in order of time, from time 0. Kinds that cannot be built (trafficProblems names them) send
 * nothing; with no kind left the source is empty. Rates are packets a second; a rate of 0 or less sends nothing.
 */
export function createTraffic(spec: TrafficSpec): TrafficSource {
  const random = createRandom(spec.seed)
  const kinds = spec.kinds
    .map((kind, index) => sizeChoice(kind, spec.seed + index))
    .filter((choice) => choice !== undefined)
  const kindBounds = cumulate(kinds.map((kind) => kind.weight))
  const ports = spec.ports !== undefined && spec.ports.length > 0 ? spec.ports : [0]
  const count = kinds.length === 0 || !(spec.rate > 0) ? 0 : Math.max(0, spec.count ?? Number.POSITIVE_INFINITY)
  const clock = arrivalTimes(spec, () => random.exponential())
  const burstSize = Math.max(1, Math.floor(spec.burst?.size ?? 1))
  let sent = 0
  let slab = frameBuffer(0)
  let used = 0

  const pick = (): Template => {
    const choice = kinds.length === 1 ? kinds[0]! : kinds[indexBelow(kindBounds, random.u32())]!
    return choice.templates.length === 1
      ? choice.templates[0]!
      : choice.templates[indexBelow(choice.bounds, random.u32())]!
  }
  // The flow is drawn after kind and size; kinds of one flow draw nothing.
  const flowsOf = new Map<Template, number>()
  const fixedPort = new Map<Template, number>()
  for (const choice of kinds) {
    for (const template of choice.templates) {
      flowsOf.set(template, choice.flows)
      if (choice.port !== undefined) fixedPort.set(template, choice.port)
    }
  }
  const portOf = (template: Template): number =>
    (fixedPort.size > 0 ? fixedPort.get(template) : undefined) ??
    ports[ports.length === 1 ? 0 : Math.floor(sent / burstSize) % ports.length]!
  const single = kinds.length === 1 && kinds[0]!.templates.length === 1 ? kinds[0]! : undefined

  return {
    next(): TimedFrame | undefined {
      if (sent >= count) return undefined
      const template = single ? single.templates[0]! : pick()
      const flows = single ? single.flows : flowsOf.get(template)!
      const flow = flows > 1 ? random.below(flows) : 0
      const { length } = template.bytes
      if (used + length > slab.bytes.length) {
        slab = frameBuffer(Math.max(SLAB, length))
        used = 0
      }
      template.write(slab, used, flow)
      const data = new Uint8Array(slab.words.buffer, used, length)
      used = (used + length + 3) & ~3
      const frame = { time: clock(sent), port: portOf(template), data }
      sent++
      return frame
    },
    nextBatch(max): FrameBatch {
      const n = Math.max(0, Math.min(Math.floor(max), count - sent))
      const offsets = new Uint32Array(n + 1)
      const times = new Float64Array(n)
      const portNumbers = new Uint8Array(n)
      const chosen: Template[] = []
      const flowOf = new Float64Array(n)
      let total = 0
      // All draws first, in the order of `next`, so that the buffer can be made to measure.
      for (let i = 0; i < n; i++) {
        const template = pick()
        const flows = flowsOf.get(template)!
        flowOf[i] = flows > 1 ? random.below(flows) : 0
        times[i] = clock(sent)
        portNumbers[i] = portOf(template)
        chosen.push(template)
        total += template.bytes.length
        offsets[i + 1] = total
        sent++
      }
      const buffer = frameBuffer(total)
      for (let i = 0; i < n; i++) chosen[i]!.write(buffer, offsets[i]!, flowOf[i]!)
      return { count: n, bytes: buffer.bytes.subarray(0, total), offsets, times, ports: portNumbers }
    },
  }
}

/** What is wrong with a spec that came from outside; empty when it can be played as written. */
export function trafficProblems(spec: TrafficSpec): { readonly path: string; readonly message: string }[] {
  const problems: { path: string; message: string }[] = []
  const need = (ok: boolean, path: string, message: string): void => {
    if (!ok) problems.push({ path, message })
  }
  need(Number.isFinite(spec.seed), 'seed', 'must be a number')
  need(spec.rate > 0 && spec.rate <= 1e9, 'rate', 'must be more than 0 and at most 1e9 packets a second')
  need(spec.kinds.length > 0, 'kinds', 'must name at least one kind of packet')
  need(
    spec.ports === undefined || spec.ports.every((port) => Number.isInteger(port) && port >= 0 && port < 256),
    'ports',
    'must be port numbers from 0',
  )
  need(spec.count === undefined || spec.count >= 0, 'count', 'must not be negative')
  need(
    spec.burst === undefined || (spec.burst.size >= 1 && spec.burst.gap >= 0),
    'burst',
    'needs a size from 1 and a gap from 0 ns',
  )
  spec.kinds.forEach((kind, index) => {
    const path = `kinds[${index}]`
    need(kind.weight > 0 && Number.isFinite(kind.weight), `${path}.weight`, 'must be more than 0')
    need(
      kind.port === undefined || (Number.isInteger(kind.port) && kind.port >= 0 && kind.port < 256),
      `${path}.port`,
      'must be a port number from 0',
    )
    need(
      Number.isInteger(kind.flows) && kind.flows >= 1 && kind.flows <= 0xffffffff,
      `${path}.flows`,
      'must be a whole number from 1',
    )
    const sizes = typeof kind.size === 'number' ? [[kind.size, 1] as const] : kind.size
    need(
      sizes.length > 0 &&
        sizes.every(([size, weight]) => Number.isInteger(size) && size >= 14 && size <= 9600 && weight > 0),
      `${path}.size`,
      'must be 14 to 9600 bytes, weights more than 0',
    )
    for (const [size] of sizes) {
      if (!createTemplate(kind, size, 0)) {
        problems.push({ path, message: `cannot be built at ${size} bytes: an address, port or tag is out of range` })
        break
      }
    }
  })
  return problems
}

function sizeChoice(kind: FlowKind, seed: number): SizeChoice | undefined {
  if (!(kind.weight > 0)) return undefined
  const sizes: readonly (readonly [number, number])[] =
    typeof kind.size === 'number' ? [[kind.size, 1]] : kind.size.filter(([, weight]) => weight > 0)
  const templates = sizes.map(([size]) => createTemplate(kind, size, seed)).filter((template) => template !== undefined)
  if (templates.length === 0 || templates.length < sizes.length) return undefined
  return {
    weight: kind.weight,
    bounds: cumulate(sizes.map(([, weight]) => weight)),
    templates,
    flows: Math.max(1, Math.floor(kind.flows)),
    port: kind.port,
  }
}

function cumulate(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  return weights.map((weight) => {
    sum += weight
    return (sum / total) * 4294967296
  })
}

function indexBelow(bounds: readonly number[], value: number): number {
  let i = 0
  while (i < bounds.length - 1 && value >= bounds[i]!) i++
  return i
}

/** Time of frame n in nanoseconds, asked in order: even, bursts of equally spaced frames, or exponential gaps. */
function arrivalTimes(spec: TrafficSpec, exponential: () => number): (n: number) => number {
  const gap = 1e9 / spec.rate
  const { burst } = spec
  let at = 0
  if (burst && burst.size >= 1) {
    const size = Math.floor(burst.size)
    let start = 0
    return (n) => {
      const inBurst = n % size
      if (n > 0 && inBurst === 0)
        start += Math.max(spec.poisson ? exponential() * gap * size : gap * size, burst.gap * size)
      return start + inBurst * burst.gap
    }
  }
  if (!spec.poisson) return (n) => (n * 1e9) / spec.rate
  return (n) => {
    if (n > 0) at += exponential() * gap
    return at
  }
}
