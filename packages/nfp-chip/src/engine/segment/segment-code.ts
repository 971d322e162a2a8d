/**
 * The translated tier: loaded programs become one WebAssembly function that runs a context from any block to the next
 * swap. It works on the very state that the precise tier uses and leaves it equal, word for word and cycle for cycle,
 * so the two may take turns at every block. Follows chip-engine.md, section 7 (points 3 and 6).
 *
 * Shape: nested blocks in order of address, so that forward branches are direct; a loop around them with a table for
 * entries and backward branches. Inside a block, registers live in locals: read once, written back at its end. Cycles
 * of a block are constants. Words that this tier does not know (code-blocks.ts) leave to the interpreter.
 */
import { I32, OP } from '@offload/wasm'
import type { FunctionReference, Label, ModuleBuilder } from '@offload/wasm'
import { BLOCK_END } from '../../code-blocks'
import type { CodeBlock } from '../../code-blocks'
import { ISSUE, UNDEFINED_SHIFT_AMOUNT } from '../../constants'
import { CTX, LOG } from '../../layout'
import type { Layout } from '../../layout'
import { UOP } from '../../uop'
import type { DecodedStore } from '../../uop'
import { L, LOCALS, P, SEGMENT_PARAMETERS, SEGMENT_STOP, STATE_WORDS, W, setsFlags } from './locals'
import type { SegmentCalls } from './locals'
import { WordCode } from './word-code'

class SegmentCode extends WordCode {
  private readonly indexOf = new Map<number, number>()
  private index = 0

  private readonly blocks: readonly CodeBlock[]
  private readonly layout: Layout
  /** Where each block begins, and the end of the function. */
  private labels: readonly Label[] = []
  private top: Label = 0
  private out: Label = 0

  constructor(layout: Layout, store: DecodedStore, blocks: readonly CodeBlock[], calls: SegmentCalls) {
    super(store, calls)
    this.layout = layout
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
    // An empty code store has no block to go to.
    code.brTable(this.labels.length === 0 ? [this.out] : this.labels)
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
    this.forget()
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
}

/** Adds the function for all blocks to a module: (core block, context block, entry, counts, limit, who). */
export function defineSegment(
  module: ModuleBuilder,
  layout: Layout,
  store: DecodedStore,
  blocks: readonly CodeBlock[],
  calls: SegmentCalls,
): FunctionReference<typeof SEGMENT_PARAMETERS> {
  const code = new SegmentCode(layout, store, blocks, calls).translate()
  return module.add('segment', SEGMENT_PARAMETERS, 'int', [[LOCALS, I32]], code)
}
