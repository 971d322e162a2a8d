/** The lines of C that an imported object remembers, each with its instructions. Others of the file are not in the object. */
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { CodeText } from '../editor/code-text'
import { hover, pin, useLink, useShown } from '../link/service'
import type { Target } from '../link/tables'
import type { CLines } from '../stores/imported'

interface CRow {
  readonly file: string
  readonly line: number
  readonly text: string
  /** Runs of slots, end exclusive. */
  readonly runs: readonly Target[]
}

/** One row for each line of C, in the order of the files, with all the slots it became. */
export function rowsOf(lines: CLines, slots: number): CRow[] {
  const rows = new Map<string, { file: string; line: number; text: string; runs: Target[] }>()
  lines.notes.forEach(({ insn, file, line, text }, index) => {
    const end = lines.notes[index + 1]?.insn ?? slots
    const key = `${file}:${line}`
    const row = rows.get(key)
    const run = { space: 'insn', start: insn, end: Math.max(insn + 1, end) } as const
    if (row === undefined) rows.set(key, { file, line, text, runs: [run] })
    else row.runs.push(run)
  })
  const files = [...new Set([...rows.values()].map(({ file }) => file))]
  return [...rows.values()].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
}

export function CLinesPane({ lines }: { readonly lines: CLines }): ReactElement {
  const { judged, tables } = useShown()
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const current = judged?.source === lines.source
  const rows = useMemo(() => rowsOf(lines, tables?.slots ?? 0), [lines, tables])
  const holds = (row: CRow, slots: ReadonlySet<number>): boolean =>
    current && [...slots].some((slot) => row.runs.some(({ start, end }) => slot >= start && slot < end))
  return (
    <div
      className="listing"
      style={{ lineHeight: '20px' }}
      tabIndex={0}
      role="group"
      aria-label={`Lines of C in ${lines.file}`}
      data-testid="c-lines"
      onMouseLeave={() => hover(undefined)}
    >
      {!current && <p className="empty">The program was changed; the C is that of the object as it was opened.</p>}
      {rows.map((row, index) => (
        <div key={`${row.file}:${row.line}`}>
          {rows[index - 1]?.file !== row.file && <div className="code-row dim">{row.file}</div>}
          <div
            className={`code-row${holds(row, pinKin.insns) ? ' pin' : holds(row, hoverKin.insns) ? ' hover' : ''}`}
            onMouseEnter={() => current && hover(row.runs[0])}
            onClick={() => current && pin(row.runs[0]!)}
          >
            <span className="n">{row.line}</span>
            <span className="src">
              <CodeText text={row.text} grammar="c" />
            </span>
            <span className="dim r">{row.runs.map(({ start }) => start).join(', ')}</span>
          </div>
        </div>
      ))}
    </div>
  )
}
