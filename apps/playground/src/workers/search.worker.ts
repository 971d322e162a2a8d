/** Searches the highest rate without loss: one message in, one message back a trial, then the answer. Ended by the page. */
import { noDropRate } from '@offload/session'
import type { Compilation, NoDropAnswer, NoDropTrial, SessionDocument } from '@offload/session'

export interface SearchTask {
  readonly document: SessionDocument
  readonly compilation: Compilation
}

export type SearchNews =
  | { readonly kind: 'trial'; readonly trial: NoDropTrial }
  | { readonly kind: 'answer'; readonly answer: NoDropAnswer }
  | { readonly kind: 'error'; readonly error: string }

addEventListener('message', ({ data }: MessageEvent<SearchTask>) => {
  const tell = (news: SearchNews): void => postMessage(news)
  try {
    const search = noDropRate(data.document, data.compilation)
    for (let step = search.next(); ; step = search.next()) {
      if (step.done) {
        tell({ kind: 'answer', answer: step.value })
        return
      }
      tell({ kind: 'trial', trial: step.value })
    }
  } catch (error) {
    tell({ kind: 'error', error: error instanceof Error ? error.message : String(error) })
  }
})
