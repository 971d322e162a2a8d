import { describe, expect, it } from 'vitest'
import { formatHex } from '../address'
import { dissect } from '../dissect/dissect'
import { createRandom } from '../random'
import { buildFrame } from './build'
import type { Layer } from './layer'
import { repairFrame } from './repair'

const ETHERNET: Layer = { kind: 'ethernet' }
const STACKS: readonly (readonly Layer[])[] = [
  [ETHERNET, { kind: 'ipv4' }, { kind: 'udp', dstPort: 53 }],
  [ETHERNET, { kind: 'vlan', id: 7 }, { kind: 'ipv4' }, { kind: 'tcp', dstPort: 443 }],
  [ETHERNET, { kind: 'ipv4' }, { kind: 'icmp', type: 8 }],
  [ETHERNET, { kind: 'ipv6' }, { kind: 'icmp', type: 128 }],
  [ETHERNET, { kind: 'ipv6' }, { kind: 'ipv4' }, { kind: 'udp', dstPort: 9 }],
  [
    ETHERNET,
    { kind: 'ipv4' },
    { kind: 'udp', dstPort: 4789 },
    { kind: 'vxlan', vni: 5 },
    ETHERNET,
    { kind: 'ipv4' },
    { kind: 'tcp' },
  ],
]

describe('repairing frames', () => {
  it('leaves a right frame alone', () => {
    for (const layers of STACKS) {
      const frame = buildFrame(layers, { size: 160, fill: (i) => i })
      expect(formatHex(repairFrame(frame))).toBe(formatHex(frame))
    }
  })

  it('makes a changed one right (seed 3)', () => {
    const random = createRandom(3)
    for (let round = 0; round < 300; round++) {
      const frame = buildFrame(STACKS[round % STACKS.length]!, { size: 160, fill: (i) => i })
      // The last bytes are payload in every stack.
      frame[frame.length - 1 - random.below(30)] = random.u32()
      const longer = new Uint8Array(frame.length + random.below(20))
      longer.set(frame)
      expect(dissect(repairFrame(longer)).layers.flatMap((layer) => layer.problems)).toEqual([])
    }
  })

  it('takes any bytes (seed 4)', () => {
    const random = createRandom(4)
    for (let round = 0; round < 3000; round++) {
      const frame = buildFrame(STACKS[round % STACKS.length]!, { size: 100 }).slice(0, 14 + random.below(90))
      for (let i = 0; i < 4; i++) frame[random.below(frame.length)] = random.u32()
      expect(repairFrame(frame)).toHaveLength(frame.length)
    }
  })
})
