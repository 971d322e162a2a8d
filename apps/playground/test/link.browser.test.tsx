/** The link service: what is pointed at in one space is known in all, and follows the program. */
import { beforeEach, describe, expect, it } from 'vitest'
import { hover, pin, tablesOf, unpin, useLink } from '../src/link/service'
import { listingRows } from '../src/panes/code-listing'
import { interleavedRows } from '../src/panes/interleaved-pane'
import { useVerdict } from '../src/stores/verdict'
import { sample } from './sample'

describe('the link service', () => {
  beforeEach(() => {
    hover(undefined)
    unpin()
    const judged = sample()
    useVerdict.setState({ last: judged, good: judged })
  })

  it('takes a line to its instruction and all its words', () => {
    hover({ space: 'line', start: 3, end: 4 })
    const { hoverKin } = useLink.getState()
    expect([...hoverKin.insns]).toEqual([1])
    expect([...hoverKin.words]).toEqual([3, 4, 5])
  })

  it('takes one word to its instruction and that one’s other words', () => {
    hover({ space: 'word', start: 7, end: 8 })
    const { hoverKin } = useLink.getState()
    expect([...hoverKin.insns]).toEqual([4])
    expect([...hoverKin.lines]).toEqual([5])
    expect([...hoverKin.words].toSorted((a, b) => a - b)).toEqual([6, 7])
  })

  it('knows an instruction without words, and words without an instruction', () => {
    hover({ space: 'insn', start: 3, end: 4 })
    expect(useLink.getState().hoverKin.words.size).toBe(0)
    expect([...useLink.getState().hoverKin.lines]).toEqual([4])
    hover({ space: 'word', start: 0, end: 1 })
    expect(useLink.getState().hoverKin.insns.size).toBe(0)
  })

  it('pins, and unpins when the same is pinned again', () => {
    pin({ space: 'insn', start: 0, end: 1 })
    expect([...useLink.getState().pinKin.words]).toEqual([2])
    pin({ space: 'insn', start: 0, end: 1 })
    expect(useLink.getState().pin).toBeUndefined()
    expect(useLink.getState().pinKin.words.size).toBe(0)
  })

  it('re-reads what is pinned when another program comes', () => {
    pin({ space: 'line', start: 5, end: 6 })
    expect([...useLink.getState().pinKin.insns]).toEqual([4])
    const moved = sample()
    moved.compilation.program!.lines[4] = 9
    useVerdict.setState({ last: moved, good: moved })
    expect(useLink.getState().pinKin.insns.size).toBe(0)
  })

  it('reads downwards: every instruction once, every word once and under its instruction', () => {
    const judged = sample()
    const tables = tablesOf(judged)!
    const rows = interleavedRows(listingRows(judged, tables), tables, judged.compilation.disassembly ?? [])
    const insns = rows.filter(({ kind }) => kind === 'insn').map(({ target }) => target!.start)
    const words = rows.filter(({ kind }) => kind === 'word').map(({ target }) => target!.start)
    expect(insns).toEqual(tables.insns)
    expect(words).toEqual(Array.from({ length: tables.wordCount }, (_, word) => word))
    let last = -1
    for (const { kind, target } of rows) {
      if (kind === 'insn') last = target!.start
      else if (kind === 'word' && tables.insnOf(target!.start) >= 0) expect(tables.insnOf(target!.start)).toBe(last)
    }
  })

  it('cuts the program into blocks at jumps and their targets', () => {
    const tables = tablesOf(sample())!
    expect(tables.insns).toEqual([0, 1, 3, 4, 5])
    expect(tables.blocks.map(({ start, end, letter }) => [start, end, letter])).toEqual([
      [0, 4, 'A'],
      [4, 5, 'B'],
      [5, 6, 'C'],
    ])
  })
})
