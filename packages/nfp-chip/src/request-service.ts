/**
 * Serves the requests that cores logged, and arriving frames, in one order: cycle, then core. Arrivals come before
 * requests of the same cycle. A request sees memory as it is when its turn comes; banks and cache decide how long it
 * takes. Follows chip-engine.md, section 7 (points 7 and 8), and nfp-hardware.md, sections 2 and 6.
 *
 * `serve(limit)` handles everything that lies before the horizon: the earliest cycle at which any core can still issue
 * something. Every answer takes at least a window, so nothing served here comes too late for a core.
 */
import { MEMORY_MAP, POSTED_CREDITS } from './constants'
import type { Emem } from './emem'
import type { EngineFunctions } from './engine/engine'
import { CACHE, CNT, CORE, CORE_WORDS, CTX, ENGINE, LOG, LOG_START, REQUEST } from './layout'
import type { ChipMemory } from './layout'
import { RING_POP, RING_PUT } from './map-steps'
import type { MapStore } from './map-store'
import { ACTION, OP_CLASS, opBytes, opClass } from './memory-unit'
import type { MemoryUnit } from './memory-unit'
import type { PacketPath } from './packet-path'
import type { EventPath } from './event-path'
import { signalsReady } from './signals'
import type { Timing } from './timing'

export interface RequestService {
  /** Serves everything before `limit` and before the horizon; returns the horizon (may lie behind `limit`). */
  serve(limit: number): number
  /** Exact model, where there is an engine: runs windows until nothing is left to do before `until`. */
  runWindows(until: number, window: number): void
  /** Ends a quantum that began at `start`: what the banks could not do in it delays the requests of the next. */
  endQuantum(start: number): void
  /** Serves one core's requests in the order in which it issued them, whatever the other cores do (quantum model). */
  serveCore(core: number): void
  /** Without time: does at once what one core has logged. */
  serveNow(core: number): void
  /** Answers the oldest request of a core, which stays in the log: the engine takes it out. */
  answerOldest(core: number): void
  /** Earliest time of anything that waits to be served; Infinity when there is nothing. */
  nextItem(): number
  /** Tells a core that context `slot` wakes at `cycle`. */
  wake(core: number, slot: number, cycle: number): void
  /** Forgets what is kept outside the chip's memory. */
  invalidate(): void
}

/** A machine check: which core could not go on, where and why. */
export type ReportFault = (core: number, context: number, pc: number, fault: number, cycle: number) => void

