/**
 * Templates of the instruction table, cut into literal text and slots, and the fields each form uses.
 *
 * Slots: `dst src` 64-bit register names, `wdst wsrc` 32-bit ones, `xdst xsrc` either (printed as 64-bit);
 * `imm` a signed immediate, `cmp` the immediate of a comparison, `plus` an immediate that may be left out,
 * `off` the signed offset of a memory operand, `jump jump32` targets in offset or immediate,
 * `imm64` a 64-bit constant, `next` the immediate of the second slot, `helper callee func` what is called,
 * `map value` a map or a byte of its value, `space_to space_from` the halves of an address space cast.
 */

import { INSN_FORMS, type InsnForm } from './isa'

const FIELD_OF_SLOT = {
  dst: 'dst',
  wdst: 'dst',
  xdst: 'dst',
  src: 'src',
  wsrc: 'src',
  xsrc: 'src',
  imm: 'imm',
  cmp: 'imm',
  plus: 'imm',
  off: 'off',
  jump: 'off',
  jump32: 'imm',
  imm64: 'imm64',
  next: 'next',
  helper: 'imm',
  callee: 'imm',
  func: 'imm',
  map: 'map',
  value: 'next',
  space_to: 'imm',
  space_from: 'imm',
} as const

export type Slot = keyof typeof FIELD_OF_SLOT
export type Field = (typeof FIELD_OF_SLOT)[Slot]
export type TemplatePart = { readonly text: string } | { readonly slot: Slot }

/** Cuts a template; throws on a slot that does not exist, as that is a mistake in the table. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  for (const piece of template.split(/(\{\w+\})/)) {
    if (piece === '') continue
    if (!piece.startsWith('{')) {
      parts.push({ text: piece })
      continue
    }
    const slot = piece.slice(1, -1)
    if (!isSlot(slot)) throw new Error(`Unknown slot ${piece} in template "${template}"`)
    parts.push({ slot })
  }
  return parts
}

function isSlot(name: string): name is Slot {
  return name in FIELD_OF_SLOT
}

/** A form with its templates cut and the fields that must be zero worked out. */
export interface CompiledForm {
  readonly form: InsnForm
  readonly llvm: readonly TemplatePart[]
  readonly kernel: readonly TemplatePart[]
  readonly mnemonic: readonly TemplatePart[]
  readonly usesDst: boolean
  readonly usesSrc: boolean
  readonly usesOff: boolean
  readonly usesImm: boolean
  readonly usesNext: boolean
}

function compile(form: InsnForm): CompiledForm {
  const llvm = parseTemplate(form.llvm)
  const uses = new Set<Field>(llvm.flatMap((part) => ('slot' in part ? [FIELD_OF_SLOT[part.slot]] : [])))
  return {
    form,
    llvm,
    kernel: parseTemplate(form.kernel),
    mnemonic: parseTemplate(form.mnemonic),
    usesDst: uses.has('dst'),
    usesSrc: uses.has('src'),
    usesOff: uses.has('off'),
    usesImm: uses.has('imm') || uses.has('imm64'),
    usesNext: uses.has('next') || uses.has('imm64'),
  }
}

export const COMPILED_FORMS: readonly CompiledForm[] = INSN_FORMS.map(compile)

const byOpcode: CompiledForm[][] = Array.from({ length: 256 }, () => [])
for (const form of COMPILED_FORMS) byOpcode[form.form.opcode]!.push(form)

/** All forms of each opcode. */
export const FORMS_BY_OPCODE: readonly (readonly CompiledForm[])[] = byOpcode
