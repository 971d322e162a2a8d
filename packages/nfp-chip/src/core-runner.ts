/**
 * Runs one core through a window of time: picks the next ready context round robin, lets it run until it waits
 * (contexts are never preempted), and keeps the core's clock. Everything another core can see goes to the request log.
 * Follows nfp-isa.md, section 15 (arbiter, swap cost), and chip-engine.md, section 7.
 */
import type { ChipConfig } from './api'
import { createCommands } from './commands'
import { BURST_WORDS, ISSUE, POSTED_CREDITS } from './constants'
import { REST, createEngine } from './engine/engine'
import type { EngineFunctions, EngineHost } from './engine/engine'
import { decodeStore } from './decode'
import { STOP, createInterpreter } from './interpreter'
import { CORE, CORE_WORDS, CTX, ENGINE, HDR, STATE } from './layout'
import type { ChipMemory, ChipOptions } from './layout'
import { createDirectHelpers } from './direct-helpers'
import { createMapHelpers } from './map-helpers'
import type { MapStore } from './map-store'
import type { MemoryUnit } from './memory-unit'
import { createOperands } from './operands'
import { createServices } from './services'
import { SEGMENT_STOP } from './engine/segment/locals'
import type { Timing } from './timing'
import { FAULT, UOP, emptyStore } from './uop'

/** More to do in the same segment: look where it goes on. */
const GO_ON = 9

/** What the results of the translated tier mean here. */
const SEGMENT_TO_STOP: readonly number[] = [STOP.swapped, GO_ON, GO_ON, STOP.fault]

export interface CoreRunner {
  /**
   * Runs a core until its next event lies at or behind `end`. `after` is called behind every segment (the quantum model
   * serves requests there).
   */
  run(core: number, end: number, after?: (core: number) => void): void
  /**
   * Goes on with the core that is named up to its next word, without executing that: its address, or -1 when the core
   * went to sleep instead or has nothing to do before `end`.
   */
  prepare(core: number, end: number): number
  /** Executes one word on the core that is named; false when the core has nothing to do before `end`. */
  step(core: number, end: number): boolean
  /**
   * Without time: runs context 0 of a core from its packet to the end of it, waits cut short. `serve` does what the core
   * has logged. False when the packet was given up after `maxWords`.
   */
  finishPacket(core: number, now: number, maxWords: number, serve: () => void): boolean
  /** Aborts the packets of all contexts of a core that still have one. */
  giveUp(core: number): void
  /** Address of the word that the last `step` executed. */
  lastPc(): number
  /** Without time: aborts the packet of context 0 of a core, and has that served. */
  giveUpNow(core: number, serve: () => void): void
  /** Takes over a changed code store. */
  refresh(): void
  /** The engine in WebAssembly for the programs of the last `refresh`; undefined in the precise tier. */
  engine(): EngineFunctions | undefined
}

/** What the engine asks of the chip that owns it; `advanceRest` is the runner's own business. */
export type EngineService = Omit<EngineHost, 'advanceRest'>

/** For members, who only run cores: nothing of this is ever called there. */
const notHere = (): never => {
  throw new Error('only the leader serves requests')
}
const NO_SERVICE: EngineService = {
  makeBucket: notHere,
  answerElsewhere: notHere,
  ensure: notHere,
  hasRoom: notHere,
  tidy: notHere,
  arrive: notHere,
  spill: notHere,
  admitWaiting: notHere,
  serveNowElsewhere: notHere,
  giveUpNow: notHere,
}

/**
 * `member` chooses the table of counts that this runner writes. With `directMaps` map helpers work on that store at once,
 * without commands and waits (the functional model). The leader's engine calls `service`.
 */
