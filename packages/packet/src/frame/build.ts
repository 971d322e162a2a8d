/**
 * Builds frames from layers: lays the headers out one behind the other, then fills in lengths and checksums from the
 * innermost layer outwards. Follows RFC 791, 8200, 768, 9293, 792, 4443, 826, 2784/2890, 7348 and IEEE 802.1Q.
 */
import { parseIpv4, parseIpv6, parseMac } from '../address'
import { foldChecksum, onesSum, pseudoHeaderSum } from '../checksum'
import { ETHERTYPE, IPPROTO, VXLAN_PORT } from '../protocols'
import type { ChecksumChoice, Ipv4Layer, Layer, PlacedLayer, TcpLayer } from './layer'

export interface BuildOptions {
  /** Frame bytes without FCS; bytes behind the last header up to it come from `fill`. Ignored where the headers need more. */
  readonly size?: number
  /** Byte of the filling at its index, default 0. */
  readonly fill?: (index: number) => number
}

export interface BuiltFrame {
  readonly data: Uint8Array
  readonly layers: readonly PlacedLayer[]
}

export type BuildResult =
  | ({ readonly ok: true } & BuiltFrame)
  | { readonly ok: false; readonly error: { readonly message: string; readonly layer: number } }

/** A layer that cannot be written: `layer` is its index. */
export class FrameError extends Error {
  readonly layer: number
  constructor(message: string, layer: number) {
    super(message)
    this.name = 'FrameError'
    this.layer = layer
  }
}

/** Largest frame that an IPv4 total length and the headers before it allow, generously. */
const MAX_FRAME = 65_600

/** The frame's bytes. Throws FrameError where a field cannot be written (bad address, too long, …). */
export function buildFrame(layers: readonly Layer[], options: BuildOptions = {}): Uint8Array {
  return layOut(layers, options).data
}

/** As buildFrame, with the error as a value and the places of the layers: for input that people type. */
export function tryBuildFrame(layers: readonly Layer[], options: BuildOptions = {}): BuildResult {
  try {
    return { ok: true, ...layOut(layers, options) }
  } catch (error) {
    if (error instanceof FrameError) return { ok: false, error: { message: error.message, layer: error.layer } }
    throw error
  }
}

function layOut(layers: readonly Layer[], options: BuildOptions): BuiltFrame {
  const placed: PlacedLayer[] = []
  let offset = 0
  layers.forEach((layer, index) => {
    const headerLength = headerSize(layer, index)
    placed.push({ kind: layer.kind, offset, headerLength })
    offset += headerLength
  })
  const size = Math.max(offset, options.size ?? 0)
  if (size > MAX_FRAME) throw new FrameError(`frame of ${size} bytes is longer than ${MAX_FRAME}`, layers.length - 1)
  const data = new Uint8Array(size)
  const { fill } = options
  if (fill) for (let i = offset; i < size; i++) data[i] = fill(i - offset)
  for (let i = layers.length - 1; i >= 0; i--) writeLayer(data, layers, placed, i)
  return { data, layers: placed }
}

function headerSize(layer: Layer, index: number): number {
  switch (layer.kind) {
    case 'ethernet':
      return 14
    case 'vlan':
      return 4
    case 'arp':
      return 28
    case 'ipv4':
      return 20 + optionsSize(layer, index)
    case 'ipv6':
      return 40
    case 'udp':
    case 'icmp':
    case 'vxlan':
      return 8
    case 'tcp':
      return 20 + optionsSize(layer, index)
    case 'gre':
      return 4 + (layer.checksum ? 4 : 0) + (layer.key !== undefined ? 4 : 0) + (layer.sequence !== undefined ? 4 : 0)
    case 'payload':
      return layer.data.length
  }
}

function optionsSize(layer: Ipv4Layer | TcpLayer, index: number): number {
  const length = layer.options?.length ?? 0
  if (length > 40) throw new FrameError(`${layer.kind} options of ${length} bytes: at most 40 fit`, index)
  return (length + 3) & ~3
}

