/** Arithmetic of BPF in WebAssembly: same results as the interpreter, divisions by zero and overflows included. */
import { I32, I64, OP } from './code-writer'
import type { CodeWriter } from './code-writer'
import { BYTE_SWAP, local, LOCAL } from './layout'

const WIDE: Readonly<Record<number, number>> = {
  0: OP.i64Add, 1: OP.i64Sub, 2: OP.i64Mul, 4: OP.i64Or, 5: OP.i64And, 6: OP.i64Shl, 7: OP.i64ShrU, 10: OP.i64Xor, 12: OP.i64ShrS,
}
const NARROW: Readonly<Record<number, number>> = {
  0: OP.i32Add, 1: OP.i32Sub, 2: OP.i32Mul, 4: OP.i32Or, 5: OP.i32And, 6: OP.i32Shl, 7: OP.i32ShrU, 10: OP.i32Xor, 12: OP.i32ShrS,
}

/** One ALU or ALU64 instruction; false for an unknown one. */
export function emitAlu(code: CodeWriter, op: number, dst: number, src: number, off: number, imm: number): boolean {
  const wide = (op & 7) === 7
  const kind = op >> 4
  const d = local(dst)
  if (kind === 0xd) return emitEndian(code, op, d, imm)
  const operand = (): void => {
    if (op & 8) {
      code.get(local(src))
      if (!wide) code.byte(OP.i32WrapI64)
    } else if (wide) code.i64(imm, imm >> 31)
    else code.i32(imm)
  }
  const value = (): void => {
    code.get(d)
    if (!wide) code.byte(OP.i32WrapI64)
  }
  if (kind === 0xb) {
    operand()
    if (off === 8) code.byte(wide ? OP.i64Extend8S : OP.i32Extend8S)
    else if (off === 16) code.byte(wide ? OP.i64Extend16S : OP.i32Extend16S)
    else if (off === 32 && wide) code.byte(OP.i64Extend32S)
    else if (off !== 0) return false
  } else if (kind === 0x8) {
    if (wide) code.i64(0, 0)
    else code.i32(0)
    value()
    code.byte(wide ? OP.i64Sub : OP.i32Sub)
  } else if (kind === 3 || kind === 9) {
    emitDivision(code, wide, kind === 9, off === 1, value, operand)
  } else {
    const operation = wide ? WIDE[kind] : NARROW[kind]
    if (operation === undefined) return false
    value()
    operand()
    code.byte(operation)
  }
  if (!wide) code.byte(OP.i64ExtendI32U)
  code.set(d)
  return true
}

/** Quotient or remainder; by zero 0 or the dividend, minimum by −1 the minimum or 0. Leaves the result on the stack. */
function emitDivision(code: CodeWriter, wide: boolean, remainder: boolean, signed: boolean, value: () => void, operand: () => void): void {
  const [type, eqz, eq, sub] = wide ? [I64, OP.i64Eqz, OP.i64Eq, OP.i64Sub] : [I32, OP.i32Eqz, OP.i32Eq, OP.i32Sub]
  const unsignedOp = wide ? (remainder ? OP.i64RemU : OP.i64DivU) : remainder ? OP.i32RemU : OP.i32DivU
  const signedOp = wide ? (remainder ? OP.i64RemS : OP.i64DivS) : remainder ? OP.i32RemS : OP.i32DivS
  const zero = (): void => {
    if (wide) code.i64(0, 0)
    else code.i32(0)
  }
  // The divisor goes through a scratch local of its width.
  const scratch = wide ? LOCAL.t1 : LOCAL.address
  operand()
  code.tee(scratch).byte(eqz, OP.if, type)
  if (remainder) value()
  else zero()
  code.byte(OP.else)
  if (signed) {
    code.get(scratch)
    if (wide) code.i64(-1, -1)
    else code.i32(-1)
    code.byte(eq, OP.if, type)
    zero()
    if (!remainder) {
      value()
      code.byte(sub)
    }
    code.byte(OP.else)
    value()
    code.get(scratch).byte(signedOp, OP.end)
  } else {
    value()
    code.get(scratch).byte(unsignedOp)
  }
  code.byte(OP.end)
}

function emitEndian(code: CodeWriter, op: number, d: number, bits: number): boolean {
  if (bits !== 16 && bits !== 32 && bits !== 64) return false
  // "To little endian" only cuts; the other forms swap.
  const swap = (op & 7) === 7 || (op & 8) !== 0
  code.get(d)
  if (swap) {
    code.call(BYTE_SWAP)
    if (bits < 64) code.i64(64 - bits, 0).byte(OP.i64ShrU)
  } else if (bits === 16) code.i64(0xffff, 0).byte(OP.i64And)
  else if (bits === 32) code.i64(-1, 0).byte(OP.i64And)
  code.set(d)
  return (op & 7) !== 7 || (op & 8) === 0
}

/** Body of the byte swap function: one 64-bit parameter and result. */
export function byteSwapBody(code: CodeWriter): void {
  const step = (lo: number, hi: number, shift: number): void => {
    code.get(0).i64(shift, 0).byte(OP.i64ShrU).i64(lo, hi).byte(OP.i64And)
    code.get(0).i64(lo, hi).byte(OP.i64And).i64(shift, 0).byte(OP.i64Shl, OP.i64Or).set(0)
  }
  code.u32(0)
  step(0x00ff00ff, 0x00ff00ff, 8)
  step(0x0000ffff, 0x0000ffff, 16)
  code.get(0).i64(32, 0).byte(OP.i64ShrU).get(0).i64(32, 0).byte(OP.i64Shl, OP.i64Or, OP.end)
}
