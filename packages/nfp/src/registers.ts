/**
 * Operands of NFP instructions and their two encodings: unrestricted (10 bits) and restricted (8 bits).
 *
 * Encoding only, in 4-context numbering; decoding is in operand-decode.ts. `place` holds the driver's rule for which
 * source goes to which side of the register file. Follows nfp-isa.md, section 4, and nfp-jit.md, section 1.
 */
import { EncodeError } from './encode-error'

export type Bank = 'A' | 'B'
/** What happens to an index after use. */
export type Step = '' | '++' | '--'

/** An operand as an assembler writes it. `both` is for destinations: the same register of both banks. */
export type Operand =
  | { readonly kind: 'none' }
  | { readonly kind: 'gpr'; readonly bank: Bank | 'both'; readonly index: number }
  | { readonly kind: 'absolute'; readonly bank: Bank; readonly index: number }
  | { readonly kind: 'xfer'; readonly index: number }
  | { readonly kind: 'xfer-index'; readonly step: Step }
  | { readonly kind: 'lm'; readonly pointer: number; readonly offset: number; readonly step: Step }
  | { readonly kind: 'neighbour'; readonly index: number }
  | { readonly kind: 'neighbour-index'; readonly step: '' | '++' }
  | { readonly kind: 'imm'; readonly value: number }

/** No operand: no destination, or a source that the operation does not use. */
export const NONE: Operand = { kind: 'none' }
/** GPR `index` of bank A. */
export const gprA = (index: number): Operand => ({ kind: 'gpr', bank: 'A', index })
/** GPR `index` of bank B. */
export const gprB = (index: number): Operand => ({ kind: 'gpr', bank: 'B', index })
/** GPR `index` of both banks, as a destination. */
export const gprBoth = (index: number): Operand => ({ kind: 'gpr', bank: 'both', index })
/** Transfer register `index` (read: transfer-in, written: transfer-out). */
export const xfer = (index: number): Operand => ({ kind: 'xfer', index })
/** Local memory word at pointer `pointer` (0..3), word offset `offset`. */
export const lm = (pointer: number, offset = 0): Operand => ({ kind: 'lm', pointer, offset, step: '' })
/** Local memory word at pointer `pointer`, which then moves to the next word. */
export const lmIncrement = (pointer: number): Operand => ({ kind: 'lm', pointer, offset: 0, step: '++' })
/** Local memory word at pointer `pointer`, which then moves to the previous word. */
export const lmDecrement = (pointer: number): Operand => ({ kind: 'lm', pointer, offset: 0, step: '--' })
/** An immediate operand (0..255 unrestricted; restricted up to 127, or 255 where the class has an I8 bit). */
export const imm = (value: number): Operand => ({ kind: 'imm', value })

/** Register class for the rule that two sources of one class do not fit into a word. */
function sourceClass(operand: Operand): string {
  return operand.kind === 'gpr' ? `gpr${operand.bank}` : operand.kind
}

/** Whether an operand needs the LM-extension bit of its role. */
export function usesLmExtension(operand: Operand): boolean {
  return operand.kind === 'lm' && operand.pointer >= 2
}

/** Two sources as they lie in the A and B fields. */
export interface Placement {
  readonly a: Operand
  readonly b: Operand
  readonly swap: boolean
  /** One of the two uses LM pointer 2 or 3. */
  readonly lmExtension: boolean
}

/**
 * Puts left and right source into the A and B fields: they change places when the left one is a bank-B GPR or the
 * right one a bank-A GPR. Throws an EncodeError `same-kind` when both are of one register class, which no word can
 * hold; `allowSameKind` lets pairs through that a word can hold but the driver refuses (two transfer registers).
 */
export function place(left: Operand, right: Operand, allowSameKind = false): Placement {
  const kind = sourceClass(left)
  if (kind === sourceClass(right) && kind !== 'none' && (!allowSameKind || kind.startsWith('gpr'))) {
    throw new EncodeError('same-kind', `two source operands of one kind: ${kind}`)
  }
  if (left.kind === 'lm' && right.kind === 'lm' && usesLmExtension(left) !== usesLmExtension(right)) {
    throw new EncodeError('bad-operand', `LM pointers ${left.pointer} and ${right.pointer} in one word`)
  }
  const swap = isBank(left, 'B') || isBank(right, 'A')
  const lmExtension = usesLmExtension(left) || usesLmExtension(right)
  return swap ? { a: right, b: left, swap, lmExtension } : { a: left, b: right, swap, lmExtension }
}

function isBank(operand: Operand, bank: Bank): boolean {
  return (operand.kind === 'gpr' || operand.kind === 'absolute') && operand.bank === bank
}

