/** Translated words that are neither branch nor command: results, flags where something looks at them, shift amounts. */
import { OP } from '@offload/wasm'
import { BLOCK_END } from '../../code-blocks'
import type { CodeBlock } from '../../code-blocks'
import { UNDEFINED_SHIFT_AMOUNT } from '../../constants'
import { CORE } from '../../layout'
import { UOP } from '../../uop'
import { L, P, W, setsFlags, usesAmount, usesCarry } from './locals'
import { OperandCode } from './operand-code'

export class WordCode extends OperandCode {
  protected words(block: CodeBlock, from: number, to: number): void {
    for (let at = from; at < to; at++) this.word(block, at)
  }

  /** Whether later words of the block overwrite the flags of the one at `at` before anything looks at them. */
  protected flagsDead(block: CodeBlock, at: number): boolean {
    for (let later = at + 1; later < block.limit; later++) {
      if (later === block.last && block.end !== BLOCK_END.fall) return false
      const op = this.store.op[later]!
      if (usesCarry(op)) return false
      if (setsFlags(op)) return true
    }
    return false
  }

  /** Whether the A operand of the word at `at` is looked at afterwards. */
  protected amountLive(block: CodeBlock, at: number): boolean {
    return at === block.limit - 1 || usesAmount(this.store.op[at + 1]!)
  }

  protected word(block: CodeBlock, at: number): void {
    const op = this.store.op[at]!
    if (op <= UOP.xor) this.alu(block, at, op)
    else if (op <= UOP.fieldLeft) this.shift(block, at, op)
    else this.other(block, at, op)
  }

  protected alu(block: CodeBlock, at: number, op: number): void {
    const { code, store } = this
    const offset = at - block.start
    const swapped = store.extra[at] === 1
    const unary = op === UOP.movB || op === UOP.notB
    const amount = this.amountLive(block, at)
    // A move does not use its left operand, but a shift behind it may take it as its amount.
    const needA = !unary || store.a[at]! < -256 || (amount && !swapped)
    if (needA) {
      this.operand(store.a[at]!, offset)
      code.set(L.va)
    }
    this.operand(store.b[at]!, offset)
    code.set(L.vb)
    const dead = this.flagsDead(block, at)
    this.aluResult(op, dead)
    code.set(L.r)
    if (!dead) this.aluFlags(op)
    if (amount) {
      code.get(swapped ? L.vb : L.va)
      code.set(L.prevA)
    }
    this.result(at, offset, !dead)
  }

  /** Pushes the result; `carry` is still that of before. */
  protected aluResult(op: number, dead: boolean): void {
    const { code } = this
    const ab = (...ops: number[]): void => {
      code.get(L.va)
      code.get(L.vb)
      code.op(...ops)
    }
    const not = (): void => {
      code.i32(-1)
      code.op(OP.i32Xor)
    }
    switch (op) {
      case UOP.movB:
        code.get(L.vb)
        return
      case UOP.notB:
        code.get(L.vb)
        not()
        return
      case UOP.add:
        return ab(OP.i32Add)
      case UOP.add16:
      case UOP.add8:
        code.get(L.vb)
        code.i32(op === UOP.add16 ? 0xffff : 0xff)
        code.op(OP.i32And)
        code.set(L.t)
        code.get(L.va)
        code.get(L.t)
        code.op(OP.i32Add)
        return
      case UOP.sub:
        return ab(OP.i32Sub)
      case UOP.subReverse:
        code.get(L.vb)
        code.get(L.va)
        code.op(OP.i32Sub)
        return
      case UOP.addCarry:
      case UOP.subCarry:
        code.get(L.vb)
        if (op === UOP.subCarry) not()
        code.tee(L.t)
        code.get(L.va)
        code.op(OP.i32Add)
        if (dead) {
          code.get(L.carry)
          code.op(OP.i32Add)
          return
        }
        // Two additions, each of which may carry.
        code.tee(L.sum)
        code.get(L.carry)
        code.op(OP.i32Add)
        code.tee(L.total)
        code.get(L.sum)
        code.op(OP.i32LtU)
        code.get(L.sum)
        code.get(L.va)
        code.op(OP.i32LtU, OP.i32Or)
        code.set(L.carry)
        code.get(L.total)
        return
      case UOP.and:
        return ab(OP.i32And)
      case UOP.andNot:
        code.get(L.va)
        code.get(L.vb)
        not()
        code.op(OP.i32And)
        return
      case UOP.notAnd:
        code.get(L.va)
        not()
        code.get(L.vb)
        code.op(OP.i32And)
        return
      case UOP.or:
        return ab(OP.i32Or)
      default:
        return ab(OP.i32Xor)
    }
  }

