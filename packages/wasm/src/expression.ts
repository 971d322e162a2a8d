/**
 * Expressions over WebAssembly, so that code which is generated reads like code: `a.add(b)`. They are emitted where they
 * are used, each once; statements are in builder.ts;
 * whatever is needed twice goes to a variable. Types are 32-bit integers, 64-bit integers and 64-bit floats.
 *
 * Not a compiler: nothing is moved, folded or checked beyond the TypeScript types.
 */
import { OP } from './code-writer'
import type { CodeWriter } from './code-writer'

export type Emit = (code: CodeWriter) => void

/** What gives one operand to one instruction. */
const unary =
  (operand: Emit, op: number): Emit =>
  (code) => {
    operand(code)
    code.op(op)
  }

/** Bytes of a memory word; offsets of `word` and `float` count words. */
const W = 4

/** A 32-bit integer. As an address it counts bytes. */
export class Int {
  readonly emit: Emit
  constructor(emit: Emit) {
    this.emit = emit
  }

  private binary(op: number, other: Int | number): Int {
    const right = int(other)
    return new Int((code) => {
      this.emit(code)
      right.emit(code)
      code.op(op)
    })
  }
  private unary(op: number): Int {
    return new Int((code) => {
      this.emit(code)
      code.op(op)
    })
  }

  add(other: Int | number): Int {
    return other === 0 ? this : this.binary(OP.i32Add, other)
  }
  sub(other: Int | number): Int {
    return this.binary(OP.i32Sub, other)
  }
  mul(other: Int | number): Int {
    return this.binary(OP.i32Mul, other)
  }
  /** Unsigned division and remainder. */
  div(other: Int | number): Int {
    return this.binary(OP.i32DivU, other)
  }
  rem(other: Int | number): Int {
    return this.binary(OP.i32RemU, other)
  }
  and(other: Int | number): Int {
    return this.binary(OP.i32And, other)
  }
  or(other: Int | number): Int {
    return this.binary(OP.i32Or, other)
  }
  xor(other: Int | number): Int {
    return this.binary(OP.i32Xor, other)
  }
  shl(other: Int | number): Int {
    return other === 0 ? this : this.binary(OP.i32Shl, other)
  }
  shr(other: Int | number): Int {
    return this.binary(OP.i32ShrU, other)
  }
  /** Right shift that keeps the sign. */
  sar(other: Int | number): Int {
    return this.binary(OP.i32ShrS, other)
  }
  rotr(other: Int | number): Int {
    return this.binary(OP.i32Rotr, other)
  }
  not(): Int {
    return this.xor(-1)
  }
  eqz(): Int {
    return this.unary(OP.i32Eqz)
  }
  /** Number of zero bits below the lowest bit that is set. */
  ctz(): Int {
    return this.unary(OP.i32Ctz)
  }
  eq(other: Int | number): Int {
    return other === 0 ? this.eqz() : this.binary(OP.i32Eq, other)
  }
  ne(other: Int | number): Int {
    return this.binary(OP.i32Ne, other)
  }
  /** Signed comparisons; those with `u` are unsigned. */
  lt(other: Int | number): Int {
    return this.binary(OP.i32LtS, other)
  }
  gt(other: Int | number): Int {
    return this.binary(OP.i32GtS, other)
  }
  le(other: Int | number): Int {
    return this.binary(OP.i32LeS, other)
  }
  ge(other: Int | number): Int {
    return this.binary(OP.i32GeS, other)
  }
  ltu(other: Int | number): Int {
    return this.binary(OP.i32LtU, other)
  }
  gtu(other: Int | number): Int {
    return this.binary(OP.i32GtU, other)
  }
  leu(other: Int | number): Int {
    return this.binary(OP.i32LeU, other)
  }
  geu(other: Int | number): Int {
    return this.binary(OP.i32GeU, other)
  }
  /** The four bytes in the other order. */
  swapped(): Int {
    // Rotations by 8 bring bytes 1 and 3 of either neighbour into place.
    const once = new Int(this.emit)
    return once
      .rotl(8)
      .and(0x00ff00ff)
      .or(once.rotr(8).and(0xff00ff00 | 0))
  }
  private rotl(by: number): Int {
    return this.binary(OP.i32Rotl, by)
  }

