/**
 * How one compilation's spaces belong together: line of C ↔ source line ↔ BPF slot ↔ NFP word, n:m in each direction,
 * and the basic blocks whose hue is the same in all panes. Built once a compilation; panes only look up.
 */
import type { Program } from '@offload/bpf'
import { blocksOf } from './blocks'
import type { Block } from './blocks'
import type { Judged } from '../stores/verdict'

export type Space = 'c' | 'line' | 'insn' | 'word'

/** Something pointed at: a range in one space, end exclusive. */
export interface Target {
  readonly space: Space
  readonly start: number
  readonly end: number
}

/** The same thing in every space. */
export interface Kin {
  /** Indices into `cRows`. */
  readonly cRows: ReadonlySet<number>
  readonly lines: ReadonlySet<number>
  readonly insns: ReadonlySet<number>
  readonly words: ReadonlySet<number>
}

export const NO_KIN: Kin = { cRows: new Set(), lines: new Set(), insns: new Set(), words: new Set() }

/** A line of C with the slots it became; in the space `c` its number is its place in `cRows`. */
export interface CRow {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly insns: readonly number[]
}

export interface LinkTables {
  /** The lines of C that the program knows, by file and line. */
  readonly cRows: readonly CRow[]
  /** Index into `cRows`, -1 where a slot came from no known line. */
  cRowOf(insn: number): number
  /** Slots, those of second halves of `ld_imm64` included. */
  readonly slots: number
  /** Slots that begin an instruction, in order. */
  readonly insns: readonly number[]
  readonly wordCount: number
  /** Source line (from 1) of a slot, 0 where there is none. */
  lineOf(insn: number): number
  insnsOfLine(line: number): readonly number[]
  /** First and one-past-last word of a slot. */
  wordsOf(insn: number): readonly [number, number]
  /** Slot that a word came from; negative: prologue, outro and such. */
  insnOf(word: number): number
  readonly blocks: readonly Block[]
  /** Index into `blocks`, -1 where a slot is in none. */
  blockOf(insn: number): number
  kinOf(target: Target): Kin
}

export function buildTables(judged: Judged): LinkTables | undefined {
  const { program, image } = judged.compilation
  if (program === undefined) return undefined
  const slots = program.insns.length / 8
  const insns: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    insns.push(slot)
    if (program.insns[slot * 8] === 0x18) slot++
  }
  const byLine = new Map<number, number[]>()
  for (const insn of insns) {
    const line = program.lines[insn] ?? 0
    if (line === 0) continue
    const list = byLine.get(line)
    if (list === undefined) byLine.set(line, [insn])
    else list.push(insn)
  }
  const blocks = blocksOf(program.insns, insns)
  const blockBySlot = new Int32Array(slots).fill(-1)
  blocks.forEach((block, index) => blockBySlot.fill(index, block.start, block.end))
  const cRows = cRowsOf(program, insns)
  const cRowBySlot = new Int32Array(slots).fill(-1)
  cRows.forEach((row, index) => row.insns.forEach((insn) => (cRowBySlot[insn] = index)))
  const wordCount = image === undefined ? 0 : image.words.length / 2
  const none: readonly number[] = []

  const tables: LinkTables = {
    slots,
    insns,
    wordCount,
    cRows,
    cRowOf: (insn) => cRowBySlot[insn] ?? -1,
    blocks,
    lineOf: (insn) => program.lines[insn] ?? 0,
    insnsOfLine: (line) => byLine.get(line) ?? none,
    wordsOf: (insn) => [image?.insnWords[insn * 2] ?? 0, image?.insnWords[insn * 2 + 1] ?? 0],
    insnOf: (word) => image?.origins[word]?.insn ?? -1,
    blockOf: (insn) => blockBySlot[insn] ?? -1,
    kinOf(target) {
      const found = new Set<number>()
      const words = new Set<number>()
      for (let at = target.start; at < target.end; at++) {
        if (target.space === 'insn') found.add(at)
        else if (target.space === 'c') for (const insn of cRows[at]?.insns ?? none) found.add(insn)
        else if (target.space === 'line') for (const insn of tables.insnsOfLine(at)) found.add(insn)
        else {
          words.add(at)
          const insn = tables.insnOf(at)
          if (insn >= 0) found.add(insn)
        }
      }
      const lines = new Set<number>()
      const ofC = new Set<number>()
      if (target.space === 'line') for (let line = target.start; line < target.end; line++) lines.add(line)
      for (const insn of found) {
        const line = tables.lineOf(insn)
        if (line > 0) lines.add(line)
        const row = tables.cRowOf(insn)
        if (row >= 0) ofC.add(row)
        const [from, to] = tables.wordsOf(insn)
        for (let word = from; word < to; word++) words.add(word)
      }
      return { cRows: ofC, lines, insns: found, words }
    },
  }
  return tables
}

/** One row for each line of C, in the order of the files, with all the slots it became. */
function cRowsOf(program: Program, insns: readonly number[]): CRow[] {
  const rows = new Map<string, { file: string; line: number; text: string; insns: number[] }>()
  const notes = program.cLines ?? []
  let at = -1
  for (const insn of insns) {
    while (at + 1 < notes.length && notes[at + 1]!.insn <= insn) at++
    const note = notes[at]
    if (note === undefined || note.line === 0) continue
    const key = `${note.file}:${note.line}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { file: note.file, line: note.line, text: note.text, insns: [insn] })
    else row.insns.push(insn)
  }
  const files = [...new Set([...rows.values()].map(({ file }) => file))]
  return [...rows.values()].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
}
