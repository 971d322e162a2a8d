/** Bytes of a WebAssembly module: LEB128 numbers, instructions, sections (WebAssembly core specification, chapter 5). */

export const I32 = 0x7f
export const I64 = 0x7e

/** Opcodes by their names in the text format. */
export const OP = {
  unreachable: 0x00, block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e, return: 0x0f, call: 0x10, select: 0x1b,
  localGet: 0x20, localSet: 0x21, localTee: 0x22,
  i32Load: 0x28, i64Load: 0x29, i64Load8S: 0x30, i64Load8U: 0x31, i64Load16S: 0x32, i64Load16U: 0x33, i64Load32S: 0x34, i64Load32U: 0x35,
  i32Store: 0x36, i64Store: 0x37, i64Store8: 0x3c, i64Store16: 0x3d, i64Store32: 0x3e,
  i32Const: 0x41, i64Const: 0x42,
  i32Eqz: 0x45, i32Eq: 0x46, i32Ne: 0x47, i32LtS: 0x48, i32LtU: 0x49, i32GtS: 0x4a, i32GtU: 0x4b, i32LeS: 0x4c, i32LeU: 0x4d, i32GeS: 0x4e, i32GeU: 0x4f,
  i64Eqz: 0x50, i64Eq: 0x51, i64Ne: 0x52, i64LtS: 0x53, i64LtU: 0x54, i64GtS: 0x55, i64GtU: 0x56, i64LeS: 0x57, i64LeU: 0x58, i64GeS: 0x59, i64GeU: 0x5a,
  i32Add: 0x6a, i32Sub: 0x6b, i32Mul: 0x6c, i32DivS: 0x6d, i32DivU: 0x6e, i32RemS: 0x6f, i32RemU: 0x70, i32And: 0x71, i32Or: 0x72, i32Xor: 0x73, i32Shl: 0x74, i32ShrS: 0x75, i32ShrU: 0x76,
  i64Add: 0x7c, i64Sub: 0x7d, i64Mul: 0x7e, i64DivS: 0x7f, i64DivU: 0x80, i64RemS: 0x81, i64RemU: 0x82, i64And: 0x83, i64Or: 0x84, i64Xor: 0x85, i64Shl: 0x86, i64ShrS: 0x87, i64ShrU: 0x88,
  i32WrapI64: 0xa7, i64ExtendI32S: 0xac, i64ExtendI32U: 0xad, i32Extend8S: 0xc0, i32Extend16S: 0xc1, i64Extend8S: 0xc2, i64Extend16S: 0xc3, i64Extend32S: 0xc4,
} as const

/** Block type without a result. */
export const NO_RESULT = 0x40

export class CodeWriter {
  private buffer = new Uint8Array(1024)
  length = 0

  byte(...values: number[]): this {
    if (this.length + values.length > this.buffer.length) {
      const bigger = new Uint8Array(this.buffer.length * 2 + values.length)
      bigger.set(this.buffer)
      this.buffer = bigger
    }
    for (const value of values) this.buffer[this.length++] = value
    return this
  }

  append(bytes: Uint8Array): this {
    for (const value of bytes) this.byte(value)
    return this
  }

  /** Unsigned LEB128. */
  u32(value: number): this {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    return this.byte(rest)
  }

  /** Signed LEB128 of a 32-bit number. */
  s32(value: number): this {
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) return this.byte(low)
      this.byte(low | 0x80)
    }
  }

  /** Signed LEB128 of a 64-bit number given as halves. */
  s64(lo: number, hi: number): this {
    let [low, high] = [lo | 0, hi | 0]
    for (;;) {
      const part = low & 0x7f
      low = (low >>> 7) | (high << 25)
      high >>= 7
      if ((low === 0 && high === 0 && !(part & 0x40)) || (low === -1 && high === -1 && part & 0x40)) return this.byte(part)
      this.byte(part | 0x80)
    }
  }

  name(text: string): this {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i))
    return this
  }

  get(local: number): this {
    return this.byte(OP.localGet).u32(local)
  }

  set(local: number): this {
    return this.byte(OP.localSet).u32(local)
  }

  tee(local: number): this {
    return this.byte(OP.localTee).u32(local)
  }

  i32(value: number): this {
    return this.byte(OP.i32Const).s32(value)
  }

  i64(lo: number, hi: number): this {
    return this.byte(OP.i64Const).s64(lo, hi)
  }

  call(index: number): this {
    return this.byte(OP.call).u32(index)
  }

  /** A load or store; alignment is never promised. */
  memory(op: number, offset = 0): this {
    return this.byte(op, 0).u32(offset)
  }

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }
}

/** A section: its number, and a vector of items. */
export function section(out: CodeWriter, id: number, items: readonly Uint8Array[]): void {
  const body = new CodeWriter().u32(items.length)
  for (const item of items) body.append(item)
  out.byte(id).u32(body.length).append(body.bytes())
}
