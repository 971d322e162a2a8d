import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importElf } from '../elf/import'
import { toHex } from '../insn'
import { mutateText } from '../testing/mutate'
import { Random } from '../testing/random'
import { importCompilerText, isCompilerText } from './compiler-text'

const testdata = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../testdata')

const SOURCE = `	.text
	.file	"small.c"
	.section	xdp,"ax",@progbits
	.globl	drop                            # -- Begin function drop
	.p2align	3
	.type	drop,@function
drop:                                   # @drop
# %bb.0:
	r1 = limit ll
	r1 = *(u32 *)(r1 + 0)
	r0 = 1
	if r1 > 7 goto LBB0_2
	call helper
LBB0_2:
	exit
.Lfunc_end0:
	.size	drop, .Lfunc_end0-drop
	.text
	.type	helper,@function
helper:
	r0 = 2
	exit
.Lfunc_end1:
	.size	helper, .Lfunc_end1-helper
	.type	limit,@object                   # @limit
	.section	.rodata,"a",@progbits
	.globl	limit
	.p2align	2
limit:
	.long	64                              # 0x40
	.size	limit, 4
	.type	_license,@object
	.section	license,"aw",@progbits
_license:
	.asciz	"GPL \\"#\\""
	.size	_license, 8
`

describe('compiler text', () => {
  it('becomes a program with its data', () => {
    expect(isCompilerText(SOURCE)).toBe(true)
    expect(isCompilerText('.prog xdp a\nr0 = 1\nexit')).toBe(false)
    const result = importCompilerText(SOURCE, { name: 'small.s' })
    if (!result.ok) throw new Error(JSON.stringify(result.findings))
    const program = result.programs[0]!
    expect(program.license).toBe('GPL "#"')
    expect(program.maps.map(({ name, value_size }) => [name, value_size])).toEqual([['small.rodata', 4]])
    expect(toHex(program.contents![0]!.data)).toBe('40000000')
    expect(program.subprograms).toEqual([
      { name: 'drop', start: 0 },
      { name: 'helper', start: 7 },
    ])
    expect(toHex(program.insns)).toBe(
      [
        '1821000000000000',
        '0000000000000000',
        '6111000000000000',
        'b700000001000000',
        '2501010007000000',
        '8510000001000000',
        '9500000000000000',
        'b700000002000000',
        '9500000000000000',
      ].join(''),
    )
  })

  it('names the line that it cannot read', () => {
    const result = importCompilerText(SOURCE.replace('r0 = 1\n', 'r0 == 1\n'))
    expect(result.findings[0]?.message).toContain('r0 == 1')
  })

  for (const [compiler, cpu] of [
    ['clang', 'v2'],
    ['clang-19', 'v4'],
  ] as const) {
    const present = spawnSync(compiler, ['--version']).status === 0
    if (!present) console.log(`${compiler} absent: its text is not compared with its objects`)
    it.runIf(present)(`gives what the object of ${compiler} gives`, () => {
      for (const name of ['counter', 'callback', 'legacy']) {
        const common = ['-O2', '-g', '-target', 'bpf', `-mcpu=${cpu}`, path.join(testdata, `${name}.c`), '-o', '-']
        const text = execFileSync(compiler, ['-S', ...common], { encoding: 'utf8' })
        const object = new Uint8Array(execFileSync(compiler, ['-c', ...common]))
        const [a, b] = [importCompilerText(text, { name: `${name}.s` }), importElf(object, { name: `${name}.o` })]
        if (!a.ok || !b.ok) throw new Error(`${name}: ${JSON.stringify(a.findings)}`)
        expect(a.programs.map((program) => program.name)).toEqual(b.programs.map((program) => program.name))
        a.programs.forEach((program, i) => {
          const other = b.programs[i]!
          expect(toHex(program.insns), program.name).toBe(toHex(other.insns))
          expect(program.maps, program.name).toEqual(other.maps)
          expect(program.relocs, program.name).toEqual(other.relocs)
          expect(program.contents, program.name).toEqual(other.contents)
          expect(program.cLines, program.name).toEqual(other.cLines)
        })
      }
    })
  }

  it('ends on any damaged text with a result', () => {
    const seed = 14
    const random = new Random(seed)
    const text = `${SOURCE}${readFileSync(path.join(testdata, 'bpf.h'), 'utf8').slice(0, 200)}`
    for (let round = 0; round < 300; round++) {
      try {
        importCompilerText(mutateText(random, text))
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error })
      }
    }
  })
})
