/**
 * The 7-bit error correction code that guards a word in the code store (bits 51..45).
 *
 * Bit i is the parity of the instruction bits selected by mask i. The code is a function of the relocated 45-bit
 * instruction alone. Follows nfp-isa.md, section 2.
 */
import { makeWord } from './bits'
import type { Word } from './bits'
import { STORE, readField, writeField } from './fields'
import type { Words } from './word'

/** Masks of the seven bits as pairs: bits 31..0, bits 44..32. */
const MASKS: readonly (readonly [number, number])[] = [
  [0x00007fff, 0x0ff8],
  [0x01ff801f, 0x11f8],
  [0x7e0781e1, 0x1e38],
  [0x8e388e22, 0x17cb],
  [0xb2c93244, 0x1af5],
  [0xd5525488, 0x1f56],
  [0x69a46910, 0x0daf],
]

function parity(bits: number): number {
  let folded = bits ^ (bits >>> 16)
  folded ^= folded >>> 8
  folded ^= folded >>> 4
  return (0x6996 >>> (folded & 15)) & 1
}

/** The 7-bit code of a word; bits above 44 are not looked at. */
export function eccOf(lo: number, hi: number): number {
  let code = 0
  MASKS.forEach(([maskLo, maskHi], bit) => {
    code |= parity((lo & maskLo) ^ (hi & maskHi)) << bit
  })
  return code
}

/** The code store form of a word: instruction bits with their code, nothing above bit 51. */
export function withEcc(word: Readonly<Word>): Word {
  const stored = makeWord(word.lo, word.hi & 0x1fff)
  writeField(stored, STORE.ecc, eccOf(stored.lo, stored.hi))
  return stored
}

/** Whether a code store word carries the right code and nothing above it (else: a ustore parity error). */
export function eccMatches(word: Readonly<Word>): boolean {
  return word.hi >>> 20 === 0 && readField(word, STORE.ecc) === eccOf(word.lo, word.hi)
}

/** Index of the first word of a list whose code is wrong, or -1. */
export function firstEccMismatch(words: Words): number {
  for (let index = 0; 2 * index < words.length; index++) {
    if (!eccMatches({ lo: words[2 * index]!, hi: words[2 * index + 1]! })) return index
  }
  return -1
}
