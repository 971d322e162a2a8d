/**
 * Builds NFP words, one function per instruction class, with the operand rules of the nfp driver.
 *
 * Every function returns a fresh word whose relocation byte and ECC are zero, and throws an EncodeError for what no
 * word can express (the driver answers EFAULT there). Operands are those of registers.ts. Classes the driver never
 * emits (byte branches, arbitration, CRC, CAM) are in encode-other.ts. Follows nfp-isa.md, sections 4 to 12, and
 * nfp-jit.md, section 1.
 */
import { makeWord } from './bits'
import type { Word } from './bits'
import { EncodeError } from './encode-error'
import { ALU, BR, BR_ALU, BR_BIT, CMD, CSR, IMMED, LDF, MUL, SHF, classLayout, writeField } from './fields'
import type { Field, InstructionClass } from './fields'
import { ALU_OPS, CONDITIONS, MUL_STEPS, MUL_TYPES, SHF_OPS, SHIFT_KINDS } from './names'
import type { AluOp, Condition, MulStep, MulType, ShfOp, ShiftKind } from './names'
import {
  NONE,
  destinationBank,
  encodeRestricted,
  encodeUnrestricted,
  imm,
  place,
  usesLmExtension,
  writesBoth,
} from './registers'
import type { Operand } from './registers'

/** Bits that several classes share and the driver leaves 0. */
export interface ResultOptions {
  /** Leave the condition codes unchanged (not in immed and ld_field words). */
  readonly noCc?: boolean
  /** Execute only when the predicate condition holds. */
  readonly predicate?: boolean
  /** Set the both-banks bit although the destination is not a GPR of both banks. */
  readonly writeBoth?: boolean
  /** Let two sources of one kind through where a word can hold them; the driver refuses them. */
  readonly allowSameKind?: boolean
}

/** A shift: its kind, and a constant amount or `indirect` (taken at run time from the previous instruction). */
export interface Shift {
  readonly kind: ShiftKind
  readonly amount: number | 'indirect'
}

export const NO_SHIFT: Shift = { kind: 'rot', amount: 0 }
/** Logical right shift (arithmetic with `asr`). */
export const shiftRight = (amount: number | 'indirect'): Shift => ({ kind: '>>', amount })
export const shiftLeft = (amount: number | 'indirect'): Shift => ({ kind: '<<', amount })
export const rotateRight = (amount: number): Shift => ({ kind: 'rot', amount })
/** The 64-bit value left:right shifted right, low word kept. */
export const shiftRightDouble = (amount: number | 'indirect'): Shift => ({ kind: 'dbl>>', amount })

/** A word with only the fixed bits of a class set. */
export function emptyWord(name: InstructionClass): Word {
  const { valueLo, valueHi } = classLayout(name)
  return makeWord(valueLo, valueHi)
}

/** Writes a field after checking that the value fits; throws `field-range`. */
export function putChecked(word: Word, at: Field, value: number): void {
  const limit = 2 ** (at.msb - at.lsb + 1)
  if (!Number.isInteger(value) || value < 0 || value >= limit) {
    throw new EncodeError('field-range', `${at.name} ${value} is not in 0 to ${limit - 1}`)
  }
  writeField(word, at, value)
}

function putResult(
  word: Word,
  at: { readonly writeBoth: Field; readonly predicate: Field; readonly noCc?: Field },
  dst: Operand,
  options: ResultOptions,
): void {
  if (writesBoth(dst) || options.writeBoth) writeField(word, at.writeBoth, 1)
  if (options.predicate) writeField(word, at.predicate, 1)
  if (at.noCc && options.noCc) writeField(word, at.noCc, 1)
}

/**
 * `alu[dst, left, op, right]`. For `B` and `~B` the left source is `NONE`. The codes of operators outside AluOp are
 * taken as numbers.
 */
