/** *JIT*: the program beside its words, banded by basic block; the pinned word's bits below, the budget at the right. */
import { useMemo, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useShown } from '../link/service'
import { BudgetPane } from '../panes/budget-pane'
import { CodeListing } from '../panes/code-listing'
import { Ribbons } from '../panes/ribbons'
import { WordFields } from '../panes/word-fields'
import { WordListing } from '../panes/word-listing'
import { useVerdict } from '../stores/verdict'

const ROW = 18

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

export function JitLayout(): ReactElement {
  const left = useRef<HTMLDivElement>(null)
  const right = useRef<HTMLDivElement>(null)
  const moved = useMemo(() => createSignal(), [])
  const [form, setForm] = useState<'image' | 'loaded'>('image')
  const { judged, tables } = useShown()
  const good = useVerdict((state) => state.good)
  const telemetry = useSlowTelemetry(500)
  const counts = judged === good ? telemetry.wordCounts : []
  return (
    <main className="main jit">
      <Pane title="BPF" context={tables === undefined ? '' : `${tables.insns.length} instructions`} fixed>
        <CodeListing verdicts rowHeight={ROW} scroller={left} onScroll={moved.emit} />
      </Pane>
      <Ribbons left={left} right={right} moved={moved} />
      <Pane
        title="NFP words"
        context={`${tables?.wordCount ?? 0}${judged === good ? '' : ', not running'}`}
        fixed
        testId="words-pane"
        controls={
          <>
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
            <span className="r" style={{ width: 76 }}>
              executed
            </span>
          </>
        }
      >
        <WordListing
          relocated={form === 'loaded'}
          scroller={right}
          onScroll={moved.emit}
          rowHeight={ROW}
          counts={counts}
        />
      </Pane>
      <BudgetPane />
      <WordFields />
    </main>
  )
}
