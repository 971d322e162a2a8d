/**
 * A frame of one kind and size, prepared so that a flow's frame is a copy with a few fields written and two or three
 * checksums folded. The varying fields are zero in the template, and its sums are kept.
 */
import { parseHex, parseIpv4, parseIpv6 } from '../address'
import { onesSum, pseudoHeaderSum } from '../checksum'
import { tryBuildFrame } from '../frame/build'
import type { Layer } from '../frame/layer'
import { IPPROTO } from '../protocols'
import { createRandom, mix32 } from '../random'
import type { AddressRange, FlowKind } from '../api'

/** Addresses of a header: where they lie and what they are for a flow. */
interface AddressField {
  readonly at: number
  readonly fixed: Uint8Array
  /** Last four bytes as a number, and the sum of the words before them. */
  readonly low: number
  readonly highSum: number
  /** Addresses to choose from; 0: a hash of the flow replaces the low 24 bits. */
  readonly count: number
}

interface Checksum {
  readonly at: number
  /** Sum of everything it covers, varying fields and itself zero. */
  readonly base: number
  readonly wrong: number
}

interface IpHeader {
  readonly src: AddressField
  readonly dst: AddressField
  /** IPv4 only. */
  readonly checksum: Checksum | undefined
}

/** Bytes to write frames into, with a view of the same memory in words. */
export interface FrameBuffer {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
}

/** A zeroed buffer of at least `size` bytes. */
export function frameBuffer(size: number): FrameBuffer {
  const words = new Uint32Array((size + 3) >> 2)
  return { bytes: new Uint8Array(words.buffer), words }
}

export interface Template {
  readonly bytes: Uint8Array
  /** Writes the frame of flow `flow` (0 …) into `out` at `at`; `out` has room for the template's length. */
  write(out: FrameBuffer, at: number, flow: number): void
}

/** Bytes of the headers of a kind, without payload. */
export function headerBytes(kind: FlowKind): number {
  const built = tryBuildFrame(layersOf(kind))
  return built.ok ? built.data.length : 0
}

