/**
 * Stack loads and stores. The stack is local memory of the core, read and written in words through a pointer, so an
 * access is cut into slices that lie in one register word and one memory word. Follows nfp-jit.md, section 13.
 */
import { CSR_ADDRESS, lm, NONE, NO_SHIFT, shiftLeft, shiftRight } from '@offload/nfp'
import type { Operand, Shift } from '@offload/nfp'
import { EOPNOTSUPP } from '../errno'
import { accessSize } from '../opcodes'
import { FLAG_CALLER_FRAME } from '../program-info'
import { dstGpr, srcGpr, wantsZeroExtension, zeroExtend } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, ab, b, frameWord, IMM_A, IMM_B, LM_SCRATCH, LM_STACK, scratchNext, STACK } from './registers'
import { TranslateError } from './translate-error'

/** Bytes that pointer 0 reaches with a 4-bit word offset. */
const FRAME_REACH = 64
/** Highest word offset of operands that name part of a word. */
const LAST_RESTRICTED_WORD = 7

/** How an access reaches its bytes. */
interface Access {
  /** Local memory pointer in use. */
  readonly pointer: number
  /** The pointer moves to the next word after each. */
  readonly increments: boolean
  /** Byte offset from the pointer. */
  readonly offset: number
}

/** A part of an access inside one GPR and one memory word. */
interface Slice {
  readonly length: number
  readonly first: boolean
  readonly last: boolean
  /** GPR and byte within it. */
  readonly gpr: number
  readonly gprByte: number
  /** The slice before was in another GPR. */
  readonly newGpr: boolean
  readonly pointer: number
  readonly increments: boolean
  /** Byte offset from the pointer; negative only for quirk Q7. */
  readonly offset: number
}

export const loadStack: EmitRoutine = (cx, insn) => {
  const size = accessSize(cx.program.code[insn]!)
  const g = dstGpr(cx, insn)
  const fillsSlot = size < 8 && wantsZeroExtension(cx, insn)
  const access = reach(cx, insn, 2 * cx.program.src[insn]!, size, fillsSlot)
  if (size < 8) zeroExtend(cx, insn, g)
  cx.out.because(`load ${size} byte${size === 1 ? '' : 's'} from the stack`)
  walk(access, g, size, (slice) => loadSlice(cx, slice))
}

export const storeStack: EmitRoutine = (cx, insn) => {
  const size = accessSize(cx.program.code[insn]!)
  const access = reach(cx, insn, 2 * cx.program.dst[insn]!, size, false)
  cx.out.because(`store ${size} byte${size === 1 ? '' : 's'} to the stack`)
  walk(access, srcGpr(cx, insn), size, (slice) => storeSlice(cx, slice))
}

/** Sets up a pointer to the bytes; `pointerGpr` is the low word of the BPF register that holds the address. */
function reach(cx: EmitContext, insn: number, pointerGpr: number, size: number, fillsSlot: boolean): Access {
  const { out, program: p } = cx
  const offset = cx.frameDepth + p.off[insn]! + p.pointerOffset(insn)
  const viaScratch = (increments: boolean, from: number): Access => {
    out.csrw(CSR_ADDRESS.actLMAddr3, IMM_B)
    out.because('wait until the pointer may be used')
    out.nop(fillsSlot ? 2 : 3)
    return { pointer: LM_SCRATCH, increments, offset: from }
  }
  if (p.ptrNotConst[insn] || p.has(insn, FLAG_CALLER_FRAME)) {
    out.because('point at the address in the register')
    out.alu(IMM_B, a(pointerGpr), '+', out.uimm(p.off[insn]!, IMM_B))
    return viaScratch(true, offset)
  }
  if (offset + size <= FRAME_REACH) return { pointer: LM_STACK, increments: false, offset }
  const sameBlock = offset >> 5 === (offset + size - 1) >> 5
  const base = sameBlock ? offset & ~31 : offset & ~3
  out.because('point deeper into the stack frame')
  out.alu(IMM_B, STACK, '+', out.uimm(base, IMM_B))
  return viaScratch(!sameBlock, sameBlock ? offset & 31 : offset)
}

