/**
 * Map lookup, update, delete and perf event output as the firmware does them on a worker, one memory command at a time.
 *
 * The sequence of commands is nfp-firmware.md, section 5.2 (D descriptor, H hash, L lock, K compare, C overflow tags,
 * O overflow entry, U upgrade, R release); register use is nfp-firmware-abi.md, section 6. Update and delete follow the
 * same tables, since no public source has them. Transfer registers 0..15 carry the data and are destroyed, as on the
 * card. Between two steps the state is in the context's scratch words, so a run can stop anywhere.
 */
import type { ChipConfig } from './api'
import type { Commands } from './commands'
import { EVENT, LOCK_SLEEP, MAP_CODE, MEMORY_MAP } from './constants'
import { CORE, CORE_WORDS, CTX, LOG, MAPS, REQUEST, STATE, WAIT } from './layout'
import type { ChipMemory } from './layout'
import { hashBucket, hashKey, hashTag } from './map-hash'
import { ERRNO, FLAG, FOUND, KIND, LOCK, POOL_HI, RING_POP, RING_PUT, S, STEP, TABLE_HI } from './map-steps'
import { ACTION, opOf } from './memory-unit'

export interface MapHelpers {
  call(core: number, slot: number, address: number): boolean
  step(core: number, slot: number, service: number): boolean
}

