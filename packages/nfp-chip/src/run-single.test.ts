import { describe, expect, it } from 'vitest'
import { verdictOnly } from '../testdata/kernels'
import { START, frames, program } from '../testdata/programs'
import { createChip } from './chip'
import { DEVICES, FIRMWARE_BEHAVIOURS } from './devices'
import { runSingle } from './run-single'

const firmware = FIRMWARE_BEHAVIOURS['full']!

describe('runSingle', () => {
  it('gives exit code, bytes and events of each packet', () => {
    const { words } = program('sends an event')
    const [frame] = frames(1, 0)
    const { packets, events, checks, endless } = runSingle({
      words,
      start: START,
      firmware,
      packets: [frame!.data, frame!.data],
    })
    expect(checks).toEqual([])
    expect(endless).toBe(false)
    expect(packets.map(({ data }) => data)).toEqual([frame!.data, frame!.data])
    // The program stores six words at r10 - 32 and sends 24 bytes of them, without packet bytes.
    const sent = new Uint8Array(Int32Array.of(-120, 15806, -10622465, -474480641, -43, 49664).buffer)
    expect(events.map(({ mapId, data, packet }) => [mapId, data, packet.length])).toEqual([
      [173, sent, 0],
      [173, sent, 0],
    ])
  })

  it('shows maps after the run, elements given before it included', () => {
    const { words, maps } = program('updates a hash element')
    const key = Uint8Array.of(1, 0, 0, 0)
    const value = new Uint8Array(8).fill(7)
    const result = runSingle({
      words,
      start: START,
      firmware,
      maps,
      elements: [{ map: 0, key, value }],
      packets: [new Uint8Array(60)],
    })
    expect(result.maps[0]).toHaveLength(2)
    expect(result.maps[0]).toContainEqual([key, value])
  })

  it('says when a program does not end', () => {
    const words = verdictOnly(START, 0x01f4, 1)
    const { endless, packets } = runSingle({
      words,
      start: START,
      firmware: { ...firmware, tgtDone: 0x01f5 },
      packets: [new Uint8Array(60)],
      maxWords: 1000,
    })
    // Without an address to end at, execution runs out of the program: a machine check, not a hang.
    expect(endless).toBe(false)
    expect(packets[0]?.outcome).toBe('aborted')
  })
})

describe('devices and firmware', () => {
  it.each(Object.keys(DEVICES))('%s runs a packet in every firmware', (name) => {
    for (const behaviour of Object.values(FIRMWARE_BEHAVIOURS)) {
      const chip = createChip(
        { device: DEVICES[name]!, firmware: behaviour, seed: 1, timeModel: 'exact', queues: 2 },
        { members: 1, buckets: 64, recordBytes: 4096, eventBytes: 4096, tier: 'precise' },
      )
      chip.loadProgram(0, { words: verdictOnly(3072, behaviour.tgtDone, 3), start: 3072 })
      chip.offer([{ time: 0, port: 0, data: new Uint8Array(60) }])
      chip.run(Infinity, { untilIdle: true })
      expect(chip.takePackets()[0]?.outcome, behaviour.name).toBe(behaviour.alwaysDrop ? 'drop' : 'tx')
    }
  })

  it('refuse impossible configurations', () => {
    const device = DEVICES['cx-2x40']!
    const config = { device, firmware, seed: 1, timeModel: 'exact', queues: 2 } as const
    expect(() => createChip({ ...config, device: { ...device, contexts: 8 } })).toThrow('8 contexts')
    expect(() => createChip({ ...config, queues: 65 })).toThrow('65 queues')
    const chip = createChip(config)
    expect(() => chip.loadProgram(2, undefined)).toThrow('port 2 of 2')
    expect(() => chip.setIndirection(0, new Uint8Array(128).fill(9))).toThrow('queue 9 of 2')
    expect(() => chip.offer([{ time: 0, port: 5, data: new Uint8Array(60) }])).toThrow('port 5 of 2')
  })
})
