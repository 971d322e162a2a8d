/** Words that translated programs never contain: nfp-isa.md, sections 5.2, 6, 9 and 12.5. */
import { assembleNfp } from '@offload/nfp'
import type { Word } from '@offload/nfp'
import { describe, expect, it } from 'vitest'
import { benchCore } from '../testdata/bench-core'
import { programOf } from '../testdata/kernels'
import { START, chipWith, frames } from '../testdata/programs'
import { crcWord } from './crc32'

function words(text: string): Word[] {
  const { words: list, problems } = assembleNfp(text)
  expect(problems).toEqual([])
  return list
}

const u = (value: number): number => value >>> 0

describe('operations without flags', () => {
  it('leave the flags of an earlier word', () => {
    const core = benchCore(
      words(`alu[--, gprA_0, -, gprB_0]
             alu[gprA_1, gprA_1, +, gprB_1], no_cc
             alu_shf[gprA_2, --, B, gprB_1, <<4], no_cc`),
    )
    core.set({ a: { 0: 5, 1: -1 }, b: { 0: 5, 1: 3 } })
    core.run()
    expect(core.flags).toEqual({ n: false, z: true, c: true, v: false })
    expect([core.gprA(1), core.gprA(2)]).toEqual([2, 48])
  })
})

describe('bit counting', () => {
  it('counts ones and finds the lowest', () => {
    const core = benchCore(
      words('pop_count1[gprB_0]\npop_count2[gprB_0]\npop_count3[gprA_1, gprB_0]\nffs[gprA_2, gprB_0]'),
    )
    core.set({ b: { 0: 0xf0f00100 | 0 } })
    core.run()
    expect([core.gprA(1), core.gprA(2)]).toEqual([9, 8])
  })
})

describe('crc', () => {
  it('runs CRC-32 over the bytes of a word, highest first', () => {
    const core = benchCore(
      words(`local_csr_wr[CRCRemainder, gprA_0]
             crc_be[crc_32, gprA_1, gprB_0]
             nop
             local_csr_rd[CRCRemainder]
             immed[gprA_2, 0x0]`),
    )
    core.set({ a: { 0: 0xc0ffee }, b: { 0: 0x12345678 } })
    core.run()
    expect(u(core.gprA(2))).toBe(u(crcWord(0xc0ffee, 0x12345678)))
    expect(core.gprA(1)).toBe(0x12345678)
  })
})

describe('branches on bytes and contexts', () => {
  it('compares one byte of a register', () => {
    const core = benchCore(words('br=byte[gprA_0, 2, 0x34, .9]\nbr!=byte[gprA_0, 2, 0x34, .7]'))
    core.set({ a: { 0: 0x00340000 } })
    core.run(1)
    expect(core.pc).toBe(9)
    core.set({ a: { 0: 0x00350000 } })
    const other = benchCore(words('br=byte[gprA_0, 2, 0x34, .9]\nbr!=byte[gprA_0, 2, 0x34, .7]'))
    other.set({ a: { 0: 0x00350000 } })
    other.run()
    expect(other.pc).toBe(7)
  })

  it('knows its own context number', () => {
    const core = benchCore(words('br!=ctx[0, .9]\nbr=ctx[0, .5]'))
    core.run()
    expect(core.pc).toBe(5)
  })
})

describe('transfer registers under T_INDEX', () => {
  it('are read and stepped', () => {
    const core = benchCore(
      words(`local_csr_wr[XferIndex, gprA_0]
             alu[gprA_1, --, B, *$index++]
             alu[gprA_2, --, B, *$index]`),
    )
    core.set({ a: { 0: 4 * 3 }, xfer: { 3: 33, 4: 44 } })
    core.run()
    expect([core.gprA(1), core.gprA(2)]).toEqual([33, 44])
  })
})

describe('signals', () => {
  it('wait for two reads at once, in any window and step by step', () => {
    const body = words(`alu[gprA_4, --, B, *l$index1[2]]
      mem[read32_swap, $xfer_0, gprA_4, 0x0, 1], sig_done[sig3]
      mem[read32_swap, $xfer_1, gprA_4, 0x4, 1], sig_done[sig4]
      ctx_arb[sig3, sig4]
      alu[gprA_5, $xfer_0, XOR, gprB_22]
      alu[$xfer_0, --, B, $xfer_1]
      mem[write8_swap, $xfer_0, gprA_4, 0x0, 4], ctx_swap[sig1]`)
    const outcomes = ([undefined, 17, 'step'] as const).map((way) => {
      const chip = chipWith('swaps MAC addresses', typeof way === 'number' ? { window: way } : {}, {
        islands: 1,
        workersPerIsland: 1,
      })
      chip.loadProgram(0, { words: programOf(START, 0x01f4, 3, body), start: START })
      const list = frames(4, 500)
      chip.offer(list)
      if (way === 'step') while (chip.stepWord());
      chip.run(Infinity, { untilIdle: true })
      expect(chip.machineChecks()).toEqual([])
      for (const { number, data } of chip.takePackets()) {
        expect(data.subarray(0, 4)).toEqual(list[number]!.data.subarray(4, 8))
      }
      return `${chip.stateHash()} ${chip.now}`
    })
    expect(new Set(outcomes).size).toBe(1)
  })
})
