/** Numbers of the protocols that this package builds and reads (IANA registries), with their names for people. */

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, teb: 0x6558, vlan: 0x8100, ipv6: 0x86dd, qinq: 0x88a8 } as const

export const IPPROTO = {
  hopopts: 0,
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  icmpv6: 58,
  none: 59,
  dstopts: 60,
} as const

export const VXLAN_PORT = 4789

export const ETHERTYPE_NAMES: Readonly<Record<number, string>> = {
  0x0800: 'IPv4',
  0x0806: 'ARP',
  0x6558: 'Transparent Ethernet bridging',
  0x8100: '802.1Q VLAN',
  0x86dd: 'IPv6',
  0x8847: 'MPLS',
  0x8863: 'PPPoE discovery',
  0x8864: 'PPPoE session',
  0x88a8: '802.1ad QinQ',
  0x88cc: 'LLDP',
  0x88f7: 'PTP',
}

export const IPPROTO_NAMES: Readonly<Record<number, string>> = {
  0: 'hop-by-hop options',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6',
  43: 'routing header',
  44: 'fragment header',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  59: 'no next header',
  60: 'destination options',
  89: 'OSPF',
  132: 'SCTP',
}

export const PORT_NAMES: Readonly<Record<number, string>> = {
  22: 'ssh',
  53: 'dns',
  67: 'dhcp',
  68: 'dhcp',
  80: 'http',
  123: 'ntp',
  443: 'https',
  4789: 'vxlan',
}

/** TCP flags from bit 0 upwards. */
export const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const
