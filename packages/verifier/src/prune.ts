/**
 * At places where paths meet: is the present state covered by one that was explored (then the path ends), is the walk
 * in an endless loop, should the state be kept as a checkpoint. Heuristics and limits are the kernel's, since counts
 * and verdicts of large programs depend on them.
 */
import { EINVAL, Refusal, type Env } from './env'
import { noteJump } from './history'
import * as i64 from './int64'
import { insnOfFrame, sameCallsites } from './loops'
import { propagatePrecision } from './precision'
import * as R from './reg-state'
import { UNKNOWN_SCALAR, type RegState } from './reg-state'
import * as S from './stack-slot'
import type { StackSlot } from './stack-slot'
import { FP, MAIN_CALLSITE, REG_COUNT, type Frame, type State } from './state'
import * as tnum from './tnum'
import { propagateWideReads } from './wide-reads'

/** How strict a comparison is: only what was relied on; all ranges; everything alike. */
type Strictness = 'relied' | 'within' | 'exact'

/** Checkpoints by instruction and call site, newest first. */
export class Explored {
  private readonly lists: State[][] = []
  /** The main program's lists by instruction: most visits are there. */
  private readonly ofMain: State[][] = []
  at(env: Env, insn: number): State[] {
    const { callsite } = env.frame
    if (callsite !== MAIN_CALLSITE) return this.find(env, insn, callsite)
    return (this.ofMain[insn] ??= this.find(env, insn, callsite))
  }
  private find(env: Env, insn: number, callsite: number): State[] {
    const key = ((insn ^ callsite) >>> 0) % env.insns.length
    return (this.lists[key] ??= [])
  }
}

/** Maps ids of the old state to ids of the new one; one to one. */
class IdMap {
  private readonly old: number[] = []
  private readonly now: number[] = []
  private count = 0
  private fresh = 0
  start(fresh: number): void {
    this.count = 0
    this.fresh = fresh
  }
  matches(old: number, now: number): boolean {
    if ((old !== 0) !== (now !== 0)) return false
    if (old === 0) return true
    for (let k = 0; k < this.count; k++) {
      if (this.old[k] === old) return this.now[k] === now
      if (this.now[k] === now) return false
    }
    this.old[this.count] = old
    this.now[this.count++] = now
    return true
  }
  /** For scalars, no id is an id that nobody else has. */
  matchesScalar(old: number, now: number): boolean {
    return this.matches(old === 0 ? ++this.fresh : old, now === 0 ? ++this.fresh : now)
  }
}
const ids = new IdMap()

/** True: covered, the path ends here. */
export function visitCheckpoint(env: Env, explored: Explored): boolean {
  const { state, insn, marks } = env
  const list = explored.at(env, insn)
  cleanExplored(env, list)
  const forced = env.checkpointOften || marks.force[insn] === 1 || state.historyLength > 40
  let addNew = forced || (env.jumps - env.prevJumps >= 2 && env.processed - env.prevProcessed >= 8)

  let count = 0
  for (let k = 0; k < list.length; k++) {
    const old = list[k]!
    count++
    if (old.insn !== insn) continue
    let hit = false
    let loop = false
    if (old.branches > 0) {
      const verdict = compareUnfinished(env, old)
      if (verdict === 'hit') {
        hit = true
        loop = true
      } else if (
        verdict !== 'miss' &&
        !forced &&
        env.jumps - env.prevJumps < 20 &&
        env.processed - env.prevProcessed < 100
      ) {
        // Inside a loop: rounds differ, a checkpoint in each would not help.
        addNew = false
      }
    } else {
      loop = env.sccs.incomplete(old)
      hit = covers(env, old, state, loop || env.request.visit ? 'within' : 'relied')
    }
    if (hit) {
      old.hits++
      env.coveredBy = old
      if (marks.jump[insn]) noteJump(env)
      propagatePrecision(env, old, state)
      propagateWideReads(env, old, state)
      if (loop) {
        const edge = state.copy()
        edge.insn = insn
        env.sccs.addBackedge(old, edge)
      }
      return true
    }
    if (addNew) old.misses++
    const patience = marks.force[insn] === 1 && old.branches > 0 ? 64 : 3
    if (old.misses > old.hits * patience + patience) {
      list.splice(k--, 1)
      old.evicted = true
      if (old.branches === 0) env.liveStates--
    }
  }
  env.maxStatesPerInsn = Math.max(env.maxStatesPerInsn, count)
  if (addNew) addCheckpoint(env, list)
  return false
}

