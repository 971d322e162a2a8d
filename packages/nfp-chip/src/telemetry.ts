/**
 * Cheap reading of a chip's counters, made for once a frame: plain loads from the chip's memory into arrays that the
 * caller keeps. Works in any thread that has the memory; a reader beside a running chip sees values of slightly
 * different cycles, never torn floats of one counter on the hosts that matter (8-byte aligned loads).
 */
import { CNT, CORE, CTX, HDR, PKT, STATE, WAIT_NAMES, contextStart, coreStart, layoutOf, memoryOver } from './layout'
import type { ChipMemory } from './layout'
import { programBlocks } from './code-blocks'
import type { CodeBlock } from './code-blocks'
import { decodeStore } from './decode'
import type { ChipShare } from './member'
import { emptyStore } from './uop'

/** States as numbers in `contextStates`. */
export const CONTEXT_STATES = ['idle', 'ready', 'waiting', 'stopped'] as const

export interface Telemetry {
  readonly coreCount: number
  readonly contextCount: number
  now(): number
  /** Busy cycles of every core since reset, into `into`. */
  busy(into: Float64Array): void
  /** Index in `CONTEXT_STATES` of every context (core major), into `into`. */
  contextStates(into: Uint8Array): void
  /** Packets by queue, port major, into `into` (ports x queues). */
  queueCounts(into: Float64Array): void
  /** passed, dropped, transmitted, aborted, lost, received, received bytes, into `into`. */
  outcomes(into: Float64Array): void
  /** Executions by word of the program of `port` (default: the first port that has one). */
  wordCounts(port?: number): Uint32Array
  /** Executions of every address of the code store. */
  storeCounts(): Uint32Array
  words(): number
  /**
   * Context cycles spent waiting, over all cores, by `WAIT_NAMES`, into `into`; place 0 is ready, but without the core.
   * Means nothing in the functional model.
   */
  waits(into: Float64Array): void
  /** Memory requests, cache hits, cache misses, into `into`. */
  memoryCounts(into: Float64Array): void
  /** Number of the packet in a place of the packet tables. */
  packetNumber(index: number): number
}

/** Telemetry over a chip's memory. */
export function createTelemetry(memory: ChipMemory): Telemetry {
  const { words: H, floats: F, layout } = memory
  const counters = layout.counters >> 1
  const { header } = layout

  function wordCounts(port?: number): Uint32Array {
    let chosen = port ?? 0
    if (port === undefined) while (chosen < layout.ports - 1 && H[header + HDR.programs + chosen]! < 0) chosen++
    const start = H[header + HDR.programs + chosen]!
    return start < 0 ? new Uint32Array(0) : storeCounts().slice(start, start + H[header + HDR.programWords + chosen]!)
  }

  // The blocks of translated code, found again when the code store changes.
  let blocks: readonly CodeBlock[] = []
  let blocksVersion = -1

  function storeCounts(): Uint32Array {
    if (blocksVersion !== H[header + HDR.programVersion]) {
      blocksVersion = H[header + HDR.programVersion]!
      const store = emptyStore(layout.storeWords)
      decodeStore(memory, store)
      blocks = programBlocks(memory, store)
    }
    const counts = new Uint32Array(layout.storeWords)
    for (let member = 0; member < H[header + HDR.mostMembers]!; member++) {
      const from = layout.counts + member * layout.storeWords
      for (let index = 0; index < counts.length; index++) counts[index]! += H[from + index]!
      for (const { start, limit } of blocks) {
        const count = H[layout.blockCounts + member * layout.storeWords + start]!
        if (count !== 0) for (let address = start; address < limit; address++) counts[address]! += count
      }
    }
    return counts
  }

  return {
    coreCount: layout.coreCount,
    contextCount: layout.coreCount * 4,
    now: () => F[(header + HDR.nowF) >> 1]!,
    busy: (into) => {
      for (let core = 0; core < layout.coreCount; core++) into[core] = F[(coreStart(layout, core) + CORE.busyF) >> 1]!
    },
    contextStates: (into) => {
      const now = F[(header + HDR.nowF) >> 1]!
      for (let core = 0; core < layout.coreCount; core++) {
        const wakes = (coreStart(layout, core) + CORE.wakeF) >> 1
        for (let slot = 0; slot < 4; slot++) {
          const state = H[contextStart(layout, core, slot) + CTX.state]!
          into[4 * core + slot] = state === STATE.waiting && F[wakes + slot]! <= now ? STATE.ready : state
        }
      }
    },
    queueCounts: (into) => {
      for (let port = 0; port < layout.ports; port++) {
        for (let queue = 0; queue < layout.queues; queue++) {
          into[port * layout.queues + queue] = F[counters + CNT.queues + port * 65 + queue]!
        }
      }
    },
    outcomes: (into) => {
      const list = [CNT.passed, CNT.dropped, CNT.transmitted, CNT.aborted, CNT.lost, CNT.received, CNT.receivedBytes]
      for (let index = 0; index < list.length; index++) into[index] = F[counters + list[index]!]!
    },
    wordCounts,
    storeCounts,
    words: () => {
      let sum = 0
      for (let core = 0; core < layout.coreCount; core++) sum += F[(coreStart(layout, core) + CORE.wordsF) >> 1]!
      return sum
    },
    waits: (into) => {
      for (let reason = 0; reason < WAIT_NAMES.length; reason++) {
        let sum = 0
        for (let core = 0; core < layout.coreCount; core++)
          sum += F[((coreStart(layout, core) + CORE.waitedF) >> 1) + reason]!
        into[reason] = sum
      }
    },
    memoryCounts: (into) => {
      into[0] = F[counters + CNT.requests]!
      into[1] = F[counters + CNT.cacheHits]!
      into[2] = F[counters + CNT.cacheMisses]!
    },
    packetNumber: (index) => F[(layout.packets + index * PKT.size + PKT.numberF) >> 1]!,
  }
}

/** Telemetry in another thread, over what `share` gave. */
export function telemetryOf(share: ChipShare): Telemetry {
  return createTelemetry(memoryOver(layoutOf(share.config, share.options), share.buffer))
}
