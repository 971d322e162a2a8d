/** The layers above Ethernet: fields, checksums, what comes next. See dissect.ts for how they are strung together. */
import { foldSum, onesSum, pseudoHeaderSum } from '../checksum'
import { ETHERTYPE_NAMES, IPPROTO, IPPROTO_NAMES, PORT_NAMES, TCP_FLAGS, VXLAN_PORT } from '../protocols'
import { hex, named } from './reader'
import { byEtherType, byIpProtocol, cut } from './step'
import type { NextLayer, Reader } from './step'
import type { LayerReader } from './reader'

export function readArp(r: LayerReader): NextLayer {
  if (r.left() < 28) return cut(r, 'arp', 'ARP', 28)
  const operation = r.u16(6)
  r.note('Hardware type', 0, 2, named(r.u16(0), { 1: 'Ethernet' }))
  r.note('Protocol type', 2, 2, named(r.u16(2), ETHERTYPE_NAMES, hex(r.u16(2), 4)))
  r.note('Operation', 6, 2, named(operation, { 1: 'request', 2: 'reply' }))
  const senderMac = r.mac('Sender MAC', 8)
  const source = r.ipv4('Sender IP', 14)
  r.mac('Target MAC', 18)
  const destination = r.ipv4('Target IP', 24)
  const info =
    operation === 2
      ? `${source} is at ${senderMac}`
      : operation === 1
        ? `Who has ${destination}? Tell ${source}`
        : `operation ${operation}`
  // What follows in the frame is padding.
  return {
    layer: r.layer('arp', `ARP ${operation === 1 ? 'request' : operation === 2 ? 'reply' : ''}`.trim(), 28),
    next: undefined,
    at: r.start + 28,
    end: r.start + 28,
    source,
    destination,
    protocol: 'ARP',
    info,
  }
}

export function readIpv4(r: LayerReader): NextLayer {
  if (r.left() < 20) return cut(r, 'ipv4', 'IPv4', 20)
  const headerLength = (r.u8(0) & 15) * 4
  const total = r.u16(2)
  const flags = r.u16(6)
  const fragment = (flags & 0x1fff) * 8
  const protocol = r.u8(9)
  r.note('Version', 0, 1, String(r.u8(0) >> 4))
  r.note('Header length', 0, 1, `${headerLength} bytes`)
  r.note('DSCP, ECN', 1, 1, hex(r.u8(1), 2))
  r.note('Total length', 2, 2, String(total))
  r.note('Identification', 4, 2, hex(r.u16(4), 4))
  r.note(
    'Flags',
    6,
    1,
    [flags & 0x4000 ? "don't fragment" : '', flags & 0x2000 ? 'more fragments' : ''].filter(Boolean).join(', ') ||
      'none',
  )
  r.note('Fragment offset', 6, 2, String(fragment))
  r.note('Time to live', 8, 1, String(r.u8(8)))
  r.note('Protocol', 9, 1, named(protocol, IPPROTO_NAMES))
  const headerFits = headerLength >= 20 && headerLength <= r.left()
  const good = headerFits && foldSum(onesSum(r.bytes, r.start, r.start + headerLength)) === 0xffff
  r.note('Header checksum', 10, 2, `${hex(r.u16(10), 4)} (${good ? 'correct' : 'wrong'})`)
  const source = r.ipv4('Source', 12)
  const destination = r.ipv4('Destination', 16)
  if (r.u8(0) >> 4 !== 4) r.problems.push(`version is ${r.u8(0) >> 4}, not 4`)
  if (!headerFits) r.problems.push(`header length ${headerLength} is impossible here`)
  else if (!good) r.problems.push('header checksum is wrong')
  if (headerLength > 20 && headerFits) r.note('Options', 20, headerLength - 20, `${headerLength - 20} bytes`)
  const whole = total >= headerLength && total <= r.left()
  if (!whole)
    r.problems.push(
      total > r.left()
        ? `total length ${total} is more than the ${r.left()} bytes there are`
        : `total length ${total} is less than the header`,
    )
  const header = headerFits ? headerLength : 20
  const name = IPPROTO_NAMES[protocol] ?? `protocol ${protocol}`
  return {
    layer: r.layer('ipv4', `IPv4 ${source} → ${destination}`, header),
    next: headerFits && fragment === 0 ? byIpProtocol(protocol, r.start, whole && !(flags & 0x2000)) : undefined,
    at: r.start + header,
    end: whole ? r.start + total : r.end,
    source,
    destination,
    protocol: fragment > 0 ? 'IPv4 fragment' : name,
    info: fragment > 0 ? `${name}, offset ${fragment}` : `${r.left(header)} bytes`,
  }
}

