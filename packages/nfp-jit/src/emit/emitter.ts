/**
 * The translator's assembler: one method per kind of NFP word, and the procedures of nfp-jit.md, section 2, that build
 * constants and move bytes. Names of methods follow the notation of section 1 there (`ldfz`, `csrw`, …).
 *
 * It knows operands and words, not BPF. Errors of the encoders (operands that do not fit) leave as EncodeError.
 */
import {
  alu,
  br,
  brBit,
  cmd,
  CSR_ADDRESS,
  csrRead,
  csrWrite,
  immed,
  ldField,
  mov,
  mulLast,
  mulStep,
  nop,
  NO_SHIFT,
  NONE,
  RELOCATION,
  rotateRight,
  rtn,
  shf,
  shiftLeft,
  shiftRight,
} from '@offload/nfp'
import type { AluOp, CommandOptions, Condition, ImmedOptions, Operand, Relocation, Shift, ShfOp } from '@offload/nfp'
import { CodeBuffer } from './code-buffer'
import { ab, IMM_A, IMM_B, num } from './registers'

/** A branch target that relocation fills in; helper branches add the helper's id. */
export const PLACEHOLDER = 15000

/** The low and high part of an address, as operands of a command. */
export interface AddressPair {
  readonly a: Operand
  readonly b: Operand
}

export class Emitter {
  readonly code: CodeBuffer

  constructor(code: CodeBuffer) {
    this.code = code
  }

  /** Index of the next word. */
  get here(): number {
    return this.code.length
  }

  because(reason: string): void {
    this.code.because(reason)
  }

  alu(dst: Operand, left: Operand, op: AluOp, right: Operand): void {
    this.code.push(alu(dst, left, op, right), 0)
  }

  mov(dst: Operand, src: Operand): void {
    this.code.push(mov(dst, src), 0)
  }

  not(dst: Operand, src: Operand): void {
    this.code.push(alu(dst, NONE, '~B', src), 0)
  }

  shf(dst: Operand, left: Operand, op: ShfOp, right: Operand, shift: Shift): void {
    this.code.push(shf(dst, left, op, right, shift), 0)
  }

  /** Replaces the bytes of `dst` selected by `mask` with those of the shifted source. */
  ldf(dst: Operand, mask: number, src: Operand, shift: Shift = NO_SHIFT): void {
    this.code.push(ldField(dst, mask, src, shift), 0)
  }

  /** The same; bytes not selected are cleared. */
  ldfz(dst: Operand, mask: number, src: Operand, shift: Shift = NO_SHIFT): void {
    this.code.push(ldField(dst, mask, src, shift, { clear: true }), 0)
  }

  /** A single load of a 16-bit constant. */
  immed(dst: Operand, value: number, options?: ImmedOptions): void {
    this.code.push(immed(dst, value, options), 0)
  }

  /** A constant that holds a word address: the port's start is added at load. */
  immedAddress(dst: Operand, index: number): void {
    this.code.push(immed(dst, index), RELOCATION.immediate)
  }

  br(condition: Condition, target: number, defer = 0, relocation: Relocation = RELOCATION.branch): void {
    this.code.push(br(condition, target, defer), relocation)
  }

  brBset(src: Operand, bit: number, target: number): void {
    this.code.push(brBit(src, bit, target), RELOCATION.branch)
  }

  csrw(address: number, src: Operand): void {
    this.code.push(csrWrite(address, src), 0)
  }

  csrr(address: number): void {
    this.code.push(csrRead(address), 0)
  }

  rtn(src: Operand, defer = 0): void {
    this.code.push(rtn(src, defer), 0)
  }

  nop(count = 1): void {
    for (let i = 0; i < count; i++) this.code.push(nop(), 0)
  }

  cmd(address: AddressPair, options: CommandOptions): void {
    this.code.push(cmd(address.a, address.b, options), 0)
  }

  /** 32×32 bit product of `left` and `right`: low word to `low`; high word to `high`, or 0 there without `wantHigh`. */
  mul32(high: Operand, low: Operand, left: Operand, right: Operand, wantHigh: boolean): void {
    this.code.push(mulStep(left, right, 'start'), 0)
    for (const step of ['step1', 'step2', 'step3', 'step4'] as const) {
      this.code.push(mulStep(left, right, '32x32', step), 0)
    }
    this.code.push(mulLast(low, '32x32', 'last'), 0)
    if (wantHigh) this.code.push(mulLast(high, '32x32', 'last2'), 0)
    else this.immed(high, 0)
  }

