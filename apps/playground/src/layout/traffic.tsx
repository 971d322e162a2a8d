/** *Traffic*: what comes in, and where it goes: form, graph, queues, packets, and one of the panes about the host. */
import type { ReactElement } from 'react'
import { GraphPane } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { PacketPane } from '../panes/packet-pane'
import { QueuePane } from '../panes/queue-pane'
import { TrafficForm } from '../panes/traffic-form'
import { SidePlace } from './side-place'

export function TrafficLayout(): ReactElement {
  return (
    <main className="main traffic">
      <div className="split-rows form-pane">
        <TrafficForm />
        <MapPane />
      </div>
      <GraphPane />
      <QueuePane />
      <PacketPane />
      <SidePlace />
    </main>
  )
}
