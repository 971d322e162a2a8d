/**
 * Records of packets that left the chip: a ring in the chip's memory, what a late reader has not taken from it, and the
 * hash of all records so far.
 */
import type { PacketRecord } from './api'
import { createByteRing } from './byte-ring'
import { CNT, PKT } from './layout'
import type { ChipMemory, ChipOptions } from './layout'
import type { PendingFrame } from './packet-path'
import { OUTCOME, OUTCOMES } from './services'

/** Fields of a record, 64-bit floats; its packet bytes follow. */
export const RECORD = {
  number: 1,
  arrived: 2,
  started: 3,
  departed: 4,
  port: 5,
  core: 6,
  context: 7,
  outcome: 8,
  queue: 9,
  exitCode: 10,
  words: 11,
  length: 12,
  returnValue: 13,
  size: 14,
} as const

/** Multipliers of the two halves of the hash of records. */
export const HASH_PRIME = { low: 0x01000193, high: 0x85ebca6b } as const

/** Records kept for a reader that comes late, beyond the ring. */
const SPILLED_RECORDS = 200_000

export interface PacketRecords {
  /** A packet of the packet table leaves at `cycle`. */
  depart(packet: number, cycle: number): void
  /** A frame that found no room is lost. */
  lose(frame: PendingFrame, cycle: number): void
  take(): PacketRecord[]
  /** Makes room in the ring. */
  spill(): void
  /** Forgets what is kept outside the chip's memory. */
  forget(): void
}

export function createPacketRecords(memory: ChipMemory, options: ChipOptions): PacketRecords {
  const { words: H, floats: F, bytes: B, layout } = memory
  const counters = layout.counters >> 1
  const snapLength = options.snapLength ?? 0xffff
  const keep = options.whenFull !== 'overwrite'
  const records = createByteRing(
    memory,
    layout.records,
    layout.recordBytes,
    RECORD.size,
    CNT.recordRead,
    CNT.recordWrite,
    CNT.recordsOverwritten,
  )

  function lose(frame: PendingFrame, cycle: number): void {
    F[counters + CNT.lost]!++
    const kept = Math.min(snapLength, frame.data.length)
    if (keep && !records.hasRoom(kept)) spill()
    const at = records.append(kept)
    startRecord(at, frame.number, cycle, cycle, frame.port, OUTCOME.lost, kept)
    F[at + RECORD.started] = -1
    F[at + RECORD.core] = -1
    F[at + RECORD.context] = -1
    F[at + RECORD.queue] = -1
    F[at + RECORD.exitCode] = 0
    F[at + RECORD.words] = 0
    B.set(frame.data.subarray(0, kept), records.dataAt(at))
    hashRecord(at, 0, 0)
  }

  function depart(packet: number, cycle: number): void {
    const length = H[packet + PKT.dataLength]!
    const kept = Math.min(length, snapLength)
    if (keep && !records.hasRoom(kept)) spill()
    const at = records.append(kept)
    startRecord(
      at,
      F[(packet + PKT.numberF) >> 1]!,
      F[(packet + PKT.arrivedF) >> 1]!,
      cycle,
      H[packet + PKT.port]!,
      H[packet + PKT.outcome]!,
      kept,
    )
    F[at + RECORD.started] = F[(packet + PKT.startedF) >> 1]!
    F[at + RECORD.core] = H[packet + PKT.core]!
    F[at + RECORD.context] = H[packet + PKT.context]!
    F[at + RECORD.queue] = H[packet + PKT.queue]!
    F[at + RECORD.exitCode] = H[packet + PKT.exitCode]!
    F[at + RECORD.words] = H[packet + PKT.words]!
    F[at + RECORD.returnValue] = H[packet + PKT.returnValue]! >>> 0
    const from = H[packet + PKT.base]! + H[packet + PKT.dataOffset]!
    B.copyWithin(records.dataAt(at), from, from + kept)
    hashRecord(at, from, length)
  }

  /** The fields that every record has; the others are set by the caller. */
  function startRecord(
    at: number,
    number: number,
    arrived: number,
    departed: number,
    port: number,
    outcome: number,
    kept: number,
  ): void {
    F[at + RECORD.number] = number
    F[at + RECORD.arrived] = arrived
    F[at + RECORD.departed] = departed
    F[at + RECORD.port] = port
    F[at + RECORD.outcome] = outcome
    F[at + RECORD.length] = kept
  }

  /**
   * Folds a record and all its packet bytes (`length` at byte `data` of the chip's memory, whatever the snap length) into
   * the hash of all records so far: FNV-1a over 32-bit words, and a second multiplier for the high half.
   */
  function hashRecord(at: number, data: number, length: number): void {
    let low = F[counters + CNT.recordHashLo]! | 0
    let high = F[counters + CNT.recordHashHi]! | 0
    for (let word = 2 * (at + RECORD.number); word < 2 * (at + RECORD.port); word++) {
      low = Math.imul(low ^ H[word]!, HASH_PRIME.low)
      high = Math.imul(high ^ H[word]!, HASH_PRIME.high) ^ (high >>> 13)
    }
    const place = F[at + RECORD.core]! | (F[at + RECORD.context]! << 8) | (F[at + RECORD.port]! << 16)
    const fate = F[at + RECORD.outcome]! | (F[at + RECORD.queue]! << 8) | (length << 16)
    low = Math.imul(low ^ place, HASH_PRIME.low) ^ F[at + RECORD.exitCode]!
    high = Math.imul(high ^ fate, HASH_PRIME.high) ^ F[at + RECORD.words]!
    const shift = (data & 3) * 8
    for (let done = 0; done < length; done += 4) {
      const word = (data + done) >> 2
      let value = shift === 0 ? H[word]! : (H[word]! >>> shift) | (H[word + 1]! << (32 - shift))
      if (length - done < 4) value &= 2 ** (8 * (length - done)) - 1
      low = Math.imul(low ^ value, HASH_PRIME.low)
      high = Math.imul(high ^ value, HASH_PRIME.high) ^ (high >>> 13)
    }
    F[counters + CNT.recordHashLo] = low
    F[counters + CNT.recordHashHi] = high
  }

  /** Records taken out of the full ring, for the next `take`; bounded, the oldest go. */
  let spilled: PacketRecord[] = []

  function spill(): void {
    drain(spilled)
    if (spilled.length > SPILLED_RECORDS) {
      F[counters + CNT.recordsOverwritten]! += spilled.length - SPILLED_RECORDS / 2
      spilled = spilled.slice(-SPILLED_RECORDS / 2)
    }
  }

  function take(): PacketRecord[] {
    const list = spilled
    spilled = []
    drain(list)
    return list
  }

  function drain(list: PacketRecord[]): void {
    for (let at = records.first(); at >= 0; at = records.first()) {
      const data = records.dataAt(at)
      list.push({
        number: F[at + RECORD.number]!,
        port: F[at + RECORD.port]!,
        arrived: F[at + RECORD.arrived]!,
        started: F[at + RECORD.started]!,
        departed: F[at + RECORD.departed]!,
        core: F[at + RECORD.core]!,
        context: F[at + RECORD.context]!,
        outcome: OUTCOMES[F[at + RECORD.outcome]!]!,
        queue: F[at + RECORD.queue]!,
        exitCode: F[at + RECORD.exitCode]! >>> 0,
        returnValue: F[at + RECORD.returnValue]! >>> 0,
        words: F[at + RECORD.words]!,
        data: B.slice(data, data + F[at + RECORD.length]!),
      })
      records.advance()
    }
  }

  return {
    depart,
    lose,
    take,
    spill,
    forget: () => {
      spilled = []
    },
  }
}
