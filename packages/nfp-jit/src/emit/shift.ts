/**
 * Shifts by constants and by registers. Follows nfp-jit.md, section 9.
 *
 * An amount in a register counts as constant when the verifier saw only one value of it (quirk Q19). Otherwise it is
 * handed over at run time: the word before an indirect shift names the amount as its A operand, and for arithmetic
 * shifts its result carries the sign.
 */
import { NONE, shiftLeft, shiftRight, shiftRightDouble } from '@offload/nfp'
import { EFAULT } from '../errno'
import { ALU_ARSH, ALU_LSH, CLASS_ALU64, classOf, isRegisterForm, operationOf } from '../opcodes'
import { dstGpr, srcGpr, zeroExtend } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, ab, b, IMM_A, IMM_AB, num } from './registers'
import { TranslateError } from './translate-error'

/** The amount where it is known: constant, or a register with a single value on all visited paths. */
function constantAmount(cx: EmitContext, insn: number): number | undefined {
  const p = cx.program
  if (!isRegisterForm(p.code[insn]!)) return p.imm[insn]! & 0xff
  const [lo, hi] = [2 * insn, 2 * insn + 1]
  if (p.uminSrc[lo] !== p.umaxSrc[lo] || p.uminSrc[hi] !== p.umaxSrc[hi]) return undefined
  return p.uminSrc[hi]! * 2 ** 32 + p.uminSrc[lo]!
}

export const shift: EmitRoutine = (cx, insn) => {
  const code = cx.program.code[insn]!
  const wide = classOf(code) === CLASS_ALU64
  const amount = constantAmount(cx, insn)
  const d = dstGpr(cx, insn)
  if (amount === undefined) {
    if (wide) wideByRegister(cx, insn)
    else narrowByRegister(cx, insn)
  } else if (amount > (wide ? 63 : 31)) {
    throw new TranslateError(EFAULT)
  } else if (amount !== 0) {
    if (wide) wideByConstant(cx, operationOf(code), d, amount)
    else narrowByConstant(cx, operationOf(code), d, amount)
  }
  if (!wide) zeroExtend(cx, insn, d)
}

function wideByConstant(cx: EmitContext, operation: number, d: number, n: number): void {
  const { out } = cx
  const [low, high] = [d, d + 1]
  if (operation === ALU_LSH) {
    out.because(`shift left by ${n}, high word`)
    if (n < 32) {
      out.shf(ab(high), a(high), 'B', b(low), shiftRightDouble(32 - n))
      out.because(`shift left by ${n}, low word`)
      out.shf(ab(low), NONE, 'B', b(low), shiftLeft(n))
      return
    }
    if (n === 32) out.mov(ab(high), b(low))
    else out.shf(ab(high), NONE, 'B', b(low), shiftLeft(n - 32))
    out.because(`shift left by ${n}: nothing is left in the low word`)
    out.immed(ab(low), 0)
    return
  }
  const arithmetic = operation === ALU_ARSH
  const word = arithmetic ? 'arithmetic shift right' : 'shift right'
  if (n < 32) {
    out.because(`${word} by ${n}, low word`)
    out.shf(ab(low), a(high), 'B', b(low), shiftRightDouble(n))
    out.because(`${word} by ${n}, high word`)
    if (arithmetic) {
      out.alu(NONE, a(high), 'OR', num(0))
      out.shf(ab(high), NONE, 'asr', b(high), shiftRight(n))
    } else {
      out.shf(ab(high), NONE, 'B', b(high), shiftRight(n))
    }
    return
  }
  out.because(`${word} by ${n}, low word from the high one`)
  if (n === 32) {
    out.mov(ab(low), b(high))
  } else if (arithmetic) {
    out.alu(NONE, a(high), 'OR', num(0))
    out.shf(ab(low), NONE, 'asr', b(high), shiftRight(n - 32))
  } else {
    out.shf(ab(low), NONE, 'B', b(high), shiftRight(n - 32))
  }
  out.because(arithmetic ? 'the high word is all sign' : 'the high word is 0')
  if (arithmetic) out.shf(ab(high), NONE, 'asr', b(high), shiftRight(31))
  else out.immed(ab(high), 0)
}

function narrowByConstant(cx: EmitContext, operation: number, d: number, n: number): void {
  const { out } = cx
  if (operation === ALU_LSH) {
    out.because(`shift left by ${n}, 32 bits`)
    out.shf(ab(d), NONE, 'B', b(d), shiftLeft(n))
  } else if (operation === ALU_ARSH) {
    out.because(`arithmetic shift right by ${n}, 32 bits`)
    out.alu(NONE, a(d), 'OR', num(0))
    out.shf(ab(d), NONE, 'asr', b(d), shiftRight(n))
  } else {
    out.because(`shift right by ${n}, 32 bits`)
    out.shf(ab(d), NONE, 'B', b(d), shiftRight(n))
  }
}

function narrowByRegister(cx: EmitContext, insn: number): void {
  const { out } = cx
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  const operation = operationOf(cx.program.code[insn]!)
  if (operation === ALU_LSH) {
    leftLow(cx, d, s)
    return
  }
  const arithmetic = operation === ALU_ARSH
  out.because('shift amount for the next word')
  out.alu(NONE, a(s), 'OR', arithmetic ? b(d) : num(0))
  out.because(arithmetic ? 'arithmetic shift right by a register, 32 bits' : 'shift right by a register, 32 bits')
  out.shf(ab(d), NONE, arithmetic ? 'asr' : 'B', b(d), shiftRight('indirect'))
}

