/**
 * Which stack slots may still be read: per function instance (a subprogram reached by one chain of calls), per
 * instruction, per frame. Reads and certain writes are noted while the walk goes on; liveness follows by data flow.
 * Explored checkpoints forget slots that are dead, so that more states are covered by them.
 */
import { postorder } from './cfg'
import type { Env } from './env'
import { EMPTY } from './stack-slot'
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
  /** Call sites and own start, as the log shows them. */
  readonly name: string
  updated = false
  dropped = false
  /** Some instruction has noted writes: later visits must be compared. */
  hasWrites = false
  constructor(start: number, length: number, callsites: readonly number[]) {
    this.start = start
    this.length = length
    this.callsites = callsites
    this.frames = Array.from({ length: callsites.length + 1 }, () => null)
    this.visited = new Uint8Array(length)
    this.name = `(${[...callsites, start].join(',')})`
  }
  frame(f: number): FrameMasks {
    return (this.frames[f] ??= new FrameMasks(this.length))
  }
}

export class LiveStack {
  private readonly env: Env
  private readonly instances = new Map<string, Instance>()
  private readonly orders = new Map<number, Int32Array>()
  private root: Instance | null = null
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
    if (depth === 0 && this.root) return this.root
    const instance = this.lookup(state, depth)
    if (depth === 0) this.root = instance
    return instance
  }
  private lookup(state: State, depth: number): Instance {
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
    if (!this.wrote && (instance.visited[at] !== 0 ? !instance.hasWrites : true)) {
      if (at >= 0 && at < instance.length) instance.visited[at] = 1
      return
    }
    if (at >= 0 && at < instance.length) {
      for (let f = 0; f < instance.frames.length; f++) {
        const low = this.pendingLow[f]!
        const high = this.pendingHigh[f]!
        if (instance.frames[f] !== null || (low | high) !== 0) this.noteWrite(instance, f, at, low, high)
      }
      instance.visited[at] = 1
    }
    this.discard()
  }
  private noteWrite(instance: Instance, f: number, at: number, low: number, high: number): void {
    const masks = instance.frame(f)
    const oldLow = masks.mustWrite[2 * at]!
    const oldHigh = masks.mustWrite[2 * at + 1]!
    const newLow = instance.visited[at] ? oldLow & low : low
    const newHigh = instance.visited[at] ? oldHigh & high : high
    if (newLow === oldLow && newHigh === oldHigh) return
    instance.hasWrites = true
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
    const order = this.postorder(instance)
    if (instance.dropped) {
      for (const masks of instance.frames) {
        masks?.live.fill(0)
        masks?.written.fill(0)
      }
      instance.dropped = false
    }
    let rounds = 0
    for (let changed = true; changed; rounds++) {
      changed = false
      for (let f = 0; f < instance.frames.length; f++) {
        const masks = instance.frames[f]
        if (!masks) continue
        for (const i of order) if (this.solveInsn(instance, f, masks, i)) changed = true
      }
    }
    if (this.env.log.full) this.env.say(`${instance.name} live stack update done in ${rounds} iterations\n`)
  }

  /** One instruction's equations; true when a mask grew. */
  private solveInsn(instance: Instance, f: number, masks: FrameMasks, i: number): boolean {
    const { insns } = this.env
    const first = insns.successor(i, 0)
    const second = insns.successor(i, 1)
    const at = 2 * (i - instance.start)
    const oldLive = [masks.live[at]!, masks.live[at + 1]!] as const
    const oldWritten = [masks.written[at]!, masks.written[at + 1]!] as const
    for (let half = 0; half < 2; half++) {
      let live = 0
      let written = first < 0 ? 0 : -1
      for (let k = 0; k < 2; k++) {
        const next = k === 0 ? first : second
        if (next < 0) break
        const to = 2 * (next - instance.start) + half
        live |= masks.live[to] ?? 0
        written &= masks.written[to] ?? 0
      }
      masks.live[at + half] = (live & ~masks.mustWrite[at + half]!) | masks.mayRead[at + half]!
      masks.written[at + half] = written | masks.mustWrite[at + half]!
    }
    const liveChanged = oldLive[0] !== masks.live[at] || oldLive[1] !== masks.live[at + 1]
    const writtenChanged = oldWritten[0] !== masks.written[at] || oldWritten[1] !== masks.written[at + 1]
    if (this.env.log.full && (liveChanged || writtenChanged) && this.isLogged(instance, masks, i, at)) {
      if (liveChanged) this.logChange(instance, f, i, 'live', oldLive, [masks.live[at]!, masks.live[at + 1]!])
      if (writtenChanged)
        this.logChange(instance, f, i, 'written', oldWritten, [masks.written[at]!, masks.written[at + 1]!])
    }
    return liveChanged || writtenChanged
  }

  /** The log names accesses, entries and places where paths meet. */
  private isLogged(instance: Instance, masks: FrameMasks, i: number, at: number): boolean {
    const accesses = masks.mayRead[at]! | masks.mayRead[at + 1]! | masks.mustWrite[at]! | masks.mustWrite[at + 1]!
    return accesses !== 0 || i === instance.start || this.env.marks.prune[i] === 1
  }

  private logChange(
    instance: Instance,
    f: number,
    i: number,
    what: string,
    old: readonly [number, number],
    now: readonly [number, number],
  ): void {
    const slots = (low: number, high: number): string => {
      const names: string[] = []
      for (let k = 0; k < 64; k++) {
        if ((k < 32 ? low >>> k : high >>> (k - 32)) & 1) names.push(String(-8 * (k + 1)))
      }
      return names.join(',')
    }
    const gained = slots(now[0] & ~old[0], now[1] & ~old[1])
    const lost = slots(old[0] & ~now[0], old[1] & ~now[1])
    let text = `${instance.name} frame ${f} insn ${i} `
    if (gained !== '') text += `+${what} ${gained} `
    if (lost !== '') text += `-${what} ${lost} `
    this.env.say(`${text}\n`)
  }

  private postorder(instance: Instance): Int32Array {
    let order = this.orders.get(instance.start)
    if (!order) {
      order = postorder(this.env.insns, instance.start, instance.start + instance.length)
      this.orders.set(instance.start, order)
    }
    return order
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

  /** A checkpoint forgets the slots that nobody may read after its point. */
  clean(state: State): void {
    const last = state.frames.length - 1
    for (let f = 0; f <= last; f++) {
      const { stack } = state.frames[f]!
      if (stack.length === 0) continue
      let low = 0
      let high = 0
      for (let depth = f; depth <= last; depth++) {
        const instance = this.find(state, depth)
        const masks = instance.frames[f]
        if (!masks) continue
        const at = 2 * (this.resumesAt(state, depth) - instance.start)
        low |= masks.live[at] ?? 0
        high |= masks.live[at + 1] ?? 0
      }
      for (let k = 0; k < stack.length; k++) if (((k < 32 ? low >>> k : high >>> (k - 32)) & 1) === 0) stack[k] = EMPTY
    }
  }
  /** Where the frame of this depth goes on: at the state's instruction, or behind the call it waits for. */
  private resumesAt(state: State, depth: number): number {
    if (depth === state.frames.length - 1) return state.insn
    const { callsite } = state.frames[depth + 1]!
    return this.env.marks.callsCallback[callsite] ? callsite : callsite + 1
  }
}
