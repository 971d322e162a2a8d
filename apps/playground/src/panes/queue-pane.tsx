/** RX queues of port 0: share and number of packets a queue, against an even spread, with the imbalance as a number. */
import { useRef } from 'react'
import type { ReactElement } from 'react'
import { useSlowTelemetry } from '../components/honesty-strip'
import { grouped, percent } from '../components/number-text'
import { Pane } from '../components/pane'
import { useDocument } from '../stores/document'
import type { Telemetry } from '../workers/telemetry'

/** Largest over mean: 1 is even. Only queues that are there count. */
export function imbalance(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return total === 0 ? 1 : Math.max(...counts) / (total / counts.length)
}

/** Packets by queue over about the last two seconds of the page's time, so that a change of mode is seen. */
function useRecentQueues(telemetry: Telemetry, queues: number): number[] {
  const kept = useRef<Telemetry[]>([])
  const list = kept.current
  if (list.at(-1) !== telemetry) {
    if (list.length > 0 && list.at(-1)!.received > telemetry.received) list.length = 0
    list.push(telemetry)
    if (list.length > 9) list.shift()
  }
  const from = list[0]!
  const base = from === telemetry ? undefined : from
  return [...telemetry.queues.slice(0, queues)].map((count, index) => count - (base?.queues[index] ?? 0))
}

export function QueuePane({ className }: { readonly className?: string }): ReactElement {
  const telemetry = useSlowTelemetry()
  const queues = useDocument((state) => state.document.queues)
  const counts = useRecentQueues(telemetry, queues)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const uneven = imbalance(counts)
  const most = Math.max(...counts, 1)
  return (
    <Pane
      title="Queues"
      context={`port 0, ${queues} receive queues`}
      className={className ?? ''}
      testId="queue-pane"
      controls={
        <span className={uneven > 1.6 ? 'badge warn' : 'badge'} data-testid="imbalance" data-value={uneven.toFixed(2)} title="Busiest queue over the mean of all queues">
          {uneven > 1.6 ? '! ' : ''}imbalance {uneven.toFixed(1)}×
        </span>
      }
    >
      {total === 0 ? (
        <div className="empty">No packet has reached a queue yet. Only packets that pass get there.</div>
      ) : (
        <div style={{ padding: '8px 12px' }} role="list">
          {counts.map((count, queue) => (
            <div className="queue-row" role="listitem" key={queue} aria-label={`queue ${queue}: ${percent(count / total)}`} data-share={(count / total).toFixed(4)}>
              <span className="r dim">{queue}</span>
              <span className="track">
                <span className={count === most && uneven > 1.6 ? 'fill hot' : 'fill'} style={{ width: `${(count / most) * 100}%` }} />
                <span className="even" style={{ left: `${Math.min(100, (total / counts.length / most) * 100)}%` }} title="an even spread" />
              </span>
              <span className="ink2">
                {percent(count / total)} <span className="dim">{grouped(telemetry.queues[queue] ?? 0)}</span>
              </span>
            </div>
          ))}
        </div>
      )}
    </Pane>
  )
}
