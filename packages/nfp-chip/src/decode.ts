/**
 * Lowers code-store words to the decoded form of uop.ts. Field positions come from @offload/nfp; the meaning of
 * operands, swap bit, shift kinds and immediates follows nfp-isa.md, sections 4 to 12, for contexts of 4 (32 registers
 * a bank). A word with wrong ECC or without a meaning becomes `UOP.invalid` with the fault that running it raises.
 */
import {
  ALU,
  ARB,
  BR,
  BR_ALU,
  BR_BIT,
  BR_BYTE,
  CMD,
  CSR,
  IMMED,
  LDF,
  MUL,
  SHF,
  classOf,
  eccMatches,
  readField,
} from '@offload/nfp'
import type { Word } from '@offload/nfp'
import { CTX } from './layout'
import type { ChipMemory } from './layout'
import { FAULT, RARE, SPECIAL, UOP } from './uop'
import type { DecodedStore } from './uop'

type Bank = 0 | 1

/** Marks an operand field that means nothing. */
const BAD = 0x7fffffff
const NONE = -1

const special = (kind: number, payload: number): number => -((kind << 12) | payload)
const gpr = (bank: Bank, n: number): number => (bank ? CTX.gprB : CTX.gprA) + n

/** An unrestricted source operand (10 bits) read through the given bank's slot. */
function source10(value: number, bank: Bank, ext: number): number {
  if (value >= 0x300) return ~(value & 0xff)
  const high = value >> 6
  if (high === 0) return gpr(bank, value & 31)
  if (high === 1) return BAD
  if (value < 0x100) return special(bank ? SPECIAL.absoluteB : SPECIAL.absoluteA, value & 127)
  if (value < 0x180) return special(SPECIAL.xferIndex, indexMode(value))
  if (value < 0x200) return CTX.xferIn + (value & 31) + (value & 0x40 ? 32 : 0)
  if (high === 8) return localMemory(((value >> 5) & 1) + 2 * ext, value & 0x10 ? (value & 1) + 1 : 0, value & 15)
  if (high === 9) return special(SPECIAL.nnIndex, (value >> 1) & 1)
  if (high === 10) return special(SPECIAL.nn, value & 31)
  return BAD
}

/** A restricted source operand (8 bits). */
function source8(value: number, bank: Bank, ext: number, bit7: number): number {
  if (value & 0x20) return ~((bit7 << 7) | ((value >> 6) << 5) | (value & 31))
  const high = value >> 6
  if (high === 0) return gpr(bank, value & 31)
  if (high === 2) return CTX.xferIn + (value & 31)
  if (high === 3) return CTX.xferIn + 32 + (value & 31)
  if (value & 0x10) return localMemory(((value >> 3) & 1) + 2 * ext, 0, value & 7)
  return value & 1 ? special(SPECIAL.nnIndex, (value >> 1) & 1) : special(SPECIAL.xferIndex, indexMode(value))
}

const indexMode = (value: number): number => {
  const mode = (value >> 1) & 3
  return mode === 3 ? 0 : mode
}

function localMemory(pointer: number, mode: number, offset: number): number {
  return special(SPECIAL.lm, (pointer << 6) | (mode << 4) | (mode ? 0 : offset))
}

/** Turns a source code into a destination code: transfer-out registers, both banks, none. */
function asDestination(source: number, both: number): number {
  if (source === BAD) return BAD
  if (source < 0) return source >= -256 ? NONE : source
  if (source >= CTX.xferIn) return source - CTX.xferIn + CTX.xferOut
  return both ? 256 + (source & 31) : source
}

const ALU_OPS: Readonly<Record<number, number>> = {
  0: UOP.movB,
  1: UOP.add,
  4: UOP.notB,
  5: UOP.add16,
  8: UOP.and,
  9: UOP.add8,
  12: UOP.notAnd,
  13: UOP.subCarry,
  16: UOP.andNot,
  17: UOP.addCarry,
  20: UOP.or,
  21: UOP.sub,
  24: UOP.xor,
  25: UOP.subReverse,
}

