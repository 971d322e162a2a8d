/**
 * Moves, addition, subtraction, logic, negation and byte swap. Follows nfp-jit.md, sections 8 and 11.
 *
 * Codes are told apart by the code byte alone: a sign-extending move (offset 8, 16 or 32) is a plain move here, as in
 * the driver.
 */
import { rotateRight, shiftRight } from '@offload/nfp'
import type { AluOp, Operand } from '@offload/nfp'
import { ALU_ADD, ALU_AND, ALU_OR, ALU_SUB, ALU_XOR, operationOf } from '../opcodes'
import { FLAG_SKIP_NOOP } from '../program-info'
import { dstGpr, signWord, srcGpr, zeroExtend } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, ab, b, IMM_A, IMM_B, num, STACK } from './registers'

const FRAME_POINTER = 10

interface Operation {
  readonly low: AluOp
  readonly high: AluOp
  readonly name: string
}

const OPERATIONS: Readonly<Record<number, Operation>> = {
  [ALU_ADD]: { low: '+', high: '+carry', name: 'add' },
  [ALU_SUB]: { low: '-', high: '-carry', name: 'subtract' },
  [ALU_AND]: { low: 'AND', high: 'AND', name: 'and' },
  [ALU_OR]: { low: 'OR', high: 'OR', name: 'or' },
  [ALU_XOR]: { low: 'XOR', high: 'XOR', name: 'exclusive or' },
}

const operation = (cx: EmitContext, insn: number): Operation => OPERATIONS[operationOf(cx.program.code[insn]!)]!

/** ALUIMM: one word of the register with a constant. Only logic has short forms; adding 0 is not left out. */
function withConstant(cx: EmitContext, gpr: number, op: AluOp, value: number): void {
  const v = value >>> 0
  const allOnes = v === 0xffffffff
  if (op === 'AND' && v === 0) cx.out.immed(ab(gpr), 0)
  else if (op === 'OR' && allOnes) cx.out.imm32(ab(gpr), v)
  else if (op === 'XOR' && allOnes) cx.out.not(ab(gpr), b(gpr))
  else if ((op === 'AND' && allOnes) || ((op === 'OR' || op === 'XOR') && v === 0)) return
  else cx.out.alu(ab(gpr), a(gpr), op, cx.out.uimm(v, IMM_B))
}

/** AND −1, OR 0, XOR 0 leave the whole register as it is. */
function isNoOp(op: AluOp, imm: number): boolean {
  return (op === 'AND' && imm === -1) || ((op === 'OR' || op === 'XOR') && imm === 0)
}

export const alu64Constant: EmitRoutine = (cx, insn) => {
  const { low, high, name } = operation(cx, insn)
  const imm = cx.program.imm[insn]!
  const d = dstGpr(cx, insn)
  if (isNoOp(low, imm)) {
    cx.program.flags[insn]! |= FLAG_SKIP_NOOP
    return
  }
  cx.out.because(`${name}, low word`)
  withConstant(cx, d, low, imm)
  cx.out.because(high === low ? `${name}, high word` : `${name} with carry, high word`)
  withConstant(cx, d + 1, high, signWord(imm))
}

export const alu64Register: EmitRoutine = (cx, insn) => {
  const { low, high, name } = operation(cx, insn)
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  cx.out.because(`${name}, low word`)
  cx.out.alu(ab(d), a(d), low, b(s))
  cx.out.because(high === low ? `${name}, high word` : `${name} with carry, high word`)
  cx.out.alu(ab(d + 1), a(d + 1), high, b(s + 1))
}

export const alu32Constant: EmitRoutine = (cx, insn) => {
  const { low, name } = operation(cx, insn)
  cx.out.because(`${name}, 32 bits`)
  withConstant(cx, dstGpr(cx, insn), low, cx.program.imm[insn]!)
  zeroExtend(cx, insn, dstGpr(cx, insn))
}

export const alu32Register: EmitRoutine = (cx, insn) => {
  const { low, name } = operation(cx, insn)
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  cx.out.because(`${name}, 32 bits`)
  cx.out.alu(ab(d), a(d), low, b(s))
  zeroExtend(cx, insn, d)
}

