/**
 * What an optimisation pass is. Passes run once each, in the order of `PASSES` (index.ts), over the program as loaded,
 * before translation. Each lives in a file of its own, whose header says what it may do, what it must not, and why it
 * is there. Follows nfp-jit.md, section 6.
 */
import type { InsnNote } from '../api'
import { FLAG_SKIP_MERGED } from '../program-info'
import type { ProgramInfo } from '../program-info'

export type PassName =
  | 'entry-sequence'
  | 'negative-constants'
  | 'legacy-mask'
  | 'legacy-shifts'
  | 'copy-gathering'
  | 'packet-cache'

export interface Pass {
  readonly name: PassName
  /** A short title and one sentence for people. */
  readonly title: string
  readonly purpose: string
  /** Rewrites `program` in place and adds what it did to `notes`. */
  run(program: ProgramInfo, notes: InsnNote[]): void
}

/** Which passes run; those not named do. */
export type PassSwitches = Partial<Record<PassName, boolean>>

/** One pass's effect: the instructions before and after (8 bytes a slot), and which slots make words of their own. */
export interface PassTrace {
  readonly pass: PassName
  readonly ran: boolean
  readonly before: Uint8Array
  readonly after: Uint8Array
  readonly skippedBefore: Uint8Array
  readonly skippedAfter: Uint8Array
  readonly notes: readonly InsnNote[]
}

/** Marks an instruction as swallowed and says why. */
export function mergeInsn(program: ProgramInfo, notes: InsnNote[], insn: number, pass: PassName, reason: string): void {
  program.flags[insn]! |= FLAG_SKIP_MERGED
  notes.push({ insn, kind: 'merged', pass, reason })
}
