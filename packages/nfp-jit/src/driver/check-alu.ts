/**
 * Arithmetic: collects the bounds of both operands over all visits, and refuses what the chip cannot multiply or
 * divide. nfp-offload.md, section 6.6.
 */
import type { U64 } from '@offload/verifier'
import { EINVAL } from '../errno'
import { ALU_DIV, ALU_MUL, CLASS_ALU64, classOf, isRegisterForm, operationOf } from '../opcodes'
import type { InsnCheck } from './check-context'

/** The source of a constant form is whatever register its number names (r0); its bounds are not used. */
export const checkAlu: InsnCheck = (cx) => {
  const { env, program: p, insn } = cx
  const src = env.reg(p.src[insn]!)
  const dst = env.reg(p.dst[insn]!)
  keepLower(p.uminSrc, insn, src.umin)
  keepHigher(p.umaxSrc, insn, src.umax)
  keepLower(p.uminDst, insn, dst.umin)
  keepHigher(p.umaxDst, insn, dst.umax)

  const code = p.code[insn]!
  const operation = operationOf(code)
  const register = isRegisterForm(code)
  const dstWide = p.umaxDst[2 * insn + 1] !== 0
  const srcWide = p.umaxSrc[2 * insn + 1] !== 0
  if (operation === ALU_MUL) {
    if (dstWide) return cx.refuse(EINVAL, 'multiply-range', 'multiplier is not within u32 value range')
    if (register && srcWide) return cx.refuse(EINVAL, 'multiply-range', 'multiplicand is not within u32 value range')
    if (!register && classOf(code) === CLASS_ALU64 && p.imm[insn]! < 0) {
      const text = "sign extended multiplicand won't be within u32 value range"
      return cx.refuse(EINVAL, 'multiply-range', text)
    }
  } else if (operation === ALU_DIV) {
    if (dstWide) return cx.refuse(EINVAL, 'divide-range', 'dividend is not within u32 value range')
    if (register && !sameBounds(p.uminSrc, p.umaxSrc, insn)) {
      return cx.refuse(EINVAL, 'divide-variable', 'divisor is not constant')
    }
    if (register && srcWide) return cx.refuse(EINVAL, 'divide-range', 'divisor is not within u32 value range')
    if (!register && p.imm[insn]! < 0) {
      return cx.refuse(EINVAL, 'divide-negative', 'divide by negative constant is not supported')
    }
  }
  return 0
}

const isLower = (value: U64, column: Uint32Array, insn: number): boolean => {
  const [hi, lo] = [value.hi >>> 0, value.lo >>> 0]
  return hi < column[2 * insn + 1]! || (hi === column[2 * insn + 1] && lo < column[2 * insn]!)
}

const isHigher = (value: U64, column: Uint32Array, insn: number): boolean => {
  const [hi, lo] = [value.hi >>> 0, value.lo >>> 0]
  return hi > column[2 * insn + 1]! || (hi === column[2 * insn + 1] && lo > column[2 * insn]!)
}

function keepLower(column: Uint32Array, insn: number, value: U64): void {
  if (isLower(value, column, insn)) put(column, insn, value)
}

function keepHigher(column: Uint32Array, insn: number, value: U64): void {
  if (isHigher(value, column, insn)) put(column, insn, value)
}

function put(column: Uint32Array, insn: number, value: U64): void {
  column[2 * insn] = value.lo
  column[2 * insn + 1] = value.hi
}

const sameBounds = (lower: Uint32Array, upper: Uint32Array, insn: number): boolean =>
  lower[2 * insn] === upper[2 * insn] && lower[2 * insn + 1] === upper[2 * insn + 1]
