import { buildFrame } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { xdpdumpText } from './xdpdump'

describe('xdpdump', () => {
  it('prints an event as the demonstration does', () => {
    const data = new Uint8Array(48)
    data.set([10, 0, 0, 2], 0)
    data.set([10, 0, 0, 1], 16)
    const view = new DataView(data.buffer)
    view.setUint16(32, 9203)
    view.setUint16(36, 0x0800, true)
    view.setUint16(38, 6, true)
    view.setUint16(40, 6, true)
    view.setUint32(44, 437_136_853)
    const packet = Uint8Array.from({ length: 20 }, (_, i) => i)
    const sample = { time: 28_228_714_182_000, cpu: 0, mapId: 1, data, packet }
    expect(xdpdumpText(sample)).toBe('28228.714182 IP 10.0.0.2:9203 > 10.0.0.1:0 TCP seq 437136853, length 6\n')
    expect(xdpdumpText(sample, true)).toBe(
      '28228.714182 IP 10.0.0.2:9203 > 10.0.0.1:0 TCP seq 437136853, length 6\n\t0001 0203 0405 0607 0809 0a0b 0c0d 0e0f\n\t1011 1213 \n',
    )
    expect(xdpdumpText({ ...sample, data: new Uint8Array(8), packet: new Uint8Array(0) })).toBeUndefined()
  })

  it('reads the packet where the data is a record of another kind', () => {
    const data = Uint8Array.of(1, 2, 3, 4)
    const line = (layers: Parameters<typeof buildFrame>[0]): string | undefined =>
      xdpdumpText({ time: 1e9, data, packet: buildFrame(layers, { size: 80 }) })
    const ethernet = { kind: 'ethernet' } as const
    expect(
      line([ethernet, { kind: 'ipv4', src: '10.0.0.9', dst: '10.0.0.1' }, { kind: 'udp', srcPort: 7, dstPort: 53 }]),
    ).toBe('1.000000 IP 10.0.0.9:7 > 10.0.0.1:53 UDP, length 46\n')
    expect(
      line([ethernet, { kind: 'ipv6', src: 'fd00::1', dst: 'fd00::2' }, { kind: 'tcp', srcPort: 80, seq: 5 }]),
    ).toMatch(/^1\.000000 IP6 fd00::1:80 > fd00::2:\d+ TCP seq 5, length 26\n$/)
    expect(line([ethernet, { kind: 'arp' }])).toMatch(/^1\.000000 ARP /)
  })
})