function writeLayer(data: Uint8Array, layers: readonly Layer[], placed: readonly PlacedLayer[], index: number): void {
  const layer = layers[index]!
  const { offset, headerLength } = placed[index]!
  const next = layers[index + 1]
  const end = offset + headerLength
  const view = new DataView(data.buffer)
  const check = (value: number, max: number, field: string): number => {
    if (!Number.isInteger(value) || value < 0 || value > max)
      throw new FrameError(`${layer.kind} ${field} ${value}: must be 0 to ${max}`, index)
    return value
  }
  const u16 = (at: number, value: number, field: string): void =>
    view.setUint16(offset + at, check(value, 0xffff, field))
  const u8 = (at: number, value: number, field: string): void => {
    data[offset + at] = check(value, 0xff, field)
  }
  const address = (at: number, text: string, parse: (text: string) => Uint8Array | undefined, what: string): void => {
    const bytes = parse(text)
    if (!bytes) throw new FrameError(`"${text}" is no ${what} address`, index)
    data.set(bytes, offset + at)
  }
  switch (layer.kind) {
    case 'ethernet':
      address(0, layer.dst ?? '02:00:00:00:00:02', parseMac, 'MAC')
      address(6, layer.src ?? '02:00:00:00:00:01', parseMac, 'MAC')
      u16(12, layer.type ?? etherType(next, data.length - end, layers[index + 2]), 'type')
      return
    case 'vlan':
      u16(
        0,
        (check(layer.priority ?? 0, 7, 'priority') << 13) |
          (layer.dropEligible ? 0x1000 : 0) |
          check(layer.id, 4095, 'id'),
        'tag',
      )
      u16(2, layer.type ?? etherType(next, data.length - end, layers[index + 2]), 'type')
      return
    case 'arp':
      u16(0, 1, 'hardware')
      u16(2, ETHERTYPE.ipv4, 'protocol')
      data[offset + 4] = 6
      data[offset + 5] = 4
      u16(6, layer.operation ?? 1, 'operation')
      address(8, layer.senderMac ?? '02:00:00:00:00:01', parseMac, 'MAC')
      address(14, layer.senderIp ?? '10.0.0.1', parseIpv4, 'IPv4')
      address(18, layer.targetMac ?? '00:00:00:00:00:00', parseMac, 'MAC')
      address(24, layer.targetIp ?? '192.168.0.1', parseIpv4, 'IPv4')
      return
    case 'ipv4':
      data[offset] = 0x40 | (headerLength >> 2)
      u8(1, layer.tos ?? 0, 'tos')
      u16(2, layer.totalLength ?? data.length - offset, 'total length')
      u16(4, layer.id ?? 0, 'id')
      u16(
        6,
        (layer.dontFragment ? 0x4000 : 0) |
          (layer.moreFragments ? 0x2000 : 0) |
          check((layer.fragmentOffset ?? 0) / 8, 0x1fff, 'fragment offset / 8'),
        'flags',
      )
      u8(8, layer.ttl ?? 64, 'ttl')
      u8(9, layer.protocol ?? ipProtocol(next, false), 'protocol')
      address(12, layer.src ?? '10.0.0.1', parseIpv4, 'IPv4')
      address(16, layer.dst ?? '192.168.0.1', parseIpv4, 'IPv4')
      if (layer.options) data.set(layer.options, offset + 20)
      u16(10, chooseChecksum(layer.checksum, onesSum(data, offset, end)), 'checksum')
      return
    case 'ipv6':
      view.setUint32(
        offset,
        ((6 << 28) |
          (check(layer.trafficClass ?? 0, 0xff, 'traffic class') << 20) |
          check(layer.flowLabel ?? 0, 0xfffff, 'flow label')) >>>
          0,
      )
      u16(4, layer.payloadLength ?? data.length - end, 'payload length')
      u8(6, layer.nextHeader ?? ipProtocol(next, true), 'next header')
      u8(7, layer.hopLimit ?? 64, 'hop limit')
      address(8, layer.src ?? 'fd00::1', parseIpv6, 'IPv6')
      address(24, layer.dst ?? 'fd00::2', parseIpv6, 'IPv6')
      return
    case 'udp': {
      u16(0, layer.srcPort ?? 1024, 'source port')
      u16(2, layer.dstPort ?? (next?.kind === 'vxlan' ? VXLAN_PORT : 9), 'destination port')
      u16(4, layer.length ?? data.length - offset, 'length')
      // VXLAN says none (RFC 7348); elsewhere a computed zero is sent as all ones (RFC 768).
      const choice = layer.checksum ?? (next?.kind === 'vxlan' ? 'none' : undefined)
      const sum = upperLayerSum(data, layers, placed, index, IPPROTO.udp)
      u16(6, chooseChecksum(choice, sum, true), 'checksum')
      return
    }
    case 'tcp':
      u16(0, layer.srcPort ?? 1024, 'source port')
      u16(2, layer.dstPort ?? 80, 'destination port')
      view.setUint32(offset + 4, check(layer.seq ?? 0, 0xffffffff, 'sequence number'))
      view.setUint32(offset + 8, check(layer.ack ?? 0, 0xffffffff, 'acknowledgement'))
      data[offset + 12] = headerLength << 2
      u8(13, layer.flags ?? 0x10, 'flags')
      u16(14, layer.window ?? 65535, 'window')
      if (layer.options) data.set(layer.options, offset + 20)
      u16(16, chooseChecksum(layer.checksum, upperLayerSum(data, layers, placed, index, IPPROTO.tcp)), 'checksum')
      return
    case 'icmp': {
      const v6 = outerIp(layers, index) === 'ipv6'
      u8(0, layer.type ?? (v6 ? 128 : 8), 'type')
      u8(1, layer.code ?? 0, 'code')
      u16(4, layer.id ?? 1, 'id')
      u16(6, layer.sequence ?? 1, 'sequence')
      const sum = v6 ? upperLayerSum(data, layers, placed, index, IPPROTO.icmpv6) : onesSum(data, offset)
      u16(2, chooseChecksum(layer.checksum, sum), 'checksum')
      return
    }
    case 'gre': {
      u16(
        0,
        (layer.checksum ? 0x8000 : 0) |
          (layer.key !== undefined ? 0x2000 : 0) |
          (layer.sequence !== undefined ? 0x1000 : 0),
        'flags',
      )
      u16(
        2,
        layer.protocol ?? (next?.kind === 'ethernet' ? ETHERTYPE.teb : etherType(next, data.length - end, undefined)),
        'protocol',
      )
      let at = offset + (layer.checksum ? 8 : 4)
      for (const value of [layer.key, layer.sequence]) {
        if (value === undefined) continue
        view.setUint32(at, check(value, 0xffffffff, 'key or sequence'))
        at += 4
      }
      if (layer.checksum) u16(4, foldChecksum(onesSum(data, offset)), 'checksum')
      return
    }
    case 'vxlan':
      data[offset] = 0x08
      view.setUint32(offset + 4, check(layer.vni ?? 1, 0xffffff, 'VNI') * 256)
      return
    case 'payload':
      data.set(layer.data, offset)
  }
}

