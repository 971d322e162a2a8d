/** *Verifier*: both verdicts over the page, the program with what is known at each line, the walk, the log, the reason. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { HeatScale } from '../components/heat-scale'
import { grouped } from '../components/number-text'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { BpfEditor } from '../editor/bpf-editor'
import { CodeListing } from '../panes/code-listing'
import { LogPane } from '../panes/log-pane'
import { stateNotes } from '../panes/state-notes'
import { StatePane } from '../panes/verifier-state'
import { WalkPane } from '../panes/walk-pane'
import { WhyPane } from '../panes/why-pane'
import { useShown } from '../link/service'
import { useExplanation } from '../stores/explanation'
import { setAtLineEnds, useNotes } from '../stores/notes'
import { useWalkStep } from '../stores/walk'
import '../styles/verifier.css'

type Left = 'listing' | 'edit'

export function VerifierLayout(): ReactElement {
  return (
    <main className="main verifier">
      <ProgramSide />
      <WalkPane />
      <WhyPane />
      <LogPane />
      <StatePane />
    </main>
  )
}

/** The program with what the verifier knew: as rows, or in the editor. */
function ProgramSide(): ReactElement {
  const [left, setLeft] = useState<Left>('listing')
  const { judged } = useShown()
  const { walk, step } = useWalkStep()
  const notation = useNotes((state) => state.notation)
  const on = useNotes((state) => state.atLineEnds ?? true)
  const { judged: about, explanation } = useExplanation()
  const known = about === judged ? explanation : undefined
  const notes = useMemo(
    () => (walk === undefined || !on ? undefined : stateNotes(walk, step, notation)),
    [walk, step, notation, on],
  )
  const marked = useMemo(() => new Set(known?.slice.map(({ insn }) => insn)), [known])
  return (
    <Pane
      title="BPF"
      fixed
      className="listing-pane"
      context={
        walk === undefined || walk.mostVisits === 1 ? (
          ''
        ) : (
          <HeatScale from="visits, up to" to={grouped(walk.mostVisits)} width={40} />
        )
      }
      controls={
        <>
          <Segmented
            label="State after each line"
            small
            options={[
              ['on', 'state'],
              ['off', 'off'],
            ]}
            value={on ? 'on' : 'off'}
            onChange={(value) => setAtLineEnds(value === 'on')}
          />
          <Segmented<Left>
            label="Program as"
            small
            options={[
              ['listing', 'listing'],
              ['edit', 'edit'],
            ]}
            value={left}
            onChange={setLeft}
          />
        </>
      }
    >
      {left === 'edit' ? (
        <BpfEditor rates={false} notes />
      ) : (
        <CodeListing
          verdicts
          rowHeight={20}
          heat={
            walk === undefined || walk.mostVisits === 1
              ? undefined
              : (insn) => (walk.visits.get(insn) ?? 0) / walk.mostVisits
          }
          note={notes === undefined ? undefined : (insn) => notes.get(insn)}
          marked={marked}
          refusal={known?.slice.find(({ role }) => role === 'refused')?.text}
          title={walk === undefined ? undefined : (insn) => walk.visitText(insn)}
        />
      )}
    </Pane>
  )
}
