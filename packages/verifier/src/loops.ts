/**
 * Loops: visits of strongly connected components, the back edges that were cut by a covering state inside one, and
 * may_goto. A state inside a loop is only final when the loop's entry state is done; until then comparisons are stricter.
 */
import { EINVAL, type Env } from './env'
import { pushBranch } from './pending'
import { markAllPrecise, propagatePrecision } from './precision'
import * as R from './reg-state'
import { UNKNOWN_SCALAR } from './reg-state'
import type { State } from './state'

const MAX_ROUNDS = 64

interface Backedge {
  readonly state: State
  readonly covering: State
}
/** One loop, reached by one chain of calls. */
export interface Visit {
  readonly name: string
  entry: State | null
  backedges: Backedge[]
}

/** Instruction a frame of a state is at: its own, or the call that made the next frame. */
export const insnOfFrame = (state: State, f: number): number =>
  f === state.frames.length - 1 ? state.insn : state.frames[f + 1]!.callsite

export class SccVisits {
  private readonly env: Env
  private readonly visits = new Map<string, Visit>()
  constructor(env: Env) {
    this.env = env
  }

  /** Call sites down to the outermost loop the state is in, and that loop's number; none: undefined. */
  private nameOf(state: State): string | undefined {
    const calls: number[] = []
    for (let f = 0; f < state.frames.length; f++) {
      const insn = insnOfFrame(state, f)
      const scc = this.env.marks.scc[insn]!
      if (scc !== 0) return `(${[...calls, scc].join(',')})`
      calls.push(insn)
    }
    return undefined
  }

  /** A new checkpoint: the first inside a loop is its entry. */
  enter(state: State): void {
    const name = this.nameOf(state)
    if (name === undefined) return
    let visit = this.visits.get(name)
    if (!visit) {
      visit = { name, entry: null, backedges: [] }
      this.visits.set(name, visit)
    }
    state.visit = visit
    if (visit.entry) return
    visit.entry = state
    if (this.env.log.full) this.env.say(`SCC enter ${name}\n`)
  }

  /** A checkpoint is done: if it was a loop's entry, marks travel along the cut back edges until nothing changes. */
  exit(state: State): void {
    const { visit } = state
    if (!visit || visit.entry !== state) return
    if (this.env.log.full) this.env.say(`SCC exit ${visit.name}\n`)
    visit.entry = null
    const { backedges } = visit
    this.env.liveStates -= backedges.length
    for (let round = 0, changed = backedges.length > 0; changed; round++) {
      if (round > MAX_ROUNDS) {
        for (const edge of backedges) markAllPrecise(this.env, edge.state)
        break
      }
      changed = false
      for (const edge of backedges) if (propagatePrecision(this.env, edge.covering, edge.state)) changed = true
    }
    visit.backedges = []
  }

  addBackedge(covering: State, state: State): void {
    const { visit } = covering
    if (!visit) return
    if (this.env.log.full) this.env.say(`SCC backedge ${visit.name}\n`)
    visit.backedges.push({ state, covering })
    this.env.liveStates++
    this.env.peakStates = Math.max(this.env.peakStates, this.env.liveStates)
  }

  /** Whether marks of this state may still change although its paths have ended. */
  incomplete(state: State): boolean {
    return state.visit !== null && state.visit.backedges.length > 0
  }
}

/** Nearest ancestor at this instruction with the same call sites. */
export function previousEntry(state: State, from: State | null, insn: number): State | null {
  for (let s = from; s !== null; s = s.parent) {
    if (s.insn === insn && sameCallsites(s, state)) return s
  }
  return null
}

export function sameCallsites(a: State, b: State): boolean {
  if (a.frames.length !== b.frames.length) return false
  for (let f = 1; f < a.frames.length; f++) if (a.frames[f]!.callsite !== b.frames[f]!.callsite) return false
  return true
}

/** Scalars that changed since the previous round and were not needed precise are forgotten, so that rounds converge. */
export function widen(old: State, state: State): void {
  old.frames.forEach((frame, f) => {
    const now = state.frames[f]!
    for (let n = 0; n < 11; n++) {
      const a = frame.regs[n]!
      const b = now.regs[n]!
      if (maybeWiden(a, b, ((frame.preciseRegs >> n) & 1) !== 0)) now.regs[n] = UNKNOWN_SCALAR
    }
    for (let k = 0; k < frame.stack.length; k++) {
      const a = frame.stack[k]!
      const b = now.stack[k]
      if (!a.isSpill || !b?.isSpill) continue
      if (maybeWiden(a.reg!, b.reg!, frame.slotPrecise(k))) now.stack[k] = b.withReg(UNKNOWN_SCALAR)
    }
  })
}
function maybeWiden(old: R.RegState, now: R.RegState, precise: boolean): boolean {
  return old.type === R.SCALAR && now.type === R.SCALAR && !precise && !old.sameValue(now)
}

/** `may_goto`: leave the loop now, or go on and come by again with one more round counted. */
export function checkMayGoto(env: Env): number {
  const { insns, insn } = env
  if (insns.op[insn] !== 0xe5 || insns.src[insn] !== 0 || insns.dst[insn] !== 0 || insns.imm[insn] !== 0) {
    env.refuse(EINVAL, `invalid may_goto imm ${insns.imm[insn]}\n`)
  }
  // The checkpoint of this very visit is no earlier round.
  const previous = previousEntry(env.state, env.state.parent?.parent ?? null, insn)
  const later = pushBranch(env, insn + 1, insn, false)
  later.mayGotoDepth++
  if (previous) widen(previous, later)
  return insn + 1 + insns.off[insn]!
}
