/** Sizes of memory accesses by the two size bits of an opcode: word, half word, byte, double word. */
export const SIZE_BYTES = [4, 2, 1, 8] as const
