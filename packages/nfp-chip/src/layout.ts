/**
 * The one linear layout of all chip state, used by every tier and every worker.
 *
 * Everything lies in one ArrayBuffer or SharedArrayBuffer: a snapshot is a copy, workers share it, and translated code
 * addresses it with the same numbers. Offsets named here are counted in 32-bit words of their block (`…_F` are 64-bit
 * floats, still counted in words, always even). Block starts in `Layout` are word offsets in the buffer. Times are
 * cycles from reset as 64-bit floats, exact far beyond any run. Integers are little-endian, as every host that runs
 * this has them; packet and map bytes lie in the order in which the chip's memories hold them.
 *
 *   header      control words that workers wait on, time, configuration
 *   next, log   what is looked at for all cores in every window, side by side
 *   cores       per core: hot line, shared registers, CAM, next-neighbour registers, LM, contexts, request log
 *   store       code store image (two words per instruction)
 *   counts      executions per code-store address, and per translated block, one table per member
 *   leader      counters, bank queues, work queues, packet tables, reorder rings
 *   ctm         packet memory of each island
 *   imem        map descriptors
 *   cache       tags of the EMEM cache
 *   records     ring of departed packets, ring of events
 *   emem        scratch, overflow pool, bucket index, buckets (only the used part goes into a snapshot)
 *   engine      what the scheduler and the memory engine keep between windows, and tables; never in a snapshot
 */
import type { ChipConfig } from './api'
import { CTM, MEMORY_MAP } from './constants'
import type { WasmMemory } from '@offload/wasm'
import {
  BUCKET,
  CACHE,
  CNT,
  CORE,
  CORE_WORDS,
  CTX,
  ENGINE,
  HDR,
  ISLAND,
  MAPS,
  PACKETS_PER_ISLAND,
  PKT,
  REORDER,
} from './fields'

export * from './fields'

/** Sizes that the caller may choose. */
export interface ChipOptions {
  /** Buckets that may hold map entries at the same time; default 131,072 (18 MB, touched as used). */
  readonly buckets?: number
  /** Bytes of the ring of departed packets, rounded up to a power of two; default 4 MB. */
  readonly recordBytes?: number
  readonly eventBytes?: number
  /** What a full ring does with its oldest records: keep them for a late reader (default), or let them go. */
  readonly whenFull?: 'keep' | 'overwrite'
  /** Bytes of each packet that are kept in its record; default all. */
  readonly snapLength?: number
  /** Use a SharedArrayBuffer, so that other workers can join. */
  readonly shared?: boolean
  /** Most members that may share the work (tables of counts are made for them); default 8. */
  readonly members?: number
  /** Milliseconds that a run waits for a member that does not finish its part of a window; default 10,000. */
  readonly patience?: number
  /** Which tier executes words: translated to WebAssembly (where there is any), or the precise interpreter alone. */
  readonly tier?: 'precise' | 'translated'
  /** Longest window in cycles; never more than the shortest latency between cores, which is the default. */
  readonly window?: number
}

/** Where every block starts, in 32-bit words, and the sizes that follow from configuration. */
export interface Layout {
  readonly header: number
  /** For every core, side by side: the cycle at which it can execute again (floats), tail and head of its request log. */
  readonly nextTimes: number
  readonly logTails: number
  readonly logHeads: number
  readonly cores: number
  readonly coreCount: number
  readonly islands: number
  readonly workersPerIsland: number
  readonly ports: number
  readonly queues: number
  readonly store: number
  readonly storeWords: number
  readonly counts: number
  /** Executions by first word of translated blocks, one table per member. */
  readonly blockCounts: number
  readonly members: number
  readonly counters: number
  readonly counterFloats: number
  readonly islandBlocks: number
  readonly reorder: number
  readonly packets: number
  readonly indirection: number
  readonly ctm: number
  readonly maps: number
  readonly cache: number
  readonly records: number
  readonly recordBytes: number
  readonly events: number
  readonly eventBytes: number
  readonly scratch: number
  /** Words of a map entry (key and value): 16 on the card. */
  readonly entryWords: number
  /** log2 of a bucket's size in the address space, and of the number of buckets. */
  readonly bucketShift: number
  readonly bucketBits: number
  readonly bucketWords: number
  readonly pool: number
  readonly poolSlots: number
  readonly index: number
  readonly indexSize: number
  readonly buckets: number
  readonly bucketCount: number
  readonly engine: number
  /** Where translated code may be entered, by code-store address, one table per member: block, -1 none, -2 the firmware's. */
  readonly entries: number
  readonly inbox: number
  readonly inboxBytes: number
  readonly bytes: number
}

