import { describe, expect, it } from 'vitest'
import { compile } from './compile'
import { defaultDocument } from './default'
import { explainRefusal, suggestRepair } from './refusal'

const of = (source: string) => ({ ...defaultDocument(), source })
const HEAD = `.map flows hash key u32 value u64 max 16
.prog xdp main
    r6 = r1
    r7 = *(u32 *)(r6 + 0)
    r8 = *(u32 *)(r6 + 4)
`
const LOOKUP = `    *(u32 *)(r10 - 4) = 1
    r2 = r10
    r2 += -4
    r1 = flows ll
    call bpf_map_lookup_elem
`

describe('explainRefusal', () => {
  it('gives the slice of a refused text, with the steps of the walk that compile recorded', () => {
    const document = of(`${HEAD}    r0 = *(u16 *)(r7 + 12)\n    exit\n`)
    const explanation = explainRefusal(document)!
    expect(explanation.sentence).toContain('reads bytes 12 to 13 after r7, but no check has proven any byte there')
    const steps = compile(document, { record: true }).kernel!.steps!
    for (const line of explanation.slice) expect(steps[line.step]!.insn).toBe(line.insn)
  })
  it('is silent about texts that are accepted or do not assemble', () => {
    expect(explainRefusal(of('r0 = 2\nexit\n'))).toBeUndefined()
    expect(explainRefusal(of('r0 = \n'))).toBeUndefined()
  })
})

describe('suggestRepair', () => {
  it.each([
    [
      'a check that is too short',
      `${HEAD}    r2 = r7\n    r2 += 13\n    if r2 > r8 goto out\n    r0 = *(u16 *)(r7 + 12)\nout:\n    r0 = 2\n    exit\n`,
      '    r2 += 14',
    ],
    [
      'no check, with the end at hand',
      `${HEAD}    r0 = *(u16 *)(r7 + 12)\nout:\n    r0 = 2\n    exit\n`,
      '    if r5 > r8 goto out',
    ],
    [
      'no check and no way out',
      `.prog xdp main\n    r7 = *(u32 *)(r1 + 0)\n    r0 = *(u8 *)(r7 + 0)\n    exit\n`,
      'out:',
    ],
    [
      'a lookup that may fail',
      `${HEAD}${LOOKUP}    r1 = *(u64 *)(r0 + 0)\nout:\n    r0 = 2\n    exit\n`,
      '    if r0 == 0 goto out',
    ],
    ['no verdict', `.prog xdp main\n    exit\n`, '    r0 = 2'],
    ['dead code', `.prog xdp main\n    r0 = 2\n    exit\n    r0 = 1\n    exit\n`, ''],
    ['no end', `.prog xdp main\n    r0 = 2\n`, '    exit'],
    [
      'an index without a bound',
      `${HEAD}${LOOKUP}    if r0 == 0 goto out\n    call bpf_get_prandom_u32\n    r9 = r0\n${LOOKUP}    if r0 == 0 goto out\n    r0 += r9\n    r1 = *(u8 *)(r0 + 0)\nout:\n    r0 = 2\n    exit\n`,
      '    if r9 > 7 goto out',
    ],
    [
      'two faults at once',
      `${HEAD}${LOOKUP}    r1 = *(u64 *)(r0 + 0)\n    r2 = *(u8 *)(r7 + 0)\nout:\n    r0 = 2\n    exit\n`,
      '    if r0 == 0 goto out',
    ],
    ['the other dialect', `.prog xdp main\n    ldxw %r7, [%r1+0]\n    ldxb %r0, [%r7+3]\n    exit\n`, 'out:'],
  ])('repairs %s with a change that passes', (_, source, line) => {
    const document = of(source)
    expect(compile(document).kernel?.verdict).toBe('reject')
    const repair = suggestRepair(document)!
    expect(repair.source.split('\n').concat('')).toContain(line)
    expect(compile({ ...document, source: repair.source }).kernel?.verdict).toBe('accept')
    const lines = source.split('\n')
    for (const edit of repair.edits) lines.splice(edit.line - 1, edit.remove, ...edit.insert)
    expect(lines.join('\n')).toBe(repair.source)
  })
  it('offers nothing where no likely change passes, and leaves numeric jumps alone', () => {
    expect(suggestRepair(of('.prog xdp main\nr0 = 2\nlock *(u64 *)(r1 + 0) += r0\nexit\n'))).toBeUndefined()
    expect(suggestRepair(of('.prog xdp main\nif r1 == 0 goto +1\nexit\nr0 = 2\nexit\n'))).toBeUndefined()
    expect(suggestRepair(of('r0 = 2\nexit\n'))).toBeUndefined()
  })
})
