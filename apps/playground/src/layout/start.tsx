/** *Start*: the program, the chip, the graph, the map, and one sentence of guidance. No expert pane. */
import type { ReactElement } from 'react'
import { GraphPane } from '../panes/graph-pane'
import { ChipPane } from '../panes/chip-pane'
import { MapPane } from '../panes/map-pane'
import { ProgramPane } from '../panes/program-pane'
import { QueuePane } from '../panes/queue-pane'
import { EventPane } from '../panes/event-pane'
import { Splitter, usePaneSize } from '../components/splitter'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'

/** The pane beside the graph follows what the program does: a map, queues or events. */
type Side = 'map' | 'queues' | 'events'

function useSide(): Side {
  const demo = useDocument((state) => state.document.demo)
  const program = useVerdict((state) => state.good?.compilation.program)
  if (demo === 'rss') return 'queues'
  if (program?.maps.some((map) => map.type === 'perf_event_array' || map.type === 4) === true) return 'events'
  return 'map'
}

export function StartLayout(): ReactElement {
  const [left, setLeft] = usePaneSize('start.left', 560)
  const [right, setRight] = usePaneSize('start.right', 404)
  const side = useSide()
  return (
    <main
      className="main start"
      style={{ gridTemplateColumns: `minmax(320px, ${left}px) 1px minmax(260px, 1fr) 1px minmax(240px, ${right}px)` }}
    >
      <ProgramPane guided className="start-program" />
      <Splitter label="Width of the program" size={left} min={320} max={900} direction={1} onChange={setLeft} />
      <ChipPane className="start-chip" />
      <GraphPane className="start-graph" />
      <Splitter label="Width of the table" size={right} min={240} max={700} direction={-1} onChange={setRight} />
      {side === 'map' && <MapPane className="start-side" />}
      {side === 'queues' && (
        <div className="start-side split-rows">
          <QueuePane />
          <MapPane />
        </div>
      )}
      {side === 'events' && <EventPane className="start-side" compact />}
    </main>
  )
}
