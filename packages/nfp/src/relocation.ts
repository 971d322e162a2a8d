/**
 * The parts of a word that change between translation and load: relocation type, branch target, 16-bit immediate.
 *
 * Which value goes where is the loader's business (nfp-jit.md, section 20); here are only the fields. Follows
 * nfp-jit.md, sections 19 and 20.
 */
import type { Word } from './bits'
import { putAddress } from './encode'
import { EncodeError } from './encode-error'
import { BR, IMMED, STORE, classOf, readField, writeField } from './fields'
import type { Relocation } from './names'

/** The relocation type of a word that is not loaded yet; unknown numbers are returned as they are. */
export function relocationOf(word: Readonly<Word>): number {
  return readField(word, STORE.relocation)
}

/** Sets the relocation type and returns the same word. */
export function setRelocation(word: Word, type: Relocation): Word {
  writeField(word, STORE.relocation, type)
  return word
}

/** Whether the word is a branch with an address of the kind that the driver's fix-up rewrites: `br…`, `br_bset/bclr`. */
export function isAddressBranch(word: Readonly<Word>): boolean {
  const name = classOf(word)?.name
  return name === 'branch' || name === 'br_bit'
}

/** The 14-bit target of a branch word (bits 34..22 and 40). */
export function branchAddress(word: Readonly<Word>): number {
  return readField(word, BR.addressLow) | (readField(word, BR.addressHigh) << 13)
}

/** Sets the target of a branch word; throws `not-branch` for other words and `field-range` above 16383. */
export function setBranchAddress(word: Word, address: number): void {
  const name = classOf(word)?.name
  if (name !== 'branch' && name !== 'br_bit' && name !== 'br_byte' && name !== 'ctx_arb') {
    throw new EncodeError('not-branch', `a word of class ${name ?? 'invalid'} has no branch target`)
  }
  putAddress(word, BR, address)
}

/**
 * The 16-bit immediate of an `immed` word (width all, no shift, not inverted): high byte in bits 27..20, low byte in
 * the A field when that is an immediate operand, else in the B field.
 */
export function immediateOf(word: Readonly<Word>): number {
  checkImmed(word)
  const a = readField(word, IMMED.a)
  const low = a >= 0x300 ? a : readField(word, IMMED.b)
  return (readField(word, IMMED.high) << 8) | (low & 0xff)
}

/** Sets the 16-bit immediate of an `immed` word; throws `immediate-too-large` above 0xffff. */
export function setImmediate(word: Word, value: number): void {
  checkImmed(word)
  if (value & ~0xffff) throw new EncodeError('immediate-too-large', 'relocation of a large immediate!')
  const at = readField(word, IMMED.a) >= 0x300 ? IMMED.a : IMMED.b
  writeField(word, at, 0x300 | (value & 0xff))
  writeField(word, IMMED.high, value >>> 8)
}

function checkImmed(word: Readonly<Word>): void {
  if (classOf(word)?.name !== 'immed' || readField(word, IMMED.shift) || readField(word, IMMED.invert)) {
    throw new EncodeError('not-immed', "Can't decode/encode immed!")
  }
}