export function alu(
  dst: Operand,
  left: Operand,
  op: AluOp | number,
  right: Operand,
  options: ResultOptions = {},
): Word {
  const word = emptyWord('alu')
  const { a, b, swap, lmExtension } = place(left, right, options.allowSameKind)
  writeField(word, ALU.a, encodeUnrestricted(a, 'source'))
  writeField(word, ALU.b, encodeUnrestricted(b, 'source'))
  writeField(word, ALU.dst, encodeUnrestricted(dst, 'destination'))
  writeField(word, ALU.swap, swap ? 1 : 0)
  putChecked(word, ALU.op, typeof op === 'number' ? op : ALU_OPS[op])
  writeField(word, ALU.dstBank, destinationBank(dst))
  writeField(word, ALU.srcExt, lmExtension ? 1 : 0)
  writeField(word, ALU.dstExt, usesLmExtension(dst) ? 1 : 0)
  putResult(word, ALU, dst, options)
  return word
}

/** `alu[dst, --, B, src]`. */
export const mov = (dst: Operand, src: Operand): Word => alu(dst, NONE, 'B', src)

/** The amount field: left shifts store 32 minus the amount, so a constant amount 0 is the indirect form. */
function amountField(shift: Shift): number {
  if (shift.amount === 'indirect') {
    if (shift.kind === 'rot') throw new EncodeError('indirect-rotate', 'indirect shift is not allowed on rotation')
    return 0
  }
  return (shift.kind === '<<' ? 32 - shift.amount : shift.amount) & 31
}

/**
 * `alu_shf`, `dbl_shf` (kind `dbl>>`, op `B`), `asr` and `byte_align`: op applied to left and the shifted right source.
 * A constant amount 0 gives the same word as the indirect form, except for rotation. Throws `shift-range` for constant
 * amounts outside 0 to 31.
 */
export function shf(
  dst: Operand,
  left: Operand,
  op: ShfOp,
  right: Operand,
  shift: Shift = NO_SHIFT,
  options: ResultOptions = {},
): Word {
  if (shift.amount !== 'indirect' && (shift.amount < 0 || shift.amount > 31)) {
    throw new EncodeError('shift-range', `shift amount ${shift.amount} is not in 0 to 31`)
  }
  const word = emptyWord('alu_shf')
  const { a, b, swap, lmExtension } = place(left, right, options.allowSameKind)
  const aCode = encodeRestricted(a, 'source', true)
  const bCode = encodeRestricted(b, 'source', true)
  writeField(word, SHF.a, aCode.code)
  writeField(word, SHF.sc, SHIFT_KINDS[shift.kind])
  writeField(word, SHF.b, bCode.code)
  writeField(word, SHF.i8, aCode.i8 | bCode.i8)
  writeField(word, SHF.swap, swap ? 1 : 0)
  writeField(word, SHF.dst, encodeRestricted(dst, 'destination', true).code)
  writeField(word, SHF.shift, amountField(shift))
  writeField(word, SHF.op, SHF_OPS[op])
  writeField(word, SHF.dstBank, destinationBank(dst))
  writeField(word, SHF.srcExt, lmExtension ? 1 : 0)
  writeField(word, SHF.dstExt, usesLmExtension(dst) ? 1 : 0)
  putResult(word, SHF, dst, options)
  return word
}

/** Options of `ldField`. */
export interface LdFieldOptions extends ResultOptions {
  /** `ld_field_w_clr`: bytes that are not selected become 0. */
  readonly clear?: boolean
  /** Set the condition codes from the result. */
  readonly loadCc?: boolean
}

/**
 * `ld_field[dst, mask, src, shift]`: bytes of dst selected by the 4-bit mask (bit 0: the lowest byte) are replaced by
 * those of the shifted source. Only the low five bits of the amount field are kept, as the driver does.
 */
