import { describe, expect, it } from 'vitest'
import { formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from './address'

describe('addresses', () => {
  it.each([
    ['2001:db8::1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('IPv6 %s reads and prints as %s', (text, canonical) => {
    expect(formatIpv6(parseIpv6(text)!)).toBe(canonical)
  })

  it.each(['', ':', ':::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', 'g::', '12345::', '::1.2.3'])(
    'IPv6 %j is refused',
    (text) => {
      expect(parseIpv6(text)).toBeUndefined()
    },
  )

  it('reads MAC and IPv4, and refuses what is neither', () => {
    expect(formatMac(parseMac('02:0:AB-00:00:01'.replace('-', ':'))!)).toBe('02:00:ab:00:00:01')
    expect(parseMac('02:00:00:00:00')).toBeUndefined()
    expect(parseIpv4('1.2.3.4')).toEqual(Uint8Array.of(1, 2, 3, 4))
    for (const bad of ['1.2.3', '1.2.3.4.5', '1.2.3.x', '1.2.3.', '300.1.1.1']) expect(parseIpv4(bad)).toBeUndefined()
  })
})
