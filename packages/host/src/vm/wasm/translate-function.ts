/**
 * One BPF function as a WebAssembly function. Registers are 64-bit locals; forward jumps leave nested blocks, backward
 * jumps go through a table at the top of a loop. Instructions are counted exactly as the interpreter counts them; the
 * limit is looked at on backward jumps and calls. Memory is not checked here: only verified programs are translated.
 */
import { FRAME_SIZE, STACK_HIGH, STACK_TOP } from '../memory'
import type { VmProgram } from '../program'
import { MAY_GOTO_ROUNDS } from '../vm'
import { CodeWriter, NO_RESULT, OP } from './code-writer'
import { FIRST_FUNCTION, FUEL_AT, IMPORT, local, LOCAL, LOCAL_TYPES, RESULT_AT } from './layout'
import { emitAlu } from './translate-alu'
import { emitAtomic, emitLoad, emitStore } from './translate-memory'

const CALLBACK_HELPERS = [164, 181]
/** Most jump targets of a function that is translated; larger ones stay with the interpreter. */
const MAX_TARGETS = 4000

export interface FunctionRange {
  readonly start: number
  readonly end: number
}

/** Body of the function with its locals; undefined where it holds something that only the interpreter can do. */
export function translateFunction(program: VmProgram, range: FunctionRange, functionAt: ReadonlyMap<number, number>): Uint8Array | undefined {
  const targets = jumpTargets(program, range)
  if (!targets || targets.length > MAX_TARGETS) return undefined
  const code = new CodeWriter()
  code.u32(LOCAL_TYPES.length)
  for (const [count, type] of LOCAL_TYPES) code.u32(count).byte(type)
  // R10 and the counters.
  code.get(LOCAL.fp).byte(OP.i64ExtendI32U).i64(0, STACK_HIGH).byte(OP.i64Or).set(LOCAL.r10)
  code.i32(0).memory(OP.i32Load, FUEL_AT).set(LOCAL.fuel)
  code.i32(MAY_GOTO_ROUNDS).set(LOCAL.rounds)
  code.byte(OP.loop, NO_RESULT)
  for (let i = 0; i < targets.length; i++) code.byte(OP.block, NO_RESULT)
  // 0 is the function's start, 1 … the targets.
  code.byte(OP.block, NO_RESULT).get(LOCAL.pc).byte(OP.brTable).u32(targets.length)
  for (let i = 0; i < targets.length; i++) code.u32(i)
  code.u32(targets.length).byte(OP.end)
  const emitter = new FunctionEmitter(program, range, functionAt, targets, code)
  if (!emitter.run()) return undefined
  // The loop's end, then the function's; neither is reached.
  return code.byte(OP.end, OP.unreachable, OP.end).bytes()
}

/** Slots that jumps inside the range go to, ascending; undefined when one leaves it. */
function jumpTargets(program: VmProgram, range: FunctionRange): number[] | undefined {
  const targets = new Set<number>()
  for (let pc = range.start; pc < range.end; pc++) {
    const op = program.opcode[pc]!
    if (op === 0x18) {
      pc++
      continue
    }
    if (((op & 7) !== 5 && (op & 7) !== 6) || op === 0x85 || op === 0x8d || op === 0x95) continue
    const target = program.extra[pc]!
    if (target < range.start || target >= range.end) return undefined
    targets.add(target)
  }
  return [...targets].sort((a, b) => a - b)
}

class FunctionEmitter {
  private readonly program: VmProgram
  private readonly range: FunctionRange
  private readonly functionAt: ReadonlyMap<number, number>
  private readonly targets: readonly number[]
  private readonly code: CodeWriter
  /** Instructions since the counter was last written. */
  private pending = 0
  /** Targets whose blocks have ended: the code is behind them. */
  private passed = 0

  constructor(program: VmProgram, range: FunctionRange, functionAt: ReadonlyMap<number, number>, targets: readonly number[], code: CodeWriter) {
    this.program = program
    this.range = range
    this.functionAt = functionAt
    this.targets = targets
    this.code = code
  }

