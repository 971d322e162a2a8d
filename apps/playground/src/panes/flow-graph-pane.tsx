/**
 * The program as a graph of basic blocks: what leads where, which block calls which function, how often each ran. Hue
 * and letter are those of the listings; pointing and pinning go through the link service.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { flowGraph, insnText } from '@offload/bpf'
import type { FlowBlock, FlowEdge, FlowGraph } from '@offload/bpf'
import { Icon } from '../components/icons'
import { grouped } from '../components/number-text'
import { useLineStats } from '../editor/line-stats'
import { hover, pin, useLink, useShown } from '../link/service'
import type { LinkTables } from '../link/tables'
import { useVerdict } from '../stores/verdict'
import type { Judged } from '../stores/verdict'
import { wayCounts } from './flow-counts'
import { layoutFlow } from './flow-layout'
import '../styles/language.css'

const ROW = 15
const HEAD = 19
const CHAR = 6.7
/** Rows of text in a block; more are counted. */
const MOST_ROWS = 8
const MOST_CHARS = 40

/** A way between blocks; a call leads to the first block of what is called. */
interface FlowWay {
  readonly from: number
  readonly to: number
  readonly kind: FlowEdge['kind'] | 'call'
  /** Slot of the call. */
  readonly at?: number
}

function waysOf({ blocks, calls }: FlowGraph): FlowWay[] {
  const blockOf = (slot: number): number => blocks.findIndex(({ start, end }) => slot >= start && slot < end)
  const entry = (subprogram: number): number => blocks.findIndex((block) => block.subprogram === subprogram)
  return [
    ...blocks.flatMap((block, from) => block.edges.map((edge): FlowWay => ({ from, ...edge }))),
    ...calls.map(({ from, to }): FlowWay => ({ from: blockOf(from), to: entry(to), kind: 'call', at: from })),
  ].filter(({ from, to }) => from >= 0 && to >= 0)
}

interface BlockView {
  readonly block: FlowBlock
  readonly letter: string
  readonly hue: string
  /** Label or function that begins here. */
  readonly name: string
  readonly rows: readonly string[]
  readonly ways: readonly (FlowWay & { readonly index: number })[]
}

