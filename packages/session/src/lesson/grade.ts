/**
 * Grades a submission against a lesson: each step's checks on machine state, with the words that help. Pure and
 * deterministic: page, terminal and any other grader give the same answer. Executes nothing but BPF on the emulated card.
 */
import type { Program } from '@offload/bpf'
import type { PacketRecord } from '@offload/nfp-chip'
import { defaultDocument } from '../default'
import type { SessionDocument } from '../document'
import { filterText, matches } from './frame-facts'
import type { FrameFacts } from './frame-facts'
import type { Check, Lesson, LessonOutcome, Measure, PacketFilter, Submission } from './lesson'
import { Cancelled, LessonRuns } from './lesson-run'
import type { LessonRun } from './lesson-run'

export interface CheckResult {
  readonly ok: boolean
  /** What was found, in one sentence. */
  readonly found: string
  /** The author's words; only where it failed. */
  readonly tell?: string
}

export interface StepResult {
  readonly title: string
  readonly ok: boolean
  readonly checks: readonly CheckResult[]
}

export interface LessonResult {
  readonly lesson: string
  readonly ok: boolean
  readonly passed: number
  /** First step that is not done; the number of steps where all are. */
  readonly next: number
  readonly steps: readonly StepResult[]
  /** Set when grading was stopped before it had an answer. */
  readonly stopped?: string
}

export interface GradeOptions {
  readonly cancelled?: () => boolean
}

const OUTCOME_TEXT: Readonly<Record<LessonOutcome, string>> = {
  pass: 'passed',
  drop: 'dropped',
  tx: 'sent back',
  aborted: 'aborted',
}

/** The session that a lesson opens in. */
export function lessonDocument(lesson: Lesson): SessionDocument {
  return { ...defaultDocument(), ...lesson.session, title: lesson.title, source: lesson.start }
}

export function gradeLesson(lesson: Lesson, submission: Submission, options: GradeOptions = {}): LessonResult {
  const runs = new LessonRuns(lessonDocument(lesson), options.cancelled ?? (() => false))
  const steps: StepResult[] = []
  let stopped: string | undefined
  for (const step of lesson.steps) {
    try {
      const checks = step.checks.map((check): CheckResult => {
        const [ok, found] = new Checker(lesson, submission, runs).run(check)
        return ok ? { ok, found } : { ok, found, tell: check.tell }
      })
      steps.push({ title: step.title, ok: checks.every(({ ok }) => ok), checks })
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error
      stopped = 'Grading took too long and was stopped.'
      break
    }
  }
  const firstOpen = steps.findIndex(({ ok }) => !ok)
  const next = firstOpen < 0 ? steps.length : firstOpen
  return {
    lesson: lesson.id,
    ok: next === lesson.steps.length,
    passed: steps.filter(({ ok }) => ok).length,
    next,
    steps,
    ...(stopped === undefined ? {} : { stopped }),
  }
}

type Found = readonly [ok: boolean, found: string]

class Checker {
  private readonly lesson: Lesson
  private readonly submission: Submission
  private readonly runs: LessonRuns

  constructor(lesson: Lesson, submission: Submission, runs: LessonRuns) {
    this.lesson = lesson
    this.submission = submission
    this.runs = runs
  }

  run(check: Check): Found {
    switch (check.kind) {
      case 'accepted':
        return this.accepted(check.by)
      case 'outcome':
        return this.withRun(check, (run) => outcome(check, run))
      case 'counter':
        return this.withRun(check, (run) => counter(check, run), check.counter === 'lost')
      case 'map':
        return this.withRun(check, (run) => mapValue(check, run))
      case 'size':
        return this.size(check.of, check.max)
      case 'cost':
        return this.withRun(check, (run) => {
          const words = run.counters.words / Math.max(1, run.records.length)
          return [words <= check.max, `${words.toFixed(1)} words a packet, at most ${check.max} are wanted`]
        })
      case 'same':
        return this.withRun(check, (run) => this.same(check, run))
      case 'queues':
        return this.withRun(check, (run) => queues(check, run))
      case 'subprograms': {
        const { program } = this.runs.compiled(this.submission.source)
        const found = Math.max(0, (program?.subprograms.length ?? 1) - 1)
        return [found >= check.min, `${found} subprograms, at least ${check.min} are wanted`]
      }
      case 'answer':
        return this.answer(check.question, check.equals)
    }
  }

