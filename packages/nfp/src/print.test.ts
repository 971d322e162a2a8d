import { describe, expect, it } from 'vitest'
import path from 'node:path'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { disassemble, wordsFromHex } from './index'

const text = (hex: string): string => disassemble(wordsFromHex([hex.padStart(16, '0')]))[0]!

describe('disassemble', () => {
  it.each([
    ['00f0000c0300', 'nop'],
    ['02f0012cd015', 'immed[gprA_21, 0x1234], gpr_wrboth'],
    ['00f44de057ad', 'immed_w1[gprB_21, 0xdead]'],
    ['00f087fffc04', 'immed[gprA_4, 0xffff8000]'],
    ['02f2012c0002', 'immed[gprA_2, 0x1200, <<8], gpr_wrboth'],
    ['00aaf0000002', 'alu[--, gprB_0, -, gprA_2]'],
    ['08a023060400', 'alu[*l$index3++, --, B, $xfer_1]'],
    ['028180100301', 'dbl_shf[gprA_1, gprA_1, gprB_0, >>24], gpr_wrboth'],
    ['028c70100500', 'asr[gprA_1, gprB_1, >>7], gpr_wrboth'],
    ['00c10c000a51', 'ld_field[*l$index0[1], 1100, gprB_2, <<16]'],
    ['02f980500001', 'mul_step[gprA_1, --], 32x32_last2, gpr_wrboth'],
    ['01d800208038', 'br[.8192], defer[2]'],
    ['00d013458001', 'br_bset[gprA_1, 31, .77]'],
    ['00e800300700', 'rtn[gprB_1], defer[3]'],
    ['00fc066c0016', 'local_csr_wr[ActLMAddr0, gprA_22]'],
    ['00fc14800000', 'local_csr_rd[PseudoRndNum]'],
    ['105c1e088014', 'mem[read32_swap, $xfer_0, gprA_20, 0x0, 8], ctx_swap[sig1]'],
    ['064700081704', 'mem[add_imm, $xfer_0, gprB_5, <<8, gprA_4, 1], indirect_ref'],
    ['008bc5c0865c', 'alu_shf[*l$index1[4], *l$index1[4], OR, 0x1, <<4]'],
  ])('prints %s', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it.each([
    ['02ab012ed812', 'alu[gprA_18, gprA_18, <operator:0x16>, ], gpr_wrboth\t # ERROR'],
    ['01b446705522', 'alu[<opnd:0x67>, , AND, ], no_cc\t # ERROR'],
    ['00f9802ffc58', 'mul_step[<opnd:0x58>, ], 32x32_step3\t # ERROR'],
    ['02f90060004e', 'mul_step[<opnd:0x4e>, --], 16x16_<invalid mul_step>, gpr_wrboth\t # ERROR'],
    ['00580d8001a0', 'mem[<invalid cmd action 7:24:0>[]\t # ERROR'],
    ['002020e01000', '<invalid cmd target -1:0:0>[]\t # ERROR'],
    ['10dc100abc8e', '<invalid_instruction>: 0x10dc100abc8e\t # ERROR'],
  ])('prints the error of %s', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it('numbers lines with a right-aligned dot', () => {
    const lines = disassemble(wordsFromHex(Array.from({ length: 11 }, () => '000000f0000c0300')), { pc: true })
    expect(lines[0]).toBe(' .0  nop')
    expect(lines[10]).toBe('.10  nop')
  })

  it('is what binutils prints for the recorded words', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    const wrong: string[] = []
    const words = readJsonl<{ word: string; text: string }>(path.join(dir, 'disasm_words.jsonl'))
    for (const { word, text: expected } of words) {
      if (text(word) !== expected) wrong.push(`${word} "${text(word)}" instead of "${expected}"`)
    }
    expect(wrong).toEqual([])
    expect(words.length).toBeGreaterThanOrEqual(3000)
  })

  it('is what binutils prints for the recorded programs', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    let lines = 0
    for (const file of jsonlFiles(dir)) {
      for (const { id, nfp, disasm } of readJsonl<{ id: string; nfp: string[]; disasm?: string[] }>(file)) {
        if (!disasm) continue
        expect(disassemble(wordsFromHex(nfp)), id).toEqual(disasm)
        lines += disasm.length
      }
    }
    expect(lines).toBeGreaterThan(10_000)
  })
})
