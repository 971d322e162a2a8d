/**
 * The hash of a chip's architectural state: 64-bit FNV-1a taken over 32-bit words instead of bytes. What depends on how
 * the work was sliced (request logs, tables of counts by member, look-ahead of cores) is left out or summed first.
 */
import { BUCKET, CNT, CORE, CORE_WORDS, CTX, HDR, ISLAND, MAPS, PACKETS_PER_ISLAND, PKT } from './layout'
import type { ChipMemory } from './layout'
import type { Emem } from './emem'
import { CTM } from './constants'

const OFFSET_LOW = 0x84222325
const OFFSET_HIGH = 0xcbf29ce4
const PRIME_LOW = 0x1b3

/** Counters that depend on who took records when, not on what the chip did. */
const READER_COUNTERS: ReadonlySet<number> = new Set([
  CNT.recordRead,
  CNT.recordWrite,
  CNT.recordsOverwritten,
  CNT.eventRead,
  CNT.eventWrite,
  CNT.eventsOverwritten,
])

/** A running hash; the prime is 2^40 + 0x1b3, so one step is a small product and a shift. */
class Fnv {
  private low = OFFSET_LOW
  private high = OFFSET_HIGH | 0

  word(value: number): void {
    const low = (this.low ^ value) >>> 0
    const product = low * PRIME_LOW
    this.high = (Math.imul(this.high, PRIME_LOW) + Math.floor(product / 2 ** 32) + (low << 8)) | 0
    this.low = product % 2 ** 32
  }

  range(words: Int32Array, from: number, to: number): void {
    for (let index = from; index < to; index++) this.word(words[index]!)
  }

  hex(): string {
    const part = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return part(this.high) + part(this.low)
  }
}

/** A context; what stands in its deferred-words registers counts only while there are deferred words. */
function hashContext(hash: Fnv, H: Int32Array, tb: number): void {
  hash.range(H, tb, tb + CTX.lmPendingList + 3 * H[tb + CTX.lmPending]!)
  hash.word(H[tb + CTX.slots]!)
  if (H[tb + CTX.slots] !== 0) hash.range(H, tb + CTX.slotTarget, tb + CTX.cmdCycle + 1)
  hash.range(H, tb + CTX.cycle, tb + CTX.size)
}

/** 16 hex digits; `counts` are the executions of every address of the code store. */
export function hashState(memory: ChipMemory, emem: Emem, counts: Uint32Array): string {
  const { words: H, layout } = memory
  const hash = new Fnv()
  const { header } = layout
  hash.range(H, header + HDR.nowF, header + HDR.nowF + 2)
  hash.range(H, header + HDR.programs, header + HDR.programs + 8)
  for (let core = 0; core < layout.coreCount; core++) {
    const cb = layout.cores + core * CORE_WORDS
    hash.range(H, cb + CORE.nowF, cb + CORE.nowF + 2)
    hash.range(H, cb + CORE.segmentStartF, cb + CORE.last + 1)
    hash.range(H, cb + CORE.mulA, cb + CORE.contexts)
    for (let slot = 0; slot < 4; slot++) hashContext(hash, H, cb + CORE.contexts + slot * CTX.size)
  }
  counts.forEach((count, address) => {
    if (count === 0) return
    hash.word(address)
    hash.word(count)
  })
  for (let counter = 0; counter < layout.counterFloats; counter++) {
    if (READER_COUNTERS.has(counter)) continue
    hash.range(H, layout.counters + 2 * counter, layout.counters + 2 * counter + 2)
  }
  for (let island = 0; island < layout.islands; island++) {
    const start = layout.islandBlocks + island * ISLAND.size
    hash.range(H, start, start + ISLAND.map + CTM.bytes / CTM.blockBytes)
  }
  hash.range(H, layout.packets, layout.packets + layout.islands * PACKETS_PER_ISLAND * PKT.size)
  hash.range(H, layout.ctm, layout.ctm + (layout.islands * CTM.bytes) / 4)
  hash.range(H, layout.maps, layout.maps + MAPS.count * MAPS.words)
  for (const number of emem.sortedBuckets()) {
    const start = emem.find(number)
    hash.range(H, start, start + layout.entryWords + BUCKET.number + 1)
  }
  hash.range(H, layout.pool, layout.pool + H[header + HDR.poolUsed]! * layout.entryWords)
  return hash.hex()
}
