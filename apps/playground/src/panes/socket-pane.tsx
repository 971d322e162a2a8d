/**
 * AF_XDP: an application with a socket on a receive queue, its memory and its four rings, live. A program in driver mode
 * steers the queue's packets to it; when the application stops reading, the rings run full and packets are lost.
 */
import { useState } from 'react'
import type { ReactElement } from 'react'
import type { XskView } from '@offload/host'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { grouped } from '../components/number-text'
import { useDocument } from '../stores/document'
import type { XskReading } from '../workers/card.worker'
import { cardCommands } from '../workers/engine'
import { useHostView } from './use-host-view'

const READINGS: readonly (readonly [XskReading, string])[] = [
  ['read', 'reads'],
  ['echo', 'sends back'],
  ['idle', 'sleeps'],
]

export function SocketPane(): ReactElement {
  const view = useHostView(1)
  const queues = useDocument((state) => state.document.queues)
  const [queue, setQueue] = useState(0)
  const [error, setError] = useState<string | undefined>(undefined)
  const open = (): void =>
    void cardCommands.openSocket(queue).then((answer) => setError(answer.ok ? undefined : answer.error))
  return (
    <Pane title="AF_XDP sockets" context={view === undefined ? '' : `${view.sockets.length} open`} testId="socket-pane">
      <div className="row note">
        <label className="row">
          queue
          <select
            className="field small"
            aria-label="Queue of the socket"
            value={queue}
            onChange={(event) => setQueue(Number(event.currentTarget.value))}
          >
            {[...Array(queues).keys()].map((number) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </label>
        <button type="button" className="btn line small" onClick={open} data-testid="open-socket">
          Open a socket
        </button>
        {error !== undefined && (
          <span className="badge fail" role="alert">
            ✕ {error}
          </span>
        )}
      </div>
      {(view?.sockets.length ?? 0) === 0 ? (
        <div className="empty">
          A socket takes the packets of one queue past the kernel’s stack, straight into its own memory. Let the program
          on the card choose the queue, and open a socket there.
        </div>
      ) : (
        view!.sockets.map((socket) => <Socket key={socket.id} socket={socket} />)
      )}
    </Pane>
  )
}

function Socket({ socket }: { readonly socket: XskView }): ReactElement {
  const [reading, setReading] = useState<XskReading>('read')
  const { statistics } = socket
  const lost = statistics.rxFillRingEmpty + statistics.rxRingFull + statistics.rxDropped
  const choose = (value: XskReading): void => {
    setReading(value)
    void cardCommands.setReading(socket.id, value)
  }
  return (
    <section className="socket" aria-label={`Socket ${socket.id}`} data-testid="socket">
      <div className="row">
        <b>
          {socket.interface}, queue {socket.queue}
        </b>
        <span className="dim">
          {socket.chunks} chunks of {socket.chunkSize} B
        </span>
        <span className="grow" />
        <Segmented label="The application" small options={READINGS} value={reading} onChange={choose} />
        <button
          type="button"
          className="btn small"
          aria-label={`Close socket ${socket.id}`}
          onClick={() => void cardCommands.closeSocket(socket.id)}
        >
          ✕
        </button>
      </div>
      <div className="rings">
        <Ring name="fill" used={socket.fill} size={socket.ringSize} text="free chunks for the kernel" />
        <Ring name="RX" used={socket.rx} size={socket.ringSize} text="packets for the application" />
        <Ring name="TX" used={socket.tx} size={socket.ringSize} text="packets to send" />
        <Ring name="completion" used={socket.completion} size={socket.ringSize} text="chunks that were sent" />
      </div>
      <p className="dim">
        {grouped(socket.received)} received, {grouped(lost)} lost
        {lost > 0 &&
          ` (${grouped(statistics.rxFillRingEmpty)} without a chunk, ${grouped(statistics.rxRingFull)} with RX full, ${grouped(statistics.rxDropped)} too long)`}
      </p>
    </section>
  )
}

interface RingProps {
  readonly name: string
  readonly used: number
  readonly size: number
  readonly text: string
}

function Ring({ name, used, size, text }: RingProps): ReactElement {
  return (
    <div className="ring" role="img" aria-label={`${name} ring: ${used} of ${size}, ${text}`} data-used={used}>
      <span>{name}</span>
      <span className="track">
        <span className="fill" style={{ width: `${(used / size) * 100}%` }} />
      </span>
      <span className="r">
        {used} <span className="dim">/ {size}</span>
      </span>
      <span className="dim">{text}</span>
    </div>
  )
}