/** The old state's paths are still being walked: the walk came round a loop (or a callback, or may_goto). */
function compareUnfinished(env: Env, old: State): 'hit' | 'loop' | 'miss' {
  const { state, insn, marks, insns } = env
  if (insns.isMayGoto(insn) && old.mayGotoDepth !== state.mayGotoDepth && covers(env, old, state, 'within'))
    return 'hit'
  if (marks.callsCallback[insn]) return covers(env, old, state, 'within') ? 'hit' : 'loop'
  if (
    maybeLooping(old, state) &&
    covers(env, old, state, 'exact') &&
    old.mayGotoDepth === state.mayGotoDepth &&
    old.callbackUnroll === state.callbackUnroll
  ) {
    const message = `infinite loop detected at insn ${insn}`
    env.say(`${message}\n`)
    env.say('cur state:')
    env.printState(state, env.curFrame, true)
    env.say('old state:')
    env.printState(old, env.curFrame, true)
    env.error = message
    throw new Refusal(EINVAL)
  }
  return 'loop'
}

function maybeLooping(old: State, state: State): boolean {
  if (old.frames.length !== state.frames.length) return false
  const a = old.current.regs
  const b = state.current.regs
  for (let n = 0; n < REG_COUNT; n++) if (!a[n]!.sameAs(b[n]!)) return false
  return true
}

function addCheckpoint(env: Env, list: State[]): void {
  const { state, insn } = env
  env.totalStates++
  env.liveStates++
  env.peakStates = Math.max(env.peakStates, env.liveStates)
  env.prevJumps = env.jumps
  env.prevProcessed = env.processed
  const kept = state.copy()
  kept.insn = insn
  kept.branches = 1
  env.sccs.enter(kept)
  state.parent = kept
  for (const frame of state.frames) frame.written = 0
  state.firstInsn = insn
  state.history = 0
  state.historyLength = 0
  env.historyEntry = 0
  list.unshift(kept)
  env.newestCheckpoint = kept
}

/** Finished checkpoints at this instruction forget registers and slots that nobody will read. */
function cleanExplored(env: Env, list: readonly State[]): void {
  for (const old of list) {
    if (old.branches > 0 || old.cleaned || old.insn !== env.insn) continue
    if (!sameCallsites(old, env.state) || env.sccs.incomplete(old)) continue
    old.cleaned = true
    for (let f = 0; f < old.frames.length; f++) {
      const frame = old.frames[f]!
      const live = env.marks.live[insnOfFrame(old, f)]!
      for (let n = 0; n < FP; n++) if (((live >> n) & 1) === 0) frame.forget(n)
    }
    env.liveStack.clean(old)
  }
}

function covers(env: Env, old: State, now: State, how: Strictness): boolean {
  if (old.frames.length !== now.frames.length) return false
  if (old.speculative && !now.speculative) return false
  ids.start(env.idCounter)
  if (!sameReferences(old, now)) return false
  for (let f = 0; f < old.frames.length; f++) {
    const a = old.frames[f]!
    const b = now.frames[f]!
    if (a.callsite !== b.callsite) return false
    if (!coversFrame(env, a, b, env.marks.live[insnOfFrame(old, f)]!, how)) return false
  }
  return true
}

function sameReferences(old: State, now: State): boolean {
  if (old.refs.length !== now.refs.length || (old.lockId !== 0) !== (now.lockId !== 0)) return false
  if (!ids.matches(old.lockId, now.lockId)) return false
  if (old.refs.length === 0) return true
  return old.refs.every((ref, k) => ids.matches(ref.id, now.refs[k]!.id))
}

function coversFrame(env: Env, old: Frame, now: Frame, live: number, how: Strictness): boolean {
  if (old.callbackDepth > now.callbackDepth) return false
  for (let n = 0; n < REG_COUNT; n++) {
    if (((live >> n) & 1) === 0) continue
    if (!coversReg(env, old.regs[n]!, now.regs[n]!, ((old.preciseRegs >> n) & 1) !== 0, how)) return false
  }
  return coversStack(env, old, now, how)
}