export function createRequestService(
  memory: ChipMemory,
  timing: Timing,
  unit: MemoryUnit,
  emem: Emem,
  maps: MapStore,
  inQuanta: boolean,
  paths: { readonly packets: () => PacketPath; readonly events: EventPath },
  reportFault: ReportFault,
  engine: () => EngineFunctions | undefined,
): RequestService {
  const { words: H, floats: F, layout } = memory
  const counters = layout.counters >> 1
  const banks = counters + CNT.banks
  // What is kept between calls lies in the chip's memory, since the engine works on it too.
  const engineAt = layout.engine
  /** Quantum model: work that each bank was given in this quantum. */
  const work = F.subarray((engineAt + ENGINE.bankWork) >> 1, ((engineAt + ENGINE.bankWork) >> 1) + 16)
  const bankOf = { read: 0, atomic: 4, imem: 8 } as const
  const { coreCount, logHeads, logTails } = layout
  const nextTimes = layout.nextTimes >> 1
  // A binary heap of the cores that have a logged request, by the cycle of their oldest one, then by their number.
  const heap = F.subarray((engineAt + ENGINE.heap) >> 1, ((engineAt + ENGINE.heap) >> 1) + coreCount)
  const inHeap = H.subarray(engineAt + ENGINE.inHeap, engineAt + ENGINE.inHeap + coreCount)
  const heapSizeAt = engineAt + ENGINE.heapSize
  const time = F.subarray(engineAt >> 1, (engineAt >> 1) + 4)
  const HORIZON = ENGINE.horizonF >> 1
  const DONE = ENGINE.doneF >> 1
  const START = ENGINE.startF >> 1

  const block = (core: number): number => layout.cores + core * CORE_WORDS
  const entryOf = (core: number): number => {
    const cb = block(core)
    return cb + LOG_START + (H[logHeads + core]! & (LOG.entries - 1)) * LOG.words
  }

  function push(core: number): void {
    const key = F[(entryOf(core) + LOG.cycleF) >> 1]! * 128 + core
    inHeap[core] = 1
    let at = H[heapSizeAt]!++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= key) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = key
  }

  function pop(): number {
    const top = heap[0]! % 128
    inHeap[top] = 0
    const size = --H[heapSizeAt]!
    const key = heap[size]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= key) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = key
    return top
  }

  /** Takes over new log entries and finds the horizon. */
  function collect(): void {
    let horizon = Infinity
    for (let core = 0; core < coreCount; core++) {
      const next = F[nextTimes + core]!
      if (next < horizon) horizon = next
      if (inHeap[core] === 0 && H[logHeads + core] !== H[logTails + core]) push(core)
    }
    time[HORIZON] = horizon
  }

  function wake(core: number, slot: number, cycle: number): void {
    const cb = block(core)
    F[((cb + CORE.wakeF) >> 1) + slot] = cycle
    const next = H[cb + CORE.running]! >= 0 ? F[(cb + CORE.nowF) >> 1]! : Math.max(F[(cb + CORE.nowF) >> 1]!, cycle)
    if (next < F[nextTimes + core]!) F[nextTimes + core] = next
    if (next < time[HORIZON]!) time[HORIZON] = next
  }

  function serve(limit: number): number {
    const packets = paths.packets()
    const faster = engine()
    if (faster) {
      F[(engineAt + ENGINE.arrivalF) >> 1] = packets.nextArrival()
      return faster.serve(limit)
    }
    collect()
    for (;;) {
      const arrival = packets.nextArrival()
      const request = H[heapSizeAt]! > 0 ? Math.floor(heap[0]! / 128) : Infinity
      if (arrival <= request) {
        if (arrival >= time[HORIZON]! || arrival >= limit) return time[HORIZON]!
        packets.arrive()
      } else {
        if (request >= time[HORIZON]! || request >= limit) return time[HORIZON]!
        const core = pop()
        const cb = block(core)
        const entry = entryOf(core)
        answer(core, cb, entry, request)
        H[logHeads + core] = (H[logHeads + core]! + 1) | 0
        if (H[logHeads + core] !== H[logTails + core]) push(core)
      }
    }
  }

  function runWindows(until: number, window: number): void {
    F[(engineAt + ENGINE.arrivalF) >> 1] = paths.packets().nextArrival()
    engine()?.runWindows?.(until, window)
  }

  function serveNow(core: number): void {
    const cb = block(core)
    while (H[logHeads + core] !== H[logTails + core]) {
      const entry = entryOf(core)
      const slot = H[entry + LOG.context]!
      const cycle = F[(entry + LOG.cycleF) >> 1]!
      switch (H[entry + LOG.kind]) {
        case REQUEST.done: {
          const fault = H[entry + LOG.hi]!
          if (fault !== 0) reportFault(core, 2 * slot, H[entry + LOG.count]!, fault, cycle)
          paths.packets().finishNow(H[entry + LOG.lo]!, cycle)
          break
        }
        case REQUEST.event:
          paths.events.send(core, slot, entry, cycle)
          break
        default:
          perform(core, cb, slot, entry)
          F[counters + CNT.requests]!++
          if (H[entry + LOG.kind] === REQUEST.posted) giveCredit(cb, 0)
          if (H[entry + LOG.signal] !== 0) deliver(core, cb, slot, H[entry + LOG.signal]!, cycle)
      }
      H[logHeads + core] = (H[logHeads + core]! + 1) | 0
    }
  }

  function serveCore(core: number): void {
    const faster = engine()
    if (faster) {
      faster.serveCore(core)
      return
    }
    const cb = block(core)
    while (H[logHeads + core] !== H[logTails + core]) {
      const entry = entryOf(core)
      answer(core, cb, entry, F[(entry + LOG.cycleF) >> 1]!)
      H[logHeads + core] = (H[logHeads + core]! + 1) | 0
    }
  }

  /** A posted command's answer is back at `cycle`. */
  function giveCredit(cb: number, cycle: number): void {
    const served = H[cb + CORE.postedServed]!
    F[((cb + CORE.postedF) >> 1) + (served & (POSTED_CREDITS - 1))] = cycle
    H[cb + CORE.postedServed] = (served + 1) | 0
  }

  function answer(core: number, cb: number, entry: number, cycle: number): void {
    F[counters + CNT.requests]!++
    const slot = H[entry + LOG.context]!
    switch (H[entry + LOG.kind]) {
      case REQUEST.done: {
        const fault = H[entry + LOG.hi]!
        if (fault !== 0) reportFault(core, 2 * slot, H[entry + LOG.count]!, fault, cycle)
        paths.packets().done(core, slot, H[entry + LOG.lo]!, cycle)
        return
      }
      case REQUEST.event:
        wake(core, slot, paths.events.send(core, slot, entry, cycle))
        return
      case REQUEST.memorySwap:
        memoryRequest(core, cb, slot, entry, cycle)
        wake(core, slot, time[DONE]!)
        return
      default: {
        memoryRequest(core, cb, slot, entry, cycle)
        const done = time[DONE]!
        if (H[entry + LOG.kind] === REQUEST.posted) giveCredit(cb, done)
        const signal = H[entry + LOG.signal]!
        if (signal !== 0) deliver(core, cb, slot, signal, done)
      }
    }
  }

  function deliver(core: number, cb: number, slot: number, signal: number, cycle: number): void {
    const tb = cb + CORE.contexts + slot * CTX.size
    F[((tb + CTX.signalTimeF) >> 1) + signal] = cycle
    if (H[tb + CTX.arbMask] === 0 || H[cb + CORE.running] === slot) return
    const ready = signalsReady(memory, tb)
    if (ready < Infinity) wake(core, slot, ready)
  }

  /** Does a memory command; `time[DONE]` is when its issuer sees the end of it. */
  function memoryRequest(core: number, cb: number, slot: number, entry: number, cycle: number): void {
    perform(core, cb, slot, entry)
    const op = H[entry + LOG.op]! & 0xff
    if (op === RING_POP || op === RING_PUT) time[DONE] = cycle + timing.ememAtomic
    else served(op, H[entry + LOG.lo]!, H[entry + LOG.hi]!, opBytes(op, H[entry + LOG.count]!), cycle)
  }

  /** Does a memory command's work. */
  function perform(core: number, cb: number, slot: number, entry: number): void {
    const tb = cb + CORE.contexts + slot * CTX.size
    const op = H[entry + LOG.op]! & 0xff
    const lo = H[entry + LOG.lo]!
    const hi = H[entry + LOG.hi]!
    if (op === RING_POP || op === RING_PUT) {
      ringRequest(op, tb, lo)
      return
    }
    const raw = H[entry + LOG.count]!
    const xfer = H[entry + LOG.xfer]!
    const bytes = opBytes(op, raw)
    const mapHint = H[entry + LOG.data + 5]!
    if (mapHint !== 0) maps.ensure(mapHint, H[entry + LOG.data + 4]!)
    const at = emem.resolve(lo, hi, Math.floor(core / layout.workersPerIsland), bytes)
    const swaps = H[entry + LOG.kind] === REQUEST.memorySwap
    const to = tb + CTX.xferIn + xfer
    const from = swaps ? tb + CTX.xferOut + xfer : entry + LOG.data
    if (at < 0) H.fill(0, to, to + ((bytes + 3) >> 2))
    else {
      if (isCredit(lo, hi, op) && !emem.hasRoom()) H[to] = 0
      else unit.perform(op, raw, at, to, from, H[entry + LOG.op]! >>> 16)
      releaseBucket(op, lo, hi)
    }
  }

  /** A credit of a map that is asked for while the store has no room for another bucket counts as used up. */
  const isCredit = (lo: number, hi: number, op: number): boolean =>
    (hi & 63) === MEMORY_MAP.imemIsland && op >> 2 === ACTION.subtractSaturating && lo >= 0

  /** A lock word that was given back may leave an empty bucket behind. */
  function releaseBucket(op: number, lo: number, hi: number): void {
    if ((hi & 63) !== MEMORY_MAP.ememIsland || op >> 2 !== ACTION.subtract) return
    const offset = lo >>> 0
    if (offset >= MEMORY_MAP.locks && offset < MEMORY_MAP.scratch) emem.tidy((offset - MEMORY_MAP.locks) >>> 3)
  }

  /** The overflow ring of the map code: pop answers {slot, place}, put takes {place, slot}. */
  function ringRequest(op: number, tb: number, lo: number): void {
    const bucket = ((lo >>> 0) - MEMORY_MAP.table) >>> layout.bucketShift
    if (op === RING_POP) {
      const taken = maps.takeOverflow(bucket)
      H[tb + CTX.xferIn] = taken.slot
      H[tb + CTX.xferIn + 1] = taken.place
    } else maps.giveOverflow(bucket, H[tb + CTX.xferOut]!, H[tb + CTX.xferOut + 1]!)
  }

  /** When a bank begins with a request of `cycle`; `time[START]` is the answer. */
  function queue(bank: number, cycle: number, service: number): void {
    const free = F[banks + bank]!
    time[START] = free > cycle ? free : cycle
    // In a quantum cores come one after the other, not in order of time, so they may not push each other back.
    if (inQuanta) work[bank]! += service
    else F[banks + bank] = time[START]! + service
  }

  function endQuantum(start: number): void {
    for (let bank = 0; bank < work.length; bank++) {
      if (work[bank] === 0) continue
      F[banks + bank] = Math.max(F[banks + bank]!, start) + work[bank]!
      work[bank] = 0
    }
  }

  /** Queues at the banks, looks into the cache, and sets `time[DONE]` to the cycle of completion. */
  function served(op: number, lo: number, hi: number, bytes: number, cycle: number): void {
    const extra = bytes > 32 ? ((bytes - 25) >> 3) * timing.perEightBytes : 0
    const island = hi & 63
    if (island === MEMORY_MAP.imemIsland) {
      queue(bankOf.imem + ((lo >>> 4) & 3), cycle, timing.serviceImem)
      time[DONE] = Math.ceil(time[START]!) + timing.imem + extra
      return
    }
    if (island !== MEMORY_MAP.ememIsland) {
      time[DONE] = cycle + timing.ctmRemote + extra
      return
    }
    const kind = opClass(op)
    const atomic = kind === OP_CLASS.atomic
    const first = atomic ? bankOf.atomic : bankOf.read
    const service = atomic ? timing.serviceAtomic : timing.serviceRead
    let start = cycle
    const units = atomic ? 1 : ((lo & 15) + bytes + 15) >> 4
    for (let index = 0; index < units; index++) {
      queue(first + (((lo >>> 4) + index) & 3), cycle, service)
      if (time[START]! > start) start = time[START]!
    }
    const hit = lookUpCache(lo >>> CACHE.lineBits)
    let latency: number
    if (atomic) latency = hit ? timing.ememAtomic : timing.ememAtomicMiss
    else if (kind === OP_CLASS.write) latency = timing.ememWrite
    else latency = hit ? timing.ememHit : timing.ememMiss
    time[DONE] = Math.ceil(start) + latency + extra
  }

  /** Whether the line was in the cache; it is afterwards, as the most recently used of its set. */
  function lookUpCache(line: number): boolean {
    const set = layout.cache + (line % CACHE.sets) * CACHE.ways
    const tag = line + 1
    let way = 0
    while (way < CACHE.ways && H[set + way] !== tag) way++
    const hit = way < CACHE.ways
    if (!hit) way = CACHE.ways - 1
    for (; way > 0; way--) H[set + way] = H[set + way - 1]!
    H[set] = tag
    F[counters + (hit ? CNT.cacheHits : CNT.cacheMisses)]!++
    return hit
  }

  return {
    serve,
    endQuantum,
    serveCore,
    serveNow,
    runWindows,
    answerOldest: (core) => {
      const entry = entryOf(core)
      answer(core, block(core), entry, F[(entry + LOG.cycleF) >> 1]!)
    },
    nextItem: () => {
      collect()
      const request = H[heapSizeAt]! > 0 ? Math.floor(heap[0]! / 128) : Infinity
      return Math.min(request, paths.packets().nextArrival())
    },
    wake,
    invalidate: () => {
      H[heapSizeAt] = 0
      inHeap.fill(0)
    },
  }
}
