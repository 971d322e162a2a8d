/**
 * Header parse and receive-side hash of the NIC firmware. The parse happens before the program; the hash after it reads
 * the bytes at the old header offsets from the new start. CRC-32 seeded with the key's first word, not Toeplitz.
 * Follows nfp-firmware.md, sections 2.3 and 8.3. Inner headers of tunnels are not parsed by this model.
 */
import { crcWord } from './crc32'

/** Protocol classes (the firmware's numbers). */
export const PROTOCOL = {
  ipv6Tcp: 0,
  ipv6Udp: 1,
  ipv4Tcp: 2,
  ipv4Udp: 3,
  ipv6Other: 4,
  ipv6Fragment: 5,
  ipv4Other: 6,
  ipv4Fragment: 7,
  unknown: 0xff,
} as const

/** Key word of the hash: what the driver writes at start; any fixed value does. */
export const RSS_KEY = 0x00c0ffee

const half = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

const EXTENSION_HEADERS: ReadonlySet<number> = new Set([0, 43, 60])

/** Parses the headers of `length` bytes at `at`: class | L3 offset << 8 | L4 offset << 16 (offset 0: none). */
export function parseHeaders(bytes: Uint8Array, at: number, length: number): number {
  let type = 12
  let tags = 0
  while (tags < 2 && type + 2 <= length && (half(bytes, at + type) === 0x8100 || half(bytes, at + type) === 0x88a8)) {
    type += 4
    tags++
  }
  if (type + 2 > length) return PROTOCOL.unknown
  const l3 = type + 2
  const kind = half(bytes, at + type)
  if (kind === 0x0800 && l3 + 20 <= length) {
    const start = at + l3
    const header = (bytes[start]! & 15) * 4
    const l4 = l3 + header
    if (bytes[start]! >> 4 !== 4 || header < 20) return PROTOCOL.unknown
    const fragment = (half(bytes, start + 6) & 0x3fff) !== 0
    const protocol = bytes[start + 9]!
    if (fragment) return PROTOCOL.ipv4Fragment | (l3 << 8) | (l4 << 16)
    const ported = (protocol === 6 || protocol === 17) && l4 + 4 <= length
    if (!ported) return PROTOCOL.ipv4Other | (l3 << 8) | (l4 << 16)
    return (protocol === 6 ? PROTOCOL.ipv4Tcp : PROTOCOL.ipv4Udp) | (l3 << 8) | (l4 << 16)
  }
  if (kind === 0x86dd && l3 + 40 <= length) {
    let next = bytes[at + l3 + 6]!
    let l4 = l3 + 40
    for (let headers = 0; headers < 4 && EXTENSION_HEADERS.has(next) && l4 + 8 <= length; headers++) {
      next = bytes[at + l4]!
      l4 += 8 * (bytes[at + l4 + 1]! + 1)
    }
    if (next === 44) return PROTOCOL.ipv6Fragment | (l3 << 8) | (l4 << 16)
    const ported = (next === 6 || next === 17) && l4 + 4 <= length
    if (!ported) return PROTOCOL.ipv6Other | (l3 << 8) | (l4 << 16)
    return (next === 6 ? PROTOCOL.ipv6Tcp : PROTOCOL.ipv6Udp) | (l3 << 8) | (l4 << 16)
  }
  return PROTOCOL.unknown
}

/** Whether the parse found an address pair to hash. */
export const hasHash = (parse: number): boolean => (parse & 0xff) !== PROTOCOL.unknown

/** The hash of the packet at `at` by the parse of before the program; `ports` adds the L4 word where there is one. */
export function rssHash(bytes: Uint8Array, at: number, parse: number, ports = true): number {
  const protocol = parse & 0xff
  const l3 = at + ((parse >> 8) & 0xff)
  const l4 = at + ((parse >> 16) & 0xff)
  const word = (where: number): number =>
    (bytes[where]! << 24) | (bytes[where + 1]! << 16) | (bytes[where + 2]! << 8) | bytes[where + 3]!
  const ipv4 = protocol === 2 || protocol === 3 || protocol === 6 || protocol === 7
  let r = RSS_KEY
  const start = ipv4 ? l3 + 12 : l3 + 8
  const count = ipv4 ? 2 : 8
  for (let index = 0; index < count; index++) r = crcWord(r, word(start + 4 * index))
  return ports && protocol <= 3 ? crcWord(r, word(l4)) : r
}

/** The queue that the default hash and `table` (128 queue numbers) choose for a frame; 0 where there is nothing to hash. */
export function defaultQueue(frame: Uint8Array, table: ArrayLike<number>): number {
  const parse = parseHeaders(frame, 0, frame.length)
  return hasHash(parse) ? table[rssHash(frame, 0, parse) & 127]! : 0
}
