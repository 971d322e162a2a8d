/**
 * Loads, stores and atomics with their bounds checks. A check is made for every access, with the interpreter's rules; the
 * hints only choose which region is tried first. What the first test does not allow goes to `locate`, and what that
 * refuses goes to the interpreter, which makes the fault.
 *
 * A test compares the whole 64-bit pointer with a region's start. Adding an offset may carry into the upper half there,
 * which it does not in the interpreter; no region but context and map handles lies low enough for that to matter, and
 * those two are compared exactly.
 */
import { CTX_AT, CTX_SIZE, FRAME_SIZE, POINTER_HIGH, STACK_HIGH, STACK_TOP } from '../vm/memory'
import type { ContextKind } from '../vm/vm'
import { I32, I64, OP } from '@offload/wasm'
import { CodeWriter } from '@offload/wasm'
import type { Instruction } from './flow-graph'
import { local, LOCAL_ADDRESS, LOCAL_DEPTH, LOCAL_FRAME, LOCAL_OLD, LOCAL_POINTER } from './locals'
import type { FunctionType } from '@offload/wasm'
import { POINTER_FIELDS } from './pointer-hints'
import type { Hint } from './pointer-hints'
import { SIZE_BYTES } from './sizes'
import { limitAt, PACKET_SLOT } from './state-layout'

/** What an access needs to know of the function around it. */
export interface AccessContext {
  readonly code: CodeWriter
  readonly context: ContextKind
  /** The function can run in the outermost frame, so nothing lies above its own frame for sure. */
  readonly outermost: boolean
  readonly locate: number
  readonly loadWord: number
  /** Slot that remembers the region which pointers from this place lead to. */
  slotOf(hint: Hint, pc: number): number
  /** Leaves to the interpreter, which executes instruction `pc` again. */
  interpret(pc: number): void
}

/** Where the bytes are: what `push` pushes plus `offset`. */
interface Place {
  readonly push: () => void
  readonly offset: number
  /** Offset in the context, when it is known to lie there. */
  readonly field?: number
  /** It may lie in the context. */
  readonly anywhere?: boolean
}

export function emitLoad(f: AccessContext, pc: number, insn: Instruction, hint: Hint): void {
  const { code } = f
  const size = SIZE_BYTES[(insn.op >> 3) & 3]!
  const signed = (insn.op & 0xe0) === 0x80
  const load = (signed ? SIGNED_LOADS : LOADS)[size]!
  emitAccess(f, pc, insn.src, insn.off, size, hint, (place) => {
    place.push()
    if (size === 4 && !signed && place.anywhere) code.call(f.loadWord)
    else code.memory(load, place.offset)
    if (size === 4 && !signed && place.field !== undefined && POINTER_FIELDS[f.context].includes(place.field)) {
      code.i64(0, POINTER_HIGH)
      code.op(OP.i64Or)
    }
    code.set(local(insn.dst))
  })
}

/** A store of a register, or of the constant when `register` is false. */
export function emitStore(f: AccessContext, pc: number, insn: Instruction, register: boolean, hint: Hint): void {
  const { code } = f
  const size = SIZE_BYTES[(insn.op >> 3) & 3]!
  emitAccess(f, pc, insn.dst, insn.off, size, hint, (place) => {
    place.push()
    if (register) code.get(local(insn.src))
    else code.i64(insn.imm, insn.imm >> 31)
    code.memory(STORES[size]!, place.offset)
  })
}

export function emitAtomic(f: AccessContext, pc: number, insn: Instruction, hint: Hint): void {
  const { code } = f
  const size = SIZE_BYTES[(insn.op >> 3) & 3]!
  const { imm } = insn
  emitAccess(f, pc, insn.dst, insn.off, size, hint, (place) => {
    place.push()
    code.memory(LOADS[size]!, place.offset)
    code.set(LOCAL_OLD)
    place.push()
    if (imm === COMPARE_EXCHANGE) {
      code.get(local(insn.src))
      code.get(LOCAL_OLD)
      code.get(LOCAL_OLD)
      code.get(local(0))
      if (size === 4) {
        code.i64(-1, 0)
        code.op(OP.i64And)
      }
      code.op(OP.i64Eq, OP.select)
    } else if (imm === EXCHANGE) code.get(local(insn.src))
    else {
      code.get(LOCAL_OLD)
      code.get(local(insn.src))
      code.op(OPERATIONS[imm & ~1]!)
    }
    code.memory(STORES[size]!, place.offset)
    if (imm === COMPARE_EXCHANGE) {
      code.get(LOCAL_OLD)
      code.set(local(0))
    } else if (imm & 1) {
      code.get(LOCAL_OLD)
      code.set(local(insn.src))
    }
  })
}

