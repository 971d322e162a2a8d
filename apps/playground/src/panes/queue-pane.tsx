/** RX queues of port 0: share and number of packets a queue, against an even spread, with the imbalance as a number. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { grouped, percent } from '../components/number-text'
import { Pane } from '../components/pane'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { cardCommands } from '../workers/engine'
import { Indirection } from './indirection'
import type { QueueChoices } from '../workers/card.worker'
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

/** The last packets by queue, as they were put and as the default hash would put them; asked for while it is shown. */
function useChoices(shown: boolean): QueueChoices | undefined {
  const [choices, setChoices] = useState<QueueChoices | undefined>(undefined)
  useEffect(() => {
    if (!shown) return
    let dead = false
    const ask = (): void =>
      void cardCommands.queueChoices().then(
        (answer) => {
          if (!dead) setChoices(answer)
        },
        () => undefined,
      )
    ask()
    const timer = setInterval(ask, 700)
    return () => {
      dead = true
      clearInterval(timer)
    }
  }, [shown])
  return shown ? choices : undefined
}

export function QueuePane({ className }: { readonly className?: string }): ReactElement {
  const queues = useDocument((state) => state.document.queues)
  const { recent: counts, total: all } = useQueues(queues)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const uneven = imbalance(counts)
  const [comparing, setComparing] = useState(false)
  const choices = useChoices(comparing)
  const hashed = choices?.hash.reduce((sum, count) => sum + count, 0) ?? 0
  const shareOf = (queue: number): number => (choices?.hash[queue] ?? 0) / Math.max(1, hashed)
  const most = Math.max(...counts, ...(choices?.hash ?? []).map((_, queue) => shareOf(queue) * total), 1)
  return (
    <Pane
      title="Queues"
      context={`port 0, ${queues} receive queues`}
      className={className ?? ''}
      testId="queue-pane"
      foot={<Indirection queues={queues} />}
      controls={
        <>
          <button
            type="button"
            className="btn small"
            aria-pressed={comparing}
            onClick={() => setComparing(!comparing)}
            title="Beside what the program chose: where the card's own hash would have put the same packets"
          >
            compare hash
          </button>
          {choices !== undefined && (
            <span className="badge" data-testid="hash-imbalance" data-value={imbalance(choices.hash).toFixed(2)}>
              hash {imbalance(choices.hash).toFixed(1)}×
            </span>
          )}
          <span
            className={uneven > 1.6 ? 'badge warn' : 'badge'}
            data-testid="imbalance"
            data-value={uneven.toFixed(2)}
            title="Busiest queue over the mean of all queues"
          >
            {uneven > 1.6 ? '! ' : ''}imbalance {uneven.toFixed(1)}×
          </span>
        </>
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
                {choices !== undefined && (
                  <span
                    className="hashed"
                    style={{ width: `${((shareOf(queue) * total) / most) * 100}%` }}
                    title={`the default hash: ${percent(shareOf(queue))}`}
                  />
                )}
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
