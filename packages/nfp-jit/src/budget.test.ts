import { describe, expect, it } from 'vitest'
import { imageBudget } from './budget'
import { loadForDevice } from './device-load'
import { helperCosts, helperCycles } from './helper-cost'
import { FIRMWARE_PROFILES } from './profiles'
import { bytesOfHex } from '../testdata/recorded-inputs'

const firmware = FIRMWARE_PROFILES.shipping

function budget(...insns: string[]): ReturnType<typeof imageBudget> {
  const { image, error } = loadForDevice({
    progType: 'xdp',
    insns: bytesOfHex(insns.join('')),
    maps: [],
    relocs: [],
    firmware,
  })
  if (!image) throw new Error(error)
  return imageBudget(image, firmware)
}

const DROP = ['b700000001000000', '9500000000000000']

describe('budget', () => {
  it('of the smallest program', () => {
    const { code, stack, packet, worst, worstSlots } = budget(...DROP)
    expect([code, stack, packet]).toEqual([
      { used: 26, limit: 2800 },
      { used: 0, limit: 512 },
      { used: 0, limit: 1888 },
    ])
    // Two words at the start, two for r0, a jump of four; then seven words, and a jump with two filled slots (2 + 2).
    expect(worst!.cycles).toBe(2 + 2 + 4 + 7 + 4)
    expect(worstSlots).toEqual([0, 1])
  })

  it('counts what a lookup typically takes in the firmware', () => {
    // r0 = 0; a key on the stack; the map; the lookup; drop.
    const insns = ['b700000000000000', '630afcff00000000', 'bfa2000000000000', '07020000fcffffff']
    const program = {
      insns: bytesOfHex([...insns, '1811000000000000', '0000000000000000', '8500000001000000', ...DROP].join('')),
      maps: [{ type: 'array', key_size: 8, value_size: 8, max_entries: 1 }],
      relocs: [{ insn: 4, map: 0 }],
    } as const
    const narrow = { ...program, maps: [{ ...program.maps[0], key_size: 4 }] }
    const { image, error } = loadForDevice({ progType: 'xdp', firmware, ...narrow })
    if (!image) throw new Error(error)
    expect(helperCycles(1, 4)).toBe(127 + 6 + 3 * 3)
    expect([...helperCosts(image, program).values()]).toEqual([127 + 2 * 6 + 3 * 3])
    const alone = imageBudget(image, firmware)
    const whole = imageBudget(image, firmware, { program: narrow })
    expect(whole.worstHelpers).toBe(142)
    expect(alone.worstHelpers).toBe(0)
    expect(whole.worst!.helpers).toBe(1)
  })

  it('counts waits on the dearest way', () => {
    // r2 = data; r3 = data_end; r4 = r2 + 14; if r4 > r3 goto exit; two reads far apart.
    const insns = [
      '6112000000000000',
      '6113040000000000',
      'bf24000000000000',
      '07040000c8000000',
      '2d34020000000000',
      '7125000000000000',
      '71257f0000000000',
      ...DROP,
    ]
    const { worst, packet, worstSlots } = budget(...insns)
    expect(worst!.swaps).toBe(2)
    expect(packet.used).toBe(127)
    expect(worstSlots).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})
