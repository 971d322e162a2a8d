/**
 * Packets a second over simulated time, against the line rate for the present frame size. Each series has a colour,
 * a dash and a label at its line; an outcome that never happened is not drawn. Also as a table.
 */
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { duration, mpps } from '../components/number-text'
import { history, useTick } from './use-rates'
import type { RatePoint, SeriesName } from './rate-history'

export interface SeriesStyle {
  readonly name: SeriesName
  readonly label: string
  readonly figure: string
  readonly color: string
  readonly dash: string | undefined
}

export const OUTCOMES: readonly SeriesStyle[] = [
  { name: 'dropped', label: 'drop', figure: 'Dropped', color: 'var(--v-drop)', dash: undefined },
  { name: 'passed', label: 'pass', figure: 'Passed to host', color: 'var(--v-pass)', dash: '5 2.5' },
  { name: 'transmitted', label: 'tx', figure: 'Sent back', color: 'var(--v-tx)', dash: '2 2' },
  { name: 'aborted', label: 'abort', figure: 'Aborted', color: 'var(--v-abort)', dash: '2 4' },
]

/** Size of an element, followed. */
export function useSize(): readonly [React.RefObject<HTMLDivElement | null>, number, number] {
  const ref = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<readonly [number, number]>([0, 0])
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize([Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height)])
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, size[0], size[1]]
}

/** A round number at or above, for the top of a scale. */
function ceiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)))
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) if (step * magnitude >= value) return step * magnitude
  return 10 * magnitude
}

interface GraphProps {
  readonly span: 'recent' | 'whole'
  /** Packets a second. */
  readonly lineRate: number
  readonly lineRateLabel: string
}

export function ThroughputGraph({ span, lineRate, lineRateLabel }: GraphProps): ReactElement {
  const [ref, width, height] = useSize()
  useTick(150)
  const points = history.points(span)
  return (
    <div ref={ref} style={{ position: 'absolute', inset: 0 }} data-testid="throughput-graph">
      {width > 60 && height > 60 && (
        <Drawing points={points} width={width} height={height} lineRate={lineRate} lineRateLabel={lineRateLabel} />
      )}
    </div>
  )
}

function Drawing({
  points,
  width,
  height,
  lineRate,
  lineRateLabel,
}: Omit<GraphProps, 'span'> & {
  readonly points: readonly RatePoint[]
  readonly width: number
  readonly height: number
}): ReactElement {
  const left = 36
  const right = 16
  const top = 16
  const bottom = 24
  let most = 0
  for (const point of points)
    most = Math.max(most, point.rates.received, point.rates.dropped, point.rates.passed, point.rates.transmitted)
  // The ceiling belongs in the picture only while it is in sight of the data.
  const showLine = most === 0 || lineRate < most * 4
  const max = ceiling(Math.max(most * 1.08, showLine ? lineRate * 1.06 : 0, 1000) / 1e6) * 1e6
  const from = points[0]?.at ?? 0
  const to = Math.max(points.at(-1)?.at ?? 1, from + 1)
  const x = (at: number): number => left + ((width - left - right) * (at - from)) / (to - from)
  const y = (value: number): number => top + (height - top - bottom) * (1 - Math.max(0, value) / max)
  const path = (name: SeriesName): string =>
    points
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.at).toFixed(1)} ${y(point.rates[name]).toFixed(1)}`)
      .join('')
  const last = points.at(-1)
  const drawn = OUTCOMES.filter(({ name }) => points.some((point) => point.rates[name] > 0))
  const ticks = [0, max / 4, max / 2, (max * 3) / 4]
  const labels = placeLabels(drawn, last, y, height - bottom)
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`Packets per second over simulated time. ${drawn.map(({ name, label }) => `${label} ${mpps(last?.rates[name] ?? 0)} million`).join(', ')}.`}
    >
      {ticks.map((value) => (
        <g key={value}>
          <path d={`M${left} ${y(value).toFixed(1)}H${width - right}`} stroke="var(--line)" />
          <text
            x={left - 7}
            y={y(value) + 3.5}
            style={{ fontSize: 'var(--t-micro)' }}
            textAnchor="end"
            fill="var(--ink-3)"
          >
            {Number((value / 1e6).toPrecision(2))}
          </text>
        </g>
      ))}
      {showLine && (
        <>
          <path d={`M${left} ${y(lineRate)}H${width - right}`} stroke="var(--ink-2)" strokeDasharray="2 3" />
          <text
            x={width - right}
            y={y(lineRate) + 12}
            style={{ fontSize: 'var(--t-micro)' }}
            textAnchor="end"
            fill="var(--ink-2)"
          >
            {lineRateLabel}
          </text>
        </>
      )}
      {points.length > 1 && drawn[0] !== undefined && (
        <path
          d={`${path(drawn[0].name)}L${x(to).toFixed(1)} ${y(0)}L${x(from).toFixed(1)} ${y(0)}Z`}
          fill={drawn[0].color}
          opacity="0.13"
        />
      )}
      {drawn.map(({ name, color, dash }) => (
        <g key={name}>
          <path
            d={path(name)}
            fill="none"
            stroke={color}
            strokeWidth="1.8"
            strokeDasharray={dash}
            strokeLinejoin="round"
          />
          {last !== undefined && <circle cx={x(last.at)} cy={y(last.rates[name])} r="3" fill={color} />}
        </g>
      ))}
      {labels.map(({ label, color, at }) => (
        <text
          key={label}
          x={left + (width - left - right) * 0.4}
          y={at}
          style={{ fontSize: 'var(--t-small)' }}
          fontWeight="600"
          fill={color}
        >
          {label}
        </text>
      ))}
      {[0, 0.25, 0.5, 0.75, 1].map((share) => (
        <text
          key={share}
          x={left + (width - left - right) * share}
          y={height - 7}
          style={{ fontSize: 'var(--t-micro)' }}
          textAnchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
          fill="var(--ink-3)"
        >
          {points.length > 0 ? duration(from + (to - from) * share) : ''}
        </text>
      ))}
    </svg>
  )
}

/** Labels sit just above their lines in the middle of the graph, and never on each other. */
function placeLabels(
  drawn: readonly SeriesStyle[],
  last: RatePoint | undefined,
  y: (value: number) => number,
  floor: number,
): { label: string; color: string; at: number }[] {
  const wanted = drawn
    .map(({ name, label, color }) => ({ label, color, at: Math.min(floor - 6, y(last?.rates[name] ?? 0) - 9) }))
    .sort((a, b) => b.at - a.at)
  for (let i = 1; i < wanted.length; i++) wanted[i]!.at = Math.min(wanted[i]!.at, wanted[i - 1]!.at - 13)
  return wanted
}
