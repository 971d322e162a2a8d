import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { assemble } from '../assembler/assemble'
import { toHex } from '../insn'
import { importFile } from './file'

const testdata = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../testdata')
const bytes = (text: string) => new TextEncoder().encode(text)

describe('files', () => {
  it('an object gives a text for each program, with the lines of C', () => {
    const result = importFile(new Uint8Array(readFileSync(path.join(testdata, 'counter.o'))), 'dir/counter.o')
    if (!result.ok) throw new Error(result.reason)
    expect(result.texts.map(({ name }) => name)).toEqual(['count', 'count_more', 'classifier'])
    for (const { source, program } of result.texts) {
      expect(source).toContain('    ; ')
      const again = assemble(source)
      expect(again.ok && toHex(again.program.insns)).toBe(toHex(program!.insns))
      expect(again.ok && again.program.contents?.map(({ map }) => map)).toEqual([3, 4])
    }
    expect(result.texts[0]!.source).toContain('if (data + 34 > end) @ counter.c:')
  })

  it('leaves the given bytes alone, also where they are a Buffer', () => {
    const buffer = readFileSync(path.join(testdata, 'counter.o'))
    const before = new Uint8Array(buffer)
    const shared = importFile(buffer, 'counter.o')
    expect(new Uint8Array(buffer)).toEqual(before)
    expect(importFile(before, 'counter.o')).toEqual(shared)
  })

  it.each([
    ['a.bpf', 'r0 = 2\nexit\n', 'source'],
    ['a.hex', 'b7000000020000009500000000000000', 'hex'],
    ['a.json', '["b700000002000000","9500000000000000"]', 'json'],
    ['a.log', '0: (b7) r0 = 2\n1: (95) exit', 'xlated'],
    ['umlaut.bpf', '; größer 漢 😀\nr0 = 2\nexit\n', 'source'],
  ])('%s is known as what it is', (name, text, kind) => {
    const result = importFile(bytes(text), name)
    if (!result.ok) throw new Error(result.reason)
    expect(result.kind).toBe(kind)
    if (kind === 'source') expect(result.texts[0]!.source).toBe(text)
    const program = assemble(result.texts[0]!.source)
    expect(program.ok && toHex(program.program.insns)).toBe('b7000000020000009500000000000000')
  })

  it('bare instructions need a name that says so', () => {
    const insns = Uint8Array.of(0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0)
    expect(importFile(insns, 'prog.bin')).toMatchObject({ ok: true, kind: 'bytes' })
    expect(importFile(insns, 'capture.pcap')).toMatchObject({ ok: false, kind: 'unknown' })
    expect(importFile(bytes('(000) ret #0'), 'a.txt')).toMatchObject({ ok: false, kind: 'damaged' })
    expect(importFile(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), 'a.o')).toMatchObject({ ok: false, kind: 'damaged' })
  })
})
