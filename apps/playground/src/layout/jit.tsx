/**
 * *JIT*: the passes across the top; the program's C, its instructions and their words side by side, banded by basic block;
 * budget and capabilities at the right; the pinned word's bits below. Where the device refuses, the doctor stands in the place of the words.
 */
import { useId, useMemo, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import type { PassName } from '@offload/nfp-jit'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { Tabs } from '../components/tabs'
import { useShown } from '../link/service'
import { Budget } from '../panes/budget-pane'
import { CLinesPane } from '../panes/c-lines-pane'
import { Capabilities } from '../panes/capability-pane'
import { CodeListing } from '../panes/code-listing'
import { DoctorPane } from '../panes/doctor-pane'
import { InterleavedPane } from '../panes/interleaved-pane'
import { PassCompare } from '../panes/pass-compare'
import { PassStrip } from '../panes/pass-strip'
import { Ribbons } from '../panes/ribbons'
import { WordFields } from '../panes/word-fields'
import { WORD_LIST_TOP, WordListing } from '../panes/word-listing'
import { demoOf, useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import { sameJudgedPart } from '../workers/judged-part'
import { usePassEffects } from '../workers/study'

const ROW = 18
const PANE_HEAD = 30
const COLUMN_HEAD = 22
const WORD_ROWS = { height: ROW, top: WORD_LIST_TOP, head: PANE_HEAD + COLUMN_HEAD }

/** A signal that costs no render: the ribbons redraw when a listing scrolls. */
function createSignal() {
  const listeners = new Set<() => void>()
  return {
    emit: () => {
      for (const listener of listeners) listener()
    },
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

type Reading = 'beside' | 'downwards'
const READINGS: readonly (readonly [Reading, string])[] = [
  ['beside', 'side by side'],
  ['downwards', 'downwards'],
]

export function JitLayout(): ReactElement {
  const left = useRef<HTMLDivElement>(null)
  const right = useRef<HTMLDivElement>(null)
  const moved = useMemo(() => createSignal(), [])
  const [form, setForm] = useState<'image' | 'loaded'>('image')
  const [pass, setPass] = useState<PassName>('packet-cache')
  const [comparing, setComparing] = useState(false)
  const [reading, setReading] = useState<Reading>('beside')
  const { judged, tables } = useShown()
  const good = useVerdict((state) => state.good)
  const document = useDocument((state) => state.document)
  const telemetry = useSlowTelemetry(500)
  const image = judged?.compilation.image
  const knowsC = (tables?.cRows.length ?? 0) > 0
  // On a narrow window the words need the room, until somebody asks for the C.
  const [wantsC, setWantsC] = useState(() => matchMedia('(min-width: 1400px)').matches)
  const downwards = image !== undefined && !comparing && reading === 'downwards'
  const showsC = knowsC && wantsC && !downwards
  const studied = usePassEffects(image === undefined ? undefined : document)
  const effects = image === undefined ? undefined : studied?.value
  const stale = studied !== undefined && !sameJudgedPart(studied.document, document)
  const choose = <Segmented label="Reading" small options={READINGS} value={reading} onChange={setReading} />
  return (
    <main className={`main jit${image === undefined ? ' refused' : ''}${showsC ? ' with-c' : ''}`}>
      <PassStrip
        effects={effects}
        stale={stale}
        chosen={pass}
        onChoose={setPass}
        comparing={comparing}
        onCompare={setComparing}
      />
      {downwards ? (
        <InterleavedPane controls={choose} />
      ) : (
        <>
          {showsC && (
            <Pane title="C" context={tables?.cRows[0]?.file} fixed testId="c-pane">
              <CLinesPane text={demoOf(document)?.c} rowHeight={ROW} />
            </Pane>
          )}
          <Pane
            title="BPF"
            context={tables === undefined ? '' : `${tables.insns.length} instructions`}
            fixed
            testId="bpf-pane"
            controls={
              <>
                {knowsC && (
                  <button
                    type="button"
                    className="btn small"
                    aria-pressed={wantsC}
                    title="The C beside the instructions"
                    onClick={() => setWantsC(!wantsC)}
                  >
                    {wantsC ? 'Hide C' : 'Show C'}
                  </button>
                )}
                <span className="kd" title="Gutters: kernel, device">
                  <span>K</span>
                  <span>D</span>
                </span>
              </>
            }
          >
            <CodeListing verdicts rowHeight={ROW} scroller={left} onScroll={moved.emit} />
          </Pane>
          {image === undefined || comparing ? (
            <div className="ribbons" />
          ) : (
            <Ribbons left={left} leftHead={PANE_HEAD} right={right} words={WORD_ROWS} moved={moved} />
          )}
          {image === undefined ? (
            <DoctorPane />
          ) : comparing ? (
            <PassCompare effects={effects} pass={pass} onClose={() => setComparing(false)} />
          ) : (
            <Pane
              title="NFP words"
              context={`${tables?.wordCount ?? 0}${judged === good ? '' : ', not running'}`}
              fixed
              testId="words-pane"
              controls={
                <>
                  {choose}
                  <Segmented
                    label="Words before or after relocation"
                    small
                    options={[
                      ['image', 'image'],
                      ['loaded', 'loaded'],
                    ]}
                    value={form}
                    onChange={setForm}
                  />
                </>
              }
            >
              <WordListing
                relocated={form === 'loaded'}
                scroller={right}
                onScroll={moved.emit}
                rowHeight={ROW}
                counts={judged === good ? telemetry.wordCounts : []}
              />
            </Pane>
          )}
        </>
      )}
      <CardSide />
      <WordFields />
    </main>
  )
}

/** What the program takes of the card, and what the card's firmware can do. */
function CardSide(): ReactElement {
  const [tab, setTab] = useState<'budget' | 'capabilities'>('budget')
  const panel = useId()
  const changes = useDocument((state) => Object.keys(state.document.capabilities ?? {}).length)
  return (
    <section className="pane jit-side" aria-label="Card">
      <div className="pane-head">
        <Tabs
          label="Card"
          tabs={[
            ['budget', 'Budget'],
            ['capabilities', changes === 0 ? 'Capabilities' : `Capabilities (${changes})`],
          ]}
          value={tab}
          onChange={setTab}
          panel={panel}
        />
      </div>
      <div className="pane-body" id={panel} role="tabpanel" tabIndex={0} aria-label={tab}>
        {tab === 'budget' ? <Budget /> : <Capabilities />}
      </div>
    </section>
  )
}
