/**
 * The picture of *Start*: port → sixty cores → outcomes. Ribbons are packets per second, to scale; a core's colour is
 * its busy share, its bars are its contexts. The frame is React's; what moves is set on the elements directly, ten
 * times a second, so that a running card costs the page little.
 */
import { memo, useEffect, useMemo, useRef } from 'react'
import type { ReactElement } from 'react'
import { heatLevel } from '../components/heat-scale'
import { mpps, percent } from '../components/number-text'
import { useRun } from '../stores/run'
import type { Telemetry } from '../workers/telemetry'
import { CORES_PER_ISLAND, DUTY, HEAT_END, ISLANDS, workerIndex } from './chip-layout'
import { history, useCurrentRates } from './use-rates'
import { OUTCOMES, useSize } from './throughput-graph'

const TILE_W = 25
const TILE_H = 37
const GAP = 3
const PITCH = 98
const ISLAND_W = 3 * TILE_W + 2 * GAP + 12
const ISLAND_H = 4 * TILE_H + 3 * GAP + 24
/** Height of a ribbon that carries line rate. */
const FULL = 150

/** Height of a context's bar by state: idle, ready, waiting, stopped. */
const LEVEL = [0, 1, 0.7, 0] as const

export interface ChipFlowProps {
  readonly contexts: number
  readonly lineRate: number
  /** Said in the memory box: where the maps live, what they do. */
  readonly memory: string
  readonly portLines: readonly string[]
  readonly selected?: number | undefined
  readonly onSelect?: ((core: number) => void) | undefined
}

/** Smoothed busy share of each core and occupancy of each context, from successive readings. */
class Activity {
  private before: Telemetry | undefined
  readonly busy = new Float64Array(64)
  readonly occupied = new Float64Array(512)

  update(now: Telemetry): void {
    const before = this.before
    if (now === before) return
    if (before !== undefined && before.now < now.now) {
      const cycles = now.now - before.now
      for (let core = 0; core < now.busy.length; core++) {
        const share = Math.min(1, Math.max(0, (now.busy[core]! - (before.busy[core] ?? 0)) / cycles))
        this.busy[core] = this.busy[core]! * 0.5 + share * 0.5
      }
      for (let context = 0; context < now.contexts.length; context++) {
        // Waiting counts most of a bar, ready all of it: a bar says "holds a packet".
        const level = LEVEL[now.contexts[context]!] ?? 0
        this.occupied[context] = this.occupied[context]! * 0.7 + level * 0.3
      }
    } else if (before !== undefined && before.now > now.now) {
      this.busy.fill(0)
      this.occupied.fill(0)
    }
    this.before = now
  }
}

export function ChipFlow(props: ChipFlowProps): ReactElement {
  const [ref, width, height] = useSize()
  return (
    <div
      ref={ref}
      style={{ position: 'absolute', inset: 0, display: 'grid', placeItems: 'center' }}
      data-testid="chip-flow"
    >
      {width > 200 && height > 120 && <Picture {...props} width={width} height={height} />}
    </div>
  )
}

