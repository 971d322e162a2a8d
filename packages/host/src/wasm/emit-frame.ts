/**
 * What a translated function does at its edges: budget, registers to the state and back, calls, helpers, tail calls, packet
 * loads, and leaving to the interpreter. The blocks in between are emit-function.ts.
 *
 * Where the budget may not suffice, where an access is refused, and at instructions unknown here, all registers are
 * written to the state and the interpreter goes on with this frame from that instruction: faults and limits are its own.
 */
import { FRAME_SIZE, POINTER_HIGH } from '../vm/memory'
import type { VmProgram } from '../vm/program'
import { MAY_GOTO_ROUNDS } from '../vm/vm'
import type { ContextKind } from '../vm/vm'
import { CodeWriter, I64, OP } from '@offload/wasm'
import type { Label } from '@offload/wasm'
import { CALLBACK_HELPERS } from './convention'
import { pushStackPointer, stackHolds } from './emit-memory'
import { instructionAt } from './flow-graph'
import { local, LOCAL_ADDRESS, LOCAL_BUDGET, LOCAL_DEPTH, LOCAL_FRAME, LOCAL_PC } from './locals'
import type { Hint, Hints } from './pointer-hints'
import { BUDGET_AT, DEEPEST_AT, MAY_GOTO_AT, REGISTERS_AT } from './state-layout'

/** Frames of calls that exist. */
const CALL_FRAMES = 8
const MAP_LOOKUP = 1

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

export class FrameEmitter {
  readonly code = new CodeWriter()
  /** The function can run in the outermost frame. */
  readonly outermost: boolean
  protected readonly setting: FunctionSetting
  protected interpretLabel: Label = 0
  /** Instructions of the current block that are paid for but not behind us; for leaving in the middle. */
  protected unspent = 0

  constructor(setting: FunctionSetting, entry: number) {
    this.setting = setting
    this.outermost = entry === 0
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

  /** All registers to the state; the interpreter goes on at LOCAL_PC and gives the frame's R0. */
  protected epilogue(): void {
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

  protected saveBudget(): void {
    this.code.i32(0)
    this.code.get(LOCAL_BUDGET)
    this.code.memory(OP.i32Store, BUDGET_AT)
  }

  protected loadBudget(): void {
    this.code.i32(0)
    this.code.memory(OP.i32Load, BUDGET_AT)
    this.code.set(LOCAL_BUDGET)
  }

  /** Leaves to the interpreter at `pc` when fewer than `count` instructions may run. */
  protected checkBudget(count: number, pc: number): void {
    const { code } = this
    code.get(LOCAL_BUDGET)
    code.i32(count)
    code.op(OP.i32LtS)
    code.if()
    this.leave(pc, 0)
    code.end()
  }

  /** The interpreter is to go on at `pc`; `refund` instructions that were paid for have not run. */
  protected leave(pc: number, refund: number): void {
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

  protected call(pc: number): void {
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
  protected helper(pc: number, hints: Hints): boolean {
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
  protected tailCall(): void {
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
  protected packetLoad(pc: number): void {
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
