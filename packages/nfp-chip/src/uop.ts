/**
 * The decoded form of a code store: per word one small operation number and up to seven integers, in typed arrays.
 *
 * Source operands are integers: 0..191 is a word of the context's block (GPRs and transfer registers, see `CTX`),
 * -1..-256 the immediate `~code`, anything below a special operand (`SPECIAL`). Destinations: 0..191 as above, 256 + n
 * GPR n of both banks, -1 none, below that a special operand. Nothing here depends on a running chip.
 */

/** Operation numbers. ALU ones come first and are contiguous, so that a range test finds them. */
export const UOP = {
  invalid: 0,
  movB: 1,
  notB: 2,
  add: 3,
  add16: 4,
  add8: 5,
  addCarry: 6,
  sub: 7,
  subCarry: 8,
  subReverse: 9,
  and: 10,
  andNot: 11,
  notAnd: 12,
  or: 13,
  xor: 14,
  /** Shifts of operand B by `imm`, then the operation `aux`. */
  rotate: 16,
  shiftRight: 17,
  shiftLeft: 18,
  shiftDouble: 19,
  shiftArithmetic: 20,
  shiftRightBy: 21,
  shiftLeftBy: 22,
  shiftDoubleBy: 23,
  shiftArithmeticBy: 24,
  /** Merge of the rotated, right- or left-shifted source into the bytes of `aux`. */
  fieldRotate: 26,
  fieldRight: 27,
  fieldLeft: 28,
  immed: 30,
  immedPart: 31,
  /** An immed behind a local_csr_rd. */
  immedLatch: 32,
  branch: 36,
  branchBit: 37,
  jump: 38,
  csrRead: 40,
  csrWrite: 41,
  lmPointer: 42,
  mulStart: 44,
  mulStep: 45,
  mulLast: 46,
  mulLast2: 47,
  command: 50,
  /** An address of the firmware: a helper or the place where programs end. */
  firmware: 51,
  /** Everything that programs of the driver never use; done by slow-word.ts. */
  slow: 52,
} as const

/** Kinds of special operands: code = -(kind << 12 | payload). */
export const SPECIAL = {
  /** pointer << 6 | mode << 4 | offset; mode 0 plain, 1 ++, 2 --. */
  lm: 1,
  absoluteA: 2,
  absoluteB: 3,
  /** Transfer register under T_INDEX; payload = mode. */
  xferIndex: 4,
  nnIndex: 5,
  nn: 6,
} as const

/** Which function of slow-word.ts does a slow word. */
export const RARE = { none: 0, alu: 1, shift: 2, field: 3, branch: 4, branchByte: 5, arbitrate: 6, mul: 7 } as const

/** Why a word cannot be executed. */
export const FAULT = {
  none: 0,
  invalid: 1,
  ecc: 2,
  unsupported: 3,
  outside: 4,
  memory: 5,
  endless: 6,
} as const

export const FAULT_NAMES = [
  '',
  'invalid instruction',
  'code store parity error',
  'instruction not modelled',
  'execution outside the program',
  'command not modelled',
  'program does not end',
] as const

/** A code store decoded; arrays are indexed by code-store address. */
export interface DecodedStore {
  readonly size: number
  readonly op: Uint8Array
  readonly a: Int32Array
  readonly b: Int32Array
  readonly dst: Int32Array
  readonly imm: Int32Array
  readonly aux: Int32Array
  /** Defer slots of branches; slot order of ALU words (1: the latched A field is the right operand). */
  readonly extra: Uint8Array
  readonly fault: Uint8Array
  /** See `RARE`. */
  readonly rare: Uint8Array
}

/** An empty store: every word invalid. */
export function emptyStore(size: number): DecodedStore {
  return {
    size,
    op: new Uint8Array(size + 16),
    a: new Int32Array(size + 16),
    b: new Int32Array(size + 16),
    dst: new Int32Array(size + 16),
    imm: new Int32Array(size + 16),
    aux: new Int32Array(size + 16),
    extra: new Uint8Array(size + 16),
    fault: new Uint8Array(size + 16).fill(FAULT.outside),
    rare: new Uint8Array(size + 16),
  }
}
