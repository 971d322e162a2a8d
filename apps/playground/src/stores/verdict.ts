/** The last compilation, the last good one, and how old each is. */
import { create } from 'zustand'
import type { Compilation } from '@offload/session'

/** A compilation together with the text it judged. */
export interface Judged {
  readonly compilation: Compilation
  readonly source: string
  /** `edits` of the document at that text. */
  readonly edits: number
  readonly ms: number
}

interface VerdictState {
  /** The newest answer, about the present text unless `checking`. */
  readonly last: Judged | undefined
  /** The newest program that the card took; it may be older than `last`. */
  readonly good: Judged | undefined
  /** What the assembler alone said of the text in the editor, before any answer. */
  readonly early: { readonly source: string; readonly findings: Compilation['diagnostics'] } | undefined
  readonly checking: boolean
  /** Set when the check was stopped or its worker failed. */
  readonly stopped: string | undefined
}

export const useVerdict = create<VerdictState>(() => ({
  last: undefined,
  good: undefined,
  early: undefined,
  checking: true,
  stopped: undefined,
}))