export function createCoreRunner(
  memory: ChipMemory,
  config: ChipConfig,
  options: ChipOptions,
  timing: Timing,
  member: number,
  unit: MemoryUnit,
  directMaps?: MapStore,
  service: EngineService = NO_SERVICE,
): CoreRunner {
  const { words: H, floats: F, layout } = memory
  const store = emptyStore(layout.storeWords)
  const commands = createCommands(memory, timing, unit)
  const operands = createOperands(memory)
  const interpreter = createInterpreter(memory, store, commands, operands)
  const engine = createEngine(memory, config, options, timing, member, { ...service, advanceRest })
  const entriesAt = layout.entries + member * layout.storeWords
  const blockCountsAt = 4 * (layout.blockCounts + member * layout.storeWords)
  const stepwise = createMapHelpers(memory, config, commands)
  const helpers = directMaps ? createDirectHelpers(memory, config, directMaps, stepwise) : stepwise
  const services = createServices(memory, config, commands, helpers)
  const nextTimes = layout.nextTimes >> 1
  const countsAt = layout.counts + member * layout.storeWords
  let version = -1
  let stepPc = -1

  function refresh(): void {
    const current = H[layout.header + HDR.programVersion]!
    if (current === version) return
    version = current
    decodeStore(memory, store)
    const { helpers, tgtDone } = config.firmware
    for (const address of [helpers.lookup, helpers.update, helpers.delete, helpers.perfEventOutput, tgtDone]) {
      // Where a program lies over a firmware address (a test profile does that) the program's word counts.
      if (address === 0 || address >= layout.storeWords || H[layout.store + 2 * address + 1] !== 0) continue
      store.op[address] = UOP.firmware
      store.fault[address] = FAULT.none
    }
    engine.refresh(store)
  }

  /** Words of the loaded programs: a burst of fewer may not enter translated code, which looks up only now and then. */
  const programWords = (): number => H[layout.engine + ENGINE.programWords]!
  const canEnter = (address: number, left: number): boolean =>
    address < layout.storeWords && H[entriesAt + address]! >= 0 && left > programWords()

  function runSegment(core: number, cb: number, slot: number, left: number): number {
    const tb = cb + CORE.contexts + slot * CTX.size
    const entry = H[entriesAt + H[tb + CTX.pc]!]!
    const { segment } = engine.functions!
    return segment(4 * cb, 4 * tb, entry, blockCountsAt, left - programWords(), (core << 2) | slot)
  }

  /** The context that runs next at `now`, round robin behind the last one; -1 when none is ready. */
  function pick(cb: number, now: number): number {
    const wakes = (cb + CORE.wakeF) >> 1
    const last = H[cb + CORE.last]!
    for (let turn = 1; turn <= 4; turn++) {
      const slot = (last + turn) & 3
      if (F[wakes + slot]! <= now) return slot
    }
    return -1
  }

  function earliestWake(cb: number): number {
    const wakes = (cb + CORE.wakeF) >> 1
    return Math.min(F[wakes]!, F[wakes + 1]!, F[wakes + 2]!, F[wakes + 3]!)
  }

  /** Starts a run segment: everything that a context swap settles. */
  function begin(cb: number, slot: number, now: number): void {
    const tb = cb + CORE.contexts + slot * CTX.size
    H[cb + CORE.running] = slot
    H[cb + CORE.last] = slot
    F[(cb + CORE.segmentStartF) >> 1] = now
    const wakeAt = ((cb + CORE.wakeF) >> 1) + slot
    const woke = F[wakeAt]!
    const waited = (cb + CORE.waitedF) >> 1
    F[waited + H[tb + CTX.waitingFor]!]! += woke - F[(tb + CTX.sleepF) >> 1]!
    F[waited]! += now - woke
    F[wakeAt] = Infinity
    H[cb + CORE.segmentWords] = 0
    H[tb + CTX.cycle] = 0
    H[tb + CTX.ccCycle] = -2
    H[tb + CTX.state] = STATE.ready
    H[tb + CTX.waitingFor] = 0
    if (H[tb + CTX.arbMask] !== 0) {
      H[tb + CTX.signals] = H[tb + CTX.signals]! & ~H[tb + CTX.arbMask]!
      H[tb + CTX.arbMask] = 0
    }
    operands.settle(tb)
  }

  /** Ends a run segment and returns the cycle at which the core is free again. */
  function finish(cb: number, tb: number): number {
    const cycles = H[tb + CTX.cycle]!
    H[cb + CORE.running] = -1
    F[(cb + CORE.busyF) >> 1]! += cycles
    F[(tb + CTX.sleepF) >> 1] = F[(cb + CORE.segmentStartF) >> 1]! + cycles
    return F[(cb + CORE.segmentStartF) >> 1]! + cycles + ISSUE.swap
  }

  /**
   * Continues the segment of the running context with at most `budget` words; returns false while it goes on. A context
   * that is still inside its segment has its time in `CORE.nowF`. With `first` the interpreter does the first word.
   */
  function advance(core: number, cb: number, budget: number, translated: boolean, first = false): boolean {
    const slot = H[cb + CORE.running]!
    const tb = cb + CORE.contexts + slot * CTX.size
    let left = budget
    let oneWord = first
    let going = H[tb + CTX.service] === 0 || services.resume(core, slot)
    while (going) {
      const pc = H[tb + CTX.pc]!
      if (store.op[pc] === UOP.firmware && H[tb + CTX.slots] === 0) {
        going = services.enter(core, slot)
        continue
      }
      if (left === 0) break
      stepPc = pc
      let stop: number
      let executed: number
      let fault: number
      if (translated && !oneWord && H[tb + CTX.slots] === 0 && canEnter(pc, left)) {
        const result = runSegment(core, cb, slot, left)
        executed = result >>> 3
        fault = H[cb + CORE.fault]!
        stop = SEGMENT_TO_STOP[result & 7]!
        if ((result & 7) === SEGMENT_STOP.interpret) oneWord = true
      } else {
        stop = interpreter.execute(core, slot, translated && left > programWords() ? 1 : left, countsAt)
        executed = interpreter.executed()
        fault = interpreter.lastFault()
        oneWord = false
        // One word at a time until a translated block begins; a word that could not be done ends the attempt.
        if (stop === STOP.suspended && executed > 0) stop = GO_ON
      }
      left -= executed
      H[tb + CTX.words] = H[tb + CTX.words]! + executed
      F[(cb + CORE.wordsF) >> 1]! += executed
      H[cb + CORE.segmentWords] = H[cb + CORE.segmentWords]! + executed
      if (stop === GO_ON) continue
      if (stop === STOP.suspended) break
      if (stop === STOP.firmware) going = services.enter(core, slot)
      else {
        if (stop === STOP.fault) services.abort(core, slot, fault)
        going = false
      }
    }
    const ended = !going
    F[(cb + CORE.nowF) >> 1] = ended ? finish(cb, tb) : F[(cb + CORE.segmentStartF) >> 1]! + H[tb + CTX.cycle]!
    return ended
  }

  /** What the engine leaves to us: goes on with a segment that it began. */
  function advanceRest(core: number, left: number, how: number): number {
    const cb = layout.cores + core * CORE_WORDS
    if (how !== REST.fault) return advance(core, cb, left, true, how === REST.oneWord) ? 1 : 0
    const slot = H[cb + CORE.running]!
    services.abort(core, slot, H[cb + CORE.fault]!)
    F[(cb + CORE.nowF) >> 1] = finish(cb, cb + CORE.contexts + slot * CTX.size)
    return 1
  }

  function run(core: number, end: number, after?: (core: number) => void): void {
    if (engine.functions) engine.functions.runCore(core, end)
    else runHere(core, end, after)
  }

  function runHere(core: number, end: number, after?: (core: number) => void): void {
    const cb = layout.cores + core * CORE_WORDS
    const nowAt = (cb + CORE.nowF) >> 1
    for (;;) {
      let done = 0
      if (H[cb + CORE.running]! < 0) {
        let now = F[nowAt]!
        let slot = pick(cb, now)
        if (slot < 0) {
          now = earliestWake(cb)
          if (now >= end) break
          slot = pick(cb, now)
        } else if (now >= end) break
        if (commands.logFull(core)) {
          F[nowAt] = now
          break
        }
        begin(cb, slot, now)
      } else {
        // A segment runs in one burst whatever the window, so that all ways of slicing time leave the same state.
        done = H[cb + CORE.segmentWords]! % BURST_WORDS
        if (F[nowAt]! >= end && (done === 0 || F[(cb + CORE.segmentStartF) >> 1]! >= end)) break
      }
      const ended = advance(core, cb, BURST_WORDS - done, false)
      if (after) after(core)
      else if (!ended && (commands.logFull(core) || stuck(cb))) break
    }
    setNext(core, cb)
  }

  /** Whether the running context cannot go on before its core's posted commands are served. */
  const stuck = (cb: number): boolean => ((H[cb + CORE.posted]! - H[cb + CORE.postedServed]!) | 0) >= POSTED_CREDITS

  /** Publishes the earliest cycle at which the core can do something. */
  function setNext(core: number, cb: number): void {
    const now = F[(cb + CORE.nowF) >> 1]!
    F[nextTimes + core] = H[cb + CORE.running]! >= 0 ? now : Math.max(now, earliestWake(cb))
  }

  function step(core: number, end: number): boolean {
    const wordsAt = (layout.cores + core * CORE_WORDS + CORE.wordsF) >> 1
    const before = F[wordsAt]!
    advanceBy(core, end, 1)
    return F[wordsAt]! > before
  }

  function prepare(core: number, end: number): number {
    const cb = layout.cores + core * CORE_WORDS
    advanceBy(core, end, 0)
    const slot = H[cb + CORE.running]!
    return slot < 0 ? -1 : H[cb + CORE.contexts + slot * CTX.size + CTX.pc]!
  }

  /** Goes on with a core by at most so many words, in the precise tier. */
  function advanceBy(core: number, end: number, words: number): void {
    const cb = layout.cores + core * CORE_WORDS
    const nowAt = (cb + CORE.nowF) >> 1
    if (H[cb + CORE.running]! < 0) {
      let now = F[nowAt]!
      let slot = pick(cb, now)
      if (slot < 0) {
        now = earliestWake(cb)
        slot = now < end ? pick(cb, now) : -1
      }
      if (slot < 0 || now >= end) {
        setNext(core, cb)
        return
      }
      begin(cb, slot, now)
    }
    advance(core, cb, words, false)
    setNext(core, cb)
  }

  function finishPacket(core: number, now: number, maxWords: number, serve: () => void): boolean {
    const cb = layout.cores + core * CORE_WORDS
    const tb = cb + CORE.contexts
    const nowAt = (cb + CORE.nowF) >> 1
    const limit = F[(cb + CORE.wordsF) >> 1]! + maxWords
    begin(cb, 0, now)
    for (;;) {
      const ended = advance(core, cb, BURST_WORDS, engine.functions !== undefined)
      serve()
      if (ended && H[tb + CTX.packet]! < 0) return true
      if (F[(cb + CORE.wordsF) >> 1]! > limit) {
        giveUpNow(core, serve)
        return false
      }
      if (ended) begin(cb, 0, F[nowAt]!)
    }
  }

  function giveUpNow(core: number, serve: () => void): void {
    services.abort(core, 0, FAULT.endless)
    serve()
    H[layout.cores + core * CORE_WORDS + CORE.running] = -1
  }

  function giveUp(core: number): void {
    const cb = layout.cores + core * CORE_WORDS
    const nowAt = (cb + CORE.nowF) >> 1
    const end = (slot: number): void => {
      services.abort(core, slot, FAULT.endless)
      F[nowAt] = finish(cb, cb + CORE.contexts + slot * CTX.size)
    }
    if (H[cb + CORE.running]! >= 0) end(H[cb + CORE.running]!)
    for (let slot = 0; slot < 4; slot++) {
      if (H[cb + CORE.contexts + slot * CTX.size + CTX.packet]! < 0) continue
      F[((cb + CORE.wakeF) >> 1) + slot] = F[nowAt]!
      begin(cb, slot, F[nowAt]!)
      end(slot)
    }
    setNext(core, cb)
  }

  if (member === 0) engine.writeTables()
  return {
    run,
    prepare,
    step,
    finishPacket,
    giveUp,
    giveUpNow,
    lastPc: () => stepPc,
    refresh,
    engine: () => engine.functions,
  }
}
