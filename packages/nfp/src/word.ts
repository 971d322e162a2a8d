/**
 * An NFP instruction word and lists of them. Follows nfp-isa.md.
 *
 * Lists are kept as pairs of 32-bit halves in one Uint32Array: word i is `words[2*i]` (bits 31..0) and
 * `words[2*i+1]` (bits 63..32). BigInt appears only at the edges (text in and out).
 */
export type Words = Uint32Array

/** 16 hex digits of word `index`, most significant first. */
export function wordHex(words: Words, index: number): string {
  const hex = (half: number): string => half.toString(16).padStart(8, '0')
  return hex(words[2 * index + 1] ?? 0) + hex(words[2 * index] ?? 0)
}

/** All words of a list as hex. */
export function wordsToHex(words: Words): string[] {
  return Array.from({ length: words.length / 2 }, (_, index) => wordHex(words, index))
}

/** A list from 16-digit hex strings; throws a RangeError that names the first bad one. */
export function wordsFromHex(list: readonly string[]): Words {
  const words = new Uint32Array(list.length * 2)
  list.forEach((text, index) => {
    if (!/^(0x)?[0-9a-f]{16}$/i.test(text)) throw new RangeError(`word ${index}: "${text}" is not 16 hex digits`)
    const digits = text.slice(-16)
    words[2 * index] = Number.parseInt(digits.slice(8), 16)
    words[2 * index + 1] = Number.parseInt(digits.slice(0, 8), 16)
  })
  return words
}
