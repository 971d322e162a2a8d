/**
 * One function of a BPF program as a function of WebAssembly. Registers are 64-bit locals. Control flow becomes nested
 * blocks and loops along the dominator tree (after Ramsey's "Beyond Relooper"); graphs with loops of several entries, and
 * very large ones, get a dispatch loop instead, in which forward jumps are still direct.
 *
 * The instruction budget is taken by the block, or once for a function without loops and calls. Calls and all other
 * dealings with the outside are emit-frame.ts.
 */
import { FRAME_SIZE, STACK_HIGH, STACK_TOP } from '../vm/memory'
import { OP } from '@offload/wasm'
import type { Label } from '@offload/wasm'
import { CALLBACK_HELPERS } from './convention'
import { emitAlu, pushOperand } from './emit-alu'
import { FrameEmitter } from './emit-frame'
import type { FunctionSetting } from './emit-frame'
import { emitAtomic, emitLoad, emitStore } from './emit-memory'
import { instructionAt, instructionsOf } from './flow-graph'
import type { FlowGraph } from './flow-graph'
import { local, LOCAL_ADDRESS, LOCAL_BUDGET, LOCAL_DEPTH, LOCAL_FRAME, LOCAL_NEXT } from './locals'
import { loopStructure } from './loop-structure'
import type { LoopStructure } from './loop-structure'
import type { Hints } from './pointer-hints'
import { MAY_GOTO_AT } from './state-layout'

/** Most blocks that are nested; beyond, the dispatch loop. */
const MAX_NESTED = 600
/** XDP and TC programs use few; beyond, the interpreter keeps the program. */
export const MAX_BLOCKS = 20_000

export class FunctionEmitter extends FrameEmitter {
  private readonly graph: FlowGraph
  private readonly hintsBefore: readonly Hints[]
  private readonly structure: LoopStructure
  private readonly dispatch: boolean
  /** Loops and calls: the budget is looked at in every block, not once for the function. */
  private readonly checkBlocks: boolean
  private readonly labels: (Label | undefined)[] = []
  private readonly loopLabels: (Label | undefined)[] = []
  private dispatchLabel: Label = 0

  constructor(setting: FunctionSetting, graph: FlowGraph, hintsBefore: readonly Hints[]) {
    super(setting, graph.entry)
    this.graph = graph
    this.hintsBefore = hintsBefore
    this.structure = loopStructure(graph)
    this.dispatch = setting.dispatch === true || !this.structure.reducible || graph.blocks.length > MAX_NESTED
    this.checkBlocks =
      this.structure.hasLoop || graph.blocks.some(({ ending, last }) => this.spendsElsewhere(ending, last))
  }

  private spendsElsewhere(ending: string, last: number): boolean {
    return (
      ending === 'call' ||
      ending === 'tail_call' ||
      (ending === 'helper' && CALLBACK_HELPERS.has(this.setting.program.imm[last]!))
    )
  }

  /** The function's code, its end included. */
  emit(): Uint8Array {
    const { code } = this
    this.interpretLabel = code.block()
    this.prologue()
    if (this.dispatch) this.dispatchLoop()
    else this.tree(0)
    code.op(OP.unreachable)
    code.end()
    this.epilogue()
    code.end()
    return code.finish()
  }

  private prologue(): void {
    const { code, graph } = this
    code.i32(STACK_TOP - FRAME_SIZE)
    code.get(LOCAL_DEPTH)
    code.i32(FRAME_SIZE)
    code.op(OP.i32Mul, OP.i32Sub)
    code.tee(LOCAL_FRAME)
    code.i32(FRAME_SIZE)
    code.op(OP.i32Add, OP.i64ExtendI32U)
    code.i64(0, STACK_HIGH)
    code.op(OP.i64Or)
    code.set(local(10))
    this.loadBudget()
    if (!this.checkBlocks)
      this.checkBudget(
        graph.blocks.reduce((sum, block) => sum + block.count, 0),
        graph.entry,
      )
  }

  /** A block, and behind it those that it dominates. */
  private tree(index: number): void {
    const { code, structure } = this
    const loop = structure.loopHeader[index]!
    if (loop) this.loopLabels[index] = code.loop()
    const children = structure.mergeChildren[index]!
    for (const child of children) this.labels[child] = code.block()
    this.block(index)
    for (const child of children.toReversed()) {
      code.end()
      this.tree(child)
    }
    if (loop) code.end()
  }

  /** All blocks in order inside one loop that starts with a table. */
  private dispatchLoop(): void {
    const { code, graph } = this
    this.dispatchLabel = code.loop()
    for (let index = graph.blocks.length - 1; index >= 0; index--) this.labels[index] = code.block()
    code.get(LOCAL_NEXT)
    code.brTable(this.labels as Label[])
    for (let index = 0; index < graph.blocks.length; index++) {
      code.end()
      this.block(index)
    }
    code.end()
  }

  private block(index: number): void {
    const { code } = this
    const { program } = this.setting
    const block = this.graph.blocks[index]!
    if (this.checkBlocks) this.checkBudget(block.count, block.start)
    code.get(LOCAL_BUDGET)
    code.i32(block.count)
    code.op(OP.i32Sub)
    code.set(LOCAL_BUDGET)
    const hints = this.hintsBefore[index]!.copy()
    this.unspent = block.count
    for (const pc of instructionsOf(program, block)) {
      if (pc === block.last && block.ending !== 'fall') break
      this.instruction(pc, hints)
      hints.step(program, pc)
      this.unspent--
    }
    this.ending(index, hints)
  }

