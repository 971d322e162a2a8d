/**
 * Expressions and statements over WebAssembly, so that code which is generated reads like code: `a.add(b)` is an
 * expression, `f.when(condition, …)` emits a statement at once. Expressions are emitted where they are used, each once;
 * whatever is needed twice goes to a variable. Types are 32-bit integers, 64-bit integers and 64-bit floats.
 *
 * Not a compiler: nothing is moved, folded or checked beyond the TypeScript types.
 */
import { CodeWriter, F64, I32, I64, OP } from './code-writer'
import type { Label } from './code-writer'
import { ModuleWriter } from './module-writer'
import type { MemoryLimits } from './module-writer'

type Emit = (code: CodeWriter) => void

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
    return new Float((code) => {
      this.emit(code)
      code.op(OP.f64ConvertI32S)
    })
  }
  unsignedFloat(): Float {
    return new Float((code) => {
      this.emit(code)
      code.op(OP.f64ConvertI32U)
    })
  }
  /** This unsigned number as a 64-bit integer. */
  toLong(): Long {
    return new Long((code) => {
      this.emit(code)
      code.op(OP.i64ExtendI32U)
    })
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
    return new Int((code) => {
      this.emit(code)
      code.op(OP.i32WrapI64)
    })
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
    return new Float((code) => {
      this.emit(code)
      code.op(OP.f64Ceil)
    })
  }
  floor(): Float {
    return new Float((code) => {
      this.emit(code)
      code.op(OP.f64Floor)
    })
  }
  /** The whole part as a signed 32-bit integer, which must hold it. */
  toInt(): Int {
    return new Int((code) => {
      this.emit(code)
      code.op(OP.i32TruncF64S)
    })
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

/** A variable of a function; `set` emits an assignment. */
export class IntVariable extends Int {
  private readonly code: CodeWriter
  private readonly local: number
  constructor(code: CodeWriter, local: number) {
    super((at) => at.get(local))
    this.code = code
    this.local = local
  }
  set(value: Int | number): void {
    int(value).emit(this.code)
    this.code.set(this.local)
  }
  increase(by: Int | number): void {
    this.set(this.add(by))
  }
}
export class LongVariable extends Long {
  private readonly code: CodeWriter
  private readonly local: number
  constructor(code: CodeWriter, local: number) {
    super((at) => at.get(local))
    this.code = code
    this.local = local
  }
  set(value: Long): void {
    value.emit(this.code)
    this.code.set(this.local)
  }
}
export class FloatVariable extends Float {
  private readonly code: CodeWriter
  private readonly local: number
  constructor(code: CodeWriter, local: number) {
    super((at) => at.get(local))
    this.code = code
    this.local = local
  }
  set(value: Float | number): void {
    float(value).emit(this.code)
    this.code.set(this.local)
  }
}

/** Kinds of parameters and results. */
export type Kind = 'int' | 'float'
type Operands<P extends readonly Kind[]> = { readonly [K in keyof P]: (P[K] extends 'float' ? Float : Int) | number }
type Parameters<P extends readonly Kind[]> = {
  readonly [K in keyof P]: P[K] extends 'float' ? FloatVariable : IntVariable
}

const typeOf = (kind: Kind): number => (kind === 'float' ? F64 : I32)

/** A function of the module, or one that the host gives. */
export class FunctionReference<P extends readonly Kind[]> {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
  private call(operands: Operands<P>): Emit {
    return (code) => {
      for (const operand of operands as readonly (Int | Float | number)[]) {
        // Numbers are integers: a float constant has to be given as an expression.
        if (typeof operand === 'number') code.i32(operand)
        else operand.emit(code)
      }
      code.call(this.index)
    }
  }
  int(...operands: Operands<P>): Int {
    return new Int(this.call(operands))
  }
  float(...operands: Operands<P>): Float {
    return new Float(this.call(operands))
  }
  /** Calls a function without a result, from the function that is being built. */
  do(f: FunctionBuilder, ...operands: Operands<P>): void {
    this.call(operands)(f.code)
  }
}

/** Builds one function; every method emits at once. */
export class FunctionBuilder {
  readonly code = new CodeWriter()
  readonly locals: (readonly [count: number, type: number])[] = []
  private next: number
  constructor(parameters: number) {
    this.next = parameters
  }

  private local(type: number): number {
    this.locals.push([1, type])
    return this.next++
  }
  /** A new variable; without a value it keeps what it had, zero at first. */
  int(value?: Int | number): IntVariable {
    const variable = new IntVariable(this.code, this.local(I32))
    if (value !== undefined) variable.set(value)
    return variable
  }
  long(value?: Long): LongVariable {
    const variable = new LongVariable(this.code, this.local(I64))
    if (value) variable.set(value)
    return variable
  }
  float(value?: Float | number): FloatVariable {
    const variable = new FloatVariable(this.code, this.local(F64))
    if (value !== undefined) variable.set(value)
    return variable
  }

  private write(op: number, address: Int, offset: number, align: number, value: Int | Float): void {
    address.emit(this.code)
    value.emit(this.code)
    this.code.memory(op, offset, align)
  }
  /** Stores a word `words` words (of four bytes) behind a byte address. */
  put(address: Int | number, words: number, value: Int | number): void {
    this.write(OP.i32Store, int(address), W * words, 2, int(value))
  }
  putFloat(address: Int | number, words: number, value: Float | number): void {
    this.write(OP.f64Store, int(address), W * words, 3, float(value))
  }
  /** Stores a word at any byte address. */
  putLoose(address: Int, bytes: number, value: Int | number): void {
    this.write(OP.i32Store, address, bytes, 0, int(value))
  }
  putByte(address: Int, value: Int | number): void {
    this.write(OP.i32Store8, address, 0, 0, int(value))
  }
  /** Adds to a word, to a float. */
  bump(address: Int | number, words: number, by: Int | number = 1): void {
    this.put(address, words, int(address).word(words).add(by))
  }
  /** `address` is used twice: give a variable or a constant. */
  bumpFloat(address: Int | number, words: number, by: Float | number = 1): void {
    this.putFloat(address, words, int(address).float(words).add(by))
  }
  copyBytes(to: Int, from: Int, bytes: Int | number): void {
    for (const value of [to, from, int(bytes)]) value.emit(this.code)
    this.code.copy()
  }
  fillBytes(at: Int, byte: number, bytes: Int | number): void {
    for (const value of [at, int(byte), int(bytes)]) value.emit(this.code)
    this.code.fill()
  }

  when(condition: Int, then: () => void, otherwise?: () => void): void {
    condition.emit(this.code)
    this.code.if()
    then()
    if (otherwise) {
      this.code.else()
      otherwise()
    }
    this.code.end()
  }
  /** Repeats until `leave` is called or the function returns. */
  loop(body: (leave: () => void, again: () => void) => void): void {
    const out = this.code.block()
    const top = this.code.loop()
    body(
      () => this.code.br(out),
      () => this.code.br(top),
    )
    this.code.br(top)
    this.code.end()
    this.code.end()
  }
  /** A block that `leave` skips to the end of. */
  block(body: (leave: () => void) => void): void {
    const out = this.code.block()
    body(() => this.code.br(out))
    this.code.end()
  }
  /** Counts `variable` from where it stands up to below `limit`. */
  count(variable: IntVariable, limit: Int | number, body: (leave: () => void) => void): void {
    this.loop((leave) => {
      this.when(variable.ge(limit), leave)
      body(leave)
      variable.increase(1)
    })
  }
  /** Goes to the case of a number; without one for it, to `otherwise`. Cases do not fall through. */
  switch(value: Int, cases: ReadonlyMap<number, () => void>, otherwise: () => void): void {
    const least = Math.min(...cases.keys())
    const most = Math.max(...cases.keys())
    const out = this.code.block()
    const rest = this.code.block()
    const labels = new Map<number, Label>()
    const order = [...cases.keys()].sort((left, right) => right - left)
    for (const key of order) labels.set(key, this.code.block())
    value.sub(least).emit(this.code)
    const table: Label[] = []
    for (let key = least; key <= most; key++) table.push(labels.get(key) ?? rest)
    this.code.brTable([...table, rest])
    for (const key of order.reverse()) {
      this.code.end()
      cases.get(key)!()
      this.code.br(out)
    }
    this.code.end()
    otherwise()
    this.code.end()
  }
  return(value?: Int | Float | number): void {
    if (typeof value === 'number') this.code.i32(value)
    else value?.emit(this.code)
    this.code.op(OP.return)
  }
  /** Evaluates a call for its effect. */
  drop(value: Int | Float): void {
    value.emit(this.code)
    this.code.op(OP.drop)
  }
}

/** Builds a module of such functions. All imports come first. */
export class ModuleBuilder {
  private readonly writer: ModuleWriter

  constructor(space: string, memory: MemoryLimits) {
    this.writer = new ModuleWriter(space, memory)
  }

  import<const P extends readonly Kind[]>(name: string, parameters: P, result?: Kind): FunctionReference<P> {
    return new FunctionReference<P>(this.writer.import(name, signature(parameters, result)))
  }

  /** Defines a function and exports it under its name. A function with a result has to return on every way. */
  define<const P extends readonly Kind[]>(
    name: string,
    parameters: P,
    result: Kind | undefined,
    body: (f: FunctionBuilder, ...parameters: Parameters<P>) => void,
  ): FunctionReference<P> {
    const f = new FunctionBuilder(parameters.length)
    const variables = parameters.map((kind, index) =>
      kind === 'float' ? new FloatVariable(f.code, index) : new IntVariable(f.code, index),
    )
    body(f, ...(variables as unknown as Parameters<P>))
    // Behind the last return nothing is reached; the validator wants to be told.
    if (result) f.code.op(OP.unreachable)
    f.code.op(OP.end)
    return this.add(name, parameters, result, f.locals, f.code.finish())
  }

  /** Adds a function whose code was written otherwise. */
  add<const P extends readonly Kind[]>(
    name: string,
    parameters: P,
    result: Kind | undefined,
    locals: readonly (readonly [count: number, type: number])[],
    code: Uint8Array,
  ): FunctionReference<P> {
    return new FunctionReference<P>(
      this.writer.add({ type: signature(parameters, result), locals, code, exportedAs: name }),
    )
  }

  finish(): Uint8Array {
    return this.writer.finish()
  }
}

const signature = (parameters: readonly Kind[], result: Kind | undefined) => ({
  parameters: parameters.map(typeOf),
  results: result ? [typeOf(result)] : [],
})
