/**
 * The counters of a running card as one flat Float64Array: written by the card worker after each slice, read by
 * the page at most once per animation frame. Fixed layout, so that it can live in shared memory; without shared
 * memory the same array goes back and forth by transfer. Counts stay exact up to 2^53.
 */
import type { Reading } from '@offload/session'

export const MAX_QUEUES = 128
export const MAX_CORES = 64
export const MAX_CONTEXTS = MAX_CORES * 8
export const MAX_WORDS = 8192

const HEAD = 48
const QUEUES = HEAD
const BUSY = QUEUES + MAX_QUEUES
const CONTEXTS = BUSY + MAX_CORES
const WORDS = CONTEXTS + MAX_CONTEXTS
export const TELEMETRY_LENGTH = WORDS + MAX_WORDS

/** Named places in the head. `sequence` is odd while the array is being written. */
const AT = {
  sequence: 0,
  running: 1,
  now: 2,
  nanoseconds: 3,
  received: 4,
  passed: 5,
  dropped: 6,
  transmitted: 7,
  aborted: 8,
  lost: 9,
  words: 10,
  receivedBytes: 11,
  eventsSent: 12,
  eventsLost: 13,
  realMs: 14,
  workers: 15,
  generation: 16,
  queueCount: 17,
  coreCount: 18,
  contextsPerCore: 19,
  wordCount: 20,
  latencyP50: 21,
  latencyP99: 22,
  latencyMax: 23,
} as const

export interface TelemetrySource {
  readonly reading: Pick<Reading, 'now' | 'nanoseconds' | 'counters'>
  /** On the chip and on the way to the host. */
  readonly eventsLost: number
  readonly running: boolean
  readonly realMs: number
  readonly workers: number
  /** Counts program loads, so that word counts are never read against another program. */
  readonly generation: number
  readonly contextsPerCore: number
  /** One state a context, core by core: index into `CONTEXT_STATES` of `@offload/nfp-chip`. */
  readonly contexts: Uint8Array
  /** Cycles from arrival to departure of recent packets: median, 99th percentile, largest. */
  readonly latency: readonly [number, number, number]
}

export function writeTelemetry(into: Float64Array, source: TelemetrySource): void {
  const { counters, now, nanoseconds } = source.reading
  const sequence = into[AT.sequence]!
  into[AT.sequence] = sequence + 1
  into[AT.running] = source.running ? 1 : 0
  into[AT.now] = now
  into[AT.nanoseconds] = nanoseconds
  into[AT.received] = counters.received
  into[AT.passed] = counters.passed
  into[AT.dropped] = counters.dropped
  into[AT.transmitted] = counters.transmitted
  into[AT.aborted] = counters.aborted
  into[AT.lost] = counters.lost
  into[AT.words] = counters.words
  into[AT.receivedBytes] = counters.receivedBytes
  into[AT.eventsSent] = counters.eventsSent
  into[AT.eventsLost] = source.eventsLost
  into[AT.realMs] = source.realMs
  into[AT.workers] = source.workers
  into[AT.generation] = source.generation
  into[AT.queueCount] = Math.min(counters.queues.length, MAX_QUEUES)
  into[AT.coreCount] = Math.min(counters.busy.length, MAX_CORES)
  into[AT.contextsPerCore] = source.contextsPerCore
  into[AT.wordCount] = Math.min(counters.wordCounts.length, MAX_WORDS)
  into[AT.latencyP50] = source.latency[0]
  into[AT.latencyP99] = source.latency[1]
  into[AT.latencyMax] = source.latency[2]
  for (let i = 0; i < Math.min(counters.queues.length, MAX_QUEUES); i++) into[QUEUES + i] = counters.queues[i]!
  for (let i = 0; i < Math.min(counters.busy.length, MAX_CORES); i++) into[BUSY + i] = counters.busy[i]!
  for (let i = 0; i < Math.min(source.contexts.length, MAX_CONTEXTS); i++) into[CONTEXTS + i] = source.contexts[i]!
  into.set(counters.wordCounts.subarray(0, MAX_WORDS), WORDS)
  into[AT.sequence] = sequence + 2
}

/** One consistent reading, detached from the shared array. */
export interface Telemetry {
  readonly running: boolean
  readonly now: number
  readonly nanoseconds: number
  readonly received: number
  readonly passed: number
  readonly dropped: number
  readonly transmitted: number
  readonly aborted: number
  readonly lost: number
  readonly words: number
  readonly receivedBytes: number
  readonly eventsSent: number
  readonly eventsLost: number
  readonly realMs: number
  readonly workers: number
  readonly generation: number
  readonly contextsPerCore: number
  readonly latency: readonly [number, number, number]
  readonly queues: Float64Array
  readonly busy: Float64Array
  readonly contexts: Float64Array
  readonly wordCounts: Float64Array
}

export function readTelemetry(from: Float64Array): Telemetry {
  const copy = stableCopy(from)
  const cores = copy[AT.coreCount]!
  const perCore = copy[AT.contextsPerCore]!
  return {
    running: copy[AT.running] === 1,
    now: copy[AT.now]!,
    nanoseconds: copy[AT.nanoseconds]!,
    received: copy[AT.received]!,
    passed: copy[AT.passed]!,
    dropped: copy[AT.dropped]!,
    transmitted: copy[AT.transmitted]!,
    aborted: copy[AT.aborted]!,
    lost: copy[AT.lost]!,
    words: copy[AT.words]!,
    receivedBytes: copy[AT.receivedBytes]!,
    eventsSent: copy[AT.eventsSent]!,
    eventsLost: copy[AT.eventsLost]!,
    realMs: copy[AT.realMs]!,
    workers: copy[AT.workers]!,
    generation: copy[AT.generation]!,
    contextsPerCore: perCore,
    latency: [copy[AT.latencyP50]!, copy[AT.latencyP99]!, copy[AT.latencyMax]!],
    queues: copy.slice(QUEUES, QUEUES + copy[AT.queueCount]!),
    busy: copy.slice(BUSY, BUSY + cores),
    contexts: copy.slice(CONTEXTS, CONTEXTS + cores * perCore),
    wordCounts: copy.slice(WORDS, WORDS + copy[AT.wordCount]!),
  }
}

/** A writer in another thread may be half-way: take the copy again when the sequence moved under us. */
function stableCopy(from: Float64Array): Float64Array {
  let copy = from.slice(0, TELEMETRY_LENGTH)
  for (let attempt = 0; attempt < 4; attempt++) {
    if (copy[AT.sequence]! % 2 === 0 && from[AT.sequence] === copy[AT.sequence]) break
    copy = from.slice(0, TELEMETRY_LENGTH)
  }
  return copy
}

export const EMPTY_TELEMETRY: Telemetry = readTelemetry(new Float64Array(TELEMETRY_LENGTH))
