/**
 * The verifier's log in the kernel's exact text at levels 1, 2 and 4: a virtual list, so that a hundred thousand lines
 * scroll smoothly, with search; copied and downloaded byte for byte.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { Icon } from '../components/icons'
import { grouped } from '../components/number-text'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useVirtualRows } from '../components/virtual-rows'
import { saveFile } from '../link/files'
import { pin, useLink, useShown } from '../link/service'
import { goToStep, useWalkStep } from '../stores/walk'
import { notify } from '../stores/view'
import { useLog } from '../workers/study'
import type { LogLevel } from '../workers/study'
import { insnOfLine, refusalLines, searchLines, stepsOfLines } from './log-lines'
import type { Walk } from './walk'
import '../styles/verifier.css'

const LEVELS: readonly (readonly [LogLevel, string])[] = [
  ['1', '1'],
  ['2', '2'],
  ['4', '4'],
]

export function LogPane({ className }: { readonly className?: string }): ReactElement {
  const { judged } = useShown()
  const { walk, step } = useWalkStep()
  const [level, setLevel] = useState<LogLevel>('2')
  const [search, setSearch] = useState('')
  const kernel = judged?.compilation.kernel
  const log = useLog(judged, level)
  const lines = useMemo(() => (log ?? '').replace(/\n$/, '').split('\n'), [log])
  const found = useMemo(() => searchLines(lines, search), [lines, search])
  const [hit, setHit] = useState(0)
  const at = found.length === 0 ? -1 : found[hit % found.length]!
  const copy = (): void => {
    navigator.clipboard.writeText(log ?? '').then(
      () => notify('info', `Log copied, ${lines.length} lines.`),
      () => notify('fail', 'The browser did not allow copying. Select the text instead.'),
    )
  }
  return (
    <Pane
      title="Log"
      context={
        kernel === undefined || log === undefined
          ? ''
          : `${grouped(lines.length)} lines${kernel.logTruncated === true && level === '2' ? ', beginning cut off' : ''}`
      }
      className={className ?? ''}
      fixed
      testId="log-pane"
      controls={
        <>
          <input
            className="field small log-search"
            type="search"
            placeholder="Search"
            aria-label="Search the log"
            value={search}
            onChange={(event) => {
              setSearch(event.currentTarget.value)
              setHit(0)
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || found.length === 0) return
              event.preventDefault()
              setHit((hit + (event.shiftKey ? found.length - 1 : 1)) % found.length)
            }}
          />
          {search !== '' && (
            <span className="mono" data-testid="log-hits">
              {found.length === 0 ? 'none' : `${grouped((hit % found.length) + 1)}/${grouped(found.length)}`}
            </span>
          )}
          <Segmented label="Log level" small options={LEVELS} value={level} onChange={setLevel} />
          <button type="button" className="btn small" onClick={copy} disabled={log === undefined || log === ''}>
            Copy
          </button>
          <button
            type="button"
            className="btn ico"
            aria-label="Download the log"
            title="Download the log"
            disabled={log === undefined || log === ''}
            onClick={() => saveFile(`verifier-level-${level}.log`, log ?? '', 'text/plain')}
          >
            {Icon.download}
          </button>
        </>
      }
    >
      {kernel === undefined || log === undefined || log === '' ? (
        <div className="empty">
          {kernel !== undefined && log === undefined
            ? 'Asking for the log at this level.'
            : kernel === undefined
              ? 'No log yet. It appears when the kernel has judged a program.'
              : 'The kernel says nothing about this program at this level.'}
        </div>
      ) : (
        <LogLines
          key={level}
          lines={lines}
          error={kernel.verdict === 'reject' ? kernel.error : ''}
          hit={at}
          search={search}
          {...(level === '2' && walk !== undefined ? { walk, step, cut: kernel.logTruncated === true } : {})}
        />
      )}
    </Pane>
  )
}

export interface LogLinesProps {
  readonly lines: readonly string[]
  readonly error: string
  /** Line of the search that is shown, -1: none. */
  readonly hit?: number
  readonly search?: string
  /** With the walk that wrote it, lines belong to steps. */
  readonly walk?: Walk
  readonly step?: number
  /** The beginning of the log is missing. */
  readonly cut?: boolean
}

export function LogLines({
  lines,
  error,
  hit = -1,
  search = '',
  walk,
  step = -1,
  cut = false,
}: LogLinesProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualRows(scroller, lines.length, 18)
  const pinned = useLink((state) => state.pinKin.insns)
  const [firstBad, endBad] = useMemo(() => refusalLines(lines, error), [lines, error])
  const stepOf = useMemo(
    () => (walk === undefined ? undefined : stepsOfLines(lines, walk.steps, cut)),
    [lines, walk, cut],
  )
  const current = useMemo(() => {
    if (stepOf !== undefined) return step < 0 ? -1 : stepOf.indexOf(step)
    return pinned.size === 0 ? -1 : lines.findIndex((line) => pinned.has(insnOfLine(line) ?? -1))
  }, [stepOf, step, pinned, lines])

  // The refusal first; then whatever step or hit is chosen.
  const wanted = hit >= 0 ? hit : current >= 0 && !(endBad > 0 && current === firstBad - 1) ? current : endBad - 1
  useEffect(() => {
    if (wanted >= 0) list.scrollToIndex(wanted, { align: hit >= 0 || wanted === endBad - 1 ? 'center' : 'auto' })
    // Only when another line is wanted.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [wanted, lines])

  const go = (index: number, insn: number | undefined): void => {
    const owner = stepOf?.[index] ?? -1
    if (owner >= 0) goToStep(owner)
    else if (insn !== undefined) pin({ space: 'insn', start: insn, end: insn + 1 })
  }
  return (
    <div
      ref={scroller}
      className="log"
      style={{ position: 'absolute', inset: 0, overflow: 'auto' }}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="Verifier log"
    >
      <div style={{ height: list.getTotalSize(), position: 'relative', minWidth: 'max-content' }}>
        {list.getVirtualItems().map((item) => {
          const line = lines[item.index] ?? ''
          const insn = insnOfLine(line)
          const classes = ['line']
          if (item.index >= firstBad && item.index < endBad) classes.push('bad')
          if (item.index === current) classes.push('lit')
          if (item.index === hit) classes.push('hit')
          return (
            <div
              key={item.key}
              className={classes.join(' ')}
              style={{
                position: 'absolute',
                top: 0,
                left: 0,
                minWidth: '100%',
                height: 18,
                transform: `translateY(${item.start}px)`,
              }}
              onClick={() => go(item.index, insn)}
            >
              <LineText line={line} search={search} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** The line as it is; what the verifier knows (behind `;`) and its book-keeping are dimmer, what was searched is marked. */
function LineText({ line, search }: { readonly line: string; readonly search: string }): ReactElement {
  if (line === '') return <>{'\u00a0'}</>
  const found = search === '' ? -1 : line.toLowerCase().indexOf(search.toLowerCase())
  if (found >= 0)
    return (
      <>
        {line.slice(0, found)}
        <mark>{line.slice(found, found + search.length)}</mark>
        {line.slice(found + search.length)}
      </>
    )
  const note = insnOfLine(line) === undefined ? -1 : line.indexOf(' ; ')
  if (note >= 0)
    return (
      <>
        {line.slice(0, note)}
        <span className="log-state">{line.slice(note)}</span>
      </>
    )
  return /^(mark_precise|func#|Live regs| {2,}\d+: [.\d]{10} )/.test(line) ? (
    <span className="log-state">{line}</span>
  ) : (
    <>{line}</>
  )
}