function viewsOf(judged: Judged, tables: LinkTables, graph: FlowGraph, ways: readonly FlowWay[]): BlockView[] {
  const program = judged.compilation.program!
  const lines = judged.source.split('\n')
  const textOf = (slot: number): string => {
    const line = lines[tables.lineOf(slot) - 1]
    const own = line
      ?.replace(/\s*(;|\/\/|#(?!\d)).*$/, '')
      .replace(/^\s*(?:[\w.$]+:\s+)*/, '')
      .trim()
    return own === undefined || own === '' ? insnText(program.insns, slot, 'llvm') : own
  }
  return graph.blocks.map((block, number) => {
    const hue = tables.blocks[tables.blockOf(block.start)]
    const texts = tables.insns.filter((slot) => slot >= block.start && slot < block.end).map(textOf)
    const rows =
      texts.length > MOST_ROWS
        ? [...texts.slice(0, MOST_ROWS - 2), `… ${texts.length - MOST_ROWS + 1} more`, texts.at(-1)!]
        : texts
    return {
      block,
      letter: hue?.letter ?? '',
      hue: hue?.hue ?? 'var(--ink-3)',
      name:
        program.subprograms.find(({ start }) => start === block.start)?.name ??
        program.labels.find(({ insn }) => insn === block.start)?.name ??
        '',
      rows: rows.map((row) => (row.length > MOST_CHARS ? `${row.slice(0, MOST_CHARS - 1)}…` : row)),
      ways: ways.map((way, index) => ({ ...way, index })).filter(({ from }) => from === number),
    }
  })
}

export function FlowGraphPane(): ReactElement {
  const { judged, tables } = useShown()
  const [table, setTable] = useState(false)
  const good = useVerdict((state) => state.good)
  const stats = useLineStats()
  const made = useMemo(() => {
    const program = judged?.compilation.program
    if (judged === undefined || tables === undefined || program === undefined) return undefined
    const graph = flowGraph(program)
    const ways = waysOf(graph)
    return { graph, ways, views: viewsOf(judged, tables, graph, ways), judged }
  }, [judged, tables])
  if (made === undefined)
    return <div className="empty">Nothing has been assembled yet. The graph appears with the first program.</div>
  const { graph, views, ways } = made
  const runs = (block: FlowBlock): number | undefined => {
    if (judged !== good) return undefined
    for (let slot = block.start; slot < block.end; slot++) {
      const hits = stats.hits.get(slot)
      if (hits !== undefined) return hits
    }
    return undefined
  }
  const flow = ways.filter(({ kind }) => kind !== 'call')
  const counted = wayCounts(
    flow,
    (block) => runs(graph.blocks[block]!),
    (block) => isEntry(graph, block),
  )
  const gone = (way: FlowWay): number | undefined =>
    way.kind === 'call' ? (judged === good ? stats.hits.get(way.at ?? -1) : undefined) : counted[flow.indexOf(way)]
  const counts = ways.map(gone)
  return (
    <section className="flow pane" aria-label="Control flow" data-testid="flow-pane">
      <div className="flow-head">
        <span className="grow dim">
          {graph.blocks.length} blocks, {graph.blocks.reduce((sum, { edges }) => sum + edges.length, 0)} ways
          {graph.calls.length > 0 && `, ${graph.calls.length} calls`}
        </span>
        <button
          type="button"
          className="btn ico small"
          aria-pressed={table}
          aria-label={table ? 'Control flow as a picture' : 'Control flow as a table'}
          title="Picture or table ( t )"
          onClick={() => setTable(!table)}
        >
          {table ? Icon.chart : Icon.table}
        </button>
      </div>
      {table ? (
        <FlowTable views={views} runs={runs} counts={counts} />
      ) : (
        <FlowPicture views={views} graph={graph} links={ways} judged={made.judged} runs={runs} counts={counts} />
      )}
    </section>
  )
}

interface PartProps {
  readonly views: readonly BlockView[]
  readonly runs: (block: FlowBlock) => number | undefined
  /** How often each way was gone, where that is known. */
  readonly counts: readonly (number | undefined)[]
}

const targetOf = (block: FlowBlock) => ({ space: 'insn', start: block.start, end: block.end }) as const

const KIND = { next: 'else', taken: 'if true', always: '', call: 'calls' } as const

/** `if true C`, `calls D account`; how often where it is known. */
function wayText({ kind, to }: FlowWay, views: readonly BlockView[], count: number | undefined): string {
  const target = views[to]!
  const name = kind === 'call' && target.name !== '' ? ` ${target.name}` : ''
  return `${KIND[kind]} ${target.letter}${name}${count === undefined ? '' : ` ${grouped(count)}×`}`.trim()
}

function FlowPicture({
  views,
  graph,
  links,
  judged,
  runs,
  counts,
}: PartProps & {
  readonly graph: FlowGraph
  readonly links: readonly FlowWay[]
  readonly judged: Judged
}): ReactElement {
  const hoverKin = useLink((state) => state.hoverKin)
  const pinKin = useLink((state) => state.pinKin)
  const pinned = useLink((state) => state.pin)
  const element = useRef<SVGSVGElement>(null)
  const [focus, setFocus] = useState(0)
  const sizes = useMemo(
    () =>
      views.map(({ rows, name }) => ({
        width: Math.max(96, 16 + CHAR * Math.max(name.length + 12, ...rows.map((row) => row.length))),
        height: HEAD + ROW * rows.length + 7,
      })),
    [views],
  )
  const drawing = useMemo(
    () =>
      layoutFlow(
        sizes,
        links,
        [...graph.blocks.keys()].filter((index) => isEntry(graph, index)),
      ),
    [sizes, links, graph],
  )
  useEffect(() => {
    element.current?.querySelector('.flow-block.pin')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [pinned])
  const seen = judged.compilation.kernel?.seen
  const go = (to: number | undefined): void => {
    if (to === undefined) return
    setFocus(to)
    element.current?.querySelector<SVGGElement>(`[data-block="${to}"]`)?.focus()
  }
  const keys = (event: KeyboardEvent, index: number): void => {
    const { edges } = graph.blocks[index]!
    if (event.key === 'Enter' || event.key === ' ') pin(targetOf(graph.blocks[index]!))
    else if (event.key === 'ArrowDown') go(edges[0]?.to)
    else if (event.key === 'ArrowRight') go((edges[1] ?? edges[0])?.to)
    else if (event.key === 'ArrowUp') go(graph.blocks.findIndex((block) => block.edges.some(({ to }) => to === index)))
    else if (event.key === 'Home') go(0)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="flow-scroll" onMouseLeave={() => hover(undefined)}>
      <svg
        ref={element}
        width={drawing.width}
        height={drawing.height}
        viewBox={`0 0 ${drawing.width} ${drawing.height}`}
        role="group"
        aria-label="Blocks; arrow keys follow the ways, Enter pins"
      >
        <defs>
          <marker id="flow-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0L8 4L0 8z" fill="var(--ink-3)" />
          </marker>
        </defs>
        {drawing.links.map(({ path, back }, index) => (
          <path
            key={index}
            d={path}
            className={`flow-edge ${links[index]!.kind}${back ? ' back' : ''}`}
            markerEnd="url(#flow-arrow)"
          >
            <title>{`${views[links[index]!.from]!.letter} ${wayText(links[index]!, views, counts[index])}`}</title>
          </path>
        ))}
        {views.map((view, index) => {
          const { block } = view
          const { x, y } = drawing.nodes[index]!
          const { width, height } = sizes[index]!
          const touches = (set: ReadonlySet<number>): boolean =>
            [...set].some((slot) => slot >= block.start && slot < block.end)
          const count = runs(block)
          const classes = ['flow-block']
          if (touches(pinKin.insns)) classes.push('pin')
          else if (touches(hoverKin.insns)) classes.push('hover')
          if (seen !== undefined && seen[block.start] !== 1) classes.push('unreached')
          const leads = view.ways.map((way) => wayText(way, views, counts[way.index])).join(', ')
          return (
            <g
              key={block.start}
              className={classes.join(' ')}
              transform={`translate(${x} ${y})`}
              style={{ ['--hue' as string]: view.hue }}
              data-block={index}
              role="button"
              tabIndex={index === focus ? 0 : -1}
              aria-pressed={touches(pinKin.insns)}
              aria-label={`Block ${view.letter}${view.name === '' ? '' : ` ${view.name}`}, instructions ${block.start} to ${block.end - 1}${leads === '' ? '' : `, leads to ${leads}`}${count === undefined ? '' : `, ran ${grouped(count)} times`}`}
              onMouseEnter={() => hover(targetOf(block))}
              onFocus={() => {
                setFocus(index)
                hover(targetOf(block))
              }}
              onClick={() => pin(targetOf(block))}
              onKeyDown={(event) => keys(event, index)}
            >
              <rect className="back" width={width} height={height} rx="3" />
              <rect className="spine" width="3" height={height} rx="1" />
              <text x="9" y="13" className="letter">
                {view.letter}
              </text>
              <text x={14 + 8 * view.letter.length} y="13" className="name">
                {view.name}
              </text>
              {count !== undefined && (
                <text x={width - 7} y="13" className="count" textAnchor="end">
                  {grouped(count)}
                </text>
              )}
              {view.rows.map((row, line) => (
                <text key={line} x="9" y={HEAD + 11 + line * ROW} className="row">
                  {row}
                </text>
              ))}
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function isEntry(graph: FlowGraph, index: number): boolean {
  return index === 0 || graph.blocks[index]!.subprogram !== graph.blocks[index - 1]!.subprogram
}

function FlowTable({ views, runs, counts }: PartProps): ReactElement {
  const pinKin = useLink((state) => state.pinKin)
  return (
    <div className="flow-scroll">
      <table data-testid="flow-table">
        <thead>
          <tr>
            {['block', 'name', 'slots', 'leads to', 'ran'].map((title) => (
              <th key={title} scope="col" className={title === 'ran' ? 'r' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {views.map(({ block, letter, name, ways }) => {
            const on = pinKin.insns.has(block.start)
            const count = runs(block)
            return (
              <tr
                key={block.start}
                className={on ? 'sel' : undefined}
                onMouseEnter={() => hover(targetOf(block))}
                onMouseLeave={() => hover(undefined)}
              >
                <td>
                  <button type="button" className="cell" aria-pressed={on} onClick={() => pin(targetOf(block))}>
                    {letter}
                  </button>
                </td>
                <td>{name}</td>
                <td className="mono">
                  {block.start}–{block.end - 1}
                </td>
                <td>
                  {[
                    ...ways.map((way) => wayText(way, views, counts[way.index])),
                    ...(block.exits ? ['exit'] : []),
                  ].join(', ')}
                </td>
                <td className="r">{count === undefined ? '' : grouped(count)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
