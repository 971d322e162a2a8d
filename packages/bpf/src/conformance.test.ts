import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { vectorsDir } from '../../tooling/vectors'
import { assemble } from './assembler/assemble'
import { disassemble } from './disassemble'
import { toHex } from './insn'

/** The sections of a conformance file: a line `-- name` starts one, `#` a comment. */
function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>()
  let name = ''
  for (const line of text.split('\n')) {
    const head = /^-- (.*)$/.exec(line)
    if (head !== null) sections.set((name = head[1]!.trim()), '')
    else if (name !== '') sections.set(name, `${sections.get(name)}${line}\n`)
  }
  return sections
}

function filesOf(folder: 'tests' | 'negative'): { file: string; asm: string }[] {
  const dir = vectorsDir('bpf_conformance', folder)
  if (dir === undefined) return []
  return readdirSync(dir)
    .filter((file) => file.endsWith('.data'))
    .map((file) => ({ file, asm: sectionsOf(readFileSync(path.join(dir, file), 'utf8')).get('asm') ?? '' }))
}

/** Assembles, prints in both dialects, assembles those: all must give the same bytes. */
function expectRoundTrip(name: string, asm: string): void {
  const first = assemble(asm)
  if (!first.ok) throw new Error(`${name}: ${JSON.stringify(first.diagnostics[0])}`)
  expect(first.dialect, name).toBe('mnemonic')
  for (const dialect of ['llvm', 'mnemonic'] as const) {
    const text = disassemble(first.program, { dialect })
    const again = assemble(text, { dialect })
    expect(again.ok ? toHex(again.program.insns) : again.diagnostics, `${name} in ${dialect}\n${text}`).toBe(
      toHex(first.program.insns),
    )
  }
}

describe('mnemonic dialect', () => {
  it('assembles and prints a program with every kind of operand', () => {
    expectRoundTrip(
      'own',
      `# comment
mov %r6, %r1 # trailing comment
lddw %r1, 0x1122334455667788
stxdw [%r10-8], %r1
lock fetch add [%r10-8], %r1
ldxsw %r2, [%r10-8]
jslt32 %r2, -1, done
call local helper
call 1
ja +0
done:
be16 %r2
movsx832 %r3, %r2
exit
helper:
sdiv %r1, -3
exit`,
    )
  })

  it('encodes as RFC 9669 says', () => {
    const result = assemble(
      'add %r1, 0x7fffffff\nstxw [%r10-4], %r2\nsmod32 %r3, %r4\nja32 +1\nlock xchg [%r1+8], %r2\nexit',
    )
    expect(result.ok && toHex(result.program.insns)).toBe(
      [
        '07010000ffffff7f',
        '632afcff00000000',
        '9c43010000000000',
        '0600000001000000',
        'db210800e1000000',
        '9500000000000000',
      ].join(''),
    )
  })

  it('assembles all conformance programs and prints them back', () => {
    const files = filesOf('tests')
    for (const { file, asm } of files) expectRoundTrip(file, asm)
    if (files.length > 0) expect(files.length).toBe(313)
  })

  it('refuses the negative files that are about the assembler', () => {
    const refusedFor: Record<string, string> = {
      'empty.data': 'no-instructions',
      'empty_instructions.data': 'no-instructions',
      'invalid_imm32_dec_range.data': 'immediate-range',
      'invalid_imm32_hex_range.data': 'immediate-range',
      'invalid_label.data': 'unknown-label',
      'invalid_lock.data': 'unexpected-end',
      'invalid_lock2.data': 'unexpected-end',
      'invalid_mnemonic.data': 'unknown-instruction',
      'invalid_offset.data': 'unexpected-token',
      'invalid_offset_range.data': 'offset-range',
      'invalid_operand_count.data': 'unexpected-end',
      'invalid_register.data': 'bad-register',
      'invalid_unknown_directive.data': 'no-instructions',
    }
    for (const { file, asm } of filesOf('negative')) {
      const code = refusedFor[file]
      if (code === undefined) continue
      const result = assemble(asm, { dialect: 'mnemonic' })
      expect(result.ok ? 'assembled' : result.diagnostics.map((found) => found.code), file).toContain(code)
    }
  })
})
