/**
 * Finds the form of an encoded instruction. `decode` is exact: a form is found only if every field that
 * it does not use is zero, so that printing and assembling again gives the same bytes. `decodeLoose`
 * ignores unused fields, as the kernel's log does.
 */

import { dstAt, immAt, offAt, opcodeAt, srcAt } from './insn'
import { LD_IMM64 } from './opcodes'
import { type CompiledForm, FORMS_BY_OPCODE } from './template'

/** Registers r0 to r10 exist. */
export const MAX_REGISTER = 10

/** The form of the instruction at `slot`, or undefined when it is none exactly. `mapped`: a map relocation is there. */
export function decode(insns: Uint8Array, slot: number, mapped = false): CompiledForm | undefined {
  const candidates = FORMS_BY_OPCODE[opcodeAt(insns, slot)]!
  for (const candidate of candidates) {
    if (matchesExactly(candidate, insns, slot, mapped)) return candidate
  }
  return undefined
}

function matchesExactly(candidate: CompiledForm, insns: Uint8Array, slot: number, mapped: boolean): boolean {
  const { fixed, reloc } = candidate.form
  const dst = dstAt(insns, slot)
  const src = srcAt(insns, slot)
  if (candidate.usesDst ? dst > MAX_REGISTER : dst !== 0) return false
  if (candidate.usesSrc ? src > MAX_REGISTER : src !== (fixed.src ?? 0)) return false
  if (!candidate.usesOff && offAt(insns, slot) !== (fixed.off ?? 0)) return false
  if (!candidate.usesImm && immAt(insns, slot) !== (fixed.imm ?? 0)) return false
  if (mapped !== (reloc ?? false)) return false
  if (candidate.form.opcode !== LD_IMM64) return true
  if (slot * 8 + 16 > insns.length) return false
  if (opcodeAt(insns, slot + 1) !== 0 || insns[slot * 8 + 9] !== 0 || offAt(insns, slot + 1) !== 0) return false
  return candidate.usesNext || immAt(insns, slot + 1) === 0
}

/** The form that opcode and telling fields name, whatever the other fields hold; else the opcode's plainest form, if any. */
export function decodeLoose(insns: Uint8Array, slot: number): CompiledForm | undefined {
  const candidates = LOOSE_ORDER[opcodeAt(insns, slot)]!
  return candidates.find((candidate) => hasTellingFields(candidate, insns, slot)) ?? candidates.at(-1)
}

function hasTellingFields({ form: { fixed } }: CompiledForm, insns: Uint8Array, slot: number): boolean {
  return (
    (fixed.src === undefined || fixed.src === srcAt(insns, slot)) &&
    (fixed.off === undefined || fixed.off === offAt(insns, slot)) &&
    (fixed.imm === undefined || fixed.imm === immAt(insns, slot))
  )
}

/** The forms of each opcode, those with more telling fields first. */
const LOOSE_ORDER = FORMS_BY_OPCODE.map((candidates) => {
  return candidates.toSorted((a, b) => Object.keys(b.form.fixed).length - Object.keys(a.form.fixed).length)
})
