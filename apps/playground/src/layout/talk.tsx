/** *Talk*: for a room. The program, what becomes of the packets, and one more picture, in letters that carry. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Segmented } from '../components/segmented'
import { Splitter, usePaneSize } from '../components/splitter'
import { ChipPane } from '../panes/chip-pane'
import { EventPane } from '../panes/event-pane'
import { GraphPane } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { ProgramPane } from '../panes/program-pane'
import { QueuePane } from '../panes/queue-pane'

const PICTURES = { chip: ChipPane, map: MapPane, queues: QueuePane, events: EventPane } as const
type Picture = keyof typeof PICTURES
const CHOICES: readonly (readonly [Picture, string])[] = [
  ['chip', 'Chip'],
  ['map', 'Map'],
  ['queues', 'Queues'],
  ['events', 'Events'],
]

export function TalkLayout(): ReactElement {
  const [left, setLeft] = usePaneSize('talk.left', 760)
  const [picture, setPicture] = useState<Picture>('map')
  const Shown = PICTURES[picture]
  return (
    <main className="main talk" style={{ gridTemplateColumns: `minmax(420px, ${left}px) 1px minmax(360px, 1fr)` }}>
      <ProgramPane className="talk-program" />
      <Splitter label="Width of the program" size={left} min={420} max={1400} direction={1} onChange={setLeft} />
      <GraphPane />
      <div className="talk-picture">
        <div className="talk-choice">
          <Segmented label="Picture" options={CHOICES} value={picture} onChange={setPicture} />
        </div>
        <Shown />
      </div>
    </main>
  )
}
