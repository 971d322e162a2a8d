/** Which rows share a colour: those of one basic block, those of one line of C, or none. One choice for all panes. */
import { create } from 'zustand'
import { recall, remember } from '../stores/view'
import type { LinkTables } from './tables'

export type HueBy = 'block' | 'c' | 'none'

const KEY = 'offload.hue'
const ORDER: readonly HueBy[] = ['block', 'c', 'none']
const HUES = 'abcdefgh'

export const useHueBy = create<{ readonly by: HueBy }>(() => ({
  by: ORDER.find((by) => by === recall(KEY)) ?? 'block',
}))

export function setHueBy(by: HueBy): void {
  remember(KEY, by)
  useHueBy.setState({ by })
}

export function nextHueBy(): void {
  setHueBy(ORDER[(ORDER.indexOf(useHueBy.getState().by) + 1) % ORDER.length]!)
}

/** CSS colour of an instruction's rows; none outside the program. Where no line of C is known, blocks are coloured. */
export function hueOf(tables: LinkTables, insn: number, by: HueBy): string | undefined {
  if (insn < 0 || by === 'none') return undefined
  if (by === 'block' || tables.cRows.length === 0) return tables.blocks[tables.blockOf(insn)]?.hue
  const row = tables.cRowOf(insn)
  return row < 0 ? undefined : `var(--b-${HUES[row % HUES.length]})`
}
