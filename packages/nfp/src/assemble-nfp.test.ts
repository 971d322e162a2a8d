import { describe, expect, it } from 'vitest'
import path from 'node:path'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { generateWord, seeded } from './generate.testing'
import { NfpSyntaxError, assembleNfp, assembleWord, printWord, wordAt, wordHex, wordsFromHex, wordsOf } from './index'
import type { Word } from './index'

const hex = (word: Word): string => wordHex(wordsOf([word]), 0)
const withoutRelocation = (word: Word): Word => ({ lo: word.lo, hi: word.hi & 0x1fff })

describe('assemble', () => {
  it('gives back 100,000 generated words', () => {
    const seed = 20_261_125
    console.log(`nfp assembler round trip: seed ${seed}`)
    const below = seeded(seed)
    const seen = new Set<string>()
    for (let index = 0; index < 100_000; index++) {
      const word = generateWord(below)
      const text = printWord(word)
      const again = assembleWord(text)
      if (again.lo !== word.lo || again.hi !== word.hi)
        expect(`${text} is ${hex(again)}`).toBe(`${text} is ${hex(word)}`)
      seen.add(text.replace(/[[ ,].*/, ''))
    }
    expect(seen.size).toBeGreaterThan(60)
  })

  it('gives back every word of the recorded programs', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    const seen = new Set<string>()
    for (const file of jsonlFiles(dir)) {
      for (const { nfp } of readJsonl<{ nfp?: string[] }>(file)) for (const word of nfp ?? []) seen.add(word.slice(3))
    }
    for (const digits of seen) {
      const word = withoutRelocation(wordAt(wordsFromHex([`000${digits}`]), 0))
      const text = printWord(word)
      expect(hex(assembleWord(text)), text).toBe(hex(word))
    }
    expect(seen.size).toBeGreaterThan(1000)
  })

  it('gives back the text of every valid recorded word', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    for (const { valid, text } of readJsonl<{ valid: boolean; text: string }>(path.join(dir, 'disasm_words.jsonl'))) {
      if (!valid) continue
      expect(printWord(assembleWord(text)), text).toBe(text)
    }
  })

  it('reads word numbers, comments and empty lines', () => {
    const { words, problems } = assembleNfp(' .0  nop\n\n; a comment\n.10  br[.3], defer[2] ; the end')
    expect(words.map(hex)).toEqual(['000000f0000c0300', '000000d800e08038'])
    expect(problems).toEqual([])
  })

  it('reports every bad line with its number and code', () => {
    const source =
      'alu[gprA_0, gprA_1, +, gprA_2]\nfoo[1]\nnop, no_cc\nalu[gprA_0, gprC_1, +, 0x1]\nbr[.1], defer[3]\nimmed['
    const { words, problems } = assembleNfp(source)
    expect(words).toEqual([])
    expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '0 same-kind',
      '1 instruction',
      '2 suffix',
      '3 operand',
      '4 defer-range',
      '5 syntax',
    ])
    expect(() => assembleWord('alu[--, 0x1, MOD, 0x1]')).toThrow(NfpSyntaxError)
  })
})
