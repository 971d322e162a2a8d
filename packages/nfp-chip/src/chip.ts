/**
 * The chip as one object: it owns the memory, advances time window by window, and gives the host its view.
 *
 * The rule of time ("exact"): cores may run ahead of each other by a window that is no longer than the shortest latency
 * between them; what one core does to another goes through the request log and is served in order of time when every
 * core has passed it. The result therefore does not depend on the window, on slicing or on the number of members.
 * Follows chip-engine.md, section 7.
 */
import type { TimedFrame } from '@offload/packet'
import type { Chip, ChipConfig, ChipCounters, ContextView, PacketRecord, PerfEvent } from './api'
import { QUANTUM } from './constants'
import { createCoreRunner } from './core-runner'
import { createEmem } from './emem'
import type { EmulatedChip, MachineCheck, WordPlace } from './emulated-chip'
import { ENDLESS_WORDS } from './engine/engine'
import { createEventPath } from './event-path'
import {
  CNT,
  CORE,
  CTX,
  ENGINE,
  HDR,
  STATE,
  WAIT,
  WAIT_NAMES,
  contextStart,
  coreStart,
  layoutOf,
  memoryOver,
} from './layout'
import type { ChipMemory, ChipOptions, Layout } from './layout'
import { createMapStore } from './map-store'
import { createWindowRunner } from './member'
import { createMemoryUnit } from './memory-unit'
import type { ChipShare } from './member'
import { createPacketPath } from './packet-path'
import type { PacketPath } from './packet-path'
import { prngAfter, prngStart } from './prng'
import { createRequestService } from './request-service'
import { SERVICE_STEP } from './services'
import { readSnapshot, writeSnapshot } from './snapshot'
import { hashState } from './state-hash'
import { createTelemetry } from './telemetry'
import { timingOf } from './timing'
import { newWasmMemory } from './wasm-memory'
import { FAULT_NAMES } from './uop'

/** Zeroed memory of the layout's size: WebAssembly's when the translated tier is wanted and there is any. */
function newMemory(layout: Layout, options: ChipOptions): ChipMemory {
  const wasm = options.tier === 'precise' ? undefined : newWasmMemory(layout.bytes, options.shared ?? false)
  if (wasm) return memoryOver(layout, wasm.buffer, wasm)
  return memoryOver(layout, options.shared ? new SharedArrayBuffer(layout.bytes) : new ArrayBuffer(layout.bytes))
}

const FIRST_MAGIC = 0x4e465043
const KEPT_CHECKS = 64
/** Steps between the registers of two cores in the functional model. */
const PRNG_DISTANCE = 1_000_003
/** Words after which packets in flight are given up before a program is replaced. */
const DRAIN_WORDS = 4_000_000

