/**
 * Why the newest text is refused, asked for after the verdict is on the page: first the reason, then a change that
 * passes. An answer belongs to one verdict and goes with it; the search for a change can be given up.
 */
import { create } from 'zustand'
import type { Explanation } from '@offload/verifier'
import type { Repair } from '@offload/session'
import { ask } from '../workers/study'
import { judgedPart } from '../workers/judged-part'
import { useDocument } from './document'
import { useVerdict } from './verdict'
import type { Judged } from './verdict'

interface ExplanationState {
  readonly judged: Judged | undefined
  readonly explanation: Explanation | undefined
  readonly repair: Repair | undefined
  readonly phase: 'none' | 'explaining' | 'searching' | 'done' | 'given-up'
}

const NONE: ExplanationState = { judged: undefined, explanation: undefined, repair: undefined, phase: 'none' }

export const useExplanation = create<ExplanationState>(() => NONE)

/** While somebody types, a refusal often lasts for one letter (milliseconds). */
const SETTLE_MS = 120

let wanted = new AbortController()

/** Give up looking for a change. */
export function stopSearching(): void {
  wanted.abort()
  useExplanation.setState((state) => (state.phase === 'searching' ? { phase: 'given-up' } : {}))
}

async function explainNow(judged: Judged, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  if (signal.aborted) return
  const part = { ...judgedPart(useDocument.getState().document), source: judged.source }
  const explanation = await ask((judge) => judge.explainRefusal(part), signal)
  if (signal.aborted) return
  useExplanation.setState({ explanation, phase: 'searching' })
  const repair = await ask((judge) => judge.suggestRepair(part), signal)
  if (signal.aborted) return
  useExplanation.setState({ repair, phase: 'done' })
}

useVerdict.subscribe((state, before) => {
  if (state.last === before.last) return
  wanted.abort()
  wanted = new AbortController()
  const judged = state.last
  if (judged?.compilation.kernel?.verdict !== 'reject') {
    if (useExplanation.getState().phase !== 'none') useExplanation.setState(NONE)
    return
  }
  useExplanation.setState({ ...NONE, judged, phase: 'explaining' })
  void explainNow(judged, wanted.signal)
})
