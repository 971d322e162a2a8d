/** Damages bytes and texts at random, for tests that no input makes an importer throw or hang. */

import type { Random } from './random'

const NUMBERS = [0, 1, 2, 7, 8, 16, 24, 64, 127, 128, 255, 256, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff]

/** A copy with a few bytes changed, cut out, doubled or cut off. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let out = bytes.slice()
  for (let edit = random.below(6); edit >= 0; edit--) {
    const at = random.below(out.length || 1)
    switch (random.below(6)) {
      case 0:
        out[at] = random.below(256)
        break
      case 1: {
        const value = random.pick(NUMBERS)
        for (let i = 0; i < 4 && at + i < out.length; i++) out[at + i] = value >>> (i * 8)
        break
      }
      case 2:
        out = out.slice(0, at)
        break
      case 3: {
        const size = random.below(64)
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at, at + size), ...out.subarray(at)])
        break
      }
      case 4: {
        // Headers lie at the ends: damage there reaches further.
        const place = random.chance(2)
          ? random.below(Math.min(64, out.length || 1))
          : Math.max(0, out.length - 1 - random.below(2200))
        if (place < out.length) out[place] = random.below(256)
        break
      }
      default:
        if (at < out.length) out[at] = out[at]! ^ (1 << random.below(8))
    }
  }
  return out
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  ';',
  '"',
  ':',
  '\n',
  '.map ',
  '.struct s {',
  'r1',
  'w11',
  ' = ',
  '0x',
  '99999999999',
  'goto ',
  'll',
  '%',
  '\u0000',
  '€',
]

/** A copy with a few pieces put in, cut out or doubled. */
export function mutateText(random: Random, text: string): string {
  let out = text
  for (let edit = random.below(8); edit >= 0; edit--) {
    const at = random.below(out.length + 1)
    const size = random.below(12)
    const kind = random.below(3)
    out =
      out.slice(0, at) +
      (kind === 0 ? random.pick(PIECES) : kind === 1 ? out.slice(at, at + size) : '') +
      out.slice(kind === 2 ? at + size : at)
  }
  return out
}
