/** Single instructions against nfp-isa.md, sections 5 to 11 and 14: results, flags, latches, cycles. */
import {
  NONE,
  alu,
  br,
  brBit,
  csrRead,
  csrWrite,
  emptyWord,
  gprA,
  gprB,
  gprBoth,
  imm,
  immed,
  ldField,
  lm,
  lmIncrement,
  mov,
  mulLast,
  mulStep,
  nop,
  rotateRight,
  rtn,
  shf,
  shiftLeft,
  shiftRight,
  shiftRightDouble,
  xfer,
} from '@offload/nfp'
import { describe, expect, it } from 'vitest'
import { benchCore } from '../testdata/bench-core'
import { STOP } from './interpreter'

const u = (value: number): number => value >>> 0

describe('arithmetic and logic', () => {
  const cases = [
    ['+', 1, 2, 3, 'none'],
    ['+', -1, 1, 0, 'zc'],
    ['+', 0x7fffffff, 1, -0x80000000, 'nv'],
    ['-', 5, 5, 0, 'zc'],
    ['-', 3, 5, -2, 'n'],
    ['-', -0x80000000, 1, 0x7fffffff, 'cv'],
    ['B-A', 5, 3, -2, 'n'],
    ['+16', 0x10, 0x7ffff, 0x1000f, 'none'],
    ['+8', 0x10, 0x1ff, 0x10f, 'none'],
    ['AND', 0xf0, 0x3c, 0x30, 'none'],
    ['~AND', 0xf0, 0x3c, 0x0c, 'none'],
    ['AND~', 0xf0, 0x3c, 0xc0, 'none'],
    ['OR', 0xf0, 0x0f, 0xff, 'none'],
    ['XOR', -1, 0x0f, ~0x0f, 'n'],
    ['B', 7, 9, 9, 'none'],
    ['~B', 7, 9, ~9, 'n'],
  ] as const
  it.each(cases)('%s of %i and %i is %i with flags %s', (op, left, right, result, flags) => {
    const core = benchCore([alu(gprA(4), op === 'B' || op === '~B' ? NONE : gprA(0), op, gprB(1))])
    core.set({ a: { 0: left }, b: { 1: right } })
    core.run()
    expect(core.gprA(4)).toBe(result)
    const { n, z, c, v } = core.flags
    expect(`${n ? 'n' : ''}${z ? 'z' : ''}${c ? 'c' : ''}${v ? 'v' : ''}` || 'none').toBe(flags)
  })

  it('adds and subtracts 64 bits through the carry, immed in between', () => {
    const core = benchCore([
      alu(gprBoth(0), gprA(0), '+', gprB(2)),
      immed(gprA(9), 0x77),
      alu(gprBoth(1), gprA(1), '+carry', gprB(3)),
      alu(gprBoth(4), gprA(4), '-', gprB(6)),
      immed(gprA(9), 0),
      alu(gprBoth(5), gprA(5), '-carry', gprB(7)),
    ])
    core.set({ a: { 0: -1, 1: 1, 4: 0, 5: 3 }, b: { 2: 2, 3: 4, 6: 1, 7: 1 } })
    core.run()
    expect([core.gprA(0), core.gprB(1), u(core.gprB(4)), core.gprA(5)]).toEqual([1, 6, 0xffffffff, 1])
  })

  it('undoes the swap of a bank-B left operand', () => {
    const core = benchCore([alu(NONE, gprB(0), '-', gprA(2))])
    core.set({ a: { 2: 3 }, b: { 0: 10 } })
    core.run()
    expect(core.prevAlu).toBe(7)
  })

  it('reads transfer registers in and writes them out', () => {
    const core = benchCore([mov(xfer(1), xfer(1))])
    core.set({ xfer: { 1: 0x1234 } })
    core.run()
    expect(core.xferOut(1)).toBe(0x1234)
  })
})

