import { describe, expect, it } from 'vitest'
import { buildCapabilities, parseCapabilities } from './capabilities'
import { FIRMWARE_PROFILES } from './profiles'

/** One record: type, length, value words. */
const record = (type: number, ...value: number[]): number[] => [type, 4 * value.length, ...value]

function bytes(words: number[], extra: number[] = []): Uint8Array {
  const made = new Uint8Array(4 * words.length + extra.length)
  const view = new DataView(made.buffer)
  words.forEach((value, i) => view.setUint32(4 * i, value, true))
  made.set(extra, 4 * words.length)
  return made
}

describe('capability records', () => {
  it.each(Object.values(FIRMWARE_PROFILES))('of $name are read back as written', (profile) => {
    const { errno, capabilities, messages } = parseCapabilities(buildCapabilities(profile))
    expect(errno).toBe(0)
    expect(messages).toEqual([])
    expect(profile).toMatchObject(capabilities)
  })

  it('may be absent: version 2 and nothing else', () => {
    const { errno, capabilities } = parseCapabilities(new Uint8Array(0))
    expect([errno, capabilities.abiVersion, capabilities.maps.types, capabilities.random]).toEqual([0, 2, 0, false])
  })

  it.each([
    ['function', record(1, 5)],
    ['adjust_head', record(2, 1, 2, 3)],
    ['maps', record(3, 6)],
    ['ABI version', record(7)],
  ])('that are too short are named: %s', (name, words) => {
    const { errno, messages } = parseCapabilities(bytes(words))
    expect(errno).toBe(22)
    expect(messages).toEqual([
      `truncated ${name} TLV: ${4 * (words.length - 2)}`,
      'invalid BPF capabilities at offset:8',
    ])
  })

  it('with off_min above off_max fail the probe', () => {
    const { errno, messages } = parseCapabilities(bytes(record(2, 1, 50, 40, 0, 0)))
    expect([errno, messages[0]]).toEqual([22, 'invalid adjust_head TLV: min > max'])
  })

  it('with offsets that are no 8-bit immediates switch adjust_head off', () => {
    const { errno, capabilities, messages } = parseCapabilities(bytes(record(2, 1, 50, 256, 1, 1)))
    expect(errno).toBe(0)
    expect(capabilities.adjustHead.offMax).toBe(0)
    expect(messages).toEqual(['disabling adjust_head - driver expects min/max to fit in as immediates'])
  })

  it('of unknown type are read over', () => {
    const { errno, capabilities, messages } = parseCapabilities(bytes([...record(99, 1), ...record(4)]))
    expect([errno, capabilities.random, messages]).toEqual([0, true, ['unknown BPF capability: 99']])
  })

  it('of an unknown ABI version make the firmware unusable', () => {
    const { errno, capabilities, messages } = parseCapabilities(bytes(record(7, 4)))
    expect([errno, capabilities.abiVersion, messages]).toEqual([0, 0, ['unsupported BPF ABI version: 4']])
  })

  it('must fill the symbol', () => {
    const { errno, messages } = parseCapabilities(bytes(record(4), [0, 0]))
    expect(errno).toBe(22)
    expect(messages[0]).toBe('BPF capabilities left after parsing, parsed:8 total length:10')
  })
})
