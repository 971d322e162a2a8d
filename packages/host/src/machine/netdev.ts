/** A network interface of the host: one port of the card, with its hooks, settings and counters. */
import type { ProgType } from '@offload/bpf'
import type { PacketRecord } from '@offload/nfp-chip'
import type { HostPacket } from './host-path'

export type XdpMode = 'offload' | 'driver' | 'generic'

/** A classifier on a clsact hook. */
export interface TcFilter {
  readonly direction: 'ingress' | 'egress'
  readonly pref: number
  readonly handle: number
  readonly programId: number
  /** `cls.o:[classifier]`, or the path of a pinned program. */
  readonly label: string
  readonly directAction: boolean
  readonly skipSw: boolean
  readonly skipHw: boolean
  readonly inHw: boolean
}

/** A socket filter; it sees what the stack gets and changes nothing. */
export interface SocketFilter {
  readonly programId: number
  matched: number
  bytes: number
}

/** What became of packets on the host's side. */
export interface HostCounters {
  /** From the card's rings. */
  received: number
  receivedBytes: number
  /** Up to the stack. */
  stack: number
  driverDropped: number
  driverTx: number
  driverAborted: number
  redirected: number
  /** Sent out of this interface by programs of the host: XDP_TX, and what was redirected here. */
  sent: number
  sentBytes: number
  tcDropped: number
  /** By RX queue. */
  readonly queuePackets: number[]
  readonly queueBytes: number[]
}

/** What the card did with the packets of a port, as its statistics say (nfp-firmware-abi.md, section 10). */
export interface CardCounters {
  received: number
  receivedBytes: number
  lost: number
  passed: number
  passedBytes: number
  /** Passed by a program (statistics `bpf_pass_…`). */
  bpfPassed: number
  bpfPassedBytes: number
  dropped: number
  droppedBytes: number
  transmitted: number
  transmittedBytes: number
  aborted: number
  abortedBytes: number
}

export interface Netdev {
  readonly ifindex: number
  readonly name: string
  readonly port: number
  readonly mac: string
  mtu: number
  up: boolean
  promiscuous: boolean
  /** ethtool feature hw-tc-offload. */
  tcOffload: boolean
  /** RX queues in use. */
  channels: number
  readonly maxChannels: number
  /** RSS: 128 queue numbers, and the CRC key of four bytes. */
  indirection: Uint8Array
  readonly rssKey: Uint8Array
  /** Program id by mode. */
  readonly xdp: Partial<Record<XdpMode, number>>
  clsact: boolean
  readonly filters: TcFilter[]
  readonly sockets: SocketFilter[]
  readonly counters: HostCounters
  readonly card: CardCounters
  /** Packets that reached the stack, newest last; at most `RECENT_PACKETS`. */
  recent: HostPacket[]
}

/** Packets that an interface keeps for those who look. */
const RECENT_PACKETS = 1000

/** Remembers a packet that reached the stack. */
export function rememberPacket(netdev: Netdev, packet: HostPacket): void {
  netdev.recent.push(packet)
  if (netdev.recent.length > 2 * RECENT_PACKETS) netdev.recent = netdev.recent.slice(-RECENT_PACKETS)
}

/** Adds a packet that left the card to its port's statistics. */
export function countPacket(card: CardCounters, record: PacketRecord, program: boolean): void {
  const bytes = record.data.length
  if (record.outcome === 'lost') {
    card.lost++
    return
  }
  card.received++
  card.receivedBytes += bytes
  switch (record.outcome) {
    case 'pass':
      card.passed++
      card.passedBytes += bytes
      if (program) {
        card.bpfPassed++
        card.bpfPassedBytes += bytes
      }
      return
    case 'drop':
      card.dropped++
      card.droppedBytes += bytes
      return
    case 'tx':
      card.transmitted++
      card.transmittedBytes += bytes
      return
    case 'aborted':
      card.aborted++
      card.abortedBytes += bytes
  }
}

export const INDIRECTION_SIZE = 128

export function createNetdev(
  fields: Pick<Netdev, 'ifindex' | 'name' | 'port' | 'mac' | 'mtu' | 'maxChannels' | 'rssKey'>,
): Netdev {
  return {
    ...fields,
    up: true,
    promiscuous: false,
    tcOffload: false,
    channels: fields.maxChannels,
    indirection: roundRobin(fields.maxChannels),
    xdp: {},
    clsact: false,
    filters: [],
    sockets: [],
    recent: [],
    counters: {
      received: 0,
      receivedBytes: 0,
      stack: 0,
      driverDropped: 0,
      driverTx: 0,
      driverAborted: 0,
      redirected: 0,
      sent: 0,
      sentBytes: 0,
      tcDropped: 0,
      queuePackets: Array<number>(fields.maxChannels).fill(0),
      queueBytes: Array<number>(fields.maxChannels).fill(0),
    },
    card: {
      received: 0,
      receivedBytes: 0,
      lost: 0,
      passed: 0,
      passedBytes: 0,
      bpfPassed: 0,
      bpfPassedBytes: 0,
      dropped: 0,
      droppedBytes: 0,
      transmitted: 0,
      transmittedBytes: 0,
      aborted: 0,
      abortedBytes: 0,
    },
  }
}

/** The driver's default table. */
export function roundRobin(queues: number): Uint8Array {
  return Uint8Array.from({ length: INDIRECTION_SIZE }, (_, i) => i % queues)
}

/** Hooks that a program type fits. */
export function hookOf(type: ProgType): 'xdp' | 'tc' | 'socket' {
  return type === 'xdp' ? 'xdp' : type === 'socket_filter' || type === 'cgroup_skb' ? 'socket' : 'tc'
}
