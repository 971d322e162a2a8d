/** What the emulated chip offers beyond the contract of api.ts. */
import type { Chip } from './api'
import type { ChipShare } from './member'
import type { Telemetry } from './telemetry'

/** A word that could not be executed; its packet was aborted. */
export interface MachineCheck {
  readonly core: number
  readonly context: number
  readonly pc: number
  readonly cause: string
  readonly cycle: number
}

/** A word about to be executed, or just executed. */
export interface WordPlace {
  readonly core: number
  readonly context: number
  readonly pc: number
}

/** What this implementation offers beyond the contract. */
export interface EmulatedChip extends Chip {
  /** Reads straight from the chip's memory; made to be called once a frame. */
  readonly telemetry: Telemetry
  /**
   * Breakpoints: executes word by word, at least one, until `stopAt` says yes to the word that comes next, which is not
   * executed. Undefined when nothing is left to do or after `maxWords`. The state is that of any other way to get there.
   */
  runToWord(stopAt: (place: WordPlace) => boolean, maxWords?: number): WordPlace | undefined
  /** The first machine checks, at most 64; `counters` do not hold them. */
  machineChecks(): readonly MachineCheck[]
  /**
   * Prepares for `members` threads in all (this one included) and gives what the others need for `joinChip`. Until all
   * of them serve, this thread does the work alone. The chip must have been made with `shared`.
   */
  share(members: number): ChipShare
  /**
   * Switches the other members' help on and off while they stay; results are the same. For callers that measure which
   * is faster: on a busy machine, or one with few processors, it may be this thread alone.
   */
  parallel(on: boolean): void
  /** Lets all other members leave their serve loops. */
  dismiss(): void
}
