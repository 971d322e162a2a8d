/** *Debug*: a paused card. Program with the executing instruction, the chip, one core's threads, registers, packets. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { grouped } from '../components/number-text'
import { useLineStats } from '../editor/line-stats'
import { ChipPane } from '../panes/chip-pane'
import { CodeListing } from '../panes/code-listing'
import { ConsolePane } from '../panes/console-pane'
import { ContextPane, RegisterPane } from '../panes/context-pane'
import { PacketPane } from '../panes/packet-pane'
import { useRun } from '../stores/run'
import type { Stop } from '../workers/card.worker'

/** The thread on show, and the stop at which it was picked. */
interface Picked {
  readonly stop: Stop | undefined
  readonly core: number
  readonly context: number
}

type Middle = 'threads' | 'console'
const MIDDLES: readonly (readonly [Middle, string])[] = [
  ['threads', 'threads'],
  ['console', 'console'],
]

export function DebugLayout(): ReactElement {
  const stop = useRun((state) => state.stop)
  const stats = useLineStats()
  const [middle, setMiddle] = useState<Middle>('threads')
  const choose = <Segmented label="Pane" small options={MIDDLES} value={middle} onChange={setMiddle} />
  const [picked, setPicked] = useState<Picked>({ stop: undefined, core: 0, context: 0 })
  // A new stop selects the thread that runs next, until another is picked.
  const next = stop?.context
  const { core, context } = picked.stop === stop || next === undefined ? picked : next
  const hottest = Math.max(1, ...stats.hits.values())
  return (
    <main className="main debug">
      <Pane title="BPF" context="" fixed className="listing-pane" controls={<span>hits, this run</span>}>
        <CodeListing
          rowHeight={19}
          heat={(insn) => (stats.hits.get(insn) ?? 0) / hottest}
          note={(insn) => {
            const hits = stats.hits.get(insn)
            return hits === undefined ? '' : grouped(hits)
          }}
        />
      </Pane>
      <ChipPane selected={core} onSelect={(chosen) => setPicked({ stop, core: chosen, context: 0 })} />
      <RegisterPane core={core} context={context} />
      {middle === 'threads' ? (
        <ContextPane
          core={core}
          context={context}
          onContext={(chosen) => setPicked({ stop, core, context: chosen })}
          controls={choose}
        />
      ) : (
        <ConsolePane controls={choose} />
      )}
      <PacketPane />
    </main>
  )
}
