/**
 * Arithmetic of BPF in WebAssembly (RFC 9669, section 4.1): division by zero gives 0, its remainder the dividend; the
 * smallest number by −1 is itself; 32-bit results clear the upper half.
 */
import { I32, I64, OP } from '@offload/wasm'
import type { CodeWriter } from '@offload/wasm'
import type { Instruction } from './flow-graph'
import { local } from './locals'

/** Operations on two operands by their code; 32-bit ones, the 64-bit ones lie 18 further. */
const BINARY: Readonly<Record<number, number>> = {
  0: OP.i32Add,
  1: OP.i32Sub,
  2: OP.i32Mul,
  4: OP.i32Or,
  5: OP.i32And,
  6: OP.i32Shl,
  7: OP.i32ShrU,
  10: OP.i32Xor,
  12: OP.i32ShrS,
}
const WIDE = OP.i64Add - OP.i32Add

const DIV = 3
const NEG = 8
const MOD = 9
const MOV = 11
const END = 13

export function emitAlu(code: CodeWriter, insn: Instruction): void {
  const wide = (insn.op & 7) === 7
  const operation = insn.op >> 4
  if (operation === END) return emitByteOrder(code, insn, wide)
  if (operation === MOV) emitMove(code, insn, wide)
  else if (operation === NEG) {
    pushConstant(code, 0, wide)
    pushRegister(code, insn.dst, wide)
    code.op(wide ? OP.i64Sub : OP.i32Sub)
  } else if (operation === DIV || operation === MOD) emitDivision(code, insn, wide)
  else {
    pushRegister(code, insn.dst, wide)
    pushOperand(code, insn, wide)
    code.op(BINARY[operation]! + (wide ? WIDE : 0))
  }
  if (!wide) code.op(OP.i64ExtendI32U)
  code.set(local(insn.dst))
}

function pushRegister(code: CodeWriter, register: number, wide: boolean): void {
  code.get(local(register))
  if (!wide) code.op(OP.i32WrapI64)
}

function pushConstant(code: CodeWriter, value: number, wide: boolean): void {
  if (wide) code.i64(value, value >> 31)
  else code.i32(value)
}

/** The second operand: register or constant. */
export function pushOperand(code: CodeWriter, { op, src, imm }: Instruction, wide: boolean): void {
  if ((op & 8) !== 0) pushRegister(code, src, wide)
  else pushConstant(code, imm, wide)
}

function emitMove(code: CodeWriter, insn: Instruction, wide: boolean): void {
  pushOperand(code, insn, wide)
  const { off } = insn
  if (off === 8) code.op(wide ? OP.i64Extend8S : OP.i32Extend8S)
  else if (off === 16) code.op(wide ? OP.i64Extend16S : OP.i32Extend16S)
  else if (wide && off !== 0) code.op(OP.i64Extend32S)
}

function emitDivision(code: CodeWriter, insn: Instruction, wide: boolean): void {
  const signed = insn.off === 1
  const remainder = insn.op >> 4 === MOD
  const register = (insn.op & 8) !== 0
  const type = wide ? I64 : I32
  const dividend = (): void => pushRegister(code, insn.dst, wide)
  const divide = (): void => {
    dividend()
    pushOperand(code, insn, wide)
    const narrow = remainder ? (signed ? OP.i32RemS : OP.i32RemU) : signed ? OP.i32DivS : OP.i32DivU
    code.op(narrow + (wide ? WIDE : 0))
  }
  const negate = (): void => {
    pushConstant(code, 0, wide)
    dividend()
    code.op(wide ? OP.i64Sub : OP.i32Sub)
  }
  const byZero = (): void => (remainder ? dividend() : pushConstant(code, 0, wide))
  const byMinusOne = signed && !remainder
  if (!register) {
    if (insn.imm === 0) byZero()
    else if (byMinusOne && insn.imm === -1) negate()
    else divide()
    return
  }
  pushOperand(code, insn, wide)
  code.op(wide ? OP.i64Eqz : OP.i32Eqz)
  code.if(type)
  byZero()
  code.else()
  if (byMinusOne) {
    pushOperand(code, insn, wide)
    pushConstant(code, -1, wide)
    code.op(wide ? OP.i64Eq : OP.i32Eq)
    code.if(type)
    negate()
    code.else()
    divide()
    code.end()
  } else divide()
  code.end()
}

/** Byte swaps: to big endian, to little endian (only cuts), or unconditional. */
function emitByteOrder(code: CodeWriter, { op, dst, imm }: Instruction, wide: boolean): void {
  const register = local(dst)
  const toLittle = !wide && (op & 8) === 0
  if (toLittle) {
    if (imm !== 16 && imm !== 32) return
    code.get(register)
    code.i64(imm === 16 ? 0xffff : -1, 0)
    code.op(OP.i64And)
  } else if (imm === 16) {
    code.get(register)
    code.i64(0xff, 0)
    code.op(OP.i64And)
    code.i64(8, 0)
    code.op(OP.i64Shl)
    code.get(register)
    code.i64(8, 0)
    code.op(OP.i64ShrU)
    code.i64(0xff, 0)
    code.op(OP.i64And, OP.i64Or)
  } else if (imm === 32) {
    swap32(code, () => {
      code.get(register)
      code.op(OP.i32WrapI64)
    })
    code.op(OP.i64ExtendI32U)
  } else {
    // Each half swapped, the halves exchanged.
    swap32(code, () => {
      code.get(register)
      code.op(OP.i32WrapI64)
    })
    code.op(OP.i64ExtendI32U)
    code.i64(32, 0)
    code.op(OP.i64Shl)
    swap32(code, () => {
      code.get(register)
      code.i64(32, 0)
      code.op(OP.i64ShrU, OP.i32WrapI64)
    })
    code.op(OP.i64ExtendI32U, OP.i64Or)
  }
  code.set(register)
}

function swap32(code: CodeWriter, push: () => void): void {
  push()
  code.i32(8)
  code.op(OP.i32Rotl)
  code.i32(0x00ff00ff)
  code.op(OP.i32And)
  push()
  code.i32(8)
  code.op(OP.i32Rotr)
  code.i32(0xff00ff00 | 0)
  code.op(OP.i32And, OP.i32Or)
}
