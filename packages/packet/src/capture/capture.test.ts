import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { vectorsDir } from '../../../tooling/vectors'
import { formatHex } from '../address'
import { mutatedCaptures } from '../testing/mutated-captures'
import { createTraffic } from '../traffic/source'
import { PRESETS, sampleFrame } from '../traffic/presets'
import { writePcap } from './pcap'
import { writePcapng } from './pcapng'
import { readCapture, replayCapture } from './replay'
import type { Capture } from './types'

const frames = [sampleFrame(60), sampleFrame(61), sampleFrame(1514)]
const packets = frames.map((data, i) => ({ data, seconds: 1_700_000_000 + i, nanos: 123_456_789 }))

function read(bytes: Uint8Array): Capture {
  const result = readCapture(bytes)
  if (!result.ok) throw new Error(result.error.message)
  return result.capture
}

describe('pcap', () => {
  it.each([{}, { micro: true }, { bigEndian: true }, { micro: true, bigEndian: true }])(
    'reads back what it writes: %j',
    (options) => {
      const capture = read(writePcap(packets, options))
      expect(capture.packets.map((packet) => formatHex(packet.data))).toEqual(frames.map(formatHex))
      expect(capture.packets.map((packet) => packet.seconds)).toEqual([1_700_000_000, 1_700_000_001, 1_700_000_002])
      expect(capture.packets[0]!.nanos).toBe(options.micro ? 123_456_000 : 123_456_789)
    },
  )

  it('keeps the packets before a cut, and says where it is', () => {
    const whole = writePcap(packets)
    const capture = read(whole.subarray(0, whole.length - 1))
    expect(capture.packets.length).toBe(2)
    expect(capture.truncated).toEqual({
      message: 'packet 3 needs 1514 bytes, the file has 1513 more',
      offset: whole.length - 1514,
    })
  })

  it('refuses what is no capture', () => {
    expect(readCapture(new Uint8Array(0))).toEqual({ ok: false, error: { message: 'the file is empty', offset: 0 } })
    expect(readCapture(Uint8Array.of(1, 2, 3, 4, 5))).toMatchObject({ ok: false, error: { offset: 0 } })
    expect(readCapture(writePcap(packets).subarray(0, 20))).toMatchObject({ ok: false, error: { offset: 20 } })
    const huge = writePcap(packets)
    new DataView(huge.buffer).setUint32(24 + 8, 0x7fffffff, true)
    expect(readCapture(huge)).toMatchObject({ ok: false, error: { offset: 32 } })
  })
})

