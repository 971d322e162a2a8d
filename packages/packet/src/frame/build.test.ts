import { describe, expect, it } from 'vitest'
import { formatHex, parseHex } from '../address'
import { internetChecksum } from '../checksum'
import { dissect } from '../dissect/dissect'
import { buildFrame, tryBuildFrame } from './build'
import type { Layer } from './layer'

const problems = (frame: Uint8Array): string[] => dissect(frame).layers.flatMap((layer) => layer.problems)

describe('buildFrame', () => {
  it('writes the IPv4 header example of RFC 1071 style by hand', () => {
    const frame = buildFrame([
      { kind: 'ethernet', dst: '00:00:5e:00:53:01', src: '00:00:5e:00:53:02' },
      {
        kind: 'ipv4',
        src: '192.168.0.1',
        dst: '192.168.0.199',
        tos: 0,
        id: 0,
        dontFragment: true,
        ttl: 64,
        totalLength: 115,
        protocol: 17,
      },
    ])
    // Header with the checksum that is worked out in the usual textbook example (b861).
    expect(formatHex(frame)).toBe('00005e00530100005e0053020800' + '4500007300004000' + '4011b861' + 'c0a80001c0a800c7')
  })

  it('computes UDP, TCP, ICMP and ICMPv6 checksums that the dissector confirms', () => {
    const stacks: Layer[][] = [
      [{ kind: 'ethernet' }, { kind: 'ipv4' }, { kind: 'udp' }],
      [{ kind: 'ethernet' }, { kind: 'ipv6' }, { kind: 'udp' }],
      [
        { kind: 'ethernet' },
        { kind: 'vlan', id: 7 },
        { kind: 'ipv4', options: Uint8Array.of(7, 3, 4) },
        { kind: 'tcp', flags: 2, options: Uint8Array.of(2, 4, 5, 180) },
      ],
      [{ kind: 'ethernet' }, { kind: 'vlan', id: 1 }, { kind: 'vlan', id: 2 }, { kind: 'ipv6' }, { kind: 'tcp' }],
      [{ kind: 'ethernet' }, { kind: 'ipv4' }, { kind: 'icmp' }],
      [{ kind: 'ethernet' }, { kind: 'ipv6' }, { kind: 'icmp' }],
      [{ kind: 'ethernet' }, { kind: 'ipv6' }, { kind: 'ipv4' }, { kind: 'tcp' }],
      [
        { kind: 'ethernet' },
        { kind: 'ipv4' },
        { kind: 'gre', key: 5, sequence: 6, checksum: true },
        { kind: 'ipv4' },
        { kind: 'udp' },
      ],
      [
        { kind: 'ethernet' },
        { kind: 'ipv4' },
        { kind: 'udp' },
        { kind: 'vxlan', vni: 99 },
        { kind: 'ethernet' },
        { kind: 'ipv6' },
        { kind: 'udp' },
      ],
      [{ kind: 'ethernet' }, { kind: 'arp' }],
    ]
    for (const stack of stacks) {
      for (const size of [0, 99, 100, 1514]) {
        const frame = buildFrame(stack, { size, fill: (i) => i * 37 })
        expect(problems(frame), formatHex(frame)).toEqual([])
        const kinds = dissect(frame)
          .layers.map((layer) => layer.protocol)
          .filter((name) => name !== 'data' && name !== 'padding')
        const names = { ethernet: 'eth', payload: 'data' } as Record<string, string>
        expect(kinds.map((kind) => kind.replace('icmpv6', 'icmp'))).toEqual(
          stack.map((layer) => names[layer.kind] ?? layer.kind),
        )
      }
    }
  })

  it('marks QinQ by its own tag type', () => {
    const frame = buildFrame([{ kind: 'ethernet' }, { kind: 'vlan', id: 1 }, { kind: 'vlan', id: 2 }, { kind: 'ipv4' }])
    expect(formatHex(frame.subarray(12, 22))).toBe('88a80001810000020800')
  })

  it('writes wrong and absent checksums when asked', () => {
    const bad = buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4', checksum: 'bad' }, { kind: 'udp', checksum: 'bad' }])
    expect(problems(bad)).toEqual(['header checksum is wrong', 'checksum is wrong'])
    const none = buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4' }, { kind: 'udp', checksum: 'none' }])
    expect(problems(none)).toEqual([])
    expect(internetChecksum(none, 14, 34)).toBe(0)
  })

  it('names the layer that cannot be written', () => {
    expect(tryBuildFrame([{ kind: 'ethernet' }, { kind: 'ipv4', src: '10.0.0.256' }])).toEqual({
      ok: false,
      error: { message: '"10.0.0.256" is no IPv4 address', layer: 1 },
    })
    expect(tryBuildFrame([{ kind: 'ethernet', dst: 'x' }])).toMatchObject({ ok: false, error: { layer: 0 } })
    expect(tryBuildFrame([{ kind: 'ethernet' }, { kind: 'vlan', id: 4096 }])).toMatchObject({
      ok: false,
      error: { layer: 1 },
    })
    expect(parseHex('0x12 34:56')).toEqual(Uint8Array.of(0x12, 0x34, 0x56))
    expect(parseHex('123')).toBeUndefined()
  })
})
