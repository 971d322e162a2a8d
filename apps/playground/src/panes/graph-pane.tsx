/** Packets per second: the figures, the graph against line rate, or the same as a table. */
import { useState } from 'react'
import type { ReactElement } from 'react'
import { OUTCOMES, ThroughputGraph } from '../charts/throughput-graph'
import { history, useCurrentRates, useTick } from '../charts/use-rates'
import { useSlowTelemetry } from '../components/honesty-strip'
import { Icon } from '../components/icons'
import { duration, grouped, mpps } from '../components/number-text'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useLineRate } from '../stores/device'

type Span = 'recent' | 'whole'

export function GraphPane({ className }: { readonly className?: string }): ReactElement {
  const [table, setTable] = useState(false)
  const [span, setSpan] = useState<Span>('recent')
  const line = useLineRate()
  return (
    <Pane
      title="Packets per second"
      className={className ?? ''}
      fixed={!table}
      controls={
        <>
          <Segmented<Span>
            label="Stretch of time"
            small
            options={[
              ['recent', 'recent'],
              ['whole', 'whole run'],
            ]}
            value={span}
            onChange={setSpan}
          />
          <button
            type="button"
            className="btn ico"
            aria-pressed={table}
            aria-label={table ? 'Rates as a graph' : 'Rates as a table'}
            title={table ? 'As a graph' : 'As a table'}
            onClick={() => setTable(!table)}
          >
            {table ? Icon.chart : Icon.table}
          </button>
        </>
      }
    >
      {table ? (
        <RateTable span={span} />
      ) : (
        <div style={{ position: 'absolute', inset: 0, display: 'flex', flexDirection: 'column' }}>
          <Figures />
          <div style={{ position: 'relative', flex: '1 1 auto', minHeight: 0 }}>
            <ThroughputGraph span={span} lineRate={line.perSecond} lineRateLabel={line.label} />
          </div>
        </div>
      )}
    </Pane>
  )
}

/** Received, each outcome that occurs, and lost; rates now, totals beneath for the counters' sake. */
export function Figures(): ReactElement {
  const rates = useCurrentRates()
  const telemetry = useSlowTelemetry()
  const shown = OUTCOMES.filter(({ name }) => name === 'dropped' || name === 'passed' || telemetry[name] > 0)
  return (
    <div className="figures" data-testid="figures">
      <div>
        <span className="label">Received</span>
        <span className="value" title={`${grouped(telemetry.received)} packets so far`}>
          {mpps(rates?.rates.received ?? 0)} <small>Mpps</small>
        </span>
        <Total name="received" value={telemetry.received} />
      </div>
      {shown.map(({ name, figure, color, dash }) => (
        <div key={name}>
          <span className="label">
            <svg width="14" height="4" aria-hidden="true">
              <path
                d="M0 2h14"
                stroke={color}
                strokeWidth="3"
                strokeDasharray={dash === undefined ? undefined : '4 2'}
              />
            </svg>
            {figure}
          </span>
          <span className="value" title={`${grouped(telemetry[name])} packets so far`}>
            {mpps(rates?.rates[name] ?? 0)} <small>Mpps</small>
          </span>
          <Total name={name} value={telemetry[name]} />
        </div>
      ))}
      <div>
        <span className="label">Lost</span>
        <span className="value">
          {telemetry.lost === 0 ? '0' : mpps(rates?.rates.lost ?? 0)} {telemetry.lost > 0 && <small>Mpps</small>}
        </span>
        <Total name="lost" value={telemetry.lost} />
      </div>
    </div>
  )
}

function Total({ name, value }: { readonly name: string; readonly value: number }): ReactElement {
  return (
    <span className="dim total" data-testid={`total-${name}`} data-value={value}>
      {grouped(value)}
    </span>
  )
}

function RateTable({ span }: { readonly span: Span }): ReactElement {
  useTick(500)
  const points = history.points(span).slice().reverse()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">until</th>
          <th scope="col" className="r">
            received, Mpps
          </th>
          {OUTCOMES.map(({ name, label }) => (
            <th key={name} scope="col" className="r">
              {label}
            </th>
          ))}
          <th scope="col" className="r">
            lost
          </th>
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={point.at}>
            <td>{duration(point.at)}</td>
            <td className="r">{mpps(point.rates.received)}</td>
            {OUTCOMES.map(({ name }) => (
              <td key={name} className="r">
                {mpps(point.rates[name])}
              </td>
            ))}
            <td className="r">{mpps(point.rates.lost)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
