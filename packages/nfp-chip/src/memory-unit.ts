/**
 * What a command of a memory unit does to bytes: reads, writes and atomics on an address that is already known to lie
 * in the chip's memory. Time, queues and address translation are elsewhere. Follows nfp-isa.md, sections 12.2 and 12.4.
 *
 * Words that atomics work on are big-endian; 64-bit atomics keep the low half at the address and the high half behind.
 */
import type { ChipMemory } from './layout'

/** Numbers of the actions (TGT_CMD bits 4..0 of memory commands). */
export const ACTION = {
  read: 0,
  write: 1,
  write8: 2,
  read8: 3,
  atomicWrite: 4,
  set: 5,
  clear: 6,
  add: 7,
  addSaturating: 8,
  subtract: 9,
  subtractSaturating: 10,
  cam: 12,
  xor: 15,
  read32: 28,
  write32: 31,
} as const

/** `op` of a command: action << 2 | token. */
export const opOf = (action: number, token: number): number => (action << 2) | token

/** Classes of commands for timing. */
export const OP_CLASS = { none: 0, read: 1, write: 2, atomic: 3 } as const

/** What kind of command `op` is; `none` for those that are not modelled. */
export function opClass(op: number): number {
  const token = op & 3
  switch (op >> 2) {
    case ACTION.read:
    case ACTION.read32:
      return OP_CLASS.read
    case ACTION.write:
    case ACTION.write8:
    case ACTION.write32:
      return OP_CLASS.write
    case ACTION.read8:
      return token === 0 ? OP_CLASS.atomic : token === 1 ? OP_CLASS.read : OP_CLASS.none
    case ACTION.atomicWrite:
    case ACTION.set:
    case ACTION.clear:
    case ACTION.add:
    case ACTION.addSaturating:
    case ACTION.subtract:
    case ACTION.subtractSaturating:
    case ACTION.xor:
      return OP_CLASS.atomic
    case ACTION.cam:
      return token === 0 ? OP_CLASS.atomic : OP_CLASS.none
    default:
      return OP_CLASS.none
  }
}

/** Whether the command takes its operand from the override word (`…_imm`). */
export function usesImmediate(op: number): boolean {
  const action = op >> 2
  return (
    (op & 2) !== 0 && ((action >= ACTION.atomicWrite && action <= ACTION.subtractSaturating) || action === ACTION.xor)
  )
}

/** Bytes that the command touches, for a raw length field (units minus one, or the flags of an atomic). */
export function opBytes(op: number, raw: number): number {
  switch (op >> 2) {
    case ACTION.read:
    case ACTION.write:
      return (raw + 1) * 8
    case ACTION.read32:
    case ACTION.write32:
      return (raw + 1) * 4
    case ACTION.write8:
      return raw + 1
    case ACTION.read8:
      return (op & 3) === 0 ? (raw + 1) * 4 : raw + 1
    case ACTION.cam:
      return 32
    default:
      return raw & 4 ? 8 : 4
  }
}

const swap = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)

export interface MemoryUnit {
  /**
   * Does a command at byte offset `at` of the chip's memory. Results go to word `to` and up, data come from word
   * `from` and up (both word offsets), `immediate` is the operand of `…_imm` commands.
   */
  perform(op: number, raw: number, at: number, to: number, from: number, immediate: number): void
}