function Picture({
  contexts,
  lineRate,
  memory,
  portLines,
  selected,
  onSelect,
  width,
  height,
}: ChipFlowProps & { readonly width: number; readonly height: number }): ReactElement {
  const root = useRef<SVGSVGElement>(null)
  const rates = useCurrentRates(300)
  const running = useRun((state) => state.status === 'running')

  useEffect(() => {
    const svg = root.current
    if (svg === null) return
    const activity = new Activity()
    const tiles = [...svg.querySelectorAll<SVGGElement>('[data-core]')].map((group) => ({
      core: Number(group.dataset['core']),
      rect: group.querySelector<SVGRectElement>('.tile')!,
      bars: [...group.querySelectorAll<SVGRectElement>('.bar')],
      level: -1,
      tall: [] as number[],
    }))
    const draw = (): void => {
      const telemetry = useRun.getState().telemetry
      activity.update(telemetry)
      // Only what has changed is touched: most of fifty cores look the same as a moment ago.
      for (const tile of tiles) {
        const share = activity.busy[tile.core]!
        const level = heatLevel(Math.min(1, share / HEAT_END))
        if (level !== tile.level) {
          tile.level = level
          tile.rect.setAttribute('fill', `var(--h-${level})`)
          for (const bar of tile.bars) bar.setAttribute('fill', level > 4 ? 'var(--on-heat-hi)' : 'var(--on-heat-lo)')
        }
        tile.bars.forEach((bar, index) => {
          const tall = Math.round(2 + (TILE_H - 8) * activity.occupied[tile.core * contexts + index]!)
          if (tall === tile.tall[index]) return
          tile.tall[index] = tall
          bar.setAttribute('height', String(tall))
          bar.setAttribute('y', String(Number(bar.dataset['floor']) - tall))
        })
      }
    }
    draw()
    const timer = setInterval(draw, 150)
    return () => clearInterval(timer)
  }, [contexts])

  const W = 880
  const H = 326
  const left = 190
  const top = 46
  const chipX = left - 12
  const chipW = (ISLANDS - 1) * PITCH + ISLAND_W + 24
  const chipY = 16
  const chipH = ISLAND_H + 88
  const middle = top + ISLAND_H / 2 + 4
  const rightX = chipX + chipW
  const outX = W - 132

  const received = rates?.rates.received ?? 0
  // To scale with the line, and never so thin that the shares cannot be seen.
  const perPacket = Math.max(FULL / lineRate, 60 / Math.max(received, 1))
  const thick = (rate: number): number => (rate <= 0 ? 0 : Math.max(2, Math.min(FULL, rate * perPacket)))
  const flows = OUTCOMES.map((style) => ({ ...style, rate: rates?.rates[style.name] ?? 0 }))
    .filter(({ rate }) => rate > 0)
    .sort((a, b) => (a.name === 'passed' ? -1 : b.name === 'passed' ? 1 : 0))
  const inH = thick(received)
  const boxes = placeBoxes(
    flows.map(({ rate }) => Math.max(50, thick(rate))),
    H,
  )
  const islands = useMemo(() => [...Array(ISLANDS).keys()], [])
  const zoom = Math.min(1.5, width / W, height / H)
  const holding = countHolding(useRun.getState().telemetry)

  return (
    <svg
      ref={root}
      width={W * zoom}
      height={H * zoom}
      viewBox={`0 0 ${W} ${H}`}
      role="group"
      aria-label="Chip: port, cores and outcomes"
      className={running ? 'flow running' : 'flow'}
    >
      {inH > 0 && (
        <Ribbon x0={104} x1={chipX} y0={middle} y1={middle} h0={inH} color="var(--b-h)" opacity={0.2} id="in" />
      )}
      {flows.map(({ name, rate, color }, index) => (
        <Ribbon
          key={name}
          id={name}
          x0={rightX}
          x1={outX}
          y0={clampInside(boxes[index]!.middle, chipY + thick(rate) / 2 + 8, chipY + chipH - thick(rate) / 2 - 8)}
          y1={boxes[index]!.middle}
          h0={thick(rate)}
          color={color}
          opacity={thick(rate) < 12 ? 0.75 : 0.28}
        />
      ))}
      <Box x={14} y={middle - Math.max(86, inH) / 2} w={96} h={Math.max(86, inH)}>
        <tspan className="box-title">Port 0</tspan>
        {[`${mpps(received)} Mpps`, ...portLines].map((line, index) => (
          <tspan key={line} x={26} dy={index === 0 ? 18 : 16} fill={index === 0 ? 'var(--ink-2)' : 'var(--ink-3)'}>
            {line}
          </tspan>
        ))}
      </Box>
      <rect x={chipX} y={chipY} width={chipW} height={chipH} rx="9" fill="var(--bg-1)" stroke="var(--line-2)" />
      <text x={chipX + 12} y={chipY + 19} fontSize="11" fill="var(--ink-3)">
        <tspan fontWeight="600" fill="var(--ink-2)">
          NFP-4000
        </tspan>
        <tspan dx="6">{holding}</tspan>
      </text>
      {islands.map((island) => (
        <Island
          key={island}
          island={island}
          x={left + island * PITCH}
          y={top}
          contexts={contexts}
          selected={selected}
          onSelect={onSelect}
        />
      ))}
      {islands.map((island) => (
        <path
          key={island}
          d={`M${left + island * PITCH + ISLAND_W / 2} ${top + ISLAND_H}v16`}
          stroke="var(--ink-3)"
          strokeWidth="4"
          opacity=".45"
        />
      ))}
      <rect
        x={left}
        y={top + ISLAND_H + 16}
        width={chipW - 24}
        height="30"
        rx="5"
        fill="var(--bg-2)"
        stroke="var(--line-2)"
      />
      <text x={left + 12} y={top + ISLAND_H + 35} fontSize="11" fill="var(--ink-2)">
        <tspan fontWeight="600" fill="var(--ink-1)">
          Memory
        </tspan>
        <tspan dx="6">{memory}</tspan>
      </text>
      {flows.map(({ name, rate, figure, color }, index) => {
        const box = boxes[index]!
        return (
          <Box key={name} x={outX} y={box.middle - box.height / 2} w={122} h={box.height}>
            <tspan className="box-title" fill={color}>
              {GLYPH[name]} {name === 'dropped' ? 'Drop on card' : name === 'passed' ? 'Pass to host' : figure}
            </tspan>
            <tspan x={outX + 12} dy="17" fill="var(--ink-2)">
              {mpps(rate)} Mpps, {percent(received === 0 ? 0 : rate / received)}
            </tspan>
            {name === 'dropped' && box.height > 80 && (
              <>
                <tspan x={outX + 12} dy="16" fill="var(--ink-3)">
                  the host never
                </tspan>
                <tspan x={outX + 12} dy="15" fill="var(--ink-3)">
                  sees them
                </tspan>
              </>
            )}
          </Box>
        )
      })}
    </svg>
  )
}

