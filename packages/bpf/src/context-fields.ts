/**
 * The context of each program type as a program sees it: `xdp_md` and `__sk_buff`, field by field.
 * Offsets and sizes in bytes (kernel-tables.md, section 4). Who may read or write what is the verifier's matter.
 */

import type { ProgType } from './program'

export interface ContextField {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly doc: string
}

export interface ContextLayout {
  readonly name: string
  readonly size: number
  readonly fields: readonly ContextField[]
}

function layout(
  name: string,
  size: number,
  rows: readonly (readonly [string, number, number, string])[],
): ContextLayout {
  return { name, size, fields: rows.map(([field, offset, bytes, doc]) => ({ name: field, offset, size: bytes, doc })) }
}

export const XDP_MD = layout('xdp_md', 24, [
  ['data', 0, 4, 'Start of the packet.'],
  ['data_end', 4, 4, 'First byte behind the packet.'],
  ['data_meta', 8, 4, 'Start of the metadata before the packet.'],
  ['ingress_ifindex', 12, 4, 'Index of the interface the packet came in on.'],
  ['rx_queue_index', 16, 4, 'Receive queue; a card lets the program choose it.'],
  ['egress_ifindex', 20, 4, 'Interface the packet leaves on (programs in a devmap only).'],
])

export const SK_BUFF = layout('__sk_buff', 192, [
  ['len', 0, 4, 'Length of the packet in bytes.'],
  ['pkt_type', 4, 4, 'To whom the packet is addressed (host, broadcast, multicast, other).'],
  ['mark', 8, 4, 'Mark for routing and filters.'],
  ['queue_mapping', 12, 4, 'Queue of the interface.'],
  ['protocol', 16, 4, 'Ethertype in network order.'],
  ['vlan_present', 20, 4, 'Whether a VLAN tag was taken off the packet.'],
  ['vlan_tci', 24, 4, 'VLAN tag.'],
  ['vlan_proto', 28, 4, 'Ethertype of the VLAN tag.'],
  ['priority', 32, 4, 'Priority for queueing.'],
  ['ingress_ifindex', 36, 4, 'Index of the interface the packet came in on.'],
  ['ifindex', 40, 4, 'Index of the present interface.'],
  ['tc_index', 44, 4, 'Traffic control index.'],
  ['cb', 48, 20, 'Five words of scratch memory that stay with the packet.'],
  ['hash', 68, 4, 'Hash of the flow.'],
  ['tc_classid', 72, 4, 'Traffic class.'],
  ['data', 76, 4, 'Start of the packet.'],
  ['data_end', 80, 4, 'First byte behind the directly readable part of the packet.'],
  ['napi_id', 84, 4, 'Id of the polling context.'],
  ['family', 88, 4, 'Address family of the socket.'],
  ['remote_ip4', 92, 4, 'Remote IPv4 address in network order.'],
  ['local_ip4', 96, 4, 'Local IPv4 address in network order.'],
  ['remote_ip6', 100, 16, 'Remote IPv6 address.'],
  ['local_ip6', 116, 16, 'Local IPv6 address.'],
  ['remote_port', 132, 4, 'Remote port in network order.'],
  ['local_port', 136, 4, 'Local port in host order.'],
  ['data_meta', 140, 4, 'Start of the metadata before the packet.'],
  ['flow_keys', 144, 8, 'Dissected flow (flow dissector programs only).'],
  ['tstamp', 152, 8, 'Time stamp in nanoseconds.'],
  ['wire_len', 160, 4, 'Length on the wire.'],
  ['gso_segs', 164, 4, 'Number of segments.'],
  ['sk', 168, 8, 'The socket, or null.'],
  ['gso_size', 176, 4, 'Size of a segment.'],
  ['tstamp_type', 180, 1, 'Clock of the time stamp.'],
  ['hwtstamp', 184, 8, 'Time stamp of the hardware.'],
])

/** The context that a program of a type gets in r1. */
export function contextLayout(progType: ProgType): ContextLayout {
  return progType === 'xdp' ? XDP_MD : SK_BUFF
}
