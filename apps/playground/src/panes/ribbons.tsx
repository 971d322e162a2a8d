/** The bands between two listings: one a basic block, the pinned one bright. They follow both scrolls, frame by frame. */
import { useEffect, useRef } from 'react'
import type { ReactElement, RefObject } from 'react'
import { useLink, useShown } from '../link/service'
import type { Kin, LinkTables } from '../link/tables'

const WIDTH = 28

interface RibbonsProps {
  readonly left: RefObject<HTMLDivElement | null>
  readonly right: RefObject<HTMLDivElement | null>
  /** Bumped by the listings when they scroll. */
  readonly moved: { subscribe: (redraw: () => void) => () => void }
}

interface Span {
  readonly top: number
  readonly bottom: number
}

/** Vertical extent of rows in the pane, head included; rows out of sight end at the edge. */
function spanOf(list: HTMLElement, rows: readonly HTMLElement[], head: number): Span | undefined {
  const first = rows[0]
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return undefined
  const clamp = (y: number): number => Math.max(0, Math.min(list.clientHeight, y))
  return {
    top: head + clamp(first.offsetTop - list.scrollTop),
    bottom: head + clamp(last.offsetTop + last.offsetHeight - list.scrollTop),
  }
}

/** One band a basic block, and a bright one for what is pinned. */
function drawBands(
  target: SVGSVGElement | null,
  from: HTMLElement | null,
  to: HTMLElement | null,
  tables: LinkTables | undefined,
  pinKin: Kin,
): void {
  target?.replaceChildren()
  if (target === null || from === null || to === null || tables === undefined) return
  const insnRows = new Map(
    [...from.querySelectorAll<HTMLElement>('[data-insn]')].map((row) => [Number(row.dataset['insn']), row]),
  )
  const wordRows = new Map(
    [...to.querySelectorAll<HTMLElement>('[data-word]')].map((row) => [Number(row.dataset['word']), row]),
  )
  const band = (insns: readonly number[], words: readonly number[], hue: string, pinned: boolean): void => {
    const a = spanOf(
      from,
      insns.flatMap((insn) => insnRows.get(insn) ?? []),
      30,
    )
    const b = spanOf(
      to,
      words.flatMap((word) => wordRows.get(word) ?? []),
      30,
    )
    if (a === undefined || b === undefined) return
    const half = WIDTH / 2
    const d = `M0 ${a.top}C${half} ${a.top} ${half} ${b.top} ${WIDTH} ${b.top}V${b.bottom}C${half} ${b.bottom} ${half} ${a.bottom} 0 ${a.bottom}Z`
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    path.setAttribute('d', d)
    path.setAttribute('fill', hue)
    path.style.fillOpacity = pinned ? '0.42' : 'var(--ribbon)'
    if (pinned) path.setAttribute('stroke', 'var(--pin)')
    target.append(path)
  }
  for (const block of tables.blocks) {
    const insns = tables.insns.filter((insn) => insn >= block.start && insn < block.end)
    const words = insns.flatMap((insn) => {
      const [start, end] = tables.wordsOf(insn)
      return [...Array(end - start).keys()].map((index) => start + index)
    })
    band(
      insns,
      words.sort((x, y) => x - y),
      block.hue,
      false,
    )
  }
  const pinnedInsns = [...pinKin.insns].sort((x, y) => x - y)
  if (pinnedInsns.length > 0) {
    const block = tables.blocks[tables.blockOf(pinnedInsns[0]!)]
    band(
      pinnedInsns,
      [...pinKin.words].sort((x, y) => x - y),
      block?.hue ?? 'var(--b-h)',
      true,
    )
  }
}

export function Ribbons({ left, right, moved }: RibbonsProps): ReactElement {
  const svg = useRef<SVGSVGElement>(null)
  const { tables } = useShown()
  const pinKin = useLink((state) => state.pinKin)

  useEffect(() => {
    const draw = (): void => drawBands(svg.current, left.current, right.current, tables, pinKin)
    draw()
    const observer = new ResizeObserver(draw)
    if (svg.current !== null) observer.observe(svg.current)
    const stop = moved.subscribe(draw)
    return () => {
      observer.disconnect()
      stop()
    }
  }, [left, right, moved, tables, pinKin])

  return (
    <div className="ribbons" aria-hidden="true">
      <svg ref={svg} width={WIDTH} height="100%" />
    </div>
  )
}