describe('shifts', () => {
  it('shifts, rotates and combines', () => {
    const core = benchCore([
      shf(gprA(1), NONE, 'B', gprB(0), shiftLeft(8)),
      shf(gprA(2), NONE, 'B', gprB(0), shiftRight(8)),
      shf(gprA(3), NONE, 'B', gprB(0), rotateRight(8)),
      shf(gprA(4), gprA(9), 'B', gprB(0), shiftRightDouble(8)),
      shf(gprA(5), imm(0xff), 'AND', gprB(0), shiftRight(16)),
    ])
    core.set({ a: { 9: 0xab }, b: { 0: 0x12345678 } })
    core.run()
    expect([1, 2, 3, 4, 5].map((n) => u(core.gprA(n)).toString(16))).toEqual([
      '34567800',
      '123456',
      '78123456',
      'ab123456',
      '34',
    ])
  })

  it('takes an indirect amount from the A operand of the word before, not from its result', () => {
    const core = benchCore([
      alu(NONE, gprA(0), 'OR', gprB(9)),
      shf(gprA(1), NONE, 'B', gprB(2), shiftRight('indirect')),
    ])
    core.set({ a: { 0: 4 }, b: { 9: 3, 2: 0x100 } })
    core.run()
    expect(core.gprA(1)).toBe(0x10)
  })

  it('gives the low word for a double shift by an indirect 0', () => {
    const core = benchCore([
      alu(NONE, gprA(0), 'OR', imm(0)),
      shf(gprA(1), gprA(3), 'B', gprB(2), shiftRightDouble('indirect')),
    ])
    core.set({ a: { 0: 32, 3: 7 }, b: { 2: 9 } })
    core.run()
    expect(core.gprA(1)).toBe(9)
  })

  it('asr takes its sign from the previous result', () => {
    const core = benchCore([alu(NONE, gprA(0), 'OR', imm(0)), shf(gprA(1), NONE, 'asr', gprB(2), shiftRight(4))])
    core.set({ a: { 0: -1 }, b: { 2: 0x100 } })
    core.run()
    expect(u(core.gprA(1))).toBe(0xf0000010)
  })
})

describe('field and immediate words', () => {
  it('merges selected bytes, or clears the others', () => {
    const core = benchCore([
      ldField(gprA(0), 0b0101, gprB(1), rotateRight(8)),
      ldField(gprA(2), 0b0011, gprB(1), shiftRight(8), { clear: true }),
    ])
    core.set({ a: { 0: 0x11223344, 2: -1 }, b: { 1: 0xaabbccdd } })
    core.run()
    expect(u(core.gprA(0)).toString(16)).toBe('11aa33cc')
    expect(u(core.gprA(2)).toString(16)).toBe('bbcc')
    expect(core.prevAlu).toBe(core.gprA(2))
  })

  it('builds constants and leaves the flags alone', () => {
    const core = benchCore([
      alu(NONE, gprA(0), '-', gprB(0)),
      immed(gprBoth(1), 0xbeef),
      immed(gprBoth(1), 0xdead, { width: 'word', shift: 16 }),
      immed(gprA(2), 0x7fff, { invert: true }),
      immed(gprA(3), 0x12, { shift: 8 }),
    ])
    core.set({ a: { 0: 7 }, b: { 0: 7 } })
    core.run()
    expect(core.flags).toEqual({ n: false, z: true, c: true, v: false })
    expect([u(core.gprB(1)), u(core.gprA(2)), core.gprA(3)]).toEqual([0xdeadbeef, 0xffff8000, 0x1200])
  })

  it('delivers a CSR through the next immed, once', () => {
    const core = benchCore([csrRead(0x0c0), immed(gprA(0), 5), immed(gprA(1), 5), csrRead(0x148), immed(gprBoth(2), 0)])
    core.run()
    expect([core.gprA(0), core.gprA(1)]).toEqual([0, 5])
    expect(core.gprA(2)).toBe(core.gprB(2))
  })
})

