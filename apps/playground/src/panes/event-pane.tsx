/**
 * Perf events that the program sent to the host: a virtual list, the chosen one as tree and bytes, the loss in its
 * own row, and an export as pcapng that tcpdump and Wireshark read.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { declaredStructs, flattenFields, formatValue } from '@offload/bpf'
import type { DataType } from '@offload/bpf'
import { xdpdumpText } from '@offload/host'
import { dissect, writePcapng } from '@offload/packet'
import { useSlowTelemetry } from '../components/honesty-strip'
import { grouped } from '../components/number-text'
import { Pane } from '../components/pane'
import { useVirtualRows } from '../components/virtual-rows'
import { saveFile } from '../link/files'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { notify } from '../stores/view'
import type { NumberedEvent } from '../workers/card.worker'
import { cardCommands } from '../workers/engine'
import { HexDump, PacketView } from './packet-view'
import { hexOf } from './typed-value'

function useEvents(limit: number, paused: boolean): readonly NumberedEvent[] {
  const [events, setEvents] = useState<readonly NumberedEvent[]>([])
  const generation = useRun((state) => state.telemetry.generation)
  useEffect(() => {
    if (paused) return
    let dead = false
    const ask = async (): Promise<void> => {
      while (!dead) {
        if (useRun.getState().status !== 'starting') {
          const answer = await cardCommands.recentEvents(limit).catch(() => undefined)
          if (!dead && answer !== undefined) setEvents(answer)
        }
        await new Promise((resolve) => setTimeout(resolve, 400))
      }
    }
    void ask()
    return () => {
      dead = true
    }
  }, [limit, paused, generation])
  return events
}

/** The data of an event as its fields, where a struct of the program has exactly its size; else as hex. */
function dataText(data: Uint8Array, structs: readonly DataType[]): string {
  const type = structOf(data, structs)
  if (type === undefined) return hexOf(data)
  return flattenFields(type)
    .map((field) => `${field.path} ${formatValue(data, field.type, field.offset)}`)
    .join(', ')
}

/** The last declared struct of the data's size: records of events are declared behind the types of maps, or alone. */
function structOf(data: Uint8Array, structs: readonly DataType[]): DataType | undefined {
  return structs.findLast((type) => type.kind === 'struct' && type.size === data.length)
}

/** Save every event that is still kept: as capture with a comment each, or as the text that xdpdump prints. */
async function exportEvents(name: string, as: 'pcapng' | 'text', structs: readonly DataType[]): Promise<void> {
  const events = await cardCommands.allEvents()
  if (events.length === 0) {
    notify('info', 'No event to export yet.')
    return
  }
  if (as === 'text') {
    const lines = events.map(
      (event) => xdpdumpText(event, true) ?? `${(event.time / 1e9).toFixed(6)} ${hexOf(event.data)}\n`,
    )
    saveFile(`${name}-events.txt`, new TextEncoder().encode(lines.join('')), 'text/plain')
  } else {
    const file = writePcapng(
      events.map((event) => ({
        time: event.time,
        data: event.packet.length > 0 ? event.packet : event.data,
        port: 0,
        comment: `${event.map}: ${dataText(event.data, structs)}`,
      })),
    )
    saveFile(`${name}-events.pcapng`, file, 'application/vnd.tcpdump.pcap')
  }
  notify('info', `${events.length} events saved as ${as}.`)
}

