/**
 * Maps as the host sees them: allocate, free, look up, change, walk. Works on the very bucket, pool and descriptor
 * bytes that programs reach through memory commands. Follows nfp-firmware.md, sections 4 and 7; costs no chip time.
 */
import type { CardMapSpec, ChipConfig, MapReplyCode } from './api'
import { LOCK_VALID } from './emem'
import type { Emem } from './emem'
import { BUCKET, MAPS } from './layout'
import type { ChipMemory } from './layout'
import { hashBucket, hashKey, hashTag } from './map-hash'

const CODE = { ok: 0, badMap: 1, noEntry: 2, error: 3, exists: 5, noMemory: 6, tooBig: 7 } as const
const TYPE = { hash: 1, array: 2 } as const
const FLAG = { noExist: 1, exist: 2 } as const
const LAST_MAP = 128

/** Where an entry lies: its first word, and the place in the overflow list (-1: the bucket's own entry). */
interface Place {
  readonly entry: number
  readonly bucket: number
  readonly overflow: number
  readonly pool: number
}

export interface MapStore {
  alloc(spec: CardMapSpec): { readonly code: MapReplyCode; readonly id: number }
  free(id: number): MapReplyCode
  lookup(id: number, key: Uint8Array): { readonly code: MapReplyCode; readonly value?: Uint8Array }
  update(id: number, key: Uint8Array, value: Uint8Array, flags: number): MapReplyCode
  remove(id: number, key: Uint8Array): MapReplyCode
  nextKey(id: number, key: Uint8Array | undefined): { readonly code: MapReplyCode; readonly key?: Uint8Array }
  /**
   * Finds the entry whose key words begin at word `key` of the chip's memory (padding is cleared there). Answers the word
   * offset of the entry, and in `found` where a program finds its value: {low, high part is the pool's}. -1: none.
   */
  findEntry(id: number, key: number): number
  readonly found: Int32Array
  /** Host-like update and delete with key and value words in the chip's memory. */
  updateWords(id: number, key: number, value: number, flags: number): MapReplyCode
  removeWords(id: number, key: number): MapReplyCode
  /** Makes the entry of a preset array appear, when `keyWord` is one of its indices. */
  ensure(id: number, keyWord: number): void
  /** Takes a free overflow place of a bucket and a pool slot: {slot, place}, both -1 when there is none. */
  takeOverflow(bucketNumber: number): { readonly slot: number; readonly place: number }
  /** Empties an overflow place and gives its pool slot back. */
  giveOverflow(bucketNumber: number, place: number, slot: number): void
}

