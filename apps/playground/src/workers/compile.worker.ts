/**
 * The worker that judges programs: one call, text in, `Compilation` out. It keeps nothing, so that the page may
 * end it at any moment (a newer text, a walk that takes too long) and start another.
 */
import { expose } from 'comlink'
import { advise, compile, explainRefusal, passEffects, suggestRepair } from '@offload/session'
import type { Advice, Compilation, PassEffects, Repair } from '@offload/session'
import type { Explanation } from '@offload/verifier'
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

  explainRefusal(document: JudgedPart): Explanation | undefined {
    return explainRefusal(document)
  },

  suggestRepair(document: JudgedPart): Repair | undefined {
    return suggestRepair(document)
  },

  /** The verifier's log at another level than `compile` keeps (the kernel's bits: 1, 2, 4). */
  log(document: JudgedPart, level: number): string {
    return compile(document, { logLevel: level }).kernel?.log ?? ''
  },

  passEffects(document: JudgedPart): PassEffects | undefined {
    return passEffects(document)
  },
}

export type CompileWorker = typeof judge

expose(judge)
