/** Narrow screens: figures, the graph and one pane at a time; the number is changed by a stepper, buttons at the thumb. */
import { Suspense, lazy, useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { DEMOS } from '@offload/content'
import { ThroughputGraph } from '../charts/throughput-graph'
import { HonestyStrip } from '../components/honesty-strip'
import { Icon, Logo } from '../components/icons'
import { Sentence } from '../components/sentence'
import { RunButton } from '../components/toolbar'
import { VerdictBanner } from '../components/verdict-banner'
import { rate } from '../components/number-text'
import { CodeText } from '../editor/code-text'
import { useLineStats } from '../editor/line-stats'
import { ChipPane } from '../panes/chip-pane'
import { Figures } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { QueuePane } from '../panes/queue-pane'
import { TrafficForm } from '../panes/traffic-form'
import { useLineRate } from '../stores/device'
import { useDocument } from '../stores/document'
import { useExplanation } from '../stores/explanation'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import { markHintUsed, useView } from '../stores/view'
import { restart, step } from '../workers/engine'

/** Fetched when somebody asks for more. */
const SidePlace = lazy(async () => ({ default: (await import('./side-place')).SidePlace }))

const PANES = [
  ['program', 'Program', Icon.code],
  ['chip', 'Chip', Icon.chip],
  ['queues', 'Queues', Icon.chart],
  ['map', 'Map', Icon.table],
  ['more', 'More', Icon.more],
] as const

type PaneName = (typeof PANES)[number][0]

export function PhoneLayout({ lesson }: { readonly lesson: ReactNode }): ReactElement {
  const [pane, setPane] = useState<PaneName>('program')
  const title = useDocument((state) => state.document.title)
  const line = useLineRate()
  return (
    <div className="phone">
      <header className="phone-head">
        <Logo />
        <h1 className="grow ellipsis">
          <button
            type="button"
            aria-haspopup="dialog"
            aria-label={`Gallery: ${title}`}
            data-testid="demo-menu"
            onClick={() => useView.setState({ dialog: 'gallery' })}
          >
            {title} {Icon.chevron}
          </button>
        </h1>
        <button type="button" className="btn" aria-label="Help" onClick={() => useView.setState({ dialog: 'help' })}>
          ?
        </button>
        <button type="button" className="btn" aria-label="Share" onClick={() => useView.setState({ dialog: 'share' })}>
          {Icon.share}
        </button>
      </header>
      <HonestyStrip />
      <main className="phone-body">
        {pane === 'program' && lesson}
        <Figures />
        <div className="phone-graph">
          <ThroughputGraph span="recent" lineRate={line.perSecond} lineRateLabel={line.label} />
        </div>
        {pane === 'program' && <PhoneProgram />}
        {pane === 'chip' && <ChipPane />}
        {pane === 'queues' && <QueuePane />}
        {pane === 'map' && <MapPane />}
        {pane === 'more' && (
          <>
            <Suspense fallback={null}>
              <SidePlace />
            </Suspense>
            <TrafficForm />
          </>
        )}
      </main>
      <div className="phone-actions">
        <button type="button" className="btn ico line" aria-label="Restart" onClick={() => void restart()}>
          {Icon.restart}
        </button>
        <RunButton large />
        <button type="button" className="btn ico line" aria-label="Step one packet" onClick={() => void step('packet')}>
          {Icon.forward}
        </button>
      </div>
      <nav className="phone-tabs" aria-label="Panes">
        {PANES.map(([name, text, icon]) => (
          <button
            key={name}
            type="button"
            aria-current={pane === name ? 'page' : undefined}
            onClick={() => setPane(name)}
          >
            {icon}
            {text}
          </button>
        ))}
      </nav>
    </div>
  )
}

/** The listing without Monaco: read, step the one number, or edit the whole text in a plain field. */
function PhoneProgram(): ReactElement {
  const document = useDocument((state) => state.document)
  const setSource = useDocument((state) => state.setSource)
  const last = useVerdict((state) => state.last)
  const good = useVerdict((state) => state.good)
  const failed = useRun((state) => state.failure)
  const reason = useExplanation((state) => (state.judged === last ? state.explanation?.sentence : undefined))
  const stats = useLineStats()
  const [editing, setEditing] = useState(false)
  const place = numberPlace(document.source, document.demo)
  const errors = new Map(
    (last?.source === document.source ? last.compilation.diagnostics : []).map((finding) => [
      finding.range.startLine,
      finding.message,
    ]),
  )
  const lines = document.source.split('\n')

  const turn = (by: number): void => {
    if (place === undefined) return
    const old = lines[place.line - 1]!
    const next = String(Math.max(0, place.value + by))
    const changed = old.slice(0, place.column) + next + old.slice(place.column + String(place.value).length)
    setSource(lines.with(place.line - 1, changed).join('\n'))
    markHintUsed()
  }
  return (
    <section className="pane" aria-label="Program" style={{ flex: '0 0 auto' }}>
      {place !== undefined && (
        <div className="phone-question">
          <span className="grow">
            Change the number in line {place.line} and watch.
            <br />
            <span className="dim">{place.text}</span>
          </span>
          <span className="stepper">
            <button type="button" aria-label="Less" onClick={() => turn(-1)}>
              −
            </button>
            <output>{place.value}</output>
            <button type="button" aria-label="More" onClick={() => turn(1)}>
              +
            </button>
          </span>
        </div>
      )}
      <VerdictBanner />
      {reason !== undefined && (
        <p className="empty" data-testid="phone-reason">
          <Sentence text={reason} />
        </p>
      )}
      {failed !== undefined && <p className="empty">{failed}</p>}
      <div style={{ padding: '6px 0' }}>
        {editing ? (
          <textarea
            className="field mono"
            aria-label="BPF program"
            style={{ width: '100%', height: 480, resize: 'vertical', padding: 10, lineHeight: '20px', border: 0 }}
            value={document.source}
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => setSource(event.currentTarget.value)}
          />
        ) : (
          <div
            style={{
              overflowX: 'auto',
              fontFamily: 'var(--font-code)',
              fontSize: 13,
              ['--lh-code' as string]: '24px',
              lineHeight: '24px',
            }}
            tabIndex={0}
            role="group"
            aria-label="BPF program"
          >
            {lines.map((text, index) => {
              const line = index + 1
              const error = errors.get(line)
              const heat = good?.source === document.source ? stats.heat.get(line) : undefined
              const perSecond = good?.source === document.source ? stats.perSecond.get(line) : undefined
              return (
                <div
                  key={line}
                  className={error === undefined ? 'code-row' : 'code-row bad'}
                  style={place?.line === line ? { background: 'var(--bg-3)' } : undefined}
                >
                  <span className="n">{line}</span>
                  <span className="heat" style={{ background: `var(--h-${Math.round(6 * (heat ?? 0))})` }} />
                  <span className="src">
                    <CodeText text={text} grammar="bpf" />
                  </span>
                  <span className={error === undefined ? 'ann' : 'ann bad'}>
                    {error ?? (perSecond === undefined ? '' : rate(perSecond))}
                  </span>
                </div>
              )
            })}
          </div>
        )}
      </div>
      <div className="pane-foot">
        <span className="dim">{lines.length} lines</span>
        <span className="grow" />
        <button type="button" className="btn line" onClick={() => setEditing(!editing)}>
          {editing ? 'Done' : 'Edit text'}
        </button>
      </div>
    </section>
  )
}

/** The demo's number where it stands now: its own line while that is still there, whatever number it holds. */
function numberPlace(
  source: string,
  demoId: string | undefined,
): { line: number; column: number; value: number; text: string } | undefined {
  const demo = DEMOS.find((item) => item.id === demoId)
  if (demo === undefined) return undefined
  const { hint } = demo
  const index = demo.source.split('\n').findIndex((line) => line.includes(hint.line))
  const quote = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const at = hint.line.indexOf(hint.from)
  const pattern = new RegExp(
    `(${quote(hint.line.slice(0, at))})(\\d+)(?=${quote(hint.line.slice(at + hint.from.length))})`,
  )
  const match = pattern.exec(source.split('\n')[index] ?? '')
  if (match === null) return undefined
  return { line: index + 1, column: match.index + match[1]!.length, value: Number(match[2]), text: hint.text }
}
