/**
 * Where translated code and the machine meet: words in the first page of guest memory, which no program can reach (no
 * region covers it). Registers are spilled here for helpers; a region slot remembers the bounds of a piece of memory
 * that programs may touch, so that an access is one subtraction and one comparison.
 */

/** R0 … R10, eight bytes each. Valid whenever control is outside translated code. */
export const REGISTERS_AT = 0x400
/** Instructions that may still run. Valid whenever control is outside translated code. */
export const BUDGET_AT = 0x480
/** Deepest frame that translated code opened. */
export const DEEPEST_AT = 0x488
/** Rounds of may_goto left, four bytes a frame. */
export const MAY_GOTO_AT = 0x490
/** Scratch for keys while programs are translated. */
export const SCRATCH_AT = 0x4f0
/** Region slots: slot 0 is the packet. */
export const SLOTS_AT = 0x500
/** Of a slot: the first address as a 64-bit pointer, then for accesses of 1, 2, 4, 8 bytes how many addresses are good. */
export const SLOT_SIZE = 24
export const PACKET_SLOT = SLOTS_AT
export const SLOT_COUNT = Math.floor((0x1000 - SLOTS_AT) / SLOT_SIZE)

/** Where slot at `slot` keeps its limit for accesses of `size` bytes. */
export function limitAt(slot: number, size: number): number {
  return slot + 8 + (size === 1 ? 0 : size === 2 ? 4 : size === 4 ? 8 : 12)
}
