/**
 * Replaces one instruction of a program by several, keeping jumps, calls and map references where they pointed.
 * A tool for advice (doctor.ts), not part of loading.
 */
import type { MapReloc } from '@offload/bpf'
import { CODE_CALL, isJump, JMP_CALL, JMP_EXIT, operationOf } from './opcodes'

export interface EditedProgram {
  readonly insns: Uint8Array
  readonly relocs: readonly MapReloc[]
}

/** One 8-byte instruction. */
export function encodeInsn(code: number, dst: number, src: number, off: number, imm: number): Uint8Array {
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, code)
  view.setUint8(1, dst | (src << 4))
  view.setInt16(2, off, true)
  view.setInt32(4, imm, true)
  return bytes
}

const JA_32 = 0x06

/** Where a jump or call keeps its distance: in the offset, or (calls, 32-bit goto) in the constant; else nowhere. */
function distanceField(code: number, src: number): 'off' | 'imm' | undefined {
  if (!isJump(code) || operationOf(code) === JMP_EXIT) return undefined
  if (code === CODE_CALL) return src === 1 ? 'imm' : undefined
  if (operationOf(code) === JMP_CALL) return undefined
  return code === JA_32 ? 'imm' : 'off'
}

/**
 * The program with slot `slot` (not a 64-bit constant, jump or call) replaced by the instructions in `replacement`.
 * Jumps to the slot land on the first of them. `undefined` where a jump would become too long.
 */
export function replaceSlot(program: EditedProgram, slot: number, replacement: Uint8Array): EditedProgram | undefined {
  const growth = replacement.length / 8 - 1
  const moved = (index: number): number => (index > slot ? index + growth : index)
  const { insns } = program
  const made = new Uint8Array(insns.length + 8 * growth)
  made.set(insns.subarray(0, 8 * slot))
  made.set(replacement, 8 * slot)
  made.set(insns.subarray(8 * (slot + 1)), 8 * (slot + 1 + growth))

  const before = new DataView(insns.buffer, insns.byteOffset, insns.byteLength)
  const after = new DataView(made.buffer)
  for (let i = 0; i < insns.length / 8; i++) {
    const field = i === slot ? undefined : distanceField(before.getUint8(8 * i), before.getUint8(8 * i + 1) >>> 4)
    if (field === undefined) continue
    const at = 8 * moved(i)
    const target = i + 1 + (field === 'off' ? before.getInt16(8 * i + 2, true) : before.getInt32(8 * i + 4, true))
    const distance = moved(target) - moved(i) - 1
    if (field === 'imm') after.setInt32(at + 4, distance, true)
    else if (distance >= -0x8000 && distance <= 0x7fff) after.setInt16(at + 2, distance, true)
    else return undefined
  }
  return { insns: made, relocs: program.relocs.map(({ insn, map }) => ({ insn: moved(insn), map })) }
}
