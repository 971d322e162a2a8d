/** *Traffic*: what comes in, and where it goes: form, graph, queues, events, packets. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { Segmented } from '../components/segmented'
import { ConsolePane } from '../panes/console-pane'
import { EventPane } from '../panes/event-pane'
import { GraphPane } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { PacketPane } from '../panes/packet-pane'
import { QueuePane } from '../panes/queue-pane'
import { TrafficForm } from '../panes/traffic-form'

type Side = 'events' | 'console'
const SIDES: readonly (readonly [Side, string])[] = [
  ['events', 'events'],
  ['console', 'console'],
]

export function TrafficLayout(): ReactElement {
  const [side, setSide] = useState<Side>('events')
  const choose = <Segmented label="Pane" small options={SIDES} value={side} onChange={setSide} />
  return (
    <main
      className="main traffic"
      style={{ gridTemplateColumns: 'minmax(420px, 460px) minmax(0, 1fr) minmax(0, 1fr)' }}
    >
      <div className="split-rows form-pane" style={{ gridTemplateRows: 'minmax(0, 1.3fr) minmax(0, 1fr)' }}>
        <TrafficForm />
        <MapPane />
      </div>
      <GraphPane />
      <QueuePane />
      <PacketPane />
      {side === 'events' ? <EventPane controls={choose} /> : <ConsolePane controls={choose} />}
    </main>
  )
}
