/** What a demo is: a program with its story and the session it opens in. Data only. */
import type { SessionDocument } from '@offload/session'

export interface Demo {
  readonly id: string
  readonly title: string
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
}
