import { describe, expect, it } from 'vitest'
import { assemble } from './assembler/assemble'
import { disassemble } from './disassemble'
import { toHex } from './insn'
import { insnText } from './print'
import type { Dialect, Program } from './program'
import { COMPILED_FORMS } from './template'
import { randomInsn, randomProgram } from './testing/generate'
import { Random } from './testing/random'

const SEED = 20260725
const DIALECTS: readonly Dialect[] = ['llvm', 'mnemonic']

function comparable({ insns, maps, relocs, subprograms, labels, name, progType, license }: Program) {
  return { insns: toHex(insns), maps, relocs, subprograms, labels, name, progType, license }
}

describe('printing and assembling again', () => {
  for (const dialect of DIALECTS) {
    it(`is the identity for each form of the table in the ${dialect} dialect`, () => {
      const random = new Random(SEED)
      for (const compiled of COMPILED_FORMS) {
        if (compiled.form.reloc === true) continue
        for (let round = 0; round < 8; round++) {
          const insns = new Uint8Array(16)
          const count = randomInsn(random, compiled, insns, 0)
          const bytes = insns.slice(0, count * 8)
          const text = insnText(bytes, 0, dialect)
          expect(text, compiled.form.name).not.toContain('.raw')
          const result = assemble(text, { dialect })
          expect(
            result.ok ? toHex(result.program.insns) : result.diagnostics,
            `${compiled.form.name}: ${text} (seed ${SEED})`,
          ).toBe(toHex(bytes))
        }
      }
    })

    it(`is the identity for generated programs in the ${dialect} dialect`, () => {
      const random = new Random(SEED)
      for (let round = 0; round < 400; round++) {
        const program = randomProgram(random, 1 + random.below(60))
        const text = disassemble(program, { dialect })
        const result = assemble(text, { dialect })
        if (!result.ok)
          throw new Error(`seed ${SEED}, round ${round}: ${JSON.stringify(result.diagnostics[0])}\n${text}`)
        expect(comparable(result.program), `seed ${SEED}, round ${round}\n${text}`).toEqual(comparable(program))
      }
    })
  }

  it('keeps bytes when labels are added for all targets', () => {
    const random = new Random(SEED)
    for (let round = 0; round < 100; round++) {
      const program = randomProgram(random, 1 + random.below(60))
      const result = assemble(disassemble(program, { labels: true }), { dialect: 'llvm' })
      expect(result.ok && toHex(result.program.insns), `seed ${SEED}, round ${round}`).toBe(toHex(program.insns))
    }
  })

  it('finds the dialect of what it printed', () => {
    const random = new Random(SEED)
    for (let round = 0; round < 100; round++) {
      const program = randomProgram(random, 20, 0)
      for (const dialect of DIALECTS) {
        const result = assemble(disassemble(program, { dialect }))
        expect(result.ok && result.dialect, `seed ${SEED}, round ${round}`).toBe(dialect)
      }
    }
  })
})
