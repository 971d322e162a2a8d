import { describe, expect, it } from 'vitest'
import { parseHeaders, rssHash } from './rss'

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
const ETHERNET = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]

function ipv4(protocol: number, source: number, destination: number, fragment = 0): Uint8Array {
  const bytes = new Uint8Array(60)
  bytes.set([
    ...ETHERNET,
    8,
    0,
    0x45,
    0,
    0,
    46,
    0,
    0,
    fragment >> 8,
    fragment & 255,
    64,
    protocol,
    0,
    0,
    192,
    168,
    0,
    1,
    192,
    168,
    0,
    2,
  ])
  bytes.set([source >> 8, source & 255, destination >> 8, destination & 255], 34)
  return bytes
}

function ipv6(protocol: number, lastGroup: number, port: number): Uint8Array {
  const bytes = new Uint8Array(80)
  bytes.set([...ETHERNET, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 26, protocol, 64])
  const groups = [
    0xfe80,
    0,
    0,
    0,
    0x0200,
    0x0bff,
    0xfe00,
    lastGroup,
    0x3555,
    0x5555,
    0x6666,
    0x6666,
    0x7777,
    0x7777,
    0x8888,
    0x8888,
  ]
  bytes.set(
    groups.flatMap((group) => [group >> 8, group & 255]),
    22,
  )
  bytes.set([0, port, 0, port], 54)
  return bytes
}

describe('rssHash', () => {
  // Vectors of nfp-firmware.md, section 8.3, for the key word 0x00c0ffee.
  const table: readonly (readonly [name: string, bytes: Uint8Array, addresses: string, ports: string])[] = [
    ['IPv4 UDP', ipv4(17, 0x0400, 0x0035), 'ce60ab57', '8090a37d'],
    ['IPv4 TCP', ipv4(6, 0x0400, 0x0050), 'ce60ab57', '3bf00e81'],
    ['IPv6 TCP', ipv6(6, 0x0300, 0), 'e7705213', '619df87b'],
    ['IPv6 UDP', ipv6(17, 0x0200, 63), '66178466', '5333e499'],
  ]
  it.each(table)('%s', (_, bytes, addresses, ports) => {
    const parse = parseHeaders(bytes, 0, bytes.length)
    expect(hex(rssHash(bytes, 0, parse, false))).toBe(addresses)
    expect(hex(rssHash(bytes, 0, parse))).toBe(ports)
  })

  it('leaves the ports of fragments out, and finds headers behind a VLAN tag', () => {
    const fragment = ipv4(17, 0x0400, 0x0035, 0x2000)
    expect(hex(rssHash(fragment, 0, parseHeaders(fragment, 0, 60)))).toBe('ce60ab57')
    const plain = ipv4(17, 0x0400, 0x0035)
    const tagged = Uint8Array.of(...plain.subarray(0, 12), 0x81, 0, 0, 5, ...plain.subarray(12))
    expect(hex(rssHash(tagged, 0, parseHeaders(tagged, 0, 64)))).toBe('8090a37d')
  })
})
