/**
 * Precision: which scalars' exact values the continuation relied on. When a decision depends on a scalar, the walk goes
 * back over the instructions that made it and marks it in the checkpoints on the way; a later state need only agree in
 * marked scalars to be covered. Follows LOG-FORMAT.md ("mark_precise") for what is printed.
 */
import type { Env } from './env'
import { subprogramIndex } from './cfg'
import { DST_IS_STACK, SRC_IS_STACK } from './history'
import * as R from './reg-state'
import type { State } from './state'
import { FP } from './state'
import { stateText } from './state-text'

const ARGS = 0x3e

/** Registers and slots that are wanted precise, per frame. */
class Wanted {
  frame = 0
  readonly regs = new Int32Array(8)
  readonly low = new Int32Array(8)
  readonly high = new Int32Array(8)

  reset(frame: number): void {
    this.frame = frame
    for (let f = 0; f < 8; f++) {
      this.regs[f] = 0
      this.low[f] = 0
      this.high[f] = 0
    }
  }
  get empty(): boolean {
    for (let f = 0; f <= this.frame; f++) if ((this.regs[f]! | this.low[f]! | this.high[f]!) !== 0) return false
    return true
  }
  hasReg(n: number, frame = this.frame): boolean {
    return ((this.regs[frame]! >> n) & 1) !== 0
  }
  setReg(n: number, frame = this.frame): void {
    this.regs[frame]! |= 1 << n
  }
  clearReg(n: number, frame = this.frame): void {
    this.regs[frame]! &= ~(1 << n)
  }
  hasSlot(frame: number, k: number): boolean {
    return (((k < 32 ? this.low[frame]! >>> k : this.high[frame]! >>> (k - 32)) & 1) as number) !== 0
  }
  setSlot(frame: number, k: number): void {
    if (k < 32) this.low[frame]! |= 1 << k
    else this.high[frame]! |= 1 << (k - 32)
  }
  clearSlot(frame: number, k: number): void {
    if (k < 32) this.low[frame]! &= ~(1 << k)
    else this.high[frame]! &= ~(1 << (k - 32))
  }
  regsText(frame: number): string {
    const names: string[] = []
    for (let n = 0; n < 11; n++) if ((this.regs[frame]! >> n) & 1) names.push(`r${n}`)
    return names.join(',')
  }
  slotsText(frame: number): string {
    const names: string[] = []
    for (let k = 0; k < 64; k++) if (this.hasSlot(frame, k)) names.push(String(-8 * (k + 1)))
    return names.join(',')
  }
}

/** Scratch space; backtracking is not reentrant. */
const wanted = new Wanted()

/** Scalar register `regno` of the current frame decided something. */
export function markPrecise(env: Env, regno: number): void {
  if (env.regs[regno]!.type !== R.SCALAR) return
  wanted.reset(env.curFrame)
  wanted.setReg(regno)
  backtrack(env, env.state)
}

/** The constant spilled in this slot decided something. */
export function markSlotPrecise(env: Env, frameno: number, slot: number): void {
  wanted.reset(env.curFrame)
  wanted.setSlot(frameno, slot)
  backtrack(env, env.state)
}

/**
 * `state` is covered by `old`: what old needed precise, state's ancestors need precise too.
 * Returns whether any mark was new.
 */
export function propagatePrecision(env: Env, old: State, state: State): boolean {
  wanted.reset(state.frames.length - 1)
  for (let f = old.frames.length - 1; f >= 0; f--) {
    const frame = old.frames[f]!
    const names: string[] = []
    for (let n = 0; n < FP; n++) {
      if (((frame.preciseRegs >> n) & 1) === 0 || frame.regs[n]!.type !== R.SCALAR) continue
      wanted.setReg(n, f)
      names.push(`r${n}`)
    }
    for (let k = 0; k < frame.stack.length; k++) {
      const slot = frame.stack[k]!
      if (!frame.slotPrecise(k) || !slot.isSpill || slot.reg!.type !== R.SCALAR) continue
      wanted.setSlot(f, k)
      names.push(`fp${-8 * (k + 1)}`)
    }
    if (names.length > 0 && env.log.full) env.say(`frame ${f}: propagating ${names.join(',')}\n`)
  }
  return backtrack(env, state)
}

const UNSUPPORTED = Symbol('cannot be tracked back')

