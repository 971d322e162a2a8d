/**
 * Words into instructions: a discriminated union on `class`, with operands decoded and the operand swap undone.
 *
 * This is the form the emulator, the printer and the analyses read. Nothing is lost that a machine needs: sources the
 * operation ignores are decoded all the same (their A side is latched for indirect shifts), and `a` and `b` of an ALU
 * word keep the raw fields that some operations read as numbers. Follows nfp-isa.md, sections 3 to 12.
 */
import { makeWord, wordAt } from './bits'
import type { Word } from './bits'
import { ALU, ARB, BR, BR_ALU, BR_BIT, BR_BYTE, CMD, CSR, IMMED, LDF, MUL, SHF, classOf, readField } from './fields'
import {
  decodeRestricted,
  decodeRestrictedDestination,
  decodeUnrestricted,
  decodeUnrestrictedDestination,
} from './operand-decode'
import type { DecodedOperand } from './operand-decode'
import type { Bank } from './registers'
import type { Words } from './word'

/** Result bits of the classes that write registers. */
interface Result {
  /** The result goes to the same GPR of both banks; `dst` then still names the bank the word names. */
  readonly writeBoth: boolean
  /** Executes only when the predicate condition holds. */
  readonly predicate: boolean
}

/** Two sources. `swap` true: `left` came from the B field and `right` from the A field. */
interface Sources {
  readonly left: DecodedOperand
  readonly right: DecodedOperand
  readonly swap: boolean
}

/** `alu[…]` and the functions under the same class; `op` is the code of ALU_OPS or ALU_FUNCTIONS, or an undefined one. */
export interface AluInstruction extends Result, Sources {
  readonly class: 'alu'
  readonly op: number
  readonly dst: DecodedOperand
  readonly noCc: boolean
  /** Raw A, B and DST fields. */
  readonly a: number
  readonly b: number
  readonly dstField: number
}

/** `alu_shf`, `dbl_shf`, `asr`, `byte_align`. */
export interface ShfInstruction extends Result, Sources {
  readonly class: 'alu_shf'
  /** Code of SHF_OPS. */
  readonly op: number
  readonly dst: DecodedOperand
  readonly noCc: boolean
  /** Code of SHIFT_KINDS. */
  readonly kind: number
  /** Shift amount in bits; 0 with a kind other than rotation means indirect. Left shifts are given as 1..31, not as 32 - n. */
  readonly amount: number
  /** The amount comes from the A side of the previous instruction. */
  readonly indirect: boolean
}

/** `ld_field` and `ld_field_w_clr`. `dst` is also a source unless `clear`. */
export interface LdFieldInstruction extends Result {
  readonly class: 'ld_field'
  readonly dst: DecodedOperand
  readonly src: DecodedOperand
  /** The destination came from the B field and the source from the A field. */
  readonly swap: boolean
  readonly mask: number
  readonly clear: boolean
  readonly loadCc: boolean
  readonly kind: number
  readonly amount: number
  readonly indirect: boolean
}

/** `immed` and its forms. */
export interface ImmedInstruction extends Result {
  readonly class: 'immed'
  readonly dst: DecodedOperand
  /** The 16-bit value before shift and inversion; -1 when neither slot holds an immediate. */
  readonly value: number
  /** Left shift in bits: 0, 8, 16 or 24. */
  readonly shift: number
  readonly invert: boolean
  readonly width: 'all' | 'byte' | 'word'
}

/** `br` and conditional branches on flags, signals and states; `condition` is a code of CONDITIONS or undefined. */
export interface BranchInstruction {
  readonly class: 'branch'
  readonly condition: number
  /** Context, signal or state number; without meaning for flags. */
  readonly state: number
  readonly eventPipe: number
  readonly defer: number
  readonly address: number
}

/** `br_bset` (`set`) and `br_bclr`. `bit` is 0 to 31; `rawBit` is the immediate minus 1 as it stands in the word. */
export interface BrBitInstruction {
  readonly class: 'br_bit'
  readonly src: DecodedOperand
  readonly bit: number
  readonly rawBit: number
  readonly set: boolean
  readonly defer: number
  readonly address: number
}

/** `br=byte` (`equal`) and `br!=byte`. */
export interface BrByteInstruction {
  readonly class: 'br_byte'
  readonly src: DecodedOperand
  readonly byte: number
  /** The 8-bit value compared with; an immediate in every sensible word. */
  readonly value: DecodedOperand
  readonly equal: boolean
  readonly defer: number
  readonly address: number
}

