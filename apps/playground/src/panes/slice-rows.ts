/** The slice of a refusal as rows: source text without its comment beside the reason. Pure. */
import type { SliceLine } from '@offload/verifier'

export interface SliceRow {
  readonly insn: number
  readonly step: number
  readonly line: number
  readonly text: string
  readonly reason: string
  readonly role: SliceLine['role']
}

/** In program order, the refused line last; `lineOf` gives the source line (from 1) of an instruction, 0: none. */
export function sliceRows(slice: readonly SliceLine[], source: string, lineOf: (insn: number) => number): SliceRow[] {
  const lines = source.split('\n')
  const rows = slice.map(({ insn, step, role, text }): SliceRow => {
    const line = lineOf(insn)
    const code = (lines[line - 1] ?? '').replace(/\s*(;|\/\/|#(?!\d)).*$/, '').trim()
    return { insn, step, line, text: code.replace(/^[\w.$]+:\s+(?=\S)/, ''), reason: text, role }
  })
  return rows.toSorted((a, b) => Number(a.role === 'refused') - Number(b.role === 'refused') || a.insn - b.insn)
}
