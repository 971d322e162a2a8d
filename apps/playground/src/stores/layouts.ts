/** Layouts of one's own: which panes lie where, by name. Kept in this browser; the docking frame reads and writes them. */
import { create } from 'zustand'
import type { SerializedDockview } from 'dockview-react'
import { recall, remember } from './view'

interface Layouts {
  /** In the order in which they were made. */
  readonly saved: Readonly<Record<string, SerializedDockview | null>>
  /** The one on show. */
  readonly current: string
}

const KEY = 'offload.layouts'
export const FIRST_LAYOUT = 'My layout'

/** What an earlier visit left; the frame itself checks each layout when it is opened. */
function restore(): Layouts {
  const fresh: Layouts = { saved: { [FIRST_LAYOUT]: null }, current: FIRST_LAYOUT }
  try {
    const kept = JSON.parse(recall(KEY) ?? 'null') as Partial<Layouts> | null
    if (typeof kept?.saved !== 'object' || kept.saved === null) return fresh
    const names = Object.keys(kept.saved)
    if (names.length === 0) return fresh
    return { saved: kept.saved, current: names.includes(kept.current ?? '') ? kept.current! : names[0]! }
  } catch {
    return fresh
  }
}

export const useLayouts = create<Layouts>(restore)

useLayouts.subscribe((state) => remember(KEY, JSON.stringify(state)))

export function chooseLayout(current: string): void {
  useLayouts.setState({ current })
}

export function keepLayout(name: string, dock: SerializedDockview): void {
  useLayouts.setState(({ saved }) => (name in saved ? { saved: { ...saved, [name]: dock } } : {}))
}

/** A copy of the one on show, under the first free name of its kind. */
export function copyLayout(): void {
  useLayouts.setState(({ saved, current }) => {
    let name = `${current} copy`
    for (let number = 2; name in saved; number++) name = `${current} copy ${number}`
    return { saved: { ...saved, [name]: saved[current] ?? null }, current: name }
  })
}

/** False where the name is taken or empty. */
export function renameLayout(to: string): boolean {
  const { saved, current } = useLayouts.getState()
  if (to === '' || (to !== current && to in saved)) return false
  const entries = Object.entries(saved).map(([name, dock]) => [name === current ? to : name, dock] as const)
  useLayouts.setState({ saved: Object.fromEntries(entries), current: to })
  return true
}

/** The last one is emptied instead. */
export function deleteLayout(): void {
  useLayouts.setState(({ saved, current }) => {
    const { [current]: _gone, ...rest } = saved
    const first = Object.keys(rest)[0]
    return first === undefined
      ? { saved: { [FIRST_LAYOUT]: null }, current: FIRST_LAYOUT }
      : { saved: rest, current: first }
  })
}
