/** Frames in time, and the description of synthetic traffic. Contracts of this package. */

/** One frame as it arrives at a port; no FCS, at least 14 bytes. `time` in nanoseconds from the start. */
export interface TimedFrame {
  readonly time: number
  readonly port: number
  readonly data: Uint8Array
}

/** One kind of packet in a mix. `weight` is relative; fields that are absent are the protocol's usual ones. */
export interface FlowKind {
  readonly weight: number
  readonly l3: 'ipv4' | 'ipv6' | 'arp' | 'ipip'
  readonly l4?: 'udp' | 'tcp' | 'icmp' | 'none'
  readonly dstPort?: number
  readonly srcPort?: number
  /** Number of different flows (addresses and ports), seeded. */
  readonly flows: number
  /** Frame bytes without FCS: one size, or a distribution (size, weight). */
  readonly size: number | readonly (readonly [size: number, weight: number])[]
  readonly vlan?: number
  readonly ttl?: number
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
}

/** A source of frames in order of time; `next` returns undefined at the end. Same spec, same frames. */
export interface FrameSource {
  next(): TimedFrame | undefined
}