export function ldField(
  dst: Operand,
  mask: number,
  src: Operand,
  shift: Shift = NO_SHIFT,
  options: LdFieldOptions = {},
): Word {
  const word = emptyWord('ld_field')
  // The destination is also the left source. One of both banks counts as neither bank, except that a bank-A source
  // pushes it into the B field.
  const { a, b, swap, lmExtension } = place(dst, src, options.allowSameKind)
  const aCode = encodeRestricted(a, a === dst ? 'destination' : 'source', true)
  const bCode = encodeRestricted(b, b === dst ? 'destination' : 'source', true)
  writeField(word, LDF.a, aCode.code)
  writeField(word, LDF.sc, SHIFT_KINDS[shift.kind])
  writeField(word, LDF.b, bCode.code)
  writeField(word, LDF.i8, aCode.i8 | bCode.i8)
  writeField(word, LDF.swap, swap ? 1 : 0)
  writeField(word, LDF.clear, options.clear ? 1 : 0)
  putChecked(word, LDF.mask, mask)
  writeField(word, LDF.shift, amountField(shift))
  writeField(word, LDF.loadCc, options.loadCc ? 1 : 0)
  writeField(word, LDF.srcExt, lmExtension ? 1 : 0)
  writeField(word, LDF.dstExt, usesLmExtension(dst) ? 1 : 0)
  putResult(word, LDF, dst, options)
  return word
}

/** Options of `immed`. */
export interface ImmedOptions extends ResultOptions {
  /** Left shift of the 16-bit value in bits: 0, 8 or 16 (24 for the highest byte with width `byte`). */
  readonly shift?: 0 | 8 | 16 | 24
  /** Write the complement of the shifted value. */
  readonly invert?: boolean
  /** Part of the destination that is written. */
  readonly width?: 'all' | 'byte' | 'word'
}

/** `immed[dst, value]` and its forms for bytes and half-words; `value` has 16 bits, before shift and inversion. */
export function immed(dst: Operand, value: number, options: ImmedOptions = {}): Word {
  if (value & ~0xffff) throw new EncodeError('immediate-too-large', 'immediate too large')
  const word = emptyWord('immed')
  const { a, b, lmExtension } = place(dst, imm(value & 0xff), true)
  writeField(word, IMMED.a, encodeUnrestricted(a, a === dst ? 'destination' : 'source'))
  writeField(word, IMMED.b, encodeUnrestricted(b, b === dst ? 'destination' : 'source'))
  writeField(word, IMMED.high, value >>> 8)
  writeField(word, IMMED.width, { all: 0, byte: 1, word: 2 }[options.width ?? 'all'])
  writeField(word, IMMED.invert, options.invert ? 1 : 0)
  writeField(word, IMMED.shift, (options.shift ?? 0) >>> 3)
  // The destination lies in a source field, so the driver sets both extension bits.
  writeField(word, IMMED.srcExt, lmExtension ? 1 : 0)
  writeField(word, IMMED.dstExt, lmExtension ? 1 : 0)
  putResult(word, IMMED, dst, options)
  return word
}

/** `nop`: an immed without destination and with value 0. */
export const nop = (): Word => immed(NONE, 0)

/** Writes a 14-bit branch target; throws `field-range` outside 0 to 16383. */
export function putAddress(
  word: Word,
  at: { readonly addressLow: Field; readonly addressHigh: Field },
  address: number,
): void {
  if (!Number.isInteger(address) || address < 0 || address > 0x3fff) {
    throw new EncodeError('field-range', `branch target ${address} is not in 0 to 16383`)
  }
  writeField(word, at.addressLow, address)
  writeField(word, at.addressHigh, address >>> 13)
}

/** Options of `br`. */
export interface BranchOptions {
  /** Number of the context, signal or state tested (CSS); the driver always writes 2. */
  readonly state?: number
  /** EV_PIP; 0 for `br`, 1 for the others unless given. */
  readonly eventPipe?: number
}

/**
 * `br` and the conditional branches on flags: `defer` following words are executed first. Throws `defer-range` for
 * more than 2 with `br` and more than 3 otherwise.
 */
export function br(condition: Condition, address: number, defer = 0, options: BranchOptions = {}): Word {
  if (defer < 0 || defer > (condition === 'br' ? 2 : 3)) {
    throw new EncodeError('defer-range', `BUG: branch defer out of bounds ${defer}`)
  }
  const word = emptyWord('branch')
  writeField(word, BR.cond, CONDITIONS[condition])
  putChecked(word, BR.eventPipe, options.eventPipe ?? (condition === 'br' ? 0 : 1))
  putChecked(word, BR.state, options.state ?? 2)
  writeField(word, BR.defer, defer)
  putAddress(word, BR, address)
  return word
}

