/**
 * The program's instructions, decoded once into parallel arrays. Index = 8-byte slot; the second slot of a `ld_imm64`
 * has opcode 0. Not a table of the instruction set: which opcodes exist is `opcodeExists`, what they mean the checks say.
 */

export class Insns {
  readonly bytes: Uint8Array
  readonly length: number
  readonly op: Uint8Array
  readonly dst: Uint8Array
  readonly src: Uint8Array
  readonly off: Int16Array
  readonly imm: Int32Array

  constructor(bytes: Uint8Array) {
    const n = Math.floor(bytes.length / 8)
    this.bytes = bytes
    this.length = n
    this.op = new Uint8Array(n)
    this.dst = new Uint8Array(n)
    this.src = new Uint8Array(n)
    this.off = new Int16Array(n)
    this.imm = new Int32Array(n)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < n; i++) {
      this.op[i] = bytes[i * 8]!
      this.dst[i] = bytes[i * 8 + 1]! & 15
      this.src[i] = bytes[i * 8 + 1]! >> 4
      this.off[i] = view.getInt16(i * 8 + 2, true)
      this.imm[i] = view.getInt32(i * 8 + 4, true)
    }
  }

  isLdImm64(i: number): boolean {
    return this.op[i] === 0x18
  }
  isPseudoCall(i: number): boolean {
    return this.op[i] === 0x85 && this.src[i] === 1
  }
  isPseudoFunc(i: number): boolean {
    return this.op[i] === 0x18 && this.src[i] === 4
  }
  /** A kernel function without a number. */
  isEmptyCall(i: number): boolean {
    return this.op[i] === 0x85 && this.src[i] === 2 && this.imm[i] === 0
  }
  isHelperCall(i: number): boolean {
    return this.op[i] === 0x85 && this.src[i] === 0
  }
  isMayGoto(i: number): boolean {
    return this.op[i] === 0xe5 && this.src[i] === 0
  }
  isJumpClass(i: number): boolean {
    return (this.op[i]! & 7) >= 5 && (this.op[i]! & 7) <= 6
  }
  isConditional(i: number): boolean {
    if (!this.isJumpClass(i)) return false
    const kind = this.op[i]! & 0xf0
    return kind !== 0x00 && kind !== 0x80 && kind !== 0x90
  }
  /** Target of the jump at `i`. */
  target(i: number): number {
    return i + 1 + (this.op[i] === 0x06 ? this.imm[i]! : this.off[i]!)
  }
  /**
   * Where control may go from `i` inside its subprogram, `k` = 0 or 1; -1: no (second) way. Calls go on behind themselves.
   */
  successor(i: number, k: number): number {
    const behind = i + (this.op[i] === 0x18 ? 2 : 1)
    if (!this.isJumpClass(i)) return k === 0 ? behind : -1
    switch (this.op[i]! & 0xf0) {
      case 0x90:
        return -1
      case 0x00:
        return k === 0 ? this.target(i) : -1
      case 0x80:
        return k === 0 ? behind : -1
      default:
        return k === 0 ? behind : this.target(i)
    }
  }
}

const EXISTING = ((): Uint8Array => {
  const known = new Uint8Array(256)
  const put = (...ops: number[]): void => ops.forEach((op) => (known[op] = 1))
  for (const cls of [0x04, 0x07]) {
    for (const op of [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0])
      put(op | cls, op | cls | 8)
    put(0x80 | cls)
  }
  put(0xd4, 0xdc, 0xd7)
  for (const cls of [0x05, 0x06]) {
    for (const op of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]) put(op | cls, op | cls | 8)
    put(cls)
  }
  put(0x85, 0x95, 0xe5)
  for (const size of [0x00, 0x08, 0x10, 0x18]) put(0x61 | size, 0x62 | size, 0x63 | size, 0xc3 | size)
  put(0x81, 0x89, 0x91, 0x18)
  put(0x20, 0x28, 0x30, 0x40, 0x48, 0x50)
  return known
})()

/** Whether the kernel's instruction table knows the opcode. */
export const opcodeExists = (op: number): boolean => EXISTING[op] === 1

/** Bytes by the size bits of a load or store opcode. */
export const accessSize = (op: number): number => [4, 2, 1, 8][(op >> 3) & 3]!