  /** Carry and overflow of the word whose result is in `r`. */
  protected aluFlags(op: number): void {
    const { code } = this
    /** overflow := sign of (x ^ r) & (y ^ r). */
    const overflow = (x: number, y: number): void => {
      code.get(x)
      code.get(L.r)
      code.op(OP.i32Xor)
      code.get(y)
      code.get(L.r)
      code.op(OP.i32Xor, OP.i32And)
      code.i32(31)
      code.op(OP.i32ShrU)
      code.set(L.overflow)
    }
    /** overflow := sign of (x ^ y) & (x ^ r). */
    const borrow = (x: number, y: number): void => {
      code.get(x)
      code.get(y)
      code.op(OP.i32Xor)
      code.get(x)
      code.get(L.r)
      code.op(OP.i32Xor, OP.i32And)
      code.i32(31)
      code.op(OP.i32ShrU)
      code.set(L.overflow)
    }
    const carry = (x: number, y: number, compare: number): void => {
      code.get(x)
      code.get(y)
      code.op(compare)
      code.set(L.carry)
    }
    switch (op) {
      case UOP.add:
        carry(L.r, L.va, OP.i32LtU)
        return overflow(L.va, L.vb)
      case UOP.add16:
      case UOP.add8:
        carry(L.r, L.va, OP.i32LtU)
        return overflow(L.va, L.t)
      case UOP.addCarry:
        return overflow(L.va, L.vb)
      case UOP.subCarry:
        return borrow(L.va, L.vb)
      case UOP.sub:
        carry(L.va, L.vb, OP.i32GeU)
        return borrow(L.va, L.vb)
      case UOP.subReverse:
        carry(L.vb, L.va, OP.i32GeU)
        return borrow(L.vb, L.va)
      default:
        this.clearCarry()
    }
  }

  protected clearCarry(): void {
    this.code.i32(0)
    this.code.set(L.carry)
    this.code.i32(0)
    this.code.set(L.overflow)
  }

  protected shift(block: CodeBlock, at: number, op: number): void {
    const { code, store } = this
    const offset = at - block.start
    const imm = store.imm[at]!
    const aux = store.aux[at]!
    const field = op >= UOP.fieldRotate
    this.operand(store.a[at]!, offset)
    code.set(L.va)
    this.operand(store.b[at]!, offset)
    code.set(L.vb)
    this.shifted(op, imm)
    if (field) {
      code.i32(aux)
      code.op(OP.i32And)
      if (!(imm & 256) && aux !== -1) {
        code.get(L.va)
        code.i32(~aux)
        code.op(OP.i32And, OP.i32Or)
      }
    } else if (op < UOP.shiftDouble || op === UOP.shiftRightBy || op === UOP.shiftLeftBy) this.shiftOperation(aux)
    code.set(L.r)
    const dead = field || this.flagsDead(block, at)
    if (!dead) this.clearCarry()
    if (this.amountLive(block, at)) {
      code.get(store.extra[at] === 0 ? L.va : L.vb)
      code.set(L.prevA)
    }
    this.result(at, offset, !dead)
  }

