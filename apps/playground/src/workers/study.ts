/**
 * Questions about a program that take several loads to answer: what the device's refusals would need, what each
 * optimisation pass does, why the kernel refuses and what would pass. A second compile worker answers them, so that verdicts never wait; it is started by the first
 * question and replaced when an answer takes too long.
 */
import { releaseProxy, wrap } from 'comlink'
import type { Remote } from 'comlink'
import { useEffect, useState } from 'react'
import type { Advice, PassEffects, SessionDocument } from '@offload/session'
import { useDocument } from '../stores/document'
import type { Judged } from '../stores/verdict'
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

/** A question that nobody wants any more may go on for so long before its worker is ended (milliseconds). */
const GRACE_MS = 300

/** Ask once the questions before are answered; undefined when it is no longer wanted or takes too long. */
export function ask<T>(
  question: (judge: Remote<CompileWorker>) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const answer = last.then(async () => {
    if (signal.aborted) return undefined
    const timers: ReturnType<typeof setTimeout>[] = []
    let onAbort = (): void => undefined
    const late = new Promise<undefined>((resolve) => {
      const endAfter = (ms: number): void => {
        timers.push(
          setTimeout(() => {
            endWorker()
            resolve(undefined)
          }, ms),
        )
      }
      endAfter(LIMIT_MS)
      onAbort = () => endAfter(GRACE_MS)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([question(ensureWorker()), late])
    } catch {
      endWorker()
      return undefined
    } finally {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
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
    const asked = new AbortController()
    void ask((judge) => question(judge, judgedPart(document)), asked.signal).then((value) => {
      if (!asked.signal.aborted) setAnswered({ document, value })
    })
    return () => asked.abort()
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

/** Bits of the kernel's log level that the page offers. */
export type LogLevel = '1' | '2' | '4'

/** The log of a verdict at a level: level 2 came with the verdict, another is asked for. Undefined while it is not there. */
export function useLog(judged: Judged | undefined, level: LogLevel): string | undefined {
  const [answered, setAnswered] = useState<{
    readonly judged: Judged
    readonly level: LogLevel
    readonly log: string
  }>()
  useEffect(() => {
    if (judged?.compilation.kernel === undefined || level === '2') return
    const asked = new AbortController()
    const part = { ...judgedPart(useDocument.getState().document), source: judged.source }
    void ask((judge) => judge.log(part, Number(level)), asked.signal).then((log) => {
      if (!asked.signal.aborted) setAnswered({ judged, level, log: log ?? 'The log could not be made in time.\n' })
    })
    return () => asked.abort()
  }, [judged, level])
  if (level === '2') return judged?.compilation.kernel?.log
  return answered?.judged === judged && answered?.level === level ? answered.log : undefined
}
