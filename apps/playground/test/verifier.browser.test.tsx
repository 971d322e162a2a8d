/** What the verifier's panes compute before they draw: the folded tree, log lines and steps, slices, changes, rulers. */
import { describe, expect, it } from 'vitest'
import type { VerifierStep } from '@offload/verifier'
import { rulerCells } from '../src/panes/byte-ruler'
import { coverText } from '../src/panes/cover-text'
import { refusalLines, searchLines, stepsOfLines } from '../src/panes/log-lines'
import { sliceRows } from '../src/panes/slice-rows'
import { changeText } from '../src/panes/step-change'
import { buildTree, foldedAtFirst, headsAbove, insnRanges, rowsOf } from '../src/panes/walk-tree'
import { fixLines } from '../src/panes/why-pane'

const step = (insn: number, parent: number, more: Partial<VerifierStep> = {}): VerifierStep => ({
  insn,
  parent,
  frame: 0,
  state: '',
  ...more,
})
/** 0 1 2 3 4✓, from 2 also 7 8≡; from 1 one branch to 9 that waits. */
const STEPS = [step(0, -1), step(1, 0), step(2, 1), step(3, 2), step(4, 3), step(7, 2), step(8, 5, { covered: true })]

describe('the tree of paths', () => {
  it('is cut where there is a choice, the main way last and no deeper', () => {
    const tree = buildTree(STEPS, [{ insn: 9, parent: 1 }], false)
    const rows = rowsOf(tree, new Set())
    const text = rows.map(({ stretch, depth }) => {
      const one = tree.stretches[stretch]!
      return `${' '.repeat(depth)}${insnRanges(STEPS, one, () => false)}`
    })
    expect(text).toEqual(['0–1', ' 9', '2', ' 7–8', '3–4'])
    expect([...tree.stretchOf]).toEqual([0, 0, 1, 2, 2, 3, 3])
  })
  it('puts the way to the refusal on the main line, however short it is', () => {
    const tree = buildTree(STEPS.slice(0, 6), [], true)
    expect(tree.stretches.filter(({ failing }) => failing).map(({ start }) => start)).toEqual([0, 5])
    expect(rowsOf(tree, new Set()).map(({ stretch, depth }) => [tree.stretches[stretch]!.insn, depth])).toEqual([
      [0, 0],
      [3, 1],
      [7, 0],
    ])
  })
  it('folds a branch with all that hangs on it, and knows which branches hide a step', () => {
    // 0 forks to 1 (long: 1 2 3 …) and to 10, which forks again to 11 and 20.
    const steps = [
      step(0, -1),
      ...Array.from({ length: 9 }, (_, k) => step(k + 1, k)),
      step(10, 0),
      step(11, 10),
      step(20, 10),
    ]
    const tree = buildTree(steps, [], false)
    const head = tree.stretchOf[10]!
    expect(foldedAtFirst(tree).size).toBe(0)
    expect([...foldedAtFirst(tree, 0)]).toEqual([head])
    expect(rowsOf(tree, new Set([head])).map(({ stretch, folded }) => [stretch, folded])).toEqual([
      [0, undefined],
      [head, true],
      [1, undefined],
    ])
    expect(headsAbove(tree, tree.stretchOf[12]!)).toContain(head)
    expect(headsAbove(tree, head)).toEqual([])
    expect(tree.stretches[head]).toMatchObject({ paths: 2, weight: 3 })
  })
  it('stays shallow for a hundred thousand steps', () => {
    // A loop: each round forks to an exit that waits until the end.
    const steps = [step(0, -1)]
    for (let k = 0; k < 50_000; k++) steps.push(step(1, k))
    for (let k = 0; k < 50_000; k++) steps.push(step(2, 50_000 - k))
    const tree = buildTree(steps, [], false)
    const rows = rowsOf(tree, foldedAtFirst(tree))
    expect(rows.length).toBe(tree.stretches.length)
    expect(Math.max(...rows.map(({ depth }) => depth).slice(0, 1000))).toBeLessThan(20)
  })
  it('joins runs of numbers and shortens many', () => {
    const jumps = [0, 1, 5, 6, 9, 20, 30, 40].map((insn, k) => step(insn, k - 1))
    const [stretch] = buildTree(jumps.slice(0, 5), [], false).stretches
    expect(insnRanges(jumps, stretch!, () => false)).toBe('0–1, 5–6, 9')
    expect(insnRanges(jumps, { ...stretch!, end: 8 }, () => false)).toBe('0–1, 5–6, …, 40')
    const wide = [step(0, -1), step(2, 0), step(3, 1)]
    expect(insnRanges(wide, { ...stretch!, end: 3 }, (insn) => insn === 0)).toBe('0–3')
  })
  it('says why a path could end early', () => {
    const cover = { step: 4, live: 0b1000010, precise: 0b10, loop: false }
    expect(coverText(7, cover, 7)).toBe(
      'Covered by the state of step 5 at insn 7. Only r1 and r6 are still read from here. Of numbers only r1 had to fit; others may differ.',
    )
    expect(coverText(7, { ...cover, live: 0, precise: 0 }, 7)).toContain('No register is read from here on.')
    expect(coverText(7, { ...cover, loop: true }, 7)).toContain('every value is the same')
  })
})

