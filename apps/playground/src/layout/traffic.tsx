/** *Traffic*: what comes in, and where it goes: form, graph, queues, packets, and one of the panes about the host. */
import type { ReactElement } from 'react'
import { Segmented } from '../components/segmented'
import { ConsolePane } from '../panes/console-pane'
import { EventPane } from '../panes/event-pane'
import { GraphPane } from '../panes/graph-pane'
import { HandPacketPane } from '../panes/hand-packet-pane'
import { MapPane } from '../panes/map-pane'
import { PacketPane } from '../panes/packet-pane'
import { PathPane } from '../panes/path-pane'
import { QueuePane } from '../panes/queue-pane'
import { SocketPane } from '../panes/socket-pane'
import { SyscallPane } from '../panes/syscall-pane'
import { TrafficForm } from '../panes/traffic-form'
import { useSidePane } from './side-pane'
import type { SidePane } from './side-pane'

const SIDES: readonly (readonly [SidePane, string])[] = [
  ['events', 'events'],
  ['console', 'console'],
  ['calls', 'calls'],
  ['path', 'path'],
  ['sockets', 'AF_XDP'],
  ['by-hand', 'by hand'],
]

export function TrafficLayout(): ReactElement {
  const side = useSidePane((state) => state.side)
  const choose = (
    <Segmented
      label="Pane"
      small
      options={SIDES}
      value={side}
      onChange={(next) => useSidePane.setState({ side: next })}
    />
  )
  return (
    <main className="main traffic">
      <div className="split-rows form-pane">
        <TrafficForm />
        <MapPane />
      </div>
      <GraphPane />
      <QueuePane />
      <PacketPane />
      {side === 'events' && <EventPane controls={choose} />}
      {side === 'console' && <ConsolePane controls={choose} />}
      {side === 'calls' && <SyscallPane controls={choose} />}
      {side === 'path' && <PathPane controls={choose} />}
      {side === 'sockets' && <SocketPane controls={choose} />}
      {side === 'by-hand' && <HandPacketPane controls={choose} />}
    </main>
  )
}