/** The template of `kind` at `size` bytes; undefined where the kind cannot be built (see trafficProblems). */
export function createTemplate(kind: FlowKind, size: number, seed: number): Template | undefined {
  const layers = layersOf(kind)
  const built = tryBuildFrame(layers, { size, fill: payloadFill(kind, mix32(seed ^ size)) })
  if (!built.ok) return undefined
  const bytes = built.data
  const places = built.layers
  const ips = places.filter((place) => place.kind === 'ipv4' || place.kind === 'ipv6')
  const inner = ips.at(-1)
  const outer = ips.length > 1 ? ips[0] : undefined
  const arp = places.find((place) => place.kind === 'arp')
  const l4 = inner && places[places.indexOf(inner) + 1]
  const l4HasPorts = l4?.kind === 'udp' || l4?.kind === 'tcp'
  // Which fields vary is known before their bytes are cleared.
  const header = (
    place: { readonly offset: number; readonly kind: string },
    src: AddressRange | undefined,
    dst: AddressRange | undefined,
  ): IpHeader => {
    const v6 = place.kind === 'ipv6'
    return {
      src: addressField(place.offset + (v6 ? 8 : 12), src, v6, true),
      dst: addressField(place.offset + (v6 ? 24 : 16), dst, v6, false),
      checksum: v6
        ? undefined
        : { at: place.offset + 10, base: 0, wrong: kind.badChecksum === 'ip' && place === inner ? 0x0100 : 0 },
    }
  }
  const innerIp = inner && header(inner, kind.src, kind.dst)
  const outerIp =
    outer &&
    header(
      outer,
      outer.kind === 'ipv6' ? { from: 'fd01::1', count: 1 << 16 } : { from: '172.16.0.1', count: 1 << 16 },
      outer.kind === 'ipv6' ? 'fd02::1' : '172.31.0.1',
    )
  const arpSender = arp && addressField(arp.offset + 14, kind.src, false, true)
  for (const field of [innerIp?.src, innerIp?.dst, outerIp?.src, outerIp?.dst, arpSender]) {
    if (field) bytes.fill(0, field.at, field.at + field.fixed.length)
  }
  const srcPortAt = l4HasPorts && kind.srcPort === undefined ? l4.offset : -1
  const icmpIdAt = l4?.kind === 'icmp' ? l4.offset + 4 : -1
  const variedPort = srcPortAt >= 0 ? srcPortAt : icmpIdAt
  if (variedPort >= 0) bytes.fill(0, variedPort, variedPort + 2)
  // A VXLAN sender puts the inner flow's entropy into the outer source port.
  const outerUdp =
    outer && places[places.indexOf(outer) + 1]?.kind === 'udp' ? places[places.indexOf(outer) + 1] : undefined
  if (outerUdp) bytes.fill(0, outerUdp.offset, outerUdp.offset + 2)

  const seal = (
    ip: IpHeader | undefined,
    place: { readonly offset: number; readonly headerLength: number } | undefined,
  ): Checksum | undefined => {
    if (!ip?.checksum || !place) return undefined
    bytes.fill(0, ip.checksum.at, ip.checksum.at + 2)
    return { ...ip.checksum, base: onesSum(bytes, place.offset, place.offset + place.headerLength) }
  }
  const innerSum = seal(innerIp, inner)
  const outerSum = seal(outerIp, outer)
  const l4Sum = l4 && inner ? upperLayerChecksum(bytes, inner, l4, kind) : undefined
  const l4UsesAddresses = l4Sum !== undefined && !(l4?.kind === 'icmp' && inner?.kind === 'ipv4')
  const outerFlows = Math.max(1, Math.floor(kind.outerFlows ?? 2))
  const udp = l4?.kind === 'udp'
  const flowSeed = mix32(seed)
  const { length } = bytes
  const wholeWords = length >> 2
  // Words in this machine's order, on both sides of the copy.
  const words = new Uint32Array(bytes.slice(0, wholeWords << 2).buffer)

  return {
    bytes,
    write(buffer, at, flow) {
      const out = buffer.bytes
      // Frames are small: loops beat TypedArray.set below about this length.
      if (length >= 128) out.set(bytes, at)
      else if (at & 3) for (let i = 0; i < length; i++) out[at + i] = bytes[i]!
      else {
        const first = at >> 2
        for (let i = 0; i < wholeWords; i++) buffer.words[first + i] = words[i]!
        for (let i = wholeWords << 2; i < length; i++) out[at + i] = bytes[i]!
      }
      const hash = mix32(flow ^ flowSeed)
      let addresses = 0
      if (innerIp) {
        addresses = putAddress(out, at, innerIp.src, flow, hash) + putAddress(out, at, innerIp.dst, flow, mix32(hash))
        if (innerSum) putChecksum(out, at, innerSum, addresses)
      } else if (arpSender) putAddress(out, at, arpSender, flow, hash)
      let port = 0
      if (variedPort >= 0) {
        port = 1024 + ((hash >>> 8) % 64512)
        out[at + variedPort] = port >> 8
        out[at + variedPort + 1] = port
      }
      if (l4Sum) putChecksum(out, at, l4Sum, port + (l4UsesAddresses ? addresses : 0), udp)
      if (outerIp) {
        const pair = flow % outerFlows
        const sum = putAddress(out, at, outerIp.src, pair, hash) + putAddress(out, at, outerIp.dst, pair, hash)
        if (outerSum) putChecksum(out, at, outerSum, sum)
        if (outerUdp) {
          const entropy = 49152 + (hash & 0x3fff)
          out[at + outerUdp.offset] = entropy >> 8
          out[at + outerUdp.offset + 1] = entropy
        }
      }
    },
  }
}

function upperLayerChecksum(
  bytes: Uint8Array,
  ip: { readonly kind: string; readonly offset: number },
  l4: { readonly kind: string; readonly offset: number },
  kind: FlowKind,
): Checksum | undefined {
  const wrong = kind.badChecksum === 'l4' ? 0x0100 : 0
  const length = bytes.length - l4.offset
  const cover = (field: number, protocol: number | undefined): Checksum => {
    const at = l4.offset + field
    bytes.fill(0, at, at + 2)
    const pseudo = protocol === undefined ? 0 : pseudoHeaderSum(bytes, ip.offset, protocol, length)
    return { at, base: pseudo + onesSum(bytes, l4.offset), wrong }
  }
  if (l4.kind === 'udp') return cover(6, IPPROTO.udp)
  if (l4.kind === 'tcp') return cover(16, IPPROTO.tcp)
  if (l4.kind === 'icmp') return cover(2, ip.kind === 'ipv6' ? IPPROTO.icmpv6 : undefined)
  return undefined
}

/** Writes the flow's address; returns the sum of its words. */
function putAddress(out: Uint8Array, at: number, field: AddressField, flow: number, hash: number): number {
  const { fixed, count } = field
  const start = at + field.at
  const last = fixed.length - 4
  for (let i = 0; i < last; i++) out[start + i] = fixed[i]!
  let { low } = field
  if (count === 0) low = (low & 0xff000000) | (hash & 0xffffff)
  else if (count > 1) low = (low + (flow % count)) | 0
  const p = start + last
  out[p] = low >>> 24
  out[p + 1] = low >>> 16
  out[p + 2] = low >>> 8
  out[p + 3] = low
  return field.highSum + (low >>> 16) + (low & 0xffff)
}

