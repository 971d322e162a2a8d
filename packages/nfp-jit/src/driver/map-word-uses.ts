/**
 * How each 32-bit word of an offloaded map's value is used: read by programs, or as atomic counter.
 *
 * The card's atomic unit is big-endian, so words used as counters are byte-swapped between host and card, and must
 * start at 0 where a program writes them. The marks belong to the map: they are set while any program is checked, stay
 * when that load fails or the program goes, and live as long as the map. Follows nfp-offload.md, sections 6.7 and 9.
 */
export const USE_NONE = 0
export const USE_READ = 1
export const USE_ATOMIC = 3

/** By number; nothing is ever marked as written. */
export const USE_NAMES = ['unused', 'read', 'write', 'atomic'] as const

export class MapWordUses {
  /** One `USE_…` a word. */
  readonly use: Uint8Array
  /** 1: an update may have put something there that is not the same in both byte orders. */
  readonly nonZeroUpdate: Uint8Array

  /** For a map whose values have `valueSize` bytes. */
  constructor(valueSize: number) {
    const words = Math.ceil(valueSize / 4)
    this.use = new Uint8Array(words)
    this.nonZeroUpdate = new Uint8Array(words)
  }

  /** The host writes `value`: unused words that a byte swap would change can no longer become counters. */
  noteHostUpdate(value: Uint8Array): void {
    for (let word = 0; word < this.use.length; word++) {
      if (this.use[word] === USE_NONE && !isSwapSymmetric(value, 4 * word)) this.nonZeroUpdate[word] = 1
    }
  }

  /** Byte-swaps the counters of `value` in place: done on every value that goes to or comes from the card. */
  swapCounters(value: Uint8Array): void {
    for (let word = 0; word < this.use.length; word++) {
      if (this.use[word] === USE_ATOMIC) value.subarray(4 * word, 4 * word + 4).reverse()
    }
  }
}

function isSwapSymmetric(value: Uint8Array, at: number): boolean {
  const byte = (i: number): number => value[at + i] ?? 0
  return byte(0) === byte(3) && byte(1) === byte(2)
}
