import { describe, expect, it } from 'vitest'
import { disassemble } from '../disassemble'
import { convertSource } from '../editor/convert'
import { formatSource } from '../editor/format'
import { exportElf } from '../elf/export'
import { importElf } from '../elf/import'
import { sourceOf } from '../import/file'
import type { Program } from '../program'
import { assemble } from './assemble'
import { cLineOf } from './c-lines'

const SOURCE = `.file "flood.c"
.prog xdp main
    r0 = 2              ; XDP_PASS @12
    r2 = *(u32 *)(r1 + 0)
    ;     if (data + 42 > data_end) @ parse.h:7:9
    if r2 > 5 goto out
    r0 = 1              // @flood.c:14
    # write to r0@example.org at 10:15
    r0 += 0             ; r0@r1:5 is no place, 3
    r0 = 0              # @12
out:                    ; @0
    exit
`

function program(source: string): Program {
  const result = assemble(source)
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
  return result.program
}

describe('lines of C in a text', () => {
  const made = program(SOURCE)

  it('are read from comments that end in a place', () => {
    expect(made.cLines).toEqual([
      { insn: 0, file: 'flood.c', line: 12, column: 0, text: 'XDP_PASS' },
      { insn: 2, file: 'parse.h', line: 7, column: 9, text: '    if (data + 42 > data_end)' },
      { insn: 3, file: 'flood.c', line: 14, column: 0, text: '' },
      { insn: 5, file: 'flood.c', line: 12, column: 0, text: 'XDP_PASS' },
      { insn: 6, file: 'flood.c', line: 0, column: 0, text: '' },
    ])
    expect([1, 4, 6].map((insn) => cLineOf(made, insn)?.line)).toEqual([12, 14, undefined])
  })

  it('are printed, and read back the same in both dialects, converted and laid out', () => {
    for (const dialect of ['llvm', 'mnemonic'] as const) {
      expect(program(disassemble(made, { dialect })).cLines, dialect).toEqual(made.cLines)
      const converted = convertSource(SOURCE, dialect)
      expect(converted.ok && program(converted.text).cLines).toEqual(made.cLines)
    }
    expect(program(formatSource(SOURCE)).cLines).toEqual(made.cLines)
  })

  it('travel in an object and come back', () => {
    const object = exportElf(made, { source: SOURCE })
    const back = object.ok ? importElf(object.object) : undefined
    if (back?.ok !== true) throw new Error('no object')
    const known = made.cLines!.filter(({ line }) => line > 0)
    expect(back.programs[0]!.cLines).toEqual(known)
    expect(program(sourceOf(back.programs[0]!)).cLines).toEqual(known)
  })

  it('are those of the text itself where a function has none of C', () => {
    const source = '.prog xdp main\n    call f\n    exit\n.func f\n    r0 = 0 ; @9\n    exit\n'
    const object = exportElf(program(source), { source, sourceName: 'a.bpf' })
    const back = object.ok ? importElf(object.object) : undefined
    expect(back?.ok === true && back.programs[0]!.cLines.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'a.bpf:2',
      'a.bpf:3',
      'a.bpf:5',
      'a.bpf:6',
    ])
  })
})
