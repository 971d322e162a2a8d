/**
 * What the page shows of a walk: one step per visited instruction, each with the state before it and the step it
 * continues; where a path ends early, which explored state covers it. Bounded; the rest of the walk is then not recorded.
 */
import type { Cover, VerifierStep } from './api'
import type { Env } from './env'
import { stateText } from './state-text'
import { REG_COUNT } from './state'

export const MAX_STEPS = 200_000

export class Recorder {
  readonly steps: VerifierStep[] = []
  truncated = false

  /** The instruction at hand is about to be checked. */
  step(env: Env): void {
    const index = this.steps.length
    if (!this.add(env, {})) return
    // A checkpoint made here is this step's state; nothing else is kept in its `step`.
    if (env.newestCheckpoint?.insn === env.insn && env.state.parent === env.newestCheckpoint)
      env.newestCheckpoint.step = index
    env.newestCheckpoint = null
  }
  /** The path ends here: an explored state covers it. */
  covered(env: Env): void {
    const by = coverOf(env)
    this.add(env, by === undefined ? { covered: true } : { covered: true, coveredBy: by })
  }
  private add(env: Env, more: Partial<VerifierStep>): boolean {
    if (this.steps.length >= MAX_STEPS) {
      this.truncated = true
      return false
    }
    const state = stateText(env.state, env.curFrame, env.maps).trim()
    this.steps.push({ insn: env.insn, frame: env.curFrame, state, parent: env.state.step, ...more })
    env.state.step = this.steps.length - 1
    return true
  }
}

function coverOf(env: Env): Cover | undefined {
  const old = env.coveredBy
  env.coveredBy = null
  if (old === null || old.step < 0) return undefined
  const frame = old.current
  let live = env.marks.live[env.insn]!
  // Cleared when the checkpoint was cleaned: nobody reads them.
  for (let n = 0; n < REG_COUNT; n++) if (!frame.isInit(n)) live &= ~(1 << n)
  return { step: old.step, live, precise: frame.preciseRegs, loop: old.branches > 0 }
}