/** Frames that the functional model takes at a time. */
const INBOX_BYTES = 128 * 1024

const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(least))

/** The layout of a chip; throws a RangeError for configurations the model does not have. */
export function layoutOf(config: ChipConfig, options: ChipOptions = {}): Layout {
  const { device, firmware } = config
  if (device.contexts !== 4) throw new RangeError(`workers of ${device.contexts} contexts: the BPF firmware uses 4`)
  if (device.ports < 1 || device.ports > 8) throw new RangeError(`a board of ${device.ports} ports`)
  if (config.queues < 1 || config.queues > 64) throw new RangeError(`${config.queues} queues: 1 to 64 are possible`)
  let next = 0
  const block = (words: number): number => {
    const start = next
    next = (next + words + 15) & ~15
    return start
  }
  const coreCount = device.islands * device.workersPerIsland
  if (coreCount < 1 || coreCount > 120) throw new RangeError(`${coreCount} worker cores`)
  const members = options.members ?? 8
  const storeWords = firmware.storeWords ?? 8192
  const bucketCount = options.buckets ?? 131_072
  const entryWords = (firmware.entryBytes ?? 64) / 4
  const bucketShift = entryWords > 16 ? 8 : 7
  const bucketWords = entryWords + BUCKET.size
  const poolSlots = 16_384
  const indexSize = powerOfTwo(bucketCount * 2)
  const counterFloats = CNT.queues + device.ports * 65
  const recordBytes = powerOfTwo(options.recordBytes ?? 4 << 20)
  const eventBytes = powerOfTwo(options.eventBytes ?? 1 << 20)
  return {
    header: block(HDR.size),
    nextTimes: block(coreCount * 2),
    logTails: block(coreCount),
    logHeads: block(coreCount),
    cores: block(coreCount * CORE_WORDS),
    coreCount,
    islands: device.islands,
    workersPerIsland: device.workersPerIsland,
    ports: device.ports,
    queues: config.queues,
    store: block(storeWords * 2),
    storeWords,
    counts: block(storeWords * members),
    blockCounts: block(storeWords * members),
    members,
    counters: block(counterFloats * 2),
    counterFloats,
    islandBlocks: block(device.islands * ISLAND.size + 16),
    reorder: block(device.ports * REORDER.size),
    packets: block(device.islands * PACKETS_PER_ISLAND * PKT.size),
    indirection: block(device.ports * 32),
    ctm: block((device.islands * CTM.bytes) / 4 + 16),
    maps: block(MAPS.count * MAPS.words),
    cache: block(CACHE.sets * CACHE.ways),
    records: block(recordBytes / 4),
    recordBytes,
    events: block(eventBytes / 4),
    eventBytes,
    scratch: block(MEMORY_MAP.scratchBytes / 4),
    entryWords,
    bucketShift,
    bucketBits: MEMORY_MAP.bucketBits + 7 - bucketShift,
    bucketWords,
    pool: block(poolSlots * entryWords),
    poolSlots,
    index: block(indexSize),
    indexSize,
    buckets: block(bucketCount * bucketWords),
    bucketCount,
    engine: block(ENGINE.size),
    entries: block(storeWords * members),
    inbox: block(INBOX_BYTES / 4),
    inboxBytes: INBOX_BYTES,
    bytes: next * 4,
  }
}

/** Typed views of one chip's memory. */
export interface ChipMemory {
  readonly layout: Layout
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  /** The WebAssembly.Memory that the buffer belongs to, when there is one. */
  readonly wasm: WasmMemory | undefined
  readonly words: Int32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
}

/** Views over a buffer that has the layout's size. */
export function memoryOver(layout: Layout, buffer: ArrayBuffer | SharedArrayBuffer, wasm?: WasmMemory): ChipMemory {
  if (buffer.byteLength < layout.bytes)
    throw new RangeError(`a buffer of ${buffer.byteLength} bytes for ${layout.bytes}`)
  return {
    layout,
    buffer,
    wasm,
    words: new Int32Array(buffer, 0, layout.bytes >> 2),
    floats: new Float64Array(buffer, 0, layout.bytes >> 3),
    bytes: new Uint8Array(buffer, 0, layout.bytes),
  }
}

/** Word offset of a core's block. */
export function coreStart(layout: Layout, core: number): number {
  return layout.cores + core * CORE_WORDS
}

/** Word offset of the block of context slot 0..3 of a core. */
export function contextStart(layout: Layout, core: number, slot: number): number {
  return layout.cores + core * CORE_WORDS + CORE.contexts + slot * CTX.size
}
