/** The instructions of a program while it is assembled: bytes and source lines that grow together. */

import { writeInsn } from '../insn'

export class Code {
  insns = new Uint8Array(1024)
  /** Number of slots written. */
  count = 0
  private lines = new Int32Array(128)

  push(opcode: number, dst: number, src: number, off: number, imm: number, line: number): void {
    if ((this.count + 1) * 8 > this.insns.length) this.grow()
    writeInsn(this.insns, this.count, opcode, dst, src, off, imm)
    this.lines[this.count] = line
    this.count++
  }

  /** Eight bytes as they are. */
  pushBytes(bytes: Uint8Array, line: number): void {
    this.push(0, 0, 0, 0, 0, line)
    this.insns.set(bytes, (this.count - 1) * 8)
  }

  bytes(): Uint8Array {
    return this.insns.slice(0, this.count * 8)
  }

  sourceLines(): Int32Array {
    return this.lines.slice(0, this.count)
  }

  private grow(): void {
    const insns = new Uint8Array(this.insns.length * 2)
    insns.set(this.insns)
    this.insns = insns
    const lines = new Int32Array(this.lines.length * 2)
    lines.set(this.lines)
    this.lines = lines
  }
}
