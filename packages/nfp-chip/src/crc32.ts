/**
 * CRC-32 as the chip's CRC unit computes it for hashing: polynomial 04c11db7, most significant bit first, no
 * reflection and no inversion. Follows nfp-firmware.md, sections 4.4 and 8.3.
 */
export const CRC_TABLE = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  CRC_TABLE[byte] = value
}

/** The remainder after one more byte. */
export function crcByte(remainder: number, byte: number): number {
  return (remainder << 8) ^ CRC_TABLE[((remainder >>> 24) ^ byte) & 0xff]!
}

/** The remainder after the four bytes of `word`, highest first. */
export function crcWord(remainder: number, word: number): number {
  let r = crcByte(remainder, word >>> 24)
  r = crcByte(r, (word >>> 16) & 0xff)
  r = crcByte(r, (word >>> 8) & 0xff)
  return crcByte(r, word & 0xff)
}
