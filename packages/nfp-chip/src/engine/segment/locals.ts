/** Parameters and locals of the translated function, and what it calls and answers. */
import type { FunctionReference } from '@offload/wasm'
import { CTX } from '../../layout'
import { UOP } from '../../uop'

/** Result of the function: stop | words << 3. `go` means: look at the new address and carry on. */
export const SEGMENT_STOP = { swapped: 0, go: 1, interpret: 2, fault: 3 } as const

const IN_CYCLE = ['int', 'int', 'int', 'int', 'int', 'int', 'int'] as const

/** What the function calls: all parameters are integers, `who` = core << 2 | slot, cycles relative to the segment. */
export interface SegmentCalls {
  /** (who, imm, aux, lo, hi, override, cycle): issues a command that swaps; a fault, or 0. */
  readonly issue: FunctionReference<typeof IN_CYCLE>
  /** The same for a posted command: cycles that the core stalled before it, or -1 when it cannot be done now. */
  readonly post: FunctionReference<typeof IN_CYCLE>
  /** (context block, cycle) */
  readonly takeOver: FunctionReference<readonly ['int', 'int']>
  /** (pointer, value, context block, cycle) */
  readonly setPointer: FunctionReference<readonly ['int', 'int', 'int', 'int']>
}

/** Parameters and locals of the function. */
export const P = { cb: 0, tb: 1, next: 2, counts: 3, limit: 4, who: 5 } as const
export const L = {
  cycle: 6,
  result: 7,
  carry: 8,
  overflow: 9,
  flagsAt: 10,
  prevAlu: 11,
  prevA: 12,
  words: 13,
  va: 14,
  vb: 15,
  r: 16,
  t: 17,
  pc: 18,
  stop: 19,
  lo: 20,
  hi: 21,
  taken: 22,
  late: 23,
  sum: 24,
  total: 25,
  registers: 26,
} as const
export const SEGMENT_PARAMETERS = ['int', 'int', 'int', 'int', 'int', 'int'] as const
export const REGISTERS = 192
export const LOCALS = L.registers + REGISTERS - SEGMENT_PARAMETERS.length

export const W = 4

/** Where the state of a context goes when the function starts and ends: local, word of the block. */
export const STATE_WORDS: readonly (readonly [local: number, word: number])[] = [
  [L.cycle, CTX.cycle],
  [L.result, CTX.ccResult],
  [L.carry, CTX.ccCarry],
  [L.overflow, CTX.ccOverflow],
  [L.flagsAt, CTX.ccCycle],
  [L.prevAlu, CTX.prevAlu],
  [L.prevA, CTX.prevA],
]

export const setsFlags = (op: number): boolean =>
  (op >= UOP.movB && op <= UOP.shiftArithmeticBy) || op === UOP.mulLast || op === UOP.mulLast2
export const usesCarry = (op: number): boolean => op === UOP.addCarry || op === UOP.subCarry
export const usesAmount = (op: number): boolean => op >= UOP.shiftRightBy && op <= UOP.shiftArithmeticBy