function coversReg(env: Env, old: RegState, now: RegState, precise: boolean, how: Strictness): boolean {
  if (how === 'exact') return exactly(old, now)
  if (old.type === R.NOT_INIT) return true
  if (old.type !== now.type) return false
  switch (R.baseType(old)) {
    case R.SCALAR:
      if (env.exploresLimits) {
        return old.off === now.off && old.sameKind(now) && old.sameValue(now) && ids.matchesScalar(old.id, now.id)
      }
      if (!precise && how === 'relied') return true
      if ((old.id & R.ADD_CONST) !== (now.id & R.ADD_CONST)) return false
      if ((old.id & R.ADD_CONST) !== 0 && old.off !== now.off) return false
      return within(old, now) && ids.matchesScalar(old.id, now.id)
    case R.MAP_KEY:
    case R.MAP_VALUE:
    case R.MEM:
      return (
        old.off === now.off &&
        old.sameKind(now) &&
        within(old, now) &&
        ids.matches(old.id, now.id) &&
        ids.matches(old.refObjId, now.refObjId)
      )
    case R.PACKET:
    case R.PACKET_META:
      // A pointer past the end is decided by comparisons: only its like is covered.
      if ((old.range < 0 || now.range < 0 ? old.range !== now.range : old.range > now.range) || old.off !== now.off)
        return false
      return ids.matches(old.id, now.id) && within(old, now)
    default:
      return exactly(old, now)
  }
}

function exactly(old: RegState, now: RegState): boolean {
  return (
    old.type === now.type &&
    old.off === now.off &&
    old.sameKind(now) &&
    old.sameValue(now) &&
    ids.matches(old.id, now.id) &&
    ids.matches(old.refObjId, now.refObjId)
  )
}

/** Every value of `now` is a value of `old`. */
function within(old: RegState, now: RegState): boolean {
  return (
    i64.ule(old.umin, now.umin) &&
    i64.ule(now.umax, old.umax) &&
    i64.sle(old.smin, now.smin) &&
    i64.sle(now.smax, old.smax) &&
    old.u32min <= now.u32min &&
    old.u32max >= now.u32max &&
    old.s32min <= now.s32min &&
    old.s32max >= now.s32max &&
    tnum.contains(old.varOff, now.varOff)
  )
}

/** The slot read as one 64-bit scalar: a whole spill, or nothing but plain data. */
function asScalar(env: Env, slot: StackSlot): RegState | null {
  if (S.isFullSpill(slot)) return slot.reg!.type === R.SCALAR ? slot.reg : null
  for (let byte = 0; byte < 8; byte++) {
    const kind = slot.kind(byte)
    if (kind !== S.MISC && !(kind === S.INVALID && env.perfmon)) return null
  }
  return UNKNOWN_SCALAR
}

function coversStack(env: Env, old: Frame, now: Frame, how: Strictness): boolean {
  for (let k = 0; k < old.stack.length; k++) {
    const a = old.stack[k]!
    const b = now.stack[k]
    if (a === b && how !== 'exact' && a.reg === null) continue
    if (!coversSlot(env, a, b, old.slotPrecise(k), how)) return false
  }
  return true
}

function coversSlot(env: Env, a: StackSlot, b: StackSlot | undefined, precise: boolean, how: Strictness): boolean {
  for (let byte = 0; byte < 8; byte++) {
    const kind = a.kind(byte)
    if (how === 'exact' && (b === undefined || kind !== b.kind(byte))) return false
    if (kind === S.INVALID || (env.perfmon && kind === S.MISC)) continue
    if (b === undefined) return false
    const x = asScalar(env, a)
    const y = x && asScalar(env, b)
    if (x && y) return coversReg(env, x, y, precise && x !== UNKNOWN_SCALAR, how)
    const other = b.kind(byte)
    if (kind === S.MISC && other === S.ZERO) continue
    if (kind !== other) return false
    if (byte === 7 && kind === S.SPILL && !coversReg(env, a.reg!, b.reg!, precise, how)) return false
  }
  return true
}
