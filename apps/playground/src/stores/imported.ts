/** What an imported file left behind: the choice among several programs, and the lines of C of the one in the editor. */
import { create } from 'zustand'
import type { ImportedText, SourceNote } from '@offload/bpf'

/** The C of an imported object, beside the text that was made of it. */
export interface CLines {
  /** The text as it was imported; while it stands unchanged, lines and instructions belong together. */
  readonly source: string
  /** Title of the document that holds it. */
  readonly title: string
  readonly file: string
  readonly notes: readonly SourceNote[]
}

interface ImportedState {
  /** A file with several programs waits for an answer. */
  readonly choice: { readonly file: string; readonly texts: readonly ImportedText[] } | undefined
  readonly lines: CLines | undefined
}

export const useImported = create<ImportedState>(() => ({ choice: undefined, lines: undefined }))
