/**
 * The Internet checksum (RFC 1071) and its incremental use (RFC 1624). Sums are plain numbers with end-around
 * carry left to `foldChecksum`, so parts can be added in any order.
 */

/** Sum of the big-endian 16-bit words of `bytes[start, end)`; an odd last byte counts as the high half of a word. */
export function onesSum(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = 0
  let i = start
  for (; i + 1 < end; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!
  if (i < end) sum += bytes[i]! << 8
  return sum
}

/** Folds a sum to 16 bits (not complemented). */
export function foldSum(sum: number): number {
  let s = sum
  while (s > 0xffff) s = (s % 0x10000) + Math.floor(s / 0x10000)
  return s
}

/** The checksum field for a sum: folded and complemented. */
export function foldChecksum(sum: number): number {
  return ~foldSum(sum) & 0xffff
}

/** Internet checksum of a range whose checksum field is zero; 0 for a range whose field is right. */
export function internetChecksum(bytes: Uint8Array, start = 0, end = bytes.length): number {
  return foldChecksum(onesSum(bytes, start, end))
}

/**
 * Sum of the pseudo-header (RFC 768, RFC 8200) of the IP header at `ip`: addresses, protocol and `length` bytes
 * of the upper layer.
 */
export function pseudoHeaderSum(bytes: Uint8Array, ip: number, protocol: number, length: number): number {
  const v6 = bytes[ip]! >> 4 === 6
  const addresses = v6 ? onesSum(bytes, ip + 8, ip + 40) : onesSum(bytes, ip + 12, ip + 20)
  return addresses + protocol + (length >>> 16) + (length & 0xffff)
}
