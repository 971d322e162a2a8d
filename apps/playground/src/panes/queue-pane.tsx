/** RX queues of port 0: share and number of packets a queue, against an even spread, with the imbalance as a number. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { grouped, percent } from '../components/number-text'
import { Pane } from '../components/pane'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { cardCommands } from '../workers/engine'
import type { Telemetry } from '../workers/telemetry'

/** Largest over mean: 1 is even. Only queues that are there count. */
export function imbalance(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return total === 0 ? 1 : Math.max(...counts) / (total / counts.length)
}

/** Readings that the bars span: about two seconds of the page's time, so that a change of mode is soon seen. */
const SPAN = 9

/** Packets by queue lately, and since the start. */
function useQueues(queues: number): { readonly recent: readonly number[]; readonly total: readonly number[] } {
  const [counts, setCounts] = useState<{ recent: readonly number[]; total: readonly number[] }>({
    recent: [],
    total: [],
  })
  useEffect(() => {
    let kept: Telemetry[] = []
    const take = (): void => {
      const { telemetry } = useRun.getState()
      const newest = kept.at(-1)
      if (newest === telemetry) return
      if (newest !== undefined && newest.received > telemetry.received) kept = []
      kept = [...kept.slice(1 - SPAN), telemetry]
      const from = kept.length > 1 ? kept[0] : undefined
      const total = Array.from(telemetry.queues.slice(0, queues))
      setCounts({ recent: total.map((count, index) => count - (from?.queues[index] ?? 0)), total })
    }
    const timer = setInterval(take, 250)
    return () => clearInterval(timer)
  }, [queues])
  return counts
}

export function QueuePane({ className }: { readonly className?: string }): ReactElement {
  const queues = useDocument((state) => state.document.queues)
  const { recent: counts, total: all } = useQueues(queues)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const uneven = imbalance(counts)
  const most = Math.max(...counts, 1)
  return (
    <Pane
      title="Queues"
      context={`port 0, ${queues} receive queues`}
      className={className ?? ''}
      testId="queue-pane"
      foot={<Spread queues={queues} />}
      controls={
        <span
          className={uneven > 1.6 ? 'badge warn' : 'badge'}
          data-testid="imbalance"
          data-value={uneven.toFixed(2)}
          title="Busiest queue over the mean of all queues"
        >
          {uneven > 1.6 ? '! ' : ''}imbalance {uneven.toFixed(1)}×
        </span>
      }
    >
      {total === 0 ? (
        <div className="empty">No packet has reached a queue yet. Only packets that pass get there.</div>
      ) : (
        <div style={{ padding: '8px 12px' }} role="list">
          {counts.map((count, queue) => (
            <div
              className="queue-row"
              role="listitem"
              key={queue}
              aria-label={`queue ${queue}: ${percent(count / total)}`}
              data-share={(count / total).toFixed(4)}
            >
              <span className="r dim">{queue}</span>
              <span className="track">
                <span
                  className={count === most && uneven > 1.6 ? 'fill hot' : 'fill'}
                  style={{ width: `${(count / most) * 100}%` }}
                />
                <span
                  className="even"
                  style={{ left: `${Math.min(100, (total / counts.length / most) * 100)}%` }}
                  title="an even spread"
                />
              </span>
              <span className="ink2">
                {percent(count / total)} <span className="dim">{grouped(all[queue] ?? 0)}</span>
              </span>
            </div>
          ))}
        </div>
      )}
    </Pane>
  )
}

/** Entries of the card's indirection table. */
const TABLE = 128

/**
 * The host's part of RSS, as `ethtool -X … equal N`: the default hash indexes a table of queue numbers. A program that
 * writes rx_queue_index itself does not look into it.
 */
function Spread({ queues }: { readonly queues: number }): ReactElement {
  const indirection = useDocument((state) => state.document.indirection)
  const patch = useDocument((state) => state.patch)
  const [error, setError] = useState<string | undefined>(undefined)
  const used = indirection === undefined ? queues : new Set(indirection).size
  const spread = (text: string): void => {
    const count = Number(text)
    if (!Number.isInteger(count) || count < 1 || count > queues) {
      setError(`From 1 to ${queues} queues.`)
      return
    }
    const table = Array.from({ length: TABLE }, (_, index) => index % count)
    void cardCommands.setIndirection(table).then((answer) => {
      setError(answer.ok ? undefined : answer.error)
      if (answer.ok) patch({ indirection: table })
    })
  }
  return (
    <>
      <label className="row dim">
        default hash over
        <input
          className="field small"
          style={{ width: 44 }}
          key={used}
          defaultValue={used}
          aria-label="Queues that the default hash is spread over"
          aria-invalid={error !== undefined}
          onBlur={(event) => {
            if (Number(event.currentTarget.value) !== used) spread(event.currentTarget.value)
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') spread(event.currentTarget.value)
          }}
        />
        of {queues} queues
      </label>
      {error !== undefined && (
        <span className="badge fail" role="alert">
          ✕ {error}
        </span>
      )}
    </>
  )
}
