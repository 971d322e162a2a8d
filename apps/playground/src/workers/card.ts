/**
 * The page's side of the card worker: starts it, restarts it after a crash, and brings its counters to the page,
 * through shared memory when the page is isolated, else by lending an array back and forth.
 */
import { releaseProxy, transfer, wrap } from 'comlink'
import type { Remote } from 'comlink'
import type { CardWorker } from './card.worker'
import { startWorker } from './first-workers'
import type { MemberTask } from './member.worker'
import { EMPTY_TELEMETRY, TELEMETRY_LENGTH, readTelemetry } from './telemetry'
import type { Telemetry } from './telemetry'

/** Threads that share a chip: more than this gain little, and the page needs a processor too. */
const MAX_MEMBERS = 4

/**
 * Threads for one chip: one a processor but one, which the page needs, or as many as `?workers=` asks for. Results do not
 * depend on it; on a busy machine threads that wait for each other are slower than one.
 */
function wantedMembers(): { readonly count: number; readonly asked: boolean } {
  const number = Number(new URLSearchParams(location.search).get('workers'))
  const asked = Number.isInteger(number) && number > 0
  return { count: Math.min(MAX_MEMBERS, asked ? number : Math.max(1, navigator.hardwareConcurrency - 1)), asked }
}

export class Card {
  readonly shared: boolean = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated
  private worker: Worker | undefined
  private remote: Remote<CardWorker> | undefined
  private view: Float64Array | undefined
  private lent: Float64Array<ArrayBuffer> | undefined
  private latest: Telemetry = EMPTY_TELEMETRY
  /** Sequence number of the newest reading. */
  private seen: number | undefined
  private members: Worker[] = []
  private readonly onCrash: (message: string) => void

  constructor(onCrash: (message: string) => void) {
    this.onCrash = onCrash
  }

  get commands(): Remote<CardWorker> {
    return (this.remote ??= this.spawn())
  }

  get alive(): boolean {
    return this.remote !== undefined
  }

  /** The newest counters; asks for the next ones where memory is not shared. */
  telemetry(): Telemetry {
    if (this.remote === undefined) return this.latest
    if (this.view !== undefined) {
      // The same sequence number: nothing has been written since.
      if (this.view[0] !== this.seen) {
        this.seen = this.view[0]
        this.latest = readTelemetry(this.view)
      }
    } else if (this.lent !== undefined) {
      const lending = this.lent
      this.lent = undefined
      this.remote.sample(transfer(lending, [lending.buffer])).then(
        (returned) => {
          this.lent = returned
          this.latest = readTelemetry(returned)
        },
        () => {
          this.lent = new Float64Array(TELEMETRY_LENGTH)
        },
      )
    }
    return this.latest
  }

  /**
   * Let further threads join the chip that has just been loaded. Without shared memory, or on a single processor,
   * the card's own worker does it all.
   */
  async join(): Promise<void> {
    this.dismissMembers()
    const { count: members, asked } = wantedMembers()
    if (!this.shared || members < 2) return
    const share = await this.commands.share(members, asked)
    for (let member = 1; member < members; member++) {
      const worker = new Worker(new URL('./member.worker.ts', import.meta.url), {
        type: 'module',
        name: `member ${member}`,
      })
      const task: MemberTask = { share, member, members }
      worker.postMessage(task)
      this.members.push(worker)
    }
  }

  private dismissMembers(): void {
    for (const worker of this.members) worker.terminate()
    this.members = []
  }

  /** End the worker, whatever it is doing. The next command starts another, empty one. */
  end(): void {
    this.dismissMembers()
    this.remote?.[releaseProxy]()
    this.worker?.terminate()
    this.remote = undefined
    this.worker = undefined
    this.view = undefined
    this.latest = EMPTY_TELEMETRY
  }

  private spawn(): Remote<CardWorker> {
    const worker = startWorker('card')
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      if (this.worker !== worker) return
      this.end()
      this.onCrash(event.message || 'its worker could not be started')
    })
    this.worker = worker
    const remote = wrap<CardWorker>(worker)
    if (this.shared) {
      const buffer = new SharedArrayBuffer(TELEMETRY_LENGTH * 8)
      this.view = new Float64Array(buffer)
      void remote.shareTelemetry(buffer)
    } else {
      this.lent = new Float64Array(TELEMETRY_LENGTH)
    }
    return remote
  }
}
