/**
 * Encoders for words the nfp driver never emits: byte branches, arbitration, CRC, CAM and bit counting.
 *
 * Same conventions as encode.ts. Follows nfp-isa.md, sections 5.2, 9.3 and 12.5.
 */
import type { Word } from './bits'
import { emptyWord, putAddress, putChecked } from './encode'
import type { ResultOptions } from './encode'
import { EncodeError } from './encode-error'
import { ALU, ARB, BR_BYTE, writeField } from './fields'
import { alu } from './encode'
import { ALU_FUNCTIONS } from './names'
import type { AluFunction } from './names'
import { encodeRestricted, place } from './registers'
import type { Operand } from './registers'

/** `br=byte` (`equal`) or `br!=byte`: branch on byte `byte` of `src` compared with `value` (0 to 255). */
export function brByte(src: Operand, byte: number, value: Operand, address: number, defer = 0, equal = true): Word {
  const word = emptyWord('br_byte')
  // The value is read from the A field when that is an immediate.
  const { a, b, lmExtension } = src.kind === 'imm' ? place(value, src, true) : place(src, value, true)
  const aCode = encodeRestricted(a, 'source', true)
  const bCode = encodeRestricted(b, 'source', true)
  writeField(word, BR_BYTE.a, aCode.code)
  putChecked(word, BR_BYTE.byte, byte)
  writeField(word, BR_BYTE.b, bCode.code)
  writeField(word, BR_BYTE.i8, aCode.i8 | bCode.i8)
  writeField(word, BR_BYTE.equal, equal ? 1 : 0)
  putChecked(word, BR_BYTE.defer, defer)
  putAddress(word, BR_BYTE, address)
  writeField(word, BR_BYTE.srcExt, lmExtension ? 1 : 0)
  return word
}

/** What a `ctx_arb` word waits for and what follows. */
export interface ArbitrationOptions {
  /** Signals waited for, bit n for signal n; 1 yields, 0 kills the context. */
  readonly signals: number
  readonly any?: boolean
  readonly breakpoint?: boolean
  readonly noLoad?: boolean
  /** Address to resume at; the next word unless given. */
  readonly resume?: number
  readonly defer?: number
}

/** `ctx_arb`: give up the processor until signals arrive. */
export function ctxArb(options: ArbitrationOptions): Word {
  const word = emptyWord('ctx_arb')
  putChecked(word, ARB.signals, options.signals)
  writeField(word, ARB.any, options.any ? 1 : 0)
  writeField(word, ARB.breakpoint, options.breakpoint ? 1 : 0)
  writeField(word, ARB.noLoad, options.noLoad ? 1 : 0)
  putChecked(word, ARB.defer, options.defer ?? 0)
  if (options.resume !== undefined) {
    writeField(word, ARB.resume, 1)
    putAddress(word, ARB, options.resume)
  }
  return word
}

/** Fields of an ALU function that are numbers and not operands. */
export interface AluFunctionOptions extends ResultOptions {
  /** CRC: type in bits 7..5, bit swap in bit 4, little-endian in bit 3, byte range in bits 2..0. */
  readonly crc?: number
  /** CAM entry state for `cam_write` and `cam_write_state`. */
  readonly state?: number
  /** `cam_lookup`: raw B field that loads an LM pointer. */
  readonly lmLoad?: number
}

/** Words of the ALU class with a function name: `pop_count…`, `ffs`, `crc_…`, `cam_…`. */
export function aluFunction(
  fn: AluFunction,
  dst: Operand,
  left: Operand,
  right: Operand,
  options: AluFunctionOptions = {},
): Word {
  const word = alu(dst, left, ALU_FUNCTIONS[fn], right, options)
  if (options.crc !== undefined) {
    if (right.kind === 'gpr' && right.bank === 'A') {
      throw new EncodeError('bad-operand', 'the source of a CRC word must not be a bank-A register')
    }
    putChecked(word, ALU.a, options.crc)
  }
  if (options.state !== undefined) putChecked(word, ALU.dst, options.state)
  if (options.lmLoad !== undefined) putChecked(word, ALU.b, options.lmLoad)
  return word
}
