/** Traffic that people ask for by name. Sizes are frame bytes without FCS (a "64 byte" packet is 60 here). */
import { buildFrame } from '../frame/build'
import { formatHex } from '../address'
import type { TrafficSpec } from '../api'

export interface TrafficPreset {
  /** Stable name. */
  readonly name: string
  readonly title: string
  readonly spec: TrafficSpec
}

/** Simple IMIX: 7 × 64, 4 × 594, 1 × 1518 bytes on the wire with FCS. */
export const IMIX: readonly (readonly [size: number, weight: number])[] = [
  [60, 7],
  [590, 4],
  [1514, 1],
]

/** A DNS query of type A for `name` (RFC 1035), without UDP header. */
export function dnsQuery(name: string, id = 1): Uint8Array {
  const labels = name.split('.').filter((label) => label !== '')
  const bytes = [id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  for (const label of labels)
    bytes.push(label.length & 63, ...Array.from(label.slice(0, 63), (char) => char.charCodeAt(0) & 127))
  bytes.push(0, 0, 1, 0, 1)
  return Uint8Array.from(bytes)
}

const dns = { hex: formatHex(dnsQuery('www.example.org')) }

export const PRESETS: readonly TrafficPreset[] = [
  {
    name: 'udp-flood',
    title: '64 B UDP flood',
    spec: {
      seed: 1,
      rate: 10_000_000,
      kinds: [{ weight: 1, l3: 'ipv4', l4: 'udp', flows: 4096, size: 60, dstPort: 53 }],
    },
  },
  {
    name: 'imix',
    title: 'IMIX',
    spec: {
      seed: 2,
      rate: 3_000_000,
      poisson: true,
      kinds: [{ weight: 1, l3: 'ipv4', l4: 'udp', flows: 1024, size: IMIX }],
    },
  },
  {
    name: 'dns',
    title: 'DNS',
    spec: {
      seed: 3,
      rate: 2_000_000,
      poisson: true,
      kinds: [
        { weight: 9, l3: 'ipv4', l4: 'udp', flows: 2000, size: 75, dstPort: 53, payload: dns },
        { weight: 1, l3: 'ipv6', l4: 'udp', flows: 200, size: 95, dstPort: 53, payload: dns },
      ],
    },
  },
  {
    name: 'ipip',
    title: 'IP in IP',
    spec: {
      seed: 4,
      rate: 5_000_000,
      kinds: [
        { weight: 1, l3: 'ipip', outer: 'ipv6', l4: 'udp', flows: 1000, outerFlows: 2, size: 116, payload: 'counting' },
      ],
    },
  },
  {
    name: 'syn-flood',
    title: 'SYN flood',
    spec: {
      seed: 5,
      rate: 10_000_000,
      kinds: [{ weight: 1, l3: 'ipv4', l4: 'tcp', tcpFlags: 2, flows: 1_000_000, size: 60, dstPort: 80 }],
    },
  },
  {
    name: 'web',
    title: 'Mixed web',
    spec: {
      seed: 6,
      rate: 2_000_000,
      poisson: true,
      kinds: [
        {
          weight: 50,
          l3: 'ipv4',
          l4: 'tcp',
          flows: 500,
          size: [
            [60, 5],
            [590, 2],
            [1514, 6],
          ],
          dstPort: 443,
          payload: 'random',
        },
        {
          weight: 15,
          l3: 'ipv4',
          l4: 'udp',
          flows: 200,
          size: [
            [120, 1],
            [1292, 4],
          ],
          dstPort: 443,
          payload: 'random',
        },
        {
          weight: 15,
          l3: 'ipv6',
          l4: 'tcp',
          flows: 200,
          size: [
            [74, 5],
            [1514, 5],
          ],
          dstPort: 443,
          payload: 'random',
        },
        {
          weight: 8,
          l3: 'ipv4',
          l4: 'tcp',
          flows: 100,
          size: [
            [60, 3],
            [590, 2],
            [1514, 2],
          ],
          dstPort: 80,
        },
        { weight: 10, l3: 'ipv4', l4: 'udp', flows: 100, size: 75, dstPort: 53, payload: dns },
        { weight: 1, l3: 'ipv4', l4: 'icmp', flows: 4, size: 98, payload: 'counting' },
        { weight: 1, l3: 'arp', flows: 16, size: 60 },
      ],
    },
  },
]

/** The preset of that name. */
export function trafficPreset(name: string): TrafficPreset | undefined {
  return PRESETS.find((preset) => preset.name === name)
}

/** A minimal valid UDP frame of `size` bytes without FCS: for tests and "one packet by hand". */
export function sampleFrame(size = 60): Uint8Array {
  return buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4' }, { kind: 'udp', dstPort: 53 }], { size })
}
