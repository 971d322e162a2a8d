/**
 * One column for people who read downwards: a line of C, the BPF it became, the words that became of that; linked like
 * the listings beside each other. Only the rows in sight are in the page.
 */
import { useEffect, useMemo, useRef } from 'react'
import type { CSSProperties, ReactElement, ReactNode } from 'react'
import { Pane } from '../components/pane'
import { useVirtualRows } from '../components/virtual-rows'
import { CodeText } from '../editor/code-text'
import { useNowInsn, useNowWord } from '../editor/now-line'
import { hueOf, useHueBy } from '../link/hue'
import { hover, pin, useLink, useShown } from '../link/service'
import type { LinkTables, Target } from '../link/tables'
import { demoOf, useDocument } from '../stores/document'
import { listingRows } from './code-listing'
import type { ListingRow } from './code-listing'
import { wordText } from './word-listing'

const ROW = 19

export interface InterleavedRow {
  readonly kind: 'c' | 'label' | 'insn' | 'word'
  /** What the row stands for; absent for a label. */
  readonly target: Target | undefined
  /** Line of C, instruction or word as it is numbered on screen. */
  readonly number: string
  readonly text: string
  /** Instruction whose block colours the row, -1: none. */
  readonly insn: number
}

/** Words before the first and after the last instruction stand at the two ends, as in the image. */
export function interleavedRows(
  listing: readonly ListingRow[],
  tables: LinkTables,
  disassembly: readonly string[],
  /** The whole C, where there is one: its lines are better than what the program remembers of them. */
  c?: string,
): InterleavedRow[] {
  const rows: InterleavedRow[] = []
  const cLines = c?.split('\n')
  const word = (at: number, insn: number): void => {
    const target: Target = { space: 'word', start: at, end: at + 1 }
    rows.push({ kind: 'word', target, number: String(at), text: wordText(disassembly[at]), insn })
  }
  let next = 0
  let lastC = -1
  for (const { insn, text } of listing) {
    if (insn < 0) {
      rows.push({ kind: 'label', target: undefined, number: '', text, insn })
      continue
    }
    const c = tables.cRowOf(insn)
    const row = tables.cRows[c]
    if (row !== undefined && c !== lastC) {
      const target: Target = { space: 'c', start: c, end: c + 1 }
      rows.push({
        kind: 'c',
        target,
        number: String(row.line),
        text: (cLines?.[row.line - 1] ?? row.text).trim(),
        insn,
      })
    }
    lastC = c
    const [from, to] = tables.wordsOf(insn)
    if (to > from) for (; next < from; next++) word(next, tables.insnOf(next))
    rows.push({ kind: 'insn', target: { space: 'insn', start: insn, end: insn + 1 }, number: String(insn), text, insn })
    for (; next < to; next++) word(next, insn)
  }
  for (; next < tables.wordCount; next++) word(next, tables.insnOf(next))
  return rows
}

export function InterleavedPane({ controls }: { readonly controls?: ReactNode }): ReactElement {
  const { judged, tables } = useShown()
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const pinned = useLink((state) => state.pin)
  const nowInsn = useNowInsn()
  const hueBy = useHueBy((state) => state.by)
  const nowWord = useNowWord()
  const c = useDocument((state) => demoOf(state.document)?.c)
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useMemo(
    () =>
      judged === undefined || tables === undefined
        ? []
        : interleavedRows(listingRows(judged, tables), tables, judged.compilation.disassembly ?? [], c),
    [judged, tables, c],
  )
  const list = useVirtualRows(scroller, rows.length, ROW)
  useEffect(() => {
    const at = rows.findIndex(({ target }) => target?.space === pinned?.space && target?.start === pinned?.start)
    if (pinned !== undefined && at >= 0) list.scrollToIndex(at, { align: 'auto' })
    // The list is a new object each time it is drawn.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [pinned, rows])

  const isIn = (kin: typeof pinKin, { kind, target }: InterleavedRow): boolean => {
    if (target === undefined) return false
    const set = kind === 'c' ? kin.cRows : kind === 'insn' ? kin.insns : kin.words
    return set.has(target.start)
  }
  return (
    <Pane
      title="C, BPF and words"
      context={`${rows.length} rows`}
      fixed
      testId="interleaved"
      className="interleaved-pane"
      controls={controls}
    >
      <div
        className="listing word-list whole"
        ref={scroller}
        tabIndex={0}
        role="group"
        aria-label="The program, each line of C before its BPF, each instruction before its words"
        style={{ ['--lh-code' as string]: `${ROW}px` }}
        onMouseLeave={() => hover(undefined)}
      >
        <div style={{ height: list.getTotalSize(), position: 'relative' }}>
          {list.getVirtualItems().map(({ index, start }) => {
            const row = rows[index]!
            const hue = tables === undefined ? undefined : hueOf(tables, row.insn, hueBy)
            const classes = ['code-row', `inter-${row.kind}`]
            if (hue !== undefined) classes.push('block')
            if (row.kind === 'insn' ? nowInsn === row.insn : row.kind === 'word' && nowWord === row.target?.start)
              classes.push('now')
            if (isIn(pinKin, row)) classes.push('pin')
            else if (isIn(hoverKin, row)) classes.push('hover')
            const style: CSSProperties = {
              top: start,
              ...(hue === undefined ? {} : { ['--hue' as string]: hue }),
            }
            return (
              <div
                key={index}
                className={classes.join(' ')}
                style={style}
                onMouseEnter={() => hover(row.target)}
                onClick={() => row.target !== undefined && pin(row.target)}
              >
                <span className="spine" />
                <span className="n">{row.number}</span>
                <span className="src">
                  <CodeText text={row.text} grammar={row.kind === 'c' ? 'c' : row.kind === 'word' ? 'nfp' : 'bpf'} />
                </span>
              </div>
            )
          })}
        </div>
      </div>
    </Pane>
  )
}