const GLYPH: Readonly<Record<string, string>> = { passed: '✓', dropped: '✕', transmitted: '↩', aborted: '!' }

function clampInside(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

/** Centres for boxes stacked with even gaps. */
function placeBoxes(heights: readonly number[], room: number): { readonly middle: number; readonly height: number }[] {
  const total = heights.reduce((sum, height) => sum + height, 0)
  const gap = Math.min(24, Math.max(8, (room - 24 - total) / (heights.length + 1)))
  const shrink = Math.min(1, (room - 16 - gap * (heights.length - 1)) / Math.max(total, 1))
  let y = (room - total * shrink - gap * (heights.length - 1)) / 2
  return heights.map((height) => {
    const box = { middle: y + (height * shrink) / 2, height: height * shrink }
    y += height * shrink + gap
    return box
  })
}

function countHolding(telemetry: Telemetry): string {
  if (telemetry.contexts.length === 0) return ''
  let holding = 0
  for (const state of telemetry.contexts) if (state > 0) holding++
  const latency = history.current() === undefined ? 0 : telemetry.latency[0]
  const perCycle = telemetry.now > 0 ? telemetry.nanoseconds / telemetry.now : 0
  const each = latency * perCycle
  return `${holding} of ${telemetry.contexts.length} contexts hold a packet${each > 0 ? `, ${(each / 1000).toFixed(1)} µs each` : ''}`
}

interface RibbonProps {
  readonly id: string
  readonly x0: number
  readonly x1: number
  readonly y0: number
  readonly y1: number
  readonly h0: number
  readonly color: string
  readonly opacity: number
}

/** A band with packets drifting in it; their motion stops with the card and with reduced motion. */
function Ribbon({ id, x0, x1, y0, y1, h0, color, opacity }: RibbonProps): ReactElement {
  const half = h0 / 2
  const mid = (x0 + x1) / 2
  const d = `M${x0} ${y0 - half}C${mid} ${y0 - half} ${mid} ${y1 - half} ${x1} ${y1 - half}V${y1 + half}C${mid} ${y1 + half} ${mid} ${y0 + half} ${x0} ${y0 + half}Z`
  const rows = Math.max(0, Math.min(14, Math.floor((h0 - 4) / 6)))
  return (
    <g>
      <path d={d} fill={color} fillOpacity={opacity} />
      {rows > 0 && (
        <>
          <clipPath id={`clip-${id}`}>
            <path d={d} />
          </clipPath>
          <g clipPath={`url(#clip-${id})`} className="drift" aria-hidden="true">
            {[...Array(rows).keys()].flatMap((row) =>
              [0, 1, 2].map((k) => (
                <rect
                  key={`${row}.${k}`}
                  x={x0 - 40 + ((row * 37 + k * 41) % (x1 - x0 + 30))}
                  y={(y0 + y1) / 2 - (rows * 6) / 2 + row * 6 + 1.5}
                  width="5"
                  height="2.5"
                  rx="1"
                  fill={color === 'var(--b-h)' ? 'var(--ink-2)' : color}
                  opacity={0.45 + ((row * 7 + k * 3) % 5) * 0.1}
                  style={{ animationDelay: `${-((row * 53 + k * 31) % 90) / 100}s` }}
                />
              )),
            )}
          </g>
        </>
      )}
    </g>
  )
}

interface BoxProps {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  readonly children: React.ReactNode
}

function Box({ x, y, w, h, children }: BoxProps): ReactElement {
  return (
    <g>
      <rect x={x} y={y} width={w} height={h} rx="5" fill="var(--bg-2)" stroke="var(--line-2)" />
      <text x={x + 12} y={y + 21} fontSize="11" fill="var(--ink-1)">
        {children}
      </text>
    </g>
  )
}

interface IslandProps {
  readonly island: number
  readonly x: number
  readonly y: number
  readonly contexts: number
  readonly selected: number | undefined
  readonly onSelect: ((core: number) => void) | undefined
}

const Island = memo(function Island({ island, x, y, contexts, selected, onSelect }: IslandProps): ReactElement {
  const barW = (TILE_W - 8 - (contexts - 1) * 1.5) / contexts
  return (
    <g>
      <rect x={x} y={y} width={ISLAND_W} height={ISLAND_H} rx="5" fill="var(--bg-2)" stroke="var(--line-2)" />
      <text x={x + 7} y={y + 12} fontSize="10" fill="var(--ink-3)">
        mei{island} · {32 + island}
      </text>
      {[...Array(CORES_PER_ISLAND).keys()].map((core) => {
        const tx = x + 6 + (core % 3) * (TILE_W + GAP)
        const ty = y + 18 + Math.floor(core / 3) * (TILE_H + GAP)
        const duty = DUTY[`${island}.${core}`]
        if (duty !== undefined)
          return (
            <g key={core}>
              <title>{`Kept by the firmware: ${duty.long}`}</title>
              <rect
                x={tx}
                y={ty}
                width={TILE_W}
                height={TILE_H}
                rx="2"
                fill="none"
                stroke="var(--line-2)"
                strokeDasharray="2 2"
              />
              <text x={tx + TILE_W / 2} y={ty + TILE_H / 2 + 3.5} fontSize="9" textAnchor="middle" fill="var(--ink-3)">
                {duty.short}
              </text>
            </g>
          )
        const index = workerIndex(island, core)
        return (
          <g
            key={core}
            data-core={index}
            onClick={onSelect === undefined ? undefined : () => onSelect(index)}
            style={onSelect === undefined ? undefined : { cursor: 'pointer' }}
          >
            <title>{`core ${index}, runs your program`}</title>
            <rect className="tile" x={tx} y={ty} width={TILE_W} height={TILE_H} rx="2" fill="var(--h-0)" />
            {[...Array(contexts).keys()].map((context) => (
              <rect
                key={context}
                className="bar"
                data-floor={ty + TILE_H - 3}
                x={tx + 4 + context * (barW + 1.5)}
                y={ty + TILE_H - 5}
                width={barW}
                height="2"
                opacity="0.45"
                fill="var(--on-heat-lo)"
              />
            ))}
            {selected === index && (
              <rect
                x={tx - 1.5}
                y={ty - 1.5}
                width={TILE_W + 3}
                height={TILE_H + 3}
                rx="3.5"
                fill="none"
                stroke="var(--pin)"
                strokeWidth="2"
              />
            )}
          </g>
        )
      })}
    </g>
  )
})