  private withRun(check: Extract<Check, { packets: number }>, look: (run: LessonRun) => Found, whole = false): Found {
    const run = this.runs.played(this.submission.source, check, whole)
    return typeof run === 'string' ? [false, `The program does not run on the card: ${run}`] : look(run)
  }

  private accepted(by: 'assembler' | 'kernel' | 'device'): Found {
    const made = this.runs.compiled(this.submission.source)
    const ok =
      by === 'assembler' ? made.program !== undefined : by === 'kernel' ? made.kernel?.verdict === 'accept' : made.ok
    const first = made.diagnostics.find(({ severity }) => severity === 'error')
    const who = { assembler: 'The assembler', kernel: 'The kernel', device: 'The device' }[by]
    return [ok, ok ? `${who} accepts` : `Line ${first?.range.startLine ?? 1}: ${first?.message ?? 'refused'}`]
  }

  private size(of: 'insns' | 'words', max: number): Found {
    const size = this.measure({ measure: of, submitted: true })
    if (size === undefined) return [false, 'The program is not accepted, so it has no size yet']
    return [size <= max, `${size} ${of === 'insns' ? 'instructions' : 'words'}, at most ${max} are wanted`]
  }

  private same(check: Extract<Check, { kind: 'same' }>, run: LessonRun): Found {
    const other = this.runs.played(check.as ?? this.lesson.solution.source, check)
    if (typeof other === 'string') return [false, `The lesson's own program does not run: ${other}`]
    const differs = (a: PacketRecord, b: PacketRecord | undefined): boolean =>
      b === undefined ||
      a.outcome !== b.outcome ||
      (check.queues === true && a.queue !== b.queue) ||
      (a.outcome !== 'drop' && a.outcome !== 'aborted' && !equalBytes(a.data, b.data))
    const at = run.records.findIndex((record, index) => differs(record, other.records[index]))
    if (at < 0) return [true, `all ${run.records.length} packets leave as they should`]
    const [mine, wanted] = [run.records[at]!, other.records[at]]
    const why =
      wanted === undefined
        ? 'is one too many'
        : mine.outcome !== wanted.outcome
          ? `is ${OUTCOME_TEXT[mine.outcome as LessonOutcome] ?? mine.outcome} and should be ${OUTCOME_TEXT[wanted.outcome as LessonOutcome] ?? wanted.outcome}`
          : mine.queue !== wanted.queue && check.queues === true
            ? `goes to queue ${mine.queue} and should go to ${wanted.queue}`
            : firstDifference(mine.data, wanted.data)
    return [false, `packet ${at + 1} ${why}`]
  }

  private answer(question: string, equals: string | number | Measure): Found {
    const given = (this.submission.answers?.[question] ?? '').trim()
    const wanted = typeof equals === 'object' ? this.measure(equals) : equals
    if (given === '') return [false, 'not answered yet']
    const plain = (text: string): string => text.toLowerCase().replace(/\s+/g, ' ')
    return [wanted !== undefined && plain(given) === plain(String(wanted)), `answered ${given}`]
  }

  private measure({ measure, line, submitted }: Measure): number | undefined {
    const source = submitted === true ? this.submission.source : this.lesson.start
    const { program, image, diagnostics } = this.runs.compiled(source)
    if (measure === 'refused-line') return diagnostics.find(({ severity }) => severity === 'error')?.range.startLine
    if (program === undefined) return undefined
    if (measure === 'insns') return program.insns.length / 8
    if (image === undefined) return undefined
    if (measure === 'words') return image.words.length / 2
    const number = line === undefined ? -1 : source.split('\n').findIndex((text) => text.includes(line)) + 1
    let sum = 0
    for (const insn of ownSlots(program)) {
      const words = (image.insnWords[insn * 2 + 1] ?? 0) - (image.insnWords[insn * 2] ?? 0)
      if (measure === 'removed') sum += words === 0 ? 1 : 0
      else if (program.lines[insn] === number) sum += words
    }
    return sum
  }
}

