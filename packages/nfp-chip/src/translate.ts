/**
 * The translated tier: loaded programs become one WebAssembly function that runs a context from any block to the next
 * swap. It works on the very state that the precise tier uses and leaves it equal, word for word and cycle for cycle,
 * so the two may take turns at every block. Follows chip-engine.md, section 7 (points 3 and 6).
 *
 * Shape: nested blocks in order of address, so that forward branches are direct; a loop around them with a table for
 * entries and backward branches. Inside a block, registers live in locals: read once, written back at its end. Cycles
 * of a block are constants. Words that this tier does not know (code-blocks.ts) leave to the interpreter.
 */
import { ISSUE, UNDEFINED_SHIFT_AMOUNT } from './constants'
import { BLOCK_END } from './code-blocks'
import type { CodeBlock } from './code-blocks'
import { CORE, CTX, LOG } from './layout'
import type { Layout } from './layout'
import { CodeWriter, I32, OP } from '@offload/wasm'
import type { FunctionReference, Label, ModuleBuilder } from '@offload/wasm'
import { UOP } from './uop'
import type { DecodedStore } from './uop'

/** Result of the function: stop | words << 3. `go` means: look at the new address and carry on. */
export const SEGMENT_STOP = { swapped: 0, go: 1, interpret: 2, fault: 3 } as const

const IN_CYCLE = ['int', 'int', 'int', 'int', 'int', 'int', 'int'] as const

/** What the function calls: all parameters are integers, `who` = core << 2 | slot, cycles relative to the segment. */
export interface SegmentCalls {
  /** (who, imm, aux, lo, hi, override, cycle): issues a command that swaps; a fault, or 0. */
  readonly issue: FunctionReference<typeof IN_CYCLE>
  /** The same for a posted command: cycles that the core stalled before it, or -1 when it cannot be done now. */
  readonly post: FunctionReference<typeof IN_CYCLE>
  /** (context block, cycle) */
  readonly takeOver: FunctionReference<readonly ['int', 'int']>
  /** (pointer, value, context block, cycle) */
  readonly setPointer: FunctionReference<readonly ['int', 'int', 'int', 'int']>
}

/** Parameters and locals of the function. */
const P = { cb: 0, tb: 1, next: 2, counts: 3, limit: 4, who: 5 } as const
const L = {
  cycle: 6,
  result: 7,
  carry: 8,
  overflow: 9,
  flagsAt: 10,
  prevAlu: 11,
  prevA: 12,
  words: 13,
  va: 14,
  vb: 15,
  r: 16,
  t: 17,
  pc: 18,
  stop: 19,
  lo: 20,
  hi: 21,
  taken: 22,
  late: 23,
  sum: 24,
  total: 25,
  registers: 26,
} as const
export const SEGMENT_PARAMETERS = ['int', 'int', 'int', 'int', 'int', 'int'] as const
const REGISTERS = 192
const LOCALS = L.registers + REGISTERS - SEGMENT_PARAMETERS.length

const W = 4

/** Where the state of a context goes when the function starts and ends: local, word of the block. */
const STATE_WORDS: readonly (readonly [local: number, word: number])[] = [
  [L.cycle, CTX.cycle],
  [L.result, CTX.ccResult],
  [L.carry, CTX.ccCarry],
  [L.overflow, CTX.ccOverflow],
  [L.flagsAt, CTX.ccCycle],
  [L.prevAlu, CTX.prevAlu],
  [L.prevA, CTX.prevA],
]

const setsFlags = (op: number): boolean =>
  (op >= UOP.movB && op <= UOP.shiftArithmeticBy) || op === UOP.mulLast || op === UOP.mulLast2
const usesCarry = (op: number): boolean => op === UOP.addCarry || op === UOP.subCarry
const usesAmount = (op: number): boolean => op >= UOP.shiftRightBy && op <= UOP.shiftArithmeticBy