/** `br_bset` (branch when bit `bit` of `src` is 1) or, with `set` false, `br_bclr`. */
export function brBit(src: Operand, bit: number, address: number, defer = 0, set = true): Word {
  const word = emptyWord('br_bit')
  const { a, b, lmExtension } = place(src, imm(bit + 1), true)
  writeField(word, BR_BIT.a, encodeRestricted(a, 'source', false).code)
  writeField(word, BR_BIT.b, encodeRestricted(b, 'source', false).code)
  writeField(word, BR_BIT.set, set ? 1 : 0)
  putChecked(word, BR_BIT.defer, defer)
  putAddress(word, BR_BIT, address)
  writeField(word, BR_BIT.srcExt, lmExtension ? 1 : 0)
  return word
}

/** `jump[src, offset]`: branch to the address in `src` plus `offset`; `rtn[src]` when `offset` is 0. */
export function jump(src: Operand, offset: number, defer = 0): Word {
  const word = emptyWord('br_alu')
  const { a, b, lmExtension } = place(src, imm(offset & 0xff), true)
  writeField(word, BR_ALU.a, encodeUnrestricted(a, 'source'))
  writeField(word, BR_ALU.b, encodeUnrestricted(b, 'source'))
  putChecked(word, BR_ALU.defer, defer)
  putChecked(word, BR_ALU.high, offset >>> 8)
  writeField(word, BR_ALU.srcExt, lmExtension ? 1 : 0)
  return word
}

/** `rtn[src]`: branch to the address in `src`. */
export const rtn = (src: Operand, defer = 0): Word => jump(src, 0, defer)

/** `mul_step[left, right], start` (type `start`) and `…_step1` to `…_step4`. */
export function mulStep(
  left: Operand,
  right: Operand,
  type: MulType,
  step: 'step1' | 'step2' | 'step3' | 'step4' = 'step1',
  options: ResultOptions = {},
): Word {
  const { a, b, swap, lmExtension } = place(left, right, options.allowSameKind)
  const word = emptyWord('mult')
  writeField(word, MUL.a, encodeUnrestricted(a, 'source'))
  writeField(word, MUL.b, encodeUnrestricted(b, 'source'))
  writeField(word, MUL.swap, swap ? 1 : 0)
  writeField(word, MUL.srcExt, lmExtension ? 1 : 0)
  putMulKind(word, type, step)
  putResult(word, MUL, NONE, options)
  return word
}

/** `mul_step[dst, --], …_last` (low word of the product) or `…_last2` (high word). `dst` may be `NONE`. */
export function mulLast(
  dst: Operand,
  type: MulType,
  step: 'last' | 'last2' = 'last',
  options: ResultOptions = {},
): Word {
  const { a, b, swap, lmExtension } = place(dst, NONE)
  const word = emptyWord('mult')
  writeField(word, MUL.a, encodeUnrestricted(a, swap ? 'source' : 'destination'))
  writeField(word, MUL.b, encodeUnrestricted(b, swap ? 'destination' : 'source'))
  writeField(word, MUL.swap, swap ? 1 : 0)
  writeField(word, MUL.dstBank, destinationBank(dst))
  writeField(word, MUL.srcExt, lmExtension ? 1 : 0)
  writeField(word, MUL.dstExt, lmExtension ? 1 : 0)
  putMulKind(word, type, step)
  putResult(word, MUL, dst, options)
  return word
}

function putMulKind(word: Word, type: MulType, step: MulStep): void {
  writeField(word, MUL.type, MUL_TYPES[type])
  writeField(word, MUL.step, MUL_STEPS[step])
}

