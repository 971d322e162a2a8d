/**
 * One function of a BPF program as a function of WebAssembly. Registers are 64-bit locals. Control flow becomes nested
 * blocks and loops along the dominator tree (after Ramsey's "Beyond Relooper"); graphs with loops of several entries, and
 * very large ones, get a dispatch loop instead, in which forward jumps are still direct.
 *
 * The instruction budget is taken by the block. Where it may not suffice, where an access is refused, and at
 * instructions unknown here, all registers are written to the state and the interpreter goes on with this frame from
 * that instruction: faults and limits are the interpreter's own.
 */
import { FRAME_SIZE, POINTER_HIGH, STACK_HIGH, STACK_TOP } from '../vm/memory'
import type { VmProgram } from '../vm/program'
import { MAY_GOTO_ROUNDS } from '../vm/vm'
import type { ContextKind } from '../vm/vm'
import { CodeWriter, I64, OP } from './code-writer'
import type { Label } from './code-writer'
import { CALLBACK_HELPERS } from './convention'
import { emitAlu, pushOperand } from './emit-alu'
import { emitAtomic, emitLoad, emitStore, pushStackPointer, stackHolds } from './emit-memory'
import { instructionAt, instructionsOf } from './flow-graph'
import type { FlowGraph } from './flow-graph'
import { local, LOCAL_ADDRESS, LOCAL_BUDGET, LOCAL_DEPTH, LOCAL_FRAME, LOCAL_NEXT, LOCAL_PC } from './locals'
import { loopStructure } from './loop-structure'
import type { LoopStructure } from './loop-structure'
import type { Hint, Hints } from './pointer-hints'
import { BUDGET_AT, DEEPEST_AT, MAY_GOTO_AT, REGISTERS_AT } from './state-layout'

/** Frames of calls that exist. */
const CALL_FRAMES = 8
/** Most blocks that are nested; beyond, the dispatch loop. */
const MAX_NESTED = 600
/** XDP and TC programs use few; beyond, the interpreter keeps the program. */
export const MAX_BLOCKS = 20_000

/** An array map whose lookup can be done in place. */
export interface ArrayPlace {
  readonly base: number
  readonly stride: number
  readonly entries: number
}

/** What the function needs from the module around it. */
export interface FunctionSetting {
  readonly program: VmProgram
  readonly context: ContextKind
  /** Indices of functions: imported, internal, and the program's by their first instruction. */
  readonly locate: number
  readonly loadWord: number
  readonly resume: number
  readonly tailCall: number
  readonly packetLoad: number
  helper(number: number): number | undefined
  callee(start: number): number
  /** The map behind a handle, when its entries lie one behind the other. */
  arrayAt(handle: number): ArrayPlace | undefined
  slotOf(hint: Hint, pc: number): number
  /** Frames below this one may count rounds of may_goto. */
  readonly countsRounds: boolean
  /** Tests: always use the dispatch loop. */
  readonly dispatch?: boolean
}

export class FunctionEmitter {
  readonly code = new CodeWriter()
  readonly outermost: boolean
  private readonly setting: FunctionSetting
  private readonly graph: FlowGraph
  private readonly hintsBefore: readonly Hints[]
  private readonly structure: LoopStructure
  private readonly dispatch: boolean
  /** Loops and calls: the budget is looked at in every block, not once for the function. */
  private readonly checkBlocks: boolean
  private readonly labels: (Label | undefined)[] = []
  private readonly loopLabels: (Label | undefined)[] = []
  private dispatchLabel: Label = 0
  private interpretLabel: Label = 0
  /** Instructions of the current block that are paid for but not behind us; for leaving in the middle. */
  private unspent = 0

  constructor(setting: FunctionSetting, graph: FlowGraph, hintsBefore: readonly Hints[]) {
    this.setting = setting
    this.graph = graph
    this.hintsBefore = hintsBefore
    this.outermost = graph.entry === 0
    this.structure = loopStructure(graph)
    this.dispatch = setting.dispatch === true || !this.structure.reducible || graph.blocks.length > MAX_NESTED
    this.checkBlocks = this.structure.hasLoop || graph.blocks.some(({ ending, last }) => this.spendsElsewhere(ending, last))
  }

