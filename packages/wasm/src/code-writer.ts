/**
 * Bytes of WebAssembly code: opcodes, numbers in LEB128, and labels that are named by how deep they lie, so that a branch
 * can be written without counting what is open. It checks nothing: the platform validates the module. Follows the
 * WebAssembly core specification, section 5 (binary format).
 */

export const I32 = 0x7f
export const I64 = 0x7e
export const F64 = 0x7c
const NO_RESULT = 0x40

/** Opcodes used here, by their names in the specification. */
export const OP = {
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
  i64Load: 0x29,
  f64Load: 0x2b,
  i32Load8U: 0x2d,
  i32Load16U: 0x2f,
  i64Load8S: 0x30,
  i64Load8U: 0x31,
  i64Load16S: 0x32,
  i64Load16U: 0x33,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i64Store8: 0x3c,
  i64Store16: 0x3d,
  i64Store32: 0x3e,
  i32Const: 0x41,
  i64Const: 0x42,
  f64Const: 0x44,
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
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtS: 0x55,
  i64GtU: 0x56,
  i64LeS: 0x57,
  i64LeU: 0x58,
  i64GeS: 0x59,
  i64GeU: 0x5a,
  f64Eq: 0x61,
  f64Ne: 0x62,
  f64Lt: 0x63,
  f64Gt: 0x64,
  f64Le: 0x65,
  f64Ge: 0x66,
  i32Clz: 0x67,
  i32Ctz: 0x68,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotl: 0x77,
  i32Rotr: 0x78,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64DivU: 0x80,
  i64RemS: 0x81,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  f64Ceil: 0x9b,
  f64Floor: 0x9c,
  f64Add: 0xa0,
  f64Sub: 0xa1,
  f64Mul: 0xa2,
  f64Div: 0xa3,
  i32WrapI64: 0xa7,
  i32TruncF64S: 0xaa,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  f64ConvertI32S: 0xb7,
  f64ConvertI32U: 0xb8,
  i32Extend8S: 0xc0,
  i32Extend16S: 0xc1,
  i64Extend8S: 0xc2,
  i64Extend16S: 0xc3,
  i64Extend32S: 0xc4,
} as const

/** A label: the nesting depth at which its block, loop or if was opened. */
export type Label = number

export class CodeWriter {
  private buffer = new Uint8Array(1024)
  private size = 0
  private depth = 0

  private byte(value: number): void {
    if (this.size === this.buffer.length) this.reserve(1)
    this.buffer[this.size++] = value
  }

  private reserve(more: number): void {
    const bigger = new Uint8Array((this.size + more) * 2)
    bigger.set(this.buffer)
    this.buffer = bigger
  }

  op(...bytes: number[]): void {
    for (const value of bytes) this.byte(value)
  }

  append(bytes: Uint8Array): void {
    if (this.size + bytes.length > this.buffer.length) this.reserve(bytes.length)
    this.buffer.set(bytes, this.size)
    this.size += bytes.length
  }

  unsigned(value: number): void {
    let rest = value >>> 0
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80)
    this.byte(rest)
  }

  /** Signed LEB128 of a 64-bit number in halves. */
  private signed(low: number, high: number): void {
    let [lo, hi] = [low | 0, high | 0]
    for (;;) {
      const bits = lo & 0x7f
      lo = (lo >>> 7) | (hi << 25)
      hi >>= 7
      if ((lo === 0 && hi === 0 && (bits & 0x40) === 0) || (lo === -1 && hi === -1 && (bits & 0x40) !== 0))
        return this.byte(bits)
      this.byte(bits | 0x80)
    }
  }

  text(value: string): void {
    this.unsigned(value.length)
    for (let i = 0; i < value.length; i++) this.byte(value.charCodeAt(i))
  }

  i32(value: number): void {
    this.byte(OP.i32Const)
    this.signed(value, value >> 31)
  }

  i64(lo: number, hi: number): void {
    this.byte(OP.i64Const)
    this.signed(lo, hi)
  }

  f64(value: number): void {
    this.byte(OP.f64Const)
    for (const byte of new Uint8Array(Float64Array.of(value).buffer)) this.byte(byte)
  }

  get(local: number): void {
    this.byte(OP.localGet)
    this.unsigned(local)
  }

  set(local: number): void {
    this.byte(OP.localSet)
    this.unsigned(local)
  }

  tee(local: number): void {
    this.byte(OP.localTee)
    this.unsigned(local)
  }

  /** A load or store at a constant offset from the address on the stack; `align` (a power of two's exponent) is a promise. */
  memory(op: number, offset: number, align = 0): void {
    this.op(op, align)
    this.unsigned(offset)
  }

  /** memory.copy: from the stack the address to copy to, the one to copy from, and the number of bytes. */
  copy(): void {
    this.op(0xfc, 0x0a, 0, 0)
  }

  /** memory.fill: from the stack the address, the byte, and the number of bytes. */
  fill(): void {
    this.op(0xfc, 0x0b, 0)
  }

  call(index: number): void {
    this.byte(OP.call)
    this.unsigned(index)
  }

  /** Opens a block; branches to its label go behind its end. */
  block(): Label {
    this.op(OP.block, NO_RESULT)
    return ++this.depth
  }

  /** Opens a loop; branches to its label go to its start. */
  loop(): Label {
    this.op(OP.loop, NO_RESULT)
    return ++this.depth
  }

  /** Opens an if, which may give a value. */
  if(result = NO_RESULT): Label {
    this.op(OP.if, result)
    return ++this.depth
  }

  else(): void {
    this.byte(OP.else)
  }

  end(): void {
    this.byte(OP.end)
    this.depth--
  }

  br(label: Label): void {
    this.byte(OP.br)
    this.unsigned(this.depth - label)
  }

  brIf(label: Label): void {
    this.byte(OP.brIf)
    this.unsigned(this.depth - label)
  }

  /** Branches to the label that the number on the stack chooses; the last for numbers that are too large. */
  brTable(labels: readonly Label[]): void {
    this.byte(OP.brTable)
    this.unsigned(labels.length - 1)
    for (const label of labels) this.unsigned(this.depth - label)
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.size)
  }
}
