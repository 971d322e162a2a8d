/**
 * The program as rows: spine of the block's hue, letter at a block's start, verdict gutters, instruction number, text.
 * The same rows in *Verifier*, *JIT* and *Debug*; what stands at the right end is the layout's choice.
 */
import { memo, useEffect, useMemo, useRef } from 'react'
import type { ReactElement, ReactNode, RefObject } from 'react'
import { CodeText } from '../editor/code-text'
import { useNowInsn } from '../editor/now-line'
import { hueOf, useHueBy } from '../link/hue'
import { hover, pin, useLink, useShown } from '../link/service'
import type { LinkTables } from '../link/tables'
import { MARK_GLYPH, marksOf } from '../link/verdict-marks'
import type { Mark, Marks } from '../link/verdict-marks'
import type { Judged } from '../stores/verdict'

export interface ListingRow {
  /** Slot, or -1 for a label. */
  readonly insn: number
  readonly line: number
  readonly text: string
}

/** Instructions with their source text, labels between them; comments and declarations are left out. */
export function listingRows(judged: Judged, tables: LinkTables): ListingRow[] {
  const lines = judged.source.split('\n')
  const code = (line: number): string => (lines[line - 1] ?? '').replace(/\s*(;|\/\/|#(?!\d)).*$/, '').trim()
  const rows: ListingRow[] = []
  let at = 0
  for (const insn of tables.insns) {
    const line = tables.lineOf(insn)
    for (let between = at + 1; between < line; between++)
      if (/^[\w.$]+:$/.test(code(between))) rows.push({ insn: -1, line: between, text: code(between) })
    const own = code(line)
    const label = /^([\w.$]+:)\s+(.*)$/.exec(own)
    rows.push({ insn, line, text: label?.[2] ?? own })
    at = Math.max(at, line)
  }
  return rows
}

export interface ListingProps {
  /** At the right end of an instruction's row. */
  readonly note?: ((insn: number) => ReactNode) | undefined
  /** Kernel and device gutters. */
  readonly verdicts?: boolean
  /** Share of the busiest, by slot; undefined: no heat bar. */
  readonly heat?: ((insn: number) => number) | undefined
  readonly rowHeight?: number
  readonly scroller?: RefObject<HTMLDivElement | null>
  readonly onScroll?: () => void
  /** Instructions that matter to a refusal: a mark at their left. */
  readonly marked?: ReadonlySet<number> | undefined
  /** In place of the kernel's words at the end of the refused line. */
  readonly refusal?: string | undefined
  /** What a row says when it is pointed at. */
  readonly title?: ((insn: number) => string | undefined) | undefined
  readonly breakpoints?: { readonly has: (insn: number) => boolean; readonly toggle: (insn: number) => void }
}

export function CodeListing({
  note,
  verdicts,
  heat,
  rowHeight = 19,
  scroller,
  onScroll,
  marked,
  refusal,
  title,
  breakpoints,
}: ListingProps): ReactElement {
  const { judged, tables } = useShown()
  const own = useRef<HTMLDivElement>(null)
  const element = scroller ?? own
  const now = useNowInsn()
  const hueBy = useHueBy((state) => state.by)
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const pinned = useLink((state) => state.pin)
  const rows = useMemo(
    () => (judged === undefined || tables === undefined ? [] : listingRows(judged, tables)),
    [judged, tables],
  )
  const compilation = judged?.compilation
  const noteOf = useMemo(() => new Map(compilation?.image?.notes.map((item) => [item.insn, item])), [compilation])
  const marks = useMemo(() => (compilation === undefined ? undefined : marksOf(compilation)), [compilation])

  useEffect(() => scrollToKin(element.current, '.pin'), [pinned, element])
  useEffect(() => scrollToKin(element.current, '.now'), [now, element])

  if (judged === undefined || tables === undefined || compilation === undefined || marks === undefined)
    return <div className="empty">Nothing has been assembled yet. Write a program in Start.</div>
  const errors = new Map(
    compilation.diagnostics
      .filter((finding) => finding.severity === 'error')
      .map((finding) => [finding.range.startLine, finding]),
  )
  return (
    <div
      className="listing"
      ref={element}
      onScroll={onScroll}
      onMouseLeave={() => hover(undefined)}
      tabIndex={0}
      role="group"
      aria-label="BPF instructions"
      style={{ ['--lh-code' as string]: `${rowHeight}px` }}
    >
      {rows.map((row) => {
        const block = row.insn < 0 ? undefined : tables.blocks[tables.blockOf(row.insn)]
        if (row.insn < 0)
          return (
            <div key={`l${row.line}`} className="code-row">
              <span className="spine" />
              <span style={{ width: verdicts === true ? 81 : 49 }} />
              <span className="src fn">{row.text}</span>
            </div>
          )
        const error = errors.get(row.line)
        const removed = noteOf.get(row.insn)
        const mark = marks(row.insn)
        const [from, to] = tables.wordsOf(row.insn)
        const classes = ['code-row']
        const hue = hueOf(tables, row.insn, hueBy)
        if (hue !== undefined) classes.push('block')
        if (error !== undefined) classes.push('bad')
        // No words of its own: removed, or merged into what another instruction does.
        if (removed !== undefined && (removed.kind === 'removed' || from === to)) classes.push('gone')
        if (mark.kernel === 'dot') classes.push('unreached')
        if (marked?.has(row.insn) === true) classes.push('matters')
        if (now === row.insn) classes.push('now')
        if (pinKin.insns.has(row.insn)) classes.push('pin')
        else if (hoverKin.insns.has(row.insn)) classes.push('hover')
        return (
          <InsnRow
            key={row.insn}
            insn={row.insn}
            text={row.text}
            classes={classes.join(' ')}
            hue={hue}
            letter={hueBy === 'block' && block?.start === row.insn ? block.letter.slice(0, 2) : undefined}
            kernel={verdicts === true ? mark.kernel : undefined}
            device={verdicts === true ? mark.device : undefined}
            heat={heat === undefined ? undefined : Math.round(6 * heat(row.insn))}
            pass={removed?.pass}
            reason={removed?.reason}
            error={
              verdicts === true
                ? mark.kernel === 'fail' && refusal !== undefined
                  ? refusal
                  : error?.message
                : undefined
            }
            title={title?.(row.insn)}
            note={note?.(row.insn)}
            stop={breakpoints?.has(row.insn)}
            onStop={breakpoints?.toggle}
          />
        )
      })}
    </div>
  )
}

interface InsnRowProps {
  readonly insn: number
  readonly text: string
  readonly classes: string
  readonly hue: string | undefined
  readonly letter: string | undefined
  readonly kernel: Mark | undefined
  readonly device: Mark | undefined
  /** 0 to 6. */
  readonly heat: number | undefined
  /** The pass that removed or merged the instruction, and why. */
  readonly pass: string | undefined
  readonly reason: string | undefined
  readonly error: string | undefined
  readonly title: string | undefined
  readonly note: ReactNode
  readonly stop: boolean | undefined
  readonly onStop: ((insn: number) => void) | undefined
}

/** One instruction. Drawn again only when something of it has changed: pointing at a row costs two rows, not all. */
const InsnRow = memo(function InsnRow(row: InsnRowProps): ReactElement {
  const { insn, kernel, device, stop } = row
  return (
    <div
      className={row.classes}
      style={row.hue === undefined ? undefined : { ['--hue' as string]: row.hue }}
      data-insn={insn}
      title={row.title}
      onMouseEnter={() => hover({ space: 'insn', start: insn, end: insn + 1 })}
      onClick={() => pin({ space: 'insn', start: insn, end: insn + 1 })}
    >
      <span className="spine" />
      {stop !== undefined && (
        <button
          type="button"
          className={stop ? 'break on' : 'break'}
          aria-label={`Breakpoint at instruction ${insn}`}
          aria-pressed={stop}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation()
            row.onStop?.(insn)
          }}
        />
      )}
      <span className="letter-cell">{row.letter !== undefined && <span className="letter">{row.letter}</span>}</span>
      {kernel !== undefined && device !== undefined && <Gutters marks={{ kernel, device }} />}
      <span className="n">{insn}</span>
      {row.heat !== undefined && <span className="heat" style={{ background: `var(--h-${row.heat})` }} />}
      <span className="src">
        <CodeText text={row.text} grammar="bpf" />
      </span>
      {row.pass !== undefined && (
        <span className="badge" title={row.reason} style={{ height: 15, marginRight: 8 }}>
          {row.pass}
        </span>
      )}
      {row.error !== undefined ? (
        <span className="ann bad">✕ {row.error}</span>
      ) : (
        <span className="ann r">{row.note}</span>
      )}
    </div>
  )
})

function Gutters({ marks: { kernel, device } }: { readonly marks: Marks }): ReactElement {
  return (
    <>
      <span className={`g ${kernel}`} title={`kernel: ${MARK_WORDS[kernel]}`} data-kernel={kernel}>
        {MARK_GLYPH[kernel]}
      </span>
      <span className={`g ${device}`} title={`device: ${MARK_WORDS[device]}`} data-device={device}>
        {MARK_GLYPH[device]}
      </span>
    </>
  )
}

const MARK_WORDS = { ok: 'agreed', fail: 'refused', dot: 'not asked' } as const

/** Bring the first such row into the upper third, only when it is out of sight. */
function scrollToKin(list: HTMLElement | null, selector: string): void {
  const row = list?.querySelector<HTMLElement>(`.code-row${selector}`)
  if (list === null || row === null || row === undefined) return
  const top = row.offsetTop - list.scrollTop
  if (top >= 0 && top + row.offsetHeight <= list.clientHeight) return
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  list.scrollTo({ top: row.offsetTop - list.clientHeight / 3, behavior: still ? 'auto' : 'smooth' })
}
