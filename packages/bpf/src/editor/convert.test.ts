import { describe, expect, it } from 'vitest'
import { assemble } from '../assembler/assemble'
import { disassemble } from '../disassemble'
import { toHex } from '../insn'
import { randomProgram } from '../testing/generate'
import { Random } from '../testing/random'
import { convertSource } from './convert'

describe('conversion of dialects', () => {
  it('keeps labels, comments and directives', () => {
    const source = `; Passes.\n.prog xdp p\n    r2 = *(u32 *)(r1 + ctx.data)   ; data\nout: if r2 s> 7 goto out\n    call 1 # helper\n    exit`
    const result = convertSource(source, 'mnemonic')
    expect(result.ok && result.text.split('\n')).toEqual([
      '; Passes.',
      '.prog xdp p',
      '    ldxw %r2, [%r1]                ; data',
      'out: jsgt %r2, 7, out',
      '    call bpf_map_lookup_elem # helper',
      '    exit',
    ])
    expect(convertSource('r0 = 1 +\nexit', 'mnemonic').ok).toBe(false)
  })

  it('gives the same program there and back', () => {
    const seed = 12
    const random = new Random(seed)
    for (let round = 0; round < 60; round++) {
      const program = randomProgram(random, 20)
      const there = convertSource(disassemble(program), 'mnemonic')
      const back = there.ok ? convertSource(there.text, 'llvm') : there
      const again = back.ok ? assemble(back.text) : back
      const where = `seed ${seed}, round ${round}`
      expect(again.ok && 'program' in again && toHex(again.program.insns), where).toBe(toHex(program.insns))
      expect(again.ok && 'program' in again && again.program.labels, where).toEqual(program.labels)
    }
  })
})
