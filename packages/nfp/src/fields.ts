/**
 * The table of instruction classes and their bit fields: the one place that knows where a field lies.
 *
 * Encoder, decoder, printer and the field view all read this table. Classes are tested in the order of `CLASSES`;
 * the first whose mask and value match wins. Follows nfp-isa.md, sections 2 to 12.
 */
import { readBits, writeBits } from './bits'
import type { Word } from './bits'

/** A named run of bits. `meaning` is one sentence part for people, without a full stop. */
export interface Field {
  readonly name: string
  readonly msb: number
  readonly lsb: number
  readonly meaning: string
}

/** The instruction classes; `invalid` words belong to none of the others. */
export type InstructionClass =
  | 'cmd'
  | 'alu_shf'
  | 'alu'
  | 'immed'
  | 'ld_field'
  | 'ctx_arb'
  | 'local_csr'
  | 'branch'
  | 'br_byte'
  | 'br_bit'
  | 'br_alu'
  | 'mult'

const field = (name: string, msb: number, lsb: number, meaning: string): Field => ({ name, msb, lsb, meaning })

/** Reads a field of the word `lo`, `hi`. */
export function readField(word: Readonly<Word>, at: Field): number {
  return readBits(word.lo, word.hi, at.lsb, at.msb - at.lsb + 1)
}

/** Writes the low bits of `value` into a field. */
export function writeField(word: Word, at: Field, value: number): void {
  writeBits(word, at.lsb, at.msb - at.lsb + 1, value)
}

/** Fields outside the 45-bit instruction. */
export const STORE = {
  ecc: field('ECC', 51, 45, 'error correction code over bits 44 to 0'),
  relocation: field('RELO', 63, 56, 'relocation type, only until the image is loaded'),
} as const

const srcExt = field('SRC_LMEXTN', 42, 42, 'a local memory source uses pointer 2 or 3')
const dstExt = field('DST_LMEXTN', 43, 43, 'a local memory destination uses pointer 2 or 3')
const writeBoth = field('WR_AB', 41, 41, 'write the result to both GPR banks')
const predicate = field('PRED_CC', 44, 44, 'execute only when the predicate condition holds')
const noCc = field('NO_CC', 40, 40, 'leave the condition codes unchanged')
const dstBank = field('DST_AB', 36, 36, 'bank of a GPR destination: 0 A, 1 B')
const unrestrictedA = field('A', 9, 0, 'operand read through the A side (unrestricted form)')
const unrestrictedB = field('B', 19, 10, 'operand read through the B side (unrestricted form)')
const restrictedA = field('A', 7, 0, 'operand read through the A side (restricted form)')
const restrictedB = field('B', 17, 10, 'operand read through the B side (restricted form)')
const immBit7 = field('I8', 18, 18, 'bit 7 of an immediate operand')
const shiftKind = field('SC', 9, 8, 'shift kind: 0 rotate right, 1 right, 2 left, 3 double right')
const shiftAmount = field('SHIFT', 32, 28, 'shift amount; left shifts store 32 minus the amount; 0 may mean indirect')
const defer = field('DEFER', 21, 20, 'number of following words executed before the branch takes effect')
const addressLow = field('ADDR_LO', 34, 22, 'branch target, bits 12 to 0')
const addressHigh = field('ADDR_HI', 40, 40, 'branch target, bit 13')

export const ALU = {
  a: unrestrictedA,
  b: unrestrictedB,
  dst: field('DST', 29, 20, 'destination (unrestricted form)'),
  swap: field('SW', 30, 30, 'the left operand is in the B field, the right one in the A field'),
  op: field('OP', 35, 31, 'operation'),
  dstBank,
  noCc,
  writeBoth,
  srcExt,
  dstExt,
  predicate,
} as const

export const SHF = {
  a: restrictedA,
  sc: shiftKind,
  b: restrictedB,
  i8: immBit7,
  swap: field('SW', 19, 19, 'the left operand is in the B field, the right one in the A field'),
  dst: field('DST', 27, 20, 'destination (restricted form)'),
  shift: shiftAmount,
  op: field('OP', 35, 33, 'operation on the shifted operand'),
  dstBank,
  noCc,
  writeBoth,
  srcExt,
  dstExt,
  predicate,
} as const

export const LDF = {
  a: restrictedA,
  sc: shiftKind,
  b: restrictedB,
  i8: immBit7,
  swap: field('SW', 19, 19, 'destination in the B field, source in the A field'),
  clear: field('ZF', 20, 20, 'clear the bytes that are not selected'),
  mask: field('BMASK', 27, 24, 'bytes of the destination that are replaced'),
  shift: shiftAmount,
  loadCc: field('LOAD_CC', 34, 34, 'set the condition codes from the result'),
  writeBoth,
  srcExt,
  dstExt,
  predicate,
} as const

export const IMMED = {
  a: field('A', 9, 0, 'destination, or low byte of the immediate (unrestricted form)'),
  b: field('B', 19, 10, 'low byte of the immediate, or destination (unrestricted form)'),
  high: field('IMM_HI', 27, 20, 'high byte of the immediate'),
  width: field('WIDTH', 30, 29, 'part written: 0 all, 1 a byte, 2 a half-word'),
  invert: field('INV', 31, 31, 'write the complement of the shifted value'),
  shift: field('SHIFT', 34, 33, 'left shift in bytes'),
  writeBoth,
  srcExt,
  dstExt,
  predicate,
} as const

export const BR = {
  cond: field('COND', 4, 0, 'condition'),
  eventPipe: field('EV_PIP', 9, 8, '0 for unconditional branches, 1 for conditional ones'),
  state: field('CSS', 17, 14, 'context, signal or state number tested'),
  defer,
  addressLow,
  addressHigh,
} as const

