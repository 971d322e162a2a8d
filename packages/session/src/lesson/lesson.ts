/**
 * A lesson: text, a state to start from, and steps that are checked on machine state. Plain JSON, so that a teacher
 * writes one without touching code and the same file grades without a page. Texts are Markdown (paragraphs, lists,
 * `code`, **bold**).
 */
import type { TrafficSpec } from '@offload/packet'
import type { InitialEntry, SessionDocument } from '../document'

/** Which packets, as they came in. What is absent matches all. */
export interface PacketFilter {
  readonly l3?: 'ipv4' | 'ipv6' | 'arp' | 'other'
  /** IP protocol number. */
  readonly protocol?: number
  readonly srcPort?: number
  readonly dstPort?: number
  /** Dotted IPv4 source address. */
  readonly src?: string
  readonly shorterThan?: number
  readonly longerThan?: number
  readonly not?: PacketFilter
}

export type LessonOutcome = 'pass' | 'drop' | 'tx' | 'aborted'

/** How a run for a check is made: so many packets of the lesson's traffic, or of other traffic. */
interface Played {
  readonly packets: number
  readonly traffic?: TrafficSpec
  /** The host writes an entry after so many packets. */
  readonly write?: { readonly after: number; readonly entry: InitialEntry }
}

/** A number that the machine knows of the lesson's first program (or of the submitted one). */
export interface Measure {
  readonly measure: 'insns' | 'words' | 'removed' | 'refused-line' | 'words-of-line'
  /** For `words-of-line`: text that stands in the line. */
  readonly line?: string
  /** Of the program handed in; else of the one that the lesson starts with. */
  readonly submitted?: boolean
}

/** What must hold. `tell` is said when it does not: what to look at next. */
export type Check = { readonly tell: string } & (
  | { readonly kind: 'accepted'; readonly by: 'assembler' | 'kernel' | 'device' }
  | ({
      readonly kind: 'outcome'
      readonly where?: PacketFilter
      readonly is: LessonOutcome
      /** Packets at the start (or after a write) that do not count yet. */
      readonly grace?: number
    } & Played)
  | ({
      readonly kind: 'counter'
      readonly counter: 'passed' | 'dropped' | 'transmitted' | 'aborted' | 'lost' | 'eventsLost' | 'events'
      readonly min?: number
      readonly max?: number
    } & Played)
  | ({
      readonly kind: 'map'
      readonly map: string
      /** Hex, host byte order. */
      readonly key: string
      /** Bytes into the value, and how many of them. */
      readonly offset?: number
      readonly size?: 4 | 8
      readonly equals: number | { readonly packets: PacketFilter } | { readonly bytes: PacketFilter }
    } & Played)
  | { readonly kind: 'size'; readonly of: 'insns' | 'words'; readonly max: number }
  /** Words that the card runs for a packet, on average, the firmware's own not counted. */
  | ({ readonly kind: 'cost'; readonly max: number } & Played)
  /** The same verdicts and bytes (and queues) as another program: the solution, unless `as` is given. */
  | ({ readonly kind: 'same'; readonly as?: string; readonly queues?: boolean } & Played)
  /** Spread over the queues: largest share above the mean, in percent; both directions of a pair in one queue. */
  | ({ readonly kind: 'queues'; readonly imbalance?: number; readonly symmetric?: boolean } & Played)
  | { readonly kind: 'subprograms'; readonly min: number }
  | { readonly kind: 'answer'; readonly question: string; readonly equals: string | number | Measure }
)

export interface Question {
  readonly id: string
  readonly text: string
  readonly choices?: readonly string[]
}

export interface LessonStep {
  readonly title: string
  readonly text: string
  /** From a nudge to nearly the answer. */
  readonly hints: readonly [string, string, string]
  readonly question?: Question
  readonly checks: readonly Check[]
}

/** What is handed in: a program and the answers to the questions. */
export interface Submission {
  readonly source: string
  readonly answers?: Readonly<Record<string, string>>
}

/** A wrong answer that the author has thought of: at which step it fails, and with which words. */
export interface Mistake extends Submission {
  readonly step: number
  readonly tell: string
}

export interface Lesson {
  readonly version: 1
  readonly id: string
  readonly title: string
  /** What one can do afterwards, one sentence. */
  readonly goal: string
  readonly minutes: number
  /** Gallery item that shows the same. */
  readonly demo?: string
  /** The session that the lesson starts in; its program is `start`. */
  readonly session: Partial<Omit<SessionDocument, 'version' | 'source' | 'title' | 'demo' | 'view'>>
  readonly start: string
  readonly steps: readonly LessonStep[]
  readonly solution: Submission
  readonly mistakes: readonly Mistake[]
}

export const LESSON_LIMITS = {
  steps: 20,
  checks: 20,
  packets: 100_000,
  textCharacters: 20_000,
  sourceCharacters: 200_000,
  mistakes: 20,
} as const
