/**
 * A ring of records in the chip's memory: a fixed header of 64-bit floats and a run of bytes each. When it is full the
 * oldest records go. Positions are running byte counts kept in two counters, so a snapshot holds the ring whole.
 */
import type { ChipMemory } from './layout'

/** Floats of a record's header; the first is its size in bytes (0: the rest of the ring is empty, go to its start). */
export interface ByteRing {
  /** Whether a record with `bytes` of data fits without overwriting others. */
  hasRoom(bytes: number): boolean
  /** Starts a record with `bytes` of data; returns its header's float index, after which `dataAt` gives its bytes. */
  append(bytes: number): number
  /** Byte offset in the chip's memory of the data of the record at float index `at`. */
  dataAt(at: number): number
  /** Float index of the oldest record, -1 when there is none; `advance` goes to the next. */
  first(): number
  advance(): void
}

export function createByteRing(
  memory: ChipMemory,
  start: number,
  capacity: number,
  headerFloats: number,
  readCounter: number,
  writeCounter: number,
  overwritten: number,
): ByteRing {
  const { floats: F, layout } = memory
  const base = layout.counters >> 1
  const readAt = base + readCounter
  const writeAt = base + writeCounter
  const floatStart = start >> 1
  const headerBytes = headerFloats * 8
  // The capacity is a power of two, so this is exact, and much faster than a remainder of floats.
  const inverse = 1 / capacity
  const within = (position: number): number => position - Math.floor(position * inverse) * capacity
  const at = (position: number): number => floatStart + (within(position) >> 3)

  function advance(): void {
    const position = F[readAt]!
    const size = F[at(position)]!
    F[readAt] = size === 0 ? position + capacity - within(position) : position + size
  }

  /** Bytes that the next record takes, the rest of the ring's end included where it does not fit there. */
  function taken(bytes: number): number {
    const size = headerBytes + ((bytes + 7) & ~7)
    const rest = capacity - within(F[writeAt]!)
    return rest < size ? rest + size : size
  }

  function append(bytes: number): number {
    const size = headerBytes + ((bytes + 7) & ~7)
    let position = F[writeAt]!
    const rest = capacity - within(position)
    const needed = taken(bytes)
    while (F[writeAt]! - F[readAt]! + needed > capacity) {
      if (F[at(F[readAt]!)] !== 0) F[base + overwritten]!++
      advance()
    }
    if (rest < size) {
      F[at(position)] = 0
      position += rest
    }
    F[at(position)] = size
    F[writeAt] = position + size
    return at(position)
  }

  function first(): number {
    while (F[readAt]! < F[writeAt]!) {
      const index = at(F[readAt]!)
      if (F[index] !== 0) return index
      advance()
    }
    return -1
  }

  return {
    hasRoom: (bytes) => F[writeAt]! - F[readAt]! + taken(bytes) <= capacity,
    append,
    dataAt: (index) => (index + headerFloats) * 8,
    first,
    advance,
  }
}