describe('pcapng', () => {
  it('reads back packets with queue, XDP action, direction, comment and interface', () => {
    const capture = read(
      writePcapng(
        packets.map((packet, i) => ({
          ...packet,
          interface: i % 2,
          queue: 40 + i,
          xdpAction: i,
          direction: 'in',
          comment: `Paket № ${i} 🙂`,
        })),
        { interfaces: ['eth0', 'eth1'] },
      ),
    )
    expect(capture.interfaces.map((one) => one.name)).toEqual(['eth0', 'eth1'])
    expect(capture.packets.map(({ data, ...rest }) => ({ ...rest, hex: formatHex(data) }))).toEqual(
      packets.map((packet, i) => ({
        seconds: packet.seconds,
        nanos: packet.nanos,
        hex: formatHex(packet.data),
        originalLength: packet.data.length,
        linkType: 1,
        interface: i % 2,
        queue: 40 + i,
        xdpAction: i,
        direction: 'in',
        comment: `Paket № ${i} 🙂`,
      })),
    )
  })

  it('reads big-endian sections, 2^-n ticks, offsets, simple and old packets', () => {
    const bytes: number[] = []
    const u32 = (...values: number[]): void =>
      values.forEach((v) => bytes.push((v >>> 24) & 255, (v >>> 16) & 255, (v >>> 8) & 255, v & 255))
    u32(0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00010000, 0xffffffff, 0xffffffff, 28)
    // Interface: Ethernet, snap 65535, tsresol 2^-10, tsoffset 100 s.
    u32(1, 44, 0x00010000, 65535, 0x00090001, 0x8a000000, 0x000e0008, 0, 100, 0, 44)
    u32(6, 36, 0, 0, 1536, 4, 60, 0xaabbccdd, 36)
    u32(3, 20, 4, 0x11223344, 20)
    u32(2, 36, 0x00000000, 0, 1024, 4, 4, 0x55667788, 36)
    const capture = read(Uint8Array.from(bytes))
    expect(
      capture.packets.map((packet) => [packet.seconds, packet.nanos, formatHex(packet.data), packet.originalLength]),
    ).toEqual([
      [101, 500_000_000, 'aabbccdd', 60],
      [0, 0, '11223344', 4],
      [101, 0, '55667788', 4],
    ])
  })

  it('names the byte of what is malformed', () => {
    const good = writePcapng(packets)
    const change = (at: number, value: number): Uint8Array => {
      const copy = good.slice()
      new DataView(copy.buffer).setUint32(at, value, true)
      return copy
    }
    expect(readCapture(change(8, 0))).toEqual({
      ok: false,
      error: { message: 'section header without byte-order magic', offset: 8 },
    })
    expect(readCapture(change(4, 13))).toMatchObject({ ok: false, error: { offset: 4 } })
    expect(readCapture(good.subarray(0, 10))).toMatchObject({
      ok: true,
      capture: { packets: [], truncated: { offset: 0 } },
    })
  })
})

describe('malformed captures', () => {
  it('never throws on mutated files (seed 20)', () => {
    const next = mutatedCaptures(packets, 20)
    let accepted = 0
    for (let round = 0; round < 10_000; round++) {
      const copy = next()
      const result = readCapture(copy)
      if (result.ok) {
        accepted++
        const replay = replayCapture(result.capture)
        for (let frame = replay.next(); frame; frame = replay.next())
          expect(frame.data.length).toBeGreaterThanOrEqual(14)
      } else {
        expect(result.error.offset).toBeGreaterThanOrEqual(0)
        expect(result.error.offset).toBeLessThanOrEqual(copy.length)
      }
    }
    expect(accepted).toBeGreaterThan(1000)
    expect(accepted).toBeLessThan(10_000)
  })
})

describe('replayCapture', () => {
  it('keeps, scales or evens out the times, and loops', () => {
    const capture = read(writePcap(packets))
    const times = (options: Parameters<typeof replayCapture>[1], n: number): (number | undefined)[] => {
      const source = replayCapture(capture, options)
      return Array.from({ length: n }, () => source.next()?.time)
    }
    expect(times({}, 4)).toEqual([0, 1e9, 2e9, undefined])
    expect(times({ timeScale: 0.5 }, 3)).toEqual([0, 5e8, 1e9])
    expect(times({ rate: 1e6 }, 3)).toEqual([0, 1000, 2000])
    expect(times({ loop: true, count: 5 }, 6)).toEqual([0, 1e9, 2e9, 3e9, 4e9, undefined])
  })

  it('plays a generated capture byte for byte', () => {
    const source = createTraffic({ ...PRESETS[1]!.spec, count: 50 })
    const made = Array.from({ length: 50 }, () => source.next()!)
    const replay = replayCapture(read(writePcapng(made)))
    expect(Array.from({ length: 50 }, () => formatHex(replay.next()!.data))).toEqual(
      made.map((frame) => formatHex(frame.data)),
    )
  })

  const dir = vectorsDir('pcap')
  it.skipIf(dir === undefined)('reads the real capture: 20,000 frames of 116 bytes', () => {
    const capture = read(new Uint8Array(readFileSync(join(dir!, 'traffic_IPIP.pcap'))))
    expect(capture.packets.length).toBe(20_000)
    expect(capture.packets.every((packet) => packet.data.length === 116)).toBe(true)
  })
})