export const BR_BIT = {
  a: restrictedA,
  b: restrictedB,
  set: field('BV', 18, 18, 'branch when the bit is 1 (else when it is 0)'),
  defer,
  addressLow,
  addressHigh,
  srcExt,
} as const

export const BR_BYTE = {
  a: restrictedA,
  byte: field('BYTE', 9, 8, 'byte compared'),
  b: restrictedB,
  i8: immBit7,
  equal: field('EQ', 19, 19, 'branch when the bytes are equal (else when they differ)'),
  defer,
  addressLow,
  addressHigh,
  srcExt,
} as const

export const BR_ALU = {
  a: unrestrictedA,
  b: unrestrictedB,
  defer,
  high: field('IMM_HI', 30, 22, 'high bits of the offset added to the register'),
  srcExt,
} as const

export const CSR = {
  a: unrestrictedA,
  b: unrestrictedB,
  write: field('WRITE', 21, 21, '1 writes the register, 0 reads it'),
  address: field('ADDR', 32, 22, 'register number (byte address divided by 4)'),
  srcExt,
} as const

export const MUL = {
  a: field('A', 9, 0, 'left operand, or destination of the last steps (unrestricted form)'),
  b: unrestrictedB,
  step: field('STEP', 22, 20, 'step: 0 to 3 the four steps, 4 last, 5 last2'),
  dstBank: field('DST_AB', 23, 23, 'bank of a GPR destination: 0 A, 1 B'),
  swap: field('SW', 30, 30, 'the left operand is in the B field, the right one in the A field'),
  type: field('TYPE', 32, 31, '0 start, 1 24x8, 2 16x16, 3 32x32'),
  noCc,
  writeBoth,
  srcExt,
  dstExt,
  predicate,
} as const

export const CMD = {
  a: field('A', 7, 0, 'address operand (restricted form)'),
  ctx: field('CTX', 9, 8, '0, 1, 2: swap context after so many words; 3: do not swap'),
  b: field('B', 17, 10, 'address operand (restricted form)'),
  token: field('TOKEN', 19, 18, 'variant of the command'),
  xfer: field('XFER', 24, 20, 'first transfer register, bits 4 to 0'),
  count: field('CNT', 27, 25, 'length in units, minus 1'),
  signal: field('SIG', 31, 28, 'signal delivered on completion, 0 for none'),
  target: field('TGT_CMD', 38, 32, 'unit addressed and its action'),
  xferHigh: field('XFER[5]', 40, 40, 'first transfer register, bit 5'),
  indirect: field('INDIR', 41, 41, 'the previous ALU result overrides parts of the command'),
  mode: field('MODE', 44, 42, 'address mode'),
} as const

export const ARB = {
  signals: field('EV_MASK', 15, 0, 'signals waited for; bit 0 yields without a signal'),
  any: field('ANY', 16, 16, 'wake up on any of the signals instead of all'),
  breakpoint: field('BPT', 17, 17, 'stop at a breakpoint'),
  resume: field('RESUME', 18, 18, 'resume at the given address'),
  noLoad: field('NO_LOAD', 19, 19, 'keep the wake-up events'),
  defer,
  addressLow,
  addressHigh,
} as const

/** How a class is recognised: `(word & mask) === value`, halves apart; `fields` is its layout. */
export interface ClassLayout {
  readonly name: InstructionClass
  readonly maskLo: number
  readonly maskHi: number
  readonly valueLo: number
  readonly valueHi: number
  readonly fields: Readonly<Record<string, Field>>
}

const layout = (
  name: InstructionClass,
  mask: bigint,
  value: bigint,
  fields: Readonly<Record<string, Field>>,
): ClassLayout => ({
  name,
  maskLo: Number(mask & 0xffffffffn),
  maskHi: Number(mask >> 32n),
  valueLo: Number(value & 0xffffffffn),
  valueHi: Number(value >> 32n),
  fields,
})

/** All classes in the order in which a decoder has to test them. */
export const CLASSES: readonly ClassLayout[] = [
  layout('cmd', 0x008000000000n, 0n, CMD),
  layout('alu_shf', 0x00e000000000n, 0x008000000000n, SHF),
  layout('alu', 0x00e000000000n, 0x00a000000000n, ALU),
  layout('immed', 0x01f900000000n, 0x00f000000000n, IMMED),
  layout('ld_field', 0x01fa00e00000n, 0x00c000000000n, LDF),
  layout('ctx_arb', 0x00f800000000n, 0x00e000000000n, ARB),
  layout('local_csr', 0x01fe00100000n, 0x00fc00000000n, CSR),
  layout('branch', 0x00f8000c3ce0n, 0x00d800000020n, BR),
  layout('br_byte', 0x00f800000000n, 0x00c800000000n, BR_BYTE),
  layout('br_bit', 0x00f800080300n, 0x00d000000000n, BR_BIT),
  layout('br_alu', 0x00ff80000000n, 0x00e800000000n, BR_ALU),
  layout('mult', 0x00fe3f000000n, 0x00f800000000n, MUL),
]

/** The layout of the word's class, or undefined for a word of no class. Bits above 44 are not looked at. */
export function classOf(word: Readonly<Word>): ClassLayout | undefined {
  const { lo, hi } = word
  for (const entry of CLASSES) {
    if ((lo & entry.maskLo) >>> 0 === entry.valueLo && (hi & entry.maskHi) >>> 0 === entry.valueHi) return entry
  }
  return undefined
}

/** The layout of a class by name. */
export function classLayout(name: InstructionClass): ClassLayout {
  const entry = CLASSES.find((candidate) => candidate.name === name)
  if (!entry) throw new RangeError(`no instruction class ${name}`)
  return entry
}