/** ALU operations that slow-word.ts does: pop_count3, ffs, crc, CAM. */
const RARE_ALU_OPS: ReadonlySet<number> = new Set([3, 6, 7, 11, 14, 15, 18, 19, 23, 27, 31])

/** Decodes (a word of zero is a place where nothing was loaded) the words of `words` (pairs of halves) at `from`, up to `to`, into the same addresses of `store`. */
export function decodeRange(store: DecodedStore, words: Int32Array | Uint32Array, from: number, to: number): void {
  for (let address = from; address < to; address++) {
    if (words[2 * address] === 0 && words[2 * address + 1] === 0) {
      store.op[address] = UOP.invalid
      store.fault[address] = FAULT.outside
      continue
    }
    decodeWord(store, address, { lo: words[2 * address]! >>> 0, hi: words[2 * address + 1]! >>> 0 })
  }
  for (let address = from; address <= to && address < store.size; address++) {
    if (address > 0 && store.op[address] === UOP.immed && store.op[address - 1] === UOP.csrRead) {
      store.op[address] = UOP.immedLatch
    }
  }
}

/** Decodes a chip's whole code store. */
export function decodeStore(memory: ChipMemory, store: DecodedStore): void {
  const { words, layout } = memory
  decodeRange(store, words.subarray(layout.store, layout.store + 2 * layout.storeWords), 0, layout.storeWords)
}

function decodeWord(store: DecodedStore, at: number, word: Word): void {
  const set: Set = (op, a = 0, b = 0, dst = NONE, imm = 0, aux = 0, extra = 0, rare = 0) => {
    const bad = a === BAD || b === BAD || dst === BAD
    store.op[at] = bad ? UOP.invalid : op
    store.fault[at] = bad || op === UOP.invalid ? FAULT.invalid : FAULT.none
    store.rare[at] = rare
    store.a[at] = a
    store.b[at] = b
    store.dst[at] = dst
    store.imm[at] = imm
    store.aux[at] = aux
    store.extra[at] = extra
  }
  if (!eccMatches(word)) {
    set(UOP.invalid)
    store.fault[at] = FAULT.ecc
    return
  }
  const layout = classOf(word)
  switch (layout?.name) {
    case 'alu':
      return decodeAlu(word, set)
    case 'alu_shf':
      return decodeShift(word, set)
    case 'ld_field':
      return decodeField(word, set)
    case 'immed':
      return decodeImmed(word, set)
    case 'branch': {
      const cond = readField(word, BR.cond)
      const known = cond <= 11 || (cond >= 16 && cond <= 24)
      const target = readField(word, BR.addressLow) | (readField(word, BR.addressHigh) << 13)
      const defer = readField(word, BR.defer)
      const plain = cond <= 11 || cond === 24
      return set(
        known ? (plain ? UOP.branch : UOP.slow) : UOP.invalid,
        0,
        readField(word, BR.state),
        NONE,
        target,
        cond,
        defer,
        plain ? 0 : RARE.branch,
      )
    }
    case 'br_bit':
      return decodeBranchBit(word, set)
    case 'br_byte': {
      const bit7 = readField(word, BR_BYTE.i8)
      const ext = readField(word, BR_BYTE.srcExt)
      const a = source8(readField(word, BR_BYTE.a), 0, ext, bit7)
      const b = source8(readField(word, BR_BYTE.b), 1, ext, bit7)
      const target = readField(word, BR_BYTE.addressLow) | (readField(word, BR_BYTE.addressHigh) << 13)
      const aux = readField(word, BR_BYTE.byte) | (readField(word, BR_BYTE.equal) << 2)
      return set(UOP.slow, a, b, NONE, target, aux, readField(word, BR_BYTE.defer), RARE.branchByte)
    }
    case 'br_alu': {
      const ext = readField(word, BR_ALU.srcExt)
      const fieldA = readField(word, BR_ALU.a)
      const fieldB = readField(word, BR_ALU.b)
      const inA = fieldA >= 0x300
      if (!inA && fieldB < 0x300) return set(UOP.invalid)
      const low = (inA ? fieldA : fieldB) & 0xff
      const register = inA ? source10(fieldB, 1, ext) : source10(fieldA, 0, ext)
      return set(
        UOP.jump,
        register,
        0,
        NONE,
        (readField(word, BR_ALU.high) << 8) | low,
        0,
        readField(word, BR_ALU.defer),
      )
    }
    case 'local_csr':
      return decodeCsr(word, set)
    case 'mult':
      return decodeMul(word, set)
    case 'cmd':
      return decodeCommand(word, set)
    case 'ctx_arb': {
      const target = readField(word, ARB.addressLow) | (readField(word, ARB.addressHigh) << 13)
      const flags =
        readField(word, ARB.any) |
        (readField(word, ARB.breakpoint) << 1) |
        (readField(word, ARB.resume) << 2) |
        (readField(word, ARB.noLoad) << 3)
      return set(
        UOP.slow,
        flags,
        0,
        NONE,
        target,
        readField(word, ARB.signals),
        readField(word, ARB.defer),
        RARE.arbitrate,
      )
    }
    default:
      return set(UOP.invalid)
  }
}

