/** What a lesson's filter asks of a frame as it came in: the outer headers, behind VLAN tags. Never reads beyond it. */
import type { PacketFilter } from './lesson'

export interface FrameFacts {
  readonly l3: 'ipv4' | 'ipv6' | 'arp' | 'other'
  /** -1 where there is none. */
  readonly protocol: number
  readonly srcPort: number
  readonly dstPort: number
  /** Dotted for IPv4, hex for IPv6. */
  readonly src: string
  readonly dst: string
  readonly length: number
}

const TAGS = new Set([0x8100, 0x88a8])
const PORTS = new Set([6, 17, 132])

export function frameFacts(frame: Uint8Array): FrameFacts {
  const u16 = (at: number): number => (at + 2 <= frame.length ? (frame[at]! << 8) | frame[at + 1]! : -1)
  let at = 12
  while (TAGS.has(u16(at))) at += 4
  const ethertype = u16(at)
  const header = at + 2
  const none = { protocol: -1, srcPort: -1, dstPort: -1, src: '', dst: '', length: frame.length }
  const ports = (protocol: number, payload: number): { srcPort: number; dstPort: number } =>
    PORTS.has(protocol) ? { srcPort: u16(payload), dstPort: u16(payload + 2) } : { srcPort: -1, dstPort: -1 }
  if (ethertype === 0x0800 && header + 20 <= frame.length) {
    const protocol = frame[header + 9]!
    const dotted = (from: number): string => frame.subarray(from, from + 4).join('.')
    const payload = header + (frame[header]! & 15) * 4
    return {
      ...none,
      l3: 'ipv4',
      protocol,
      src: dotted(header + 12),
      dst: dotted(header + 16),
      ...ports(protocol, payload),
    }
  }
  if (ethertype === 0x86dd && header + 40 <= frame.length) {
    const protocol = frame[header + 6]!
    const hex = (from: number): string =>
      Array.from(frame.subarray(from, from + 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
    return {
      ...none,
      l3: 'ipv6',
      protocol,
      src: hex(header + 8),
      dst: hex(header + 24),
      ...ports(protocol, header + 40),
    }
  }
  return { ...none, l3: ethertype === 0x0806 ? 'arp' : 'other' }
}

export function matches(facts: FrameFacts, filter: PacketFilter): boolean {
  return (
    (filter.l3 === undefined || facts.l3 === filter.l3) &&
    (filter.protocol === undefined || facts.protocol === filter.protocol) &&
    (filter.srcPort === undefined || facts.srcPort === filter.srcPort) &&
    (filter.dstPort === undefined || facts.dstPort === filter.dstPort) &&
    (filter.src === undefined || facts.src === filter.src) &&
    (filter.shorterThan === undefined || facts.length < filter.shorterThan) &&
    (filter.longerThan === undefined || facts.length > filter.longerThan) &&
    (filter.not === undefined || !matches(facts, filter.not))
  )
}

/** The filter in words: "IPv4 packets of protocol 17 to port 53". */
export function filterText(filter: PacketFilter): string {
  const family = { ipv4: 'IPv4 packets', ipv6: 'IPv6 packets', arp: 'ARP packets', other: 'packets that are not IP' }
  const names: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP' }
  return [
    filter.l3 === undefined ? 'packets' : family[filter.l3],
    ...(filter.protocol === undefined ? [] : [`of ${names[filter.protocol] ?? `protocol ${filter.protocol}`}`]),
    ...(filter.srcPort === undefined ? [] : [`from port ${filter.srcPort}`]),
    ...(filter.dstPort === undefined ? [] : [`to port ${filter.dstPort}`]),
    ...(filter.src === undefined ? [] : [`from ${filter.src}`]),
    ...(filter.shorterThan === undefined ? [] : [`shorter than ${filter.shorterThan} bytes`]),
    ...(filter.longerThan === undefined ? [] : [`longer than ${filter.longerThan} bytes`]),
    ...(filter.not === undefined ? [] : [`but not ${filterText(filter.not)}`]),
  ].join(' ')
}
