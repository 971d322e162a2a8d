import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../../tooling/vectors'
import { assemble } from '../assembler/assemble'
import { toHex } from '../insn'
import { mutateText } from '../testing/mutate'
import { Random } from '../testing/random'
import { detectForeignText, importForeignText } from './foreign-text'

function bytesOf(text: string): string {
  const result = importForeignText(text)
  if (!result.ok) throw new Error(result.reason)
  const program = assemble(result.source)
  if (!program.ok) throw new Error(JSON.stringify(program.diagnostics))
  return toHex(program.program.insns)
}

const LOG = `func#0 @0
Live regs before insn:
      0: .1........ (61) r2 = *(u32 *)(r1 +0)
      1: ..2....... (18) r1 = 0x7
      3: .12....... (15) if r2 == 0x0 goto pc+1
  1   4: .1........ (85) call bpf_map_lookup_elem#1
      5: .......... (b7) r0 = 0
      6: 0......... (95) exit
0: R1=ctx() R10=fp0
0: (61) r2 = *(u32 *)(r1 +0)          ; R1=ctx() R2=pkt(r=0)
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0`

const XLATED = `int xdp_count(struct xdp_md * ctx):
; int xdp_count(struct xdp_md *ctx)
   0: (b7) r6 = 1
; void *data = (void *)(long)ctx->data;
   1: (18) r1 = map[id:700482]
   3: (18) r2 = map[id:7][0]+16
   5: (85) call __htab_map_lookup_elem#336864
   6: (85) call pc+1#bpf_prog_1234567890abcdef_helper
   7: (95) exit
   8: (95) exit`

describe('foreign texts', () => {
  it('reads a verifier log', () => {
    expect(detectForeignText(LOG)).toBe('kernel-log')
    expect(bytesOf(LOG)).toBe(
      '6112000000000000' +
        '18010000070000000000000000000000' +
        '1502010000000000' +
        '8500000001000000' +
        'b700000000000000' +
        '9500000000000000',
    )
  })

  it('fills what a log does not show, and says so', () => {
    const result = importForeignText(
      '0: (b7) r0 = 1\n1: (05) goto pc+1\n3: (95) exit\nprocessed 3 insns (limit 1000000)',
    )
    expect(result.ok && result.notes[0]?.message).toContain('1 instructions are not in the listing')
  })

  it('reads what bpftool dumps', () => {
    expect(detectForeignText(XLATED)).toBe('xlated')
    expect(bytesOf(XLATED)).toBe(
      'b706000001000000' +
        '18110000000000000000000000000000' +
        '18220000000000000000000010000000' +
        '85000000e0230500' +
        '8510000001000000' +
        '95000000000000009500000000000000',
    )
    expect(bytesOf(JSON.stringify([{ proto: 'int f(void)', disasm: '(b7) r0 = 2' }, { disasm: '(95) exit' }]))).toBe(
      'b7000000020000009500000000000000',
    )
  })

  it.each([
    ['b7 00 00 00 02 00 00 00\n95 00 00 00 00 00 00 00', 'hex'],
    ['b7000000020000009500000000000000', 'hex'],
    ['0xb7, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x95, 0, 0', undefined],
    ['00000000: b700 0000 0200 0000 9500 0000 0000 0000  ................', 'hex'],
    ['["b700000002000000", "9500000000000000"]', 'json'],
    ['[[183, 0, 0, 0, 2], [149, 0, 0, 0, 0]]', 'json'],
    ['[{"code": 183, "dst_reg": 0, "imm": 2}, {"code": "0x95"}]', 'json'],
    ['{"prog_type": "xdp", "insns": "b7000000020000009500000000000000"}', 'json'],
  ])('reads %j as %s', (text, kind) => {
    expect(detectForeignText(text)).toBe(kind)
    if (kind !== undefined) expect(bytesOf(text)).toBe('b7000000020000009500000000000000')
  })

  it('refuses classic BPF with the reason', () => {
    for (const text of [
      '(000) ldh      [12]\n(001) ret #0',
      '{ 0x28, 0, 0, 0x0000000c },\n{ 0x6, 0, 0, 0x00000000 },',
      '2\n40 0 0 12\n6 0 0 0\n',
    ]) {
      expect(detectForeignText(text)).toBe('classic-bpf')
      expect(importForeignText(text)).toMatchObject({ ok: false })
    }
  })

  it('leaves source text alone', () => {
    for (const text of ['r0 = 2\nexit', 'mov %r0, 2\nexit', '.prog xdp a\nout: exit', ''])
      expect(detectForeignText(text)).toBeUndefined()
  })

  it('gives the program back from the logs of the vectors', () => {
    const dir = vectorsDir('verifier')
    if (dir === undefined) return
    let whole = 0
    for (const { id, insns, relocs, log } of jsonlFiles(dir)
      .slice(0, 4)
      .flatMap((file) => readJsonl<{ id: string; insns: string; relocs: unknown[]; log: string }>(file))) {
      const listed = new Set(
        [...log.matchAll(/^\s*(?:\d+ +)?(\d+): (?:[0-9.]{10} )?\([0-9a-f]{2}\)/gm)].map(([, slot]) => slot),
      )
      if (!log.includes('Live regs') || relocs.length > 0 || /unknown#|\(e5\) if|le\d|bswap128|s32\)w/.test(log))
        continue
      const result = importForeignText(log)
      // Fields that the text does not show cannot come back.
      if (!result.ok || listed.size < 2) continue
      const program = assemble(result.source)
      if (program.ok && toHex(program.program.insns) === insns) whole++
      else if (program.ok && program.program.insns.length === insns.length / 2) continue
      else expect(`${id}: ${result.source}`).toBe(insns)
    }
    expect(whole).toBeGreaterThan(200)
  })

  const objdump = spawnSync('llvm-objdump', ['--version']).status === 0
  if (!objdump) console.log('llvm-objdump absent: its listings are not read')
  it.runIf(objdump)('reads objdump with relocations', () => {
    const file = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../testdata/legacy.o')
    const text = execFileSync('llvm-objdump', ['-d', '-r', file], { encoding: 'utf8' })
    expect(detectForeignText(text)).toBe('objdump')
    const result = importForeignText(text)
    expect(result.ok && result.source).toContain('r1 = table ll')
    expect(result.ok && result.source).toContain('.map slots')
  })

  it('ends on any damaged text with a result', () => {
    const seed = 3
    const random = new Random(seed)
    for (let round = 0; round < 500; round++) {
      const text = mutateText(
        random,
        random.pick([LOG, XLATED, '[[183, 0, 0, 0, 2], [149, 0, 0, 0, 0]]', 'b7 00 00 00 02 00 00 00']),
      )
      try {
        importForeignText(text)
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error })
      }
    }
  })
})

describe('lines of C', () => {
  it.each([
    ['a verifier log', '; r0 = 2; @ a.c:7\n0: (b7) r0 = 2\n; } @ a.c:9\n1: (95) exit\n'],
    [
      'bpftool',
      '; r0 = 2; [file:/x/a.c line_num:7 line_col:1]\n   0: (b7) r0 = 2\n; } [file:/x/a.c line_num:9 line_col:1]\n   1: (95) exit\n',
    ],
  ])('of %s stay with their instructions', (_, text) => {
    const result = importForeignText(text)
    const program = result.ok ? assemble(result.source) : undefined
    expect(program?.ok === true && program.program.cLines?.map(({ insn, line, text: c }) => [insn, line, c])).toEqual([
      [0, 7, 'r0 = 2;'],
      [1, 9, '}'],
    ])
  })
})
