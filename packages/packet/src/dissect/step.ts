/** From one layer to the next: which reader follows an EtherType or an IP protocol, and what a reader answers. */
import { ETHERTYPE, IPPROTO } from '../protocols'
import type { DissectedLayer, LayerReader } from './reader'

/** What the next layer is, after a layer has been read. `end` cuts off padding behind an IP packet. */
export interface NextLayer {
  readonly layer: DissectedLayer
  readonly next: Reader | undefined
  readonly at: number
  readonly end: number
  readonly source?: string
  readonly destination?: string
  readonly protocol?: string
  readonly info?: string
}

/** A layer's kind, with what it needs to know of the layers before it. */
export type Reader =
  | { readonly kind: 'ethernet' | 'vlan' | 'arp' | 'ipv4' | 'ipv6' | 'gre' | 'vxlan' }
  | { readonly kind: 'udp' | 'tcp' | 'icmp' | 'icmpv6'; readonly ip: number; readonly whole: boolean }
  | { readonly kind: 'application'; readonly ports: readonly [number, number] }

/** A header that does not fit: the layer holds what there is. */
export function cut(r: LayerReader, protocol: string, title: string, need: number): NextLayer {
  r.problems.push(`header of ${need} bytes is cut off after ${r.left()}`)
  return {
    layer: r.layer(protocol, title, r.left()),
    next: undefined,
    at: r.end,
    end: r.end,
    protocol: title,
    info: 'truncated',
  }
}

export function byEtherType(type: number): Reader | undefined {
  switch (type) {
    case ETHERTYPE.ipv4:
      return { kind: 'ipv4' }
    case ETHERTYPE.ipv6:
      return { kind: 'ipv6' }
    case ETHERTYPE.arp:
      return { kind: 'arp' }
    case ETHERTYPE.vlan:
    case ETHERTYPE.qinq:
      return { kind: 'vlan' }
    case ETHERTYPE.teb:
      return { kind: 'ethernet' }
    default:
      return undefined
  }
}

/** `whole`: the bytes are all of the packet, so an upper-layer checksum can be checked. */
export function byIpProtocol(protocol: number, ip: number, whole: boolean): Reader | undefined {
  switch (protocol) {
    case IPPROTO.udp:
      return { kind: 'udp', ip, whole }
    case IPPROTO.tcp:
      return { kind: 'tcp', ip, whole }
    case IPPROTO.icmp:
      return { kind: 'icmp', ip, whole }
    case IPPROTO.icmpv6:
      return { kind: 'icmpv6', ip, whole }
    case IPPROTO.ipip:
      return { kind: 'ipv4' }
    case IPPROTO.ipv6:
      return { kind: 'ipv6' }
    case IPPROTO.gre:
      return { kind: 'gre' }
    default:
      return undefined
  }
}
