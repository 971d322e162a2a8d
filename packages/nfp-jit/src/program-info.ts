/**
 * What the driver knows of a program: one record per BPF slot, kept as columns of typed arrays.
 *
 * Filled in three steps: `prepare` (original instructions, jump targets), the instruction hook (what the verifier saw),
 * `finalize` (subprograms, zero-extension marks); then the passes rewrite it and the translator reads it.
 * Follows nfp-jit.md, section 4. It always holds the program as loaded, never the kernel's rewritten one.
 */
import { CODE_CALL, CODE_LD_IMM64, isJump, JMP_EXIT, operationOf } from './opcodes'

/** Bits of `ProgramInfo.flags`, numbered as the driver numbers them. */
export const FLAG_JUMP_DST = 1
export const FLAG_SUBPROG_START = 2
/** The stack pointer of this access belongs to a caller's frame; once set it stays. */
export const FLAG_CALLER_FRAME = 4
/** The instruction changes nothing, found while translating. */
export const FLAG_SKIP_NOOP = 8
/** Swallowed by an earlier instruction (optimisation passes). */
export const FLAG_SKIP_MERGED = 16
/** Removed by the kernel: dead code or `goto +0`. */
export const FLAG_SKIP_KERNEL = 32
/** The kernel wants the upper half of the result cleared. */
export const FLAG_ZEXT = 64

export const SKIP_FLAGS = FLAG_SKIP_NOOP | FLAG_SKIP_MERGED | FLAG_SKIP_KERNEL

/** Bits of `ProgramInfo.addend`: what an atomic add's operand was on the visits so far. */
export const ADDEND_OVER_16_BIT = 1
export const ADDEND_MAYBE_16_BIT = 2

/** Kernel numbers of register types, as the driver's messages print them. */
export const PTR_SCALAR = 1
export const PTR_CTX = 2
export const PTR_MAP_VALUE = 4
export const PTR_STACK = 6
export const PTR_PACKET = 8

/** A subprogram; 0 is the program itself. */
export interface SubprogramInfo {
  readonly start: number
  /** Bytes of its frame, with return address and saved registers. */
  stackDepth: number
  /** It writes or otherwise names r6..r9 as destination, so a caller's must be saved. */
  needsRegPush: boolean
}

export class ProgramInfo {
  /** Slots; a 64-bit constant takes two. */
  readonly length: number
  readonly code: Uint8Array
  readonly dst: Uint8Array
  readonly src: Uint8Array
  readonly off: Int16Array
  readonly imm: Int32Array
  readonly flags: Uint16Array
  /** Target slot of a jump or call into a subprogram, -1 where there is none. */
  readonly jumpDst: Int32Array
  /** Compare with the negated constant by adding (set by the negative-constants pass). */
  readonly jumpNegOp: Uint8Array

  /** Pointer of a load, store or atomic, as on the last visit; type 0 = never recorded. */
  readonly ptrType: Int32Array
  readonly ptrOff: Int32Array
  /** Constant part of the variable offset (low word). */
  readonly ptrVar: Int32Array
  readonly ptrId: Int32Array
  readonly ptrNotConst: Uint8Array
  readonly addend: Uint8Array

  /** Helper calls: id, and argument states of the last visit. */
  readonly helper: Int32Array
  readonly arg1Type: Int32Array
  readonly arg2Off: Int32Array
  readonly arg2Var: Int32Array
  readonly arg2Varies: Uint8Array

  /** Unsigned 64-bit bounds over all visits, low and high word a slot. */
  readonly uminSrc: Uint32Array
  readonly umaxSrc: Uint32Array
  readonly uminDst: Uint32Array
  readonly umaxDst: Uint32Array

  readonly subprogram: Int32Array
  subprograms: SubprogramInfo[] = []
  /** Slot of the one adjust_head call that needs no checks; -1 none; 0 no call seen. */
  adjustHeadLocation = 0
  /** Bytes of stack of the deepest call chain, each frame rounded up to 64. */
  stackSize = 0
  maxPktOffset = 0

