import { describe, expect, it } from 'vitest'
import { RELOCATION, alu, br, immed, gprA, gprB, makeWord, nop, setRelocation, wordHex, wordsOf } from '@offload/nfp'
import type { Word } from '@offload/nfp'
import { relocate } from './relocation'

const target = { startOff: 0x800, tgtDone: 0x1f4, helpers: { lookup: 0x310, update: 0, delete: 0, perfEventOutput: 0 } }
const ends = { out: 20, abort: 10, pushRegs: 0, popRegs: 0 }

function place(word: Word, targets = ends): string {
  const result = relocate({ words: wordsOf([word]), targets }, target)
  return result.ok ? wordHex(result.words, 0) : result.messages.join()
}
const placed = (word: Word): string => place(word)

describe('relocation', () => {
  it('adds the error correction code and clears the kind', () => {
    expect(placed(nop())).toBe('000000f0000c0300')
    expect(placed(alu(gprA(0), gprA(0), '+', gprB(2), { writeBoth: true }))).toBe('000802a080000800')
  })

  it.each([
    ['inside the program', RELOCATION.branch, 5, 0x805],
    ['to the end', RELOCATION.goOut, 15000, 0x814],
    ['to the abort', RELOCATION.goAbort, 15000, 0x80a],
    ['to the next packet', RELOCATION.nextPacket, 15000, 0x1f4],
    ['to a helper', RELOCATION.helper, 15001, 0x310],
  ] as const)('of a branch %s', (_name, kind, written, address) => {
    expect(placed(setRelocation(br('br', written, 0), kind))).toBe(placed(br('br', address, 0)))
  })

  it('of an address in a register', () => {
    expect(placed(setRelocation(immed(gprB(0), 0x0f), RELOCATION.immediate))).toBe(placed(immed(gprB(0), 0x80f)))
  })

  it('of unknown helpers and missing routines fails as in the driver', () => {
    expect(placed(setRelocation(br('br', 15007, 0), RELOCATION.helper))).toBe('relocation of unknown helper 7')
    const push = setRelocation(br('br', 15000, 0), RELOCATION.callPushRegs)
    expect(placed(push)).toBe('BUG: failed to detect subprogram registers needs')
    expect(place(push, { ...ends, pushRegs: 30 })).toBe(placed(br('br', 0x81e, 0)))
  })

  it('refuses words with bits above the instruction', () => {
    const result = relocate({ words: wordsOf([makeWord(0, 1 << 14)]), targets: ends }, target)
    expect(result).toEqual({ ok: false, errno: 22, messages: [] })
  })

  it('refuses addresses that do not fit', () => {
    expect(placed(setRelocation(immed(gprB(0), 0xffff), RELOCATION.immediate))).toBe('relocation of a large immediate!')
  })
})
