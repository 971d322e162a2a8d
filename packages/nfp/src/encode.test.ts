import { describe, expect, it } from 'vitest'
import {
  CSR_ADDRESS,
  EncodeError,
  MEMORY_COMMANDS,
  NONE,
  RELOCATION,
  alu,
  br,
  branchAddress,
  brBit,
  cmd,
  csrRead,
  csrWrite,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  immediateOf,
  ldField,
  lm,
  lmIncrement,
  mov,
  mulLast,
  mulStep,
  nop,
  rotateRight,
  rtn,
  setBranchAddress,
  setImmediate,
  setRelocation,
  shf,
  shiftLeft,
  shiftRight,
  shiftRightDouble,
  wordHex,
  wordsOf,
  xfer,
} from './index'
import type { Word } from './index'

const hex = (word: Word): string => wordHex(wordsOf([word]), 0).slice(4)
const code = (build: () => Word): string => {
  try {
    build()
  } catch (error) {
    if (error instanceof EncodeError) return error.code
    throw error
  }
  return 'no error'
}

describe('encoders', () => {
  // nfp-isa.md, section 13
  const golden: readonly [string, string, () => Word][] = [
    ['nop', '00f0000c0300', () => nop()],
    ['immed both', '02f0012cd015', () => immed(gprBoth(21), 0x1234)],
    ['immed B', '00f00be057ef', () => immed(gprB(21), 0xbeef)],
    ['immed_w1', '00f44de057ad', () => immed(gprB(21), 0xdead, { width: 'word', shift: 16 })],
    ['immed inverted', '00f087fffc04', () => immed(gprA(4), 0x7fff, { invert: true })],
    ['immed shifted', '02f2012c0002', () => immed(gprBoth(2), 0x1200, { shift: 8 })],
    ['add', '02a080000800', () => alu(gprBoth(0), gprA(0), '+', gprB(2))],
    ['add with carry', '02a880100c01', () => alu(gprBoth(1), gprA(1), '+carry', gprB(3))],
    ['compare', '00aab0000800', () => alu(NONE, gprA(0), '-', gprB(2))],
    ['compare with carry', '00a6b0000c01', () => alu(NONE, gprA(1), '-carry', gprB(3))],
    ['swapped compare', '00aaf0000002', () => alu(NONE, gprB(0), '-', gprA(2))],
    ['compare immediate', '00aab00c8804', () => alu(NONE, gprA(4), '-', imm(0x22))],
    ['mov from LM', '02a000288800', () => mov(gprBoth(2), lm(1, 2))],
    ['AND with LM', '00b441605620', () => alu(gprB(22), gprB(21), 'AND', lm(1))],
    ['mov to LM', '00a020301000', () => mov(lm(0, 3), gprB(4))],
    ['mov to LM3++', '08a023060400', () => mov(lmIncrement(3), xfer(1))],
    ['shift left', '028180000200', () => shf(gprBoth(0), NONE, 'B', gprB(0), shiftLeft(8))],
    ['double shift', '028180100301', () => shf(gprBoth(1), gprA(1), 'B', gprB(0), shiftRightDouble(24))],
    ['shift right', '028070000100', () => shf(gprBoth(0), NONE, 'B', gprB(0), shiftRight(7))],
    ['asr', '028c70100500', () => shf(gprBoth(1), NONE, 'asr', gprB(1), shiftRight(7))],
    ['shift left indirect', '028000000200', () => shf(gprBoth(0), NONE, 'B', gprB(0), shiftLeft('indirect'))],
    ['constant 0 is indirect', '028000000200', () => shf(gprBoth(0), NONE, 'B', gprB(0), shiftLeft(0))],
    ['dbl_shf indirect', '028000100301', () => shf(gprBoth(1), gprA(1), 'B', gprB(0), shiftRightDouble('indirect'))],
    ['shift right indirect', '028000100500', () => shf(gprBoth(1), NONE, 'B', gprB(1), shiftRight('indirect'))],
    ['ld_field swapped', '02c105080000', () => ldField(gprBoth(0), 5, gprA(0), rotateRight(16))],
    ['ld_field from xfer', '02c08f020000', () => ldField(gprBoth(0), 15, xfer(0), rotateRight(8))],
    ['ld_field_w_clr', '02c003120002', () => ldField(gprBoth(2), 3, xfer(0), undefined, { clear: true })],
    ['ld_field_w_clr >>8', '02c087120502', () => ldField(gprBoth(2), 7, xfer(1), shiftRight(8), { clear: true })],
    ['ld_field to LM', '00c10c000a51', () => ldField(lm(0, 1), 12, gprB(2), shiftLeft(16))],
    ['mul start', '00f800000800', () => mulStep(gprA(0), gprB(2), 'start')],
    ['mul step 1', '00f980000800', () => mulStep(gprA(0), gprB(2), '32x32', 'step1')],
    ['mul step 4', '00f980300800', () => mulStep(gprA(0), gprB(2), '32x32', 'step4')],
    ['mul last', '02f980400000', () => mulLast(gprBoth(0), '32x32')],
    ['mul last2', '02f980500001', () => mulLast(gprBoth(1), '32x32', 'last2')],
    ['mul 16x16 step 1', '00f900000800', () => mulStep(gprA(0), gprB(2), '16x16', 'step1')],
    ['mul 16x16 last', '02f900400000', () => mulLast(gprBoth(0), '16x16')],
    ['beq', '00d819008120', () => br('beq', 100)],
    ['br above 8191', '01d800208038', () => br('br', 8192, 2)],
    ['bcc', '00d801508125', () => br('bcc', 5, 1)],
    ['br_bset', '00d013458001', () => brBit(gprA(1), 31, 77)],
    ['rtn', '00e800000300', () => rtn(gprB(0))],
    ['rtn deferred', '00e800300700', () => rtn(gprB(1), 3)],
    ['csr write', '00fc066c0016', () => csrWrite(CSR_ADDRESS.actLMAddr0, gprA(22))],
    ['csr write from B', '00fc09605700', () => csrWrite(CSR_ADDRESS.actLMAddr2, gprB(21))],
    ['csr write immediate', '00fc09ec4310', () => csrWrite(CSR_ADDRESS.actLMAddr3, imm(0x10))],
    ['csr read', '00fc14800000', () => csrRead(CSR_ADDRESS.pseudoRandom)],
    [
      'read32_swap',
      '105c1e088014',
      () => cmd(gprA(20), imm(0), { code: MEMORY_COMMANDS.read32Swap, mode: '32b', count: 7, xfer: 0, wait: true }),
    ],
    [
      'read8',
      '044316041404',
      () => cmd(gprA(4), gprB(5), { code: MEMORY_COMMANDS.read8, mode: '40b_BA', count: 3, xfer: 0, wait: true }),
    ],
    [
      'write8_swap',
      '10421208b804',
      () => cmd(gprA(4), imm(14), { code: MEMORY_COMMANDS.write8Swap, mode: '32b', count: 1, xfer: 0, wait: true }),
    ],
    [
      'write32_swap indirect',
      '125f10085404',
      () =>
        cmd(gprA(4), gprB(21), {
          code: MEMORY_COMMANDS.write32Swap,
          mode: '32b',
          count: 0,
          xfer: 0,
          wait: true,
          indirect: true,
        }),
    ],
    [
      'add',
      '044710001604',
      () => cmd(gprA(4), gprB(5), { code: MEMORY_COMMANDS.add, mode: '40b_BA', count: 0, xfer: 0, wait: 2 }),
    ],
    [
      'add_imm',
      '064700081704',
      () =>
        cmd(gprA(4), gprB(5), {
          code: MEMORY_COMMANDS.addImm,
          mode: '40b_BA',
          count: 0,
          xfer: 0,
          wait: false,
          indirect: true,
        }),
    ],
    ['override word', '00f000fe0300', () => immed(NONE, 0xf80)],
    ['ld_field to LM3', '0cc003001058', () => ldField(lm(3), 3, gprB(4))],
    ['ld_field from LM3', '06c103116104', () => ldField(gprBoth(4), 3, lm(3), shiftRight(16), { clear: true })],
    ['mov from LM3++', '06a00048c000', () => mov(gprBoth(4), lmIncrement(3))],
    ['immed B small', '00f000100323', () => immed(gprB(0), 0x123)],
    ['mov to xfer', '00a058000006', () => mov(xfer(0), gprA(6))],
    ['AND~', '00a8300ffc04', () => alu(NONE, gprA(4), 'AND~', imm(0xff))],
    ['+16', '00a281588804', () => alu(gprA(21), gprA(4), '+16', lm(1, 2))],
    ['OR into LM', '008bc5c0865c', () => shf(lm(1, 4), lm(1, 4), 'OR', imm(1), shiftLeft(4))],
    ['override word, low byte', '00f0008e4300', () => immed(NONE, 0x890)],
    ['immed_w1 without destination', '00f4400c1f00', () => immed(NONE, 7, { width: 'word', shift: 16 })],
    ['br to 15000', '01dea6208038', () => br('br', 15000, 2)],
  ]
  it.each(golden)('encode %s', (_name, expected, build) => {
    expect(hex(build())).toBe(expected)
  })

  it('refuse what the driver refuses', () => {
    expect(code(() => alu(NONE, gprA(0), '+', gprA(1)))).toBe('same-kind')
    expect(code(() => alu(NONE, xfer(0), '+', xfer(1)))).toBe('same-kind')
    expect(code(() => alu(NONE, gprA(0), '+', imm(256)))).toBe('immediate-too-large')
    expect(code(() => shf(NONE, NONE, 'B', gprA(0), { kind: 'rot', amount: 'indirect' }))).toBe('indirect-rotate')
    expect(code(() => shf(NONE, NONE, 'B', gprA(0), shiftRight(32)))).toBe('shift-range')
    expect(code(() => br('br', 0, 3))).toBe('defer-range')
    expect(code(() => br('br', 16384))).toBe('field-range')
    const read = { code: MEMORY_COMMANDS.read8, mode: '32b', count: 0, xfer: 0, wait: true } as const
    expect(code(() => cmd(gprB(0), imm(1), read))).toBe('cmd-swap')
    expect(code(() => cmd(lm(2), imm(1), read))).toBe('cmd-lmextn')
    expect(code(() => cmd(gprA(0), imm(128), read))).toBe('immediate-too-large')
    expect(code(() => shf(NONE, lmIncrement(0), 'OR', gprB(0)))).toBe('lm-mode')
    expect(code(() => mov(gprA(0), lm(0, 16)))).toBe('lm-offset-too-large')
  })
})

describe('relocation fields', () => {
  it('keep the type in the top byte', () => {
    expect(setRelocation(br('br', 15000, 2), RELOCATION.nextPacket).hi >>> 24).toBe(6)
  })

  it('read and write branch targets across the 13-bit boundary', () => {
    const word = br('beq', 5)
    for (const address of [0, 8191, 8192, 16383]) {
      setBranchAddress(word, address)
      expect(branchAddress(word)).toBe(address)
      expect(hex(word)).toBe(hex(br('beq', address)))
    }
    expect(code(() => (setBranchAddress(nop(), 1), nop()))).toBe('not-branch')
  })

  it('read and write immediates in either field', () => {
    for (const dst of [gprA(3), gprB(3), gprBoth(3)]) {
      const word = immed(dst, 0)
      setImmediate(word, 0xabcd)
      expect(immediateOf(word)).toBe(0xabcd)
      expect(hex(word)).toBe(hex(immed(dst, 0xabcd)))
    }
  })
})