const LOADS: Readonly<Record<number, number>> = { 1: OP.i64Load8U, 2: OP.i64Load16U, 4: OP.i64Load32U, 8: OP.i64Load }
const SIGNED_LOADS: Readonly<Record<number, number>> = { 1: OP.i64Load8S, 2: OP.i64Load16S, 4: OP.i64Load32S }
const STORES: Readonly<Record<number, number>> = { 1: OP.i64Store8, 2: OP.i64Store16, 4: OP.i64Store32, 8: OP.i64Store }
const OPERATIONS: Readonly<Record<number, number>> = {
  0x00: OP.i64Add,
  0x40: OP.i64Or,
  0x50: OP.i64And,
  0xa0: OP.i64Xor,
}
const EXCHANGE = 0xe1
const COMPARE_EXCHANGE = 0xf1

function emitAccess(
  f: AccessContext,
  pc: number,
  base: number,
  off: number,
  size: number,
  hint: Hint,
  body: (place: Place) => void,
): void {
  const { code } = f
  const inFrame = { push: () => code.get(LOCAL_FRAME), offset: hint.value + off + FRAME_SIZE }
  if (base === 10 && stackHolds(f, off, size)) return body(inFrame)
  const fast = emitTest(f, pc, base, off, size, hint)
  if (fast) {
    code.if()
    body(fast === 'frame' ? inFrame : fast)
    code.else()
  }
  code.get(local(base))
  code.i32(off)
  code.i32(Math.log2(size))
  code.get(LOCAL_DEPTH)
  code.i32(f.slotOf(hint, pc))
  code.call(f.locate)
  code.tee(LOCAL_ADDRESS)
  code.i32(0)
  code.op(OP.i32LtS)
  code.if()
  f.interpret(pc)
  code.end()
  body({ push: () => code.get(LOCAL_ADDRESS), offset: 0, anywhere: true })
  if (fast) code.end()
}

/** True when [R10 + at, R10 + at + size) lies in the frame, or in that of a caller which exists for sure. */
export function stackHolds({ outermost }: { readonly outermost: boolean }, at: number, size: number): boolean {
  return at >= -FRAME_SIZE && at + size <= (outermost ? 0 : FRAME_SIZE)
}

/** Leaves on the stack whether the guess holds, and gives the place in that case; undefined when there is no guess. */
function emitTest(
  f: AccessContext,
  pc: number,
  base: number,
  off: number,
  size: number,
  hint: Hint,
): Place | 'frame' | undefined {
  const { code } = f
  const at = hint.value + off
  const pointer = { push: () => (code.get(LOCAL_POINTER), code.op(OP.i32WrapI64)), offset: 0 }
  switch (hint.kind) {
    case 'stack':
      if (!stackHolds(f, at, size)) return undefined
      code.get(local(base))
      pushStackPointer(code, hint.value)
      code.op(OP.i64Eq)
      return 'frame'
    case 'stack_variable':
      pushPointer(code, base, off)
      code.get(local(10))
      code.op(OP.i64Sub)
      code.i64(FRAME_SIZE, 0)
      code.op(OP.i64Add)
      pushStackLimit(code, LOCAL_DEPTH, () => code.i32(size - 1))
      code.op(OP.i64LtU)
      return pointer
    case 'context':
      if (at < 0 || at + size > CTX_SIZE || hint.value < 0) return undefined
      code.get(local(base))
      code.i64(CTX_AT + hint.value, POINTER_HIGH)
      code.op(OP.i64Eq)
      return { push: () => code.i32(0), offset: CTX_AT + at, field: at }
    case 'packet':
    case 'heap': {
      const slot = hint.kind === 'packet' ? PACKET_SLOT : f.slotOf(hint, pc)
      pushPointer(code, base, off)
      code.i32(0)
      code.memory(OP.i64Load, slot)
      code.op(OP.i64Sub)
      code.i32(0)
      code.memory(OP.i64Load32U, limitAt(slot, size))
      code.op(OP.i64LtU)
      return pointer
    }
    default:
      return undefined
  }
}