type Set = (
  op: number,
  a?: number,
  b?: number,
  dst?: number,
  imm?: number,
  aux?: number,
  extra?: number,
  rare?: number,
) => void

/** Left and right operand with the swap undone; a swapped word reads bank B on the left. */
function decodeAlu(word: Word, set: Set): void {
  const op = readField(word, ALU.op)
  const ext = readField(word, ALU.srcExt)
  const swap = readField(word, ALU.swap)
  const fieldA = source10(readField(word, ALU.a), 0, ext)
  const fieldB = source10(readField(word, ALU.b), 1, ext)
  const unary = op === 0 || op === 4
  let left = swap ? fieldB : fieldA
  const right = swap ? fieldA : fieldB
  if (unary && left === BAD) left = ~0
  const bank = readField(word, ALU.dstBank) as Bank
  const dst = asDestination(
    source10(readField(word, ALU.dst), bank, readField(word, ALU.dstExt)),
    readField(word, ALU.writeBoth),
  )
  const fast = ALU_OPS[op]
  if (readField(word, ALU.predicate)) return set(UOP.invalid)
  if (fast !== undefined && !readField(word, ALU.noCc)) return set(fast, left, right, dst, 0, 0, swap)
  if (fast === undefined && !RARE_ALU_OPS.has(op)) return set(UOP.invalid)
  const fields = readField(word, ALU.a) | (readField(word, ALU.dst) << 10)
  return set(UOP.slow, left, right, dst, fields, fast ?? 0x100 | op, swap, RARE.alu)
}

const SHIFT_UOPS = [UOP.rotate, UOP.shiftRight, UOP.shiftLeft, UOP.shiftDouble] as const
const SHIFT_BY_UOPS = [UOP.rotate, UOP.shiftRightBy, UOP.shiftLeftBy, UOP.shiftDoubleBy] as const

function decodeShift(word: Word, set: Set): void {
  const ext = readField(word, SHF.srcExt)
  const bit7 = readField(word, SHF.i8)
  const swap = readField(word, SHF.swap)
  const fieldA = source8(readField(word, SHF.a), 0, ext, bit7)
  const fieldB = source8(readField(word, SHF.b), 1, ext, bit7)
  const left = swap ? fieldB : fieldA
  const right = swap ? fieldA : fieldB
  const bank = readField(word, SHF.dstBank) as Bank
  const dst = asDestination(
    source8(readField(word, SHF.dst), bank, readField(word, SHF.dstExt), 0),
    readField(word, SHF.writeBoth),
  )
  const kind = readField(word, SHF.sc)
  const op = readField(word, SHF.op)
  const field = readField(word, SHF.shift)
  const amount = kind === 2 ? 32 - field : field
  if (readField(word, SHF.predicate)) return set(UOP.invalid)
  if (readField(word, SHF.noCc) || (op === 7 && kind !== 3) || (op === 6 && (kind === 0 || kind === 2))) {
    return set(UOP.slow, left, right, dst, amount, (kind << 4) | op | (field === 0 ? 0x80 : 0), swap, RARE.shift)
  }
  const indirect = field === 0 && kind !== 0
  let uop: number = indirect ? SHIFT_BY_UOPS[kind]! : SHIFT_UOPS[kind]!
  if (op === 6 && kind === 1) uop = indirect ? UOP.shiftArithmeticBy : UOP.shiftArithmetic
  return set(uop, left, right, dst, amount, op, swap)
}

