/**
 * The worker that plays the card: owns one `Playback`, runs it in slices of a few milliseconds between which it
 * answers commands, and leaves its counters in the telemetry array. Commands come through Comlink; nothing is
 * sent per packet. It computes nothing that an engine should.
 */
import { expose, transfer } from 'comlink'
import { createPlayback } from '@offload/session'
import type { Compilation, EventView, MapView, Playback, SessionDocument, Traffic } from '@offload/session'
import type { ContextView, PacketRecord } from '@offload/nfp-chip'
import { LatencyWindow } from './latency-window'
import { Recent } from './recent'
import { TELEMETRY_LENGTH, writeTelemetry } from './telemetry'

export type StepSize = 'packet' | 'insn' | 'word' | 'cycle'

export interface LoadAnswer {
  readonly ok: boolean
  readonly error?: string
}

/** Where a paused card stands: the context that runs next. */
export interface Stop {
  readonly now: number
  readonly received: number
  readonly stateHash: string
  readonly context?: ContextView
  /** Its word, counted from the first word of the program; negative or beyond the end: firmware. */
  readonly programWord?: number
}

export interface NumberedEvent extends EventView {
  readonly number: number
}

/** How long one slice computes before commands get their turn (milliseconds). */
const SLICE_MS = 8
const KEPT_PACKETS = 400
const KEPT_EVENTS = 2000

let playback: Playback | undefined
let telemetry: Float64Array = new Float64Array(TELEMETRY_LENGTH)
let running = false
/** Bumped whenever a run ends or another begins, so that a late slice of the old one does nothing. */
let runNumber = 0
let realMs = 0
let generation = 0
/** Packets at which the run ends; Infinity runs on. */
let stopAt = Infinity
/** Simulated nanoseconds per real nanosecond; Infinity runs as fast as it can. */
let ratio = Infinity
let sliceCycles = 2000
let received = 0
let contexts = new Uint8Array(0)
let latency = new LatencyWindow()
let packets = new Recent<PacketRecord>(KEPT_PACKETS)
let events = new Recent<EventView>(KEPT_EVENTS)

/** Yields to the message queue without the 4 ms floor of nested timers. */
const channel = new MessageChannel()
let resume: (() => void) | undefined
channel.port1.onmessage = () => resume?.()
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    resume = resolve
    channel.port2.postMessage(0)
  })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function must(): Playback {
  if (playback === undefined) throw new Error('No program has been loaded yet.')
  return playback
}

/** Take what happened since the last call and publish the counters. */
function publish(): void {
  if (playback === undefined) return
  const reading = playback.read()
  received = reading.counters.received
  for (const packet of reading.packets) {
    packets.push(packet)
    latency.push(packet.departed - packet.arrived)
  }
  for (const event of reading.events) events.push(event)
  const states = playback.contextStates()
  if (contexts.length !== states.length) contexts = new Uint8Array(states.length)
  contexts.set(states)
  writeTelemetry(telemetry, {
    reading,
    running,
    realMs,
    workers: playback.workers,
    generation,
    contextsPerCore: reading.counters.busy.length === 0 ? 0 : Math.round(states.length / reading.counters.busy.length),
    contexts,
    latency: latency.quantiles(),
  })
}

/** One slice of about `SLICE_MS`; adapts how many cycles that is. */
function slice(card: Playback): void {
  const begun = performance.now()
  if (stopAt === Infinity) card.run(sliceCycles)
  else card.runPackets(Math.max(1, Math.min(stopAt - received, Math.ceil(sliceCycles / 100))))
  const took = performance.now() - begun
  realMs += took
  if (took < SLICE_MS / 2) sliceCycles = Math.min(sliceCycles * 2, 50_000_000)
  else if (took > SLICE_MS * 1.5) sliceCycles = Math.max(64, Math.floor((sliceCycles * SLICE_MS) / took))
}

