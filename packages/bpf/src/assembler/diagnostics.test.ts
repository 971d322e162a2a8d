import { describe, expect, it } from 'vitest'
import { Random } from '../testing/random'
import { randomProgram } from '../testing/generate'
import { disassemble } from '../disassemble'
import { assemble } from './assemble'
import type { Diagnostic } from '../program'
import { applyEdits } from '../text-edit'

function diagnosticsOf(text: string): readonly Diagnostic[] {
  return assemble(text).diagnostics
}

/** `code line:column-column` of each finding. */
function places(text: string): string[] {
  return diagnosticsOf(text).map(
    ({ code, range }) => `${code} ${range.startLine}:${range.startColumn}-${range.endColumn}`,
  )
}

describe('diagnostics', () => {
  it.each([
    ['r0 = 2\nfoo r1\nexit', ['unknown-instruction 2:1-4']],
    ['r0 += w1\nexit', ['register-width 1:7-9']],
    ['r12 = 1\nexit', ['bad-register 1:1-4']],
    ['r1 = be16 r2\nexit', ['register-mismatch 1:11-13']],
    ['goto nowhere\nexit', ['unknown-label 1:6-13']],
    ['if r1 > 3 goto\nexit', ['unexpected-end 1:11-15']],
    ['if r1 > 3 gto out\nout: exit', ['unexpected-token 1:11-14']],
    ['r1 = 0x1ffffffff\nexit', ['immediate-range 1:6-17']],
    ['r1 = 4294967295\nexit', ['immediate-range 1:6-16']],
    ['r1 = BPF_F_CURRENT_CPU\nexit', ['immediate-range 1:6-23']],
    ['w1 = BPF_F_CURRENT_CPU\nexit', []],
    ['r1 = 0xffffffff\nexit', ['sign-extended 1:6-16']],
    ['r1 = 0x1ffffffffffffffff ll\nexit', ['imm64-range 1:6-25']],
    ['r1 = *(u32 *)(r2 + 40000)\nexit', ['offset-range 1:18-25']],
    ['r1 = *(u33 *)(r2 + 4)\nexit', ['unexpected-token 1:8-11']],
    ['r1 += (4\nexit', ['bad-expression 1:8-9']],
    ['r1 += 4 / 0\nexit', ['bad-expression 1:9-10']],
    ['r1 += XDP_DRP\nexit', ['unknown-name 1:7-14']],
    ['r1 = counts ll\nexit', ['unknown-map 1:6-12']],
    ['call bpf_map_lokup_elem\nexit', ['unknown-function 1:6-24']],
    ['a: exit\na: exit', ['duplicate-label 2:1-2']],
    ['.map m array value 4\n.map m hash value 4\nexit', ['duplicate-name 2:6-7']],
    ['.map m aray value 4\nexit', ['unknown-map-type 1:8-12']],
    ['.map m array\nexit', ['directive-syntax 1:8-13']],
    ['.map m array value u65\nexit', ['unknown-type 1:20-23']],
    ['.struct s { a u32; a u64 }\nexit', ['directive-syntax 1:20-21']],
    ['.struct s { a u32\n.prog xdp p\nexit', ['directive-syntax 1:15-18']],
    ['.prog xpd p\nexit', ['unknown-prog-type 1:7-10']],
    ['.prog xdp a\n.prog tc b\nexit', ['second-program 2:1-11']],
    ['.mpa m array value 4\nexit', ['unknown-directive 1:1-5']],
    ['.raw 12\nexit', ['bad-raw 1:1-8']],
    ['', ['no-instructions 1:1-1']],
    ['; nothing', ['no-instructions 1:1-10']],
    ['(000) ldh      [12]\n(001) jeq      #0x800           jt 2\tjf 3', ['classic-bpf 1:1-20']],
    ['r0 = 0x12zz\nexit', ['bad-token 1:6-12']],
    ['r0 = €\nexit', ['unexpected-token 1:6-7']],
  ])('of %j', (text, expected) => {
    expect(places(text)).toEqual(expected)
  })

  it('reports several mistakes of one text, in order, and never the right lines', () => {
    expect(places('r0 = 1\nr1 == 2\nr2 = 3\ngoto ou\nfoo\nout:\nexit')).toEqual([
      'unexpected-token 2:4-6',
      'unknown-label 4:6-8',
      'unknown-instruction 5:1-4',
    ])
  })

  it.each([
    ['goto ou\nout: exit', 'goto out\nout: exit'],
    ['calll 1\nexit', 'call 1\nexit'],
    ['r0 += w1\nexit', 'r0 += r1\nexit'],
    ['.map m array value 4\nr1 = m\nexit', '.map m array value 4\nr1 = m ll\nexit'],
    ['r1 = 0x1ffffffff\nexit', 'r1 = 0x1ffffffff ll\nexit'],
    ['r1 = XDP_DRP\nexit', 'r1 = XDP_DROP\nexit'],
    ['.map m aray value 4\nexit', '.map m array value 4\nexit'],
  ])('the fix of %j gives a text that assembles', (text, fixed) => {
    const edits = diagnosticsOf(text).flatMap(({ fix }) => fix?.edits ?? [])
    expect(applyEdits(text, edits)).toBe(fixed)
    expect(assemble(fixed).ok).toBe(true)
  })

  it('knows fields from comments in the braces of a struct', () => {
    const text = `.struct inner { a u8; b u8 } ; two bytes
.struct s {          ; the record
  packets u64        ; how many there were
  bytes u64; last u32
  nested { x u8; y inner }; tail u16   # and so on
  mac mac;           ; with a semicolon
} ; end
.map m array value s max sizeof(inner)
exit`
    const result = assemble(text)
    expect(result.diagnostics).toEqual([])
    const type = result.ok ? result.program.maps[0]!.value : undefined
    expect(type?.kind === 'struct' && type.fields.map(({ name, offset }) => `${name}@${offset}`)).toEqual([
      'packets@0',
      'bytes@8',
      'last@16',
      'nested@20',
      'tail@24',
      'mac@26',
    ])
    expect(assemble(text.replaceAll('\n', '\r\n')).diagnostics).toEqual([])
  })

  it('says what was expected', () => {
    expect(diagnosticsOf('if r1 > 3 gto out\nout: exit')[0]?.expected).toBe('goto')
    expect(diagnosticsOf('r1 = *(u33 *)(r2 + 4)\nexit')[0]?.expected).toContain('u32')
    expect(diagnosticsOf('goto\nx: exit')[0]?.expected).toBe('a label')
  })

  it('gives diagnostics for damaged texts, whatever they hold', () => {
    const seed = 99
    const random = new Random(seed)
    const alphabet = [...' \t\n;#:.,()[]{}<>=+-*/%&|^~"\'@$rw0123456789abcxyz_\u0000é漢']
    for (let round = 0; round < 300; round++) {
      const chars = [...disassemble(randomProgram(random, 8), { dialect: random.pick(['llvm', 'mnemonic'] as const) })]
      for (let edit = random.below(8); edit >= 0; edit--) {
        const at = random.below(chars.length)
        const kind = random.below(3)
        if (kind === 0) chars.splice(at, random.below(6))
        else if (kind === 1)
          chars.splice(at, 0, ...Array.from({ length: random.below(6) }, () => random.pick(alphabet)))
        else chars.splice(at, 0, ...chars.slice(random.below(chars.length)).slice(0, 12))
      }
      const text = chars.join('')
      const result = assemble(text)
      const lines = text.split('\n')
      for (const { range, message } of result.diagnostics) {
        const inside =
          range.startLine >= 1 &&
          range.endLine <= lines.length &&
          range.startColumn >= 1 &&
          range.endColumn <= lines[range.endLine - 1]!.length + 1
        const ordered = range.endLine > range.startLine || range.endColumn >= range.startColumn
        if (!inside || !ordered || message.includes('undefined'))
          expect({ range, message, text, seed, round }).toBe('inside the text')
      }
      if (!result.ok) expect(result.diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
    }
  })
})
