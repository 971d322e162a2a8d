/** How what the verifier knew is written: in words or as the kernel does, and whether lines show it at their ends. */
import { create } from 'zustand'
import { recall, remember } from './view'

export type Notation = 'words' | 'kernel'

interface NotesState {
  readonly notation: Notation
  /** Undefined: as the layout likes it; on in *Verifier*, off elsewhere. */
  readonly atLineEnds: boolean | undefined
}

const KEY = 'offload.state-at-line-ends'

function remembered(): boolean | undefined {
  const value = recall(KEY)
  return value === undefined ? undefined : value === 'on'
}

export const useNotes = create<NotesState>(() => ({ notation: 'words', atLineEnds: remembered() }))

export function setNotation(notation: Notation): void {
  useNotes.setState({ notation })
}

export function setAtLineEnds(atLineEnds: boolean): void {
  remember(KEY, atLineEnds ? 'on' : 'off')
  useNotes.setState({ atLineEnds })
}
