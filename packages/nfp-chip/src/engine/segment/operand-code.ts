/**
 * Operands of translated words: registers live in locals within a block, read once and written back at its end; local
 * memory goes through its pointers, whose writes are used only some cycles later.
 */
import { CodeWriter, OP } from '@offload/wasm'
import { ISSUE } from '../../constants'
import { CORE, CTX } from '../../layout'
import type { DecodedStore } from '../../uop'
import { L, P, REGISTERS, W } from './locals'
import type { SegmentCalls } from './locals'

export class OperandCode {
  protected readonly code = new CodeWriter()
  private readonly known = new Uint8Array(REGISTERS)
  private readonly dirty = new Uint8Array(REGISTERS)
  /** Offset of the last LM pointer write in the block (-1: perhaps just before it), and whether none is pending. */
  private pointerSetAt = -1
  private pointersClean = false

  protected readonly store: DecodedStore
  protected readonly calls: SegmentCalls

  constructor(store: DecodedStore, calls: SegmentCalls) {
    this.store = store
    this.calls = calls
  }

  /** Forgets what is known of registers and pointers: at the start of a block. */
  protected forget(): void {
    this.known.fill(0)
    this.dirty.fill(0)
    this.pointerSetAt = -1
    this.pointersClean = false
  }

  /** A pointer was written by the word at `offset` of the block. */
  protected pointerWritten(offset: number): void {
    this.pointerSetAt = offset
    this.pointersClean = false
  }

  /** Writes `r` to the destination; it is the previous result from now on, and the flags' if `flags`. */
  protected result(at: number, offset: number, flags: boolean): void {
    const { code, store } = this
    code.get(L.r)
    code.set(L.prevAlu)
    if (flags) {
      code.get(L.r)
      code.set(L.result)
    }
    const dst = store.dst[at]!
    if (dst >= 256) {
      this.setRegister(dst - 256)
      this.setRegister(dst - 224)
    } else if (dst >= 0) this.setRegister(dst)
    else if (dst < -1) {
      this.localAddress(-dst & 0xfff, offset)
      code.get(L.r)
      code.memory(OP.i32Store, W * CORE.lm, 2)
    }
  }

  protected setRegister(register: number): void {
    this.code.get(L.r)
    this.code.set(L.registers + register)
    this.known[register] = 1
    this.dirty[register] = 1
  }

  /** Pushes the value of an operand. */
  protected operand(operand: number, offset: number): void {
    const { code } = this
    if (operand < -256) {
      this.localAddress(-operand & 0xfff, offset)
      code.memory(OP.i32Load, W * CORE.lm, 2)
    } else if (operand < 0) code.i32(~operand)
    else if (this.known[operand]) code.get(L.registers + operand)
    else {
      code.get(P.tb)
      code.memory(OP.i32Load, W * operand, 2)
      code.tee(L.registers + operand)
      this.known[operand] = 1
    }
  }

  /** Pushes the address (to which the offset of LM in a core's block is added) of a local memory operand; steps it. */
  protected localAddress(payload: number, offset: number): void {
    const { code } = this
    const pointerAt = W * (CTX.lmPointer + (payload >> 6))
    const mode = (payload >> 4) & 3
    if (!this.pointersClean) {
      code.get(P.tb)
      code.memory(OP.i32Load, W * CTX.lmPending, 2)
      code.if()
      code.get(P.tb)
      code.get(L.cycle)
      code.i32(offset)
      code.op(OP.i32Add)
      code.call(this.calls.takeOver.index)
      code.end()
      if (offset >= this.pointerSetAt + ISSUE.localMemoryPointerDelay) this.pointersClean = true
    }
    code.get(P.tb)
    code.memory(OP.i32Load, pointerAt, 2)
    if (mode !== 0) {
      code.set(L.t)
      code.get(P.tb)
      code.get(L.t)
      code.i32(mode === 1 ? 4 : -4)
      code.op(OP.i32Add)
      code.memory(OP.i32Store, pointerAt, 2)
      code.get(L.t)
    }
    code.i32(0xffc)
    code.op(OP.i32And)
    const word = payload & 15
    if (word !== 0) {
      code.i32(4 * word)
      code.op(OP.i32Or)
    }
    code.get(P.cb)
    code.op(OP.i32Add)
  }

  /** Writes changed registers back. */
  protected flush(): void {
    for (let register = 0; register < REGISTERS; register++) {
      if (!this.dirty[register]) continue
      this.code.get(P.tb)
      this.code.get(L.registers + register)
      this.code.memory(OP.i32Store, W * register, 2)
      this.dirty[register] = 0
    }
  }
}
