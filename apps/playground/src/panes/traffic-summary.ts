/** What traffic amounts to, for labels and for the line rate. */
import { meanFrameSize } from '@offload/packet'
import type { Traffic } from '@offload/session'

/** Mean frame size without FCS, bytes. A capture's frames are not looked into: 60 stands for them. */
export function meanFrame(traffic: Traffic): number {
  return traffic.kind === 'pcap' ? 60 : meanFrameSize(traffic.spec.kinds)
}