function backtrack(env: Env, start: State): boolean {
  if (wanted.empty) return false
  let state = start
  let first = state.firstInsn
  let last = state === env.state ? env.insn : state.insn
  let subsequent = -1
  let skip = true
  let changed = false
  const verbose = env.log.full
  const { history } = env
  for (;;) {
    let newest = state.history
    if (verbose) {
      env.say(`mark_precise: frame${wanted.frame}: last_idx ${last} first_idx ${first} subseq_idx ${subsequent} \n`)
    }
    if (last < 0) return finishAtEntry(state) || changed
    for (let i = last; ;) {
      const entry = newest !== 0 && history.insn(newest) === i ? newest : 0
      if (skip) skip = false
      else if (verbose || !isIndifferent(env, i, entry)) {
        if (stepBack(env, i, subsequent, entry) === UNSUPPORTED) {
          markAllPrecise(env, start)
          return true
        }
        if (wanted.empty) return changed
      }
      subsequent = i
      if (i === state.firstInsn && (newest === 0 || (entry !== 0 && history.before(newest) === 0))) break
      if (entry !== 0) {
        i = history.prev(entry)
        newest = history.before(entry)
      } else i--
      if (i < 0) break
    }
    const parent = state.parent
    if (parent === null) break
    state = parent
    if (markIn(env, state)) changed = true
    if (wanted.empty) return changed
    subsequent = first
    last = state.lastInsn
    first = state.firstInsn
  }
  markAllPrecise(env, start)
  return true
}

/** Quick answer for most instructions: arithmetic on a register that is not wanted, a jump that compares a constant. */
function isIndifferent(env: Env, i: number, entry: number): boolean {
  const { insns, history } = env
  if (entry !== 0 && history.linked(entry) !== null) return false
  const code = insns.op[i]!
  switch (code & 7) {
    case 4:
    case 7:
      return ((wanted.regs[wanted.frame]! >> insns.dst[i]!) & 1) === 0
    case 5:
    case 6: {
      const op = code & 0xf0
      return (code & 8) === 0 && op !== 0x80 && op !== 0x90
    }
    default:
      return false
  }
}

/** At the entry of a global function: its arguments have no maker. */
function finishAtEntry(state: State): boolean {
  const frame = state.frames[0]!
  let changed = false
  for (let n = 1; n <= 5; n++) {
    if (!wanted.hasReg(n, 0) || frame.regs[n]!.type !== R.SCALAR) continue
    frame.preciseRegs |= 1 << n
    changed = true
  }
  return changed
}

/** Marks what is wanted in a checkpoint; what is marked already, or is no scalar, is wanted no more. */
function markIn(env: Env, state: State): boolean {
  let changed = false
  for (let f = wanted.frame; f >= 0; f--) {
    const frame = state.frames[f]
    if (!frame) continue
    for (let n = 0; n < 10 && wanted.regs[f] !== 0; n++) {
      if (!wanted.hasReg(n, f)) continue
      if (frame.regs[n]!.type !== R.SCALAR || (frame.preciseRegs >> n) & 1) wanted.clearReg(n, f)
      else {
        frame.preciseRegs |= 1 << n
        changed = true
      }
    }
    for (let k = 0; k < 64 && (wanted.low[f]! | wanted.high[f]!) !== 0; k++) {
      if (!wanted.hasSlot(f, k)) continue
      const slot = frame.stack[k]
      if (!slot?.isSpill || slot.reg!.type !== R.SCALAR || frame.slotPrecise(k)) wanted.clearSlot(f, k)
      else {
        frame.setSlotPrecise(k)
        changed = true
      }
    }
    if (env.log.full) {
      env.say(
        `mark_precise: frame${f}: parent state regs=${wanted.regsText(f)} stack=${wanted.slotsText(f)}: ${stateText(state, f, env.maps)}\n`,
      )
    }
  }
  return changed
}

/** Gives up: every scalar of every ancestor counts. */
function markAllPrecise(env: Env, start: State): void {
  if (env.log.full) env.say(`mark_precise: frame${wanted.frame}: falling back to forcing all scalars precise\n`)
  for (let state = start.parent; state !== null; state = state.parent) {
    for (const frame of state.frames) {
      for (let n = 0; n < FP; n++) {
        if (frame.regs[n]!.type !== R.SCALAR || (frame.preciseRegs >> n) & 1) continue
        frame.preciseRegs |= 1 << n
        if (env.log.full) env.say(`force_precise: frame${frame.frameno}: forcing r${n} to be precise\n`)
      }
      frame.stack.forEach((slot, k) => {
        if (!slot.isSpill || slot.reg!.type !== R.SCALAR || frame.slotPrecise(k)) return
        frame.setSlotPrecise(k)
        if (env.log.full) env.say(`force_precise: frame${frame.frameno}: forcing fp${-8 * (k + 1)} to be precise\n`)
      })
    }
  }
}

export { markAllPrecise }

/** If one of a group of linked scalars is wanted, all are. */
function spreadLinked(env: Env, entry: number): void {
  const linked = entry === 0 ? null : env.history.linked(entry)
  if (linked === null) return
  const is = (e: (typeof linked)[number]): boolean =>
    e.isReg ? wanted.hasReg(e.index, e.frameno) : wanted.hasSlot(e.frameno, e.index)
  if (!linked.some(is)) return
  for (const e of linked) {
    if (e.isReg) wanted.setReg(e.index, e.frameno)
    else wanted.setSlot(e.frameno, e.index)
  }
}