/** Slots at which an instruction begins. */
function ownSlots(program: Program): number[] {
  const slots: number[] = []
  for (let slot = 0; slot < program.insns.length / 8; slot++) {
    slots.push(slot)
    if (program.insns[slot * 8] === 0x18) slot++
  }
  return slots
}

function outcome(check: Extract<Check, { kind: 'outcome' }>, run: LessonRun): Found {
  const where = check.where ?? {}
  const from = (check.write?.after ?? 0) + (check.grace ?? 0)
  let all = 0
  let right = 0
  run.frames.forEach((facts, index) => {
    if (index < from || !matches(facts, where)) return
    all++
    if (run.records[index]?.outcome === check.is) right++
  })
  const what = filterText(where)
  if (all === 0) return [false, `no ${what} came`]
  return [right === all, `${right} of ${all} ${what} were ${OUTCOME_TEXT[check.is]}`]
}

function counter(check: Extract<Check, { kind: 'counter' }>, run: LessonRun): Found {
  const { counter: name, min = 0, max = Infinity } = check
  const value = name === 'events' ? run.events : name === 'eventsLost' ? run.eventsLost : run.counters[name]
  const wanted =
    max === Infinity ? `at least ${min}` : min === max ? `${min}` : min === 0 ? `at most ${max}` : `${min} to ${max}`
  const text = { events: 'events', eventsLost: 'events lost' }[name as string] ?? `packets ${name}`
  return [value >= min && value <= max, `${value} ${text}, wanted ${wanted}`]
}

function mapValue(check: Extract<Check, { kind: 'map' }>, run: LessonRun): Found {
  const map = run.maps.find(({ name }) => name === check.map)
  if (map === undefined) return [false, `there is no map "${check.map}"`]
  const value = map.entries.find(({ key }) => key === check.key.toLowerCase())?.value ?? ''
  const { offset = 0, size = 8 } = check
  const digits = value.slice(offset * 2, (offset + size) * 2)
  const found = Number(BigInt(`0x${(digits.match(/../g) ?? ['00']).reverse().join('')}`))
  const wanted = wantedCount(check.equals, run.frames)
  return [found === wanted, `entry ${check.key} of "${check.map}" is ${found}, the traffic gives ${wanted}`]
}

function wantedCount(
  equals: number | { readonly packets: PacketFilter } | { readonly bytes: PacketFilter },
  frames: readonly FrameFacts[],
): number {
  if (typeof equals === 'number') return equals
  if ('packets' in equals) return frames.filter((facts) => matches(facts, equals.packets)).length
  return frames.reduce((sum, facts) => sum + (matches(facts, equals.bytes) ? facts.length : 0), 0)
}

function queues(check: Extract<Check, { kind: 'queues' }>, run: LessonRun): Found {
  if (check.symmetric === true) {
    const home = new Map<string, number>()
    for (const [index, record] of run.records.entries()) {
      const { src, dst } = run.frames[index]!
      if (src === '' || record.outcome !== 'pass') continue
      const pair = src < dst ? `${src} and ${dst}` : `${dst} and ${src}`
      const known = home.get(pair)
      if (known !== undefined && known !== record.queue)
        return [false, `packets between ${pair} go to queue ${known} and to queue ${record.queue}`]
      home.set(pair, record.queue)
    }
  }
  const counts = run.counters.queues.slice(0, run.queues)
  const mean = counts.reduce((a, b) => a + b, 0) / Math.max(1, counts.length)
  const over = mean === 0 ? 100 : (Math.max(...counts) / mean - 1) * 100
  const limit = check.imbalance ?? Infinity
  return [
    over <= limit,
    `the fullest queue has ${over.toFixed(0)} % more than the mean${limit === Infinity ? '' : `, at most ${limit} % are wanted`}`,
  ]
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function firstDifference(mine: Uint8Array, wanted: Uint8Array): string {
  if (mine.length !== wanted.length) return `is ${mine.length} bytes long and should be ${wanted.length}`
  const at = mine.findIndex((byte, index) => byte !== wanted[index])
  const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, '0')
  return `has byte ${hex(mine[at])} at offset ${at} where ${hex(wanted[at])} should be`
}