const FIELD_UOPS = [UOP.fieldRotate, UOP.fieldRight, UOP.fieldLeft] as const

/** Byte mask (bit k selects byte k) as a 32-bit mask. */
const byteMask = (mask: number): number =>
  (mask & 1 ? 0xff : 0) | (mask & 2 ? 0xff00 : 0) | (mask & 4 ? 0xff0000 : 0) | (mask & 8 ? 0xff000000 : 0)

/** `aux` = replaced bits; `imm` = amount, bit 8 clears the other bytes. The old value is read through `a`. */
function decodeField(word: Word, set: Set): void {
  const bit7 = readField(word, LDF.i8)
  const swap = readField(word, LDF.swap)
  const dstExt = readField(word, LDF.dstExt)
  const srcExt = readField(word, LDF.srcExt)
  const dstField = swap ? readField(word, LDF.b) : readField(word, LDF.a)
  const srcField = swap ? readField(word, LDF.a) : readField(word, LDF.b)
  const old = source8(dstField, swap ? 1 : 0, dstExt, bit7)
  const source = source8(srcField, swap ? 0 : 1, srcExt, bit7)
  const dst = asDestination(old, readField(word, LDF.writeBoth))
  const kind = readField(word, LDF.sc)
  const field = readField(word, LDF.shift)
  const amount = kind === 2 ? 32 - field : field
  const mask = byteMask(readField(word, LDF.mask))
  const clear = readField(word, LDF.clear) << 8
  if (readField(word, LDF.predicate)) return set(UOP.invalid)
  const rare = kind === 3 || (kind !== 0 && field === 0) || readField(word, LDF.loadCc)
  if (!rare) return set(FIELD_UOPS[kind]!, old, source, dst, amount | clear, mask, swap)
  const extra = swap | (kind << 1) | (readField(word, LDF.loadCc) << 3) | (field === 0 ? 16 : 0)
  return set(UOP.slow, old, source, dst, amount | clear, mask, extra, RARE.field)
}

function decodeImmed(word: Word, set: Set): void {
  const fieldA = readField(word, IMMED.a)
  const fieldB = readField(word, IMMED.b)
  const inB = fieldB >= 0x300
  if (!inB && fieldA < 0x300) return set(UOP.invalid)
  const ext = readField(word, IMMED.dstExt)
  const old = inB ? source10(fieldA, 0, ext) : source10(fieldB, 1, ext)
  const dst = asDestination(old, readField(word, IMMED.writeBoth))
  const value = (readField(word, IMMED.high) << 8) | ((inB ? fieldB : fieldA) & 0xff)
  const width = readField(word, IMMED.width)
  const shift = readField(word, IMMED.shift) * 8
  if (readField(word, IMMED.predicate)) return set(UOP.invalid)
  if (width === 0) {
    const full = value << shift
    return set(UOP.immed, 0, 0, dst, readField(word, IMMED.invert) ? ~full : full)
  }
  const whole = readField(word, IMMED.invert) ? ~value : value
  const at = width === 2 ? shift & 16 : shift
  const mask = (width === 2 ? 0xffff : 0xff) << at
  return set(UOP.immedPart, old, 0, dst, (whole << at) & mask, mask)
}

