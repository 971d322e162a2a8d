/**
 * A small assembler for WebAssembly: bytes of one function body, and a module around functions that share an imported
 * memory. Only what translated programs need. Follows the WebAssembly core specification, section 5 (binary format).
 */

/** Value types and block types. */
const I32 = 0x7f
const F64 = 0x7c
const EMPTY = 0x40

/** One-byte opcodes used here. */
export const WASM = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  f64Load: 0x2b,
  i32Load8U: 0x2d,
  i32Load16U: 0x2f,
  i32Store: 0x36,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotr: 0x78,
  i64ShrU: 0x88,
  i64Mul: 0x7e,
  i32WrapI64: 0xa7,
  i64ExtendI32U: 0xad,
} as const

/** Appends bytes of code; every method returns nothing and checks nothing: the engine validates. */
export class WasmCode {
  private bytes = new Uint8Array(4096)
  private size = 0

  byte(value: number): void {
    if (this.size === this.bytes.length) {
      const grown = new Uint8Array(this.bytes.length * 2)
      grown.set(this.bytes)
      this.bytes = grown
    }
    this.bytes[this.size++] = value
  }

  unsigned(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  signed(value: number): void {
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low)
        return
      }
      this.byte(low | 0x80)
    }
  }

  append(other: Uint8Array): void {
    const needed = this.size + other.length
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(needed * 2)
      grown.set(this.bytes.subarray(0, this.size))
      this.bytes = grown
    }
    this.bytes.set(other, this.size)
    this.size = needed
  }

  op(...ops: number[]): void {
    for (const value of ops) this.byte(value)
  }

  get(local: number): void {
    this.byte(WASM.localGet)
    this.unsigned(local)
  }

  set(local: number): void {
    this.byte(WASM.localSet)
    this.unsigned(local)
  }

  tee(local: number): void {
    this.byte(WASM.localTee)
    this.unsigned(local)
  }

  constant(value: number): void {
    this.byte(WASM.i32Const)
    this.signed(value)
  }

  /** A load or store with alignment 2^`align` at a constant byte offset from the address on the stack. */
  memory(op: number, offset: number, align: number): void {
    this.byte(op)
    this.unsigned(align)
    this.unsigned(offset)
  }

  load(offset: number): void {
    this.memory(WASM.i32Load, offset, 2)
  }

  store(offset: number): void {
    this.memory(WASM.i32Store, offset, 2)
  }

  block(): void {
    this.op(WASM.block, EMPTY)
  }

  loop(): void {
    this.op(WASM.loop, EMPTY)
  }

  if(): void {
    this.op(WASM.if, EMPTY)
  }

  end(): void {
    this.byte(WASM.end)
  }

  br(depth: number): void {
    this.byte(WASM.br)
    this.unsigned(depth)
  }

  brIf(depth: number): void {
    this.byte(WASM.brIf)
    this.unsigned(depth)
  }

  call(index: number): void {
    this.byte(WASM.call)
    this.unsigned(index)
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.size)
  }
}

/** A function type: numbers of i32 parameters; a result or none. */
export interface FunctionType {
  readonly parameters: number
  readonly results: 0 | 1
}

/** A function that the host gives. */
export interface ImportedFunction {
  readonly name: string
  readonly type: FunctionType
}

/** A function of the module: its type, how many i32 and f64 locals it has beside its parameters, its code. */
export interface DefinedFunction {
  readonly name: string
  readonly type: FunctionType
  readonly locals: number
  readonly floatLocals?: number
  readonly code: Uint8Array
}

/** A module that imports `env.memory` (of exactly `pages`) and functions of `env`, and exports its functions. */
export function wasmModule(
  pages: number,
  shared: boolean,
  imports: readonly ImportedFunction[],
  functions: readonly DefinedFunction[],
): Uint8Array {
  const out = new WasmCode()
  out.op(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const text = (code: WasmCode, value: string): void => {
    code.unsigned(value.length)
    for (let index = 0; index < value.length; index++) code.byte(value.charCodeAt(index))
  }
  const section = (id: number, fill: (code: WasmCode) => void): void => {
    const code = new WasmCode()
    fill(code)
    const bytes = code.finish()
    out.byte(id)
    out.unsigned(bytes.length)
    out.append(bytes)
  }
  const all = [...imports, ...functions]
  section(1, (code) => {
    code.unsigned(all.length)
    for (const { type } of all) {
      code.byte(0x60)
      code.unsigned(type.parameters)
      for (let index = 0; index < type.parameters; index++) code.byte(I32)
      code.unsigned(type.results)
      if (type.results) code.byte(I32)
    }
  })
  section(2, (code) => {
    code.unsigned(imports.length + 1)
    text(code, 'env')
    text(code, 'memory')
    code.op(0x02, shared ? 3 : 1)
    code.unsigned(pages)
    code.unsigned(pages)
    imports.forEach(({ name }, index) => {
      text(code, 'env')
      text(code, name)
      code.byte(0)
      code.unsigned(index)
    })
  })
  section(3, (code) => {
    code.unsigned(functions.length)
    functions.forEach((_, index) => code.unsigned(imports.length + index))
  })
  section(7, (code) => {
    code.unsigned(functions.length)
    functions.forEach(({ name }, index) => {
      text(code, name)
      code.byte(0)
      code.unsigned(imports.length + index)
    })
  })
  section(10, (code) => {
    code.unsigned(functions.length)
    for (const { locals, floatLocals = 0, code: body } of functions) {
      const inner = new WasmCode()
      inner.unsigned(floatLocals ? 2 : 1)
      inner.unsigned(locals)
      inner.byte(I32)
      if (floatLocals) {
        inner.unsigned(floatLocals)
        inner.byte(F64)
      }
      inner.append(body)
      inner.end()
      const bytes = inner.finish()
      code.unsigned(bytes.length)
      code.append(bytes)
    }
  })
  return out.finish()
}