/** Each block hands over the amount in one word and shifts in the next. */
function amountIs(cx: EmitContext, s: number, reason: string): void {
  cx.out.because('shift amount for the next word')
  cx.out.alu(NONE, a(s), 'OR', num(0))
  cx.out.because(reason)
}

/** High word of a left shift by less than 32: the amount is 32 − n, so n = 0 goes wrong (quirk Q22). */
function leftHigh(cx: EmitContext, d: number, s: number): void {
  cx.out.because('32 minus the amount')
  cx.out.alu(IMM_AB, num(32), '-', b(s))
  cx.out.because('shift amount for the next word')
  cx.out.alu(NONE, IMM_A, 'OR', num(0))
  cx.out.because('shift left, high word')
  cx.out.shf(ab(d + 1), a(d + 1), 'B', b(d), shiftRightDouble('indirect'))
}

function leftLow(cx: EmitContext, d: number, s: number): void {
  amountIs(cx, s, 'shift left, low word')
  cx.out.shf(ab(d), NONE, 'B', b(d), shiftLeft('indirect'))
}

function leftBy32OrMore(cx: EmitContext, d: number, s: number): void {
  amountIs(cx, s, 'shift left by 32 or more: high word from the low one')
  cx.out.shf(ab(d + 1), NONE, 'B', b(d), shiftLeft('indirect'))
  cx.out.because('nothing is left in the low word')
  cx.out.immed(ab(d), 0)
}

function rightLow(cx: EmitContext, d: number, s: number): void {
  amountIs(cx, s, 'shift right, low word')
  cx.out.shf(ab(d), a(d + 1), 'B', b(d), shiftRightDouble('indirect'))
}

function rightHigh(cx: EmitContext, d: number, s: number): void {
  amountIs(cx, s, 'shift right, high word')
  cx.out.shf(ab(d + 1), NONE, 'B', b(d + 1), shiftRight('indirect'))
}

function rightBy32OrMore(cx: EmitContext, d: number, s: number): void {
  amountIs(cx, s, 'shift right by 32 or more: low word from the high one')
  cx.out.shf(ab(d), NONE, 'B', b(d + 1), shiftRight('indirect'))
  cx.out.because('the high word is 0')
  cx.out.immed(ab(d + 1), 0)
}

function arithmeticHigh(cx: EmitContext, d: number, s: number): void {
  cx.out.because('shift amount and sign for the next word')
  cx.out.alu(NONE, a(s), 'OR', b(d + 1))
  cx.out.because('arithmetic shift right, high word')
  cx.out.shf(ab(d + 1), NONE, 'asr', b(d + 1), shiftRight('indirect'))
}

function arithmeticBy32OrMore(cx: EmitContext, d: number, s: number): void {
  cx.out.because('shift amount and sign for the next word')
  cx.out.alu(NONE, a(s), 'OR', b(d + 1))
  cx.out.because('arithmetic shift right by 32 or more: low word from the high one')
  cx.out.shf(ab(d), NONE, 'asr', b(d + 1), shiftRight('indirect'))
  cx.out.because('the high word is all sign')
  cx.out.shf(ab(d + 1), NONE, 'asr', b(d + 1), shiftRight(31))
}

type Block = (cx: EmitContext, d: number, s: number) => void

interface WideForm {
  /** Words for amounts below 32, before and in the delay slots of the branch over the other case. */
  readonly first: Block
  readonly last: Block
  readonly large: Block
  /** Distance from the first word to the block for 32 or more, and to the end. */
  readonly toLarge: number
  readonly toEnd: number
}

const LEFT: WideForm = { first: leftHigh, last: leftLow, large: leftBy32OrMore, toLarge: 7, toEnd: 10 }
const RIGHT: WideForm = { first: rightLow, last: rightHigh, large: rightBy32OrMore, toLarge: 6, toEnd: 9 }
const ARITHMETIC: WideForm = {
  first: rightLow,
  last: arithmeticHigh,
  large: arithmeticBy32OrMore,
  toLarge: 6,
  toEnd: 9,
}

function wideByRegister(cx: EmitContext, insn: number): void {
  const { out, program: p } = cx
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  const operation = operationOf(p.code[insn]!)
  const form = operation === ALU_LSH ? LEFT : operation === ALU_ARSH ? ARITHMETIC : RIGHT
  if (p.umaxSrc[2 * insn + 1] === 0 && p.umaxSrc[2 * insn]! < 32) {
    form.first(cx, d, s)
    form.last(cx, d, s)
    return
  }
  if (p.uminSrc[2 * insn + 1]! > 0 || p.uminSrc[2 * insn]! >= 32) {
    form.large(cx, d, s)
    return
  }
  const start = out.here
  out.because('amount of 32 or more? (bit 5)')
  out.brBset(a(s), 5, start + form.toLarge)
  form.first(cx, d, s)
  out.because('done with amounts below 32, after two more words')
  out.br('br', start + form.toEnd, 2)
  form.last(cx, d, s)
  form.large(cx, d, s)
}
