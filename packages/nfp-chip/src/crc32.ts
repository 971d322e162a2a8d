/**
 * CRC-32 as the chip's CRC unit computes it for hashing: polynomial 04c11db7, most significant bit first, no
 * reflection and no inversion. Follows nfp-firmware.md, sections 4.4 and 8.3.
 */
const TABLE = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  TABLE[byte] = value
}

/** What each byte of a word adds to the remainder behind it: 256 values for the lowest byte, then for the next ones. */
export const CRC_TABLES = new Int32Array(1024)
for (let byte = 0; byte < 256; byte++) {
  let value = TABLE[byte]!
  for (let place = 0; place < 4; place++) {
    CRC_TABLES[256 * place + byte] = value
    value = crcByte(value, 0)
  }
}

/** The remainder after one more byte. */
export function crcByte(remainder: number, byte: number): number {
  return (remainder << 8) ^ TABLE[((remainder >>> 24) ^ byte) & 0xff]!
}

/** The remainder after the four bytes of `word`, highest first. */
export function crcWord(remainder: number, word: number): number {
  const mixed = remainder ^ word
  return (
    CRC_TABLES[768 + (mixed >>> 24)]! ^
    CRC_TABLES[512 + ((mixed >>> 16) & 0xff)]! ^
    CRC_TABLES[256 + ((mixed >>> 8) & 0xff)]! ^
    CRC_TABLES[mixed & 0xff]!
  )
}