  private loadOp(op: number, offset: number, align: number): Int {
    return new Int((code) => {
      this.emit(code)
      code.memory(op, offset, align)
    })
  }
  /** The word (of four bytes) that lies `words` words behind this address. */
  word(words = 0): Int {
    return this.loadOp(OP.i32Load, W * words, 2)
  }
  /** The same at an address that need not be a multiple of four. */
  looseWord(bytes = 0): Int {
    return this.loadOp(OP.i32Load, bytes, 0)
  }
  byte(bytes = 0): Int {
    return this.loadOp(OP.i32Load8U, bytes, 0)
  }
  /** The float that lies `words` words (of four bytes) behind this address. */
  float(words = 0): Float {
    return new Float((code) => {
      this.emit(code)
      code.memory(OP.f64Load, W * words, 3)
    })
  }
  /** This signed number as a float. */
  toFloat(): Float {
    return new Float(unary(this.emit, OP.f64ConvertI32S))
  }
  unsignedFloat(): Float {
    return new Float(unary(this.emit, OP.f64ConvertI32U))
  }
  /** This unsigned number as a 64-bit integer. */
  toLong(): Long {
    return new Long(unary(this.emit, OP.i64ExtendI32U))
  }
}

/** A 64-bit integer. */
export class Long {
  readonly emit: Emit
  constructor(emit: Emit) {
    this.emit = emit
  }
  private binary(op: number, other: Long): Long {
    return new Long((code) => {
      this.emit(code)
      other.emit(code)
      code.op(op)
    })
  }
  add(other: Long): Long {
    return this.binary(OP.i64Add, other)
  }
  sub(other: Long): Long {
    return this.binary(OP.i64Sub, other)
  }
  mul(other: Long): Long {
    return this.binary(OP.i64Mul, other)
  }
  or(other: Long): Long {
    return this.binary(OP.i64Or, other)
  }
  xor(other: Long): Long {
    return this.binary(OP.i64Xor, other)
  }
  and(other: Long): Long {
    return this.binary(OP.i64And, other)
  }
  shl(by: number): Long {
    return this.binary(OP.i64Shl, long(by))
  }
  ltu(other: Long): Int {
    return new Int(this.binary(OP.i64LtU, other).emit)
  }
  low(): Int {
    return new Int(unary(this.emit, OP.i32WrapI64))
  }
  high(): Int {
    return this.binary(OP.i64ShrU, long(32)).low()
  }
}

/** A 64-bit float. */
export class Float {
  readonly emit: Emit
  constructor(emit: Emit) {
    this.emit = emit
  }
  private emitBinary(op: number, other: Float | number): Emit {
    const right = float(other)
    return (code) => {
      this.emit(code)
      right.emit(code)
      code.op(op)
    }
  }
  add(other: Float | number): Float {
    return new Float(this.emitBinary(OP.f64Add, other))
  }
  sub(other: Float | number): Float {
    return new Float(this.emitBinary(OP.f64Sub, other))
  }
  mul(other: Float | number): Float {
    return new Float(this.emitBinary(OP.f64Mul, other))
  }
  lt(other: Float | number): Int {
    return new Int(this.emitBinary(OP.f64Lt, other))
  }
  gt(other: Float | number): Int {
    return new Int(this.emitBinary(OP.f64Gt, other))
  }
  le(other: Float | number): Int {
    return new Int(this.emitBinary(OP.f64Le, other))
  }
  ge(other: Float | number): Int {
    return new Int(this.emitBinary(OP.f64Ge, other))
  }
  eq(other: Float | number): Int {
    return new Int(this.emitBinary(OP.f64Eq, other))
  }
  ceil(): Float {
    return new Float(unary(this.emit, OP.f64Ceil))
  }
  floor(): Float {
    return new Float(unary(this.emit, OP.f64Floor))
  }
  /** The whole part as a signed 32-bit integer, which must hold it. */
  toInt(): Int {
    return new Int(unary(this.emit, OP.i32TruncF64S))
  }
}

/** A constant, or the expression that was given. */
export const int = (value: Int | number): Int =>
  typeof value === 'number' ? new Int((code) => code.i32(value | 0)) : value
export const float = (value: Float | number): Float =>
  typeof value === 'number' ? new Float((code) => code.f64(value)) : value
export const long = (value: number): Long => new Long((code) => code.i64(value | 0, value < 0 ? -1 : 0))

/** The value of `then` where the condition holds, else of `otherwise`; both are computed. */
export const choose = (condition: Int, then: Int | number, otherwise: Int | number): Int =>
  new Int((code) => {
    int(then).emit(code)
    int(otherwise).emit(code)
    condition.emit(code)
    code.op(OP.select)
  })
export const chooseFloat = (condition: Int, then: Float | number, otherwise: Float | number): Float =>
  new Float((code) => {
    float(then).emit(code)
    float(otherwise).emit(code)
    condition.emit(code)
    code.op(OP.select)
  })
