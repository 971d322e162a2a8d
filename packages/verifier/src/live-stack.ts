/**
 * Which stack slots may still be read: per function instance (a subprogram reached by one chain of calls), per
 * instruction, per frame. Reads and certain writes are noted while the walk goes on; liveness follows by data flow.
 * Explored checkpoints forget slots that are dead, so that more states are covered by them.
 */
import type { Env } from './env'
import type { State } from './state'

/** 64-bit sets of slots per instruction, as pairs of int32. */
class FrameMasks {
  readonly mayRead: Int32Array
  readonly mustWrite: Int32Array
  readonly written: Int32Array
  readonly live: Int32Array
  constructor(length: number) {
    this.mayRead = new Int32Array(2 * length)
    this.mustWrite = new Int32Array(2 * length)
    this.written = new Int32Array(2 * length)
    this.live = new Int32Array(2 * length)
  }
}

class Instance {
  readonly start: number
  readonly length: number
  readonly callsites: readonly number[]
  readonly frames: (FrameMasks | null)[]
  /** Instructions whose writes were committed at least once. */
  readonly visited: Uint8Array
  updated = false
  dropped = false
  constructor(start: number, length: number, callsites: readonly number[]) {
    this.start = start
    this.length = length
    this.callsites = callsites
    this.frames = Array.from({ length: callsites.length + 1 }, () => null)
    this.visited = new Uint8Array(length)
  }
  frame(f: number): FrameMasks {
    return (this.frames[f] ??= new FrameMasks(this.length))
  }
}

export class LiveStack {
  private readonly env: Env
  private readonly instances = new Map<string, Instance>()
  private current: Instance | null = null
  private readonly pendingLow = new Int32Array(8)
  private readonly pendingHigh = new Int32Array(8)
  private wrote = false

  constructor(env: Env) {
    this.env = env
  }

  /** Frames changed: another instance from now on. */
  leave(): void {
    this.current = null
  }

  private find(state: State, depth: number): Instance {
    const callsites: number[] = []
    for (let f = 1; f <= depth; f++) callsites.push(state.frames[f]!.callsite)
    const subprogno = state.frames[depth]!.subprogno
    const key = `${state.frames[0]!.subprogno}:${callsites.join(',')}:${subprogno}`
    let instance = this.instances.get(key)
    if (!instance) {
      const sub = this.env.subprograms[subprogno]!
      instance = new Instance(sub.start, sub.end - sub.start, callsites)
      this.instances.set(key, instance)
    }
    return instance
  }
  private here(): Instance {
    return (this.current ??= this.find(this.env.state, this.env.curFrame))
  }

  /** The present instruction reads slot `k` of frame `f`. */
  read(f: number, k: number): void {
    if (k > 63 || k < 0) return
    this.noteRead(this.here(), f, this.env.insn, k < 32 ? 1 << k : 0, k < 32 ? 0 : 1 << (k - 32))
  }
  private noteRead(instance: Instance, f: number, insn: number, low: number, high: number): void {
    if ((low | high) === 0) return
    const masks = instance.frame(f)
    const at = 2 * (insn - instance.start)
    if ((low & ~masks.mayRead[at]!) === 0 && (high & ~masks.mayRead[at + 1]!) === 0) return
    masks.mayRead[at]! |= low
    masks.mayRead[at + 1]! |= high
    instance.updated = true
  }

  /** The present instruction overwrites all of slot `k` of frame `f`. */
  write(f: number, k: number): void {
    if (k > 63 || k < 0) return
    if (k < 32) this.pendingLow[f]! |= 1 << k
    else this.pendingHigh[f]! |= 1 << (k - 32)
    this.wrote = true
  }

