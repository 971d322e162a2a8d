import { deflateSync, strToU8 } from 'fflate'
import { describe, expect, it } from 'vitest'
import { toBase64 } from './base64'
import { defaultDocument } from './default'
import { LINK_LIMITS, decodeLink, encodeLink } from './link'

const pack = (value: unknown): string => '#v1.' + toBase64(deflateSync(strToU8(JSON.stringify(value))), true)

/** Small seeded generator (mulberry32) for the damage below. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

describe('link', () => {
  it('gives the document back', () => {
    const document = {
      ...defaultDocument(),
      title: 'Über 64 Bytes',
      stopAfter: 1000,
      view: { layout: 'jit' as const, breakpoints: [3] },
    }
    const read = decodeLink(encodeLink(document))
    expect(read).toEqual({ ok: true, document })
  })

  it('reads the first link that was ever made', () => {
    // Made by version 1 of the format; must stay readable for ever.
    const old = '#v1.' + toBase64(deflateSync(strToU8(JSON.stringify(defaultDocument()))), true)
    expect(decodeLink(old)).toEqual({ ok: true, document: defaultDocument() })
  })

  it.each([
    ['', /not a link/],
    ['#v2.abc', /version 2/],
    ['#v1.a!', /character does not belong/],
    ['#v1.', /damaged/],
    [pack(17), /document is not an object/],
    [pack({ ...defaultDocument(), version: 9 }), /document\.version is 9/],
    [pack({ ...defaultDocument(), queues: 1e9 }), /queues is 1000000000; it must be from 1 to 64/],
    [
      pack({ ...defaultDocument(), traffic: { kind: 'synthetic', spec: { seed: 1, rate: 5, kinds: [] } } }),
      /kinds is empty/,
    ],
    [pack({ ...defaultDocument(), firmware: 'best' }), /firmware is "best"; it must be one of/],
  ])('says what is wrong with %s', (fragment, message) => {
    const read = decodeLink(fragment)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.error).toMatch(message)
  })

  it('stops a link that unpacks to more than the limit', () => {
    const bomb = pack({ source: 'a'.repeat(LINK_LIMITS.unpackedBytes + 10) })
    expect(bomb.length).toBeLessThan(100_000)
    const read = decodeLink(bomb)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.error).toMatch(/unpacks to more than/)
  })

  it('makes an error text or a document of 1,000 damaged links, never an exception', () => {
    const seed = 20181107
    console.log(`damaged links: seed ${seed}`)
    const next = random(seed)
    const good = encodeLink({ ...defaultDocument(), source: 'r0 = 1\nexit\n'.repeat(30) })
    let refused = 0
    for (let round = 0; round < 1000; round++) {
      const characters = good.split('')
      const cuts = 1 + Math.floor(next() * 4)
      for (let cut = 0; cut < cuts; cut++) {
        const at = Math.floor(next() * characters.length)
        if (next() < 0.3) characters.splice(at, 1 + Math.floor(next() * 20))
        else characters[at] = 'ABCxyz019-_.#%'[Math.floor(next() * 14)]!
      }
      const read = decodeLink(characters.join(''))
      if (!read.ok) {
        refused++
        expect(read.error.length).toBeGreaterThan(10)
      }
    }
    expect(refused).toBeGreaterThan(500)
  })
})