function walk(access: Access, firstGpr: number, size: number, step: (slice: Slice) => void): void {
  let { offset } = access
  let gpr = firstGpr
  let gprByte = 0
  let previousGpr = -1
  for (let done = 0; done < size;) {
    if (access.increments) offset %= 4
    const inWord = 4 - (((offset % 4) + 4) % 4)
    const length = Math.min(size - done, 4 - gprByte, inWord)
    step({
      length,
      first: done === 0,
      last: done + length === size,
      gpr,
      gprByte,
      newGpr: gpr !== previousGpr,
      pointer: access.pointer,
      increments: access.increments,
      offset,
    })
    previousGpr = gpr
    gprByte += length
    done += length
    offset += length
    if (gprByte >= 4) {
      gprByte -= 4
      gpr++
    }
  }
}

/** Moves bytes from position `from` of a word to position `to`. */
function byteShift(from: number, to: number): Shift {
  if (from === to) return NO_SHIFT
  return from < to ? shiftLeft(8 * (to - from)) : shiftRight(8 * (from - to))
}

const increments = (slice: Slice): boolean => slice.increments && slice.newGpr && !slice.last

function loadSlice(cx: EmitContext, slice: Slice): void {
  const { out } = cx
  const { gpr, gprByte, length, offset, pointer } = slice
  const index = Math.trunc(offset / 4)
  const next = increments(slice)
  if (length === 4) {
    out.mov(ab(gpr), next ? scratchNext : lm(pointer, index))
    return
  }
  checkPartial(slice, index)
  let source: Operand = lm(pointer, index)
  if (index > LAST_RESTRICTED_WORD) {
    source = IMM_A
    if (slice.first || !slice.newGpr) out.mov(IMM_A, frameWord(index))
  }
  const mask = ((1 << length) - 1) << gprByte
  const shift = offset < 0 ? shiftRight(8 * (gprByte - (offset % 4))) : byteShift(offset % 4, gprByte)
  if (slice.newGpr) out.ldfz(ab(gpr), mask, source, shift)
  else out.ldf(ab(gpr), mask, source, shift)
  if (next) out.mov(NONE, scratchNext)
}

function storeSlice(cx: EmitContext, slice: Slice): void {
  const { out } = cx
  const { gpr, gprByte, length, offset, pointer } = slice
  const index = Math.trunc(offset / 4)
  const next = increments(slice)
  if (length === 4) {
    out.mov(next ? scratchNext : lm(pointer, index), b(gpr))
    return
  }
  checkPartial(slice, index)
  const far = index > LAST_RESTRICTED_WORD
  const target = far ? IMM_A : lm(pointer, index)
  if (far && (slice.first || slice.last)) out.mov(IMM_A, frameWord(index))
  const byte = offset % 4
  const mask = offset < 0 ? 0 : ((1 << length) - 1) << byte
  const shift = offset < 0 ? shiftLeft(8 * (gprByte - byte)) : byteShift(gprByte, byte)
  out.ldf(target, mask, b(gpr), shift)
  if (!slice.newGpr && !slice.last) return
  if (far) out.mov(frameWord(index), IMM_A)
  if (next) out.mov(NONE, scratchNext)
}

/**
 * What the driver refuses in a slice of less than a word. Offsets below 0 come only from pointers into a caller's
 * frame: the callee's depth was added to them, and a remainder below 0 is taken as a huge unsigned number (quirk Q7).
 */
function checkPartial(slice: Slice, index: number): void {
  const { length, gprByte, offset, pointer } = slice
  const remainder = offset % 4
  const crosses = remainder < 0 ? length < -remainder : remainder + length > 4
  if (gprByte + length > 4 || crosses || (index > LAST_RESTRICTED_WORD && pointer === LM_SCRATCH)) {
    throw new TranslateError(EOPNOTSUPP)
  }
}
