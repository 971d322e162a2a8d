/** Numbers of the map helpers: steps, scratch words, locks, results. Both languages that execute them use these. */
import { MEMORY_MAP } from './constants'

/** Steps; each is what happens when the command before it has been served. */
export const STEP = {
  descriptor: 16,
  lock: 17,
  primary: 18,
  tags: 19,
  overflowPointer: 20,
  overflowEntry: 21,
  retry: 22,
  upgrade: 23,
  drain: 24,
  alone: 25,
  valueWritten: 26,
  credit: 27,
  owner: 28,
  keyWritten: 29,
  slotTaken: 30,
  tagWritten: 31,
  pointerWritten: 32,
  removed: 33,
  event: 34,
  unlocked: 35,
} as const

/** Scratch words. */
export const S = {
  kind: 0,
  map: 1,
  bucket: 2,
  tag: 3,
  keyWords: 4,
  valueWords: 5,
  key: 6,
  value: 7,
  flags: 8,
  back: 9,
  hits: 10,
  pool: 11,
  /** Overflow list position of the entry. */
  place: 12,
  found: 13,
  result: 14,
  valueOffset: 15,
  valid: 16,
  type: 17,
  maxEntries: 18,
  owner: 19,
} as const

export const KIND = { lookup: 0, update: 1, delete: 2 } as const
/** Where an entry was found. */
export const FOUND = { no: 0, primary: 1, overflow: 2 } as const

export const LOCK = { exclusive: 0x4000, valid: 0x4000_0000, holders: 0x1fff } as const

/** Results of update, delete and perf_event_output: the kernel's negative error numbers. */
export const ERRNO = { noEntry: -2, noMemory: -12, fault: -14, exists: -17, invalid: -22, tooBig: -7 } as const
export const FLAG = { noExist: 1, exist: 2 } as const

/** Bits 39..8 of the table and the pool: what a lookup returns as high word. */
export const TABLE_HI = (MEMORY_MAP.ememIsland << 24) | (MEMORY_MAP.table >>> 8)
export const POOL_HI = (MEMORY_MAP.ememIsland << 24) | (MEMORY_MAP.pool >>> 8)

/** Operations of the pool's ring, outside the numbers of memory commands: take a slot and a place, give them back. */
export const RING_POP = 0x80
export const RING_PUT = 0x81
