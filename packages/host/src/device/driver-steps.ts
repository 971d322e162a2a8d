/**
 * What the kernel asked of the card's driver, callback by callback, newest last: creating maps, judging and translating
 * programs, putting them on ports, letting everything go. The order is that of nfp-offload.md, section 2. Calls of the
 * same callback in a row (the question about each instruction) are one step with a count.
 */

export type DriverCallback =
  | 'map_alloc'
  | 'map_free'
  | 'verifier_prep'
  | 'verify_insn'
  | 'finalize'
  | 'translate'
  | 'destroy'
  | 'load'
  | 'stop'

export interface DriverStep {
  readonly sequence: number
  /** Nanoseconds of machine time. */
  readonly time: number
  readonly callback: DriverCallback
  /** For people: `hash, 1024 entries of 4 + 8 bytes`, `57 words`, `port 0`. */
  readonly detail: string
  /** 0 or a positive errno. */
  readonly errno: number
}

/** Steps that are kept; older ones go. */
const CAPACITY = 1000

export class DriverSteps {
  private entries: DriverStep[] = []
  private sequence = 0
  /** Steps by callback, all of them. */
  readonly counts = new Map<DriverCallback, number>()

  add(time: number, callback: DriverCallback, detail: string, errno = 0): void {
    this.sequence++
    this.counts.set(callback, (this.counts.get(callback) ?? 0) + 1)
    this.entries.push({ sequence: this.sequence, time, callback, detail, errno: Math.abs(errno) })
    if (this.entries.length > CAPACITY * 2) this.entries = this.entries.slice(-CAPACITY)
  }

  list(): readonly DriverStep[] {
    return this.entries.slice(-CAPACITY)
  }
}
