/** *Traffic*: what comes in, and where it goes: form, graph, queues, events, packets. */
import type { ReactElement } from 'react'
import { EventPane } from '../panes/event-pane'
import { GraphPane } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { PacketPane } from '../panes/packet-pane'
import { QueuePane } from '../panes/queue-pane'
import { TrafficForm } from '../panes/traffic-form'

export function TrafficLayout(): ReactElement {
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
      <EventPane />
    </main>
  )
}
