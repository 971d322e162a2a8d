/**
 * Multiplication and division by constants. Follows nfp-jit.md, section 10.
 *
 * The chip multiplies in steps and does not divide; division is multiplication by a reciprocal. Division works on the
 * low word only and never clears the upper one (quirk Q15).
 */
import { NONE, shiftRight } from '@offload/nfp'
import { EINVAL } from '../errno'
import { CLASS_ALU64, classOf, isRegisterForm } from '../opcodes'
import { dstGpr, srcGpr } from './context'
import type { EmitRoutine } from './context'
import { reciprocal, trailingZeros } from './reciprocal'
import { a, ab, b, IMM_A, IMM_AB, IMM_B, num } from './registers'
import { TranslateError } from './translate-error'

export const multiply: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const code = p.code[insn]!
  const d = dstGpr(cx, insn)
  const register = isRegisterForm(code)
  const imm = p.imm[insn]! >>> 0
  const rightOver16 = register ? p.umaxSrc[2 * insn + 1]! > 0 || p.umaxSrc[2 * insn]! > 0xffff : imm > 0xffff
  const leftOver16 = p.umaxDst[2 * insn + 1]! > 0 || p.umaxDst[2 * insn]! > 0xffff
  out.because('factor')
  const right = register ? b(srcGpr(cx, insn)) : out.uimm(imm, IMM_B)
  if (leftOver16 || rightOver16) {
    out.because('multiply 32 by 32 bits, step by step')
    out.mul32(ab(d + 1), ab(d), a(d), right, classOf(code) === CLASS_ALU64)
  } else {
    out.because('multiply 16 by 16 bits: both factors are known to be small')
    out.mul16(ab(d), a(d), right)
  }
}

export const divide: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const d = dstGpr(cx, insn)
  const register = isRegisterForm(p.code[insn]!)
  const low = register ? p.uminSrc[2 * insn]! : p.imm[insn]! >>> 0
  const high = register ? p.uminSrc[2 * insn + 1]! : p.imm[insn]! < 0 ? 0xffffffff : 0
  if (high !== 0) {
    out.because('the divisor is larger than any dividend')
    out.immed(ab(d), 0)
    return
  }
  if (low === 0)
    throw new TranslateError(EINVAL, ['the driver would divide by zero here: the divisor is known to be 0'])
  if (low > 0x80000000) {
    out.because('the quotient is 0 or 1: compare')
    out.alu(NONE, a(d), '-', out.uimm(low, IMM_B))
    out.immed(IMM_A, 0)
    out.because('the quotient is the carry of the comparison')
    out.alu(ab(d), IMM_A, '+carry', num(0))
    return
  }
  divideByReciprocal(cx, d, low)
}

function divideByReciprocal({ out }: Parameters<EmitRoutine>[0], d: number, divisor: number): void {
  let { multiplier, shift, wide } = reciprocal(divisor, 32)
  const { exponent } = reciprocal(divisor, 32)
  let preShift = 0
  if (wide && divisor % 2 === 0) {
    preShift = trailingZeros(divisor)
    ;({ multiplier, shift, wide } = reciprocal(divisor >>> preShift, 32 - preShift))
  }
  out.because(`reciprocal of ${divisor}`)
  const factor = out.uimm(multiplier, IMM_B)
  if (divisor === 2 ** exponent) {
    out.because(`divide by ${divisor}: shift right by ${exponent}`)
    out.shf(ab(d), NONE, 'B', a(d), shiftRight(exponent))
  } else if (wide) {
    out.because('multiply by the reciprocal, keep the high word')
    out.mul32(IMM_AB, NONE, a(d), factor, true)
    out.because('the reciprocal has 33 bits: add the dividend once more')
    out.alu(ab(d), a(d), '-', IMM_B)
    out.shf(ab(d), NONE, 'B', a(d), shiftRight(1))
    out.alu(ab(d), a(d), '+', IMM_B)
    out.because('divide by the power of two that is left')
    out.shf(ab(d), NONE, 'B', a(d), shiftRight(shift - 1))
  } else {
    if (preShift > 0) {
      out.because(`divide by ${2 ** preShift} first`)
      out.shf(ab(d), NONE, 'B', a(d), shiftRight(preShift))
    }
    out.because('multiply by the reciprocal, keep the high word')
    out.mul32(ab(d), NONE, a(d), factor, true)
    out.because('divide by the power of two that is left')
    out.shf(ab(d), NONE, 'B', a(d), shiftRight(shift))
  }
}