  run(): boolean {
    const { range, targets, code } = this
    for (let pc = range.start; pc < range.end; pc++) {
      if (targets[this.passed] === pc) {
        this.count()
        code.byte(OP.end)
        this.passed++
      }
      this.pending++
      if (!this.instruction(pc)) return false
      if (this.program.opcode[pc] === 0x18) pc++
    }
    return this.passed === targets.length
  }

  /** Writes the pending instructions into the counter. */
  private count(): void {
    if (this.pending === 0) return
    this.code.get(LOCAL.fuel).i32(this.pending).byte(OP.i32Sub).set(LOCAL.fuel)
    this.pending = 0
  }

  private saveFuel(): void {
    this.count()
    this.code.i32(0).get(LOCAL.fuel).memory(OP.i32Store, FUEL_AT)
  }

  private loadFuel(): void {
    this.code.i32(0).memory(OP.i32Load, FUEL_AT).set(LOCAL.fuel)
  }

  private checkLimit(): void {
    this.code.get(LOCAL.fuel).i32(0).byte(OP.i32LtS, OP.if, NO_RESULT).call(IMPORT.limit).byte(OP.unreachable, OP.end)
  }

  /** Goes to the slot; when `conditional`, on the condition on the stack. Counting is done before. */
  private branch(target: number, conditional: boolean): void {
    const { code, targets, passed } = this
    const index = targets.indexOf(target)
    if (index >= passed) {
      code.byte(conditional ? OP.brIf : OP.br).u32(index - passed)
      return
    }
    if (conditional) code.byte(OP.if, NO_RESULT)
    this.checkLimit()
    code.i32(index + 1).set(LOCAL.pc).byte(OP.br).u32(targets.length - passed + (conditional ? 1 : 0))
    if (conditional) code.byte(OP.end)
  }

  private instruction(pc: number): boolean {
    const { program, code } = this
    const op = program.opcode[pc]!
    const dst = program.dst[pc]! >> 1
    const src = program.src[pc]! >> 1
    const off = program.off[pc]!
    const imm = program.imm[pc]!
    if (dst > 10 || src > 10) return op === 0
    switch (op & 7) {
      case 4:
      case 7:
        return emitAlu(code, op, dst, src, off, imm)
      case 1:
        return emitLoad(code, op, dst, src, off)
      case 2:
        return emitStore(code, op, dst, undefined, off, imm)
      case 3:
        return (op & 0xe0) === 0xc0 ? emitAtomic(code, op, dst, src, off, imm) : emitStore(code, op, dst, src, off, imm)
      case 5:
      case 6:
        return this.jump(pc, op, dst, src, imm)
      default:
        if (op === 0x18) {
          code.i64(program.value[pc]!, program.extra[pc]!).set(local(dst))
          return true
        }
        return (op & 0xe7) === 0x20 || (op & 0xe7) === 0x40 ? this.loadAbsolute(op, src, imm) : false
    }
  }

  private jump(pc: number, op: number, dst: number, src: number, imm: number): boolean {
    const { code, program } = this
    if (op === 0x05 || op === 0x06) {
      this.count()
      this.branch(program.extra[pc]!, false)
      return true
    }
    if (op === 0x95) {
      this.saveFuel()
      code.get(LOCAL.r0).byte(OP.return)
      return true
    }
    if (op === 0x85) {
      if (src === 0) return imm === 12 ? this.tailCall() : this.helper(imm)
      return src === 1 && this.callFunction(program.extra[pc]!)
    }
    if (op === 0xe5) {
      this.count()
      code.get(LOCAL.rounds).byte(OP.i32Eqz, OP.if, NO_RESULT)
      // Inside the `if` everything lies one label further out.
      this.branchInside(program.extra[pc]!)
      code.byte(OP.end).get(LOCAL.rounds).i32(1).byte(OP.i32Sub).set(LOCAL.rounds)
      return true
    }
    this.count()
    if (!this.condition(op, dst, src, imm)) return false
    this.branch(program.extra[pc]!, true)
    return true
  }

  private branchInside(target: number): void {
    const { code, targets, passed } = this
    const index = targets.indexOf(target)
    if (index >= passed) code.byte(OP.br).u32(index - passed + 1)
    else {
      this.checkLimit()
      code.i32(index + 1).set(LOCAL.pc).byte(OP.br).u32(targets.length - passed + 1)
    }
  }

