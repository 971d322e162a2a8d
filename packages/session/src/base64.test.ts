import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64 } from './base64'

describe('base64', () => {
  it('equals the platform for any bytes, in both alphabets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(toBase64(bytes, true)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
        expect(fromBase64(toBase64(bytes, true))).toEqual(bytes)
      }),
    )
  })

  it('refuses characters that do not belong and impossible lengths', () => {
    expect(fromBase64('ab!d')).toBeUndefined()
    expect(fromBase64('abcdé')).toBeUndefined()
    expect(fromBase64('a')).toBeUndefined()
  })
})
