/**
 * Questions about a program that take several loads to answer: what the device's refusals would need, what each
 * optimisation pass does. A second compile worker answers them, so that verdicts never wait; it is started by the first
 * question and replaced when an answer takes too long.
 */
import { releaseProxy, wrap } from 'comlink'
import type { Remote } from 'comlink'
import { useEffect, useState } from 'react'
import type { Advice, PassEffects, SessionDocument } from '@offload/session'
import type { CompileWorker } from './compile.worker'
import { judgedPart } from './judged-part'
import type { JudgedPart } from './judged-part'

const LIMIT_MS = 15_000

let worker: Worker | undefined
/** Held here: a proxy that is collected while its call is pending loses the answer. */
let remote: Remote<CompileWorker> | undefined
/** One question at a time; the newest of each kind waits. */
let last: Promise<unknown> = Promise.resolve()

function ensureWorker(): Remote<CompileWorker> {
  if (remote === undefined) {
    worker = new Worker(new URL('./compile.worker.ts', import.meta.url), { type: 'module', name: 'study' })
    remote = wrap<CompileWorker>(worker)
  }
  return remote
}

function endWorker(): void {
  remote?.[releaseProxy]()
  worker?.terminate()
  remote = undefined
  worker = undefined
}

/** Ask once the questions before are answered; undefined when it is no longer wanted or takes too long. */
function ask<T>(question: (judge: Remote<CompileWorker>) => Promise<T>, wanted: () => boolean): Promise<T | undefined> {
  const answer = last.then(async () => {
    if (!wanted()) return undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        endWorker()
        resolve(undefined)
      }, LIMIT_MS)
    })
    try {
      return await Promise.race([question(ensureWorker()), late])
    } catch {
      endWorker()
      return undefined
    } finally {
      clearTimeout(timer)
    }
  })
  last = answer
  return answer
}

/** An answer with the document that it is about. */
interface Answered<T> {
  readonly document: SessionDocument
  readonly value: T | undefined
}

function useAnswer<T>(
  document: SessionDocument | undefined,
  question: (judge: Remote<CompileWorker>, part: JudgedPart) => Promise<T>,
): Answered<T> | undefined {
  const [answered, setAnswered] = useState<Answered<T> | undefined>(undefined)
  const absent = document === undefined
  useEffect(() => {
    if (document === undefined) return
    let wanted = true
    void ask(
      (judge) => question(judge, judgedPart(document)),
      () => wanted,
    ).then((value) => {
      if (wanted) setAnswered({ document, value })
    })
    return () => {
      wanted = false
    }
    // What the answer depends on, and nothing else of the document.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [
    document?.source,
    document?.firmware,
    document?.kernel,
    document?.capabilities,
    document?.passesOff,
    absent,
    question,
  ])
  return answered
}

const askAdvice = (judge: Remote<CompileWorker>, part: JudgedPart): Promise<Advice[]> => judge.advise(part)
const askEffects = (judge: Remote<CompileWorker>, part: JudgedPart): Promise<PassEffects | undefined> =>
  judge.passEffects(part)

/** Advice on a refused document; undefined: do not ask. The answer may be about an earlier document. */
export function useAdvice(document: SessionDocument | undefined): Answered<readonly Advice[]> | undefined {
  return useAnswer(document, askAdvice)
}

/** Effects of the passes on a document's program; undefined: do not ask. The answer may be about an earlier document. */
export function usePassEffects(document: SessionDocument | undefined): Answered<PassEffects | undefined> | undefined {
  return useAnswer(document, askEffects)
}
