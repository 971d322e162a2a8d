/**
 * Constants that a source text may use by name without declaring them: actions, protocol numbers, flags,
 * and the offsets of context fields (`ctx.data`, `xdp_md.data`, `__sk_buff.len`).
 * Values are those of the kernel's user headers.
 */

import { contextLayout, SK_BUFF, XDP_MD } from './context-fields'
import { MAP_FLAGS } from './map-types'
import type { ProgType } from './program'

export const XDP_ACTIONS = { XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 } as const

export const TC_ACTIONS = {
  TC_ACT_UNSPEC: -1,
  TC_ACT_OK: 0,
  TC_ACT_RECLASSIFY: 1,
  TC_ACT_SHOT: 2,
  TC_ACT_PIPE: 3,
  TC_ACT_STOLEN: 4,
  TC_ACT_QUEUED: 5,
  TC_ACT_REPEAT: 6,
  TC_ACT_REDIRECT: 7,
  TC_ACT_TRAP: 8,
} as const

/** Ethertypes in host order; a 16-bit load from the packet gives them byte-swapped (`be16`). */
export const ETHERTYPES = {
  ETH_P_IP: 0x0800,
  ETH_P_ARP: 0x0806,
  ETH_P_8021Q: 0x8100,
  ETH_P_8021AD: 0x88a8,
  ETH_P_IPV6: 0x86dd,
  ETH_P_MPLS_UC: 0x8847,
} as const

export const IP_PROTOCOLS = {
  IPPROTO_IP: 0,
  IPPROTO_ICMP: 1,
  IPPROTO_IGMP: 2,
  IPPROTO_IPIP: 4,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
  IPPROTO_IPV6: 41,
  IPPROTO_GRE: 47,
  IPPROTO_ESP: 50,
  IPPROTO_AH: 51,
  IPPROTO_ICMPV6: 58,
  IPPROTO_SCTP: 132,
} as const

const OTHERS = {
  BPF_ANY: 0,
  BPF_NOEXIST: 1,
  BPF_EXIST: 2,
  BPF_F_LOCK: 4,
  /** Low half of the flags of bpf_perf_event_output; as a 64-bit constant, since it does not fit a signed immediate. */
  BPF_F_INDEX_MASK: 0xffffffff,
  BPF_F_CURRENT_CPU: 0xffffffff,
  BPF_F_CTXLEN_MASK: 0xfffff00000000,
  ETH_ALEN: 6,
  ETH_HLEN: 14,
  AF_INET: 2,
  AF_INET6: 10,
} as const

const common: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(XDP_ACTIONS),
  ...Object.entries(TC_ACTIONS),
  ...Object.entries(ETHERTYPES),
  ...Object.entries(IP_PROTOCOLS),
  ...Object.entries(MAP_FLAGS),
  ...Object.entries(OTHERS),
  ...[XDP_MD, SK_BUFF].flatMap(({ name, fields }) =>
    fields.map((field) => [`${name}.${field.name}`, field.offset] as const),
  ),
])

function forType(progType: ProgType): ReadonlyMap<string, number> {
  return new Map([
    ...common,
    ...contextLayout(progType).fields.map(({ name, offset }) => [`ctx.${name}`, offset] as const),
  ])
}

const forXdp = forType('xdp')
const forSkb = forType('sched_cls')

/** The predefined constants of a program type: the same for all but `ctx.<field>`. */
export function predefinedConstants(progType: ProgType): ReadonlyMap<string, number> {
  return progType === 'xdp' ? forXdp : forSkb
}
