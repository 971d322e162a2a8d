/** Every pane that a layout of one's own can hold, by the name that a saved layout keeps. Names are for ever. */
import { lazy, useRef } from 'react'
import type { ComponentType, ReactElement } from 'react'
import { CodeListing } from '../panes/code-listing'
import { WordListing } from '../panes/word-listing'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Pane } from '../components/pane'
import { ChipPane } from '../panes/chip-pane'
import { EventPane } from '../panes/event-pane'
import { GraphPane } from '../panes/graph-pane'
import { MapPane } from '../panes/map-pane'
import { ProgramPane } from '../panes/program-pane'
import { QueuePane } from '../panes/queue-pane'

export interface PaneEntry {
  readonly name: string
  readonly title: string
  readonly component: ComponentType
}

const entry = (name: string, title: string, component: ComponentType): PaneEntry => ({ name, title, component })

/** A pane that is fetched when it is first shown. */
const later = <M,>(
  name: string,
  title: string,
  load: () => Promise<M>,
  pick: (module: M) => ComponentType,
): PaneEntry =>
  entry(
    name,
    title,
    lazy(async () => ({ default: pick(await load()) })),
  )

function VerdictListing(): ReactElement {
  return (
    <Pane title="BPF" context="gutters: kernel, device" fixed>
      <CodeListing verdicts rowHeight={20} />
    </Pane>
  )
}

const nothing = (): void => undefined

function Words(): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const telemetry = useSlowTelemetry(500)
  return (
    <Pane title="NFP words" fixed>
      <WordListing
        rowHeight={18}
        relocated={false}
        counts={telemetry.wordCounts}
        scroller={scroller}
        onScroll={nothing}
      />
    </Pane>
  )
}

/** For parts that elsewhere share a pane: a frame of their own. */
const framed =
  (title: string, Part: ComponentType): ComponentType =>
  () => (
    <Pane title={title}>
      <Part />
    </Pane>
  )

export const PANES: readonly PaneEntry[] = [
  entry('program', 'Program', ProgramPane),
  entry('chip', 'Chip', ChipPane),
  entry('rates', 'Packets per second', GraphPane),
  entry('map', 'Map', MapPane),
  entry('queues', 'Queues', QueuePane),
  entry('events', 'Events', EventPane),
  entry('listing', 'BPF with verdicts', VerdictListing),
  entry('words', 'NFP words', Words),
  later(
    'interleaved',
    'C, BPF and words',
    () => import('../panes/interleaved-pane'),
    (module) => module.InterleavedPane,
  ),
  later(
    'word-bits',
    'Word bits',
    () => import('../panes/word-fields'),
    (module) => module.WordFields,
  ),
  later(
    'budget',
    'Budget',
    () => import('../panes/budget-pane'),
    (module) => framed('Budget', module.Budget),
  ),
  later(
    'capabilities',
    'Capabilities',
    () => import('../panes/capability-pane'),
    (module) => framed('Capabilities', module.Capabilities),
  ),
  later(
    'doctor',
    'Doctor',
    () => import('../panes/doctor-pane'),
    (module) => module.DoctorPane,
  ),
  later(
    'log',
    'Verifier log',
    () => import('../panes/log-pane'),
    (module) => module.LogPane,
  ),
  later(
    'paths',
    'Verifier paths',
    () => import('../panes/walk-pane'),
    (module) => module.WalkPane,
  ),
  later(
    'state',
    'Verifier state',
    () => import('../panes/verifier-state'),
    (module) => module.StatePane,
  ),
  later(
    'why',
    'Why',
    () => import('../panes/why-pane'),
    (module) => module.WhyPane,
  ),
  later(
    'packets',
    'Packets',
    () => import('../panes/packet-pane'),
    (module) => module.PacketPane,
  ),
  later(
    'traffic',
    'Traffic',
    () => import('../panes/traffic-form'),
    (module) => module.TrafficForm,
  ),
  later(
    'console',
    'Console',
    () => import('../panes/console-pane'),
    (module) => module.ConsolePane,
  ),
  later(
    'calls',
    'System calls',
    () => import('../panes/syscall-pane'),
    (module) => module.SyscallPane,
  ),
  later(
    'path',
    'The way of a program',
    () => import('../panes/path-pane'),
    (module) => module.PathPane,
  ),
  later(
    'sockets',
    'AF_XDP sockets',
    () => import('../panes/socket-pane'),
    (module) => module.SocketPane,
  ),
  later(
    'hand-packet',
    'One packet',
    () => import('../panes/hand-packet-pane'),
    (module) => module.HandPacketPane,
  ),
  later(
    'flow',
    'Control flow',
    () => import('../panes/flow-graph-pane'),
    (module) => framed('Control flow', module.FlowGraphPane),
  ),
]