class Translator {
  private readonly code = new CodeWriter()
  private readonly known = new Uint8Array(REGISTERS)
  private readonly dirty = new Uint8Array(REGISTERS)
  private readonly indexOf = new Map<number, number>()
  private index = 0
  /** Offset of the last LM pointer write in the block (-1: perhaps just before it), and whether none is pending. */
  private pointerSetAt = -1
  private pointersClean = false

  private readonly store: DecodedStore
  private readonly blocks: readonly CodeBlock[]
  private readonly layout: Layout
  private readonly calls: SegmentCalls
  /** Where each block begins, and the end of the function. */
  private labels: readonly Label[] = []
  private top: Label = 0
  private out: Label = 0

  constructor(layout: Layout, store: DecodedStore, blocks: readonly CodeBlock[], calls: SegmentCalls) {
    this.layout = layout
    this.calls = calls
    this.store = store
    this.blocks = blocks
    blocks.forEach(({ start }, at) => this.indexOf.set(start, at))
  }

  translate(): Uint8Array {
    const { code, blocks } = this
    for (const [local, word] of STATE_WORDS) {
      code.get(P.tb)
      code.memory(OP.i32Load, W * word, 2)
      code.set(local)
    }
    this.out = code.block()
    this.top = code.loop()
    this.labels = blocks.map(() => code.block()).reverse()
    code.get(P.next)
    code.brTable(this.labels)
    blocks.forEach((block, at) => {
      code.end()
      this.index = at
      this.block(block)
    })
    // Behind the last block: nothing falls through, every block ends in a branch or an exit.
    code.op(OP.unreachable)
    code.end()
    code.end()
    for (const [local, word] of STATE_WORDS) {
      code.get(P.tb)
      code.get(local)
      code.memory(OP.i32Store, W * word, 2)
    }
    code.get(P.tb)
    code.get(L.pc)
    code.memory(OP.i32Store, W * CTX.pc, 2)
    code.get(L.stop)
    code.get(L.words)
    code.i32(3)
    code.op(OP.i32Shl, OP.i32Or)
    code.end()
    return code.finish()
  }

  private block(block: CodeBlock): void {
    const { store } = this
    this.known.fill(0)
    this.dirty.fill(0)
    this.pointerSetAt = -1
    this.pointersClean = false
    if (block.end === BLOCK_END.interpret) {
      this.exit(block.start, SEGMENT_STOP.interpret)
      return
    }
    const command = store.op[block.start] === UOP.command
    if (command) this.leaveWhenLogFull(block.start)
    if (command && block.end !== BLOCK_END.swap) this.post(block.start)
    this.count(block)
    const first = command && block.end !== BLOCK_END.swap ? block.start + 1 : block.start
    if (block.end === BLOCK_END.swap) this.captureCommand(block.last)
    else if (block.end !== BLOCK_END.fall) {
      this.words(block, first, block.last)
      this.captureBranch(block)
    } else this.words(block, first, block.limit)
    if (block.end !== BLOCK_END.fall) this.words(block, block.last + 1, block.limit)
    this.flush()
    this.closeFlags(block)
    this.finish(block)
  }

  /** The end of a block: add its cycles, then go where it leads. */
  private finish(block: CodeBlock): void {
    const { code, store } = this
    const words = block.limit - block.start
    this.add(L.cycle, words)
    switch (block.end) {
      case BLOCK_END.fall:
        this.go(block.limit)
        return
      case BLOCK_END.swap: {
        code.get(P.who)
        code.i32(store.imm[block.last]!)
        code.i32(store.aux[block.last]!)
        code.get(L.lo)
        code.get(L.hi)
        code.get(L.taken)
        code.get(L.late)
        code.call(this.calls.issue.index)
        code.if()
        this.exit(block.last, SEGMENT_STOP.fault)
        code.end()
        this.exit(block.limit, SEGMENT_STOP.swapped)
        return
      }
      case BLOCK_END.jump: {
        const defer = store.extra[block.last]!
        this.add(L.cycle, Math.max(0, ISSUE.rtn - 1 - defer))
        code.get(L.taken)
        code.set(L.pc)
        this.leave(SEGMENT_STOP.go)
        return
      }
      default:
        this.branchEnd(block)
    }
  }

