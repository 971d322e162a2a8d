/**
 * Search for the highest rate without loss (RFC 2544, section 26.1): halves the interval between a rate that lost nothing
 * and one that lost something. A generator, so that whoever runs the trials can take its time over them.
 */

export interface NoDropSearch {
  /** Highest rate to try, packets a second: the line's. */
  readonly max: number
  /** Stop when the interval is smaller than this share of `max`; default 0.01. */
  readonly precision?: number
  /** Lost packets that still count as none; default 0. */
  readonly tolerated?: number
}

export interface NoDropResult {
  /** Highest rate without loss that was seen; 0 when every trial lost packets. */
  readonly rate: number
  readonly trials: readonly { readonly rate: number; readonly lost: number }[]
}

/** Yields the rate to try next and is given the packets that were lost at it. */
export function* searchNoDropRate(options: NoDropSearch): Generator<number, NoDropResult, number> {
  const trials: { rate: number; lost: number }[] = []
  const tolerated = options.tolerated ?? 0
  let good = 0
  let bad = options.max
  let rate = options.max
  const least = Math.max(1, options.max * (options.precision ?? 0.01))
  for (;;) {
    const lost = yield rate
    trials.push({ rate, lost })
    if (lost <= tolerated) good = rate
    else bad = rate
    // The line itself holds: nothing higher exists.
    if (good === options.max || bad - good < least) return { rate: good, trials }
    rate = (good + bad) / 2
  }
}