/** `rtn` (offset 0) and `jump`: to the value of `src` plus `offset` (-1 when neither slot holds an immediate). */
export interface JumpInstruction {
  readonly class: 'br_alu'
  readonly src: DecodedOperand
  readonly offset: number
  readonly defer: number
}

/** `local_csr_wr` (`write`) and `local_csr_rd`; `address` is the byte address. */
export interface CsrInstruction {
  readonly class: 'local_csr'
  readonly write: boolean
  readonly address: number
  readonly src: DecodedOperand
}

/** `mul_step`. Steps below 4 read `left` and `right`, the last steps write `dst`; `type` is a code of MUL_TYPES. */
export interface MulInstruction extends Result, Sources {
  readonly class: 'mult'
  readonly type: number
  /** Code of MUL_STEPS; 6 and 7 are undefined. */
  readonly step: number
  /** Destination of the last steps (kind `none` for a step that writes nothing). */
  readonly dst: DecodedOperand
  readonly noCc: boolean
}

/** A command to a memory unit or another target. */
export interface CommandInstruction {
  readonly class: 'cmd'
  readonly a: DecodedOperand
  readonly b: DecodedOperand
  readonly token: number
  /** TGT_CMD, 7 bits. */
  readonly target: number
  /** First transfer register, 0 to 63. */
  readonly xfer: number
  /** Length field: length - 1. */
  readonly count: number
  readonly signal: number
  /** 0, 1, 2: swap the context after so many words; 3: go on. */
  readonly ctx: number
  readonly indirect: boolean
  readonly mode: number
}

/** `ctx_arb`. */
export interface CtxArbInstruction {
  readonly class: 'ctx_arb'
  readonly signals: number
  readonly any: boolean
  readonly breakpoint: boolean
  readonly resume: boolean
  readonly noLoad: boolean
  readonly defer: number
  readonly address: number
}

/** A word of no class, or a branch with an undefined condition. */
export interface InvalidInstruction {
  readonly class: 'invalid'
}

export type Instruction =
  | AluInstruction
  | ShfInstruction
  | LdFieldInstruction
  | ImmedInstruction
  | BranchInstruction
  | BrBitInstruction
  | BrByteInstruction
  | JumpInstruction
  | CsrInstruction
  | MulInstruction
  | CommandInstruction
  | CtxArbInstruction
  | InvalidInstruction

/** Decodes the low 45 bits of a word; relocation type and ECC are not looked at. */
export function decodeWord(word: Readonly<Word>): Instruction {
  const bits = makeWord(word.lo, word.hi & 0x1fff)
  switch (classOf(bits)?.name) {
    case 'alu':
      return decodeAlu(bits)
    case 'alu_shf':
      return decodeShf(bits)
    case 'ld_field':
      return decodeLdField(bits)
    case 'immed':
      return decodeImmed(bits)
    case 'branch':
      return decodeBranch(bits)
    case 'br_bit':
      return decodeBrBit(bits)
    case 'br_byte':
      return decodeBrByte(bits)
    case 'br_alu':
      return decodeJump(bits)
    case 'local_csr':
      return decodeCsr(bits)
    case 'mult':
      return decodeMul(bits)
    case 'cmd':
      return decodeCommand(bits)
    case 'ctx_arb':
      return decodeCtxArb(bits)
    case undefined:
      return { class: 'invalid' }
  }
}

/** Decodes word `index` of a list. */
export function decodeAt(words: Words, index: number): Instruction {
  return decodeWord(wordAt(words, index))
}

type Bits = Readonly<Word>

const resultOf = (
  bits: Bits,
  at: { readonly writeBoth: typeof ALU.writeBoth; readonly predicate: typeof ALU.predicate },
): Result => ({ writeBoth: readField(bits, at.writeBoth) === 1, predicate: readField(bits, at.predicate) === 1 })

const bankOf = (bit: number): Bank => (bit === 1 ? 'B' : 'A')

function sourcesOf(a: DecodedOperand, b: DecodedOperand, swap: boolean): Sources {
  return swap ? { left: b, right: a, swap } : { left: a, right: b, swap }
}

function unrestrictedSources(bits: Bits): { a: DecodedOperand; b: DecodedOperand } {
  const ext = readField(bits, ALU.srcExt) === 1
  return {
    a: decodeUnrestricted(readField(bits, ALU.a), 'A', ext),
    b: decodeUnrestricted(readField(bits, ALU.b), 'B', ext),
  }
}

