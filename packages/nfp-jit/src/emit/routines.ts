/** Which routine translates which BPF code. One entry for every code of `SUPPORTED_CODES` (nfp-jit.md, section 7). */
import { EOPNOTSUPP } from '../errno'
import * as op from '../opcodes'
import { PTR_CTX, PTR_MAP_VALUE, PTR_PACKET, PTR_STACK } from '../program-info'
import * as alu from './alu'
import { callSubprogram } from './calls'
import type { EmitRoutine } from './context'
import { callHelper } from './helpers'
import * as jump from './jumps'
import { loadContext, storeContext } from './memory-context'
import { copyGathered } from './memory-copy'
import { atomicAdd } from './memory-map'
import { loadAbsolute, loadCached, loadIndirect, loadMapValue, loadPacket, storePacket } from './memory-packet'
import { loadStack, storeStack } from './memory-stack'
import { divide, multiply } from './mul-div'
import { shift } from './shift'
import { TranslateError } from './translate-error'

const refuse: EmitRoutine = () => {
  throw new TranslateError(EOPNOTSUPP)
}

/** A load by the kind of pointer the verifier saw. */
const load: EmitRoutine = (cx, insn) => {
  const p = cx.program
  if (p.copyLength[insn] !== 0) return copyGathered(cx, insn)
  switch (p.ptrType[insn]) {
    case PTR_CTX:
      return loadContext(cx, insn)
    case PTR_PACKET:
      return p.cacheEnd[insn] === 0 ? loadPacket(cx, insn) : loadCached(cx, insn)
    case PTR_STACK:
      return loadStack(cx, insn)
    case PTR_MAP_VALUE:
      return loadMapValue(cx, insn)
    default:
      return refuse(cx, insn)
  }
}

const store: EmitRoutine = (cx, insn) => {
  switch (cx.program.ptrType[insn]) {
    case PTR_CTX:
      return storeContext(cx, insn)
    case PTR_PACKET:
      return storePacket(cx, insn)
    case PTR_STACK:
      return storeStack(cx, insn)
    default:
      return refuse(cx, insn)
  }
}

const call: EmitRoutine = (cx, insn) => (cx.program.isPseudoCall(insn) ? callSubprogram : callHelper)(cx, insn)

/** ALU routines by operation: constant and register form, 64 and 32 bits. */
const ALU_ROUTINES: readonly (readonly [number, EmitRoutine, EmitRoutine, EmitRoutine, EmitRoutine])[] = [
  ...[op.ALU_ADD, op.ALU_SUB, op.ALU_OR, op.ALU_AND, op.ALU_XOR].map(
    (operation) => [operation, alu.alu64Constant, alu.alu64Register, alu.alu32Constant, alu.alu32Register] as const,
  ),
  [op.ALU_MOV, alu.mov64Constant, alu.mov64Register, alu.mov32Constant, alu.mov32Register],
  ...[op.ALU_LSH, op.ALU_RSH, op.ALU_ARSH].map((operation) => [operation, shift, shift, shift, shift] as const),
  [op.ALU_MUL, multiply, multiply, multiply, multiply],
  [op.ALU_DIV, divide, divide, divide, divide],
]

/** Conditional jumps by operation: constant and register form. */
const JUMP_ROUTINES: readonly (readonly [number, EmitRoutine, EmitRoutine])[] = [
  [op.JMP_JEQ, jump.jumpEqualConstant, jump.jumpEqualRegister],
  [op.JMP_JNE, jump.jumpNotEqualConstant, jump.jumpNotEqualRegister],
  [op.JMP_JSET, jump.jumpSetConstant, jump.jumpSetRegister],
  ...[op.JMP_JGT, op.JMP_JGE, op.JMP_JLT, op.JMP_JLE, op.JMP_JSGT, op.JMP_JSGE, op.JMP_JSLT, op.JMP_JSLE].map(
    (operation) => [operation, jump.jumpOrdered, jump.jumpOrdered] as const,
  ),
]

const REGISTER_FORM = 0x08

function buildTable(): readonly (EmitRoutine | undefined)[] {
  const table = Array<EmitRoutine | undefined>(256).fill(undefined)
  for (const [operation, wideK, wideX, narrowK, narrowX] of ALU_ROUTINES) {
    table[operation | op.CLASS_ALU64] = wideK
    table[operation | op.CLASS_ALU64 | REGISTER_FORM] = wideX
    table[operation | op.CLASS_ALU] = narrowK
    table[operation | op.CLASS_ALU | REGISTER_FORM] = narrowX
  }
  table[op.ALU_NEG | op.CLASS_ALU64] = alu.neg64
  table[op.ALU_NEG | op.CLASS_ALU] = alu.neg32
  table[op.ALU_END | op.CLASS_ALU | REGISTER_FORM] = alu.byteSwap
  for (const [operation, constant, register] of JUMP_ROUTINES) {
    for (const jumpClass of [op.CLASS_JMP, op.CLASS_JMP32]) {
      table[operation | jumpClass] = constant
      table[operation | jumpClass | REGISTER_FORM] = register
    }
  }
  table[op.CODE_JA] = jump.jumpAlways
  table[op.CODE_CALL] = call
  table[op.CODE_EXIT] = jump.exit
  for (const size of [0x00, 0x08, 0x10, 0x18]) {
    table[op.CLASS_LDX | op.MODE_MEM | size] = load
    table[op.CLASS_STX | op.MODE_MEM | size] = store
    // The driver records no pointer type for a store of a constant, so each of them ends here (quirk Q1).
    table[op.CLASS_ST | op.MODE_MEM | size] = refuse
    if (size === 0x18) continue
    table[op.CLASS_LD | op.MODE_ABS | size] = loadAbsolute
    table[op.CLASS_LD | op.MODE_IND | size] = loadIndirect
  }
  table[op.CLASS_STX | op.MODE_ATOMIC] = atomicAdd
  table[op.CLASS_STX | op.MODE_ATOMIC | 0x18] = atomicAdd
  return table
}

/** By BPF code; `undefined` where the translator has nothing. The two slots of a 64-bit constant are not in it. */
export const ROUTINES: readonly (EmitRoutine | undefined)[] = buildTable()
