/** The place that the panes about the host share, with the choice above it. */
import type { ComponentType, ReactElement } from 'react'
import { Segmented } from '../components/segmented'
import { ConsolePane } from '../panes/console-pane'
import { EventPane } from '../panes/event-pane'
import { HandPacketPane } from '../panes/hand-packet-pane'
import { PathPane } from '../panes/path-pane'
import { SocketPane } from '../panes/socket-pane'
import { SyscallPane } from '../panes/syscall-pane'
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
const PANES: Readonly<Record<SidePane, ComponentType>> = {
  events: EventPane,
  console: ConsolePane,
  calls: SyscallPane,
  path: PathPane,
  sockets: SocketPane,
  'by-hand': HandPacketPane,
}

export function SidePlace(): ReactElement {
  const side = useSidePane((state) => state.side)
  const Chosen = PANES[side]
  return (
    <div className="side-place">
      <div className="side-choice">
        <Segmented
          label="Pane"
          small
          options={SIDES}
          value={side}
          onChange={(next) => useSidePane.setState({ side: next })}
        />
      </div>
      <Chosen />
    </div>
  )
}