function decodeBranchBit(word: Word, set: Set): void {
  const ext = readField(word, BR_BIT.srcExt)
  const fieldA = readField(word, BR_BIT.a)
  const fieldB = readField(word, BR_BIT.b)
  const immediateInB = (fieldB & 0x20) !== 0
  if (!immediateInB && !(fieldA & 0x20)) return set(UOP.invalid)
  const operand = immediateInB ? source8(fieldA, 0, ext, 0) : source8(fieldB, 1, ext, 0)
  const rotate = ~source8(immediateInB ? fieldB : fieldA, 0, 0, 0)
  const target = readField(word, BR_BIT.addressLow) | (readField(word, BR_BIT.addressHigh) << 13)
  return set(
    UOP.branchBit,
    operand,
    (rotate - 1) & 31,
    NONE,
    target,
    readField(word, BR_BIT.set),
    readField(word, BR_BIT.defer),
  )
}

/** Byte addresses of the four "active" LM pointer registers. */
const LM_POINTER_CSRS: readonly number[] = [0x064, 0x06c, 0x094, 0x09c]

function decodeCsr(word: Word, set: Set): void {
  const address = readField(word, CSR.address) * 4
  if (!readField(word, CSR.write)) return set(UOP.csrRead, 0, 0, NONE, address)
  const ext = readField(word, CSR.srcExt)
  const fieldA = readField(word, CSR.a)
  const fieldB = readField(word, CSR.b)
  const source = fieldA >= 0x300 && fieldB < 0x300 ? source10(fieldB, 1, ext) : source10(fieldA, 0, ext)
  const pointer = LM_POINTER_CSRS.indexOf(address)
  return pointer >= 0 ? set(UOP.lmPointer, source, 0, NONE, pointer) : set(UOP.csrWrite, source, 0, NONE, address)
}

function decodeMul(word: Word, set: Set): void {
  const step = readField(word, MUL.step)
  const type = readField(word, MUL.type)
  const ext = readField(word, MUL.srcExt)
  const swap = readField(word, MUL.swap)
  const fieldA = readField(word, MUL.a)
  const fieldB = readField(word, MUL.b)
  if (readField(word, MUL.predicate)) return set(UOP.invalid)
  if (type === 0 || step < 4) {
    const a = source10(fieldA, 0, ext)
    const b = source10(fieldB, 1, ext)
    return set(type === 0 ? UOP.mulStart : UOP.mulStep, swap ? b : a, swap ? a : b, NONE, 0, type, swap)
  }
  if (step > 5) return set(UOP.invalid)
  const bank = readField(word, MUL.dstBank) as Bank
  const named = source10(swap ? fieldB : fieldA, bank, readField(word, MUL.dstExt))
  const dst = asDestination(named, readField(word, MUL.writeBoth))
  if (readField(word, MUL.noCc)) return set(UOP.slow, 0, 0, dst, step, type, 0, RARE.mul)
  return set(step === 4 ? UOP.mulLast : UOP.mulLast2, 0, 0, dst, 0, type)
}

/** Units that commands address. */
export const TARGET = { memory: 0, cls: 1, other: 2 } as const

/** `imm` = action << 2 | token, bit 8.. the unit; `aux` = xfer | count << 8 | signal << 12 | ctx << 16 | indirect << 18 | mode << 20. */
function decodeCommand(word: Word, set: Set): void {
  const target = readField(word, CMD.target)
  const unit = target >> 5 === 2 ? TARGET.memory : target >> 5 === 3 ? TARGET.cls : TARGET.other
  const a = source8(readField(word, CMD.a), 0, 0, 0)
  const b = source8(readField(word, CMD.b), 1, 0, 0)
  const op = ((target & 31) << 2) | readField(word, CMD.token)
  const aux =
    readField(word, CMD.xfer) |
    (readField(word, CMD.xferHigh) << 5) |
    (readField(word, CMD.count) << 8) |
    (readField(word, CMD.signal) << 12) |
    (readField(word, CMD.ctx) << 16) |
    (readField(word, CMD.indirect) << 18) |
    (readField(word, CMD.mode) << 20)
  const ctx = readField(word, CMD.ctx)
  return set(UOP.command, a, b, NONE, op | (unit << 8), aux, ctx === 3 ? 0 : ctx)
}