  private branchEnd(block: CodeBlock): void {
    const { code, store } = this
    const defer = store.extra[block.last]!
    const target = store.imm[block.last]!
    const always = block.end === BLOCK_END.branch && store.aux[block.last] === 24
    if (always) {
      this.add(L.cycle, Math.max(0, ISSUE.branchAlways - 1 - defer))
      this.go(target)
      return
    }
    code.get(L.taken)
    code.if()
    const before = block.last - 1
    const inBlock = before >= block.start
    const afterFlags = block.end === BLOCK_END.branch && inBlock && setsFlags(store.op[before]!)
    this.add(L.cycle, Math.max(0, (afterFlags ? ISSUE.branchTakenAfterFlags : ISSUE.branchTaken) - 1 - defer))
    if (block.end === BLOCK_END.branch && !inBlock && defer < 3) {
      code.get(L.cycle)
      code.get(L.late)
      code.op(OP.i32Add)
      code.set(L.cycle)
    }
    this.go(target, true)
    code.end()
    this.go(block.limit)
  }

  private add(local: number, value: number): void {
    if (value === 0) return
    this.code.get(local)
    this.code.i32(value)
    this.code.op(OP.i32Add)
    this.code.set(local)
  }

  /** Goes on at an address, from the block's own level or from `inside` a construct in it. */
  private go(address: number, inside = false): void {
    const { code } = this
    const at = this.indexOf.get(address)
    if (at === undefined) {
      this.exit(address, SEGMENT_STOP.go)
    } else if (at > this.index) {
      if (at !== this.index + 1 || inside) code.br(this.labels[at]!)
    } else {
      code.get(L.words)
      code.get(P.limit)
      code.op(OP.i32GtS)
      code.if()
      this.exit(address, SEGMENT_STOP.interpret)
      code.end()
      code.i32(at)
      code.set(P.next)
      code.br(this.top)
    }
  }

  /** Leaves the function with the context at `address`. */
  private exit(address: number, stop: number): void {
    this.code.i32(address)
    this.code.set(L.pc)
    this.leave(stop)
  }

  private leave(stop: number): void {
    this.code.i32(stop)
    this.code.set(L.stop)
    this.code.br(this.out)
  }

  private leaveWhenLogFull(address: number): void {
    const { code } = this
    // who & ~3 is core * 4.
    for (const table of [this.layout.logTails, this.layout.logHeads]) {
      code.get(P.who)
      code.i32(-4)
      code.op(OP.i32And)
      code.memory(OP.i32Load, W * table, 2)
    }
    code.op(OP.i32Sub)
    code.i32(LOG.entries - 4)
    code.op(OP.i32GeS)
    code.if()
    this.exit(address, SEGMENT_STOP.interpret)
    code.end()
  }

  private count(block: CodeBlock): void {
    const { code } = this
    code.get(P.counts)
    code.get(P.counts)
    code.memory(OP.i32Load, W * block.start, 2)
    code.i32(1)
    code.op(OP.i32Add)
    code.memory(OP.i32Store, W * block.start, 2)
    this.add(L.words, block.limit - block.start)
  }

  /** Address operands of a command to `lo` and `hi`. */
  private commandAddress(at: number): void {
    const { code, store } = this
    this.operand(store.a[at]!, 0)
    code.set(L.va)
    this.operand(store.b[at]!, 0)
    code.set(L.vb)
    const mode = store.aux[at]! >>> 20
    if (mode === 4) {
      code.get(L.va)
      code.get(L.vb)
      code.op(OP.i32Add)
      code.set(L.lo)
      code.i32(0)
      code.set(L.hi)
      return
    }
    const [high, low] = mode === 1 ? [L.vb, L.va] : [L.va, L.vb]
    code.get(high)
    code.i32(8)
    code.op(OP.i32Shl)
    code.get(low)
    code.op(OP.i32Add)
    code.tee(L.lo)
    code.get(low)
    code.op(OP.i32LtU)
    code.get(high)
    code.i32(24)
    code.op(OP.i32ShrU, OP.i32Add)
    code.i32(255)
    code.op(OP.i32And)
    code.set(L.hi)
  }