  /** End of an instruction's check: what it always writes is what it wrote on every visit. */
  commit(insn: number): void {
    const instance = this.here()
    const at = insn - instance.start
    if (at < 0 || at >= instance.length) {
      this.discard()
      return
    }
    if (!this.wrote && instance.visited[at] && instance.frames.every((m) => m === null || (m.mustWrite[2 * at]! | m.mustWrite[2 * at + 1]!) === 0)) return
    for (let f = 0; f < instance.frames.length; f++) {
      const low = this.pendingLow[f]!
      const high = this.pendingHigh[f]!
      if (instance.frames[f] === null && (low | high) === 0) continue
      this.noteWrite(instance, f, at, low, high)
    }
    instance.visited[at] = 1
    this.discard()
  }
  private noteWrite(instance: Instance, f: number, at: number, low: number, high: number): void {
    const masks = instance.frame(f)
    const oldLow = masks.mustWrite[2 * at]!
    const oldHigh = masks.mustWrite[2 * at + 1]!
    const newLow = instance.visited[at] ? oldLow & low : low
    const newHigh = instance.visited[at] ? oldHigh & high : high
    if (newLow === oldLow && newHigh === oldHigh) return
    masks.mustWrite[2 * at] = newLow
    masks.mustWrite[2 * at + 1] = newHigh
    instance.updated = true
    if ((oldLow & ~newLow) !== 0 || (oldHigh & ~newHigh) !== 0) instance.dropped = true
  }
  private discard(): void {
    if (!this.wrote) return
    this.pendingLow.fill(0)
    this.pendingHigh.fill(0)
    this.wrote = false
  }

  /** End of a path or of a function: brings liveness up to date, callees before callers. */
  update(state: State): void {
    for (let f = state.frames.length - 1; f >= 0; f--) {
      const instance = this.find(state, f)
      if (!instance.updated) continue
      this.solve(instance)
      instance.updated = false
      if (f > 0) this.passOutward(instance, this.find(state, f - 1), state.frames[f]!.callsite)
    }
  }

  private solve(instance: Instance): void {
    const { insns } = this.env
    for (const masks of instance.frames) {
      if (masks === null) continue
      if (instance.dropped) {
        masks.live.fill(0)
        masks.written.fill(0)
      }
      for (let changed = true; changed; ) {
        changed = false
        for (let at = instance.length - 1; at >= 0; at--) {
          const i = instance.start + at
          const succ = insns.successors(i)
          for (let half = 0; half < 2; half++) {
            let live = 0
            let written = succ.length === 0 ? 0 : -1
            for (const next of succ) {
              const to = 2 * (next - instance.start) + half
              live |= masks.live[to] ?? 0
              written &= masks.written[to] ?? 0
            }
            const own = 2 * at + half
            live = (live & ~masks.mustWrite[own]!) | masks.mayRead[own]!
            written |= masks.mustWrite[own]!
            if (live !== masks.live[own] || written !== masks.written[own]) {
              masks.live[own] = live
              masks.written[own] = written
              changed = true
            }
          }
        }
      }
    }
    instance.dropped = false
  }

  /** What the callee reads or surely writes of outer frames, its call reads or writes. */
  private passOutward(callee: Instance, caller: Instance, callsite: number): void {
    const at = callsite - caller.start
    for (let f = 0; f < caller.frames.length; f++) {
      const masks = callee.frames[f]
      if (!masks) continue
      this.noteRead(caller, f, callsite, masks.live[0]!, masks.live[1]!)
      this.noteWrite(caller, f, at, masks.written[0]!, masks.written[1]!)
      caller.visited[at] = 1
    }
  }

  /** Whether slot `k` of frame `f` may be read after the point of `state`. */
  aliveIn(state: State): (f: number, k: number) => boolean {
    const last = state.frames.length - 1
    const chain = state.frames.map((_, f) => this.find(state, f))
    const { callsCallback } = this.env.marks
    const live = (instance: Instance, insn: number, f: number, k: number): boolean => {
      const masks = instance.frames[f]
      if (!masks) return false
      const at = 2 * (insn - instance.start)
      return (((k < 32 ? masks.live[at]! >>> k : masks.live[at + 1]! >>> (k - 32)) & 1) as number) !== 0
    }
    return (f, k) => {
      if (live(chain[last]!, state.insn, f, k)) return true
      for (let outer = f; outer < last; outer++) {
        const callsite = state.frames[outer + 1]!.callsite
        if (live(chain[outer]!, callsCallback[callsite] ? callsite : callsite + 1, f, k)) return true
      }
      return false
    }
  }
}
