/** What a gallery item is: a program with its story, the session it opens in, and the numbers it must give. Data only. */
import type { SessionDocument } from '@offload/session'

/** What came of the packets; absent numbers are zero. */
export interface Outcomes {
  readonly passed?: number
  readonly dropped?: number
  readonly transmitted?: number
  readonly aborted?: number
  readonly lost?: number
}

/** The item runs on the card: what a run of its session gives. */
export interface ExpectedRun {
  readonly runs: true
  readonly packets: number
  readonly outcomes: Outcomes
  /** Entries of each map by key (hex), arrays without their zeros; a list too long to read is given by its length. */
  readonly maps?: Readonly<Record<string, Readonly<Record<string, string>> | number>>
  readonly events?: number
  /** Words of the translated program. */
  readonly words: number
}

/** The item is refused by the card as it is today. */
export interface ExpectedRefusal {
  readonly runs: false
  /** The driver's words. */
  readonly message: string
  /** What the item waits for. */
  readonly awaits: string
}

export interface Demo {
  readonly id: string
  readonly title: string
  /** What one learns from it, in a few words. */
  readonly shows: string
  /** One sentence for the top of the page. */
  readonly sentence: string
  /** A few paragraphs of plain text, blank lines between. */
  readonly story: string
  /** BPF assembly, LLVM dialect. */
  readonly source: string
  /** The same program in C, for reading. */
  readonly c: string
  /** The one number worth changing first: `from` stands in the source line that contains `line`. */
  readonly hint: { readonly line: string; readonly from: string; readonly to: string; readonly text: string }
  /** Three things to try, one line each. */
  readonly tries: readonly string[]
  /** The rest of the session: what differs from the default document. */
  readonly session: Partial<Omit<SessionDocument, 'version' | 'source' | 'title' | 'demo'>>
  readonly expected: ExpectedRun | ExpectedRefusal
}
