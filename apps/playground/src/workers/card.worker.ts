/**
 * The worker that plays the card: owns one `Playback`, runs it in slices of a few milliseconds between which it
 * answers commands, and leaves its counters in the telemetry array. Commands come through Comlink; nothing is
 * sent per packet. It computes nothing that an engine should.
 */
import { expose, transfer } from 'comlink'
import { completeCommand, hostView, openXskApplication, runCommand } from '@offload/host'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { createPlayback } from '@offload/session'
import type { Compilation, EventView, MapView, Playback, SessionDocument, StepSize, Traffic } from '@offload/session'
import type { Completion, HostView, ToolResult, XskApplication } from '@offload/host'
import { defaultQueue } from '@offload/nfp-chip'
import type { ChipShare, ContextView, PacketRecord } from '@offload/nfp-chip'
import { LatencyWindow } from './latency-window'
import { Recent } from './recent'
import { ThreadChoice } from './thread-choice'
import { TELEMETRY_LENGTH, writeTelemetry } from './telemetry'

export type { StepSize }

export type Answer = { readonly ok: true } | { readonly ok: false; readonly error: string }

/** Where a paused card stands. */
export interface Stop {
  readonly now: number
  readonly received: number
  readonly stateHash: string
  /** The context that runs next, if any. */
  readonly context?: ContextView
  /** Its word, counted from the first word of the program; -1: firmware. */
  readonly programWord: number
}

export interface NumberedEvent extends EventView {
  readonly number: number
}

/** What an application with an AF_XDP socket does with its packets. */
export type XskReading = 'read' | 'echo' | 'idle'

/** Packets by queue of a sample, as the program chose and as the default hash would. */
export interface QueueChoices {
  readonly chosen: readonly number[]
  readonly hash: readonly number[]
}

/** How long one slice computes before commands get their turn (milliseconds). */
const SLICE_MS = 8
/** Counters are published no more often than a screen is drawn. */
const PUBLISH_MS = 14
/**
 * A run of so many packets goes in bursts of this many, each to its end. Part of what "the same state after the same
 * packets" means: never adapt it to the machine.
 */
const BURST = 1000
const KEPT_PACKETS = 400
const KEPT_EVENTS = 4000
const CONTEXTS_PER_CORE = 4
/** Entries of the rings of an AF_XDP socket, and chunks of its memory. */
const XSK_ENTRIES = 2048
/** With four contexts a core uses the even ones of its eight. */
const CONTEXT_STEP = 2

let playback: Playback | undefined
let telemetry: Float64Array = new Float64Array(TELEMETRY_LENGTH)
let members = 1
/** Present when other threads have joined and it is open whether they make the card faster. */
let threads: ThreadChoice | undefined
let running = false
/** Bumped whenever a run ends or another begins, so that a late slice of the old one does nothing. */
let runNumber = 0
let realMs = 0
let generation = 0
/** Simulated nanoseconds per real nanosecond; Infinity runs as fast as it can. */
let ratio = Infinity
let sliceCycles = 2000
let published = 0
let received = 0
let contexts = new Uint8Array(0)
let latency = new LatencyWindow()
let packets = new Recent<PacketRecord>(KEPT_PACKETS)
let events = new Recent<EventView>(KEPT_EVENTS)
let applications = new Map<number, { readonly application: XskApplication; reading: XskReading }>()

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

const answer = (error: string | undefined): Answer => (error === undefined ? { ok: true } : { ok: false, error })

/** Take what happened since the last call and publish the counters. */
function publish(): void {
  if (playback === undefined) return
  published = performance.now()
  const reading = playback.read()
  received = reading.counters.received
  for (const packet of reading.packets) {
    packets.push(packet)
    latency.push(packet.departed - packet.arrived)
  }
  for (const event of reading.events) events.push(event)
  const chip = playback.chip.telemetry
  if (contexts.length !== chip.contextCount) contexts = new Uint8Array(chip.contextCount)
  chip.contextStates(contexts)
  writeTelemetry(telemetry, {
    reading,
    eventsLost: playback.eventsLost(),
    running,
    realMs,
    workers: threads === undefined || threads.helping ? members : 1,
    generation,
    contextsPerCore: CONTEXTS_PER_CORE,
    contexts,
    latency: latency.quantiles(),
  })
}