export function createMemoryUnit(memory: ChipMemory): MemoryUnit {
  const { words: H, bytes: B } = memory

  /** The word at a byte offset, first byte lowest. */
  function little(at: number): number {
    const word = at >> 2
    const shift = (at & 3) << 3
    return shift === 0 ? H[word]! : (H[word]! >>> shift) | (H[word + 1]! << (32 - shift))
  }

  function setLittle(at: number, value: number): void {
    if ((at & 3) === 0) H[at >> 2] = value
    else {
      B[at] = value
      B[at + 1] = value >>> 8
      B[at + 2] = value >>> 16
      B[at + 3] = value >>> 24
    }
  }

  /** Reads or writes `count` words; `pair` exchanges the two words of a 64-bit unit. */
  function readWords(at: number, to: number, count: number, swapped: boolean, pair: number): void {
    for (let index = 0; index < count; index++) {
      const value = little(at + 4 * (index ^ pair))
      H[to + index] = swapped ? value : swap(value)
    }
  }

  function writeWords(at: number, from: number, count: number, swapped: boolean, pair: number): void {
    for (let index = 0; index < count; index++) {
      const value = H[from + index]!
      setLittle(at + 4 * (index ^ pair), swapped ? value : swap(value))
    }
  }

  function write8(at: number, from: number, count: number, swapped: boolean): void {
    for (let index = 0; index < count; index++) {
      const lane = (index & 3) << 3
      B[at + index] = H[from + (index >> 2)]! >>> (swapped ? lane : 24 - lane)
    }
  }

  function read8(at: number, to: number, count: number): void {
    for (let index = 0; index < count; index += 4) {
      let value = 0
      for (let byte = 0; byte < 4 && index + byte < count; byte++) value |= B[at + index + byte]! << (24 - 8 * byte)
      H[to + (index >> 2)] = value
    }
  }

  function atomic(op: number, raw: number, at: number, to: number, from: number, immediate: number): void {
    const action = op >> 2
    const wide = (raw & 4) !== 0
    const low = swap(little(at))
    const high = wide ? swap(little(at + 4)) : 0
    if (op & 1) {
      H[to] = low
      if (wide) H[to + 1] = high
    }
    const operandLow = op & 2 ? immediate : H[from]!
    const operandHigh = op & 2 || !wide ? 0 : H[from + 1]!
    let newLow = low
    let newHigh = high
    switch (action) {
      case ACTION.atomicWrite:
        newLow = operandLow
        newHigh = operandHigh
        break
      case ACTION.set:
        newLow |= operandLow
        newHigh |= operandHigh
        break
      case ACTION.clear:
        newLow &= ~operandLow
        newHigh &= ~operandHigh
        break
      case ACTION.xor:
        newLow ^= operandLow
        newHigh ^= operandHigh
        break
      case ACTION.add:
      case ACTION.addSaturating: {
        newLow = (low + operandLow) | 0
        const carry = newLow >>> 0 < low >>> 0 ? 1 : 0
        const highSum = (high >>> 0) + (operandHigh >>> 0) + carry
        newHigh = highSum | 0
        const overflow = wide ? highSum > 0xffffffff : carry === 1
        if (action === ACTION.addSaturating && overflow) {
          newLow = -1
          newHigh = -1
        }
        break
      }
      default: {
        const borrow = low >>> 0 < operandLow >>> 0 ? 1 : 0
        newLow = (low - operandLow) | 0
        const highDifference = (high >>> 0) - (operandHigh >>> 0) - borrow
        newHigh = highDifference | 0
        const underflow = wide ? highDifference < 0 : borrow === 1
        if (action === ACTION.subtractSaturating && underflow) {
          newLow = 0
          newHigh = 0
        }
      }
    }
    setLittle(at, swap(newLow))
    if (wide) setLittle(at + 4, swap(newHigh))
  }

  /** cam256_lookup24: a bit for each of the eight words whose low 24 bits equal the operand's. */
  function camLookup(at: number, to: number, from: number): void {
    const tag = H[from]! & 0xffffff
    let hits = 0
    for (let index = 0; index < 8; index++) if ((little(at + 4 * index) & 0xffffff) === tag) hits |= 1 << index
    H[to] = hits
  }

  function perform(op: number, raw: number, at: number, to: number, from: number, immediate: number): void {
    const swapped = (op & 2) !== 0
    switch (op >> 2) {
      case ACTION.read32:
        return readWords(at, to, raw + 1, swapped, op & 1 && raw > 0 ? 1 : 0)
      case ACTION.read:
        return readWords(at, to, 2 * (raw + 1), swapped, op & 1)
      case ACTION.write32:
        return writeWords(at, from, raw + 1, swapped, op & 1 && raw > 0 ? 1 : 0)
      case ACTION.write:
        return writeWords(at, from, 2 * (raw + 1), swapped, op & 1)
      case ACTION.write8:
        return write8(at, from, raw + 1, swapped)
      case ACTION.read8:
        return (op & 3) === 0 ? readWords(at, to, raw + 1, false, 0) : read8(at, to, raw + 1)
      case ACTION.cam:
        return camLookup(at, to, from)
      default:
        return atomic(op, raw, at, to, from, immediate)
    }
  }

  return { perform }
}
