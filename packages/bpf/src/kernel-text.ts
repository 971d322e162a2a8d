/**
 * The text that the kernel's verifier log (and bpftool's `dump xlated`) prints for one instruction,
 * without the `(op)` before it. Follows LOG-FORMAT.md, "Instruction text".
 * The kernel prints before it checks, so this prints whatever the fields hold.
 */

import { decodeLoose } from './decode'
import { helperName } from './helpers'
import { dstAt, imm64At, immAt, offAt, opcodeAt, srcAt } from './insn'
import { ALU, CLASS, JMP, SOURCE } from './opcodes'
import { signed } from './print'
import type { Slot } from './template'

export interface KernelTextOptions {
  /** Stands for the constant of an `ld_imm64` that holds a map address; default its bytes, as the log shows them. */
  readonly map?: (slot: number) => string | undefined
}

/** Kernel text of the instruction at `slot` (in 8-byte slots). */
export function kernelInsnText(insns: Uint8Array, slot: number, options: KernelTextOptions = {}): string {
  const unusual = unusualText(insns, slot)
  if (unusual !== undefined) return unusual
  const found = decodeLoose(insns, slot)
  if (found === undefined) return `BUG_${opcodeAt(insns, slot).toString(16).padStart(2, '0')}`
  let out = ''
  for (const part of found.kernel) out += 'text' in part ? part.text : slotText(part.slot, insns, slot, options)
  return out
}

const ATOMIC_IMMEDIATES = new Set([0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110])

/** Texts of invalid instructions that no template gives: the kernel prints fields before it looks whether they fit. */
function unusualText(insns: Uint8Array, slot: number): string | undefined {
  const opcode = opcodeAt(insns, slot)
  const kind = opcode & 7
  const op = opcode & 0xf0
  const dst = dstAt(insns, slot)
  const imm = immAt(insns, slot)
  if ((kind === CLASS.ALU || (kind === CLASS.ALU64 && (opcode & SOURCE.X) === 0)) && op === ALU.END) {
    if (imm === 16 || imm === 32 || imm === 64) return undefined
    const order = kind === CLASS.ALU64 ? 'bswap' : (opcode & SOURCE.X) === 0 ? 'le' : 'be'
    return `r${dst} = ${order}${imm} r${dst}`
  }
  if (opcode === (CLASS.ALU | SOURCE.X | ALU.MOV) && offAt(insns, slot) === 32)
    return `w${dst} = (s32)w${srcAt(insns, slot)}`
  // A kernel function that has no name yet.
  if (opcode === 0x85 && srcAt(insns, slot) === 2) return `call #${imm}`
  if (opcode === (CLASS.ALU64 | SOURCE.X | ALU.MOV) && offAt(insns, slot) === -1) {
    return `r${dst} = &(void __percpu *)(r${srcAt(insns, slot)})`
  }
  if (kind === CLASS.STX && (opcode & 0xe0) === 0xc0 && !ATOMIC_IMMEDIATES.has(imm)) {
    return `BUG_${opcode.toString(16).padStart(2, '0')}`
  }
  const isJump = kind === CLASS.JMP || kind === CLASS.JMP32
  if (isJump && op >= JMP.JCOND && !(opcode === (CLASS.JMP | JMP.JCOND) && srcAt(insns, slot) === 0)) {
    const letter = kind === CLASS.JMP ? 'r' : 'w'
    const operand = (opcode & SOURCE.X) === 0 ? `0x${(imm >>> 0).toString(16)}` : `${letter}${srcAt(insns, slot)}`
    return `if ${letter}${dst} (null) ${operand} goto pc${signed(offAt(insns, slot))}`
  }
  return undefined
}

function slotText(name: Slot, insns: Uint8Array, slot: number, options: KernelTextOptions): string {
  switch (name) {
    case 'dst':
    case 'xdst':
      return `r${dstAt(insns, slot)}`
    case 'wdst':
      return `w${dstAt(insns, slot)}`
    case 'src':
    case 'xsrc':
      return `r${srcAt(insns, slot)}`
    case 'wsrc':
      return `w${srcAt(insns, slot)}`
    case 'imm':
      return String(immAt(insns, slot))
    case 'cmp':
      return `0x${(immAt(insns, slot) >>> 0).toString(16)}`
    case 'plus':
      return ` + ${immAt(insns, slot)}`
    case 'off':
      return ` ${signed(offAt(insns, slot))}`
    case 'jump':
      return `pc${signed(offAt(insns, slot))}`
    case 'jump32':
      return `pc${signed(immAt(insns, slot))}`
    case 'imm64':
      return `0x${imm64At(insns, slot).toString(16)}`
    case 'map':
    case 'value':
      return options.map?.(slot) ?? `0x${imm64At(insns, slot).toString(16)}`
    case 'next':
      return String(immAt(insns, slot + 1))
    case 'helper': {
      const imm = immAt(insns, slot)
      return `${helperName(imm) ?? 'unknown'}#${imm}`
    }
    case 'callee':
      return `pc${signed(immAt(insns, slot))}`
    case 'func':
      return `subprog[${signed(immAt(insns, slot))}]`
    case 'space_to':
      return String(immAt(insns, slot) >>> 16)
    case 'space_from':
      return String(immAt(insns, slot) & 0xffff)
  }
}