const EXTENSIONS: readonly number[] = [IPPROTO.hopopts, IPPROTO.routing, IPPROTO.dstopts, IPPROTO.fragment]

export function readIpv6(r: LayerReader): NextLayer {
  if (r.left() < 40) return cut(r, 'ipv6', 'IPv6', 40)
  const length = r.u16(4)
  let next = r.u8(6)
  r.note('Version', 0, 1, String(r.u8(0) >> 4))
  r.note('Traffic class', 0, 2, hex((r.u16(0) >> 4) & 255, 2))
  r.note('Flow label', 1, 3, hex(r.u32(0) % 0x100000, 5))
  r.note('Payload length', 4, 2, String(length))
  r.note('Next header', 6, 1, named(next, IPPROTO_NAMES))
  r.note('Hop limit', 7, 1, String(r.u8(7)))
  const source = r.ipv6('Source', 8)
  const destination = r.ipv6('Destination', 24)
  if (r.u8(0) >> 4 !== 6) r.problems.push(`version is ${r.u8(0) >> 4}, not 6`)
  const whole = 40 + length <= r.left()
  if (!whole) r.problems.push(`payload length ${length} is more than the ${r.left(40)} bytes there are`)
  let at = 40
  let fragmented = false
  while (EXTENSIONS.includes(next) && r.left(at) >= 8 && !fragmented) {
    const size = next === IPPROTO.fragment ? 8 : 8 + 8 * r.u8(at + 1)
    if (size > r.left(at)) break
    r.note('Extension header', at, size, IPPROTO_NAMES[next] ?? String(next))
    fragmented = next === IPPROTO.fragment && r.u16(at + 2) >> 3 !== 0
    next = r.u8(at)
    at += size
  }
  const name = IPPROTO_NAMES[next] ?? `protocol ${next}`
  return {
    layer: r.layer('ipv6', `IPv6 ${source} → ${destination}`, at),
    next: fragmented ? undefined : byIpProtocol(next, r.start, whole && at === 40),
    at: r.start + at,
    end: whole ? r.start + 40 + length : r.end,
    source,
    destination,
    protocol: name,
    info: `${r.left(at)} bytes`,
  }
}

type UpperLayer = Extract<Reader, { readonly ip: number }>

/** Text of a checksum field over pseudo-header and the rest of the layer. */
function upperChecksum(
  r: LayerReader,
  at: number,
  protocol: number,
  upper: UpperLayer,
  length: number,
  pseudo = true,
): string {
  const value = r.u16(at)
  if (!upper.whole || length > r.left()) return `${hex(value, 4)} (not checked: packet is not whole)`
  const sum =
    (pseudo ? pseudoHeaderSum(r.bytes, upper.ip, protocol, length) : 0) + onesSum(r.bytes, r.start, r.start + length)
  if (foldSum(sum) === 0xffff) return `${hex(value, 4)} (correct)`
  r.problems.push('checksum is wrong')
  return `${hex(value, 4)} (wrong)`
}

export function readUdp(r: LayerReader, upper: UpperLayer): NextLayer {
  if (r.left() < 8) return cut(r, 'udp', 'UDP', 8)
  const [from, to, length] = [r.u16(0), r.u16(2), r.u16(4)]
  r.note('Source port', 0, 2, named(from, PORT_NAMES))
  r.note('Destination port', 2, 2, named(to, PORT_NAMES))
  r.note('Length', 4, 2, String(length))
  if (length < 8 || length > r.left()) r.problems.push(`length ${length} does not fit the ${r.left()} bytes there are`)
  r.note('Checksum', 6, 2, r.u16(6) === 0 ? '0x0000 (none)' : upperChecksum(r, 6, IPPROTO.udp, upper, length))
  const payload = Math.max(0, length - 8)
  const next: Reader = to === VXLAN_PORT ? { kind: 'vxlan' } : { kind: 'application', ports: [from, to] }
  return {
    layer: r.layer('udp', `UDP ${from} → ${to}`, 8),
    next,
    at: r.start + 8,
    end: r.end,
    protocol: 'UDP',
    info: `${from} → ${to} Len=${payload}`,
  }
}

