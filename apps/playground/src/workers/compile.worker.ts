/**
 * The worker that judges programs: one call, text in, `Compilation` out. It keeps nothing, so that the page may
 * end it at any moment (a newer text, a walk that takes too long) and start another.
 */
import { expose } from 'comlink'
import { advise, compile, passEffects } from '@offload/session'
import type { Advice, Compilation, PassEffects } from '@offload/session'
import type { JudgedPart } from './judged-part'

const judge = {
  /** Answers once the engines have been fetched, so that their loading is not taken for a long walk. */
  ready(): true {
    return true
  },

  compile(document: JudgedPart): Compilation {
    return compile(document, { record: true })
  },

  /** Slower questions, asked by pages that show the answers (study.ts). */
  advise(document: JudgedPart): Advice[] {
    return advise(document)
  },

  passEffects(document: JudgedPart): PassEffects | undefined {
    return passEffects(document)
  },
}

export type CompileWorker = typeof judge

expose(judge)