/** Amount in bits; the field of left shifts holds 32 minus the amount. */
function shiftOf(bits: Bits): { kind: number; amount: number; indirect: boolean } {
  const kind = readField(bits, SHF.sc)
  const value = readField(bits, SHF.shift)
  return { kind, amount: kind === 2 && value !== 0 ? 32 - value : value, indirect: value === 0 && kind !== 0 }
}

function decodeAlu(bits: Bits): AluInstruction {
  const { a, b } = unrestrictedSources(bits)
  const result = resultOf(bits, ALU)
  const dstField = readField(bits, ALU.dst)
  const bank = bankOf(readField(bits, ALU.dstBank))
  return {
    class: 'alu',
    op: readField(bits, ALU.op),
    dst: decodeUnrestrictedDestination(dstField, bank, readField(bits, ALU.dstExt) === 1),
    ...sourcesOf(a, b, readField(bits, ALU.swap) === 1),
    noCc: readField(bits, ALU.noCc) === 1,
    ...result,
    a: readField(bits, ALU.a),
    b: readField(bits, ALU.b),
    dstField,
  }
}

function decodeShf(bits: Bits): ShfInstruction {
  const ext = readField(bits, SHF.srcExt) === 1
  const i8 = readField(bits, SHF.i8)
  const a = decodeRestricted(readField(bits, SHF.a), 'A', ext, i8)
  const b = decodeRestricted(readField(bits, SHF.b), 'B', ext, i8)
  const result = resultOf(bits, SHF)
  const bank = bankOf(readField(bits, SHF.dstBank))
  return {
    class: 'alu_shf',
    op: readField(bits, SHF.op),
    dst: decodeRestrictedDestination(readField(bits, SHF.dst), bank, readField(bits, SHF.dstExt) === 1),
    ...sourcesOf(a, b, readField(bits, SHF.swap) === 1),
    noCc: readField(bits, SHF.noCc) === 1,
    ...result,
    ...shiftOf(bits),
  }
}

function decodeLdField(bits: Bits): LdFieldInstruction {
  const i8 = readField(bits, LDF.i8)
  const swap = readField(bits, LDF.swap) === 1
  const decode = (side: Bank, ext: boolean): DecodedOperand =>
    decodeRestricted(readField(bits, side === 'A' ? LDF.a : LDF.b), side, ext, i8)
  // The destination lies in a source field; its LM pointer is extended by the destination's bit.
  return {
    class: 'ld_field',
    dst: decode(swap ? 'B' : 'A', readField(bits, LDF.dstExt) === 1),
    src: decode(swap ? 'A' : 'B', readField(bits, LDF.srcExt) === 1),
    swap,
    mask: readField(bits, LDF.mask),
    clear: readField(bits, LDF.clear) === 1,
    loadCc: readField(bits, LDF.loadCc) === 1,
    ...resultOf(bits, LDF),
    ...shiftOf(bits),
  }
}

const isImmediate = (code: number): boolean => code >= 0x300

function decodeImmed(bits: Bits): ImmedInstruction {
  const a = readField(bits, IMMED.a)
  const b = readField(bits, IMMED.b)
  const ext = readField(bits, IMMED.dstExt) === 1
  const high = readField(bits, IMMED.high) << 8
  // With an immediate in both slots there is no destination and the low byte is in B.
  const value = isImmediate(b) ? high | (b & 0xff) : isImmediate(a) ? high | (a & 0xff) : -1
  const inB = isImmediate(a) && !isImmediate(b)
  const dst = inB ? decodeUnrestricted(b, 'B', ext) : decodeUnrestrictedDestination(a, 'A', ext)
  const width = readField(bits, IMMED.width)
  return {
    class: 'immed',
    dst,
    value,
    shift: readField(bits, IMMED.shift) * 8,
    invert: readField(bits, IMMED.invert) === 1,
    width: width === 0 ? 'all' : width === 2 ? 'word' : 'byte',
    ...resultOf(bits, IMMED),
  }
}

const addressOf = (bits: Bits): number => readField(bits, BR.addressLow) | (readField(bits, BR.addressHigh) << 13)

function decodeBranch(bits: Bits): BranchInstruction | InvalidInstruction {
  const condition = readField(bits, BR.cond)
  if ((condition > 11 && condition < 16) || condition > 24) return { class: 'invalid' }
  return {
    class: 'branch',
    condition,
    state: readField(bits, BR.state),
    eventPipe: readField(bits, BR.eventPipe),
    defer: readField(bits, BR.defer),
    address: addressOf(bits),
  }
}

