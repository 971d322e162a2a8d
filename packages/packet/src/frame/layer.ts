/**
 * What a frame is made of: a stack of layers, outermost first. Absent fields take the usual value; types, lengths
 * and checksums are filled in from what follows, unless they are given.
 */

/** A checksum field: computed (absent), computed and then one bit wrong, none (zero), or exactly this value. */
export type ChecksumChoice = 'bad' | 'none' | number

export interface EthernetLayer {
  readonly kind: 'ethernet'
  readonly src?: string
  readonly dst?: string
  readonly type?: number
}

export interface VlanLayer {
  readonly kind: 'vlan'
  readonly id: number
  readonly priority?: number
  readonly dropEligible?: boolean
  /** Tag type that announces this tag: 0x8100, or 0x88a8 for an outer tag that is followed by another (default so). */
  readonly tpid?: number
  readonly type?: number
}

export interface ArpLayer {
  readonly kind: 'arp'
  /** 1 request, 2 reply. */
  readonly operation?: number
  readonly senderMac?: string
  readonly senderIp?: string
  readonly targetMac?: string
  readonly targetIp?: string
}

export interface Ipv4Layer {
  readonly kind: 'ipv4'
  readonly src?: string
  readonly dst?: string
  readonly ttl?: number
  readonly tos?: number
  readonly id?: number
  readonly dontFragment?: boolean
  readonly moreFragments?: boolean
  /** Bytes; a multiple of eight. */
  readonly fragmentOffset?: number
  readonly protocol?: number
  readonly options?: Uint8Array
  readonly totalLength?: number
  readonly checksum?: ChecksumChoice
}

export interface Ipv6Layer {
  readonly kind: 'ipv6'
  readonly src?: string
  readonly dst?: string
  readonly hopLimit?: number
  readonly trafficClass?: number
  readonly flowLabel?: number
  readonly nextHeader?: number
  readonly payloadLength?: number
}

export interface UdpLayer {
  readonly kind: 'udp'
  readonly srcPort?: number
  readonly dstPort?: number
  readonly length?: number
  readonly checksum?: ChecksumChoice
}

export interface TcpLayer {
  readonly kind: 'tcp'
  readonly srcPort?: number
  readonly dstPort?: number
  readonly seq?: number
  readonly ack?: number
  /** Bits: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG. */
  readonly flags?: number
  readonly window?: number
  readonly options?: Uint8Array
  readonly checksum?: ChecksumChoice
}

/** ICMP below IPv4, ICMPv6 below IPv6. */
export interface IcmpLayer {
  readonly kind: 'icmp'
  readonly type?: number
  readonly code?: number
  readonly id?: number
  readonly sequence?: number
  readonly checksum?: ChecksumChoice
}

export interface GreLayer {
  readonly kind: 'gre'
  readonly protocol?: number
  readonly key?: number
  readonly sequence?: number
  readonly checksum?: boolean
}

/** Put it after `udp`; an `ethernet` layer follows. */
export interface VxlanLayer {
  readonly kind: 'vxlan'
  readonly vni?: number
}

export interface PayloadLayer {
  readonly kind: 'payload'
  readonly data: Uint8Array
}

export type Layer =
  | EthernetLayer
  | VlanLayer
  | ArpLayer
  | Ipv4Layer
  | Ipv6Layer
  | UdpLayer
  | TcpLayer
  | IcmpLayer
  | GreLayer
  | VxlanLayer
  | PayloadLayer

/** Where a layer's header lies in a built frame. */
export interface PlacedLayer {
  readonly kind: Layer['kind']
  readonly offset: number
  readonly headerLength: number
}