  get context(): ContextKind {
    return this.setting.context
  }

  get locate(): number {
    return this.setting.locate
  }

  get loadWord(): number {
    return this.setting.loadWord
  }

  slotOf(hint: Hint, pc: number): number {
    return this.setting.slotOf(hint, pc)
  }

  private spendsElsewhere(ending: string, last: number): boolean {
    return ending === 'call' || ending === 'tail_call' || (ending === 'helper' && CALLBACK_HELPERS.has(this.setting.program.imm[last]!))
  }

  /** The function's code, its end included. */
  emit(): Uint8Array {
    const { code, graph } = this
    this.interpretLabel = code.block()
    this.prologue()
    if (this.dispatch) this.dispatchLoop()
    else this.tree(0)
    code.op(OP.unreachable)
    code.end()
    this.epilogue()
    code.end()
    if (graph.blocks.length === 0) throw new Error('a function without blocks')
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
    if (!this.checkBlocks) this.checkBudget(graph.blocks.reduce((sum, block) => sum + block.count, 0), graph.entry)
  }

  /** All registers to the state; the interpreter goes on at LOCAL_PC and gives the frame's R0. */
  private epilogue(): void {
    const { code } = this
    this.spill(10)
    this.saveBudget()
    code.get(LOCAL_PC)
    code.get(LOCAL_DEPTH)
    code.call(this.setting.resume)
    this.pushResult()
  }

  private spill(last: number): void {
    const { code } = this
    for (let register = 0; register <= last; register++) {
      code.i32(0)
      code.get(local(register))
      code.memory(OP.i64Store, REGISTERS_AT + register * 8)
    }
  }

  private pushResult(): void {
    this.code.i32(0)
    this.code.memory(OP.i64Load, REGISTERS_AT)
  }

  private saveBudget(): void {
    this.code.i32(0)
    this.code.get(LOCAL_BUDGET)
    this.code.memory(OP.i32Store, BUDGET_AT)
  }

  private loadBudget(): void {
    this.code.i32(0)
    this.code.memory(OP.i32Load, BUDGET_AT)
    this.code.set(LOCAL_BUDGET)
  }

  /** Leaves to the interpreter at `pc` when fewer than `count` instructions may run. */
  private checkBudget(count: number, pc: number): void {
    const { code } = this
    code.get(LOCAL_BUDGET)
    code.i32(count)
    code.op(OP.i32LtS)
    code.if()
    this.leave(pc, 0)
    code.end()
  }

  /** The interpreter is to go on at `pc`; `refund` instructions that were paid for have not run. */
  private leave(pc: number, refund: number): void {
    const { code } = this
    code.i32(pc)
    code.set(LOCAL_PC)
    if (refund !== 0) {
      code.get(LOCAL_BUDGET)
      code.i32(refund)
      code.op(OP.i32Add)
      code.set(LOCAL_BUDGET)
    }
    code.br(this.interpretLabel)
  }

