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
    expect(xdpdumpText({ ...sample, data: new Uint8Array(8) })).toBeUndefined()
  })
})
