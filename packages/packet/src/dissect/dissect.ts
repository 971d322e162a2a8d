/**
 * A frame as a tree of layers and fields with their places in the bytes, and one line for a packet list. Reads any
 * bytes; what is cut off or wrong becomes a problem of its layer. Checks the checksums it can.
 */
import { ETHERTYPE_NAMES } from '../protocols'
import { readApplication, readArp, readGre, readIcmp, readIpv4, readIpv6, readTcp, readUdp, readVxlan } from './layers'
import { hex, LayerReader, named } from './reader'
import { byEtherType, cut } from './step'
import type { DissectedLayer } from './reader'
import type { NextLayer, Reader } from './step'

export type { DissectedField, DissectedLayer } from './reader'

export interface Dissection {
  readonly layers: readonly DissectedLayer[]
  /** Innermost addresses that were found. */
  readonly source: string
  readonly destination: string
  /** Innermost protocol, e.g. `UDP`. */
  readonly protocol: string
  readonly info: string
  /** All in one line: `10.0.0.1 → 192.168.0.1 UDP 1024 → 53 Len=18`. */
  readonly summary: string
}

/** Deepest nesting that is followed. */
const MAX_LAYERS = 32

export function dissect(bytes: Uint8Array): Dissection {
  const layers: DissectedLayer[] = []
  let reader: Reader | undefined = { kind: 'ethernet' }
  let at = 0
  let end = bytes.length
  let source = ''
  let destination = ''
  let protocol = 'Ethernet'
  let info = `${bytes.length} bytes`
  while (reader && layers.length < MAX_LAYERS) {
    const step: NextLayer | undefined = readLayer(reader, bytes, at, end)
    if (!step) break
    layers.push(step.layer)
    source = step.source ?? source
    destination = step.destination ?? destination
    protocol = step.protocol ?? protocol
    info = step.info ?? info
    reader = step.next
    at = step.at
    end = step.end
  }
  if (at < end) layers.push(new LayerReader(bytes, at, end).layer('data', `Data (${end - at} bytes)`, end - at))
  if (end < bytes.length)
    layers.push(
      new LayerReader(bytes, end, bytes.length).layer(
        'padding',
        `Padding (${bytes.length - end} bytes)`,
        bytes.length - end,
      ),
    )
  return {
    layers,
    source,
    destination,
    protocol,
    info,
    summary: `${source} → ${destination} ${protocol} ${info}`.trim(),
  }
}

function readLayer(reader: Reader, bytes: Uint8Array, at: number, end: number): NextLayer | undefined {
  const r = new LayerReader(bytes, at, end)
  switch (reader.kind) {
    case 'ethernet':
      return readEthernet(r)
    case 'vlan':
      return readVlan(r)
    case 'arp':
      return readArp(r)
    case 'ipv4':
      return readIpv4(r)
    case 'ipv6':
      return readIpv6(r)
    case 'udp':
      return readUdp(r, reader)
    case 'tcp':
      return readTcp(r, reader)
    case 'icmp':
    case 'icmpv6':
      return readIcmp(r, reader)
    case 'gre':
      return readGre(r)
    case 'vxlan':
      return readVxlan(r)
    case 'application':
      return readApplication(r, reader.ports)
  }
}

function readEthernet(r: LayerReader): NextLayer {
  if (r.left() < 14) return cut(r, 'eth', 'Ethernet', 14)
  const destination = r.mac('Destination', 0)
  const source = r.mac('Source', 6)
  const type = r.u16(12)
  if (type < 1536) {
    r.note('Length', 12, 2, String(type))
    const end = Math.min(r.end, r.start + 14 + type)
    return {
      layer: r.layer('eth', `IEEE 802.3 ${source} → ${destination}`, 14),
      next: undefined,
      at: r.start + 14,
      end,
      source,
      destination,
      protocol: '802.3',
      info: `${type} bytes`,
    }
  }
  r.note('Type', 12, 2, named(type, ETHERTYPE_NAMES, hex(type, 4)))
  return {
    layer: r.layer('eth', `Ethernet ${source} → ${destination}`, 14),
    next: byEtherType(type),
    at: r.start + 14,
    end: r.end,
    source,
    destination,
    protocol: ETHERTYPE_NAMES[type] ?? hex(type, 4),
    info: `${r.left(14)} bytes`,
  }
}

function readVlan(r: LayerReader): NextLayer {
  if (r.left() < 4) return cut(r, 'vlan', 'VLAN tag', 4)
  const tag = r.u16(0)
  const type = r.u16(2)
  r.note('Priority', 0, 1, String(tag >> 13))
  r.note('Drop eligible', 0, 1, tag & 0x1000 ? 'yes' : 'no')
  r.note('VLAN', 0, 2, String(tag & 0xfff))
  r.note('Type', 2, 2, named(type, ETHERTYPE_NAMES, hex(type, 4)))
  return {
    layer: r.layer('vlan', `VLAN ${tag & 0xfff}`, 4),
    next: byEtherType(type),
    at: r.start + 4,
    end: r.end,
    protocol: ETHERTYPE_NAMES[type] ?? hex(type, 4),
    info: `VLAN ${tag & 0xfff}`,
  }
}
