/**
 * Pass 2, negative constants: add −5 becomes subtract 5, and the reverse; some comparisons learn to add.
 *
 * May: negate a negative constant of add, subtract and of ≥ and < comparisons (both signed and unsigned).
 * Must not: touch other operations, positive constants, or care about −2³¹, which negation leaves as it is although the
 * operation is still exchanged (quirk Q9).
 * Why: small positive constants fit into the instruction, negative ones need extra loads. Follows nfp-jit.md, 6.2.
 */
import {
  ALU_ADD,
  ALU_SUB,
  isAlu,
  isJump,
  isRegisterForm,
  JMP_JGE,
  JMP_JLT,
  JMP_JSGE,
  JMP_JSLT,
  operationOf,
} from '../opcodes'
import type { Pass } from './pass'

export const negativeConstants: Pass = {
  name: 'negative-constants',
  title: 'Negative constants',
  purpose: 'Turns a negative constant into a positive one by exchanging the operation, so that it fits into the word.',
  run(program) {
    for (let i = 0; i < program.length; i++) {
      const code = program.code[i]!
      if (program.isSkipped(i) || isRegisterForm(code) || program.imm[i]! >= 0) continue
      const operation = operationOf(code)
      if (isJump(code)) {
        if (operation !== JMP_JGE && operation !== JMP_JSGE && operation !== JMP_JLT && operation !== JMP_JSLT) continue
        program.jumpNegOp[i] = 1
      } else if (isAlu(code) && operation === ALU_ADD) {
        program.code[i] = (code & 0x0f) | ALU_SUB
      } else if (isAlu(code) && operation === ALU_SUB) {
        program.code[i] = (code & 0x0f) | ALU_ADD
      } else {
        continue
      }
      program.imm[i] = -program.imm[i]!
    }
  },
}
