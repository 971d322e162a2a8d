/**
 * The page's side of the compile worker: the newest request wins, a request that takes too long is ended by
 * ending its worker, and a worker that dies is replaced. Knows no store; answers through a callback.
 */
import { releaseProxy, wrap } from 'comlink'
import type { Remote } from 'comlink'
import type { Compilation, SessionDocument } from '@offload/session'
import type { CompileWorker } from './compile.worker'
import { startWorker } from './first-workers'
import { judgedPart } from './judged-part'

/** A walk may take this long before it is stopped (milliseconds). */
export const COMPILE_LIMIT_MS = 5000
/** A newer text does not wait longer than this for an older one. */
const PATIENCE_MS = 400

export type CompileOutcome =
  | {
      readonly kind: 'done'
      readonly document: SessionDocument
      readonly compilation: Compilation
      readonly ms: number
    }
  | { readonly kind: 'stopped'; readonly document: SessionDocument; readonly message: string }

interface Running {
  readonly document: SessionDocument
  /** When it was asked, then when the walk began. */
  since: number
  /** Set once the worker has loaded and the walk is under way. */
  limit: ReturnType<typeof setTimeout> | undefined
  /** A newer text arrived before the walk began. */
  superseded?: boolean
}

export class Compiler {
  private worker: Worker | undefined
  /** Held in a field: a proxy that is collected while its call is pending loses the answer. */
  private remote: Remote<CompileWorker> | undefined
  private current: Running | undefined
  private next: SessionDocument | undefined
  private readonly report: (outcome: CompileOutcome) => void

  constructor(report: (outcome: CompileOutcome) => void) {
    this.report = report
  }

  request(document: SessionDocument): void {
    this.next = document
    if (this.current === undefined) this.begin()
    // Still loading: the newer text will be asked for as soon as the worker answers.
    else if (this.current.limit === undefined) this.current.superseded = true
    else if (performance.now() - this.current.since > PATIENCE_MS) this.abandon()
    else {
      const running = this.current
      setTimeout(() => {
        if (this.current === running && this.next !== undefined) this.abandon()
      }, PATIENCE_MS)
    }
  }

  dispose(): void {
    if (this.current !== undefined) clearTimeout(this.current.limit)
    this.endWorker()
    this.current = undefined
    this.next = undefined
  }

  private begin(): void {
    const document = this.next
    if (document === undefined) return
    this.next = undefined
    const remote = this.ensureWorker()
    const running: Running = { document, since: performance.now(), limit: undefined }
    this.current = running
    const judge = async (): Promise<void> => {
      await remote.ready()
      if (this.current !== running) return
      if (running.superseded === true) {
        this.settle()
        this.begin()
        return
      }
      running.since = performance.now()
      running.limit = setTimeout(() => {
        this.stop(
          document,
          `The check took longer than ${COMPILE_LIMIT_MS / 1000} s and was stopped. Make the program shorter or its loops bounded.`,
        )
      }, COMPILE_LIMIT_MS)
      const compilation = await remote.compile(judgedPart(document))
      if (this.current !== running) return
      this.settle()
      this.report({ kind: 'done', document, compilation, ms: performance.now() - running.since })
      this.begin()
    }
    judge().catch((error: unknown) => {
      if (this.current === running)
        this.stop(document, `The checker failed: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  private stop(document: SessionDocument, message: string): void {
    this.settle()
    this.endWorker()
    this.report({ kind: 'stopped', document, message })
    this.begin()
  }

  /** Give up the running request in favour of the newer one. */
  private abandon(): void {
    this.settle()
    this.endWorker()
    this.begin()
  }

  private settle(): void {
    if (this.current !== undefined) clearTimeout(this.current.limit)
    this.current = undefined
  }

  private ensureWorker(): Remote<CompileWorker> {
    if (this.remote === undefined) {
      this.worker = startWorker('compile')
      this.worker.addEventListener('error', (event) => {
        const document = this.current?.document
        if (document !== undefined)
          this.stop(document, `The checker stopped: ${event.message || 'its worker could not be started'}.`)
      })
      this.remote = wrap<CompileWorker>(this.worker)
    }
    return this.remote
  }

  private endWorker(): void {
    this.remote?.[releaseProxy]()
    this.worker?.terminate()
    this.remote = undefined
    this.worker = undefined
  }
}
