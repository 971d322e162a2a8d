/** Each pass by itself: what it does, and what it leaves alone. */
import { describe, expect, it } from 'vitest'
import type { InsnNote } from '../api'
import { FLAG_JUMP_DST, ProgramInfo } from '../program-info'
import { bytesOfHex } from '../../testdata/recorded-inputs'
import { copyGathering } from './copy-gathering'
import { entrySequence } from './entry-sequence'
import { runPasses } from './index'
import { legacyMask } from './legacy-mask'
import { legacyShifts } from './legacy-shifts'
import { negativeConstants } from './negative-constants'
import { packetCache } from './packet-cache'
import type { Pass, PassTrace } from './pass'

const EXIT = '9500000000000000'
const MOV_R0_2 = 'b700000002000000'

const programOf = (...insns: string[]): ProgramInfo => new ProgramInfo(bytesOfHex(insns.join('')))

function run(pass: Pass, program: ProgramInfo): number[] {
  const notes: InsnNote[] = []
  pass.run(program, notes)
  return notes.map(({ insn }) => insn)
}

const merged = (pass: Pass, ...insns: string[]): number[] => run(pass, programOf(...insns))

describe('entry sequence', () => {
  const COPY = 'bf16000000000000'
  it('drops r6 = r1 behind xors only', () => {
    expect(merged(entrySequence, 'af00000000000000', 'af77000000000000', COPY, EXIT)).toEqual([2])
    expect(merged(entrySequence, MOV_R0_2, COPY, EXIT)).toEqual([])
    expect(merged(entrySequence, 'bf26000000000000', EXIT)).toEqual([])
  })
})

describe('negative constants', () => {
  it('exchange add and subtract, and mark comparisons', () => {
    const p = programOf(
      '07010000fbffffff',
      '14010000fbffffff',
      '35010000fbffffff',
      'b5010000fbffffff',
      '57010000fbffffff',
    )
    run(negativeConstants, p)
    expect([...p.code]).toEqual([0x17, 0x04, 0x35, 0xb5, 0x57])
    expect([...p.imm]).toEqual([5, 5, 5, -5, -5])
    expect([...p.jumpNegOp]).toEqual([0, 0, 1, 0, 0])
  })

  it('exchange the operation even for −2³¹, which stays as it is', () => {
    const p = programOf('0701000000000080')
    run(negativeConstants, p)
    expect([p.code[0], p.imm[0]]).toEqual([0x17, -(2 ** 31)])
  })
})

describe('legacy loads', () => {
  const LOAD = { b: '3000000017000000', h: '280000000c000000', w: '200000001a000000' }
  it('take the mask of their own size along', () => {
    expect(merged(legacyMask, LOAD.b, '57000000ff000000', EXIT)).toEqual([1])
    expect(merged(legacyMask, LOAD.h, '57000000ffff0000', EXIT)).toEqual([1])
    expect(merged(legacyMask, LOAD.w, '57000000ffffffff', EXIT)).toEqual([1])
    expect(merged(legacyMask, LOAD.h, '57000000ff000000', EXIT)).toEqual([])
    expect(merged(legacyMask, LOAD.b, '54000000ff000000', EXIT)).toEqual([])
  })

  it('take two shifts by 32 along, in either order', () => {
    const [left, right] = ['6700000020000000', '7700000020000000']
    expect(merged(legacyShifts, LOAD.w, left, right, EXIT)).toEqual([1, 2])
    expect(merged(legacyShifts, LOAD.w, right, left, EXIT)).toEqual([1, 2])
    expect(merged(legacyShifts, LOAD.h, left, right, EXIT)).toEqual([])
    expect(merged(legacyShifts, LOAD.w, left, left, EXIT)).toEqual([])
  })

  it('leave what a jump lands on', () => {
    const p = programOf('0500010000000000', LOAD.b, '57000000ff000000', EXIT)
    expect(p.has(2, FLAG_JUMP_DST)).toBe(true)
    expect(run(legacyMask, p)).toEqual([])
  })
})

/** Pairs `r3 = *(u16 *)(r1 + from); *(u16 *)(r2 + to) = r3`, all pointers to the packet, then two instructions. */
function copies(pairs: readonly (readonly [number, number])[], ids: readonly [number, number] = [1, 2]): ProgramInfo {
  const hex16 = (value: number): string =>
    (value & 0xff).toString(16).padStart(2, '0') + ((value >> 8) & 0xff).toString(16).padStart(2, '0')
  const insns = pairs.flatMap(([from, to]) => [`6913${hex16(from)}00000000`, `6b32${hex16(to)}00000000`])
  const p = programOf(...insns, MOV_R0_2, EXIT)
  pairs.forEach((_, i) => {
    p.ptrType[2 * i] = 8
    p.ptrType[2 * i + 1] = 8
    p.ptrId[2 * i] = ids[0]
    p.ptrId[2 * i + 1] = ids[0]
  })
  return p
}

