/**
 * External memory as far as maps use it: 4 M buckets of 128 bytes with a lock word each, kept sparsely, and the pool of
 * overflow entries. Also the other places that a 40-bit address may name. Follows nfp-firmware.md, sections 4.1 to 4.3.
 *
 * Only buckets that hold an entry, or whose lock is held, occupy memory: a bucket appears when it is first written and
 * goes when nothing is left in it, so look-ups of absent keys leave no trace. Only the leader works here.
 */
import { CTM, MEMORY_MAP } from './constants'
import { BUCKET, CNT, HDR, MAPS, PACKETS_PER_ISLAND, PKT } from './layout'
import type { ChipMemory } from './layout'

const VALID = 0x4000_0000
const swap = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)

export interface Emem {
  /** Word offset of a bucket, made when absent; -1 when the store is full. */
  bucket(number: number): number
  /** Word offset of a bucket or -1. */
  find(number: number): number
  /** Drops a bucket that holds nothing. */
  tidy(number: number): void
  /** Whether new entries still find room. */
  hasRoom(): boolean
  /** Byte offset in the chip's memory of a 40-bit address; `island` is that of the asking core. -1: nothing there. */
  resolve(lo: number, hi: number, island: number, bytes: number): number
  /** A free overflow slot, or -1. */
  takeSlot(): number
  giveSlot(slot: number): void
  /** Buckets in ascending order of their number; the list is kept until a bucket comes or goes. */
  sortedBuckets(): readonly number[]
  /** Forgets what is kept outside the chip's memory. */
  invalidate(): void
  lockState(at: number): number
  setLockState(at: number, value: number): void
  owner(at: number): number
  setOwner(at: number, value: number): void
}

