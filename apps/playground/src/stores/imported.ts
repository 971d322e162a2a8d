/** What an imported file left behind: the choice among several programs. */
import { create } from 'zustand'
import type { ImportedText } from '@offload/bpf'

interface ImportedState {
  /** A file with several programs waits for an answer. */
  readonly choice: { readonly file: string; readonly texts: readonly ImportedText[] } | undefined
}

export const useImported = create<ImportedState>(() => ({ choice: undefined }))
