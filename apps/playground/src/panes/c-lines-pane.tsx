/**
 * The C of the program, linked with its instructions and words: all of a text where there is one, else the lines that
 * the program remembers. What belongs together is in the program (`@LINE` comments), so edits, links and undo keep it.
 */
import { useEffect, useMemo, useRef } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { CodeText } from '../editor/code-text'
import { hueOf, useHueBy } from '../link/hue'
import { hover, pin, useLink, useShown } from '../link/service'
import type { CRow, LinkTables, Target } from '../link/tables'

/** A line of C to show; `row` is its number in the space `c`, -1 where it became no instruction. */
interface ShownLine {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly row: number
}

/** All lines of `text`, with the rows that lie in it; without a text, the rows. */
export function shownLines(rows: readonly CRow[], text: string | undefined): ShownLine[] {
  if (text === undefined) return rows.map(({ file, line, text: own }, row) => ({ file, line, text: own, row }))
  const file = rows[0]?.file ?? ''
  const byLine = new Map(rows.flatMap((row, index) => (row.file === file ? [[row.line, index] as const] : [])))
  const lines = text.replace(/\n$/, '').split('\n')
  return lines.map((own, index) => ({ file, line: index + 1, text: own, row: byLine.get(index + 1) ?? -1 }))
}

/** `5–8, 12`: runs of neighbouring instructions. */
export function runsText(insns: readonly number[], tables: LinkTables): string {
  const order = new Map(tables.insns.map((insn, index) => [insn, index]))
  const runs: [first: number, last: number][] = []
  for (const insn of insns) {
    const run = runs.at(-1)
    if (run !== undefined && order.get(insn) === order.get(run[1])! + 1) run[1] = insn
    else runs.push([insn, insn])
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(', ')
}

export function CLinesPane({
  text,
  rowHeight = 19,
}: {
  readonly text?: string | undefined
  readonly rowHeight?: number
}): ReactElement {
  const { tables } = useShown()
  const hueBy = useHueBy((state) => state.by)
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const pinned = useLink((state) => state.pin)
  const list = useRef<HTMLDivElement>(null)
  const lines = useMemo(() => shownLines(tables?.cRows ?? [], text), [tables, text])
  useEffect(() => scrollTo(list.current, '.pin'), [pinned])
  useEffect(() => scrollTo(list.current, '.hover'), [hoverKin])
  const targetOf = ({ row }: ShownLine): Target => ({ space: 'c', start: row, end: row + 1 })
  const step = (event: KeyboardEvent): void => {
    const down = event.key === 'ArrowDown'
    if (!down && event.key !== 'ArrowUp') return
    const linked = lines.filter(({ row }) => row >= 0)
    const at = linked.findIndex(({ row }) => pinKin.cRows.has(row))
    const next = linked[at < 0 ? (down ? 0 : linked.length - 1) : at + (down ? 1 : -1)]
    event.preventDefault()
    if (next !== undefined) pin(targetOf(next))
  }
  return (
    <div
      className="listing"
      ref={list}
      style={{ ['--lh-code' as string]: `${rowHeight}px` }}
      tabIndex={0}
      role="group"
      aria-label="The program in C. Arrow keys pin the next line."
      data-testid="c-lines"
      onKeyDown={step}
      onMouseLeave={() => hover(undefined)}
    >
      {lines.map((line, index) => {
        const row = tables?.cRows[line.row]
        const insns = row?.insns
        const hue = insns === undefined || tables === undefined ? undefined : hueOf(tables, insns[0]!, hueBy)
        const classes = ['code-row']
        if (hue !== undefined) classes.push('block')
        if (pinKin.cRows.has(line.row)) classes.push('pin')
        else if (hoverKin.cRows.has(line.row)) classes.push('hover')
        const newFile = text === undefined && lines[index - 1]?.file !== line.file && line.file !== ''
        return (
          <div key={`${line.file}:${line.line}`}>
            {newFile && <div className="code-row dim">{line.file}</div>}
            <div
              className={classes.join(' ')}
              style={hue === undefined ? undefined : { ['--hue' as string]: hue }}
              data-c-line={line.line}
              onMouseEnter={() => hover(line.row < 0 ? undefined : targetOf(line))}
              onClick={() => line.row >= 0 && pin(targetOf(line))}
            >
              <span className="spine" />
              <span className="n">{line.line}</span>
              <span className="src">
                <CodeText text={line.text} grammar="c" />
              </span>
              <span className="ann r">
                {insns === undefined || tables === undefined ? '' : runsText(insns, tables)}
              </span>
            </div>
          </div>
        )
      })}
    </div>
  )
}

/** Bring the first such row into sight, if it is not. */
function scrollTo(list: HTMLElement | null, selector: string): void {
  const row = list?.matches(':hover') === true ? undefined : list?.querySelector<HTMLElement>(selector)
  if (list === null || row === null || row === undefined) return
  const top = row.offsetTop - list.scrollTop
  if (top < 0 || top + row.offsetHeight > list.clientHeight) list.scrollTop = row.offsetTop - list.clientHeight / 3
}
