/**
 * The runs behind a lesson's checks: a program, its traffic, the packets as they came and as they went. Runs are made
 * once for all checks that ask the same. Limited in packets by the lesson's form, in time by `cancelled`.
 */
import type { ChipCounters, PacketRecord } from '@offload/nfp-chip'
import { compile } from '../compile'
import type { Compilation, MapView } from '../api'
import type { SessionDocument } from '../document'
import { createPlayback } from '../playback'
import { frameSource } from '../traffic'
import { frameFacts } from './frame-facts'
import type { FrameFacts } from './frame-facts'
import type { Check } from './lesson'

export class Cancelled extends Error {}

export interface LessonRun {
  /** In order of arrival. */
  readonly frames: readonly FrameFacts[]
  readonly records: readonly PacketRecord[]
  readonly counters: ChipCounters
  /** RX queues in use. */
  readonly queues: number
  readonly events: number
  readonly eventsLost: number
  readonly maps: readonly MapView[]
}

type Played = Pick<Extract<Check, { kind: 'outcome' }>, 'packets' | 'traffic' | 'write'>

/** Packets between two looks at records and events, of which the host keeps no more than fit its rings, and at `cancelled`. */
const PIECE = 512

/** All runs of one grading. */
export class LessonRuns {
  private readonly document: SessionDocument
  private readonly cancelled: () => boolean
  private readonly compilations = new Map<string, Compilation>()
  private readonly runs = new Map<string, LessonRun | string>()

  constructor(document: SessionDocument, cancelled: () => boolean) {
    this.document = document
    this.cancelled = cancelled
  }

  compiled(source: string): Compilation {
    const known = this.compilations.get(source)
    if (known !== undefined) return known
    const made = compile({ ...this.document, source }, { logLevel: 1, cancelled: this.cancelled })
    if (this.cancelled()) throw new Cancelled()
    this.compilations.set(source, made)
    return made
  }

  /** The run, or one sentence about why there is none. */
  played(source: string, how: Played, whole = false): LessonRun | string {
    const key = JSON.stringify([source, how.packets, how.traffic, how.write, whole])
    const known = this.runs.get(key)
    if (known !== undefined) return known
    const made = this.play(source, how, whole)
    this.runs.set(key, made)
    return made
  }

  /** `whole`: without a pause between packets, so that arrival times and losses are those of the rate. */
  private play(source: string, { packets, traffic, write }: Played, whole: boolean): LessonRun | string {
    const { stopAfter: _, ...base } = this.document
    const document: SessionDocument = {
      ...base,
      source,
      ...(traffic === undefined ? {} : { traffic: { kind: 'synthetic', spec: traffic } }),
    }
    const compilation = this.compiled(source)
    if (!compilation.ok) return compilation.diagnostics[0]?.message ?? 'The program was refused.'
    const made = createPlayback(document, compilation)
    if (!made.ok) return made.error
    const { playback } = made
    const arriving = frameSource(document.traffic, 2)
    if (!arriving.ok) return arriving.error
    const frames: FrameFacts[] = []
    const records: PacketRecord[] = []
    let events = 0
    let written = write === undefined
    while (frames.length < packets) {
      if (this.cancelled()) throw new Cancelled()
      if (write !== undefined && !written && frames.length >= write.after) {
        const error = playback.mapUpdate(write.entry.map, write.entry.key, write.entry.value)
        if (error !== undefined) return error
        written = true
      }
      const until = written ? packets : Math.min(packets, write!.after)
      const wanted = whole ? until - frames.length : Math.min(PIECE, until - frames.length)
      const offered = playback.runPackets(wanted)
      for (let n = 0; n < offered; n++) {
        const frame = arriving.source.next()
        if (frame !== undefined) frames.push(frameFacts(frame.data))
      }
      const reading = playback.read()
      records.push(...reading.packets)
      events += reading.events.length
      if (offered < wanted) break
    }
    return {
      frames,
      records: records.sort((a, b) => a.number - b.number),
      counters: playback.read().counters,
      queues: document.queues,
      events,
      eventsLost: playback.eventsLost(),
      maps: playback.maps(4096),
    }
  }
}