export function EventPane({
  className,
  compact,
}: {
  readonly className?: string
  readonly compact?: boolean
}): ReactElement {
  const [chosen, setChosen] = useState<NumberedEvent | undefined>(undefined)
  const events = useEvents(500, chosen !== undefined && compact !== true)
  const telemetry = useSlowTelemetry()
  const name = useDocument((state) => state.document.demo ?? 'program')
  const source = useDocument((state) => state.document.source)
  const structs = useMemo(() => declaredStructs(source), [source])
  return (
    <Pane
      title="Events"
      context={`${grouped(telemetry.eventsSent)} sent, ${grouped(telemetry.eventsLost)} lost`}
      className={className ?? ''}
      fixed
      testId="event-pane"
      controls={
        <>
          <button
            type="button"
            className="btn small line"
            onClick={() => void exportEvents(name, 'pcapng', structs)}
            data-testid="export-events"
            title="Each packet with the event's own data as its comment"
          >
            Save pcapng
          </button>
          {compact !== true && (
            <button
              type="button"
              className="btn small"
              onClick={() => void exportEvents(name, 'text', structs)}
              title="As the demonstration xdpdump -x prints them"
            >
              text
            </button>
          )}
        </>
      }
    >
      {events.length === 0 ? (
        <div className="empty">
          No events yet. A program sends them with bpf_perf_event_output; open the demo “Packet sampler”.
        </div>
      ) : (
        <div
          style={{
            position: 'absolute',
            inset: 0,
            display: 'grid',
            gridTemplateRows: chosen === undefined ? '1fr' : 'minmax(90px, 1fr) minmax(0, 1.3fr)',
          }}
        >
          <EventList
            events={events}
            chosen={chosen}
            onChoose={(event) => setChosen(event.number === chosen?.number ? undefined : event)}
            lost={telemetry.eventsLost}
          />
          {chosen !== undefined && (
            <div
              style={{ overflow: 'auto', borderTop: '1px solid var(--line)' }}
              tabIndex={0}
              role="group"
              aria-label={`Event ${chosen.number}`}
            >
              <div className="row" style={{ padding: '8px 12px 0' }}>
                <b>Event {chosen.number}</b>
                <span className="dim">
                  core {chosen.cpu}, map {chosen.map}, {chosen.data.length} B of data, {chosen.packet.length} B of
                  packet
                </span>
              </div>
              {structOf(chosen.data, structs) !== undefined && (
                <p className="note mono" data-testid="event-data">
                  {dataText(chosen.data, structs)}
                </p>
              )}
              {chosen.data.length > 0 && <HexDump bytes={chosen.data} />}
              {chosen.packet.length > 0 && <PacketView bytes={chosen.packet} />}
            </div>
          )}
        </div>
      )}
    </Pane>
  )
}

interface EventListProps {
  readonly events: readonly NumberedEvent[]
  readonly chosen: NumberedEvent | undefined
  readonly lost: number
  readonly onChoose: (event: NumberedEvent) => void
}

const ROW = 26
const COLUMNS = '64px 92px minmax(0, 1fr) 64px 52px'

function EventList({ events, chosen, lost, onChoose }: EventListProps): ReactElement {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualRows(scroller, events.length, ROW)
  return (
    <div
      ref={scroller}
      style={{ overflow: 'auto', position: 'relative' }}
      role="table"
      aria-label="Events"
      aria-rowcount={events.length}
      tabIndex={0}
    >
      <div role="row" className="list-head" style={{ gridTemplateColumns: COLUMNS }}>
        {['no.', 'time, ms', 'packet', 'proto', 'bytes'].map((title) => (
          <span role="columnheader" key={title}>
            {title}
          </span>
        ))}
      </div>
      {lost > 0 && (
        <div role="row" className="list-row fail" style={{ gridTemplateColumns: '1fr' }}>
          <span role="cell">✕ {grouped(lost)} events lost, the ring was full</span>
        </div>
      )}
      <div style={{ height: list.getTotalSize(), position: 'relative' }}>
        {list.getVirtualItems().map((item) => {
          const event = events[item.index]!
          const found = dissect(event.packet)
          return (
            <div
              role="row"
              key={event.number}
              className={event.number === chosen?.number ? 'list-row sel' : 'list-row'}
              style={{
                gridTemplateColumns: COLUMNS,
                position: 'absolute',
                top: 0,
                left: 0,
                right: 0,
                height: ROW,
                transform: `translateY(${item.start}px)`,
              }}
              onClick={() => onChoose(event)}
            >
              <span role="cell">
                <button type="button" className="cell" aria-label={`Event ${event.number}`}>
                  {event.number}
                </button>
              </span>
              <span role="cell">{(event.time / 1e6).toFixed(4)}</span>
              <span role="cell" className="ellipsis">
                {found.source === '' ? `${event.data.length} B of data` : `${found.source} → ${found.destination}`}
              </span>
              <span role="cell">{found.protocol}</span>
              <span role="cell">{event.packet.length}</span>
            </div>
          )
        })}
      </div>
    </div>
  )
}