function pushPointer(code: CodeWriter, base: number, off: number): void {
  code.get(local(base))
  if (off !== 0) {
    code.i64(off, off >> 31)
    code.op(OP.i64Add)
  }
  code.tee(LOCAL_POINTER)
}

/** Pushes R10 + offset. */
export function pushStackPointer(code: CodeWriter, offset: number): void {
  code.get(local(10))
  if (offset === 0) return
  code.i64(offset, offset >> 31)
  code.op(OP.i64Add)
}

/** Pushes how many addresses from the lowest frame on are good; what `lost` pushes is subtracted. */
function pushStackLimit(code: CodeWriter, depth: number, lost: () => void): void {
  code.get(depth)
  code.i32(1)
  code.op(OP.i32Add)
  code.i32(FRAME_SIZE)
  code.op(OP.i32Mul)
  lost()
  code.op(OP.i32Sub, OP.i64ExtendI32U)
}

/** Base pointer, offset, log2 of the size, depth, region slot; gives the address, or −1. */
export const LOCATE_TYPE: FunctionType = { parameters: [I64, I32, I32, I32, I32], results: [I32] }
export const LOCATE_LOCALS = [[1, I64]] as const

/** Tries packet, stack and the given slot, then asks the host (`hostLocate`: base in halves, then the same arguments). */
export function locateCode(hostLocate: number): Uint8Array {
  const code = new CodeWriter()
  const [base, off, log, depth, slot, pointer] = [0, 1, 2, 3, 4, 5]
  code.get(base)
  code.get(off)
  code.op(OP.i64ExtendI32S, OP.i64Add)
  code.set(pointer)
  const give = (): void => {
    code.if()
    code.get(pointer)
    code.op(OP.i32WrapI64, OP.return)
    code.end()
  }
  for (const pushSlot of [() => code.i32(PACKET_SLOT), () => code.get(slot)]) {
    code.get(pointer)
    pushSlot()
    code.memory(OP.i64Load, 0)
    code.op(OP.i64Sub)
    pushSlot()
    code.get(log)
    code.i32(2)
    code.op(OP.i32Shl, OP.i32Add)
    code.memory(OP.i64Load32U, 8)
    code.op(OP.i64LtU)
    give()
  }
  code.get(pointer)
  code.i64(STACK_TOP - FRAME_SIZE, STACK_HIGH)
  code.op(OP.i64Sub)
  code.get(depth)
  code.i32(FRAME_SIZE)
  code.op(OP.i32Mul, OP.i64ExtendI32U, OP.i64Add)
  pushStackLimit(code, depth, () => {
    code.i32(1)
    code.get(log)
    code.op(OP.i32Shl)
    code.i32(1)
    code.op(OP.i32Sub)
  })
  code.op(OP.i64LtU)
  give()
  code.get(base)
  code.op(OP.i32WrapI64)
  code.get(base)
  code.i64(32, 0)
  code.op(OP.i64ShrU, OP.i32WrapI64)
  for (const parameter of [off, log, depth, slot]) code.get(parameter)
  code.call(hostLocate)
  code.end()
  return code.finish()
}

/** Address; gives the four bytes there, as a pointer where they are a pointer field of the context. */
export const LOAD_WORD_TYPE: FunctionType = { parameters: [I32], results: [I64] }

export function loadWordCode(context: ContextKind): Uint8Array {
  const code = new CodeWriter()
  for (const field of POINTER_FIELDS[context]) {
    code.get(0)
    code.i32(CTX_AT + field)
    code.op(OP.i32Eq)
    code.if()
    code.get(0)
    code.memory(OP.i64Load32U, 0)
    code.i64(0, POINTER_HIGH)
    code.op(OP.i64Or, OP.return)
    code.end()
  }
  code.get(0)
  code.memory(OP.i64Load32U, 0)
  code.end()
  return code.finish()
}