  private condition(op: number, dst: number, src: number, imm: number): boolean {
    const { code } = this
    const wide = (op & 7) === 5
    const compare = wide ? WIDE_TESTS[op >> 4] : NARROW_TESTS[op >> 4]
    code.get(local(dst))
    if (!wide) code.byte(OP.i32WrapI64)
    if (op & 8) {
      code.get(local(src))
      if (!wide) code.byte(OP.i32WrapI64)
    } else if (wide) code.i64(imm, imm >> 31)
    else code.i32(imm)
    if (op >> 4 === 4) code.byte(...(wide ? [OP.i64And, OP.i64Eqz] : [OP.i32And, OP.i32Eqz]), OP.i32Eqz)
    else if (compare === undefined) return false
    else code.byte(compare)
    return true
  }

  /** Pushes a register as two 32-bit halves. */
  private halves(register: number): void {
    const { code } = this
    code.get(local(register)).byte(OP.i32WrapI64)
    code.get(local(register)).i64(32, 0).byte(OP.i64ShrU, OP.i32WrapI64)
  }

  private helper(id: number): boolean {
    const { code } = this
    this.saveFuel()
    code.i32(id)
    for (let register = 1; register <= 5; register++) this.halves(register)
    code.get(LOCAL.fp).call(IMPORT.helper)
    if (CALLBACK_HELPERS.includes(id)) this.loadFuel()
    code.i32(0).memory(OP.i64Load, RESULT_AT).set(LOCAL.r0)
    return true
  }

  private callFunction(target: number): boolean {
    const index = this.functionAt.get(target)
    if (index === undefined) return false
    const { code } = this
    this.saveFuel()
    this.checkLimit()
    // The ninth frame does not exist; verified programs never ask for it.
    code.get(LOCAL.fp).i32(STACK_TOP - 7 * FRAME_SIZE).byte(OP.i32LeU, OP.if, NO_RESULT).call(IMPORT.limit).byte(OP.unreachable, OP.end)
    for (let register = 1; register <= 5; register++) code.get(local(register))
    code.get(LOCAL.fp).i32(FRAME_SIZE).byte(OP.i32Sub).call(FIRST_FUNCTION + index).set(LOCAL.r0)
    this.loadFuel()
    return true
  }

  /** Runs the next program in this frame and gives its result; goes on when there is none. */
  private tailCall(): boolean {
    const { code } = this
    this.saveFuel()
    this.halves(2)
    code.get(local(3)).byte(OP.i32WrapI64).get(LOCAL.fp).call(IMPORT.tailCall).byte(OP.if, NO_RESULT)
    code.i32(0).memory(OP.i64Load, RESULT_AT).byte(OP.return, OP.end)
    return true
  }

  private loadAbsolute(op: number, src: number, imm: number): boolean {
    const { code } = this
    this.saveFuel()
    code.i32(op).get(local(src)).byte(OP.i32WrapI64).i32(imm).call(IMPORT.loadAbsolute)
    code.byte(OP.i32Eqz, OP.if, NO_RESULT).i64(0, 0).byte(OP.return, OP.end)
    code.i32(0).memory(OP.i64Load, RESULT_AT).set(LOCAL.r0)
    return true
  }
}

const WIDE_TESTS: Readonly<Record<number, number>> = {
  1: OP.i64Eq, 2: OP.i64GtU, 3: OP.i64GeU, 5: OP.i64Ne, 6: OP.i64GtS, 7: OP.i64GeS, 10: OP.i64LtU, 11: OP.i64LeU, 12: OP.i64LtS, 13: OP.i64LeS,
}
const NARROW_TESTS: Readonly<Record<number, number>> = {
  1: OP.i32Eq, 2: OP.i32GtU, 3: OP.i32GeU, 5: OP.i32Ne, 6: OP.i32GtS, 7: OP.i32GeS, 10: OP.i32LtU, 11: OP.i32LeU, 12: OP.i32LtS, 13: OP.i32LeS,
}

