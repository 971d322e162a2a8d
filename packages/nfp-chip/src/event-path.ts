/**
 * perf_event_output's way to the host: copies packet bytes and data into a message when the request is served.
 * Messages leave at the pace of PCIe; when too many are on their way the newest is lost silently, as on the card.
 * Follows nfp-firmware-abi.md, sections 6.2 and 8.1; cost and loss are assumed (constants.ts, EVENT).
 */
import type { PerfEvent } from './api'
import { createByteRing } from './byte-ring'
import { EVENT } from './constants'
import type { Emem } from './emem'
import { CNT, CORE, CORE_WORDS, CTX, LOG } from './layout'
import type { ChipMemory } from './layout'
import type { Timing } from './timing'

const RECORD = { time: 1, core: 2, mapId: 3, packet: 4, data: 5, size: 6 } as const

/** Types of the data pointer, as the translator passes them in A1. */
const POINTER = { scalar: 1, mapValue: 4, stack: 6, packet: 8 } as const

/** Events kept for a reader that comes late, beyond the ring. */
const SPILLED_EVENTS = 100_000

export interface EventPath {
  /** Sends the event of a logged request; returns when its context goes on. */
  send(core: number, slot: number, entry: number, cycle: number): number
  take(): PerfEvent[]
  /** Forgets what is kept outside the chip's memory. */
  forget(): void
}

export function createEventPath(memory: ChipMemory, timing: Timing, emem: Emem, keep: boolean): EventPath {
  const { words: H, floats: F, bytes: B, layout } = memory
  const counters = layout.counters >> 1
  const ring = createByteRing(
    memory,
    layout.events,
    layout.eventBytes,
    RECORD.size,
    CNT.eventRead,
    CNT.eventWrite,
    CNT.eventsOverwritten,
  )

  /** Byte offset in the chip's memory of the event's data; -1 when there is none. */
  function dataOf(core: number, cb: number, entry: number, size: number): number {
    const lo = H[entry + LOG.hi]!
    switch (H[entry + LOG.op]) {
      case POINTER.stack:
        return (cb + CORE.lm) * 4 + (lo & 0xfff)
      case POINTER.packet:
        return emem.resolve(lo, 0, Math.floor(core / layout.workersPerIsland), size)
      case POINTER.mapValue: {
        const high = H[entry + LOG.xfer]!
        const low = ((high << 8) + lo) | 0
        return emem.resolve(low, (high >>> 24) & 0xff, 0, size)
      }
      default:
        return -1
    }
  }

  function send(core: number, slot: number, entry: number, cycle: number): number {
    const cb = layout.cores + core * CORE_WORDS
    const tb = cb + CORE.contexts + slot * CTX.size
    const size = H[entry + LOG.count]!
    const packetBytes = H[entry + LOG.signal]!
    const free = counters + CNT.eventFree
    if (F[free]! - cycle > EVENT.credits * timing.serviceEvent) {
      F[counters + CNT.eventsLost]!++
      return cycle + timing.eventLatency
    }
    F[free] = Math.max(cycle, F[free]!) + Math.max(timing.serviceEvent, (size + packetBytes + 50) * timing.eventPerByte)
    F[counters + CNT.eventsSent]!++
    if (keep && !ring.hasRoom(size + packetBytes)) spill()
    const at = ring.append(size + packetBytes)
    F[at + RECORD.time] = cycle
    F[at + RECORD.core] = core
    F[at + RECORD.mapId] = H[entry + LOG.lo]! >>> 0
    F[at + RECORD.packet] = packetBytes
    F[at + RECORD.data] = size
    const to = ring.dataAt(at)
    const vector = cb + CORE.lm + ((128 * slot + 32) >> 2)
    const packet = H[tb + CTX.packetBase]! + (H[vector + 2]! & 0x1fff)
    B.copyWithin(to, packet, packet + packetBytes)
    const data = dataOf(core, cb, entry, size)
    if (data >= 0) B.copyWithin(to + packetBytes, data, data + size)
    else B.fill(0, to + packetBytes, to + packetBytes + size)
    return cycle + timing.eventLatency
  }

  /** Events taken out of the full ring, for the next `take`; bounded, the oldest go. */
  let spilled: PerfEvent[] = []

  function spill(): void {
    drain(spilled)
    if (spilled.length > SPILLED_EVENTS) {
      F[counters + CNT.eventsOverwritten]! += spilled.length - SPILLED_EVENTS / 2
      spilled = spilled.slice(-SPILLED_EVENTS / 2)
    }
  }

  function take(): PerfEvent[] {
    const list = spilled
    spilled = []
    drain(list)
    return list
  }

  function drain(list: PerfEvent[]): void {
    for (let at = ring.first(); at >= 0; at = ring.first()) {
      const packetBytes = F[at + RECORD.packet]!
      const data = ring.dataAt(at)
      list.push({
        time: F[at + RECORD.time]!,
        core: F[at + RECORD.core]!,
        mapId: F[at + RECORD.mapId]!,
        packet: B.slice(data, data + packetBytes),
        data: B.slice(data + packetBytes, data + packetBytes + F[at + RECORD.data]!),
      })
      ring.advance()
    }
  }

  return {
    send,
    take,
    forget: () => {
      spilled = []
    },
  }
}
