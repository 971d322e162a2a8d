/**
 * The worker that judges programs: one call, text in, `Compilation` out. It keeps nothing, so that the page may
 * end it at any moment (a newer text, a walk that takes too long) and start another.
 */
import { expose } from 'comlink'
import { compile } from '@offload/session'
import type { Compilation, SessionDocument } from '@offload/session'

/** What a verdict depends on; captures and maps stay with the page. */
export type JudgedPart = Pick<SessionDocument, 'source' | 'firmware' | 'kernel'>

const judge = {
  /** Answers once the engines have been fetched, so that their loading is not taken for a long walk. */
  ready(): true {
    return true
  },

  compile(document: JudgedPart): Compilation {
    return compile(document, { record: true })
  },
}

export type CompileWorker = typeof judge

expose(judge)