/** One slice of about `SLICE_MS`; adapts how many cycles that is. */
function slice(card: Playback, most: number): void {
  const begun = performance.now()
  const cycles = Math.min(sliceCycles, most)
  card.run(cycles)
  for (const { application, reading } of applications.values())
    if (reading === 'read') application.read()
    else if (reading === 'echo') application.echo()
  const took = performance.now() - begun
  realMs += took
  if (threads !== undefined) card.chip.parallel(threads.after(cycles, took))
  if (took < SLICE_MS / 2) sliceCycles = Math.min(sliceCycles * 2, 50_000_000)
  else if (took > SLICE_MS * 1.5) sliceCycles = Math.max(64, Math.floor((sliceCycles * SLICE_MS) / took))
}

/** Run until another command takes over. */
async function runOn(card: Playback): Promise<void> {
  const mine = ++runNumber
  running = true
  publish()
  let since = performance.now()
  let simulated = card.nanoseconds
  while (mine === runNumber) {
    let most = Infinity
    if (ratio !== Infinity) {
      // Simulated time that is due by now and has not been run.
      const due = simulated + (performance.now() - since) * 1e6 * ratio - card.nanoseconds
      most = Math.floor((due * card.chip.config.device.clockMHz) / 1000)
      if (most < 1) {
        publish()
        await sleep(PUBLISH_MS)
        continue
      }
    } else {
      since = performance.now()
      simulated = card.nanoseconds
    }
    slice(card, most)
    if (performance.now() - published > PUBLISH_MS) publish()
    await breathe()
  }
}

/** Let exactly so many packets arrive and leave. True when they did, false when another command took over. */
async function runBursts(card: Playback, count: number): Promise<boolean> {
  const mine = ++runNumber
  running = true
  for (let left = count; left > 0;) {
    const begun = performance.now()
    const done = card.runPackets(Math.min(BURST, left))
    realMs += performance.now() - begun
    publish()
    await breathe()
    if (mine !== runNumber) return false
    left -= done
    if (done === 0) break
  }
  running = false
  publish()
  return true
}

/** End whatever runs; its loop sees the number and leaves. */
function halt(): void {
  runNumber++
  running = false
}

/** The first context that is ready or running, as the card counts them. */
function nextContext(card: Playback): ContextView | undefined {
  for (let index = 0; index < contexts.length; index++) {
    const view = card.chip.context(Math.floor(index / CONTEXTS_PER_CORE), CONTEXT_STEP * (index % CONTEXTS_PER_CORE))
    if (view.state === 'running' || view.state === 'ready') return view
  }
  return undefined
}

function wordOf(card: Playback, context: ContextView | undefined): number {
  const start = FIRMWARE_PROFILES[card.document.firmware].startOff[0] ?? 0
  const word = context === undefined ? -1 : context.pc - start
  return word >= 0 && word < card.chip.telemetry.wordCounts().length ? word : -1
}

