/**
 * The graph's memory: readings of the counters over simulated time. Kept twice, as the last few hundred readings
 * and as the whole run in bins that double their width when they are full; so memory stays small over hours.
 */
import type { Telemetry } from '../workers/telemetry'

export const SERIES = ['received', 'passed', 'dropped', 'transmitted', 'aborted', 'lost'] as const
export type SeriesName = (typeof SERIES)[number]

interface Sample {
  readonly nanoseconds: number
  readonly counts: readonly number[]
}

/** Packets per second of each series over one stretch of simulated time. */
export interface RatePoint {
  /** End of the stretch, nanoseconds. */
  readonly at: number
  readonly rates: Readonly<Record<SeriesName, number>>
}

const RECENT = 240
const WHOLE = 240
const LEAST_PACKETS = 30

export class RateHistory {
  private recent: Sample[] = []
  private whole: Sample[] = []
  /** Least simulated time between two samples of `whole`. */
  private stride = 0
  private last: Sample | undefined

  add(telemetry: Telemetry): void {
    if (this.last !== undefined && telemetry.nanoseconds < this.last.nanoseconds) this.clear()
    if (this.last !== undefined && this.tooShort(telemetry, this.last)) return
    const sample: Sample = { nanoseconds: telemetry.nanoseconds, counts: SERIES.map((name) => telemetry[name]) }
    this.last = sample
    this.recent.push(sample)
    if (this.recent.length > RECENT) this.recent.shift()
    const newest = this.whole.at(-1)
    if (newest === undefined || sample.nanoseconds - newest.nanoseconds >= this.stride) this.whole.push(sample)
    if (this.whole.length > WHOLE) {
      this.whole = this.whole.filter((_, index) => index % 2 === 0)
      this.stride = (this.whole.at(-1)!.nanoseconds - this.whole[0]!.nanoseconds) / (this.whole.length - 1)
    }
  }

  /** A few packets say nothing about a rate, unless few is what there is. */
  private tooShort(telemetry: Telemetry, last: Sample): boolean {
    const elapsed = telemetry.nanoseconds - last.nanoseconds
    if (elapsed === 0) return true
    const before = this.recent.at(-2)
    const usual = before === undefined ? 0 : last.nanoseconds - before.nanoseconds
    return telemetry.received - last.counts[0]! < LEAST_PACKETS && elapsed < usual * 4
  }

  clear(): void {
    this.recent = []
    this.whole = []
    this.stride = 0
    this.last = undefined
  }

  points(span: 'recent' | 'whole'): RatePoint[] {
    const samples = span === 'recent' ? this.recent : this.whole
    const points: RatePoint[] = []
    for (let i = 1; i < samples.length; i++) points.push(pointBetween(samples[i - 1]!, samples[i]!))
    return points
  }

  /** Rates over the last half second or so of the page's time. */
  current(): RatePoint | undefined {
    const to = this.recent.at(-1)
    const from = this.recent.at(-Math.min(this.recent.length, 8))
    return to === undefined || from === undefined || from === to ? undefined : pointBetween(from, to)
  }
}

function pointBetween(from: Sample, to: Sample): RatePoint {
  const seconds = (to.nanoseconds - from.nanoseconds) / 1e9
  const rates = {} as Record<SeriesName, number>
  SERIES.forEach((name, index) => {
    rates[name] = (to.counts[index]! - from.counts[index]!) / seconds
  })
  return { at: to.nanoseconds, rates }
}