  /** Pushes operand B shifted. */
  protected shifted(op: number, imm: number): void {
    const { code } = this
    const amount = (): void => {
      code.get(L.prevA)
    }
    switch (op) {
      case UOP.rotate:
      case UOP.fieldRotate:
        code.get(L.vb)
        code.i32(imm & 31)
        code.op(OP.i32Rotr)
        return
      case UOP.shiftRight:
      case UOP.fieldRight:
        code.get(L.vb)
        code.i32(imm & 31)
        code.op(OP.i32ShrU)
        return
      case UOP.shiftLeft:
      case UOP.fieldLeft:
        code.get(L.vb)
        code.i32(imm & 31)
        code.op(OP.i32Shl)
        return
      case UOP.shiftDouble:
        code.get(L.vb)
        code.i32(imm)
        code.op(OP.i32ShrU)
        code.get(L.va)
        code.i32(32 - imm)
        code.op(OP.i32Shl, OP.i32Or)
        return
      case UOP.shiftRightBy:
        code.get(L.vb)
        amount()
        code.op(OP.i32ShrU)
        return
      case UOP.shiftLeftBy:
        code.get(L.vb)
        amount()
        code.op(OP.i32Shl)
        return
      case UOP.shiftDoubleBy:
        code.get(L.vb)
        amount()
        code.op(OP.i32ShrU)
        code.get(L.va)
        code.i32(0)
        amount()
        code.op(OP.i32Sub, OP.i32Shl)
        code.i32(0)
        amount()
        code.i32(31)
        code.op(OP.i32And, OP.select, OP.i32Or)
        return
      default: {
        // Arithmetic: the sign is that of the previous result.
        const by = (): void => (op === UOP.shiftArithmetic ? code.i32(imm) : amount())
        code.get(L.prevAlu)
        code.i32(31)
        code.op(OP.i32ShrS)
        code.i32(-1)
        by()
        code.op(OP.i32ShrU)
        code.i32(-1)
        code.op(OP.i32Xor, OP.i32And)
        code.get(L.vb)
        by()
        code.op(OP.i32ShrU, OP.i32Or)
      }
    }
  }

  protected shiftOperation(aux: number): void {
    const { code } = this
    const not = (): void => {
      code.i32(-1)
      code.op(OP.i32Xor)
    }
    if (aux === 1) not()
    else if (aux === 2) {
      code.get(L.va)
      code.op(OP.i32And)
    } else if (aux === 3) {
      code.get(L.va)
      not()
      code.op(OP.i32And)
    } else if (aux === 4) {
      not()
      code.get(L.va)
      code.op(OP.i32And)
    } else if (aux === 5) {
      code.get(L.va)
      code.op(OP.i32Or)
    }
  }

  protected other(block: CodeBlock, at: number, op: number): void {
    const { code, store } = this
    const offset = at - block.start
    code.i32(UNDEFINED_SHIFT_AMOUNT)
    code.set(L.prevA)
    switch (op) {
      case UOP.immed:
        code.i32(store.imm[at]!)
        code.set(L.r)
        return this.result(at, offset, false)
      case UOP.immedPart:
        if (store.dst[at] === -1) code.get(L.prevAlu)
        else this.operand(store.a[at]!, offset)
        code.i32(~store.aux[at]!)
        code.op(OP.i32And)
        code.i32(store.imm[at]!)
        code.op(OP.i32Or)
        code.set(L.r)
        return this.result(at, offset, false)
      case UOP.lmPointer:
        this.operand(store.a[at]!, offset)
        code.set(L.va)
        code.i32(store.imm[at]!)
        code.get(L.va)
        code.get(P.tb)
        code.get(L.cycle)
        code.i32(offset)
        code.op(OP.i32Add)
        code.call(this.calls.setPointer.index)
        this.pointerWritten(offset)
        return
      case UOP.mulStart:
        this.operand(store.a[at]!, offset)
        code.set(L.va)
        this.operand(store.b[at]!, offset)
        code.set(L.vb)
        code.get(P.cb)
        code.get(L.va)
        code.memory(OP.i32Store, W * CORE.mulA, 2)
        code.get(P.cb)
        code.get(L.vb)
        code.memory(OP.i32Store, W * CORE.mulB, 2)
        return
      case UOP.mulStep:
        return
      default:
        this.product(block, at, op === UOP.mulLast2)
    }
  }

  protected product(block: CodeBlock, at: number, high: boolean): void {
    const { code, store } = this
    const type = store.aux[at]!
    const masks = type === 1 ? [0xffffff, 0xff] : type === 2 ? [0xffff, 0xffff] : [-1, -1]
    const factor = (word: number, mask: number): void => {
      code.get(P.cb)
      code.memory(OP.i32Load, W * word, 2)
      if (mask !== -1) {
        code.i32(mask)
        code.op(OP.i32And)
      }
      if (high) code.op(OP.i64ExtendI32U)
    }
    factor(CORE.mulA, masks[0]!)
    factor(CORE.mulB, masks[1]!)
    if (high) {
      code.op(OP.i64Mul)
      code.i64(32, 0)
      code.op(OP.i64ShrU, OP.i32WrapI64)
    } else code.op(OP.i32Mul)
    code.set(L.r)
    const dead = this.flagsDead(block, at)
    if (!dead) this.clearCarry()
    this.result(at, at - block.start, !dead)
  }
}
