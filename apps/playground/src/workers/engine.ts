/**
 * The conductor: takes the document to the compile worker, a good program to the card worker, and the card's
 * counters to the run store. Panes call the functions below; none of them talks to a worker itself.
 */
import type { Compilation, SessionDocument, Traffic } from '@offload/session'
import { useDocument } from '../stores/document'
import { useRun } from '../stores/run'
import { announce, notify } from '../stores/view'
import { useVerdict } from '../stores/verdict'
import { Card } from './card'
import type { Answer, Stop, StepSize, XskReading } from './card.worker'
import { Compiler } from './compiler'
import type { CompileOutcome } from './compiler'

const compiler = new Compiler(judged)
const card = new Card(cardFailed)

function cardFailed(reason: string): void {
  useRun.setState({ status: 'failed', failure: `The card stopped: ${reason}. Your program is safe.` })
  announce('The card stopped. Your program is safe.')
}

/** Edits counted when a request was made, by document, to say how old an answer is. */
const editsOf = new WeakMap<SessionDocument, number>()
/** What the card has been loaded with, apart from its program. */
let loaded: SessionDocument | undefined
/** A load is under way; programs that arrive meanwhile wait for it. */
let loading: Promise<void> | undefined
let runAfterLoad = true

/** Begin: judge the document and play it. Called once, after the first paint. */
export function startEngine(): void {
  useRun.setState({ sharedMemory: card.shared })
  useDocument.subscribe((state, before) => {
    if (state.document.source !== before.document.source || configChanged(state.document, before.document))
      requestJudgement()
  })
  requestJudgement()
  // Both workers load at the same time; the card's waits for its program.
  void card.commands.setSpeed(null)
  requestAnimationFrame(frame)
}

function configChanged(a: SessionDocument, b: SessionDocument): boolean {
  return (
    a.device !== b.device ||
    a.firmware !== b.firmware ||
    a.kernel !== b.kernel ||
    a.capabilities !== b.capabilities ||
    a.passesOff !== b.passesOff ||
    a.queues !== b.queues ||
    a.seed !== b.seed ||
    a.timeModel !== b.timeModel ||
    a.entries !== b.entries ||
    a.demo !== b.demo ||
    a.hostSource !== b.hostSource ||
    a.stopAfter !== b.stopAfter
  )
}

function requestJudgement(): void {
  const { document, edits } = useDocument.getState()
  editsOf.set(document, edits)
  useVerdict.setState({ checking: true })
  compiler.request(document)
}

function judged(outcome: CompileOutcome): void {
  const edits = editsOf.get(outcome.document) ?? 0
  const checking = edits !== useDocument.getState().edits
  if (outcome.kind === 'stopped') {
    useVerdict.setState({ checking, stopped: outcome.message })
    announce(outcome.message)
    return
  }
  const { compilation, document, ms } = outcome
  const entry = { compilation, source: document.source, edits, ms }
  useVerdict.setState((state) => ({
    last: entry,
    good: compilation.ok ? entry : state.good,
    checking,
    stopped: undefined,
  }))
  if (!checking) announce(verdictSentence(compilation))
  if (compilation.ok) void take(document, compilation)
}

export function verdictSentence(compilation: Compilation): string {
  if (compilation.ok) return 'Kernel accepts. Device accepts.'
  const first = compilation.diagnostics.find((finding) => finding.severity === 'error')
  const who =
    first?.source === 'device' ? 'Device refuses' : first?.source === 'kernel' ? 'Kernel refuses' : 'Does not assemble'
  return first === undefined ? who : `${who}: ${first.message}, line ${first.range.startLine}.`
}

/** What the card needs of a compilation; the walk's record stays with the page. */
function forCard(compilation: Compilation): Compilation {
  if (compilation.kernel === undefined) return compilation
  const { steps: _steps, ...kernel } = compilation.kernel
  return { ...compilation, kernel: { ...kernel, log: '' }, diagnostics: [] }
}

/** Put a good program on the card: live where only the program changed, else on a fresh card. */
async function take(document: SessionDocument, compilation: Compilation): Promise<void> {
  while (loading !== undefined) await loading
  if (useVerdict.getState().good?.compilation !== compilation) return
  if (loaded !== undefined && !configChanged(document, loaded) && useRun.getState().status !== 'failed') {
    const answer = await card.commands.replace(forCard(compilation))
    if (answer.ok) return
  }
  await load(document, compilation)
}