  interpret(pc: number): void {
    this.leave(pc, this.unspent)
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
        if ((op & 0xe0) !== 0xc0 || insn.imm === 0x110) return emitStore(this, pc, insn, true, hints.registers[insn.dst]!)
        if (insn.imm === 0x100) return emitLoad(this, pc, { ...insn, op: (op & 0x18) | 0x61 }, hints.registers[insn.src]!)
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

  private call(pc: number): void {
    const { code, setting } = this
    code.get(LOCAL_DEPTH)
    code.i32(CALL_FRAMES - 1)
    code.op(OP.i32GeS)
    code.if()
    this.leave(pc, 1)
    code.end()
    this.saveBudget()
    code.get(LOCAL_DEPTH)
    code.i32(1)
    code.op(OP.i32Add)
    code.set(LOCAL_ADDRESS)
    if (setting.countsRounds) {
      code.get(LOCAL_ADDRESS)
      code.i32(4)
      code.op(OP.i32Mul)
      code.i32(MAY_GOTO_ROUNDS)
      code.memory(OP.i32Store, MAY_GOTO_AT)
    }
    code.get(LOCAL_ADDRESS)
    code.i32(0)
    code.memory(OP.i32Load, DEEPEST_AT)
    code.op(OP.i32GtS)
    code.if()
    code.i32(0)
    code.get(LOCAL_ADDRESS)
    code.memory(OP.i32Store, DEEPEST_AT)
    code.end()
    code.get(LOCAL_ADDRESS)
    for (let register = 0; register <= 5; register++) code.get(local(register))
    code.call(setting.callee(setting.program.extra[pc]!))
    code.set(local(0))
    this.loadBudget()
  }

  /** False when there is no such helper: the interpreter knows what that means. */
  private helper(pc: number, hints: Hints): boolean {
    const { code, setting } = this
    const number = setting.program.imm[pc]!
    const index = setting.helper(number)
    if (index === undefined) {
      this.leave(pc, 1)
      return false
    }
    const inPlace = number === MAP_LOOKUP && this.arrayLookup(hints)
    if (inPlace) code.else()
    this.spill(5)
    this.saveBudget()
    code.get(LOCAL_DEPTH)
    code.call(index)
    this.pushResult()
    code.set(local(0))
    if (CALLBACK_HELPERS.has(number)) this.loadBudget()
    if (inPlace) code.end()
    return true
  }

  /** Opens an if with the lookup of an array map in place, where map and key are known well enough. */
  private arrayLookup(hints: Hints): boolean {
    const { code } = this
    const map = hints.registers[1]!
    const key = hints.registers[2]!
    const array = map.kind === 'map' ? this.setting.arrayAt(map.value) : undefined
    if (!array || key.kind !== 'stack' || !stackHolds(this, key.value, 4)) return false
    code.get(local(1))
    code.i64(map.value, POINTER_HIGH)
    code.op(OP.i64Eq)
    code.get(local(2))
    pushStackPointer(code, key.value)
    code.op(OP.i64Eq, OP.i32And)
    code.if()
    code.get(LOCAL_FRAME)
    code.memory(OP.i32Load, key.value + FRAME_SIZE)
    code.tee(LOCAL_ADDRESS)
    code.i32(array.entries)
    code.op(OP.i32LtU)
    code.if(I64)
    code.get(LOCAL_ADDRESS)
    code.i32(array.stride)
    code.op(OP.i32Mul)
    code.i32(array.base)
    code.op(OP.i32Add, OP.i64ExtendI32U)
    code.i64(0, POINTER_HIGH)
    code.op(OP.i64Or)
    code.else()
    code.i64(0, 0)
    code.end()
    code.set(local(0))
    return true
  }

  /** The next program runs in this frame and gives its R0; without one this program goes on. */
  private tailCall(): void {
    const { code } = this
    this.spill(10)
    this.saveBudget()
    code.get(LOCAL_DEPTH)
    code.call(this.setting.tailCall)
    code.if()
    this.pushResult()
    code.op(OP.return)
    code.end()
  }

  /** LD_ABS and LD_IND; outside the packet they end the function with 0. */
  private packetLoad(pc: number): void {
    const { code, setting } = this
    const { op, src, imm } = instructionAt(setting.program, pc)
    this.saveBudget()
    code.i32(op)
    code.i32(src * 2)
    code.get(local(src))
    code.op(OP.i32WrapI64)
    code.i32(imm)
    code.call(setting.packetLoad)
    code.op(OP.i32Eqz)
    code.if()
    code.i64(0, 0)
    code.op(OP.return)
    code.end()
    this.pushResult()
    code.set(local(0))
  }
}

const MAP_LOOKUP = 1

/** Comparisons by the jump's code; 32-bit ones, the 64-bit ones lie 11 further. */
const TESTS: Readonly<Record<number, number>> = {
  1: OP.i32Eq, 2: OP.i32GtU, 3: OP.i32GeU, 5: OP.i32Ne, 6: OP.i32GtS, 7: OP.i32GeS, 10: OP.i32LtU, 11: OP.i32LeU, 12: OP.i32LtS, 13: OP.i32LeS,
}
