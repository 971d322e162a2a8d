/**
 * Instructions that the card takes in place of one it refuses. Whether a remedy helps is found out by trying it
 * (doctor.ts). Each keeps what the program does, except where a limit of 32 bits is the point: factors and dividends are
 * then cut to 32 bits.
 */
import type { DeviceRefusal } from './api'
import {
  ALU_MUL,
  CLASS_ALU,
  CLASS_ALU64,
  CLASS_STX,
  CODE_EXIT,
  isAlu,
  isRegisterForm,
  isStoreImm,
  MODE_MEM,
  operationOf,
} from './opcodes'
import { encodeInsn } from './program-edit'
import type { ProgramInfo } from './program-info'

const MOV_64_CONSTANT = 0xb7
const MOV_32_REGISTER = 0xbc
const SUB_32_REGISTER = 0x1c
const MUL_32_CONSTANT = 0x24
const DIV_32_CONSTANT = 0x34
const ALU_MOD = 0x90

const join = (...insns: readonly Uint8Array[]): Uint8Array => Uint8Array.from(insns.flatMap((insn) => [...insn]))

/** A register that the program names nowhere, those that calls keep first; never the return value or the context. */
function freeRegister(program: ProgramInfo): number | undefined {
  const used = new Set([...program.dst, ...program.src])
  return [9, 8, 7, 6, 5, 4, 3, 2].find((register) => !used.has(register))
}

/** What to put in place of the refused instruction (whole instructions, 8 bytes each), where there is something. */
export function remedyFor(program: ProgramInfo, refusal: DeviceRefusal): Uint8Array | undefined {
  const slot = refusal.insn
  if (slot === undefined) return undefined
  switch (refusal.code) {
    case 'translation':
      return storeThroughRegister(program, slot)
    case 'opcode':
      return remainder(program, slot)
    case 'multiply-range':
    case 'divide-range':
      return cutOperands(program, slot)
    case 'exit-action':
      return passAsUnspecified(program, slot, refusal)
    default:
      return undefined
  }
}

const original = (p: ProgramInfo, slot: number): Uint8Array =>
  encodeInsn(p.code[slot]!, p.dst[slot]!, p.src[slot]!, p.off[slot]!, p.imm[slot]!)

/** A constant goes to memory through a register. */
function storeThroughRegister(p: ProgramInfo, slot: number): Uint8Array | undefined {
  const code = p.code[slot]!
  const register = freeRegister(p)
  if (!isStoreImm(code) || register === undefined) return undefined
  const store = CLASS_STX | MODE_MEM | (code & 0x18)
  return join(
    encodeInsn(MOV_64_CONSTANT, register, 0, 0, p.imm[slot]!),
    encodeInsn(store, p.dst[slot]!, register, p.off[slot]!, 0),
  )
}

/** A remainder by a positive constant, in 32 bits: what is left when the multiple is taken away. */
function remainder(p: ProgramInfo, slot: number): Uint8Array | undefined {
  const code = p.code[slot]!
  const register = freeRegister(p)
  const unsigned = p.off[slot] === 0
  if (!isAlu(code) || operationOf(code) !== ALU_MOD || isRegisterForm(code) || !unsigned) return undefined
  if (register === undefined || p.imm[slot]! <= 0) return undefined
  const dst = p.dst[slot]!
  return join(
    encodeInsn(MOV_32_REGISTER, register, dst, 0, 0),
    encodeInsn(DIV_32_CONSTANT, register, 0, 0, p.imm[slot]!),
    // The kernel forgets all bounds at a division; the driver wants 32 bits before it multiplies.
    encodeInsn(MOV_32_REGISTER, register, register, 0, 0),
    encodeInsn(MUL_32_CONSTANT, register, 0, 0, p.imm[slot]!),
    encodeInsn(SUB_32_REGISTER, dst, register, 0, 0),
  )
}

/** Both operands cut to 32 bits first; a negative constant factor becomes one of 32 bits. */
function cutOperands(p: ProgramInfo, slot: number): Uint8Array {
  const [code, dst, src] = [p.code[slot]!, p.dst[slot]!, p.src[slot]!]
  const cut = [encodeInsn(MOV_32_REGISTER, dst, dst, 0, 0)]
  if (isRegisterForm(code) && src !== dst) cut.push(encodeInsn(MOV_32_REGISTER, src, src, 0, 0))
  const negative = operationOf(code) === ALU_MUL && !isRegisterForm(code) && p.imm[slot]! < 0
  const operation = negative
    ? encodeInsn((code & ~CLASS_ALU64) | CLASS_ALU, dst, src, p.off[slot]!, p.imm[slot]!)
    : original(p, slot)
  return join(...cut, operation)
}

/** TC programs pass a packet with "unspecified", since the card leaves the verdict to what follows. */
function passAsUnspecified(p: ProgramInfo, slot: number, refusal: DeviceRefusal): Uint8Array | undefined {
  if (p.code[slot] !== CODE_EXIT || !refusal.text.endsWith('imm: 0')) return undefined
  return join(encodeInsn(MOV_64_CONSTANT, 0, 0, 0, -1), original(p, slot))
}
