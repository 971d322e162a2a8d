/**
 * What the page shows of a walk: one step per visited instruction, each with the state before it and the step it
 * continues. Bounded; the rest of the walk is then not recorded.
 */
import type { VerifierStep } from './api'
import type { Env } from './env'
import { stateText } from './state-text'

export const MAX_STEPS = 200_000

export class Recorder {
  readonly steps: VerifierStep[] = []
  truncated = false

  /** The instruction at hand is about to be checked. */
  step(env: Env): void {
    this.add(env, false)
  }
  /** The path ends here: an explored state covers it. */
  covered(env: Env): void {
    this.add(env, true)
  }
  private add(env: Env, pruned: boolean): void {
    if (this.steps.length >= MAX_STEPS) {
      this.truncated = true
      return
    }
    const state = stateText(env.state, env.curFrame, env.maps).trim()
    const step = { insn: env.insn, frame: env.curFrame, state, parent: env.state.step }
    this.steps.push(pruned ? { ...step, covered: true } : step)
    env.state.step = this.steps.length - 1
  }
}
