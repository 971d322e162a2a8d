/**
 * Jumps. Only the comparison is decided here; where a branch goes is filled in by branch-fixup.ts, which is why all
 * branches are emitted with target 0. Follows nfp-jit.md, section 15.
 *
 * 64-bit comparisons are two: low words, then high words with the borrow. The 32-bit forms are the low part alone.
 */
import { NONE, RELOCATION } from '@offload/nfp'
import type { Condition } from '@offload/nfp'
import {
  CLASS_JMP,
  classOf,
  isRegisterForm,
  JMP_JGE,
  JMP_JGT,
  JMP_JLE,
  JMP_JLT,
  JMP_JSGE,
  JMP_JSGT,
  JMP_JSLE,
  JMP_JSLT,
  operationOf,
} from '../opcodes'
import { dstGpr, signWord, srcGpr } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { PLACEHOLDER } from './emitter'
import { a, b, frameWord, IMM_A, IMM_B, RETURN_ADDRESS } from './registers'

/** Target of a branch until the fix-up. */
const LATER = 0

const isWide = (cx: EmitContext, insn: number): boolean => classOf(cx.program.code[insn]!) === CLASS_JMP

export const jumpAlways: EmitRoutine = ({ out }) => {
  out.because('jump')
  out.br('br', LATER)
}

export const jumpEqualConstant: EmitRoutine = (cx, insn) => {
  const { out } = cx
  const d = dstGpr(cx, insn)
  const imm = cx.program.imm[insn]!
  out.because('compare: equal?')
  if (!isWide(cx, insn)) {
    out.alu(NONE, a(d), 'XOR', out.uimm(imm, IMM_B))
  } else {
    let [low, high] = [a(d), b(d + 1)]
    if (imm !== 0) {
      out.alu(IMM_A, a(d), 'XOR', out.uimm(imm, IMM_B))
      low = IMM_A
    }
    if (imm < 0) {
      out.alu(IMM_B, a(d + 1), 'XOR', out.uimm(0xffffffff, IMM_B))
      high = IMM_B
    }
    out.alu(NONE, low, 'OR', high)
  }
  out.because('jump if equal')
  out.br('beq', LATER)
}

export const jumpNotEqualConstant: EmitRoutine = (cx, insn) => {
  const { out } = cx
  const d = dstGpr(cx, insn)
  const imm = cx.program.imm[insn]!
  const wide = isWide(cx, insn)
  out.because('compare: not equal?')
  if (imm === 0) {
    if (wide) out.alu(NONE, a(d), 'OR', b(d + 1))
    else out.mov(NONE, b(d))
    out.because('jump if not zero')
    out.br('bne', LATER)
    return
  }
  out.alu(NONE, a(d), 'XOR', out.uimm(imm, IMM_B))
  out.because('jump if the low words differ')
  out.br('bne', LATER)
  if (!wide) return
  out.because('compare the high words')
  out.alu(NONE, a(d + 1), 'XOR', out.uimm(signWord(imm), IMM_B))
  out.because('jump if the high words differ')
  out.br('bne', LATER)
}

export const jumpSetConstant: EmitRoutine = (cx, insn) => {
  const { out } = cx
  const d = dstGpr(cx, insn)
  const imm = cx.program.imm[insn]!
  out.because('any of these bits set?')
  out.alu(IMM_B, a(d), 'AND', out.uimm(imm, IMM_B))
  if (isWide(cx, insn) && imm < 0) out.alu(NONE, a(d + 1), 'OR', IMM_B)
  out.because('jump if a bit is set')
  out.br('bne', LATER)
}

export const jumpEqualRegister: EmitRoutine = (cx, insn) => {
  const { out } = cx
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  out.because('compare: equal?')
  out.alu(IMM_A, a(d), 'XOR', b(s))
  if (isWide(cx, insn)) {
    out.alu(IMM_B, a(d + 1), 'XOR', b(s + 1))
    out.alu(NONE, IMM_A, 'OR', IMM_B)
  }
  out.because('jump if equal')
  out.br('beq', LATER)
}