  /** 16×16 bit product. */
  mul16(low: Operand, left: Operand, right: Operand): void {
    this.code.push(mulStep(left, right, 'start'), 0)
    this.code.push(mulStep(left, right, '16x16', 'step1'), 0)
    this.code.push(mulStep(left, right, '16x16', 'step2'), 0)
    this.code.push(mulLast(low, '16x16', 'last'), 0)
  }

  /** IMM32: any 32-bit constant, in one word where 16 bits, shifted or inverted, can express it, else in two. */
  imm32(dst: Operand, value: number): void {
    const v = value >>> 0
    if (this.immedShifted(dst, v, false) || this.immedShifted(dst, ~v >>> 0, true)) return
    this.immed(dst, v & 0xffff)
    this.immed(dst, v >>> 16, { width: 'word', shift: 16 })
  }

  private immedShifted(dst: Operand, v: number, invert: boolean): boolean {
    const form = (value: number, shift: 0 | 8 | 16): true => {
      this.immed(dst, value, { shift, invert })
      return true
    }
    if (v <= 0xffff) return form(v, 0)
    if ((v & 0xff0000ff) === 0) return form(v >>> 8, 8)
    if ((v & 0xffff) === 0) return form(v >>> 16, 16)
    return false
  }

  /** UIMM: the constant as an immediate operand where 8 bits suffice, else loaded into `temporary`. */
  uimm(value: number, temporary: Operand): Operand {
    return this.small(value, 0xff, temporary)
  }

  /** RIMM: the same for commands, whose immediates have 7 bits. */
  rimm(value: number, temporary: Operand): Operand {
    return this.small(value, 0x7f, temporary)
  }

  private small(value: number, limit: number, temporary: Operand): Operand {
    const v = value >>> 0
    if (v <= limit) return num(v)
    const reason = this.code.because(`constant ${constantText(v)}: too large for the word that uses it`)
    this.imm32(temporary, v)
    this.code.because(reason)
    return temporary
  }

  /** ZERO: clears the upper word of the pair whose low word is GPR `low`. */
  clearHigh(low: number): void {
    this.immed(ab(low + 1), 0)
  }

  /** SUB: `length` bytes of `src` from byte `offset` on, right-aligned; other bytes cleared. */
  takeBytes(dst: Operand, src: Operand, length: number, offset: number): void {
    this.ldfz(dst, (1 << length) - 1, src, offset === 0 ? NO_SHIFT : shiftRight(8 * offset))
  }

  /** ORSUB: the lowest `length` bytes of `src` into bytes `offset`.. of `dst`. */
  putBytes(dst: Operand, src: Operand, length: number, offset: number): void {
    this.ldf(dst, ((1 << length) - 1) << offset, src, offset === 0 ? NO_SHIFT : shiftLeft(8 * offset))
  }

  /** SWAP32: byte-swaps `src` into GPR `dst`. */
  swap32(src: Operand, dst: Operand, dstAsSource: Operand): void {
    this.ldf(dst, 0b1111, src, rotateRight(8))
    this.ldf(dst, 0b0101, dstAsSource, rotateRight(16))
  }

  /** ADDR40: the 40-bit address in `low`, `high` plus `offset`; nothing is emitted for the immediate 0. */
  address40(low: Operand, high: Operand, offset: Operand): AddressPair {
    if (offset.kind === 'imm' && offset.value === 0) return { a: low, b: high }
    this.alu(IMM_A, low, '+', offset)
    this.alu(IMM_B, high, '+carry', num(0))
    return { a: IMM_A, b: IMM_B }
  }

  /** Points local memory pointer `csr` at the address in `src`; the pointer may be used after three more words. */
  setLocalMemoryPointer(csr: keyof typeof CSR_ADDRESS, src: Operand): void {
    this.csrw(CSR_ADDRESS[csr], src)
  }

  /** The length override of a command, in the word before it: `length` units. */
  overrideLength(length: number): void {
    this.imm32(NONE, LENGTH_OVERRIDE | ((length - 1) << 8))
  }
}

/** Bit 7 of an override word: bits 12..8 replace the command's length. */
const LENGTH_OVERRIDE = 0x80

/** Small numbers as people write them, others as hex. */
const constantText = (value: number): string =>
  value < 0x10000 ? String(value) : value >= 0xffff0000 ? String(value | 0) : `0x${value.toString(16)}`