  /** A posted command at the start of a block: stalls, or leaves to the interpreter when it cannot be done now. */
  private post(at: number): void {
    const { code, store } = this
    this.commandAddress(at)
    code.get(P.who)
    code.i32(store.imm[at]!)
    code.i32(store.aux[at]!)
    code.get(L.lo)
    code.get(L.hi)
    code.get(L.prevAlu)
    code.get(L.cycle)
    code.call(this.calls.post.index)
    code.tee(L.t)
    code.i32(0)
    code.op(OP.i32LtS)
    code.if()
    this.exit(at, SEGMENT_STOP.interpret)
    code.end()
    code.get(L.cycle)
    code.get(L.t)
    code.op(OP.i32Add)
    code.set(L.cycle)
    code.i32(UNDEFINED_SHIFT_AMOUNT)
    code.set(L.prevA)
  }

  /** A swapping command: address, override and cycle are taken now, the rest when its deferred words are done. */
  private captureCommand(at: number): void {
    const { code } = this
    this.commandAddress(at)
    code.get(L.prevAlu)
    code.set(L.taken)
    code.get(L.cycle)
    code.set(L.late)
    code.i32(UNDEFINED_SHIFT_AMOUNT)
    code.set(L.prevA)
  }

  /** The condition of a branch, before its deferred words; or the target of a jump. */
  private captureBranch(block: CodeBlock): void {
    const { code, store } = this
    const at = block.last
    const offset = at - block.start
    if (block.end === BLOCK_END.branch) {
      const cond = store.aux[at]!
      if (cond !== 24) {
        this.condition(cond)
        code.set(L.taken)
        if (offset === 0) {
          code.get(L.flagsAt)
          code.get(L.cycle)
          code.i32(1)
          code.op(OP.i32Sub, OP.i32Eq)
          code.set(L.late)
        }
      }
    } else if (block.end === BLOCK_END.branchBit) {
      this.operand(store.a[at]!, offset)
      code.i32(store.b[at]!)
      code.op(OP.i32ShrU)
      code.i32(1)
      code.op(OP.i32And)
      code.i32(store.aux[at]!)
      code.op(OP.i32Eq)
      code.set(L.taken)
    } else {
      this.operand(store.a[at]!, offset)
      code.i32(store.imm[at]!)
      code.op(OP.i32Add)
      code.i32(0x3fff)
      code.op(OP.i32And)
      code.set(L.taken)
    }
    code.i32(UNDEFINED_SHIFT_AMOUNT)
    code.set(L.prevA)
  }

  private condition(cond: number): void {
    const { code } = this
    const sign = (): void => {
      code.get(L.result)
      code.i32(31)
      code.op(OP.i32ShrU)
      code.get(L.overflow)
    }
    switch (cond) {
      case 0:
        code.get(L.result)
        code.op(OP.i32Eqz)
        break
      case 1:
        code.get(L.result)
        code.i32(0)
        code.op(OP.i32Ne)
        break
      case 2:
      case 3:
        code.get(L.result)
        code.i32(0)
        code.op(cond === 2 ? OP.i32LtS : OP.i32GeS)
        break
      case 4:
        code.get(L.carry)
        break
      case 5:
        code.get(L.carry)
        code.op(OP.i32Eqz)
        break
      case 6:
        code.get(L.overflow)
        break
      case 7:
        code.get(L.overflow)
        code.op(OP.i32Eqz)
        break
      case 8:
        sign()
        code.op(OP.i32Eq)
        break
      case 9:
        sign()
        code.op(OP.i32Ne)
        break
      case 10:
        code.get(L.result)
        code.op(OP.i32Eqz)
        sign()
        code.op(OP.i32Ne, OP.i32Or)
        break
      default:
        code.get(L.result)
        code.i32(0)
        code.op(OP.i32Ne)
        sign()
        code.op(OP.i32Eq, OP.i32And)
    }
  }

