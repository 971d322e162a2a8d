/**
 * The highest rate of a document's traffic at which the card loses nothing (RFC 2544, section 26.1): trials of a fixed
 * number of packets on fresh cards, each with the document's program, maps and mix, at rates that close in on the limit.
 */
import { lineRate, meanFrameSize, searchNoDropRate } from '@offload/packet'
import type { NoDropResult } from '@offload/packet'
import { DEVICES } from '@offload/nfp-chip'
import type { Compilation } from './api'
import type { SessionDocument } from './document'
import { createPlayback } from './playback'

export interface NoDropTrial {
  /** Packets a second. */
  readonly rate: number
  readonly sent: number
  /** Lost in the card, before a program saw them. */
  readonly lost: number
}

export interface NoDropAnswer extends NoDropResult {
  /** Line rate for the mix, packets a second over all its ports. */
  readonly line: number
}

export interface NoDropOptions {
  /** Packets of a trial; default 20,000, enough to fill every buffer of the card several times. */
  readonly packets?: number
  /** Share of the line's rate at which the search ends; default 0.01. */
  readonly precision?: number
}

/** Yields each trial as it is done; returns the rate. Only for synthetic traffic. Throws where the document does not run. */
export function* noDropRate(
  document: SessionDocument,
  compilation: Compilation,
  options: NoDropOptions = {},
): Generator<NoDropTrial, NoDropAnswer, void> {
  const { traffic } = document
  const device = DEVICES[document.device]
  if (traffic.kind !== 'synthetic' || !device) throw new Error('a rate can be searched for synthetic traffic only')
  const { spec } = traffic
  const ports = new Set([...(spec.ports ?? [0]), ...spec.kinds.flatMap(({ port }) => port ?? [])]).size
  const line = ports * lineRate(meanFrameSize(spec.kinds), device.portGbps)
  const search = searchNoDropRate({ max: line, precision: options.precision ?? 0.01 })
  let step = search.next()
  while (!step.done) {
    const rate = step.value
    const trial = { ...document, traffic: { kind: 'synthetic' as const, spec: { ...spec, rate } } }
    const made = createPlayback(trial, compilation, { snapLength: 64 })
    if (!made.ok) throw new Error(made.error)
    const { playback } = made
    const sent = playback.runPackets(options.packets ?? 20_000)
    const { lost } = playback.read().counters
    yield { rate, sent, lost }
    step = search.next(lost)
  }
  return { ...step.value, line }
}