describe('the log', () => {
  const lines = [
    'func#0 @0',
    'Live regs before insn:',
    '      0: .......... (b7) r0 = 0',
    '0: R1=ctx() R10=fp0',
    '0: (b7) r0 = 0                        ; R0=0',
    '1: (55) if r0 != 0x0 goto pc+5',
    'mark_precise: frame0: regs=r0 stack= before 0: (b7) r0 = 0',
    '2: (07) r0 += 1',
    '7: safe',
    'invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0)',
    'R2 offset is outside of the packet',
    'processed 4 insns',
  ]
  const steps = [step(0, -1), step(1, 0), step(2, 1), step(7, 2, { covered: true })]
  it('knows the step of each line, from the front and from the back', () => {
    const wanted = [-1, -1, -1, -1, 0, 1, -1, 2, 3, -1, -1, -1]
    expect([...stepsOfLines(lines, steps, false)]).toEqual(wanted)
    expect([...stepsOfLines(lines.slice(5), steps, true)]).toEqual(wanted.slice(5))
  })
  it('finds the whole of what was said at the refusal, and any text', () => {
    expect(refusalLines(lines, 'R2 offset is outside of the packet')).toEqual([9, 11])
    expect(refusalLines(lines, '')).toEqual([0, 0])
    expect(searchLines(lines, 'MARK')).toEqual([6])
    expect(searchLines(lines, '')).toEqual([])
  })
})

describe('a refusal', () => {
  it('becomes rows with source text, the refused one last', () => {
    const source = '.prog xdp p\nr2 = 1 ; note\nout: r3 = 2\n'
    const rows = sliceRows(
      [
        { insn: 1, step: 5, role: 'refused', text: 'bad' },
        { insn: 0, step: 2, role: 'value', text: 'r2: number 1' },
      ],
      source,
      (insn) => insn + 2,
    )
    expect(rows.map(({ insn, line, text, reason }) => [insn, line, text, reason])).toEqual([
      [0, 2, 'r2 = 1', 'r2: number 1'],
      [1, 3, 'r3 = 2', 'bad'],
    ])
  })
  it('draws bytes to scale and leaves out the middle of long stretches', () => {
    const reach = { base: 'r7', kind: 'packet', allowed: 5, first: 6, last: 7, writes: false } as const
    expect(
      rulerCells(reach).map(({ byte, allowed, wanted }) => `${byte}${allowed ? '+' : ''}${wanted ? '!' : ''}`),
    ).toEqual(['0+', '1+', '2+', '3+', '4+', '5', '6!', '7!'])
    const far = rulerCells({ ...reach, allowed: 0, first: 1000, last: 1003 })
    expect(far.length).toBeLessThanOrEqual(20)
    expect(far.filter(({ wanted, byte }) => wanted && byte !== undefined).map(({ byte }) => byte)).toEqual([
      1000, 1001, 1002, 1003,
    ])
  })
  it('shows a change as lines out and in', () => {
    const source = 'a\nb\nc\n'
    expect(
      fixLines(source, {
        edits: [
          { line: 4, remove: 0, insert: ['out:'] },
          { line: 2, remove: 1, insert: ['B'] },
        ],
      }),
    ).toEqual([
      { sign: '−', line: 2, text: 'b', order: 1 },
      { sign: '+', line: 2, text: 'B', order: 1 },
      { sign: '+', line: 4, text: 'out:', order: 0 },
    ])
  })
})

describe('the end of a line', () => {
  const values = (entries: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(entries))
  it('says what the instruction set, else what it told', () => {
    const before = values({ R1: 'ctx()', R5: 'pkt(off=14,r=0)', R7: 'pkt(r=0)' })
    expect(changeText(before, values({ R1: 'ctx()', R5: '7', R7: 'pkt(r=0)' }), 1 << 5, 'words')).toBe('r5: number 7')
    const proven = values({ R1: 'ctx()', R5: 'pkt(off=14,r=14)', R7: 'pkt(r=14)' })
    expect(changeText(before, proven, 0, 'words')).toBe('14 B proven from r7')
    expect(changeText(before, proven, 0, 'kernel')).toBe('r7: pkt(r=14)')
    expect(changeText(before, before, 0, 'words')).toBeUndefined()
  })
})