/** Jump if the words differ (XOR) or share a bit (AND), low words first. */
function jumpIfAnyBit(cx: EmitContext, insn: number, op: 'XOR' | 'AND'): void {
  const { out } = cx
  const [d, s] = [dstGpr(cx, insn), srcGpr(cx, insn)]
  out.because(op === 'XOR' ? 'jump if the low words differ' : 'jump if the low words share a bit')
  out.alu(NONE, a(d), op, b(s))
  out.br('bne', LATER)
  if (!isWide(cx, insn)) return
  out.because(op === 'XOR' ? 'jump if the high words differ' : 'jump if the high words share a bit')
  out.alu(NONE, a(d + 1), op, b(s + 1))
  out.br('bne', LATER)
}

export const jumpNotEqualRegister: EmitRoutine = (cx, insn) => jumpIfAnyBit(cx, insn, 'XOR')
export const jumpSetRegister: EmitRoutine = (cx, insn) => jumpIfAnyBit(cx, insn, 'AND')

interface Order {
  readonly condition: Condition
  /** Compare constant or source with destination, instead of the other way round. */
  readonly swapped: boolean
  readonly sign: string
}

/** `bcc` is unsigned lower, `bcs` unsigned higher or same. */
const ORDERS: Readonly<Record<number, Order>> = {
  [JMP_JGT]: { condition: 'bcc', swapped: true, sign: '>' },
  [JMP_JGE]: { condition: 'bcs', swapped: false, sign: '≥' },
  [JMP_JLT]: { condition: 'bcc', swapped: false, sign: '<' },
  [JMP_JLE]: { condition: 'bcs', swapped: true, sign: '≤' },
  [JMP_JSGT]: { condition: 'blt', swapped: true, sign: 'signed >' },
  [JMP_JSGE]: { condition: 'bge', swapped: false, sign: 'signed ≥' },
  [JMP_JSLT]: { condition: 'blt', swapped: false, sign: 'signed <' },
  [JMP_JSLE]: { condition: 'bge', swapped: true, sign: 'signed ≤' },
}

export const jumpOrdered: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const code = p.code[insn]!
  const { condition, swapped, sign } = ORDERS[operationOf(code)]!
  const d = dstGpr(cx, insn)
  const wide = isWide(cx, insn)
  out.because(`compare: ${sign}?`)
  if (isRegisterForm(code)) {
    const s = srcGpr(cx, insn)
    const [left, right] = swapped ? [s, d] : [d, s]
    out.alu(NONE, a(left), '-', b(right))
    if (wide) out.alu(NONE, a(left + 1), '-carry', b(right + 1))
  } else {
    const imm = p.imm[insn]!
    const adds = p.jumpNegOp[insn] === 1
    compareConstant(cx, d, imm, adds ? '+' : '-', swapped)
    if (wide) compareConstant(cx, d + 1, signWord(imm), adds ? '+carry' : '-carry', swapped)
  }
  out.because(`jump if ${sign}`)
  out.br(condition, LATER)
}

function compareConstant(
  { out }: EmitContext,
  gpr: number,
  value: number,
  op: '+' | '-' | '+carry' | '-carry',
  swapped: boolean,
): void {
  const constant = out.uimm(value, IMM_B)
  if (swapped) out.alu(NONE, constant, op, a(gpr))
  else out.alu(NONE, a(gpr), op, constant)
}

/** The end: of the program, or of a subprogram, which returns to where it was called (registers restored first). */
export const exit: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const index = p.subprogram[insn]!
  if (index === 0) {
    out.because('end of the program')
    out.br('br', PLACEHOLDER, 0, RELOCATION.goOut)
    return
  }
  if (p.subprograms[index]!.needsRegPush) {
    out.because('restore r6–r9 and return')
    out.br('br', PLACEHOLDER, 1, RELOCATION.callPopRegs)
    out.mov(RETURN_ADDRESS, frameWord(0))
    return
  }
  out.because('return to the caller')
  out.mov(RETURN_ADDRESS, frameWord(0))
  out.rtn(RETURN_ADDRESS)
}
