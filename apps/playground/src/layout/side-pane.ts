/** Which of the panes that share a place in *Traffic* is shown; others may open one. */
import { create } from 'zustand'
import { setLayout } from '../stores/view'

export type SidePane = 'events' | 'console' | 'calls' | 'sockets' | 'path' | 'by-hand'

export const useSidePane = create<{ readonly side: SidePane }>(() => ({ side: 'events' }))

/** Show a pane, in the layout that has it. */
export function openSidePane(side: SidePane): void {
  useSidePane.setState({ side })
  setLayout('traffic')
}