describe('branches', () => {
  it('executes deferred words whether taken or not, condition first', () => {
    for (const [value, end] of [
      [0, 9],
      [1, 4],
    ] as const) {
      const core = benchCore([
        alu(NONE, gprA(0), 'OR', imm(0)),
        br('beq', 9, 2),
        alu(gprA(1), gprA(1), '+', imm(1)),
        alu(gprA(1), gprA(1), '+', imm(1)),
      ])
      core.set({ a: { 0: value } })
      core.run(4)
      expect([core.gprA(1), core.pc]).toEqual([2, end])
    }
  })

  it('costs 3 cycles taken, 4 right behind the flags, 1 not taken; filled slots hide bubbles', () => {
    const cycles = (value: number, ...words: Parameters<typeof benchCore>[0]): number => {
      const core = benchCore([alu(NONE, gprA(0), 'OR', imm(0)), ...words])
      core.set({ a: { 0: value } })
      core.run(1 + words.length)
      return core.cycle - 1
    }
    expect(cycles(0, br('beq', 20))).toBe(4)
    expect(cycles(0, nop(), br('beq', 20))).toBe(1 + 3)
    expect(cycles(1, br('beq', 20))).toBe(1)
    expect(cycles(0, br('br', 20))).toBe(4)
    expect(cycles(0, br('br', 20, 2), nop(), nop())).toBe(4)
    expect(cycles(0, nop(), br('beq', 20, 3), nop(), nop(), nop())).toBe(1 + 4)
  })

  it('tests one bit, and returns through a register', () => {
    const core = benchCore([brBit(gprA(0), 31, 40), rtn(gprB(1))])
    core.set({ a: { 0: 0x7fffffff }, b: { 1: 77 } })
    core.run()
    expect(core.pc).toBe(77)
    const taken = benchCore([brBit(gprA(0), 31, 40)])
    taken.set({ a: { 0: -1 } })
    taken.run()
    expect(taken.pc).toBe(40)
  })
})

describe('local memory', () => {
  it('uses a new pointer from the fourth cycle on', () => {
    const old = 0x100
    const fresh = 0x140
    for (const [between, expected] of [
      [2, old],
      [3, fresh],
    ] as const) {
      const core = benchCore([csrWrite(0x064, gprA(0)), ...Array.from({ length: between }, nop), mov(gprB(1), lm(0))])
      core.set({ a: { 0: fresh } })
      core.setPointer(0, old)
      core.setLm(old >> 2, old)
      core.setLm(fresh >> 2, fresh)
      core.run()
      expect(core.gprB(1)).toBe(expected)
    }
  })

  it('adds offsets by OR, ignores the low bits of a pointer, and steps afterwards', () => {
    const core = benchCore([mov(gprA(0), lm(0, 2)), mov(gprA(1), lmIncrement(3)), mov(gprA(2), lmIncrement(3))])
    core.setPointer(0, 0x103)
    core.setPointer(3, 0x200)
    core.setLm(0x42, 42)
    core.setLm(0x80, 80)
    core.setLm(0x81, 81)
    core.run()
    expect([core.gprA(0), core.gprA(1), core.gprA(2), core.pointer(3)]).toEqual([42, 80, 81, 0x208])
  })
})

describe('multiplication', () => {
  it('gives both halves of a 32 x 32 product', () => {
    const core = benchCore([
      mulStep(gprA(0), gprB(2), 'start', 'start'),
      ...(['step1', 'step2', 'step3', 'step4'] as const).map((step) => mulStep(gprA(0), gprB(2), '32x32', step)),
      mulLast(gprBoth(0), '32x32', 'last'),
      mulLast(gprBoth(1), '32x32', 'last2'),
    ])
    core.set({ a: { 0: 0xdeadbeef | 0 }, b: { 2: 0xcafebabe | 0 } })
    core.run()
    const product = 0xdeadbeefn * 0xcafebaben
    expect([u(core.gprA(0)), u(core.gprB(1))]).toEqual([Number(product & 0xffffffffn), Number(product >> 32n)])
  })
})

describe('words that cannot be executed', () => {
  it('stop the context with the address of the word', () => {
    const core = benchCore([nop(), { ...emptyWord('alu'), hi: emptyWord('alu').hi | 1 }])
    expect(core.run()).toBe(STOP.fault)
    expect(core.pc).toBe(1)
  })
})