describe('copy gathering', () => {
  const up = [
    [0, 32],
    [2, 34],
    [4, 36],
  ] as const

  it('joins pairs going up', () => {
    const p = copies(up)
    expect(run(copyGathering, p)).toEqual([1, 2, 3, 4, 5])
    expect([p.copyLength[0], p.pairedStore[0], p.off[0], p.off[1]]).toEqual([6, 1, 0, 32])
  })

  it('joins pairs going down, from the last one', () => {
    const p = copies([...up].reverse())
    run(copyGathering, p)
    expect([p.copyLength[0], p.off[0], p.off[1]]).toEqual([-6, 0, 32])
  })

  it('leaves a single pair, a jump target and a crossing pair', () => {
    expect(run(copyGathering, copies([[0, 32]]))).toEqual([])
    const target = copies(up)
    target.flags[2]! |= FLAG_JUMP_DST
    expect(run(copyGathering, target)).toEqual([3, 4, 5])
    const crossing = copies([
      [0, 2],
      [2, 4],
    ])
    expect(run(copyGathering, crossing)).toEqual([])
  })

  it('stops at 128 bytes', () => {
    const p = copies(Array.from({ length: 70 }, (_, i) => [2 * i, 200 + 2 * i] as const))
    run(copyGathering, p)
    expect([p.copyLength[0], p.copyLength[128]]).toEqual([128, 12])
  })

  it('leaves a run open that reaches the end', () => {
    const p = programOf('6913000000000000', '6b32200000000000', EXIT)
    p.ptrType[0] = 8
    p.ptrType[1] = 8
    run(copyGathering, p)
    expect([p.copyLength[0], p.pairedStore[0]]).toEqual([2, -1])
  })
})

describe('packet cache', () => {
  /** `r3 = *(u8 *)(r1 + off)` from the packet. */
  function loads(offsets: readonly number[], between: Readonly<Record<number, string>> = {}): ProgramInfo {
    const insns = offsets.flatMap((off, i) => {
      const load = `7113${(off & 0xff).toString(16).padStart(2, '0')}${off < 0 ? 'ff' : '00'}00000000`
      return between[i] ? [load, between[i]] : [load]
    })
    const p = programOf(...insns, EXIT)
    for (let i = 0; i < p.length; i++) if (p.code[i] === 0x71 || p.code[i] === 0x73) p.ptrType[i] = 8
    return p
  }
  const ranges = (p: ProgramInfo): number[][] => {
    run(packetCache, p)
    return [...p.code.keys()]
      .filter((i) => p.code[i] === 0x71)
      .map((i) => [p.cacheStart[i]!, p.cacheEnd[i]!, p.cacheInit[i]!])
  }

  it('shares one read among neighbours, up to 64 bytes', () => {
    expect(ranges(loads([12, 23, 13]))).toEqual([
      [12, 24, 1],
      [12, 24, 0],
      [12, 24, 0],
    ])
    expect(ranges(loads([0, 63, 64]))).toEqual([
      [0, 64, 1],
      [0, 64, 0],
      [64, 65, 1],
    ])
  })

  it('starts again behind a store to the packet and a call', () => {
    const again = [
      [0, 1, 1],
      [1, 2, 1],
    ]
    expect(ranges(loads([0, 1], { 0: '7332000000000000' }))).toEqual(again)
    expect(ranges(loads([0, 1], { 0: '8500000007000000' }))).toEqual(again)
  })

  it('gives up a range that ends at 0', () => {
    expect(ranges(loads([-1]))).toEqual([[-1, 0, 1]])
  })

  it('keeps pointers of another id or offset apart', () => {
    const p = loads([0, 1])
    p.ptrId[1] = 7
    expect(ranges(p)).toEqual([
      [0, 1, 1],
      [1, 2, 1],
    ])
  })
})

describe('a run over all passes', () => {
  it('can leave passes out and shows what each did', () => {
    const insns = ['bf16000000000000', '07010000fbffffff', EXIT]
    const traces: PassTrace[] = []
    const p = programOf(...insns)
    runPasses(p, { 'negative-constants': false }, traces)
    expect([p.isSkipped(0), p.code[1]]).toEqual([true, 0x07])
    expect(traces.map(({ pass, ran }) => [pass, ran])).toEqual([
      ['entry-sequence', true],
      ['negative-constants', false],
      ['legacy-mask', true],
      ['legacy-shifts', true],
      ['copy-gathering', true],
      ['packet-cache', true],
    ])
    expect([...traces[0]!.skippedBefore, ...traces[0]!.skippedAfter]).toEqual([0, 0, 0, 1, 0, 0])
  })
})
