/**
 * One instruction word as two unsigned 32-bit halves, and access to its bit fields.
 *
 * Fields may cross bit 31 (the operator of ALU words and the branch address do), so every access goes through
 * `readBits` and `writeBits`. Bit numbers are those of nfp-isa.md: 0 is the lowest bit of `lo`, 63 the highest of `hi`.
 */
import type { Words } from './word'

/** One 64-bit word: `lo` holds bits 31..0 and `hi` bits 63..32, both as unsigned numbers. */
export interface Word {
  lo: number
  hi: number
}

/** A word from its halves; any 32-bit number is accepted for each and made unsigned. */
export function makeWord(lo: number, hi: number): Word {
  return { lo: lo >>> 0, hi: hi >>> 0 }
}

/** A copy of word `index` of a list; throws a RangeError outside the list. */
export function wordAt(words: Words, index: number): Word {
  const lo = words[2 * index]
  const hi = words[2 * index + 1]
  if (lo === undefined || hi === undefined) throw new RangeError(`word ${index} of a list of ${words.length / 2}`)
  return { lo, hi }
}

/** Writes `word` to place `index` of a list; throws a RangeError outside the list. */
export function storeWord(words: Words, index: number, word: Word): void {
  if (index < 0 || 2 * index + 1 >= words.length) throw new RangeError(`word ${index} of a list of ${words.length / 2}`)
  words[2 * index] = word.lo
  words[2 * index + 1] = word.hi
}

/** A list made of the given words. */
export function wordsOf(list: readonly Word[]): Words {
  const words = new Uint32Array(list.length * 2)
  list.forEach((word, index) => storeWord(words, index, word))
  return words
}

/** Bits `lsb + width - 1 .. lsb` of a word as an unsigned number; `width` at most 32. */
export function readBits(lo: number, hi: number, lsb: number, width: number): number {
  const mask = width === 32 ? 0xffffffff : (1 << width) - 1
  if (lsb >= 32) return ((hi >>> (lsb - 32)) & mask) >>> 0
  if (lsb + width <= 32) return ((lo >>> lsb) & mask) >>> 0
  return (((lo >>> lsb) | (hi << (32 - lsb))) & mask) >>> 0
}

/** Replaces bits `lsb + width - 1 .. lsb` of `word` by the low `width` bits of `value`. */
export function writeBits(word: Word, lsb: number, width: number, value: number): void {
  const mask = width === 32 ? 0xffffffff : (1 << width) - 1
  const bits = value & mask
  if (lsb >= 32) {
    word.hi = ((word.hi & ~(mask << (lsb - 32))) | (bits << (lsb - 32))) >>> 0
    return
  }
  word.lo = ((word.lo & ~(mask << lsb)) | (bits << lsb)) >>> 0
  if (lsb + width > 32) word.hi = ((word.hi & ~(mask >>> (32 - lsb))) | (bits >>> (32 - lsb))) >>> 0
}