  /** `flagsAt` for the last word of the block that set flags. */
  private closeFlags(block: CodeBlock): void {
    for (let at = block.limit - 1; at >= block.start; at--) {
      if (!setsFlags(this.store.op[at]!)) continue
      this.code.get(L.cycle)
      this.code.i32(at - block.start)
      this.code.op(OP.i32Add)
      this.code.set(L.flagsAt)
      return
    }
  }

  private words(block: CodeBlock, from: number, to: number): void {
    for (let at = from; at < to; at++) this.word(block, at)
  }

  /** Whether later words of the block overwrite the flags of the one at `at` before anything looks at them. */
  private flagsDead(block: CodeBlock, at: number): boolean {
    for (let later = at + 1; later < block.limit; later++) {
      if (later === block.last && block.end !== BLOCK_END.fall) return false
      const op = this.store.op[later]!
      if (usesCarry(op)) return false
      if (setsFlags(op)) return true
    }
    return false
  }

  /** Whether the A operand of the word at `at` is looked at afterwards. */
  private amountLive(block: CodeBlock, at: number): boolean {
    return at === block.limit - 1 || usesAmount(this.store.op[at + 1]!)
  }

  private word(block: CodeBlock, at: number): void {
    const op = this.store.op[at]!
    if (op <= UOP.xor) this.alu(block, at, op)
    else if (op <= UOP.fieldLeft) this.shift(block, at, op)
    else this.other(block, at, op)
  }

  private alu(block: CodeBlock, at: number, op: number): void {
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
  private aluResult(op: number, dead: boolean): void {
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
  private aluFlags(op: number): void {
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

  private clearCarry(): void {
    this.code.i32(0)
    this.code.set(L.carry)
    this.code.i32(0)
    this.code.set(L.overflow)
  }

  private shift(block: CodeBlock, at: number, op: number): void {
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
  private shifted(op: number, imm: number): void {
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

  private shiftOperation(aux: number): void {
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

  private other(block: CodeBlock, at: number, op: number): void {
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
        this.pointerSetAt = offset
        this.pointersClean = false
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

  private product(block: CodeBlock, at: number, high: boolean): void {
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

  /** Writes `r` to the destination; it is the previous result from now on, and the flags' if `flags`. */
  private result(at: number, offset: number, flags: boolean): void {
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

  private setRegister(register: number): void {
    this.code.get(L.r)
    this.code.set(L.registers + register)
    this.known[register] = 1
    this.dirty[register] = 1
  }

  /** Pushes the value of an operand. */
  private operand(operand: number, offset: number): void {
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
  private localAddress(payload: number, offset: number): void {
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
  private flush(): void {
    for (let register = 0; register < REGISTERS; register++) {
      if (!this.dirty[register]) continue
      this.code.get(P.tb)
      this.code.get(L.registers + register)
      this.code.memory(OP.i32Store, W * register, 2)
      this.dirty[register] = 0
    }
  }
}

/** Adds the function for all blocks to a module: (core block, context block, entry, counts, limit, who). */
export function defineSegment(
  module: ModuleBuilder,
  layout: Layout,
  store: DecodedStore,
  blocks: readonly CodeBlock[],
  calls: SegmentCalls,
): FunctionReference<typeof SEGMENT_PARAMETERS> {
  const code = new Translator(layout, store, blocks, calls).translate()
  return module.add('segment', SEGMENT_PARAMETERS, 'int', [[LOCALS, I32]], code)
}
