/** *Verifier*: both verdicts over the page, the program with what is known at each line, the walk, the log, the reason. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import type { VerifierStep } from '@offload/verifier'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { pin, useLink, useShown } from '../link/service'
import type { Target } from '../link/tables'
import { CodeListing } from '../panes/code-listing'
import { LogPane } from '../panes/log-pane'
import { explainValue, splitState } from '@offload/verifier'
import { StatePane } from '../panes/verifier-state'
import { WalkPane } from '../panes/walk-pane'
import { WhyPane } from '../panes/why-pane'
import type { Judged } from '../stores/verdict'

/** The step on show, and what was judged and pinned when it was picked. */
interface Picked {
  readonly judged: Judged | undefined
  readonly pinned: Target | undefined
  readonly step: number
}

export function VerifierLayout(): ReactElement {
  const { judged } = useShown()
  const steps = useMemo(() => judged?.compilation.kernel?.steps ?? [], [judged])
  const [notes, setNotes] = useState<'on' | 'off'>('on')
  const pinned = useLink((state) => state.pin)

  const [picked, setPicked] = useState<Picked>({ judged: undefined, pinned: undefined, step: 0 })
  // A pick holds until another verdict comes or something else is pinned.
  const step = picked.judged === judged && picked.pinned === pinned ? picked.step : initialStep(steps, pinned, judged)

  const afterLine = useMemo(() => changesOf(steps), [steps])
  const choose = (index: number): void => {
    const next = Math.max(0, Math.min(steps.length - 1, index))
    const insn = steps[next]?.insn
    if (insn !== undefined && useLink.getState().pin?.start !== insn) pin({ space: 'insn', start: insn, end: insn + 1 })
    setPicked({ judged, pinned: useLink.getState().pin, step: next })
  }
  return (
    <main className="main verifier">
      <Pane
        title="BPF"
        context="gutters: kernel, device"
        fixed
        className="listing-pane"
        controls={
          <>
            <span>state after each line</span>
            <Segmented
              label="State after each line"
              small
              options={[
                ['on', 'on'],
                ['off', 'off'],
              ]}
              value={notes}
              onChange={setNotes}
            />
          </>
        }
      >
        <CodeListing verdicts rowHeight={20} note={notes === 'on' ? (insn) => afterLine.get(insn) : undefined} />
      </Pane>
      <WalkPane step={step} onStep={choose} />
      <WhyPane />
      <LogPane />
      <StatePane step={step} onStep={choose} />
    </main>
  )
}

/** The last visit of the pinned instruction; else where a refused walk ended; else its beginning. */
function initialStep(steps: readonly VerifierStep[], pinned: Target | undefined, judged: Judged | undefined): number {
  if (pinned?.space === 'insn') {
    const found = steps.findLastIndex((step) => step.insn === pinned.start)
    if (found >= 0) return found
  }
  return judged?.compilation.kernel?.verdict === 'reject' ? Math.max(0, steps.length - 1) : 0
}

/** For each instruction the one register that it changed, in words, on its first visit. */
function changesOf(
  steps: readonly { readonly insn: number; readonly state: string; readonly parent: number }[],
): Map<number, string> {
  const notes = new Map<number, string>()
  steps.forEach((step) => {
    const parent = steps[step.parent]
    if (parent === undefined || notes.has(parent.insn)) return
    const before = new Map(splitState(parent.state).map(({ name, value }) => [name, value]))
    const changed = splitState(step.state).find(({ name, value }) => before.get(name) !== value)
    if (changed !== undefined) notes.set(parent.insn, `${changed.name.toLowerCase()}: ${explainValue(changed.value)}`)
  })
  return notes
}
