/** Limits of maps and ports, in the driver's order and words. */
import { describe, expect, it } from 'vitest'
import { checkAttach, checkMtuChange } from './attach-limits'
import { driverMapRefusal, kernelMapErrno } from './map-limits'
import { FIRMWARE_PROFILES } from './profiles'

const { full, headmeta, nohelp, nomaps, shipping } = FIRMWARE_PROFILES
const map = { type: 'hash', key_size: 4, value_size: 8, max_entries: 8 } as const
const empty = { maps: 0, elements: 0 }

describe('maps', () => {
  it.each([
    [nomaps, map, empty, 95, ''],
    [full, { ...map, map_flags: 1 }, empty, 22, 'map flags are not supported'],
    [nohelp, { ...map, type: 'array' }, empty, 95, 'map type not supported'],
    [headmeta, map, { maps: 2, elements: 0 }, 12, 'too many maps for a device'],
    [
      headmeta,
      { ...map, max_entries: 524 },
      { maps: 1, elements: 600 },
      12,
      'map with too many elements: 524, left: 424',
    ],
    [
      full,
      { ...map, key_size: 64, value_size: 65 },
      empty,
      12,
      'map elements too large: 136, FW max element size (key+value): 128',
    ],
    [full, { ...map, key_size: 66 }, empty, 12, 'map key size 66, FW max is 64'],
    [full, { ...map, value_size: 103 }, empty, 12, 'map value size 103, FW max is 64'],
  ] as const)('of %#', (firmware, definition, inUse, errno, text) => {
    expect(driverMapRefusal(definition, firmware, inUse)).toMatchObject({ errno, text })
  })

  it('that fit are made', () => {
    expect(driverMapRefusal(map, shipping, empty)).toBeUndefined()
  })

  it('of other kinds are the kernel’s to refuse', () => {
    expect(kernelMapErrno({ ...map, type: 'lru_hash' })).toBe(22)
    expect(kernelMapErrno({ ...map, type: 'array', key_size: 8 })).toBe(22)
    expect(kernelMapErrno(map)).toBe(0)
  })
})

describe('ports', () => {
  const image = { maxPktOffset: 100, stackSize: 64, words: new Uint32Array(200) }

  it('take what fits', () => {
    expect(checkAttach(image, full)).toBeUndefined()
  })

  it('look at reach, stack and length in this order', () => {
    const port = { ...full, inlineMtu: 99, stackSize: 0, maxLen: 10 }
    expect(checkAttach(image, port)?.text).toContain('beyond HW packet split boundary')
    expect(checkAttach(image, { ...port, inlineMtu: 100 })?.text).toBe('stack too large')
    expect(checkAttach(image, { ...port, inlineMtu: 100, stackSize: 64 })?.text).toBe('program too long')
  })

  it('compare with the MTU where that is smaller', () => {
    const reaching = { ...image, maxPktOffset: 5000 }
    expect(checkAttach(reaching, full, 1500)).toBeUndefined()
    expect(checkAttach(reaching, full, 9000)?.errno).toBe(95)
    expect(checkMtuChange(reaching, full, 9000)).toEqual({
      errno: 16,
      text: 'BPF offload active, potential packet access beyond hardware packet boundary',
    })
  })
})