  /** Gathered copies: bytes (negative: descending) at the first load, and the store it is paired with. */
  readonly copyLength: Int16Array
  readonly pairedStore: Int32Array
  /** Packet cache: the range a load takes its bytes from, and whether it is the one that reads it. */
  readonly cacheStart: Int32Array
  readonly cacheEnd: Int32Array
  readonly cacheInit: Uint8Array

  constructor(insns: Uint8Array) {
    const length = insns.length >>> 3
    const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength)
    this.length = length
    this.code = new Uint8Array(length)
    this.dst = new Uint8Array(length)
    this.src = new Uint8Array(length)
    this.off = new Int16Array(length)
    this.imm = new Int32Array(length)
    for (let i = 0; i < length; i++) {
      const registers = view.getUint8(8 * i + 1)
      this.code[i] = view.getUint8(8 * i)
      this.dst[i] = registers & 0xf
      this.src[i] = registers >>> 4
      this.off[i] = view.getInt16(8 * i + 2, true)
      this.imm[i] = view.getInt32(8 * i + 4, true)
    }
    this.flags = new Uint16Array(length)
    this.jumpDst = new Int32Array(length).fill(-1)
    this.jumpNegOp = new Uint8Array(length)
    this.ptrType = new Int32Array(length)
    this.ptrOff = new Int32Array(length)
    this.ptrVar = new Int32Array(length)
    this.ptrId = new Int32Array(length)
    this.ptrNotConst = new Uint8Array(length)
    this.addend = new Uint8Array(length)
    this.helper = new Int32Array(length)
    this.arg1Type = new Int32Array(length)
    this.arg2Off = new Int32Array(length)
    this.arg2Var = new Int32Array(length)
    this.arg2Varies = new Uint8Array(length)
    this.uminSrc = new Uint32Array(2 * length).fill(0xffffffff)
    this.umaxSrc = new Uint32Array(2 * length)
    this.uminDst = new Uint32Array(2 * length).fill(0xffffffff)
    this.umaxDst = new Uint32Array(2 * length)
    this.subprogram = new Int32Array(length)
    this.copyLength = new Int16Array(length)
    this.pairedStore = new Int32Array(length).fill(-1)
    this.cacheStart = new Int32Array(length)
    this.cacheEnd = new Int32Array(length)
    this.cacheInit = new Uint8Array(length)
    this.markJumpTargets()
  }

  has(insn: number, flag: number): boolean {
    return (this.flags[insn]! & flag) !== 0
  }

  /** Swallowed, removed or without effect: makes no words. */
  isSkipped(insn: number): boolean {
    return (this.flags[insn]! & SKIP_FLAGS) !== 0
  }

  /** A call into the program itself. */
  isPseudoCall(insn: number): boolean {
    return this.code[insn] === CODE_CALL && this.src[insn] === 1
  }

  isHelperCall(insn: number): boolean {
    return this.code[insn] === CODE_CALL && this.src[insn] !== 1
  }

  /** The slot is the second half of a 64-bit constant. */
  isSecondHalf(insn: number): boolean {
    return insn > 0 && this.code[insn - 1] === CODE_LD_IMM64 && this.code[insn] === 0
  }

  /** Constant offset of a memory access's pointer: fixed part and known part of the variable one. */
  pointerOffset(insn: number): number {
    return (this.ptrOff[insn]! + this.ptrVar[insn]!) | 0
  }

  /** The instructions as they are now, in their 8-byte encoding. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(8 * this.length)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < this.length; i++) {
      view.setUint8(8 * i, this.code[i]!)
      view.setUint8(8 * i + 1, this.dst[i]! | (this.src[i]! << 4))
      view.setInt16(8 * i + 2, this.off[i]!, true)
      view.setInt32(8 * i + 4, this.imm[i]!, true)
    }
    return bytes
  }

  /**
   * Subprogram numbers in list order and which of them name r6..r9 as destination (any class, stores and jumps too).
   * `depths` are the kernel's, one a subprogram; a called one also keeps the return address and the saved registers.
   */
  setSubprograms(depths: readonly number[]): void {
    const starts = [0]
    let index = 0
    for (let i = 0; i < this.length; i++) {
      if (this.has(i, FLAG_SUBPROG_START)) {
        index++
        starts[index] = i
      }
      this.subprogram[i] = index
    }
    this.subprograms = starts.map((start) => ({ start, stackDepth: 0, needsRegPush: false }))
    for (let i = 0; i < this.length; i++) {
      if (this.dst[i]! >= 6 && this.dst[i]! <= 9) this.subprograms[this.subprogram[i]!]!.needsRegPush = true
    }
    this.subprograms.forEach((subprogram, i) => {
      const kept = i === 0 ? 0 : RETURN_ADDRESS_BYTES + (subprogram.needsRegPush ? SAVED_REGISTER_BYTES : 0)
      subprogram.stackDepth = (depths[i] ?? 0) + kept
    })
    this.stackSize = this.deepestCallChain()
  }

  /** Takes over the kernel's marks of instructions whose 32-bit result must be zero-extended. */
  setZeroExtension(zext: Uint8Array): void {
    for (let i = 0; i < this.length; i++) if (zext[i]) this.flags[i]! |= FLAG_ZEXT
  }

  /** A deep copy: the passes rewrite their input, so a page that compares settings works on copies. */
  clone(): ProgramInfo {
    const copy = new ProgramInfo(this.encode())
    for (const column of COLUMNS) copy[column].set(this[column] as never)
    copy.subprograms = this.subprograms.map((subprogram) => ({ ...subprogram }))
    copy.adjustHeadLocation = this.adjustHeadLocation
    copy.stackSize = this.stackSize
    copy.maxPktOffset = this.maxPktOffset
    return copy
  }

  private markJumpTargets(): void {
    for (let i = 0; i < this.length; i++) {
      const code = this.code[i]!
      if (!isJump(code) || operationOf(code) === JMP_EXIT || this.isHelperCall(i)) continue
      const call = this.isPseudoCall(i)
      const target = i + 1 + (call ? this.imm[i]! : this.off[i]!)
      if (target < 0 || target >= this.length) continue
      this.flags[target]! |= FLAG_JUMP_DST | (call ? FLAG_SUBPROG_START : 0)
      this.jumpDst[i] = target
    }
  }

  /**
   * Largest sum of frames over call chains, each frame rounded up to 64. The last instruction of the program is never
   * looked at as a call (the driver stops before it). Programs that call themselves were refused before.
   */
  private deepestCallChain(): number {
    const below = new Int32Array(this.subprograms.length).fill(UNKNOWN_DEPTH)
    const deepest = (index: number): number => {
      if (below[index] !== UNKNOWN_DEPTH) return below[index]!
      below[index] = 0
      const subprogram = this.subprograms[index]!
      let calls = 0
      for (let i = subprogram.start; i < this.length - 1 && this.subprogram[i] === index; i++) {
        const target = this.jumpDst[i]!
        if (this.isPseudoCall(i) && target >= 0) calls = Math.max(calls, deepest(this.subprogram[target]!))
      }
      below[index] = calls + roundUp(subprogram.stackDepth, 64)
      return below[index]
    }
    return deepest(0)
  }
}

const UNKNOWN_DEPTH = -1
const RETURN_ADDRESS_BYTES = 4
const SAVED_REGISTER_BYTES = 32

const COLUMNS = [
  'flags',
  'jumpDst',
  'jumpNegOp',
  'ptrType',
  'ptrOff',
  'ptrVar',
  'ptrId',
  'ptrNotConst',
  'addend',
  'helper',
  'arg1Type',
  'arg2Off',
  'arg2Var',
  'arg2Varies',
  'uminSrc',
  'umaxSrc',
  'uminDst',
  'umaxDst',
  'subprogram',
  'copyLength',
  'pairedStore',
  'cacheStart',
  'cacheEnd',
  'cacheInit',
] as const

/** Rounds up to a multiple of `unit`, a power of two. */
export const roundUp = (value: number, unit: number): number => (value + unit - 1) & -unit
