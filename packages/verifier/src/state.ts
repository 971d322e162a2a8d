/**
 * A verifier state: what is known at one point of one path. Frames (registers and stack) of the functions being walked,
 * references held, and the thread back to the checkpoint it came from.
 * RegStates and StackSlots inside are shared and never changed in place, so copying a state copies references only.
 */
import { EMPTY, type StackSlot } from './stack-slot'
import type { Visit } from './loops'
import { NOT_INIT, RegState, UNINITIALISED } from './reg-state'

export const REG_COUNT = 11
export const FP = 10
/** `callsite` of the main program. */
export const MAIN_CALLSITE = -1

export interface ReturnRange {
  readonly min: number
  readonly max: number
}

const NO_REGS: readonly RegState[] = Array.from({ length: REG_COUNT }, () => UNINITIALISED)

let epochs = 0

export class Frame {
  regs: RegState[]
  /** Mark of the RegStates that this frame alone holds. */
  private epoch = ++epochs
  /** Slot k covers fp-8(k+1) … fp-8k-1. */
  stack: StackSlot[]
  frameno: number
  subprogno: number
  /** Instruction of the call that made this frame. */
  callsite: number
  /** A callback of a helper; its result must be in this range. */
  callbackRange: ReturnRange | null = null
  asyncCallback = false
  /** Rounds of the callback called from this frame so far. */
  callbackDepth = 0
  /** Checkpoints only: registers and slots whose exact value the continuation relied on. */
  preciseRegs = 0
  preciseLow = 0
  preciseHigh = 0
  /** Registers written since the last checkpoint (wide-reads.ts). */
  written = 0
  /** Checkpoints only: registers that the continuation read in 64 bits before it wrote them. */
  wideReads = 0

  constructor(frameno: number, subprogno: number, callsite: number, regs = NO_REGS, stack: StackSlot[] = []) {
    this.frameno = frameno
    this.subprogno = subprogno
    this.callsite = callsite
    this.regs = regs.slice()
    this.stack = stack.slice()
  }

  /** A copy; `room` is a frame that nobody needs any more, to be filled with it. */
  copy(room?: Frame): Frame {
    // From now on both frames share what they hold.
    this.epoch = ++epochs
    const f = room ?? new Frame(this.frameno, this.subprogno, this.callsite, this.regs, this.stack)
    if (room) room.refill(this)
    f.callbackRange = this.callbackRange
    f.asyncCallback = this.asyncCallback
    f.callbackDepth = this.callbackDepth
    f.written = this.written
    return f
  }
  private refill(o: Frame): void {
    this.epoch = ++epochs
    this.frameno = o.frameno
    this.subprogno = o.subprogno
    this.callsite = o.callsite
    for (let n = 0; n < REG_COUNT; n++) this.regs[n] = o.regs[n]!
    this.stack.length = o.stack.length
    for (let k = 0; k < o.stack.length; k++) this.stack[k] = o.stack[k]!
    this.preciseRegs = 0
    this.preciseLow = 0
    this.preciseHigh = 0
    this.wideReads = 0
  }

  /** Register `n` for changing: its state if nobody shares it, else a copy that takes its place. */
  own(n: number): RegState {
    const r = this.regs[n]!
    if (r.owner === this.epoch) return r
    return this.adopt(n, r.clone())
  }
  /** Register `n` for filling anew: a state that nobody shares, of any content. */
  fresh(n: number): RegState {
    const r = this.regs[n]!
    return r.owner === this.epoch ? r : this.adopt(n, new RegState())
  }
  /** Puts a state that nobody else holds into register `n`. */
  adopt(n: number, r: RegState): RegState {
    r.owner = this.epoch
    this.regs[n] = r
    return r
  }
  forget(n: number): void {
    this.regs[n] = UNINITIALISED
  }
  isInit(n: number): boolean {
    return this.regs[n]!.type !== NOT_INIT
  }

  slotPrecise(k: number): boolean {
    return ((k < 32 ? this.preciseLow >>> k : this.preciseHigh >>> (k - 32)) & 1) !== 0
  }
  setSlotPrecise(k: number): void {
    if (k < 32) this.preciseLow |= 1 << k
    else this.preciseHigh |= 1 << (k - 32)
  }

  growStack(slots: number): void {
    while (this.stack.length < slots) this.stack.push(EMPTY)
  }
}

export interface LinkedReg {
  readonly frameno: number
  readonly isReg: boolean
  /** Register number or slot number. */
  readonly index: number
}

export interface Reference {
  readonly id: number
  readonly insn: number
}

export class State {
  frames: Frame[] = []
  /** Paths that still have to end before this checkpoint is done. */
  branches = 1
  parent: State | null = null
  insn = 0
  firstInsn = 0
  lastInsn = -1
  /** Newest entry since the last checkpoint, and how many there are (history.ts). */
  history = 0
  historyLength = 0
  refs: readonly Reference[] = []
  /** Id of the spin lock that is held, 0 for none. */
  lockId = 0
  speculative = false
  mayGotoDepth = 0
  callbackUnroll = 0
  /** Checkpoint bookkeeping. */
  hits = 0
  misses = 0
  cleaned = false
  /** The loop this checkpoint lies in (loops.ts). */
  visit: Visit | null = null
  /** No longer compared with; kept until its paths have ended. */
  evicted = false
  /** With record: index of the last step of this path. */
  step = -1

  get current(): Frame {
    return this.frames[this.frames.length - 1]!
  }

  /** A copy; `room` is the state of a path that has ended and is no checkpoint, to be filled with it. */
  copy(room?: State): State {
    const s = room ?? new State()
    const depth = this.frames.length
    for (let f = 0; f < depth; f++) s.frames[f] = this.frames[f]!.copy(s.frames[f])
    s.frames.length = depth
    s.branches = this.branches
    s.parent = this.parent
    s.insn = this.insn
    s.firstInsn = this.firstInsn
    s.lastInsn = this.lastInsn
    s.history = this.history
    s.historyLength = this.historyLength
    s.refs = this.refs
    s.lockId = this.lockId
    s.speculative = this.speculative
    s.mayGotoDepth = this.mayGotoDepth
    s.callbackUnroll = this.callbackUnroll
    s.step = this.step
    return s
  }

  /** Every register and spilled register of every frame, to be replaced by what `change` gives. */
  replaceRegs(change: (r: RegState) => RegState): void {
    for (const frame of this.frames) {
      for (let n = 0; n < REG_COUNT; n++) {
        const old = frame.regs[n]!
        const next = change(old)
        if (next !== old) frame.regs[n] = next
      }
      for (let k = 0; k < frame.stack.length; k++) {
        const slot = frame.stack[k]!
        if (slot.reg === null || !slot.isSpill) continue
        const next = change(slot.reg)
        if (next !== slot.reg) frame.stack[k] = slot.withReg(next)
      }
    }
  }
}