export const mov64Register: EmitRoutine = (cx, insn) => {
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  if (cx.program.src[insn] === FRAME_POINTER) {
    cx.out.because('end of the stack frame')
    cx.out.alu(ab(d), STACK, '+', cx.out.uimm(cx.frameDepth, IMM_B))
    cx.out.because('stack addresses have no upper half')
    cx.out.clearHigh(d)
    return
  }
  cx.out.because('copy the low word')
  cx.out.mov(ab(d), b(s))
  cx.out.because('copy the high word')
  cx.out.mov(ab(d + 1), b(s + 1))
}

export const mov64Constant: EmitRoutine = (cx, insn) => {
  const [d, imm] = [dstGpr(cx, insn), cx.program.imm[insn]!]
  cx.out.because('constant, low word')
  cx.out.imm32(ab(d), imm)
  cx.out.because('constant, high word')
  cx.out.imm32(ab(d + 1), signWord(imm))
}

export const mov32Register: EmitRoutine = (cx, insn) => {
  const d = dstGpr(cx, insn)
  cx.out.because('copy the low word')
  cx.out.mov(ab(d), b(srcGpr(cx, insn)))
  cx.out.because('a 32-bit move clears the upper half')
  cx.out.clearHigh(d)
}

export const mov32Constant: EmitRoutine = (cx, insn) => {
  const d = dstGpr(cx, insn)
  cx.out.because('constant, low word')
  cx.out.imm32(ab(d), cx.program.imm[insn]!)
  cx.out.because('a 32-bit move clears the upper half')
  cx.out.clearHigh(d)
}

export const neg64: EmitRoutine = (cx, insn) => {
  const d = dstGpr(cx, insn)
  cx.out.because('negate, low word')
  cx.out.alu(ab(d), num(0), '-', b(d))
  cx.out.because('negate with borrow, high word')
  cx.out.alu(ab(d + 1), num(0), '-carry', b(d + 1))
}

export const neg32: EmitRoutine = (cx, insn) => {
  const d = dstGpr(cx, insn)
  cx.out.because('negate, 32 bits')
  cx.out.alu(ab(d), num(0), '-', b(d))
  zeroExtend(cx, insn, d)
}

const swapInto = (cx: EmitContext, src: Operand, gpr: number): void => cx.out.swap32(src, ab(gpr), a(gpr))

/** To big endian; the register holds little-endian values. Widths other than 16, 32, 64 emit nothing. */
export const byteSwap: EmitRoutine = (cx, insn) => {
  const d = dstGpr(cx, insn)
  switch (cx.program.imm[insn]) {
    case 16:
      cx.out.because('swap the two low bytes')
      cx.out.ldf(ab(d), 0b1001, b(d), rotateRight(8))
      cx.out.ldf(ab(d), 0b1110, a(d), shiftRight(16))
      cx.out.because('a 16-bit swap clears the upper half')
      cx.out.clearHigh(d)
      return
    case 32:
      cx.out.because('swap the bytes of the low word')
      swapInto(cx, a(d), d)
      cx.out.because('a 32-bit swap clears the upper half')
      cx.out.clearHigh(d)
      return
    case 64:
      cx.out.because('keep the high word')
      cx.out.mov(IMM_A, b(d + 1))
      cx.out.because('swapped low word becomes the high word')
      swapInto(cx, a(d), d + 1)
      cx.out.because('swapped high word becomes the low word')
      swapInto(cx, IMM_A, d)
      return
    default:
  }
}

/** The second slot of a 64-bit constant emits both words; the first slot holds the low half and the register. */
export const constant64: EmitRoutine = (cx, insn) => {
  const first = insn - 1
  const d = dstGpr(cx, first)
  const [low, high] = [cx.program.imm[first]!, cx.program.imm[insn]!]
  cx.out.because(cx.program.src[first] === 1 ? 'number of the map' : 'constant, low word')
  cx.out.imm32(ab(d), low)
  cx.out.because('constant, high word')
  if (high === low) cx.out.mov(ab(d + 1), a(d))
  else cx.out.imm32(ab(d + 1), high)
}