/** Run until the wanted number of packets (true) or until another command takes over (false). */
async function loop(): Promise<boolean> {
  const mine = ++runNumber
  running = true
  publish()
  let credit = performance.now()
  let simulated = must().read().nanoseconds
  while (running && mine === runNumber && playback !== undefined) {
    if (ratio !== Infinity) {
      const due = (performance.now() - credit) * 1e6 * ratio
      if (must().now() > 0 && nanosecondsNow() - simulated >= due) {
        publish()
        await sleep(8)
        continue
      }
      sliceCycles = Math.max(1, Math.min(sliceCycles, Math.ceil(ratio * 8e6)))
    }
    slice(playback)
    publish()
    if (received >= stopAt) {
      running = false
      stopAt = Infinity
      publish()
      return true
    }
    if (performance.now() - credit > 1000) {
      credit = performance.now()
      simulated = nanosecondsNow()
    }
    await breathe()
  }
  return false
}

function nanosecondsNow(): number {
  return must().nanoseconds()
}

const card = {
  /** Counters go to shared memory from now on; without this call the page asks with `sample`. */
  shareTelemetry(buffer: SharedArrayBuffer): void {
    telemetry = new Float64Array(buffer)
    publish()
  },

  /** The counters in the array that the page lent, given back by transfer. */
  sample(lent: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    lent.set(telemetry)
    return transfer(lent, [lent.buffer])
  },

  /** A new card with this document's program, traffic and maps, at cycle 0. */
  load(document: SessionDocument, compilation: Compilation): LoadAnswer {
    runNumber++
    running = false
    const made = createPlayback(document, compilation)
    if (!made.ok) return { ok: false, error: made.error }
    playback = made.playback
    realMs = 0
    received = 0
    generation++
    stopAt = Infinity
    sliceCycles = 2000
    packets = new Recent(KEPT_PACKETS)
    events = new Recent(KEPT_EVENTS)
    latency = new LatencyWindow()
    publish()
    return { ok: true }
  },

  /** Another program on the running card, maps kept where their shape allows. */
  replace(compilation: Compilation): LoadAnswer {
    const answer = must().replaceProgram(compilation)
    if (answer.ok) {
      generation++
      publish()
    }
    return answer
  },

  /** Run on, or for so many more packets. Answers when the run ends: where, or nothing if a command ended it. */
  async run(morePackets?: number): Promise<Stop | undefined> {
    stopAt = morePackets === undefined ? Infinity : received + morePackets
    return (await loop()) ? card.stop() : undefined
  },

  pause(): Stop {
    runNumber++
    running = false
    stopAt = Infinity
    publish()
    return card.stop()
  },

  /** Where the card stands now. */
  stop(): Stop {
    const here = must()
    const context = here.current()
    return { now: here.now(), received, stateHash: here.stateHash(), ...(context === undefined ? {} : { context }) }
  },

  step(size: StepSize): Stop {
    runNumber++
    running = false
    must().step(size)
    publish()
    return card.stop()
  },

  setSpeed(simulatedPerReal: number | null): void {
    ratio = simulatedPerReal ?? Infinity
  },

  maps(limit: number): readonly MapView[] {
    return playback === undefined ? [] : playback.maps(limit)
  },

  mapUpdate(map: number, key: string, value: string): LoadAnswer {
    return must().mapUpdate(map, key, value)
  },

  mapDelete(map: number, key: string): LoadAnswer {
    return must().mapDelete(map, key)
  },

  setTraffic(traffic: Traffic): LoadAnswer {
    return must().setTraffic(traffic)
  },

  setIndirection(table: readonly number[]): void {
    must().setIndirection(table)
  },

  /** Newest first. */
  recentPackets(limit: number): readonly PacketRecord[] {
    return packets.newest(limit).map(({ item }) => item)
  },

  /** Newest first, numbered from 1 in order of arrival. */
  recentEvents(limit: number): readonly NumberedEvent[] {
    return events.newest(limit).map(({ item, number }) => ({ ...item, number }))
  },

  /** Every event kept, oldest first, for an export. */
  allEvents(): readonly EventView[] {
    return events.newest(KEPT_EVENTS).map(({ item }) => item).reverse()
  },

  contexts(core: number): readonly ContextView[] {
    return playback === undefined ? [] : playback.contexts(core)
  },
}

export type CardWorker = typeof card

expose(card)