export function createMapHelpers(memory: ChipMemory, config: ChipConfig, commands: Commands): MapHelpers {
  const { words: H, floats: F, layout } = memory
  const { helpers } = config.firmware
  // One context at a time uses these; they name the block that the current step works on.
  let core = 0
  let slot = 0
  let cb = 0
  let tb = 0
  let s = 0

  function select(c: number, k: number): void {
    core = c
    slot = k
    cb = layout.cores + c * CORE_WORDS
    tb = cb + CORE.contexts + k * CTX.size
    s = tb + CTX.scratch
  }

  const spend = (cycles: number): void => {
    H[tb + CTX.cycle] = H[tb + CTX.cycle]! + cycles
  }
  const nowCycle = (): number => H[tb + CTX.cycle]!

  /** Issues a command and waits for it; `next` runs afterwards. Returns false, as every wait does. */
  function command(
    op: number,
    raw: number,
    lo: number,
    hi: number,
    cycles: number,
    next: number,
    wait: number = WAIT.emem,
  ): boolean {
    spend(cycles)
    const entry = commands.log(core, slot, REQUEST.memorySwap, nowCycle())
    H[entry + LOG.lo] = lo
    H[entry + LOG.hi] = hi
    H[entry + LOG.count] = raw
    H[entry + LOG.xfer] = 0
    H[entry + LOG.op] = op
    H[entry + LOG.signal] = 0
    H[entry + LOG.data + 5] = 0
    spend(1)
    H[tb + CTX.service] = next
    H[tb + CTX.state] = STATE.waiting
    H[tb + CTX.waitingFor] = wait
    F[((cb + CORE.wakeF) >> 1) + slot] = Infinity
    return false
  }

  /** Issues a command without waiting for it; its operand is a 16-bit immediate. */
  function post(op: number, raw: number, lo: number, hi: number, immediate: number): void {
    const entry = commands.log(core, slot, REQUEST.memory, nowCycle())
    H[entry + LOG.lo] = lo
    H[entry + LOG.hi] = hi
    H[entry + LOG.count] = raw
    H[entry + LOG.xfer] = 0
    H[entry + LOG.op] = op | (immediate << 16)
    H[entry + LOG.signal] = 0
    H[entry + LOG.data + 5] = 0
    spend(1)
  }

  function sleep(cycles: number, next: number): boolean {
    spend(1)
    H[tb + CTX.service] = next
    H[tb + CTX.state] = STATE.waiting
    H[tb + CTX.waitingFor] = WAIT.lock
    F[((cb + CORE.wakeF) >> 1) + slot] = F[(cb + CORE.segmentStartF) >> 1]! + nowCycle() + cycles
    return false
  }

  const EMEM = MEMORY_MAP.ememIsland
  const lockAt = (): number => MEMORY_MAP.locks + 8 * H[s + S.bucket]!
  const bucketBytes = 1 << layout.bucketShift
  const entryBytes = 4 * layout.entryWords
  const bucketAt = (offset: number): number => MEMORY_MAP.table + bucketBytes * H[s + S.bucket]! + offset
  const poolAt = (offset: number): number => MEMORY_MAP.pool + entryBytes * H[s + S.pool]! + offset
  const xferIn = (n: number): number => H[tb + CTX.xferIn + n]!
  const setOut = (n: number, value: number): void => {
    H[tb + CTX.xferOut + n] = value
  }
  const keyWord = (index: number): number => H[cb + CORE.lm + ((H[s + S.key]! + index) & 1023)]!
  const valueWord = (index: number): number => H[cb + CORE.lm + ((H[s + S.value]! + index) & 1023)]!

  /** Back to the program: R0 in both banks, the return address, a shift amount that nothing defined. */
  function returns(lo: number, hi: number): boolean {
    spend(MAP_CODE.exit)
    H[tb + CTX.gprA] = lo
    H[tb + CTX.gprB] = lo
    H[tb + CTX.gprA + 1] = hi
    H[tb + CTX.gprB + 1] = hi
    H[tb + CTX.pc] = H[s + S.back]! & 0x3fff
    H[tb + CTX.service] = 0
    return true
  }

  /** Gives back the lock (and the exclusive bit), then returns. */
  function release(exclusive: boolean): boolean {
    post(opOf(ACTION.subtract, 2), 0, lockAt(), EMEM, exclusive ? LOCK.exclusive | 1 : 1)
    if (H[s + S.kind] === KIND.lookup && H[s + S.found] !== FOUND.no) {
      const lo =
        H[s + S.found] === FOUND.primary
          ? bucketBytes * H[s + S.bucket]! + H[s + S.valueOffset]!
          : entryBytes * H[s + S.pool]! + H[s + S.valueOffset]!
      return returns(lo, H[s + S.found] === FOUND.primary ? TABLE_HI : POOL_HI)
    }
    const result = H[s + S.result]!
    return returns(result, result >> 31)
  }

  function call(c: number, k: number, address: number): boolean {
    select(c, k)
    H[s + S.back] = H[tb + CTX.gprB]!
    H[s + S.result] = 0
    H[s + S.found] = FOUND.no
    if (address === helpers.perfEventOutput) return event()
    H[s + S.kind] = address === helpers.update ? KIND.update : address === helpers.delete ? KIND.delete : KIND.lookup
    H[s + S.map] = H[tb + CTX.gprA]!
    // Pointers that are still on their way have settled long before the firmware uses them.
    settlePointers()
    H[s + S.key] = (H[tb + CTX.lmPointer]! >> 2) & 1023
    H[s + S.value] = (H[tb + CTX.lmPointer + 2]! >> 2) & 1023
    H[s + S.flags] = H[tb + CTX.gprA + 8]!
    const id = H[s + S.map]!
    if (id < 0 || id >= MAPS.count) {
      const error = H[s + S.kind] === KIND.lookup ? 0 : ERRNO.invalid
      spend(MAP_CODE.entry)
      return returns(error, error >> 31)
    }
    return command(
      opOf(ACTION.read32, 2),
      5,
      64 * id,
      MEMORY_MAP.imemIsland,
      MAP_CODE.entry,
      STEP.descriptor,
      WAIT.imem,
    )
  }

  function settlePointers(): void {
    const count = H[tb + CTX.lmPending]!
    for (let index = 0; index < count; index++) {
      const at = tb + CTX.lmPendingList + 3 * index
      H[tb + CTX.lmPointer + H[at]!] = H[at + 1]!
    }
    H[tb + CTX.lmPending] = 0
  }

  /** D is served: check, hash, then take the shared lock. */
  function descriptor(): boolean {
    const shape = xferIn(0)
    H[s + S.keyWords] = shape >>> 16
    H[s + S.valueWords] = shape & 0xffff
    H[s + S.maxEntries] = xferIn(1)
    H[s + S.type] = xferIn(5)
    const keyWords = Math.max(1, shape >>> 16)
    H[s + S.valueOffset] = (4 * keyWords + 7) & ~7
    const update = H[s + S.kind] === KIND.update
    if (shape === 0) {
      const error = H[s + S.kind] === KIND.lookup ? 0 : ERRNO.invalid
      return returns(error, error >> 31)
    }
    if (update && H[s + S.flags]! >>> 0 > FLAG.exist) return returns(ERRNO.invalid, -1)
    if (H[s + S.type] === 2 && config.firmware.arraysPreset && H[s + S.kind] !== KIND.lookup) {
      if (H[s + S.kind] === KIND.delete) return returns(ERRNO.invalid, -1)
      if (keyWord(0) >>> 0 >= H[s + S.maxEntries]! >>> 0) return returns(ERRNO.tooBig, -1)
    }
    const last = cb + CORE.lm + ((H[s + S.key]! + keyWords - 1) & 1023)
    const mask = xferIn(2)
    H[last] = H[last]! & mask
    hashKey(H, cb + CORE.lm + H[s + S.key]!, keyWords, H[s + S.map]!, mask)
    H[s + S.bucket] = hashBucket(layout.bucketBits)
    H[s + S.tag] = hashTag()
    spend(MAP_CODE.hashFixed + MAP_CODE.hashPerWord * keyWords)
    return takeLock()
  }

  function takeLock(): boolean {
    setOut(0, 1)
    setOut(1, 0)
    const waits = command(opOf(ACTION.add, 1), 4, lockAt(), EMEM, MAP_CODE.lock, STEP.lock)
    // The served lock word makes a preset array entry appear: the store wants to know which.
    const cbTail = (H[layout.logTails + core]! - 1) & (LOG.entries - 1)
    const entry = logEntry(cbTail)
    H[entry + LOG.data + 4] = keyWord(0)
    H[entry + LOG.data + 5] = H[s + S.map]!
    return waits
  }

  const logEntry = (index: number): number => cb + CORE.contexts + 4 * CTX.size + index * LOG.words

  /** L is served: old state and owner of the bucket. */
  function locked(): boolean {
    const state = xferIn(0)
    if (state & LOCK.exclusive) {
      post(opOf(ACTION.subtract, 2), 0, lockAt(), EMEM, 1)
      return sleep(LOCK_SLEEP.readerBlocked, STEP.retry)
    }
    H[s + S.valid] = state & LOCK.valid ? 1 : 0
    H[s + S.owner] = xferIn(1)
    if (state & LOCK.valid && xferIn(1) === H[s + S.map]) {
      return command(opOf(ACTION.read32, 2), layout.entryWords - 1, bucketAt(0), EMEM, MAP_CODE.step, STEP.primary)
    }
    return readTags()
  }

  function readTags(): boolean {
    setOut(0, H[s + S.tag]!)
    return command(opOf(ACTION.cam, 0), 6, bucketAt(entryBytes), EMEM, MAP_CODE.cam, STEP.tags)
  }

  /** Whether transfer registers 0.. hold this key. */
  function keyMatches(): boolean {
    const count = H[s + S.keyWords]!
    spend(MAP_CODE.compareFixed + MAP_CODE.comparePerWord * count)
    for (let index = 0; index < count; index++) if (xferIn(index) !== keyWord(index)) return false
    return true
  }

  function nextHit(): boolean {
    const hits = H[s + S.hits]!
    if (hits === 0) return missing()
    const place = 31 - Math.clz32(hits & -hits)
    H[s + S.hits] = hits & (hits - 1)
    H[s + S.place] = place
    return command(
      opOf(ACTION.read32, 2),
      0,
      bucketAt(entryBytes + 32 + 4 * place),
      EMEM,
      MAP_CODE.step,
      STEP.overflowPointer,
    )
  }

  function entryFound(where: number): boolean {
    H[s + S.found] = where
    if (H[s + S.kind] === KIND.lookup) return release(false)
    if (H[s + S.kind] === KIND.update && H[s + S.flags] === FLAG.noExist) {
      H[s + S.result] = ERRNO.exists
      return release(false)
    }
    return upgrade()
  }

  function missing(): boolean {
    H[s + S.found] = FOUND.no
    if (H[s + S.kind] === KIND.lookup) return release(false)
    if (H[s + S.kind] === KIND.delete || H[s + S.flags] === FLAG.exist) {
      H[s + S.result] = ERRNO.noEntry
      return release(false)
    }
    return upgrade()
  }

  /** U: ask for the bucket alone. An insert into a free bucket marks the primary valid at once. */
  function upgrade(): boolean {
    const primary = H[s + S.found] === FOUND.no && H[s + S.valid] === 0
    setOut(0, primary ? LOCK.exclusive | LOCK.valid : LOCK.exclusive)
    return command(opOf(ACTION.set, 1), 0, lockAt(), EMEM, MAP_CODE.step, STEP.upgrade)
  }

  function upgraded(state: number): boolean {
    if (state & LOCK.exclusive) {
      post(opOf(ACTION.subtract, 2), 0, lockAt(), EMEM, 1)
      return sleep(LOCK_SLEEP.writerBlocked, STEP.retry)
    }
    return aloneOrWait(state)
  }

  function aloneOrWait(state: number): boolean {
    return (state & LOCK.holders) > 1 ? sleep(LOCK_SLEEP.waitForReaders, STEP.drain) : change()
  }

  /** The bucket is ours: do what the helper was called for. */
  function change(): boolean {
    if (H[s + S.kind] === KIND.delete) return remove()
    if (H[s + S.found] !== FOUND.no) return writeValue(STEP.valueWritten)
    // Credit: one free entry of the map less.
    setOut(0, 1)
    return command(
      opOf(ACTION.subtractSaturating, 1),
      0,
      64 * H[s + S.map]! + 4 * MAPS.credits,
      MEMORY_MAP.imemIsland,
      MAP_CODE.step,
      STEP.credit,
      WAIT.imem,
    )
  }

  function writeValue(next: number): boolean {
    const count = Math.max(1, H[s + S.valueWords]!)
    for (let index = 0; index < count; index++) setOut(index, valueWord(index))
    const at = H[s + S.found] === FOUND.overflow ? poolAt(H[s + S.valueOffset]!) : bucketAt(H[s + S.valueOffset]!)
    return command(opOf(ACTION.write32, 2), count - 1, at, EMEM, MAP_CODE.step + count, next)
  }

  function writeKey(at: number, next: number): boolean {
    const count = H[s + S.keyWords]!
    for (let index = 0; index < count; index++) setOut(index, keyWord(index))
    return command(opOf(ACTION.write32, 2), count - 1, at, EMEM, MAP_CODE.step + count, next)
  }

  function credited(): boolean {
    if (xferIn(0) === 0) {
      H[s + S.result] = ERRNO.tooBig
      if (H[s + S.valid] === 0) {
        // Nobody may take the empty primary for an entry.
        setOut(0, LOCK.valid)
        return command(opOf(ACTION.clear, 1), 0, lockAt(), EMEM, MAP_CODE.step, STEP.unlocked)
      }
      return release(true)
    }
    if (H[s + S.valid] === 0) {
      setOut(0, H[s + S.map]!)
      H[s + S.found] = FOUND.primary
      return command(opOf(ACTION.atomicWrite, 0), 0, lockAt() + 4, EMEM, MAP_CODE.step, STEP.owner)
    }
    // A free overflow place and pool slot: the store's ring operation answers with both.
    const waits = command(RING_POP, 0, bucketAt(entryBytes), EMEM, MAP_CODE.step, STEP.slotTaken)
    return waits
  }

  function slotTaken(): boolean {
    const pool = xferIn(0)
    const place = xferIn(1)
    if (pool < 0) {
      post(opOf(ACTION.add, 2), 0, 64 * H[s + S.map]! + 4 * MAPS.credits, MEMORY_MAP.imemIsland, 1)
      H[s + S.result] = ERRNO.noMemory
      return release(true)
    }
    H[s + S.pool] = pool
    H[s + S.place] = place
    H[s + S.found] = FOUND.overflow
    setOut(0, H[s + S.tag]!)
    return command(opOf(ACTION.write32, 2), 0, bucketAt(entryBytes + 4 * place), EMEM, MAP_CODE.step, STEP.tagWritten)
  }

  function tagWritten(): boolean {
    setOut(0, (H[s + S.map]! << 24) | H[s + S.pool]!)
    return command(
      opOf(ACTION.write32, 2),
      0,
      bucketAt(entryBytes + 32 + 4 * H[s + S.place]!),
      EMEM,
      MAP_CODE.step,
      STEP.pointerWritten,
    )
  }

  function remove(): boolean {
    post(opOf(ACTION.add, 2), 0, 64 * H[s + S.map]! + 4 * MAPS.credits, MEMORY_MAP.imemIsland, 1)
    if (H[s + S.found] === FOUND.primary) {
      setOut(0, LOCK.valid)
      return command(opOf(ACTION.clear, 1), 0, lockAt(), EMEM, MAP_CODE.step, STEP.removed)
    }
    setOut(0, H[s + S.place]!)
    setOut(1, H[s + S.pool]!)
    return command(RING_PUT, 0, bucketAt(entryBytes), EMEM, MAP_CODE.step, STEP.removed)
  }

  /** perf_event_output: the leader copies packet and data when the request is served. */
  function event(): boolean {
    const dataType = H[tb + CTX.gprA + 1]!
    const flags = H[tb + CTX.gprA + 7]!
    const packetBytes = flags & 0xfffff
    const size = H[tb + CTX.gprA + 10]!
    const vector = cb + CORE.lm + ((128 * slot + 32) >> 2)
    const length = H[vector]! & 0x3fff
    spend(EVENT.code)
    if (flags >>> 20 !== 0) return returns(ERRNO.invalid, -1)
    if (packetBytes > length) return returns(ERRNO.fault, -1)
    if (size >>> 0 > EVENT.maxBytes || size + packetBytes > EVENT.maxBytes) return returns(ERRNO.tooBig, -1)
    spend(EVENT.codePerWord * ((size + packetBytes + 3) >> 2))
    const entry = commands.log(core, slot, REQUEST.event, nowCycle())
    H[entry + LOG.lo] = H[tb + CTX.gprA + 4]!
    H[entry + LOG.hi] = H[tb + CTX.gprA + 8]!
    H[entry + LOG.count] = size
    H[entry + LOG.xfer] = H[tb + CTX.gprA + 9]!
    H[entry + LOG.op] = dataType
    H[entry + LOG.signal] = packetBytes
    spend(1)
    H[tb + CTX.service] = STEP.event
    H[tb + CTX.state] = STATE.waiting
    H[tb + CTX.waitingFor] = WAIT.event
    F[((cb + CORE.wakeF) >> 1) + slot] = Infinity
    return false
  }

  function step(c: number, k: number, service: number): boolean {
    select(c, k)
    switch (service) {
      case STEP.descriptor:
        return descriptor()
      case STEP.lock:
        return locked()
      case STEP.retry:
        return takeLock()
      case STEP.primary:
        return keyMatches() ? entryFound(FOUND.primary) : readTags()
      case STEP.tags:
        H[s + S.hits] = xferIn(0)
        return nextHit()
      case STEP.overflowPointer: {
        const pointer = xferIn(0)
        if (pointer >>> 24 !== (H[s + S.map]! & 0xff)) return nextHit()
        H[s + S.pool] = pointer & 0xffffff
        return command(
          opOf(ACTION.read32, 2),
          layout.entryWords - 1,
          poolAt(0),
          EMEM,
          MAP_CODE.step,
          STEP.overflowEntry,
        )
      }
      case STEP.overflowEntry:
        return keyMatches() ? entryFound(FOUND.overflow) : nextHit()
      case STEP.upgrade:
        return upgraded(xferIn(0))
      case STEP.drain:
        return command(opOf(ACTION.read8, 0), 0, lockAt(), EMEM, MAP_CODE.step, STEP.alone)
      case STEP.alone:
        return aloneOrWait(xferIn(0))
      case STEP.credit:
        return credited()
      case STEP.owner:
        return writeKey(bucketAt(0), STEP.keyWritten)
      case STEP.keyWritten:
        return writeValue(STEP.valueWritten)
      case STEP.slotTaken:
        return slotTaken()
      case STEP.tagWritten:
        return tagWritten()
      case STEP.pointerWritten:
        return writeKey(poolAt(0), STEP.keyWritten)
      case STEP.valueWritten:
      case STEP.removed:
      case STEP.unlocked:
        return release(true)
      default:
        return returns(0, 0)
    }
  }

  return { call, step }
}