/** Register and value of a word whose operands are one of each; the value is A when that is an immediate, else B. */
function registerAndValue(bits: Bits, i8: number): { src: DecodedOperand; value: DecodedOperand } {
  const ext = readField(bits, BR_BIT.srcExt) === 1
  const a = decodeRestricted(readField(bits, BR_BIT.a), 'A', ext, i8)
  const b = decodeRestricted(readField(bits, BR_BIT.b), 'B', ext, i8)
  return a.kind === 'imm' ? { src: b, value: a } : { src: a, value: b }
}

function decodeBrBit(bits: Bits): BrBitInstruction {
  const { src, value } = registerAndValue(bits, 0)
  const rawBit = (value.kind === 'imm' ? value.value : 0) - 1
  return {
    class: 'br_bit',
    src,
    bit: rawBit & 31,
    rawBit,
    set: readField(bits, BR_BIT.set) === 1,
    defer: readField(bits, BR_BIT.defer),
    address: addressOf(bits),
  }
}

function decodeBrByte(bits: Bits): BrByteInstruction {
  const { src, value } = registerAndValue(bits, readField(bits, BR_BYTE.i8))
  return {
    class: 'br_byte',
    src,
    byte: readField(bits, BR_BYTE.byte),
    value,
    equal: readField(bits, BR_BYTE.equal) === 1,
    defer: readField(bits, BR_BYTE.defer),
    address: addressOf(bits),
  }
}

function decodeJump(bits: Bits): JumpInstruction {
  const { a, b } = unrestrictedSources(bits)
  const high = readField(bits, BR_ALU.high) << 8
  const defer = readField(bits, BR_ALU.defer)
  if (b.kind === 'imm') return { class: 'br_alu', src: a, offset: high | b.value, defer }
  if (a.kind === 'imm') return { class: 'br_alu', src: b, offset: high | a.value, defer }
  return { class: 'br_alu', src: a, offset: -1, defer }
}

function decodeCsr(bits: Bits): CsrInstruction {
  const { a, b } = unrestrictedSources(bits)
  return {
    class: 'local_csr',
    write: readField(bits, CSR.write) === 1,
    address: readField(bits, CSR.address) * 4,
    src: a.kind === 'imm' && b.kind !== 'imm' ? b : a,
  }
}

function decodeMul(bits: Bits): MulInstruction {
  const { a, b } = unrestrictedSources(bits)
  const swap = readField(bits, MUL.swap) === 1
  const step = readField(bits, MUL.step)
  return {
    class: 'mult',
    type: readField(bits, MUL.type),
    step,
    dst: step < 4 ? { kind: 'none' } : mulDestination(bits, swap),
    ...sourcesOf(a, b, swap),
    noCc: readField(bits, MUL.noCc) === 1,
    ...resultOf(bits, MUL),
  }
}

function mulDestination(bits: Bits, swap: boolean): DecodedOperand {
  const code = readField(bits, swap ? MUL.b : MUL.a)
  const bank = bankOf(readField(bits, MUL.dstBank))
  return decodeUnrestrictedDestination(code, bank, readField(bits, MUL.dstExt) === 1)
}

function decodeCommand(bits: Bits): CommandInstruction {
  return {
    class: 'cmd',
    a: decodeRestricted(readField(bits, CMD.a), 'A', false, 0),
    b: decodeRestricted(readField(bits, CMD.b), 'B', false, 0),
    token: readField(bits, CMD.token),
    target: readField(bits, CMD.target),
    xfer: readField(bits, CMD.xfer) | (readField(bits, CMD.xferHigh) << 5),
    count: readField(bits, CMD.count),
    signal: readField(bits, CMD.signal),
    ctx: readField(bits, CMD.ctx),
    indirect: readField(bits, CMD.indirect) === 1,
    mode: readField(bits, CMD.mode),
  }
}

function decodeCtxArb(bits: Bits): CtxArbInstruction {
  return {
    class: 'ctx_arb',
    signals: readField(bits, ARB.signals),
    any: readField(bits, ARB.any) === 1,
    breakpoint: readField(bits, ARB.breakpoint) === 1,
    resume: readField(bits, ARB.resume) === 1,
    noLoad: readField(bits, ARB.noLoad) === 1,
    defer: readField(bits, ARB.defer),
    address: addressOf(bits),
  }
}
