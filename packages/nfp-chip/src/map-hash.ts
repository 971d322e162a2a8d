/**
 * The firmware's hash of map keys ("SLICC"). Follows nfp-firmware.md, section 4.4; its table of results is the test.
 */
import { crcWord } from './crc32'

/** The constant pad that is mixed in. */
export const PAD = Int32Array.from(
  (
    '65694ffa 43c6e6ae 363febf1 13bd5b2d 94c52ed3 b87f801a 1cdf5125 e5268fc8 f2deff60 0ba40fa1 7e94d556 f23a4d9a ' +
    'f98e8783 2a5503e7 13d49e5b c624e34f b15b73a9 e5e3723a 632e3ee3 a23b25c6 d080a55d 6fe12427 0966f217 6d5c6402 ' +
    '0a1f1588 6a88be4b f6e1a460 7cb27130 5f5c36d3 1f083364 cb92793c f3dc4e8f fd3caa85 bf9cda4b 0f06c66f 144776fa ' +
    '61dc0013 255dee97 d4586ee4 bae3d338'
  )
    .split(' ')
    .map((hex) => Number.parseInt(hex, 16)),
)

/** High 32 bits of an unsigned 32 x 32 product. */
function multiplyHigh(left: number, right: number): number {
  const a = left >>> 16
  const b = left & 0xffff
  const c = right >>> 16
  const d = right & 0xffff
  const middle = a * d + (((b * d) >>> 0) >>> 16)
  const low = (middle & 0xffff) + b * c
  return (a * c + Math.floor(middle / 65536) + Math.floor(low / 65536)) | 0
}

/** Results of the last call of `hashKey`. */
export const hashResult = new Int32Array(2)

/**
 * Hashes `count` key words at `start` of `words` for a map; `mask` keeps the valid bytes of the last word.
 * Leaves hash0 and hash1 in `hashResult`.
 */
export function hashKey(words: Int32Array, start: number, count: number, mapId: number, mask: number): void {
  const state0 = mapId ^ PAD[0]!
  let r = crcWord(count, state0)
  let s0 = state0
  let s1 = mask ^ PAD[1]!
  let carry = 0
  for (let round = 0; round < count - 1; round++) {
    const even = ((38 - count + round) & 1) === 0
    let x = even ? s0 : s1
    let y = even ? s1 : s0
    const sum = (x >>> 0) + (words[start + round]! >>> 0) + carry
    carry = sum > 0xffffffff ? 1 : 0
    x = sum | 0
    r = crcWord(r, x)
    const rotation = y & 31
    y ^= PAD[2 + round]!
    x = (x >>> rotation) | (rotation === 0 ? 0 : x << (32 - rotation))
    s0 = even ? x : y
    s1 = even ? y : x
  }
  const last = words[start + count - 1]! & mask
  s1 = ((s1 + last + carry) | 0) ^ PAD[count + 1]!
  r = crcWord(r, s1)
  hashResult[0] = r
  hashResult[1] = r ^ multiplyHigh(s0, s1)
}

/** Bucket of the last hash, of 2^bits buckets (22 on the card). */
export function hashBucket(bits: number): number {
  return hashResult[0]! & ((1 << bits) - 1)
}

/** Tag of the last hash in a bucket's overflow list; never 0. */
export function hashTag(): number {
  return (hashResult[1]! & 0xffffff) | 1
}
