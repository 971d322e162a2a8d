/** Frames in time, and the description of synthetic traffic. Contracts of this package. */

/** One frame as it arrives at a port; no FCS, at least 14 bytes. `time` in nanoseconds from the start. */
export interface TimedFrame {
  readonly time: number
  readonly port: number
  readonly data: Uint8Array
}

/** One address (`10.0.0.1`, `2001:db8::1`), or `count` addresses from `from` upwards that flows are spread over. */
export type AddressRange = string | { readonly from: string; readonly count: number }

/** Bytes that fill a frame up to its size: zeros, 0 1 2 …, seeded noise (one per size), or given bytes then zeros. */
export type Payload = 'zeros' | 'counting' | 'random' | { readonly hex: string }

/** One kind of packet in a mix. `weight` is relative; fields that are absent are the protocol's usual ones. */
export interface FlowKind {
  readonly weight: number
  readonly l3: 'ipv4' | 'ipv6' | 'arp' | 'ipip'
  readonly l4?: 'udp' | 'tcp' | 'icmp' | 'none'
  readonly dstPort?: number
  readonly srcPort?: number
  /** Number of different flows (addresses and ports), seeded. */
  readonly flows: number
  /** Frame bytes without FCS: one size, or a distribution (size, weight). Never less than the headers need. */
  readonly size: number | readonly (readonly [size: number, weight: number])[]
  readonly vlan?: number
  readonly ttl?: number
  /** The port that this kind arrives at, whatever `ports` says: streams of their own by port. */
  readonly port?: number
  /** Outer tag (802.1ad) before `vlan`: QinQ. */
  readonly outerVlan?: number
  readonly srcMac?: string
  readonly dstMac?: string
  /** Addresses of the (inner) IP header. Default: a seeded source a flow in 10.0.0.0/8 (fd00::/96), one destination. */
  readonly src?: AddressRange
  readonly dst?: AddressRange
  /** Wraps the packet; `ipip` as `l3` means the same as `l3: 'ipv4', tunnel: 'ipip'`. */
  readonly tunnel?: 'ipip' | 'gre' | 'vxlan'
  /** IP version outside the tunnel, default ipv4. */
  readonly outer?: 'ipv4' | 'ipv6'
  /** Different address pairs outside the tunnel, default 2. */
  readonly outerFlows?: number
  /** TCP flag bits (1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, …), default ACK. */
  readonly tcpFlags?: number
  /** DSCP and ECN byte. */
  readonly tos?: number
  /** Raw bytes of IPv4 options, hex; padded to a multiple of four. */
  readonly ipOptions?: string
  readonly payload?: Payload
  /** Deliberately wrong checksum, by one bit, in the innermost header that has one. */
  readonly badChecksum?: 'ip' | 'l4'
}

/** Seeded synthetic traffic. `rate` in packets a second over all kinds. */
export interface TrafficSpec {
  readonly seed: number
  readonly rate: number
  readonly kinds: readonly FlowKind[]
  /** Ports that receive it, round robin; default [0]. */
  readonly ports?: readonly number[]
  /** Seeded exponential gaps instead of even ones. */
  readonly poisson?: boolean
  /** Packets arrive `size` at a time, `gap` nanoseconds apart; pauses keep the mean at `rate`. */
  readonly burst?: { readonly size: number; readonly gap: number }
  /** End after so many frames; absent: endless. */
  readonly count?: number
}

/** A source of frames in order of time; `next` returns undefined at the end. Same spec, same frames. */
export interface FrameSource {
  next(): TimedFrame | undefined
}
