import { describe, expect, it } from 'vitest'
import { buildFrame } from '../frame/build'
import { createRandom } from '../random'
import { dnsQuery, PRESETS } from '../traffic/presets'
import { createTraffic } from '../traffic/source'
import { dissect } from './dissect'

describe('dissect', () => {
  it('names fields with their places', () => {
    const frame = buildFrame([
      { kind: 'ethernet' },
      { kind: 'ipv4', ttl: 7 },
      { kind: 'udp', srcPort: 1000, dstPort: 53 },
      { kind: 'payload', data: dnsQuery('a.example') },
    ])
    const found = dissect(frame)
    expect(found.summary).toBe('10.0.0.1 → 192.168.0.1 DNS query a.example')
    expect(found.layers.map((layer) => [layer.protocol, layer.offset, layer.length])).toEqual([
      ['eth', 0, 14],
      ['ipv4', 14, 20],
      ['udp', 34, 8],
      ['dns', 42, 27],
    ])
    expect(found.layers[1]!.fields.find((field) => field.name === 'Time to live')).toEqual({
      name: 'Time to live',
      text: '7',
      offset: 22,
      length: 1,
    })
    expect(found.layers[2]!.fields.find((field) => field.name === 'Destination port')?.text).toBe('53 (dns)')
  })

  it('sets padding and data apart', () => {
    const arp = dissect(buildFrame([{ kind: 'ethernet' }, { kind: 'arp' }], { size: 60 }))
    expect(arp.layers.map((layer) => layer.protocol)).toEqual(['eth', 'arp', 'padding'])
    expect(arp.info).toBe('Who has 192.168.0.1? Tell 10.0.0.1')
    const short = dissect(
      buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4', totalLength: 30 }, { kind: 'udp', length: 10 }], { size: 60 }),
    )
    expect(short.layers.at(-1)).toMatchObject({ protocol: 'padding', offset: 44, length: 16 })
  })

  it('says what is cut off', () => {
    const frame = buildFrame([{ kind: 'ethernet' }, { kind: 'ipv4' }, { kind: 'tcp' }])
    const found = dissect(frame.subarray(0, 40))
    expect(found.layers.flatMap((layer) => layer.problems)).toEqual([
      'total length 40 is more than the 26 bytes there are',
      'header of 20 bytes is cut off after 6',
    ])
    expect(dissect(new Uint8Array(0)).layers[0]!.problems).toEqual(['header of 14 bytes is cut off after 0'])
  })

  it('reads any bytes, and its fields stay inside the frame (seed 77)', () => {
    const random = createRandom(77)
    for (const { spec } of PRESETS) {
      const source = createTraffic(spec)
      for (let round = 0; round < 500; round++) {
        const frame = source.next()!.data.slice()
        for (let n = random.below(5); n >= 0; n--) frame[random.below(Math.min(frame.length, 80))] = random.u32()
        const cut = frame.subarray(0, random.below(frame.length + 1))
        for (const layer of dissect(cut).layers) {
          expect(layer.offset + layer.length).toBeLessThanOrEqual(cut.length)
          for (const field of layer.fields) expect(field.offset + field.length).toBeLessThanOrEqual(cut.length)
        }
      }
    }
  })
})