/** `local_csr_wr`: `address` is the byte address of the register (CSR_ADDRESS), `src` a register or an immediate. */
export function csrWrite(address: number, src: Operand): Word {
  const word = emptyWord('local_csr')
  writeField(word, CSR.write, 1)
  putCsr(word, address)
  // An immediate goes into both fields; beside a register stands an immediate 0.
  const { a, b, lmExtension } = src.kind === 'imm' ? place(src, src, true) : place(src, imm(0))
  writeField(word, CSR.a, encodeUnrestricted(a, 'source'))
  writeField(word, CSR.b, encodeUnrestricted(b, 'source'))
  writeField(word, CSR.srcExt, lmExtension ? 1 : 0)
  return word
}

/** `local_csr_rd`: the value is delivered to the `immed` that follows. */
export function csrRead(address: number): Word {
  const word = emptyWord('local_csr')
  putCsr(word, address)
  return word
}

function putCsr(word: Word, address: number): void {
  if (address & 3) throw new EncodeError('field-range', `local CSR address ${address} is not a multiple of 4`)
  putChecked(word, CSR.address, address >>> 2)
}

/** Codes of a command: TOKEN and TGT_CMD. */
export interface CommandCode {
  readonly token: number
  readonly target: number
}

/** The memory commands the driver knows (nfp-jit.md, section 1). */
export const MEMORY_COMMANDS = {
  read8: { token: 1, target: 0x43 },
  read32: { token: 0, target: 0x5c },
  read32Le: { token: 1, target: 0x5c },
  read32Swap: { token: 2, target: 0x5c },
  readLe: { token: 1, target: 0x40 },
  readSwapLe: { token: 3, target: 0x40 },
  write8Swap: { token: 2, target: 0x42 },
  write32Swap: { token: 2, target: 0x5f },
  add: { token: 0, target: 0x47 },
  addImm: { token: 2, target: 0x47 },
} as const satisfies Record<string, CommandCode>

/** Address modes of commands (field MODE): `40b_AB` (A << 8) + B, `40b_BA` (B << 8) + A, `32b` A + B. */
export const ADDRESS_MODES = { '40b_AB': 0, '40b_BA': 1, '32b': 4 } as const

/** What `cmd` needs beside the operands. */
export interface CommandOptions {
  readonly code: CommandCode
  readonly mode: keyof typeof ADDRESS_MODES | number
  /** Value for the 3-bit count field (length - 1); higher bits are dropped, as the driver does. */
  readonly count: number
  /** First transfer register; 0 to 63. */
  readonly xfer: number
  /** Swap the context until done: true at once, 1 or 2 after so many words; false: go on. */
  readonly wait: boolean | 1 | 2
  /** The previous ALU result overrides parts of the command. */
  readonly indirect?: boolean
  /** Signal delivered on completion; 1 when waiting and 0 when not unless given. */
  readonly signal?: number
}

/** A command to a memory unit with address operands `a` and `b`. Throws `cmd-swap` and `cmd-lmextn` as the driver. */
export function cmd(a: Operand, b: Operand, options: CommandOptions): Word {
  const placed = place(a, b, true)
  if (placed.swap) throw new EncodeError('cmd-swap', "cmd can't swap arguments")
  if (placed.lmExtension) throw new EncodeError('cmd-lmextn', "cmd can't use LMextn")
  const word = emptyWord('cmd')
  writeField(word, CMD.a, encodeRestricted(a, 'source', false).code)
  writeField(word, CMD.b, encodeRestricted(b, 'source', false).code)
  writeField(word, CMD.ctx, options.wait === false ? 3 : options.wait === true ? 0 : options.wait)
  putChecked(word, CMD.token, options.code.token)
  putChecked(word, CMD.target, options.code.target)
  writeField(word, CMD.xfer, options.xfer)
  writeField(word, CMD.xferHigh, options.xfer >>> 5)
  writeField(word, CMD.count, options.count)
  putChecked(word, CMD.signal, options.signal ?? (options.wait === false ? 0 : 1))
  writeField(word, CMD.indirect, options.indirect ? 1 : 0)
  putChecked(word, CMD.mode, typeof options.mode === 'number' ? options.mode : ADDRESS_MODES[options.mode])
  return word
}
