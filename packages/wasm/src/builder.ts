/**
 * Functions and modules built statement by statement: variables, branches, loops, calls, and the module around them.
 * What stands in a statement is an expression (expression.ts); each method emits at once.
 */
import { CodeWriter, F64, I32, I64, OP } from './code-writer'
import type { Label } from './code-writer'
import { Float, Int, Long, float, int } from './expression'
import type { Emit } from './expression'
import { ModuleWriter } from './module-writer'
import type { MemoryLimits } from './module-writer'

/** Bytes of a memory word; offsets of `put` and `putFloat` count words. */
const W = 4

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