export function readTcp(r: LayerReader, upper: UpperLayer): NextLayer {
  if (r.left() < 20) return cut(r, 'tcp', 'TCP', 20)
  const [from, to] = [r.u16(0), r.u16(2)]
  const headerLength = (r.u8(12) >> 4) * 4
  const flags = r.u8(13)
  const flagText = TCP_FLAGS.filter((_, bit) => (flags >> bit) & 1).join(', ') || 'none'
  r.note('Source port', 0, 2, named(from, PORT_NAMES))
  r.note('Destination port', 2, 2, named(to, PORT_NAMES))
  r.note('Sequence number', 4, 4, String(r.u32(4)))
  r.note('Acknowledgement', 8, 4, String(r.u32(8)))
  r.note('Header length', 12, 1, `${headerLength} bytes`)
  r.note('Flags', 13, 1, flagText)
  r.note('Window', 14, 2, String(r.u16(14)))
  r.note('Checksum', 16, 2, upperChecksum(r, 16, IPPROTO.tcp, upper, r.left()))
  r.note('Urgent pointer', 18, 2, String(r.u16(18)))
  const fits = headerLength >= 20 && headerLength <= r.left()
  if (!fits) r.problems.push(`header length ${headerLength} is impossible here`)
  else if (headerLength > 20) r.note('Options', 20, headerLength - 20, `${headerLength - 20} bytes`)
  const header = fits ? headerLength : 20
  return {
    layer: r.layer('tcp', `TCP ${from} → ${to}`, header),
    next: { kind: 'application', ports: [from, to] },
    at: r.start + header,
    end: r.end,
    protocol: 'TCP',
    info: `${from} → ${to} [${flagText}] Seq=${r.u32(4)} Ack=${r.u32(8)} Win=${r.u16(14)} Len=${r.left(header)}`,
  }
}

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: 'Echo reply',
  3: 'Destination unreachable',
  5: 'Redirect',
  8: 'Echo request',
  11: 'Time exceeded',
  12: 'Parameter problem',
}
const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: 'Destination unreachable',
  2: 'Packet too big',
  3: 'Time exceeded',
  4: 'Parameter problem',
  128: 'Echo request',
  129: 'Echo reply',
  133: 'Router solicitation',
  134: 'Router advertisement',
  135: 'Neighbour solicitation',
  136: 'Neighbour advertisement',
}

export function readIcmp(r: LayerReader, upper: UpperLayer): NextLayer {
  const v6 = upper.kind === 'icmpv6'
  const protocol = v6 ? 'ICMPv6' : 'ICMP'
  if (r.left() < 8) return cut(r, v6 ? 'icmpv6' : 'icmp', protocol, 8)
  const type = r.u8(0)
  const name = (v6 ? ICMPV6_TYPES : ICMP_TYPES)[type] ?? `type ${type}`
  r.note('Type', 0, 1, `${type} (${name})`)
  r.note('Code', 1, 1, String(r.u8(1)))
  r.note('Checksum', 2, 2, upperChecksum(r, 2, IPPROTO.icmpv6, upper, r.left(), v6))
  const echo = v6 ? type === 128 || type === 129 : type === 0 || type === 8
  if (echo) {
    r.note('Identifier', 4, 2, String(r.u16(4)))
    r.note('Sequence number', 6, 2, String(r.u16(6)))
  }
  const info = echo ? `${name} id=${r.u16(4)} seq=${r.u16(6)}` : `${name}, code ${r.u8(1)}`
  return {
    layer: r.layer(v6 ? 'icmpv6' : 'icmp', `${protocol} ${name}`, 8),
    next: undefined,
    at: r.start + 8,
    end: r.end,
    protocol,
    info,
  }
}

