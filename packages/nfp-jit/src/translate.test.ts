/** The translator alone, fed with what the driver had collected when the vectors were made. */
import { describe, expect, it } from 'vitest'
import { wordsToHex } from '@offload/nfp'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { FIRMWARE_PROFILES } from './profiles'
import { FLAG_SUBPROG_START, ProgramInfo } from './program-info'
import { relocate, relocationTarget } from './relocation'
import { translate } from './translate'
import { bytesOfHex, recordedProgram, translateRecorded } from '../testdata/recorded-inputs'
import type { JitVector } from '../testdata/recorded-inputs'

const options = { progType: 'xdp', firmware: FIRMWARE_PROFILES.full } as const

/** `r0 = 2; exit` with something before it. */
function program(...insns: string[]): ProgramInfo {
  const made = new ProgramInfo(bytesOfHex([...insns, 'b700000002000000', '9500000000000000'].join('')))
  made.setSubprograms([0])
  return made
}

const dir = vectorsDir('nfp-jit')

describe.skipIf(dir === undefined)('recorded programs', () => {
  const files = dir === undefined ? [] : jsonlFiles(dir).filter((file) => !file.includes('disasm_words'))

  it.each(files.map((file) => [file.replace(/^.*\//, ''), file]))('%s', (_name, file) => {
    for (const vector of readJsonl<JitVector>(file)) {
      if (vector.verdict !== 'ok') continue
      const result = translateRecorded(vector)
      if (!result.ok) throw new Error(`${vector.id}: ${result.messages.join('; ')}`)
      const { image } = result
      const placed = relocate(image, relocationTarget(FIRMWARE_PROFILES[vector.fw]))
      expect({
        id: vector.id,
        nfp: wordsToHex(image.words),
        nfp_relocated: placed.ok ? wordsToHex(placed.words) : placed.messages,
        stack_size: image.stackSize,
        insn_off: Array.from(vector.insns, (_, i) => image.insnWords[2 * i]),
        tgt: [image.targets.out, image.targets.abort, image.targets.pushRegs, image.targets.popRegs],
        subprogs: image.subprograms.map(({ bpf, nfp, stackDepth, needsRegPush }) => ({
          bpf,
          nfp,
          stack_depth: stackDepth,
          reg_push: needsRegPush ? 1 : 0,
        })),
      }).toEqual({
        id: vector.id,
        nfp: vector.nfp,
        nfp_relocated: vector.nfp_relocated,
        stack_size: vector.stack_size,
        insn_off: vector.insn_off,
        tgt: [vector.tgt!.out, vector.tgt!.abort, vector.tgt!.push_regs, vector.tgt!.pop_regs],
        subprogs: vector.subprogs,
      })
    }
  })

  it('every word has an origin and a reason, every slot without words a note or a partner', () => {
    for (const file of files.filter((name) => /programs|memcpy|calls|deadcode/.test(name))) {
      for (const vector of readJsonl<JitVector>(file)) {
        if (vector.verdict !== 'ok') continue
        const input = recordedProgram(vector)
        const gathered = new Set([...vector.insns.keys()].filter((slot) => input.isSkipped(slot)))
        const result = translate(input, { ...options, progType: vector.prog_type })
        if (!result.ok) continue
        const { origins, words, notes, insnWords } = result.image
        expect(origins).toHaveLength(words.length / 2)
        expect(origins.filter(({ reason }) => reason === '')).toEqual([])
        const noted = new Set(notes.map(({ insn }) => insn))
        for (let slot = 0; slot < vector.insns.length; slot++) {
          const empty = insnWords[2 * slot] === insnWords[2 * slot + 1]
          const silent = empty && !noted.has(slot) && !gathered.has(slot) && !vector.insns[slot]!.startsWith('18')
          expect([vector.id, slot, silent]).toEqual([vector.id, slot, false])
        }
      }
    }
  })
})

describe('failures', () => {
  it('says how far it came, and which access it cannot do', () => {
    const store = program('b700000001000000', '720a000005000000')
    const result = translate(store, options)
    expect(result).toMatchObject({
      ok: false,
      errno: 95,
      translated: 1,
      messages: ['Translation failed with error -95 (translated: 1)'],
    })
  })

  it('names the limit once for every word that does not fit', () => {
    const firmware = { ...FIRMWARE_PROFILES.full, maxLen: 3 }
    const result = translate(program(), { ...options, firmware })
    const line = 'instruction limit reached (3 NFP instructions)'
    expect(result).toMatchObject({ ok: false, errno: 28, translated: 0 })
    expect(result.ok ? [] : result.messages).toEqual([line, 'Translation failed with error -28 (translated: 0)'])
  })

  it('refuses a run of copies that the driver would follow into a null pointer', () => {
    const copies = program('7112000000000000', '7323000000000000')
    for (const slot of [0, 1]) copies.ptrType[slot] = 8
    const direct = translate(copies.clone(), options)
    expect(direct.ok).toBe(true)
    const last = new ProgramInfo(bytesOfHex(['7112000000000000', '7323000000000000', '9500000000000000'].join('')))
    last.setSubprograms([0])
    for (const slot of [0, 1]) last.ptrType[slot] = 8
    const result = translate(last, options)
    expect(result.ok ? [] : result.messages[0]).toContain('the driver would crash here')
  })

  it('refuses an out-of-range shift amount without a line of its own', () => {
    const shift = program('7f21000000000000')
    for (const column of [shift.uminSrc, shift.umaxSrc]) column.set([64, 0])
    expect(translate(shift, options)).toMatchObject({
      ok: false,
      errno: 14,
      messages: [expect.stringMatching(/^Transl/)],
    })
  })
})

describe('notes', () => {
  it('names the pass that swallowed an instruction', () => {
    const result = translate(program('bf16000000000000'), options)
    expect(result.ok ? result.image.notes : []).toEqual([
      expect.objectContaining({ insn: 0, kind: 'merged', pass: 'entry-sequence' }),
    ])
  })

  it('keeps the prologue of a subprogram whose first instruction is gone', () => {
    const made = new ProgramInfo(
      bytesOfHex(['8510000001000000', '9500000000000000', 'b700000002000000', '9500000000000000'].join('')),
    )
    made.setSubprograms([0, 0])
    expect(made.has(2, FLAG_SUBPROG_START)).toBe(true)
    made.flags[2]! |= 32
    const result = translate(made, options)
    expect(result.ok && result.image.insnWords[5]! - result.image.insnWords[4]!).toBe(1)
  })
})