  private instruction(pc: number, hints: Hints): void {
    const { program } = this.setting
    const insn = instructionAt(program, pc)
    const { op } = insn
    switch (op & 7) {
      case 4:
      case 7:
        return emitAlu(this.code, insn)
      case 1:
        return emitLoad(this, pc, insn, hints.registers[insn.src]!)
      case 2:
        return emitStore(this, pc, insn, false, hints.registers[insn.dst]!)
      case 3:
        if ((op & 0xe0) !== 0xc0 || insn.imm === 0x110)
          return emitStore(this, pc, insn, true, hints.registers[insn.dst]!)
        if (insn.imm === 0x100)
          return emitLoad(this, pc, { ...insn, op: (op & 0x18) | 0x61 }, hints.registers[insn.src]!)
        return emitAtomic(this, pc, insn, hints.registers[insn.dst]!)
      default:
        this.code.i64(program.value[pc]!, program.extra[pc]!)
        this.code.set(local(insn.dst))
    }
  }

  private ending(index: number, hints: Hints): void {
    const { code } = this
    const { program } = this.setting
    const { ending, last, end, successors } = this.graph.blocks[index]!
    switch (ending) {
      case 'fall':
        return this.goTo(index, successors[0]!, end)
      case 'jump':
        return this.goTo(index, successors[0]!, program.extra[last]!)
      case 'branch':
        this.condition(last)
        return this.branch(index, last)
      case 'may_goto':
        this.takeRound()
        return this.branch(index, last)
      case 'exit':
        this.saveBudget()
        code.get(local(0))
        code.op(OP.return)
        return
      case 'call':
        this.call(last)
        break
      case 'helper':
        if (!this.helper(last, hints)) return
        break
      case 'tail_call':
        this.tailCall()
        break
      case 'packet_load':
        this.packetLoad(last)
        break
      case 'interpret':
        return this.leave(last, 1)
    }
    this.goTo(index, successors[0]!, end)
  }

  /** The label that a jump to the block takes; undefined when the block's code is to stand right here. */
  private labelOf(from: number, to: number): Label | undefined {
    if (to < 0) return undefined
    if (to <= from) return this.dispatch ? undefined : this.loopLabels[to]
    return this.dispatch || this.structure.merge[to] ? this.labels[to] : undefined
  }

  private goTo(from: number, to: number, pc: number): void {
    const { code } = this
    const label = this.labelOf(from, to)
    if (to < 0) this.leave(pc, 0)
    else if (label !== undefined) code.br(label)
    else if (this.dispatch) {
      code.i32(to)
      code.set(LOCAL_NEXT)
      code.br(this.dispatchLabel)
    } else this.tree(to)
  }

  /** To the jump's target if the number on the stack is not 0, else on. */
  private branch(from: number, pc: number): void {
    const { code } = this
    const [next, target] = this.graph.blocks[from]!.successors as [number, number]
    const targetPc = this.setting.program.extra[pc]!
    const targetLabel = this.labelOf(from, target)
    const nextLabel = this.labelOf(from, next)
    if (targetLabel !== undefined) code.brIf(targetLabel)
    else if (nextLabel !== undefined) {
      code.op(OP.i32Eqz)
      code.brIf(nextLabel)
      return this.goTo(from, target, targetPc)
    } else {
      code.if()
      this.goTo(from, target, targetPc)
      code.end()
    }
    this.goTo(from, next, pc + 1)
  }

  private condition(pc: number): void {
    const { code } = this
    const insn = instructionAt(this.setting.program, pc)
    const wide = (insn.op & 7) === 5
    code.get(local(insn.dst))
    if (!wide) code.op(OP.i32WrapI64)
    pushOperand(code, insn, wide)
    const test = insn.op >> 4
    if (test === 4) code.op(...(wide ? [OP.i64And, OP.i64Eqz] : [OP.i32And, OP.i32Eqz]), OP.i32Eqz)
    else code.op(TESTS[test]! + (wide ? OP.i64Eq - OP.i32Eq : 0))
  }

  /** Pushes whether the frame's rounds of may_goto are used up; takes one if not. */
  private takeRound(): void {
    const { code } = this
    const address = (): void => {
      code.get(LOCAL_DEPTH)
      code.i32(4)
      code.op(OP.i32Mul)
    }
    address()
    address()
    code.memory(OP.i32Load, MAY_GOTO_AT)
    code.tee(LOCAL_ADDRESS)
    code.get(LOCAL_ADDRESS)
    code.i32(0)
    code.op(OP.i32Ne, OP.i32Sub)
    code.memory(OP.i32Store, MAY_GOTO_AT)
    code.get(LOCAL_ADDRESS)
    code.op(OP.i32Eqz)
  }
}

/** Comparisons by the jump's code; 32-bit ones, the 64-bit ones lie 11 further. */
const TESTS: Readonly<Record<number, number>> = {
  1: OP.i32Eq,
  2: OP.i32GtU,
  3: OP.i32GeU,
  5: OP.i32Ne,
  6: OP.i32GtS,
  7: OP.i32GeS,
  10: OP.i32LtU,
  11: OP.i32LeU,
  12: OP.i32LtS,
  13: OP.i32LeS,
}
