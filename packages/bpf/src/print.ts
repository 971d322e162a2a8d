/**
 * One instruction as text: fills the templates of the table. Two styles here, the LLVM dialect and the
 * mnemonic dialect; kernel-text.ts has the third. What has no exact form is printed as `.raw`, so that
 * the assembler reads every text back to the same bytes.
 */

import { decode } from './decode'
import { helperName } from './helpers'
import { dstAt, imm64At, immAt, offAt, slotsOf, srcAt, toHex } from './insn'
import type { Dialect } from './program'
import type { Slot, TemplatePart } from './template'

/** Names to print for places and maps; without them, numbers are printed. */
export interface InsnNames {
  /** Label or subprogram at a slot, as target of a jump. */
  readonly label?: (slot: number) => string | undefined
  /** Subprogram that starts at a slot. */
  readonly subprogram?: (slot: number) => string | undefined
  /** Whether a map relocation is at the slot, and how the assembler calls that map. */
  readonly map?: (slot: number) => string | undefined
}

/** Text of the instruction at `slot`; never fails, see the head of the file. */
export function insnText(insns: Uint8Array, slot: number, dialect: Dialect = 'llvm', names: InsnNames = {}): string {
  const map = names.map?.(slot)
  const found = decode(insns, slot, map !== undefined)
  if (found === undefined) return rawText(insns, slot, map)
  return fill(dialect === 'llvm' ? found.llvm : found.mnemonic, insns, slot, dialect, names)
}

/** The `.raw` line of an instruction: its bytes and, where there is one, its map. */
function rawText(insns: Uint8Array, slot: number, map: string | undefined): string {
  const end = Math.min(insns.length, (slot + (map === undefined ? 1 : slotsOf(insns, slot))) * 8)
  const bytes = toHex(insns.subarray(slot * 8, end))
  return map === undefined ? `.raw ${bytes}` : `.raw ${bytes} map[${map}]`
}

/** Slots that `insnText` prints in one piece: 1 for what is printed raw, unless it carries a map. */
export function printedSlots(insns: Uint8Array, slot: number, mapped: boolean): number {
  if (slotsOf(insns, slot) === 1) return 1
  return mapped || decode(insns, slot) !== undefined ? Math.min(2, insns.length / 8 - slot) : 1
}

function fill(
  parts: readonly TemplatePart[],
  insns: Uint8Array,
  slot: number,
  dialect: Dialect,
  names: InsnNames,
): string {
  let out = ''
  for (const part of parts) out += 'text' in part ? part.text : slotText(part.slot, insns, slot, dialect, names)
  return out
}

function slotText(name: Slot, insns: Uint8Array, slot: number, dialect: Dialect, names: InsnNames): string {
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
    case 'cmp':
      return String(immAt(insns, slot))
    case 'plus': {
      const imm = immAt(insns, slot)
      return imm === 0 ? '' : imm < 0 ? ` - ${-imm}` : ` + ${imm}`
    }
    case 'off': {
      const off = offAt(insns, slot)
      if (dialect === 'llvm') return off < 0 ? ` - ${-off}` : ` + ${off}`
      return off === 0 ? '' : signed(off)
    }
    case 'jump':
      return target(slot + 1 + offAt(insns, slot), offAt(insns, slot), names)
    case 'jump32':
      return target(slot + 1 + immAt(insns, slot), immAt(insns, slot), names)
    case 'imm64':
      return imm64Text(insns, slot)
    case 'next':
      return String(immAt(insns, slot + 1))
    case 'helper': {
      const imm = immAt(insns, slot)
      const helper = helperName(imm)
      return helper === undefined ? String(imm) : helper
    }
    case 'callee': {
      const imm = immAt(insns, slot)
      return names.subprogram?.(slot + 1 + imm) ?? names.label?.(slot + 1 + imm) ?? `pc${signed(imm)}`
    }
    case 'func': {
      const imm = immAt(insns, slot)
      const callback = names.subprogram?.(slot + 1 + imm) ?? names.label?.(slot + 1 + imm)
      return callback === undefined ? `subprog[${signed(imm)}]` : `func ${callback}`
    }
    case 'map': {
      const map = names.map?.(slot) ?? '0'
      return /^\d/.test(map) ? `map[${map}]` : map
    }
    case 'value': {
      const offset = immAt(insns, slot + 1)
      return `map[${names.map?.(slot) ?? '0'}][0]${signed(offset)}`
    }
    case 'space_to':
      return String(immAt(insns, slot) >>> 16)
    case 'space_from':
      return String(immAt(insns, slot) & 0xffff)
  }
}

function target(slot: number, offset: number, names: InsnNames): string {
  return names.label?.(slot) ?? signed(offset)
}

/** `+5`, `-3`, `+0`. */
export function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`
}

/** Small constants in decimal, others in hex: addresses and masks read best so. */
function imm64Text(insns: Uint8Array, slot: number): string {
  const value = BigInt.asIntN(64, imm64At(insns, slot))
  if (value >= -0x7fffffffn && value <= 0x7fffffffn) return value.toString()
  return `0x${BigInt.asUintN(64, value).toString(16)}`
}