/** What must be precise before instruction `i`, given what must be after it. */
function stepBack(env: Env, i: number, subsequent: number, entry: number): typeof UNSUPPORTED | undefined {
  const { insns, history } = env
  const code = insns.op[i]!
  if (code === 0) return undefined
  if (env.log.full) {
    const f = wanted.frame
    env.say(
      `mark_precise: frame${f}: regs=${wanted.regsText(f)} stack=${wanted.slotsText(f)} before ${i}: ${env.insnText(i)}\n`,
    )
  }
  spreadLinked(env, entry)
  const dst = insns.dst[i]!
  const src = insns.src[i]!
  const fromReg = (code & 8) !== 0
  switch (code & 7) {
    case 4:
    case 7: {
      if (!wanted.hasReg(dst)) return undefined
      const op = code & 0xf0
      if (op === 0xd0 || op === 0x80) return undefined
      if (op === 0xb0) wanted.clearReg(dst)
      if (fromReg && src !== FP) wanted.setReg(src)
      break
    }
    case 1:
      return stepBackLoad(env, dst, entry)
    case 2:
    case 3:
      if ((code & 7) === 3 && (code & 0xe0) === 0xc0 && insns.imm[i] === 0x100) return stepBackLoad(env, dst, entry)
      if (wanted.hasReg(dst)) return UNSUPPORTED
      if (entry === 0 || history.slot(entry) < 0) return undefined
      if (!wanted.hasSlot(history.slotFrame(entry), history.slot(entry))) return undefined
      wanted.clearSlot(history.slotFrame(entry), history.slot(entry))
      if ((code & 7) === 3) wanted.setReg(src)
      break
    case 5:
    case 6: {
      const done = stepBackJump(env, i, subsequent, entry)
      if (done !== undefined) return done === UNSUPPORTED ? UNSUPPORTED : undefined
      break
    }
    case 0:
      if (!wanted.hasReg(dst)) return undefined
      wanted.clearReg(dst)
      if (code !== 0x18) return UNSUPPORTED
      break
  }
  spreadLinked(env, entry)
  return undefined
}

function stepBackLoad(env: Env, dst: number, entry: number): undefined {
  const { history } = env
  if (!wanted.hasReg(dst)) return undefined
  wanted.clearReg(dst)
  if (entry !== 0 && history.slot(entry) >= 0) wanted.setSlot(history.slotFrame(entry), history.slot(entry))
  spreadLinked(env, entry)
  return undefined
}

const DONE = Symbol('nothing more at this instruction')

function stepBackJump(
  env: Env,
  i: number,
  subsequent: number,
  entry: number,
): typeof UNSUPPORTED | typeof DONE | undefined {
  const { insns, marks } = env
  const code = insns.op[i]!
  const op = code & 0xf0
  if (insns.isPseudoCall(i)) {
    const callee = subprogramIndex(env, i + insns.imm[i]! + 1)
    if (env.subprograms[callee]!.global) {
      wanted.clearReg(0)
      return DONE
    }
    // Leaving the callee backwards: its arguments are the caller's registers.
    if ((wanted.regs[wanted.frame]! & ~ARGS) !== 0 || wanted.frame === 0) return UNSUPPORTED
    const args = wanted.regs[wanted.frame]!
    wanted.regs[wanted.frame] = 0
    wanted.frame--
    wanted.regs[wanted.frame]! |= args
    return DONE
  }
  if (marks.callsCallback[i] && i !== subsequent - 1) {
    if (wanted.frame === 0) return UNSUPPORTED
    wanted.regs[wanted.frame] = 0
    wanted.frame--
    return DONE
  }
  if (op === 0x80) {
    wanted.clearReg(0)
    return (wanted.regs[wanted.frame]! & ARGS) !== 0 ? UNSUPPORTED : undefined
  }
  if (op === 0x90) {
    if (subsequent >= 0 && marks.callsCallback[subsequent]) wanted.regs[wanted.frame]! &= ~ARGS
    const wantsResult = subsequent > 0 && insns.isPseudoCall(subsequent - 1) && wanted.hasReg(0)
    wanted.clearReg(0)
    if (wanted.frame >= 7) return UNSUPPORTED
    wanted.frame++
    if (wantsResult) wanted.setReg(0)
    return DONE
  }
  if (op === 0x00 || code === 0xe5) return undefined
  if ((code & 8) !== 0) {
    const dst = insns.dst[i]!
    const src = insns.src[i]!
    if (!wanted.hasReg(dst) && !wanted.hasReg(src)) return DONE
    const flags = entry === 0 ? 0 : env.history.flags(entry)
    if ((flags & SRC_IS_STACK) === 0) wanted.setReg(src)
    if ((flags & DST_IS_STACK) === 0) wanted.setReg(dst)
  }
  return undefined
}
