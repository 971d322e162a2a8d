/**
 * One 8-byte slot of a frame's stack: the kind of each byte and, for a spill, the register it holds.
 * Immutable. Byte 0 is the highest address of the slot (fp-1 of the first slot), byte 7 the lowest, as in the log's
 * eight characters. Kinds are packed as eight 4-bit fields.
 */
import type { RegState } from './reg-state'

export const INVALID = 0
export const SPILL = 1
export const MISC = 2
export const ZERO = 3

export class StackSlot {
  readonly kinds: number
  readonly reg: RegState | null
  constructor(kinds: number, reg: RegState | null) {
    this.kinds = kinds | 0
    this.reg = reg
  }
  kind(byte: number): number {
    return (this.kinds >>> (byte * 4)) & 15
  }
  /** Kind of the lowest address: a slot counts as a spill when this byte is one. */
  get low(): number {
    return this.kinds >>> 28
  }
  get isSpill(): boolean {
    return this.low === SPILL
  }
  withReg(reg: RegState): StackSlot {
    return new StackSlot(this.kinds, reg)
  }
}

export const withKind = (kinds: number, byte: number, kind: number): number =>
  (kinds & ~(15 << (byte * 4))) | (kind << (byte * 4))

export const EMPTY = new StackSlot(0, null)

/** Bytes of kind SPILL: all eight, or the low 1, 2 or 4 of a narrower spill. */
export function spillSize(slot: StackSlot): number {
  let n = 0
  for (let byte = 7; byte >= 0 && slot.kind(byte) === SPILL; byte--) n++
  return n
}
export const isFullSpill = (slot: StackSlot): boolean => slot.kind(0) === SPILL && slot.isSpill