/** Makes a chip in reset: no program, no maps, every context idle. Throws a RangeError for impossible configurations. */
export function createChip(config: ChipConfig, options: ChipOptions = {}): EmulatedChip {
  const layout = layoutOf(config, options)
  const memory = newMemory(layout, options)
  const { words: H, floats: F, bytes: B } = memory
  const { header } = layout
  const timing = timingOf(config.device)
  const window = Math.max(1, Math.min(options.window ?? timing.window, timing.window))
  const emem = createEmem(memory)
  const maps = createMapStore(memory, config, emem)
  const events = createEventPath(memory, timing, emem, options.whenFull !== 'overwrite')
  const checks: MachineCheck[] = []
  const unit = createMemoryUnit(memory)
  const directMaps = config.timeModel === 'functional' ? maps : undefined
  const runner = createCoreRunner(memory, config, options, timing, 0, unit, directMaps, {
    makeBucket: (number) => {
      const at = emem.bucket(number)
      return at < 0 ? -1 : 4 * at
    },
    answerElsewhere: (core) => service.answerOldest(core),
    ensure: maps.ensure,
    hasRoom: () => (emem.hasRoom() ? 1 : 0),
    tidy: emem.tidy,
    arrive: () => {
      packets.arrive()
      F[(layout.engine + ENGINE.arrivalF) >> 1] = packets.nextArrival()
    },
    spill: () => packets.spill(),
    admitWaiting: (cycle) => packets.admitWaiting(cycle),
    serveNowElsewhere: (core) => service.serveNow(core),
    giveUpNow: (core) => runner.giveUpNow(core, () => service.serveNow(core)),
  })
  const windows = createWindowRunner(memory, runner, options.patience)
  const service = createRequestService(
    memory,
    timing,
    unit,
    emem,
    maps,
    config.timeModel === 'quantum',
    { packets: () => packets, events },
    reportFault,
    runner.engine,
  )
  const packets: PacketPath = createPacketPath(memory, config, timing, options, service.wake)
  const telemetry = createTelemetry(memory)
  const counters = layout.counters >> 1
  const nowAt = (header + HDR.nowF) >> 1

  function reportFault(core: number, context: number, pc: number, fault: number, cycle: number): void {
    H[header + HDR.machineChecks]!++
    if (checks.length < KEPT_CHECKS) checks.push({ core, context, pc, cause: FAULT_NAMES[fault] ?? '', cycle })
  }

  function reset(): void {
    H[header + HDR.magic] = FIRST_MAGIC
    H[header + HDR.version] = 1
    H[header + HDR.seed] = config.seed | 0
    H[header + HDR.members] = 1
    H[header + HDR.mostMembers] = 1
    H.fill(-1, header + HDR.programs, header + HDR.programs + 8)
    for (let core = 0; core < layout.coreCount; core++) {
      const cb = coreStart(layout, core)
      F[(layout.nextTimes >> 1) + core] = Infinity
      F.fill(Infinity, (cb + CORE.wakeF) >> 1, ((cb + CORE.wakeF) >> 1) + 8)
      H[cb + CORE.running] = -1
      H[cb + CORE.last] = 3
      // Where time is not counted cores would all draw the same numbers: each begins elsewhere in the sequence.
      const ahead = config.timeModel === 'functional' ? core * PRNG_DISTANCE : 0
      H[cb + CORE.prng] = prngAfter(prngStart(config.seed), ahead)
      for (let entry = 0; entry < 16; entry++) H[cb + CORE.camOrder + entry] = entry
      for (let slot = 0; slot < 4; slot++) {
        const tb = contextStart(layout, core, slot)
        H[tb + CTX.packet] = -1
        H[tb + CTX.latchPc] = -1
        H[tb + CTX.service] = SERVICE_STEP.receive
        H[tb + CTX.state] = STATE.idle
        H[tb + CTX.waitingFor] = WAIT.packet
      }
    }
    for (let port = 0; port < layout.ports; port++) {
      const table = (layout.indirection + 32 * port) * 4
      for (let index = 0; index < 128; index++) B[table + index] = index % config.queues
    }
    packets.allIdle()
  }

  function loadProgram(port: number, program: Parameters<Chip['loadProgram']>[1]): void {
    if (port < 0 || port >= layout.ports) throw new RangeError(`port ${port} of ${layout.ports}`)
    drain()
    const entryAt = header + HDR.programs + port
    const lengthAt = header + HDR.programWords + port
    const old = H[entryAt]!
    if (old >= 0) H.fill(0, layout.store + 2 * old, layout.store + 2 * (old + H[lengthAt]!))
    H[entryAt] = -1
    H[lengthAt] = 0
    if (program) {
      const { words, start } = program
      if (start < 0 || start + words.length / 2 > layout.storeWords) {
        throw new RangeError(`a program of ${words.length / 2} words at ${start} in a store of ${layout.storeWords}`)
      }
      H.set(new Int32Array(words.buffer, words.byteOffset, words.length), layout.store + 2 * start)
      H[entryAt] = start
      H[lengthAt] = words.length / 2
      for (let member = 0; member < layout.members; member++) {
        for (const table of [layout.counts, layout.blockCounts]) {
          const from = table + member * layout.storeWords + start
          H.fill(0, from, from + words.length / 2)
        }
      }
    }
    H[header + HDR.programVersion]!++
  }

  /** Contexts that are inside a program, or about to enter one. */
  function contextsAtWork(): number {
    let count = 0
    for (let core = 0; core < layout.coreCount; core++) {
      for (let slot = 0; slot < 4; slot++) if (H[contextStart(layout, core, slot) + CTX.packet]! >= 0) count++
    }
    return count
  }

  /**
   * Lets every context finish its packet while no other is handed out, as the card's loader waits for its cores before it
   * changes their code. Time goes on until the last one is done; an endless program is given up.
   */
  function drain(): void {
    if (contextsAtWork() === 0) return
    packets.hold(true, 0)
    const limit = wordsExecuted() + DRAIN_WORDS
    while (contextsAtWork() > 0 && wordsExecuted() < limit) {
      const horizon = service.serve(Infinity)
      if (horizon === Infinity) break
      F[(header + HDR.windowEndF) >> 1] = horizon + window
      windows.run(horizon + window)
    }
    service.serve(Infinity)
    for (let core = 0; core < layout.coreCount; core++) runner.giveUp(core)
    service.serve(Infinity)
    F[nowAt] = lastActivity()
    packets.hold(false, F[nowAt]!)
  }

  const wordsExecuted = (): number => {
    let sum = 0
    for (let core = 0; core < layout.coreCount; core++) sum += F[(coreStart(layout, core) + CORE.wordsF) >> 1]!
    return sum
  }

  /** Latest cycle that any core has reached. */
  function lastActivity(): number {
    let last = F[nowAt]!
    for (let core = 0; core < layout.coreCount; core++)
      last = Math.max(last, F[(coreStart(layout, core) + CORE.nowF) >> 1]!)
    return Math.max(last, F[counters + CNT.lastArrival]!)
  }

  function runExactly(
    until: number,
    runOptions: { readonly untilIdle?: boolean; readonly maxWords?: number } = {},
  ): void {
    const { untilIdle = false, maxWords = Infinity } = runOptions
    const wordLimit = wordsExecuted() + maxWords
    runner.refresh()
    if (wordLimit === Infinity && !windows.shared) service.runWindows(until, window)
    for (;;) {
      const horizon = service.serve(until)
      if (horizon >= until || horizon === Infinity) break
      const end = Math.min(horizon + window, until)
      F[(header + HDR.windowEndF) >> 1] = end
      windows.run(end)
      if (wordLimit < Infinity && wordsExecuted() >= wordLimit) {
        service.serve(end)
        F[nowAt] = end
        return
      }
    }
    const idle = service.serve(until) === Infinity && service.nextItem() === Infinity
    F[nowAt] = idle && (untilIdle || until === Infinity) ? Math.min(until, lastActivity()) : Math.max(F[nowAt]!, until)
  }

  /** Packets that are somewhere between MAC and departure. */
  function inFlight(): number {
    const at = (counter: number): number => F[counters + counter]!
    return at(CNT.received) - at(CNT.passed) - at(CNT.dropped) - at(CNT.transmitted) - at(CNT.aborted)
  }

  /** The functional model: frames in order of arrival, each to its end, memory served at once. Cores take turns. */
  function runWithoutTime(
    until: number,
    runOptions: { readonly untilIdle?: boolean; readonly maxWords?: number } = {},
  ): void {
    const { untilIdle = false, maxWords = Infinity } = runOptions
    const wordLimit = wordsExecuted() + maxWords
    if (inFlight() > 0) {
      // Someone stepped into a packet: bring it to its end in the exact model first.
      packets.hold(true, 0)
      runExactly(Infinity, { untilIdle: true })
      packets.hold(false, F[nowAt]!)
    }
    runner.refresh()
    const engine = wordLimit === Infinity ? runner.engine() : undefined
    while (engine) {
      const first = F[counters + CNT.received]! % layout.coreCount
      if (packets.fillInbox(until) === 0) break
      engine.runInbox(first)
    }
    let serving = 0
    const serve = (): void => service.serveNow(serving)
    let words = wordLimit < Infinity ? wordsExecuted() : 0
    for (let packet = F[counters + CNT.received]!; ; packet++) {
      serving = packet % layout.coreCount
      if (!packets.startNow(serving, until)) break
      const cb = coreStart(layout, serving)
      const before = F[(cb + CORE.wordsF) >> 1]!
      const now = Math.max(F[nowAt]!, F[(cb + CORE.nowF) >> 1]!)
      runner.finishPacket(serving, now, ENDLESS_WORDS, serve)
      F[(layout.nextTimes >> 1) + serving] = Infinity
      words += F[(cb + CORE.wordsF) >> 1]! - before
      if (words >= wordLimit) break
    }
    F[nowAt] = Math.max(F[nowAt]!, F[counters + CNT.lastArrival]!)
    if (words < wordLimit && !(untilIdle || until === Infinity)) F[nowAt] = Math.max(F[nowAt]!, until)
  }

  /**
   * The quantum model: on a fixed grid of quanta each core runs its quantum alone, its requests served as they are
   * issued. Quanta are never cut, so a run may have gone on to the end of the quantum that holds `until`.
   */
  function runInQuanta(
    until: number,
    runOptions: { readonly untilIdle?: boolean; readonly maxWords?: number } = {},
  ): void {
    const { untilIdle = false, maxWords = Infinity } = runOptions
    const wordLimit = wordsExecuted() + maxWords
    const quantumEndAt = (header + HDR.windowEndF) >> 1
    runner.refresh()
    for (;;) {
      let next = packets.nextArrival()
      for (let core = 0; core < layout.coreCount; core++) {
        next = Math.min(next, F[(layout.nextTimes >> 1) + core]!)
      }
      const start = Math.max(F[quantumEndAt]!, Math.floor(next / QUANTUM) * QUANTUM)
      if (next === Infinity || start >= until) {
        const idle = next === Infinity && (untilIdle || until === Infinity)
        F[nowAt] = idle ? Math.min(until, lastActivity()) : Math.max(F[nowAt]!, until)
        return
      }
      const end = start + QUANTUM
      F[quantumEndAt] = end
      while (packets.nextArrival() < end) packets.arrive()
      for (let core = 0; core < layout.coreCount; core++) {
        service.serveCore(core)
        if (F[(layout.nextTimes >> 1) + core]! < end) runner.run(core, end, service.serveCore)
      }
      service.endQuantum(start)
      if (wordsExecuted() >= wordLimit) {
        F[nowAt] = Math.max(F[nowAt]!, Math.min(end, until))
        return
      }
    }
  }

  const run = { exact: runExactly, quantum: runInQuanta, functional: runWithoutTime }[config.timeModel]

  /** The core whose turn it is in order of time, everything before it served; -1 when nothing is left to do. */
  function nextCore(): number {
    const horizon = service.serve(Infinity)
    if (horizon === Infinity) return -1
    F[nowAt] = Math.max(F[nowAt]!, horizon)
    F[(header + HDR.windowEndF) >> 1] = horizon + window
    let core = 0
    while (F[(layout.nextTimes >> 1) + core]! > horizon) core++
    runner.refresh()
    return core
  }

  const lastContext = (core: number): number => 2 * H[coreStart(layout, core) + CORE.last]!

  function stepWord(): WordPlace | undefined {
    for (;;) {
      const core = nextCore()
      if (core < 0) return undefined
      if (runner.step(core, Infinity)) return { core, context: lastContext(core), pc: runner.lastPc() }
    }
  }

  function runToWord(stopAt: (place: WordPlace) => boolean, maxWords = Infinity): WordPlace | undefined {
    for (let words = 0; ;) {
      const core = nextCore()
      if (core < 0) return undefined
      const pc = runner.prepare(core, Infinity)
      // Getting to the word may have taken time in which another core comes first.
      if (pc < 0 || F[(layout.nextTimes >> 1) + core]! > F[nowAt]!) continue
      const place = { core, context: lastContext(core), pc }
      if (words > 0 && stopAt(place)) return place
      if (words >= maxWords) return undefined
      if (runner.step(core, Infinity)) words++
    }
  }

  function context(core: number, number: number): ContextView {
    if (core < 0 || core >= layout.coreCount || number < 0 || number > 7 || number % 2 !== 0) {
      throw new RangeError(`core ${core}, context ${number}`)
    }
    const slot = number / 2
    const cb = coreStart(layout, core)
    const tb = contextStart(layout, core, slot)
    const packet = H[tb + CTX.packet]!
    const state = H[tb + CTX.state]!
    return {
      core,
      context: number,
      state:
        H[cb + CORE.running] === slot
          ? 'running'
          : state === STATE.idle || state === STATE.stopped
            ? 'idle'
            : F[((cb + CORE.wakeF) >> 1) + slot]! <= F[nowAt]!
              ? 'ready'
              : 'waiting',
      waitingFor: WAIT_NAMES[H[tb + CTX.waitingFor]!] ?? '',
      pc: H[tb + CTX.pc]!,
      packet: packet < 0 ? -1 : telemetry.packetNumber(packet),
      gprA: [...H.subarray(tb + CTX.gprA, tb + CTX.gprA + 32)],
      gprB: [...H.subarray(tb + CTX.gprB, tb + CTX.gprB + 32)],
    }
  }

  function counterView(): ChipCounters {
    const at = (counter: number): number => F[counters + counter]!
    const queues: number[] = []
    for (let port = 0; port < layout.ports; port++) {
      for (let queue = 0; queue < layout.queues; queue++) queues.push(at(CNT.queues + port * 65 + queue))
    }
    return {
      cycles: F[nowAt]!,
      received: at(CNT.received),
      passed: at(CNT.passed),
      dropped: at(CNT.dropped),
      transmitted: at(CNT.transmitted),
      aborted: at(CNT.aborted),
      lost: at(CNT.lost),
      words: wordsExecuted(),
      receivedBytes: at(CNT.receivedBytes),
      queues,
      busy: Array.from({ length: layout.coreCount }, (_, core) => F[(coreStart(layout, core) + CORE.busyF) >> 1]!),
      wordCounts: telemetry.wordCounts(),
      eventsSent: at(CNT.eventsSent),
      eventsLost: at(CNT.eventsLost),
    }
  }

  function setIndirection(port: number, table: Uint8Array): void {
    if (port < 0 || port >= layout.ports) throw new RangeError(`port ${port} of ${layout.ports}`)
    if (table.length !== 128) throw new RangeError(`an indirection table of ${table.length} entries: 128 are needed`)
    const wrong = table.findIndex((queue) => queue >= config.queues)
    if (wrong >= 0) throw new RangeError(`entry ${wrong} names queue ${table[wrong]} of ${config.queues}`)
    B.set(table, (layout.indirection + 32 * port) * 4)
  }

  function share(members: number): ChipShare {
    if (!options.shared) throw new RangeError('the chip was made without shared memory')
    windows.setMembers(members)
    return { buffer: memory.buffer, ...(memory.wasm ? { wasm: memory.wasm } : {}), config, options }
  }

  function restore(bytes: Uint8Array): void {
    const version = H[header + HDR.programVersion]!
    readSnapshot(memory, packets, bytes)
    H[header + HDR.programVersion] = Math.max(version, H[header + HDR.programVersion]!) + 1
    emem.invalidate()
    events.forget()
    service.invalidate()
  }

  reset()
  return {
    config,
    get now() {
      return F[nowAt]!
    },
    get pending() {
      return packets.pending()
    },
    telemetry,
    loadProgram,
    mapAlloc: maps.alloc,
    mapFree: maps.free,
    mapLookup: maps.lookup,
    mapUpdate: maps.update,
    mapDelete: maps.remove,
    mapNextKey: maps.nextKey,
    offer: (frames: readonly TimedFrame[]) => packets.offer(frames),
    run,
    stepWord,
    runToWord,
    takePackets: (): PacketRecord[] => packets.take(),
    takeEvents: (): PerfEvent[] => events.take(),
    counters: counterView,
    context,
    setIndirection,
    stateHash: () => hashState(memory, emem, telemetry.storeCounts()),
    snapshot: (into) => writeSnapshot(memory, packets, into),
    restore,
    machineChecks: () => checks,
    share,
    parallel: (on) => windows.parallel(on),
    dismiss: () => windows.dismiss(),
  }
}