function load(document: SessionDocument, compilation: Compilation): Promise<void> {
  const work = async (): Promise<void> => {
    useRun.setState({ status: 'starting', stop: undefined, failure: undefined })
    const answer = await card.commands.load(document, forCard(compilation), card.shared)
    if (!answer.ok) {
      useRun.setState({ status: 'failed', failure: answer.error })
      return
    }
    loaded = document
    await card.join()
    if (document.traffic !== useDocument.getState().document.traffic)
      await card.commands.setTraffic(useDocument.getState().document.traffic)
    if (document.stopAfter !== undefined) run(document.stopAfter)
    else if (runAfterLoad) run()
    else await pause()
  }
  loading = work()
    .catch((error: unknown) => {
      useRun.setState({ status: 'failed', failure: error instanceof Error ? error.message : String(error) })
    })
    .finally(() => {
      loading = undefined
    })
  return loading
}

/** A card that publishes nothing for so long while it should run is taken for dead (milliseconds of visible frames). */
const SILENCE_LIMIT_MS = 15_000
let silence = 0
let lastFrame = 0

/** Read the newest counters. */
function frame(at: number): void {
  requestAnimationFrame(frame)
  // A hidden page draws no frames; one frame adds little to the silence, however long the page was away.
  silence += Math.min(100, at - lastFrame)
  lastFrame = at
  if (useRun.getState().status !== 'running') silence = 0
  if (silence > SILENCE_LIMIT_MS) {
    silence = 0
    card.end()
    cardFailed('it gave no sign of life')
    return
  }
  const telemetry = card.telemetry()
  const state = useRun.getState()
  if (telemetry === state.telemetry) return
  silence = 0
  useRun.setState({
    telemetry,
    ...(state.readyAfterMs === undefined && telemetry.received > 0 ? { readyAfterMs: performance.now() } : {}),
  })
}

function stopped(stop: Stop): void {
  useRun.setState({ status: 'paused', stop })
  announce(`Paused after ${stop.received} packets. State ${stop.stateHash}.`)
}

/** Run on, or for so many packets and then pause. Returns once the run has begun. */
export function run(packets?: number): void {
  runAfterLoad = true
  useRun.setState({ status: 'running', stop: undefined })
  card.commands.run(packets).then(
    (stop) => {
      if (stop !== undefined) stopped(stop)
    },
    (error: unknown) => {
      useRun.setState({
        status: 'failed',
        failure: `The card stopped: ${error instanceof Error ? error.message : String(error)}. Your program is safe.`,
      })
    },
  )
}

export async function pause(): Promise<void> {
  runAfterLoad = false
  stopped(await card.commands.pause())
}

export async function toggleRun(): Promise<void> {
  const { status } = useRun.getState()
  if (status === 'running') await pause()
  else if (status === 'paused') run()
  else if (status === 'failed') await restart()
}

export async function step(size: StepSize = useRun.getState().stepSize): Promise<void> {
  if (loaded === undefined) return
  runAfterLoad = false
  stopped(await card.commands.step(size))
}

/** The same document again from cycle 0, with the last good program. */
export async function restart(): Promise<void> {
  const { good } = useVerdict.getState()
  const { document } = useDocument.getState()
  if (good === undefined) {
    requestJudgement()
    return
  }
  while (loading !== undefined) await loading
  runAfterLoad = true
  await load(document, good.compilation)
}

export function setSpeed(speed: number | null): void {
  useRun.setState({ speed })
  void card.commands.setSpeed(speed)
}

/** Change what arrives at the ports, on the running card. */
export async function setTraffic(traffic: Traffic): Promise<Answer> {
  useDocument.getState().patch({ traffic })
  if (loaded === undefined) return { ok: true }
  const answer = await card.commands.setTraffic(traffic)
  if (!answer.ok) notify('fail', answer.error)
  return answer
}

/** Commands that panes use directly; each is a plain question or one write. */
export const cardCommands = {
  maps: (limit: number) => card.commands.maps(limit),
  mapUpdate: (map: string, key: string, value: string) => card.commands.mapUpdate(map, key, value),
  mapDelete: (map: string, key: string) => card.commands.mapDelete(map, key),
  recentPackets: (limit: number) => card.commands.recentPackets(limit),
  recentEvents: (limit: number) => card.commands.recentEvents(limit),
  allEvents: () => card.commands.allEvents(),
  contexts: (core: number) => card.commands.contexts(core),
  command: (line: string) => card.commands.command(line),
  complete: (line: string) => card.commands.complete(line),
  host: (limit: number) => card.commands.host(limit),
  sendFrame: (port: number, data: Uint8Array) => card.commands.sendFrame(port, data),
  queueChoices: () => card.commands.queueChoices(),
  openSocket: (queue: number) => card.commands.openSocket(queue),
  setReading: (socket: number, reading: XskReading) => card.commands.setReading(socket, reading),
  closeSocket: (socket: number) => card.commands.closeSocket(socket),
  setIndirection: (table: readonly number[]) => card.commands.setIndirection(table),
}
