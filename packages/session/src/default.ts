/** The document that an empty page starts from. */
import type { SessionDocument } from './document'

/** Passes everything; one port at an easy rate. A new value each time. */
export function defaultDocument(): SessionDocument {
  return {
    version: 1,
    title: 'Untitled',
    source: '.prog xdp pass\n    r0 = 2                            ; XDP_PASS\n    exit\n',
    device: 'cx-2x25',
    firmware: 'shipping',
    kernel: '6.18',
    queues: 8,
    seed: 1,
    timeModel: 'exact',
    traffic: {
      kind: 'synthetic',
      spec: {
        seed: 1,
        rate: 1_000_000,
        kinds: [{ weight: 1, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 100, size: 60 }],
      },
    },
    entries: [],
  }
}