function stopAt(card: Playback, context: ContextView | undefined): Stop {
  return {
    now: card.now,
    received,
    stateHash: card.stateHash(),
    programWord: wordOf(card, context),
    ...(context === undefined ? {} : { context }),
  }
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
  load(document: SessionDocument, compilation: Compilation, shared: boolean): Answer {
    halt()
    playback?.chip.dismiss()
    members = 1
    threads = undefined
    const made = createPlayback(document, compilation, { shared })
    if (!made.ok) return made
    playback = made.playback
    realMs = 0
    received = 0
    generation++
    sliceCycles = 2000
    packets = new Recent(KEPT_PACKETS)
    events = new Recent(KEPT_EVENTS)
    latency = new LatencyWindow()
    applications = new Map()
    publish()
    return { ok: true }
  },

  /** What further threads need to join as members 1 … count − 1. Until they have, this thread does the work alone; `settled`: then they help in any case. */
  share(count: number, settled: boolean): ChipShare {
    members = count
    threads = settled ? undefined : new ThreadChoice()
    return must().share(count)
  },

  /** Another program on the running card, maps kept where their shape allows. */
  replace(compilation: Compilation): Answer {
    const result = must().replaceProgram(compilation)
    if (result.ok) {
      generation++
      publish()
    }
    return result
  },

  /** Run on, or for so many more packets. Answers when the run ends: where, or nothing if a command ended it. */
  async run(morePackets?: number): Promise<Stop | undefined> {
    const here = must()
    if (morePackets === undefined) {
      await runOn(here)
      return undefined
    }
    return (await runBursts(here, morePackets)) ? stopAt(here, nextContext(here)) : undefined
  },

  pause(): Stop {
    halt()
    publish()
    return stopAt(must(), nextContext(must()))
  },

  step(size: StepSize): Stop {
    halt()
    const here = must()
    const end = here.step(size)
    publish()
    return stopAt(
      here,
      end === undefined || size === 'packet' ? nextContext(here) : here.chip.context(end.core, end.context),
    )
  },

  setSpeed(simulatedPerReal: number | null): void {
    ratio = simulatedPerReal ?? Infinity
  },

  maps(limit: number): readonly MapView[] {
    return playback === undefined ? [] : playback.maps(limit)
  },

  mapUpdate(map: string, key: string, value: string): Answer {
    return answer(must().mapUpdate(map, key, value))
  },

  mapDelete(map: string, key: string): Answer {
    return answer(must().mapDelete(map, key))
  },

  setTraffic(traffic: Traffic): Answer {
    const result = must().setTraffic(traffic)
    return result.ok ? { ok: true } : { ok: false, error: result.error ?? 'This traffic cannot be played.' }
  },

  setIndirection(table: readonly number[]): Answer {
    return answer(must().setIndirection(table))
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
    return events
      .newest(KEPT_EVENTS)
      .map(({ item }) => item)
      .reverse()
  },

  /** One line for the host's shell. */
  command(line: string): ToolResult {
    return runCommand(must().machine, line)
  },

  /** What can stand at the end of a line. */
  complete(line: string): Completion {
    return completeCommand(must().machine, line)
  },

  /** The host's calls, objects, interfaces and sockets. */
  host(limit: number): HostView | undefined {
    return playback === undefined ? undefined : hostView(playback.machine, limit)
  },

  /** One frame made by hand, at a port, now. */
  sendFrame(port: number, data: Uint8Array): Answer {
    return answer(must().send(port, data))
  },

  /** The last packets that passed port 0, by queue. */
  queueChoices(): QueueChoices {
    const { machine, document } = must()
    const { indirection } = machine.netdevs[0]!
    const [chosen, hash] = [0, 1].map(() => Array<number>(document.queues).fill(0)) as [number[], number[]]
    for (const { item } of packets.newest(KEPT_PACKETS)) {
      if (item.outcome !== 'pass' || item.port !== 0 || item.queue < 0) continue
      chosen[item.queue]!++
      hash[defaultQueue(item.data, indirection)]!++
    }
    return { chosen, hash }
  },

  /** Starts an application with a socket on a queue of port 0. */
  openSocket(queue: number): Answer {
    const { machine } = must()
    const made = openXskApplication(machine, machine.netdevs[0]!.ifindex, queue, {
      chunks: XSK_ENTRIES,
      chunkSize: 2048,
      ringSize: XSK_ENTRIES,
    })
    if (!made.ok) return made
    applications.set(made.application.socket.id, { application: made.application, reading: 'read' })
    return { ok: true }
  },

  setReading(socket: number, reading: XskReading): void {
    const found = applications.get(socket)
    if (found !== undefined) found.reading = reading
  },

  closeSocket(socket: number): void {
    applications.get(socket)?.application.close()
    applications.delete(socket)
  },

  contexts(core: number): readonly ContextView[] {
    if (playback === undefined) return []
    const { chip } = playback
    return [...Array(CONTEXTS_PER_CORE).keys()].map((slot) => chip.context(core, CONTEXT_STEP * slot))
  },
}

export type CardWorker = typeof card

expose(card)
