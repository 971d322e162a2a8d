import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { eccMatches, eccOf, firstEccMismatch, makeWord, withEcc, wordAt, wordHex, wordsFromHex, wordsOf } from './index'

describe('ECC', () => {
  // nfp-isa.md, section 13
  it.each([
    ['00f0000c0300', '000000f0000c0300'],
    ['02f0012cd015', '000802f0012cd015'],
    ['08a023060400', '000348a023060400'],
    ['0cc003001058', '00084cc003001058'],
    ['105c1e088014', '0000305c1e088014'],
  ])('gives the store image of %s', (instruction, image) => {
    const word = wordAt(wordsFromHex([instruction.padStart(16, '0')]), 0)
    expect(wordHex(wordsOf([withEcc(word)]), 0)).toBe(image)
    expect(eccMatches(withEcc(word))).toBe(true)
  })

  it('notices every single flipped bit of instruction and code', () => {
    const stored = withEcc(makeWord(0x012cd015, 0x02f0))
    for (let bit = 0; bit < 64; bit++) {
      const flipped =
        bit < 32 ? makeWord(stored.lo ^ (1 << bit), stored.hi) : makeWord(stored.lo, stored.hi ^ (1 << (bit - 32)))
      expect(eccMatches(flipped), `bit ${bit}`).toBe(false)
    }
  })

  it('is linear: the code of a sum is the sum of the codes', () => {
    expect(eccOf(0x12345678 ^ 0x0badcafe, 0x1abc ^ 0x0123)).toBe(eccOf(0x12345678, 0x1abc) ^ eccOf(0x0badcafe, 0x0123))
  })

  it('is that of every relocated word of the vectors', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    let count = 0
    for (const file of jsonlFiles(dir)) {
      for (const { id, nfp_relocated } of readJsonl<{ id?: string; nfp_relocated?: string[] }>(file)) {
        if (!nfp_relocated) continue
        expect(firstEccMismatch(wordsFromHex(nfp_relocated)), id).toBe(-1)
        count += nfp_relocated.length
      }
    }
    expect(count).toBeGreaterThan(100_000)
  })
})
