/**
 * Local CSRs: reads and writes by byte address. Follows nfp-isa.md, section 10.
 *
 * LM pointer writes do not come here (they have a delay of their own, see operands.ts). Registers without an effect in
 * this model read as 0 and ignore writes.
 */
import { CORE, CORE_WORDS, CTX } from './layout'
import type { ChipMemory } from './layout'
import { prngAfter } from './prng'

export interface CsrAccess {
  read(address: number, core: number, slot: number, now: number): number
  write(address: number, value: number, core: number, slot: number, now: number): void
}

/** Byte addresses of the registers that do something. */
const CSR = {
  csrCtxPtr: 0x020,
  indCtxStatus: 0x040,
  actCtxStatus: 0x044,
  indSignals: 0x048,
  actSignals: 0x04c,
  indLmAddr0: 0x060,
  actLmAddr0: 0x064,
  indLmAddr1: 0x068,
  actLmAddr1: 0x06c,
  byteIndex: 0x070,
  xferIndex: 0x074,
  nnPut: 0x080,
  nnGet: 0x084,
  indLmAddr2: 0x090,
  actLmAddr2: 0x094,
  indLmAddr3: 0x098,
  actLmAddr3: 0x09c,
  timestampLow: 0x0c0,
  timestampHigh: 0x0c4,
  xferAndByteIndex: 0x0f4,
  crcRemainder: 0x140,
  profileCount: 0x144,
  pseudoRandom: 0x148,
  mailbox0: 0x170,
  mailbox3: 0x17c,
  cmdIndirectRef0: 0x190,
} as const

const INDIRECT_POINTERS: readonly number[] = [CSR.indLmAddr0, CSR.indLmAddr1, CSR.indLmAddr2, CSR.indLmAddr3]
const ACTIVE_POINTERS: readonly number[] = [CSR.actLmAddr0, CSR.actLmAddr1, CSR.actLmAddr2, CSR.actLmAddr3]
const TICK_CYCLES = 16

export function csrAccess(memory: ChipMemory): CsrAccess {
  const { words: H, floats: F, layout } = memory
  const coreBlock = (core: number): number => layout.cores + core * CORE_WORDS
  const contextBlock = (core: number, slot: number): number => coreBlock(core) + CORE.contexts + slot * CTX.size
  /** The context that "indirect" registers speak of. */
  const selected = (core: number): number => contextBlock(core, (H[coreBlock(core) + CORE.ctxPointer]! & 7) >> 1)

  function random(core: number, now: number): number {
    const cb = coreBlock(core)
    const at = (cb + CORE.prngCycleF) >> 1
    const value = prngAfter(H[cb + CORE.prng]!, now - F[at]!)
    H[cb + CORE.prng] = value
    F[at] = now
    return value
  }

  function read(address: number, core: number, slot: number, now: number): number {
    const cb = coreBlock(core)
    const active = ACTIVE_POINTERS.indexOf(address)
    if (active >= 0) return H[contextBlock(core, slot) + CTX.lmPointer + active]!
    const indirect = INDIRECT_POINTERS.indexOf(address)
    if (indirect >= 0) return H[selected(core) + CTX.lmPointer + indirect]!
    if (address >= CSR.mailbox0 && address <= CSR.mailbox3)
      return H[cb + CORE.mailbox + ((address - CSR.mailbox0) >> 2)]!
    switch (address) {
      case CSR.pseudoRandom:
        return random(core, now)
      case CSR.csrCtxPtr:
        return H[cb + CORE.ctxPointer]!
      case CSR.actCtxStatus:
        return 2 * slot
      case CSR.indCtxStatus:
        return H[selected(core) + CTX.pc]!
      case CSR.indSignals:
        return H[selected(core) + CTX.signals]!
      case CSR.actSignals:
        return H[contextBlock(core, slot) + CTX.signals]!
      case CSR.byteIndex:
        return H[cb + CORE.byteIndex]!
      case CSR.xferIndex:
        return H[cb + CORE.tIndex]!
      case CSR.xferAndByteIndex:
        return H[cb + CORE.tIndex]! | (H[cb + CORE.byteIndex]! & 3)
      case CSR.nnPut:
        return H[cb + CORE.nnPut]!
      case CSR.nnGet:
        return H[cb + CORE.nnGet]!
      case CSR.timestampLow:
        return Math.floor(now / TICK_CYCLES) | 0
      case CSR.timestampHigh:
        return Math.floor(now / TICK_CYCLES / 2 ** 32) | 0
      case CSR.crcRemainder:
        return H[cb + CORE.crc]!
      case CSR.profileCount:
        return H[cb + CORE.profile]!
      case CSR.cmdIndirectRef0:
        return H[cb + CORE.indirectRef]!
      default:
        return 0
    }
  }

  function write(address: number, value: number, core: number, _slot: number, now: number): void {
    const cb = coreBlock(core)
    const indirect = INDIRECT_POINTERS.indexOf(address)
    if (indirect >= 0) {
      H[selected(core) + CTX.lmPointer + indirect] = value
      return
    }
    if (address >= CSR.mailbox0 && address <= CSR.mailbox3) {
      H[cb + CORE.mailbox + ((address - CSR.mailbox0) >> 2)] = value
      return
    }
    switch (address) {
      case CSR.pseudoRandom:
        H[cb + CORE.prng] = value
        F[(cb + CORE.prngCycleF) >> 1] = now
        return
      case CSR.csrCtxPtr:
        H[cb + CORE.ctxPointer] = value & 7
        return
      case CSR.byteIndex:
        H[cb + CORE.byteIndex] = value & 3
        return
      case CSR.xferIndex:
        H[cb + CORE.tIndex] = value & 0x3fc
        return
      case CSR.xferAndByteIndex:
        H[cb + CORE.tIndex] = value & 0x3fc
        H[cb + CORE.byteIndex] = value & 3
        return
      case CSR.nnPut:
        H[cb + CORE.nnPut] = value & 127
        return
      case CSR.nnGet:
        H[cb + CORE.nnGet] = value & 127
        return
      case CSR.crcRemainder:
        H[cb + CORE.crc] = value
        return
      case CSR.profileCount:
        H[cb + CORE.profile] = value
        return
      case CSR.cmdIndirectRef0:
        H[cb + CORE.indirectRef] = value
        return
      default:
    }
  }

  return { read, write }
}
