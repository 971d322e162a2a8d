import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { generateWord, seeded } from './generate.testing'
import {
  RELOCATION,
  assembleWord,
  br,
  classOf,
  cost,
  decodeWord,
  describeWord,
  fieldViews,
  makeWord,
  setRelocation,
  takenCycles,
  wordAt,
  wordsFromHex,
  writeBits,
} from './index'

const sentence = (text: string): string => describeWord(assembleWord(text))

describe('describeWord', () => {
  it.each([
    ['nop', 'Do nothing.'],
    ['alu[gprA_4, gprA_4, +, gprB_2], gpr_wrboth', 'Add A4 and B2, result to A4 and B4.'],
    ['alu[--, gprA_0, -, 0x3]', 'Subtract 3 from A0, only for the flags.'],
    ['alu[gprA_2, --, B, *l$index1[2]]', 'Copy local memory at pointer 1, word 2, result to A2.'],
    [
      'alu[*l$index3++, --, B, $xfer_1]',
      'Copy transfer-in register 1, result to local memory at pointer 3 (then one word up).',
    ],
    ['alu_shf[gprA_0, --, B, gprB_0, <<8], gpr_wrboth', 'Take B0 shifted left by 8, result to A0 and B0.'],
    [
      'dbl_shf[gprA_1, gprA_1, gprB_0, >>24]',
      'Shift the 64 bits of A1 (high) and B0 (low) right by 24, low word, result to A1.',
    ],
    [
      'ld_field[gprA_0, 1100, gprB_2, <<16]',
      'Replace bytes 2 and 3 of A0 by those of B2 shifted left by 16 and keep the others.',
    ],
    ['immed[gprA_4, 0xffff8000]', 'Load 0xffff8000 into A4.'],
    ['immed[--, 0xf80]', 'Make 0xf80 the previous result, for the command that follows.'],
    ['immed_w1[gprB_21, 0xdead]', 'Set the upper half of B21 to 0xdead.'],
    ['beq[.100]', 'If the result was 0, go to word 100.'],
    ['br[.7], defer[2]', 'Always go to word 7, after 2 more words.'],
    ['br_bset[gprA_1, 31, .77]', 'If bit 31 of A1 is 1, go to word 77.'],
    ['rtn[gprB_1], defer[3]', 'Go to the word whose address is in B1, after 3 more words.'],
    ['local_csr_wr[ActLMAddr0, gprA_22]', 'Write A22 to the local register ActLMAddr0.'],
    ['mul_step[gprA_0, --], 32x32_last2', 'Finish the 32x32 multiplication: high word of the product to A0.'],
    [
      'mem[read32_swap, $xfer_0, gprA_20, 0x0, 8], ctx_swap[sig1]',
      'Command read32_swap to mem at A20 + 0, transfer register 0, length 8; sleep until done.',
    ],
    ['ctx_arb[sig1, sig3], br[.5]', 'Sleep until all of signals 1, 3, then go to word 5.'],
  ])('says what %s does', (text, expected) => {
    expect(sentence(text)).toBe(expected)
  })

  it('has a sentence for every class of word', () => {
    const below = seeded(7)
    for (let index = 0; index < 5000; index++) expect(describeWord(generateWord(below))).toMatch(/^[A-Z].*\.$/)
    expect(describeWord(makeWord(0, 0x1fff))).toBe('Not an instruction.')
  })
})

describe('fieldViews', () => {
  it('covers every bit of a word that its class does not fix, once', () => {
    const below = seeded(11)
    for (let index = 0; index < 5000; index++) {
      const word = generateWord(below)
      const layout = classOf(word)!
      const again = makeWord(layout.valueLo, layout.valueHi)
      let last = 64
      for (const { msb, lsb, value } of fieldViews(word)) {
        expect(msb).toBeLessThan(last)
        last = lsb
        writeBits(again, lsb, msb - lsb + 1, value)
      }
      expect(again).toEqual(word)
    }
  })

  it('explains values', () => {
    const views = fieldViews(assembleWord('alu[gprA_4, gprB_1, +carry, gprA_3], gpr_wrboth'))
    const meaning = (name: string): string | undefined => views.find((view) => view.name === name)?.meaning
    expect(meaning('OP')).toBe('operation +carry')
    expect(meaning('A')).toMatch(/gprA_3$/)
    expect(meaning('B')).toMatch(/gprB_1$/)
    expect(meaning('DST')).toMatch(/gprA_4$/)
    expect(meaning('WR_AB')).toBe('write the result to both GPR banks')
    const exit = fieldViews(setRelocation(br('br', 15000), RELOCATION.goOut))[0]
    expect(exit).toEqual({ name: 'RELO', msb: 63, lsb: 56, value: 2, meaning: 'relocation: branch to the normal exit' })
  })
})

describe('cost', () => {
  const of = (text: string): string => {
    const { min, max, memory } = cost(decodeWord(assembleWord(text)))
    return `${min}-${max}${memory ? ' memory' : ''}`
  }
  it.each([
    ['nop', '1-1'],
    ['alu[gprA_0, gprA_0, +, *l$index1]', '1-1'],
    ['beq[.1]', '1-4'],
    ['beq[.1], defer[2]', '1-2'],
    ['br_bset[gprA_1, 31, .77]', '1-3'],
    ['br[.1]', '4-4'],
    ['br[.1], defer[2]', '2-2'],
    ['rtn[gprA_1], defer[3]', '1-1'],
    ['mem[write8_swap, $xfer_0, gprA_4, 0xe, 2], ctx_swap[sig1]', '3-3 memory'],
    ['mem[add_imm, $xfer_0, gprB_5, <<8, gprA_4, 1], indirect_ref', '1-1'],
  ])('of %s is %s', (text, expected) => {
    expect(of(text)).toBe(expected)
  })

  it('never falls below one cycle for a taken branch', () => {
    expect(takenCycles(3, 3)).toBe(1)
  })

  it('is at least one cycle for every word of the vectors', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    for (const file of jsonlFiles(dir).slice(0, 5)) {
      for (const { nfp } of readJsonl<{ nfp?: string[] }>(file)) {
        const words = wordsFromHex(nfp ?? [])
        for (let index = 0; 2 * index < words.length; index++) {
          const { min, max } = cost(decodeWord(wordAt(words, index)))
          expect(min >= 1 && max >= min).toBe(true)
        }
      }
    }
  })
})