/** Sums stay below 2³¹: no frame has so many words. */
function putChecksum(out: Uint8Array, at: number, checksum: Checksum, varying: number, zeroIsAllOnes = false): void {
  let sum = checksum.base + varying
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  let value = ~sum & 0xffff
  if (value === 0 && zeroIsAllOnes) value = 0xffff
  value ^= checksum.wrong
  out[at + checksum.at] = value >> 8
  out[at + checksum.at + 1] = value
}

function addressField(at: number, range: AddressRange | undefined, v6: boolean, source: boolean): AddressField {
  const text = firstAddress(range)
  const standard = v6 ? (source ? 'fd00::a00:0' : 'fd00::c0a8:1') : source ? '10.0.0.0' : '192.168.0.1'
  const fixed = (v6 ? parseIpv6 : parseIpv4)(text ?? standard) ?? new Uint8Array(v6 ? 16 : 4)
  const count =
    range === undefined ? (source ? 0 : 1) : typeof range === 'string' ? 1 : Math.max(1, Math.floor(range.count))
  const view = new DataView(fixed.buffer)
  return { at, fixed, low: view.getInt32(fixed.length - 4), highSum: onesSum(fixed, 0, fixed.length - 4), count }
}

function firstAddress(range: AddressRange | undefined): string | undefined {
  return typeof range === 'string' ? range : range?.from
}

/** The layers of a kind, varying fields at any value. */
export function layersOf(kind: FlowKind): Layer[] {
  const macs = {
    ...(kind.srcMac !== undefined && { src: kind.srcMac }),
    ...(kind.dstMac !== undefined && { dst: kind.dstMac }),
  }
  const layers: Layer[] = [{ kind: 'ethernet', ...macs }]
  if (kind.outerVlan !== undefined) layers.push({ kind: 'vlan', id: kind.outerVlan })
  if (kind.vlan !== undefined) layers.push({ kind: 'vlan', id: kind.vlan })
  if (kind.l3 === 'arp') {
    const senderIp = firstAddress(kind.src)
    const targetIp = firstAddress(kind.dst)
    layers.push({
      kind: 'arp',
      ...(senderIp !== undefined && { senderIp }),
      ...(targetIp !== undefined && { targetIp }),
    })
    return layers
  }
  const tunnel = kind.l3 === 'ipip' ? 'ipip' : kind.tunnel
  if (tunnel !== undefined) {
    layers.push(
      kind.outer === 'ipv6'
        ? { kind: 'ipv6', src: 'fd01::1', dst: 'fd02::1' }
        : { kind: 'ipv4', src: '172.16.0.1', dst: '172.31.0.1' },
    )
    if (tunnel === 'gre') layers.push({ kind: 'gre' })
    if (tunnel === 'vxlan')
      layers.push({ kind: 'udp', srcPort: 49152 }, { kind: 'vxlan' }, { kind: 'ethernet', ...macs })
  }
  const src = firstAddress(kind.src)
  const dst = firstAddress(kind.dst)
  const addresses = { ...(src !== undefined && { src }), ...(dst !== undefined && { dst }) }
  if (kind.l3 === 'ipv6') {
    layers.push({
      kind: 'ipv6',
      ...addresses,
      ...(kind.ttl !== undefined && { hopLimit: kind.ttl }),
      ...(kind.tos !== undefined && { trafficClass: kind.tos }),
    })
  } else {
    const options = kind.ipOptions === undefined ? undefined : parseHex(kind.ipOptions)
    layers.push({
      kind: 'ipv4',
      ...addresses,
      ...(kind.ttl !== undefined && { ttl: kind.ttl }),
      ...(kind.tos !== undefined && { tos: kind.tos }),
      ...(options && { options }),
    })
  }
  const ports = {
    ...(kind.srcPort !== undefined && { srcPort: kind.srcPort }),
    ...(kind.dstPort !== undefined && { dstPort: kind.dstPort }),
  }
  const l4 = kind.l4 ?? 'udp'
  if (l4 === 'udp') layers.push({ kind: 'udp', ...ports })
  if (l4 === 'tcp') layers.push({ kind: 'tcp', ...ports, ...(kind.tcpFlags !== undefined && { flags: kind.tcpFlags }) })
  if (l4 === 'icmp') layers.push({ kind: 'icmp' })
  if (typeof kind.payload === 'object')
    layers.push({ kind: 'payload', data: parseHex(kind.payload.hex) ?? new Uint8Array(0) })
  return layers
}

function payloadFill(kind: FlowKind, seed: number): (index: number) => number {
  if (kind.payload === 'counting') return (index) => index & 255
  if (kind.payload === 'random') {
    const random = createRandom(seed)
    return () => random.u32() >>> 24
  }
  return () => 0
}
