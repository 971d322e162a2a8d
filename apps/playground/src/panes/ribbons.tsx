/**
 * The bands between the BPF rows and the words: one a basic block, the pinned instruction bright and outlined, the
 * hovered one outlined. They follow both scrolls, frame by frame.
 */
import { useEffect, useRef } from 'react'
import type { ReactElement, RefObject } from 'react'
import { hueOf, useHueBy } from '../link/hue'
import type { HueBy } from '../link/hue'
import { useLink, useShown } from '../link/service'
import type { Kin, LinkTables } from '../link/tables'

const WIDTH = 28

/** Rows of one height, the first `top` below the list's edge, the list `head` below the pane's. */
export interface RowGeometry {
  readonly height: number
  readonly top: number
  readonly head: number
}

interface RibbonsProps {
  /** The listing with `data-insn` rows. */
  readonly left: RefObject<HTMLDivElement | null>
  readonly leftHead: number
  /** The listing of words, of which only some are in the page. */
  readonly right: RefObject<HTMLDivElement | null>
  readonly words: RowGeometry
  /** Bumped by the listings when they scroll. */
  readonly moved: { subscribe: (redraw: () => void) => () => void }
}

interface Span {
  readonly top: number
  readonly bottom: number
}

const clampTo = (list: HTMLElement, y: number): number => Math.max(0, Math.min(list.clientHeight, y - list.scrollTop))

/** Vertical extent of rows in the pane, head included; rows out of sight end at the edge. */
function spanOfRows(list: HTMLElement, rows: readonly HTMLElement[], head: number): Span | undefined {
  const first = rows[0]
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return undefined
  return {
    top: head + clampTo(list, first.offsetTop),
    bottom: head + clampTo(list, last.offsetTop + last.offsetHeight),
  }
}

function spanOfWords(list: HTMLElement, words: Iterable<number>, { height, top, head }: RowGeometry): Span | undefined {
  let [first, last] = [Infinity, -Infinity]
  for (const word of words) {
    first = Math.min(first, word)
    last = Math.max(last, word)
  }
  if (first > last) return undefined
  return {
    top: head + clampTo(list, top + first * height),
    bottom: head + clampTo(list, top + (last + 1) * height),
  }
}

type Kind = 'block' | 'pin' | 'hover'

function bandPath(a: Span, b: Span, hue: string, kind: Kind): SVGPathElement {
  const half = WIDTH / 2
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute(
    'd',
    `M0 ${a.top}C${half} ${a.top} ${half} ${b.top} ${WIDTH} ${b.top}V${b.bottom}C${half} ${b.bottom} ${half} ${a.bottom} 0 ${a.bottom}Z`,
  )
  path.setAttribute('fill', hue)
  path.setAttribute('class', `ribbon ${kind}`)
  return path
}

function drawBands(
  target: SVGSVGElement,
  from: HTMLElement,
  to: HTMLElement,
  tables: LinkTables,
  { leftHead, words }: Pick<RibbonsProps, 'leftHead' | 'words'>,
  { pinKin, hoverKin }: { readonly pinKin: Kin; readonly hoverKin: Kin },
  hueBy: HueBy,
): void {
  const rows = new Map(
    [...from.querySelectorAll<HTMLElement>('[data-insn]')].map((row) => [Number(row.dataset['insn']), row]),
  )
  const band = (insns: readonly number[], own: Iterable<number>, kind: Kind): void => {
    const a = spanOfRows(
      from,
      insns.flatMap((insn) => rows.get(insn) ?? []),
      leftHead,
    )
    const b = spanOfWords(to, own, words)
    if (a === undefined || b === undefined) return
    const hue = (hueBy === 'block' ? hueOf(tables, insns[0]!, hueBy) : undefined) ?? 'var(--b-h)'
    target.append(bandPath(a, b, hue, kind))
  }
  const linked = (kin: Kin, kind: Kind): void => {
    // One band an instruction: a line or block that made several keeps them apart.
    for (const insn of [...kin.insns].sort((x, y) => x - y)) {
      const [start, end] = tables.wordsOf(insn)
      band([insn], start < end ? [start, end - 1] : [], kind)
    }
  }
  for (const block of tables.blocks) {
    const insns = tables.insns.filter((insn) => insn >= block.start && insn < block.end)
    const own = insns.flatMap((insn) => {
      const [start, end] = tables.wordsOf(insn)
      return start < end ? [start, end - 1] : []
    })
    if (insns.length > 0) band(insns, own, 'block')
  }
  linked(hoverKin, 'hover')
  linked(pinKin, 'pin')
}

export function Ribbons({ left, leftHead, right, words, moved }: RibbonsProps): ReactElement {
  const svg = useRef<SVGSVGElement>(null)
  const { tables } = useShown()
  const pinKin = useLink((state) => state.pinKin)
  const hoverKin = useLink((state) => state.hoverKin)
  const hueBy = useHueBy((state) => state.by)

  useEffect(() => {
    const draw = (): void => {
      svg.current?.replaceChildren()
      if (svg.current === null || left.current === null || right.current === null || tables === undefined) return
      drawBands(svg.current, left.current, right.current, tables, { leftHead, words }, { pinKin, hoverKin }, hueBy)
    }
    draw()
    const observer = new ResizeObserver(draw)
    if (svg.current !== null) observer.observe(svg.current)
    const stop = moved.subscribe(draw)
    return () => {
      observer.disconnect()
      stop()
    }
  }, [left, leftHead, right, words, moved, tables, pinKin, hoverKin, hueBy])

  return (
    <div className="ribbons" aria-hidden="true">
      <svg ref={svg} width={WIDTH} height="100%" />
    </div>
  )
}
