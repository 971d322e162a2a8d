/** Rows of one height in a scrolling element, of which only those in sight are drawn. */
import type { RefObject } from 'react'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { Virtualizer } from '@tanstack/react-virtual'

export function useVirtualRows(
  scroller: RefObject<HTMLDivElement | null>,
  count: number,
  rowHeight: number,
): Virtualizer<HTMLDivElement, Element> {
  // The virtualizer keeps its own state and redraws through it.
  // oxlint-disable-next-line react/incompatible-library
  return useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 16,
  })
}
