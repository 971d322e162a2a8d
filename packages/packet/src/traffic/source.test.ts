import { describe, expect, it } from 'vitest'
import { formatHex } from '../address'
import { dissect } from '../dissect/dissect'
import { PRESETS } from './presets'
import { lineRate, packetsForLineShare } from './rate'
import { createTraffic, trafficProblems } from './source'
import type { FlowKind, TimedFrame, TrafficSpec } from '../api'

function take(spec: TrafficSpec, count: number): TimedFrame[] {
  const source = createTraffic(spec)
  return Array.from({ length: count }, () => source.next()!)
}

const udp: FlowKind = { weight: 1, l3: 'ipv4', l4: 'udp', flows: 10, size: 60 }

describe('createTraffic', () => {
  it('gives the same frames for the same spec, others for another seed', () => {
    for (const { spec } of PRESETS) {
      const text = (frames: readonly TimedFrame[]): string =>
        frames.map((frame) => `${frame.time} ${formatHex(frame.data)}`).join('\n')
      expect(text(take(spec, 200))).toBe(text(take(spec, 200)))
      expect(text(take(spec, 200))).not.toBe(text(take({ ...spec, seed: spec.seed + 1 }, 200)))
    }
  })

  it('keeps its frames for ever: this hash must not change, links depend on it', () => {
    let hash = 0x811c9dc5
    for (const { spec } of PRESETS) {
      for (const frame of take(spec, 500))
        for (const byte of frame.data) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
    }
    expect(hash.toString(16)).toMatchInlineSnapshot(`"ae9d70f2"`)
  })

  it('sends well-formed frames of every kind, in all sizes and tunnels', () => {
    const kinds: FlowKind[] = []
    for (const l3 of ['ipv4', 'ipv6', 'arp', 'ipip'] as const) {
      for (const l4 of ['udp', 'tcp', 'icmp', 'none'] as const) {
        for (const tunnel of [undefined, 'ipip', 'gre', 'vxlan'] as const) {
          for (const outer of ['ipv4', 'ipv6'] as const) {
            for (const size of [60, 131, 1514])
              kinds.push({
                weight: 1,
                l3,
                l4,
                flows: 50,
                size,
                outer,
                payload: 'random',
                ...(tunnel && { tunnel }),
                ...(size === 131 && { vlan: 5, outerVlan: 6 }),
              })
          }
        }
      }
    }
    for (const kind of kinds) {
      for (const frame of take({ seed: 9, rate: 1000, kinds: [kind] }, 8)) {
        const found = dissect(frame.data)
        expect(
          found.layers.flatMap((layer) => layer.problems),
          `${JSON.stringify(kind)} ${formatHex(frame.data)}`,
        ).toEqual([])
        expect(frame.data.length).toBeGreaterThanOrEqual(kind.size as number)
      }
    }
  })

  it('sends deliberately wrong checksums', () => {
    for (const badChecksum of ['ip', 'l4'] as const) {
      const [frame] = take({ seed: 1, rate: 1, kinds: [{ ...udp, badChecksum }] }, 1)
      expect(dissect(frame!.data).layers.flatMap((layer) => layer.problems)).toEqual([
        badChecksum === 'ip' ? 'header checksum is wrong' : 'checksum is wrong',
      ])
    }
  })

  it('has as many flows as asked for, and uses address ranges', () => {
    const flows = new Set(take({ seed: 3, rate: 1, kinds: [udp] }, 500).map((frame) => dissect(frame.data).summary))
    expect(flows.size).toBe(10)
    const ranged = take(
      { seed: 3, rate: 1, kinds: [{ ...udp, flows: 1000, src: '1.2.3.4', dst: { from: '10.1.255.255', count: 3 } }] },
      300,
    )
    expect(new Set(ranged.map((frame) => dissect(frame.data).source))).toEqual(new Set(['1.2.3.4']))
    expect(new Set(ranged.map((frame) => dissect(frame.data).destination))).toEqual(
      new Set(['10.1.255.255', '10.2.0.0', '10.2.0.1']),
    )
  })

  it('mixes kinds and sizes by weight', () => {
    const spec: TrafficSpec = {
      seed: 4,
      rate: 1,
      kinds: [
        {
          ...udp,
          weight: 3,
          size: [
            [60, 1],
            [100, 3],
          ],
        },
        { ...udp, weight: 1, l4: 'tcp' },
      ],
    }
    const frames = take(spec, 8000)
    const share = (test: (frame: TimedFrame) => boolean): number => frames.filter(test).length / frames.length
    expect(share((frame) => dissect(frame.data).protocol === 'TCP')).toBeCloseTo(0.25, 1)
    expect(share((frame) => frame.data.length === 100)).toBeCloseTo(0.5625, 1)
  })

  it('keeps the mean rate: even, poisson, bursts; ports take turns; count ends it', () => {
    for (const extra of [
      {},
      { poisson: true },
      { burst: { size: 8, gap: 1 } },
      { burst: { size: 8, gap: 1 }, poisson: true },
    ]) {
      const frames = take({ seed: 5, rate: 1e6, kinds: [udp], ports: [0, 1], ...extra }, 20_001)
      expect(frames.at(-1)!.time / 20_000).toBeGreaterThan(960)
      expect(frames.at(-1)!.time / 20_000).toBeLessThan(1040)
      frames.forEach((frame, i) => expect(frame.time >= (frames[i - 1]?.time ?? 0)).toBe(true))
      expect(frames.filter((frame) => frame.port === 1).length).toBeGreaterThan(9990)
    }
    const source = createTraffic({ seed: 1, rate: 1, kinds: [udp], count: 2 })
    expect([source.next(), source.next(), source.next()].map((frame) => frame !== undefined)).toEqual([
      true,
      true,
      false,
    ])
  })

  it('keeps a kind to its port when it names one', () => {
    const frames = take(
      {
        seed: 6,
        rate: 1,
        kinds: [
          { ...udp, port: 1, size: 61 },
          { ...udp, size: 62 },
        ],
        ports: [0, 2],
      },
      200,
    )
    expect(new Set(frames.filter((frame) => frame.data.length === 61).map((frame) => frame.port))).toEqual(new Set([1]))
    expect(new Set(frames.filter((frame) => frame.data.length === 62).map((frame) => frame.port))).toEqual(
      new Set([0, 2]),
    )
  })

  it('gives the same stream in batches', () => {
    const { spec } = PRESETS.find((preset) => preset.name === 'web')!
    const single = take(spec, 100)
    const source = createTraffic(spec)
    const batches = [source.nextBatch(40), source.nextBatch(60)]
    const all = batches.flatMap((batch) =>
      Array.from({ length: batch.count }, (_, i) => ({
        time: batch.times[i],
        port: batch.ports[i],
        hex: formatHex(batch.bytes.subarray(batch.offsets[i], batch.offsets[i + 1])),
      })),
    )
    expect(all).toEqual(single.map((frame) => ({ time: frame.time, port: frame.port, hex: formatHex(frame.data) })))
  })

  it('names what is wrong with a spec, and plays nothing of it', () => {
    expect(trafficProblems({ seed: 1, rate: 0, kinds: [] }).map((problem) => problem.path)).toEqual(['rate', 'kinds'])
    const bad: TrafficSpec = { seed: 1, rate: 1, kinds: [{ ...udp, src: 'nowhere' }] }
    expect(trafficProblems(bad)).toEqual([
      { path: 'kinds[0]', message: 'cannot be built at 60 bytes: an address, port or tag is out of range' },
    ])
    expect(createTraffic(bad).next()).toBeUndefined()
    for (const { spec } of PRESETS) expect(trafficProblems(spec)).toEqual([])
  })
})

describe('line rate', () => {
  it('is that of the table: 64 B at 10G 14.881 Mpps, 1518 B at 40G 3.251 Mpps', () => {
    expect(lineRate(60, 10) / 1e6).toBeCloseTo(14.881, 3)
    expect(lineRate(1514, 40) / 1e6).toBeCloseTo(3.251, 3)
    expect(packetsForLineShare([udp], 0.5, 40) / 1e6).toBeCloseTo(29.762, 3)
  })
})
