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

/** What belongs to a program besides its text. */
type Belongings = Pick<SessionDocument, 'title' | 'demo' | 'entries'>

/** Of the texts that were replaced as a whole, newest last: undo brings the text back, and this what it was called. */
const replaced = new Map<string, Belongings>()
const MOST_REPLACED = 50

function remember({ source, title, demo, entries }: SessionDocument): void {
  replaced.delete(source)
  replaced.set(source, { title, entries, ...(demo === undefined ? {} : { demo }) })
  const [oldest] = replaced.keys()
  if (replaced.size > MOST_REPLACED && oldest !== undefined) replaced.delete(oldest)
}

interface DocumentState {
  readonly document: SessionDocument
  /** Counts changes of the source text. */
  readonly edits: number
  /** `back`: undo or redo came to this text; one that was replaced as a whole gets its name back, too. */
  readonly setSource: (source: string, back?: boolean) => void
  readonly patch: (part: Partial<SessionDocument>) => void
  readonly replace: (document: SessionDocument) => void
}

export const useDocument = create<DocumentState>((set) => ({
  document: documentOfDemo(DEMOS[0]!),
  edits: 0,
  setSource: (source, back = false) =>
    set((state) => {
      if (source === state.document.source) return state
      const known = back ? replaced.get(source) : undefined
      if (known === undefined) return { document: { ...state.document, source }, edits: state.edits + 1 }
      const { demo: _demo, ...rest } = state.document
      return { document: { ...rest, ...known, source }, edits: state.edits + 1 }
    }),
  patch: (part) => set((state) => ({ document: { ...state.document, ...part } })),
  replace: (document) =>
    set((state) => {
      remember(state.document)
      remember(document)
      return { document, edits: state.edits + 1 }
    }),
}))
