/**
 * Whether further threads help the card's own: both ways are tried for a moment, the faster is kept for a while, and
 * then they are tried again. Results do not depend on it, only speed does. Knows no clock: it is told what slices took.
 */

/** Milliseconds of running that decide about one way. */
const TRIAL_MS = 120
/** Milliseconds until the ways are tried again. */
const KEEP_MS = 10_000
/** Several threads must be this much faster to be worth the processors they take. */
const GAIN = 1.1

type Phase = 'together' | 'alone' | 'decided'

export class ThreadChoice {
  private phase: Phase = 'together'
  private spent = 0
  private cycles = 0
  private together = 0
  private chosen = true

  /** Accounts for a slice. Gives whether the other threads shall help in the next one. */
  after(cycles: number, milliseconds: number): boolean {
    this.spent += milliseconds
    this.cycles += cycles
    if (this.spent < (this.phase === 'decided' ? KEEP_MS : TRIAL_MS)) return this.helping
    const speed = this.cycles / this.spent
    this.spent = 0
    this.cycles = 0
    if (this.phase === 'together') {
      this.together = speed
      this.phase = 'alone'
    } else if (this.phase === 'alone') {
      this.chosen = this.together > speed * GAIN
      this.phase = 'decided'
    } else this.phase = 'together'
    return this.helping
  }

  get helping(): boolean {
    return this.phase === 'together' || (this.phase === 'decided' && this.chosen)
  }
}
