/** The session document that is being edited. View state only: engines get a copy, never this object. */
import { create } from 'zustand'
import { DEMOS } from '@offload/content'
import type { Demo } from '@offload/content'
import { defaultDocument } from '@offload/session'
import type { SessionDocument } from '@offload/session'

/** A demo as a whole document. */
export function documentOfDemo(demo: Demo): SessionDocument {
  return { ...defaultDocument(), ...demo.session, title: demo.title, demo: demo.id, source: demo.source }
}

export function demoOf(document: SessionDocument): Demo | undefined {
  return DEMOS.find((demo) => demo.id === document.demo)
}

interface DocumentState {
  readonly document: SessionDocument
  /** Counts changes of the source text. */
  readonly edits: number
  readonly setSource: (source: string) => void
  readonly patch: (part: Partial<SessionDocument>) => void
  readonly replace: (document: SessionDocument) => void
}

export const useDocument = create<DocumentState>((set) => ({
  document: documentOfDemo(DEMOS[0]!),
  edits: 0,
  setSource: (source) =>
    set((state) =>
      source === state.document.source ? state : { document: { ...state.document, source }, edits: state.edits + 1 },
    ),
  patch: (part) => set((state) => ({ document: { ...state.document, ...part } })),
  replace: (document) => set((state) => ({ document, edits: state.edits + 1 })),
}))