/** The bank bit of a destination: 1 for bank B only. */
export function destinationBank(operand: Operand): number {
  return isBank(operand, 'B') ? 1 : 0
}

/** Whether a destination is the same register of both banks. */
export function writesBoth(operand: Operand): boolean {
  return operand.kind === 'gpr' && operand.bank === 'both'
}

function checkIndex(index: number, limit: number, what: string): number {
  if (!Number.isInteger(index) || index < 0 || index >= limit) {
    throw new EncodeError('bad-operand', `no ${what} ${index} (0 to ${limit - 1})`)
  }
  return index
}

const stepBits = (step: Step): number => (step === '++' ? 1 : step === '--' ? 2 : 0)

/**
 * The 10-bit encoding. A missing operand is 0 as a source and 0x300 as a destination (`role`). Throws an EncodeError
 * for what cannot be expressed.
 */
export function encodeUnrestricted(operand: Operand, role: 'source' | 'destination'): number {
  switch (operand.kind) {
    case 'none':
      return role === 'destination' ? 0x300 : 0
    case 'gpr':
      return checkIndex(operand.index, 32, 'GPR')
    case 'absolute':
      return 0x080 | checkIndex(operand.index, 128, 'absolute GPR')
    case 'xfer':
      return 0x180 | spreadIndex(checkIndex(operand.index, 64, 'transfer register'), 0x40)
    case 'xfer-index':
      return 0x100 | (stepBits(operand.step) << 1)
    case 'lm':
      return encodeUnrestrictedLm(operand.pointer, operand.offset, operand.step)
    case 'neighbour':
      return 0x280 | checkIndex(operand.index, 32, 'next-neighbour register')
    case 'neighbour-index':
      return 0x240 | (stepBits(operand.step) << 1)
    case 'imm':
      if (operand.value & ~0xff) throw new EncodeError('immediate-too-large', 'immediate too large')
      return 0x300 | operand.value
  }
}

/** Low five bits stay in place, bit 5 moves to `highBit`. */
const spreadIndex = (index: number, highBit: number): number => (index & 31) | (index & 32 ? highBit : 0)

function encodeUnrestrictedLm(pointer: number, offset: number, step: Step): number {
  checkIndex(pointer, 4, 'LM pointer')
  const base = 0x200 | (pointer & 1 ? 0x20 : 0)
  if (step !== '') {
    if (offset !== 0) throw new EncodeError('lm-mode', 'LM offset in inc/dev mode')
    return base | 0x10 | (step === '--' ? 1 : 0)
  }
  if (offset < 0 || offset > 15) throw new EncodeError('lm-offset-too-large', 'LM offset too large')
  return base | offset
}

/** A restricted operand: its 8 bits, and bit 7 of an immediate, which goes to the word's I8 field. */
export interface RestrictedCode {
  readonly code: number
  readonly i8: number
}

/**
 * The 8-bit encoding; a missing operand is 0 as a source and 0x20 as a destination. `hasI8` tells whether the class
 * can hold immediates of 8 bits instead of 7. Throws an EncodeError for what cannot be expressed.
 */
export function encodeRestricted(operand: Operand, role: 'source' | 'destination', hasI8: boolean): RestrictedCode {
  return { code: restrictedBits(operand, role, hasI8), i8: operand.kind === 'imm' ? (operand.value >>> 7) & 1 : 0 }
}

function restrictedBits(operand: Operand, role: 'source' | 'destination', hasI8: boolean): number {
  switch (operand.kind) {
    case 'none':
      return role === 'destination' ? 0x20 : 0
    case 'gpr':
      return checkIndex(operand.index, 32, 'GPR')
    case 'xfer':
      return 0x80 | spreadIndex(checkIndex(operand.index, 64, 'transfer register'), 0x40)
    case 'xfer-index':
      return 0x40 | (stepBits(operand.step) << 1)
    case 'neighbour-index':
      return 0x41 | (stepBits(operand.step) << 1)
    case 'lm':
      checkIndex(operand.pointer, 4, 'LM pointer')
      if (operand.step !== '') throw new EncodeError('lm-mode', 'bad LM mode for restricted operands')
      if (operand.offset < 0 || operand.offset > 7) throw new EncodeError('lm-offset-too-large', 'LM offset too large')
      return 0x50 | (operand.pointer & 1 ? 0x08 : 0) | operand.offset
    case 'imm':
      if (operand.value & ~(hasI8 ? 0xff : 0x7f)) throw new EncodeError('immediate-too-large', 'immediate too large')
      return (((operand.value >>> 5) & 3) << 6) | 0x20 | (operand.value & 31)
    case 'absolute':
    case 'neighbour':
      throw new EncodeError('bad-operand', `a restricted operand cannot be an ${operand.kind} register`)
  }
}
