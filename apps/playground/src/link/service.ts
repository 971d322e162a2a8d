/**
 * The link service: what is hovered and what is pinned, and what that means in every space. Panes say what is
 * pointed at and read what to outline; no pane knows another.
 */
import { create } from 'zustand'
import { useVerdict } from '../stores/verdict'
import type { Judged } from '../stores/verdict'
import { NO_KIN, buildTables } from './tables'
import type { Kin, LinkTables, Target } from './tables'

interface LinkState {
  readonly hover: Target | undefined
  readonly pin: Target | undefined
  readonly hoverKin: Kin
  readonly pinKin: Kin
}

export const useLink = create<LinkState>(() => ({ hover: undefined, pin: undefined, hoverKin: NO_KIN, pinKin: NO_KIN }))

const cache = new WeakMap<Judged, LinkTables>()

/** Tables of a compilation; the same object each time it is asked. */
export function tablesOf(judged: Judged | undefined): LinkTables | undefined {
  if (judged === undefined) return undefined
  const known = cache.get(judged)
  if (known !== undefined) return known
  const built = buildTables(judged)
  if (built !== undefined) cache.set(judged, built)
  return built
}

/** The compilation that listings show: the newest that assembled, else the last good one. */
export function shownOf(last: Judged | undefined, good: Judged | undefined): Judged | undefined {
  return last?.compilation.program === undefined ? good : last
}

export function useShown(): { readonly judged: Judged | undefined; readonly tables: LinkTables | undefined } {
  const last = useVerdict((state) => state.last)
  const good = useVerdict((state) => state.good)
  const judged = shownOf(last, good)
  return { judged, tables: tablesOf(judged) }
}

function kin(target: Target | undefined): Kin {
  const { last, good } = useVerdict.getState()
  return target === undefined ? NO_KIN : (tablesOf(shownOf(last, good))?.kinOf(target) ?? NO_KIN)
}

const same = (a: Target | undefined, b: Target | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.space === b.space && a.start === b.start && a.end === b.end)

export function hover(target: Target | undefined): void {
  if (same(target, useLink.getState().hover)) return
  useLink.setState({ hover: target, hoverKin: kin(target) })
}

/** Pin a target; the same one again unpins. */
export function pin(target: Target): void {
  if (same(target, useLink.getState().pin)) unpin()
  else useLink.setState({ pin: target, pinKin: kin(target) })
}

export function unpin(): void {
  useLink.setState({ pin: undefined, pinKin: NO_KIN })
}

/** Another program: what was pinned keeps its line, and means something else or nothing. */
useVerdict.subscribe((state, before) => {
  if (state.last === before.last && state.good === before.good) return
  const { hover: hovered, pin: pinned } = useLink.getState()
  if (hovered !== undefined || pinned !== undefined) useLink.setState({ hoverKin: kin(hovered), pinKin: kin(pinned) })
})