export function createEmem(memory: ChipMemory): Emem {
  const { words: H, floats: F, layout } = memory
  const { header, index, indexSize, buckets, bucketCount, bucketWords, bucketShift, pool, poolSlots, entryWords } =
    layout
  const tail = entryWords
  const NUMBER = tail + BUCKET.number
  const LINK = tail + BUCKET.link
  const LOCK = tail + BUCKET.lock
  const OWNER = tail + BUCKET.owner
  const bucketMask = (1 << bucketShift) - 1
  const entryShift = entryWords === 16 ? 6 : 7
  const mask = indexSize - 1
  const used = header + HDR.bucketsUsed
  const free = header + HDR.bucketFree

  let sorted: readonly number[] | undefined

  const home = (number: number): number => (Math.imul(number, 0x9e3779b1) >>> 8) & mask
  const at = (slot: number): number => buckets + slot * bucketWords

  /** Position in the index of a bucket, or of the gap where it would go. */
  function probe(number: number): number {
    let place = home(number)
    while (H[index + place] !== 0 && H[at(H[index + place]! - 1) + NUMBER] !== number) place = (place + 1) & mask
    return place
  }

  function find(number: number): number {
    const entry = H[index + probe(number)]!
    return entry === 0 ? -1 : at(entry - 1)
  }

  function bucket(number: number): number {
    const place = probe(number)
    const entry = H[index + place]!
    if (entry !== 0) return at(entry - 1)
    let slot = H[free]! - 1
    if (slot >= 0) H[free] = H[at(slot) + LINK]!
    else if (H[used]! < bucketCount) slot = H[used]!++
    else {
      F[(layout.counters >> 1) + CNT.bucketsExhausted]!++
      return -1
    }
    const start = at(slot)
    sorted = undefined
    for (let word = 0; word < bucketWords; word++) H[start + word] = 0
    H[start + NUMBER] = number
    H[index + place] = slot + 1
    return start
  }

  function tidy(number: number): void {
    const place = probe(number)
    const entry = H[index + place]!
    if (entry === 0) return
    const start = at(entry - 1)
    if (H[start + LOCK] !== 0) return
    for (let word = 0; word < 8; word++) if (H[start + tail + BUCKET.tags + word] !== 0) return
    sorted = undefined
    H[start + NUMBER] = -1
    H[start + LINK] = H[free]!
    H[free] = entry
    close(place)
  }

  /** Removes an index entry and moves later ones of the same run up. */
  function close(gap: number): void {
    let hole = gap
    let place = gap
    for (;;) {
      place = (place + 1) & mask
      const entry = H[index + place]!
      if (entry === 0) break
      const wanted = home(H[at(entry - 1) + NUMBER]!)
      if (((place - wanted) & mask) >= ((place - hole) & mask)) {
        H[index + hole] = entry
        hole = place
      }
    }
    H[index + hole] = 0
  }

  function resolve(lo: number, hi: number, island: number, bytes: number): number {
    const offset = lo >>> 0
    const unit = hi & 63
    if (unit === MEMORY_MAP.ememIsland) return resolveEmem(offset, bytes)
    if (unit === MEMORY_MAP.imemIsland) {
      return offset + bytes <= MAPS.count * MAPS.words * 4 ? layout.maps * 4 + offset : -1
    }
    const at32 = hi === 0 ? island : unit - MEMORY_MAP.firstWorkerIsland
    if (at32 < 0 || at32 >= layout.islands) return -1
    const start = layout.ctm * 4 + at32 * CTM.bytes
    if (lo >= 0) return start + (offset & (CTM.bytes - 1))
    const packet = layout.packets + (at32 * PACKETS_PER_ISLAND + ((offset >>> 16) & 0xff)) * PKT.size
    const base = H[packet + PKT.base]!
    // Behind the packet's own buffer come the next ones of the island.
    return base === 0 ? -1 : start + ((base - start + (offset & 0x1fff)) & (CTM.bytes - 1))
  }

  function resolveEmem(offset: number, bytes: number): number {
    if (offset >= MEMORY_MAP.scratch) {
      const at0 = offset - MEMORY_MAP.scratch
      return at0 + bytes <= MEMORY_MAP.scratchBytes ? layout.scratch * 4 + at0 : -1
    }
    if (offset >= MEMORY_MAP.locks) {
      const number = (offset - MEMORY_MAP.locks) >>> 3
      if (number >>> layout.bucketBits !== 0) return -1
      const start = bucket(number)
      return start < 0 ? -1 : (start + LOCK) * 4 + (offset & 7)
    }
    if (offset >= MEMORY_MAP.pool) {
      const slot = (offset - MEMORY_MAP.pool) >>> entryShift
      return slot < poolSlots ? pool * 4 + offset - MEMORY_MAP.pool : -1
    }
    const start = find(offset >>> bucketShift)
    return start < 0 || (offset & bucketMask) + bytes > 4 * (entryWords + 16) ? -1 : start * 4 + (offset & bucketMask)
  }

  function takeSlot(): number {
    const head = H[header + HDR.poolFree]!
    if (head !== 0) {
      H[header + HDR.poolFree] = H[pool + (head - 1) * entryWords]!
      return head - 1
    }
    return H[header + HDR.poolUsed]! < poolSlots ? H[header + HDR.poolUsed]!++ : -1
  }

  function giveSlot(slot: number): void {
    if (slot < 0 || slot >= poolSlots) return
    H[pool + slot * entryWords] = H[header + HDR.poolFree]!
    H[header + HDR.poolFree] = slot + 1
  }

  function sortedBuckets(): readonly number[] {
    if (sorted) return sorted
    const numbers: number[] = []
    for (let slot = 0; slot < H[used]!; slot++) {
      const number = H[at(slot) + NUMBER]!
      if (number >= 0) numbers.push(number)
    }
    sorted = numbers.sort((left, right) => left - right)
    return sorted
  }

  return {
    bucket,
    find,
    tidy,
    hasRoom: () => H[free] !== 0 || bucketCount - H[used]! > 256,
    resolve,
    takeSlot,
    giveSlot,
    sortedBuckets,
    invalidate: () => {
      sorted = undefined
    },
    lockState: (start) => swap(H[start + LOCK]!),
    setLockState: (start, value) => {
      H[start + LOCK] = swap(value)
    },
    owner: (start) => swap(H[start + OWNER]!),
    setOwner: (start, value) => {
      H[start + OWNER] = swap(value)
    },
  }
}

/** The bit of a lock word that says that the bucket's own entry is in use. */
export const LOCK_VALID = VALID
