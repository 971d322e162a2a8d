/** Section names and the program types they stand for (object-formats.md, section 2). */

import type { ProgType } from '../program'

export interface SectionKind {
  readonly progType: ProgType
  /** The kernel's expected_attach_type; 0 where none is needed. */
  readonly attachType: number
}

const EXACT: ReadonlyMap<string, SectionKind> = new Map<string, SectionKind>([
  ['xdp', { progType: 'xdp', attachType: 37 }],
  ['xdp.frags', { progType: 'xdp', attachType: 37 }],
  ['xdp/devmap', { progType: 'xdp', attachType: 33 }],
  ['xdp.frags/devmap', { progType: 'xdp', attachType: 33 }],
  ['xdp/cpumap', { progType: 'xdp', attachType: 35 }],
  ['xdp.frags/cpumap', { progType: 'xdp', attachType: 35 }],
  ['tc', { progType: 'sched_cls', attachType: 0 }],
  ['classifier', { progType: 'sched_cls', attachType: 0 }],
  ['action', { progType: 'sched_act', attachType: 0 }],
  ['tc/ingress', { progType: 'sched_cls', attachType: 46 }],
  ['tcx/ingress', { progType: 'sched_cls', attachType: 46 }],
  ['tc/egress', { progType: 'sched_cls', attachType: 47 }],
  ['tcx/egress', { progType: 'sched_cls', attachType: 47 }],
  ['netkit/primary', { progType: 'sched_cls', attachType: 54 }],
  ['netkit/peer', { progType: 'sched_cls', attachType: 55 }],
  ['socket', { progType: 'socket_filter', attachType: 0 }],
  ['cgroup_skb/ingress', { progType: 'cgroup_skb', attachType: 0 }],
  ['cgroup_skb/egress', { progType: 'cgroup_skb', attachType: 1 }],
  ['cgroup/skb', { progType: 'cgroup_skb', attachType: 0 }],
])

/** `prog` is the default section of iproute2's ip. */
const PREFIXES: readonly (readonly [prefix: string, kind: SectionKind])[] = [
  ...EXACT,
  ['prog', { progType: 'xdp', attachType: 37 }] as const,
].toSorted(([a], [b]) => b.length - a.length)

export interface SectionMatch extends SectionKind {
  /** The name only begins like a known one, as older loaders took it. */
  readonly byPrefix: boolean
}

/** The program type of a code section's name, or undefined for one that no card or host here runs. */
export function sectionKind(name: string): SectionMatch | undefined {
  const bare = name.replace(/^\?/, '')
  const exact = EXACT.get(bare)
  if (exact !== undefined) return { ...exact, byPrefix: false }
  const found = PREFIXES.find(([prefix]) => bare.startsWith(prefix))
  return found && { ...found[1], byPrefix: true }
}

/** Section that libbpf and iproute2 take a program type from. */
export const SECTION_OF_TYPE: Readonly<Record<ProgType, string>> = {
  xdp: 'xdp',
  sched_cls: 'tc',
  sched_act: 'action',
  socket_filter: 'socket',
  cgroup_skb: 'cgroup/skb',
}