export function readGre(r: LayerReader): NextLayer {
  if (r.left() < 4) return cut(r, 'gre', 'GRE', 4)
  const flags = r.u16(0)
  const type = r.u16(2)
  const length = 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0)
  if (r.left() < length) return cut(r, 'gre', 'GRE', length)
  r.note('Flags and version', 0, 2, hex(flags, 4))
  r.note('Protocol', 2, 2, named(type, ETHERTYPE_NAMES, hex(type, 4)))
  let at = 4
  if (flags & 0x8000) {
    r.note(
      'Checksum',
      at,
      2,
      `${hex(r.u16(at), 4)} (${foldSum(onesSum(r.bytes, r.start, r.end)) === 0xffff ? 'correct' : 'wrong'})`,
    )
    at += 4
  }
  if (flags & 0x2000) {
    r.note('Key', at, 4, String(r.u32(at)))
    at += 4
  }
  if (flags & 0x1000) r.note('Sequence number', at, 4, String(r.u32(at)))
  return {
    layer: r.layer('gre', 'GRE', length),
    next: (flags & 7) === 0 ? byEtherType(type) : undefined,
    at: r.start + length,
    end: r.end,
    protocol: 'GRE',
    info: `encapsulated ${ETHERTYPE_NAMES[type] ?? hex(type, 4)}`,
  }
}

export function readVxlan(r: LayerReader): NextLayer {
  if (r.left() < 8) return cut(r, 'vxlan', 'VXLAN', 8)
  const vni = Math.floor(r.u32(4) / 256)
  r.note('Flags', 0, 1, hex(r.u8(0), 2))
  r.note('VNI', 4, 3, String(vni))
  if (!(r.u8(0) & 8)) r.problems.push('the flag that says the VNI is valid is not set')
  return {
    layer: r.layer('vxlan', `VXLAN ${vni}`, 8),
    next: { kind: 'ethernet' },
    at: r.start + 8,
    end: r.end,
    protocol: 'VXLAN',
    info: `VNI ${vni}`,
  }
}

/** DNS headers; anything else stays data. */
export function readApplication(r: LayerReader, ports: readonly [number, number]): NextLayer | undefined {
  if (!ports.includes(53) || r.left() < 12 || (r.u16(4) | r.u16(6) | r.u16(8) | r.u16(10)) === 0) return undefined
  const response = r.u8(2) >= 128
  r.note('Transaction id', 0, 2, hex(r.u16(0), 4))
  r.note('Flags', 2, 2, `${hex(r.u16(2), 4)} (${response ? 'response' : 'query'})`)
  r.note('Questions', 4, 2, String(r.u16(4)))
  r.note('Answers', 6, 2, String(r.u16(6)))
  r.note('Authorities', 8, 2, String(r.u16(8)))
  r.note('Additional', 10, 2, String(r.u16(10)))
  let at = 12
  const labels: string[] = []
  if (r.u16(4) > 0) {
    while (r.left(at) > 0 && r.u8(at) > 0 && r.u8(at) < 64 && r.left(at) > r.u8(at)) {
      const length = r.u8(at)
      let label = ''
      for (let i = 1; i <= length; i++) {
        const code = r.u8(at + i)
        label += code >= 33 && code < 127 ? String.fromCharCode(code) : '?'
      }
      labels.push(label)
      at += length + 1
    }
    at = Math.min(at + 1, r.end - r.start)
    r.note('Name', 12, at - 12, labels.join('.'))
    if (r.left(at) >= 4) {
      r.note(
        'Type',
        at,
        2,
        named(r.u16(at), {
          1: 'A',
          2: 'NS',
          5: 'CNAME',
          6: 'SOA',
          12: 'PTR',
          15: 'MX',
          16: 'TXT',
          28: 'AAAA',
          255: 'ANY',
        }),
      )
      r.note('Class', at + 2, 2, named(r.u16(at + 2), { 1: 'IN' }))
      at += 4
    }
  }
  const info = `${response ? 'response' : 'query'} ${labels.join('.')}`.trim()
  return {
    layer: r.layer('dns', `DNS ${info}`, at),
    next: undefined,
    at: r.start + at,
    end: r.end,
    protocol: 'DNS',
    info,
  }
}