export function createMapStore(memory: ChipMemory, config: ChipConfig, emem: Emem): MapStore {
  const { words: H, bytes: B, layout } = memory
  const { entryWords } = layout
  const OVERFLOW_TAGS = entryWords + BUCKET.tags
  const OVERFLOW_POINTERS = entryWords + BUCKET.pointers
  const preset = config.firmware.arraysPreset
  const open = config.firmware.mapCodes === 'open'
  const keyBuffer = new Int32Array(32)
  const keyBytes = new Uint8Array(keyBuffer.buffer)
  const descriptor = (id: number): number => layout.maps + id * MAPS.words
  const exists = (id: number): boolean =>
    Number.isInteger(id) && id >= 1 && id <= LAST_MAP && H[descriptor(id) + MAPS.type] !== 0
  const isArray = (id: number): boolean => H[descriptor(id) + MAPS.type] === TYPE.array

  const lastMask = (bytes: number): number => (bytes % 4 === 0 ? -1 : 2 ** (8 * (bytes % 4)) - 1)

  function alloc(spec: CardMapSpec): { code: MapReplyCode; id: number } {
    let id = 1
    while (id <= LAST_MAP && exists(id)) id++
    if (id > LAST_MAP) return { code: CODE.badMap, id: 0 }
    const keyWords = (spec.keySize + 3) >> 2
    const valueWords = (spec.valueSize + 3) >> 2
    const valueOffset = (4 * keyWords + 7) & ~7
    if (spec.keySize < 1 || spec.valueSize < 1 || spec.maxEntries < 1) return { code: CODE.error, id: 0 }
    if (valueOffset + 4 * valueWords > 4 * entryWords) return { code: CODE.tooBig, id: 0 }
    const at = descriptor(id)
    H.fill(0, at, at + MAPS.words)
    H[at + MAPS.shape] = (keyWords << 16) | valueWords
    H[at + MAPS.maxEntries] = spec.maxEntries
    H[at + MAPS.keyMask] = lastMask(spec.keySize)
    H[at + MAPS.valueMask] = lastMask(spec.valueSize)
    setCredits(id, spec.maxEntries)
    H[at + MAPS.type] = spec.type === 'array' ? TYPE.array : TYPE.hash
    H[at + MAPS.keySize] = spec.keySize
    H[at + MAPS.valueSize] = spec.valueSize
    H[at + MAPS.valueOffset] = valueOffset
    return { code: CODE.ok, id }
  }

  // Credits are worked on by atomic commands, which see big-endian words.
  const swap = (value: number): number =>
    (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
  const credits = (id: number): number => swap(H[descriptor(id) + MAPS.credits]!)
  function setCredits(id: number, value: number): void {
    H[descriptor(id) + MAPS.credits] = swap(value)
  }

  /** Loads a key into `keyBuffer` (masked) and hashes it. */
  function hash(id: number, key: Uint8Array): void {
    const at = descriptor(id)
    keyBuffer.fill(0)
    keyBytes.set(key.subarray(0, H[at + MAPS.keySize]!))
    const count = H[at + MAPS.shape]! >>> 16
    hashKey(keyBuffer, 0, count, id, H[at + MAPS.keyMask]!)
  }

  function matches(id: number, entry: number): boolean {
    const count = H[descriptor(id) + MAPS.shape]! >>> 16
    for (let word = 0; word < count; word++) if (H[entry + word] !== keyBuffer[word]) return false
    return true
  }

  /** The entry of the key in `keyBuffer`, hashed just before. */
  function locate(id: number): Place | undefined {
    const bucket = hashBucket(layout.bucketBits)
    const start = emem.find(bucket)
    if (start < 0) return undefined
    if (emem.lockState(start) & LOCK_VALID && emem.owner(start) === id && matches(id, start)) {
      return { entry: start, bucket, overflow: -1, pool: -1 }
    }
    const tag = hashTag()
    for (let place = 0; place < 8; place++) {
      if ((H[start + OVERFLOW_TAGS + place]! & 0xffffff) !== tag) continue
      const pointer = H[start + OVERFLOW_POINTERS + place]!
      if (pointer >>> 24 !== id) continue
      const pool = pointer & 0xffffff
      const entry = layout.pool + pool * entryWords
      if (matches(id, entry)) return { entry, bucket, overflow: place, pool }
    }
    return undefined
  }

  /** Makes an entry for the key in `keyBuffer`; undefined when there is no room. Credits are the caller's business. */
  function insert(id: number): Place | undefined {
    const bucket = hashBucket(layout.bucketBits)
    const tag = hashTag()
    const count = H[descriptor(id) + MAPS.shape]! >>> 16
    if (!emem.hasRoom() && emem.find(bucket) < 0) return undefined
    const start = emem.bucket(bucket)
    if (start < 0) return undefined
    const state = emem.lockState(start)
    let place: Place
    if (!(state & LOCK_VALID)) {
      emem.setLockState(start, state | LOCK_VALID)
      emem.setOwner(start, id)
      place = { entry: start, bucket, overflow: -1, pool: -1 }
    } else {
      const { slot, place: overflow } = takeOverflow(bucket)
      if (slot < 0) return undefined
      H[start + OVERFLOW_TAGS + overflow] = tag
      H[start + OVERFLOW_POINTERS + overflow] = (id << 24) | slot
      place = { entry: layout.pool + slot * entryWords, bucket, overflow, pool: slot }
    }
    H.fill(0, place.entry, place.entry + entryWords)
    for (let word = 0; word < count; word++) H[place.entry + word] = keyBuffer[word]!
    return place
  }

  function takeOverflow(bucketNumber: number): { slot: number; place: number } {
    const start = emem.find(bucketNumber)
    if (start < 0) return { slot: -1, place: -1 }
    for (let place = 0; place < 8; place++) {
      if (H[start + OVERFLOW_TAGS + place] !== 0) continue
      const slot = emem.takeSlot()
      return slot < 0 ? { slot: -1, place: -1 } : { slot, place }
    }
    return { slot: -1, place: -1 }
  }

  function giveOverflow(bucketNumber: number, place: number, slot: number): void {
    const start = emem.find(bucketNumber)
    if (start < 0 || place < 0 || place > 7) return
    H[start + OVERFLOW_TAGS + place] = 0
    H[start + OVERFLOW_POINTERS + place] = 0
    emem.giveSlot(slot)
    emem.tidy(bucketNumber)
  }

  const indexOf = (key: Uint8Array): number =>
    key.length < 4 ? -1 : (key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24)) >>> 0

  function ensure(id: number, keyWord: number): void {
    if (!preset || !exists(id) || !isArray(id)) return
    if (keyWord >>> 0 >= H[descriptor(id) + MAPS.maxEntries]! >>> 0) return
    keyBuffer.fill(0)
    keyBuffer[0] = keyWord
    hashKey(keyBuffer, 0, 1, id, H[descriptor(id) + MAPS.keyMask]!)
    if (!locate(id)) insert(id)
  }

  const found = new Int32Array(2)

  /** Copies key words to `keyBuffer`, with the padding cleared in both places, and hashes them. */
  function loadKey(id: number, key: number): void {
    const at = descriptor(id)
    const count = H[at + MAPS.shape]! >>> 16
    const mask = H[at + MAPS.keyMask]!
    H[key + count - 1] = H[key + count - 1]! & mask
    for (let word = 0; word < count; word++) keyBuffer[word] = H[key + word]!
    hashKey(keyBuffer, 0, count, id, mask)
  }

  function findEntry(id: number, key: number): number {
    if (!exists(id)) return -1
    loadKey(id, key)
    let place = locate(id)
    if (!place && preset && isArray(id) && keyBuffer[0]! >>> 0 < H[descriptor(id) + MAPS.maxEntries]! >>> 0)
      place = insert(id)
    if (!place) return -1
    const offset = H[descriptor(id) + MAPS.valueOffset]!
    found[0] = (place.overflow < 0 ? place.bucket << layout.bucketShift : place.pool * 4 * entryWords) + offset
    found[1] = place.overflow < 0 ? 0 : 1
    return place.entry
  }

  /** Key bytes of the words at `key`, padding cleared. */
  function keyBytesAt(id: number, key: number): Uint8Array {
    loadKey(id, key)
    return keyBytes.slice(0, H[descriptor(id) + MAPS.keySize]!)
  }

  function updateWords(id: number, key: number, value: number, flags: number): MapReplyCode {
    if (!exists(id)) return CODE.badMap
    const valueBytes = B.slice(value * 4, value * 4 + H[descriptor(id) + MAPS.valueSize]!)
    return update(id, keyBytesAt(id, key), valueBytes, flags)
  }

  function removeWords(id: number, key: number): MapReplyCode {
    return exists(id) ? remove(id, keyBytesAt(id, key)) : CODE.badMap
  }

  function read(id: number, place: Place): Uint8Array {
    const at = descriptor(id)
    const start = place.entry * 4 + H[at + MAPS.valueOffset]!
    return B.slice(start, start + H[at + MAPS.valueSize]!)
  }

  function checkKey(id: number, key: Uint8Array): MapReplyCode {
    if (!exists(id)) return CODE.badMap
    if (key.length < H[descriptor(id) + MAPS.keySize]!) return CODE.error
    if (isArray(id) && indexOf(key) >= H[descriptor(id) + MAPS.maxEntries]! >>> 0) return CODE.tooBig
    return CODE.ok
  }

  function lookup(id: number, key: Uint8Array): { code: MapReplyCode; value?: Uint8Array } {
    const code = checkKey(id, key)
    if (code !== CODE.ok) return { code }
    hash(id, key)
    const place = locate(id)
    if (place) return { code: CODE.ok, value: read(id, place) }
    if (preset && isArray(id)) return { code: CODE.ok, value: new Uint8Array(H[descriptor(id) + MAPS.valueSize]!) }
    return { code: CODE.noEntry }
  }

  function update(id: number, key: Uint8Array, value: Uint8Array, flags: number): MapReplyCode {
    const code = checkKey(id, key)
    if (code !== CODE.ok) return code
    const at = descriptor(id)
    if (value.length < H[at + MAPS.valueSize]!) return CODE.error
    hash(id, key)
    let place = locate(id)
    const presentArray = preset && isArray(id)
    if ((place || presentArray) && flags === FLAG.noExist) return open ? CODE.noEntry : CODE.exists
    if (!place) {
      if (flags === FLAG.exist && !presentArray) return CODE.noEntry
      if (!presentArray && credits(id) === 0) return open ? CODE.noEntry : CODE.tooBig
      place = insert(id)
      if (!place) return open ? CODE.noEntry : CODE.noMemory
      if (!presentArray) setCredits(id, credits(id) - 1)
    }
    B.set(value.subarray(0, H[at + MAPS.valueSize]!), place.entry * 4 + H[at + MAPS.valueOffset]!)
    return CODE.ok
  }

  function drop(id: number, place: Place): void {
    if (place.overflow >= 0) giveOverflow(place.bucket, place.overflow, place.pool)
    else {
      const start = emem.find(place.bucket)
      emem.setLockState(start, emem.lockState(start) & ~LOCK_VALID)
      emem.setOwner(start, 0)
      emem.tidy(place.bucket)
    }
    setCredits(id, credits(id) + 1)
  }

  function remove(id: number, key: Uint8Array): MapReplyCode {
    const code = checkKey(id, key)
    if (code !== CODE.ok) return code
    if (preset && isArray(id)) return CODE.error
    hash(id, key)
    const place = locate(id)
    if (!place) return CODE.noEntry
    drop(id, place)
    return CODE.ok
  }

  /** All entries of a map in the firmware's order: by bucket, the bucket's own entry before its overflow. */
  function* entries(id: number, fromBucket = 0): Generator<Place> {
    const numbers = emem.sortedBuckets()
    for (let index = firstNotBelow(numbers, fromBucket); index < numbers.length; index++) {
      const bucket = numbers[index]!
      const start = emem.find(bucket)
      if (start < 0) continue
      if (emem.lockState(start) & LOCK_VALID && emem.owner(start) === id)
        yield { entry: start, bucket, overflow: -1, pool: -1 }
      for (let place = 0; place < 8; place++) {
        const pointer = H[start + OVERFLOW_POINTERS + place]!
        if (H[start + OVERFLOW_TAGS + place] === 0 || pointer >>> 24 !== id) continue
        const pool = pointer & 0xffffff
        yield { entry: layout.pool + pool * entryWords, bucket, overflow: place, pool }
      }
    }
  }

  function free(id: number): MapReplyCode {
    if (!exists(id)) return CODE.badMap
    // The list is taken first: dropping entries changes what the walk walks over.
    const places = Array.from(entries(id))
    for (const place of places) drop(id, place)
    H.fill(0, descriptor(id), descriptor(id) + MAPS.words)
    return CODE.ok
  }

  function keyOf(id: number, place: Place): Uint8Array {
    return B.slice(place.entry * 4, place.entry * 4 + H[descriptor(id) + MAPS.keySize]!)
  }

  function nextKey(id: number, key: Uint8Array | undefined): { code: MapReplyCode; key?: Uint8Array } {
    if (!exists(id)) return { code: CODE.badMap }
    if (isArray(id)) {
      const given = key === undefined ? -1 : indexOf(key)
      const next = given === -1 || given >= H[descriptor(id) + MAPS.maxEntries]! ? 0 : given + 1
      if (next >= H[descriptor(id) + MAPS.maxEntries]!) return { code: CODE.noEntry }
      const bytes = Uint8Array.of(next, next >>> 8, next >>> 16, next >>> 24)
      if (!preset && lookup(id, bytes).code !== CODE.ok) return { code: CODE.noEntry }
      return { code: CODE.ok, key: bytes }
    }
    let from: Place | undefined
    if (key !== undefined && checkKey(id, key) === CODE.ok) {
      hash(id, key)
      from = locate(id)
    }
    let passed = from === undefined
    for (const place of entries(id, from?.bucket ?? 0)) {
      if (passed) return { code: CODE.ok, key: keyOf(id, place) }
      if (place.entry === from?.entry) passed = true
    }
    return { code: CODE.noEntry }
  }

  return {
    alloc,
    free,
    lookup,
    update,
    remove,
    nextKey,
    findEntry,
    found,
    updateWords,
    removeWords,
    ensure,
    takeOverflow,
    giveOverflow,
  }
}

/** Index of the first number that is not below `least` in an ascending list. */
function firstNotBelow(numbers: readonly number[], least: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}