function etherType(next: Layer | undefined, rest: number, afterNext: Layer | undefined): number {
  switch (next?.kind) {
    case 'ipv4':
      return ETHERTYPE.ipv4
    case 'ipv6':
      return ETHERTYPE.ipv6
    case 'arp':
      return ETHERTYPE.arp
    case 'vlan':
      return next.tpid ?? (afterNext?.kind === 'vlan' ? ETHERTYPE.qinq : ETHERTYPE.vlan)
    default:
      // Nothing that has a type: an IEEE 802.3 length, or local experimental type where it is too long for one.
      return rest <= 1500 ? rest : 0x88b5
  }
}

function ipProtocol(next: Layer | undefined, v6: boolean): number {
  switch (next?.kind) {
    case 'udp':
      return IPPROTO.udp
    case 'tcp':
      return IPPROTO.tcp
    case 'icmp':
      return v6 ? IPPROTO.icmpv6 : IPPROTO.icmp
    case 'ipv4':
      return IPPROTO.ipip
    case 'ipv6':
      return IPPROTO.ipv6
    case 'gre':
      return IPPROTO.gre
    default:
      return v6 ? IPPROTO.none : 253
  }
}

/** The IP header that covers layer `index`. */
function outerIp(layers: readonly Layer[], index: number): 'ipv4' | 'ipv6' | undefined {
  const before = layers[index - 1]?.kind
  return before === 'ipv4' || before === 'ipv6' ? before : undefined
}

/** Sum over pseudo-header and everything from layer `index` on; its checksum field is still zero. */
function upperLayerSum(
  data: Uint8Array,
  layers: readonly Layer[],
  placed: readonly PlacedLayer[],
  index: number,
  protocol: number,
): number {
  const { offset } = placed[index]!
  const pseudo = outerIp(layers, index) ? pseudoAddresses(data, layers, placed, index, protocol) : 0
  return pseudo + onesSum(data, offset)
}

/** Layers are written from the inside out, so the IP header is not there yet: write its addresses first. */
function pseudoAddresses(
  data: Uint8Array,
  layers: readonly Layer[],
  placed: readonly PlacedLayer[],
  index: number,
  protocol: number,
): number {
  const ip = placed[index - 1]!
  const layer = layers[index - 1]!
  if (data[ip.offset] === 0) writeLayer(data, layers, placed, index - 1)
  const sum = pseudoHeaderSum(data, ip.offset, protocol, data.length - placed[index]!.offset)
  // The header is written again in its turn; its checksum field must be zero then.
  if (layer.kind === 'ipv4') data.fill(0, ip.offset + 10, ip.offset + 12)
  return sum
}

function chooseChecksum(choice: ChecksumChoice | undefined, sum: number, zeroIsAllOnes = false): number {
  if (choice === 'none') return 0
  if (typeof choice === 'number') return choice
  const right = foldChecksum(sum) || (zeroIsAllOnes ? 0xffff : 0)
  return choice === 'bad' ? right ^ 0x0100 : right
}
