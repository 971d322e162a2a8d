/**
 * A word as a list of fields with values and meanings, for people. Follows nfp-isa.md, sections 2 to 12.
 */
import type { Word } from './bits'
import { commandName, commandTarget } from './commands'
import { csrName } from './csr-names'
import { decodeWord } from './decode'
import type { Instruction } from './decode'
import { STORE, classOf, readField } from './fields'
import type { Field } from './fields'
import { ALU_FUNCTIONS, ALU_OPS, CONDITIONS, MUL_STEPS, MUL_TYPES, RELOCATION, SHF_OPS, nameOf } from './names'
import { operandText } from './print'
import type { DecodedOperand } from './operand-decode'

/** One field of a word: where it lies, its value and what that value means. */
export interface FieldView {
  readonly name: string
  readonly msb: number
  readonly lsb: number
  readonly value: number
  readonly meaning: string
}

/** All fields of a word from the highest bit down, with ECC and relocation type. */
export function fieldViews(word: Readonly<Word>): FieldView[] {
  const layout = classOf({ lo: word.lo, hi: word.hi & 0x1fff })
  const insn = decodeWord(word)
  const fields: readonly Field[] = [...(layout ? Object.values(layout.fields) : []), STORE.ecc, STORE.relocation]
  return fields
    .map((field) => {
      const value = readField(word, field)
      return { name: field.name, msb: field.msb, lsb: field.lsb, value, meaning: describeField(field, value, insn) }
    })
    .sort((left, right) => right.msb - left.msb)
}

const FLAG_FIELDS = new Set(['NO_CC', 'WR_AB', 'SRC_LMEXTN', 'DST_LMEXTN', 'PRED_CC', 'SW', 'INDIR', 'ZF', 'LOAD_CC'])

const RELOCATION_WORDS: Readonly<Record<keyof typeof RELOCATION, string>> = {
  none: 'none',
  branch: 'branch inside the program',
  goOut: 'branch to the normal exit',
  goAbort: 'branch to the abort exit',
  callPushRegs: 'branch to the routine that saves R6 to R9',
  callPopRegs: 'branch to the routine that restores R6 to R9',
  nextPacket: 'branch to the firmware, program done',
  helper: 'branch to a helper of the firmware',
  immediate: 'immediate that holds a word address',
}

/** The meaning of `value` in `field`; falls back on the field's general meaning. */
function describeField(field: Field, value: number, insn: Instruction): string {
  if (field.name === 'RELO') {
    const name = nameOf(RELOCATION, value)
    return `relocation: ${name === undefined ? `unknown type ${value}` : RELOCATION_WORDS[name]}`
  }
  if (field.name === 'ECC') return field.meaning
  if (FLAG_FIELDS.has(field.name)) return value === 1 ? field.meaning : `not set: ${field.meaning}`
  return specific(field, value, insn) ?? field.meaning
}

function specific(field: Field, value: number, insn: Instruction): string | undefined {
  const shown = sourceOf(field, insn)
  if (shown !== undefined) return `${field.meaning}: ${operandText(shown)}`
  switch (`${insn.class} ${field.name}`) {
    case 'alu OP':
      return `operation ${nameOf(ALU_OPS, value) ?? nameOf(ALU_FUNCTIONS, value) ?? 'undefined'}`
    case 'alu_shf OP':
      return `operation ${nameOf(SHF_OPS, value) ?? 'undefined'}`
    case 'alu_shf SC':
    case 'ld_field SC':
      return ['rotate right', 'shift right', 'shift left', 'double-word shift right'][value]
    case 'alu_shf SHIFT':
    case 'ld_field SHIFT':
      return shiftWords(insn)
    case 'ld_field BMASK':
      return `bytes replaced: ${value.toString(2).padStart(4, '0')} (byte 3 first)`
    case 'immed WIDTH':
      return `writes ${value === 0 ? 'the whole register' : value === 2 ? 'a half-word' : 'a byte'}`
    case 'immed SHIFT':
      return `shifted left by ${value * 8} bits`
    case 'immed INV':
      return value === 1 ? 'complement of the shifted value' : 'value as it is'
    case 'branch COND':
      return `condition ${nameOf(CONDITIONS, value) ?? 'undefined'}`
    case 'br_bit BV':
      return value === 1 ? 'branch when the bit is 1' : 'branch when the bit is 0'
    case 'br_byte EQ':
      return value === 1 ? 'branch when equal' : 'branch when different'
    case 'local_csr ADDR':
      return `register ${csrName(value * 4)}`
    case 'local_csr WRITE':
      return value === 1 ? 'write' : 'read'
    case 'mult TYPE':
      return `kind ${nameOf(MUL_TYPES, value) ?? 'undefined'}`
    case 'mult STEP':
      return `step ${nameOf(MUL_STEPS, value) ?? 'undefined'}`
    case 'cmd CTX':
      return value === 3 ? 'go on without waiting' : `swap the context${value ? ` after ${value} more words` : ''}`
    case 'cmd CNT':
      return `length ${value + 1}`
    case 'cmd SIG':
      return value === 0 ? 'no signal' : `signal ${value} on completion`
    case 'cmd MODE':
      return ADDRESS_WORDS[value]
    case 'cmd TGT_CMD':
      return insn.class === 'cmd' ? targetWords(insn.target, insn.token, insn.count) : undefined
  }
  if (field.name.startsWith('ADDR_') && 'address' in insn) return `${field.meaning} (word ${insn.address})`
  if (field.name === 'DEFER') return value === 0 ? 'takes effect at once' : `takes effect after ${value} more words`
  if (field.name === 'DST_AB') return value === 1 ? 'destination in bank B' : 'destination in bank A'
  return undefined
}

/** The operand behind an operand field. */
function sourceOf(field: Field, insn: Instruction): DecodedOperand | undefined {
  if (field.name === 'DST' && 'dst' in insn) return insn.dst
  if (field.name !== 'A' && field.name !== 'B') return undefined
  const isA = field.name === 'A'
  switch (insn.class) {
    case 'alu':
    case 'alu_shf':
    case 'mult':
      return isA === insn.swap ? insn.right : insn.left
    case 'ld_field':
      return isA === insn.swap ? insn.src : insn.dst
    case 'cmd':
      return isA ? insn.a : insn.b
    default:
      return undefined
  }
}

function shiftWords(insn: Instruction): string | undefined {
  if (insn.class !== 'alu_shf' && insn.class !== 'ld_field') return undefined
  if (insn.indirect) return 'indirect: amount from the A side of the previous instruction'
  return `amount ${insn.amount}`
}

const ADDRESS_WORDS: readonly string[] = [
  'address (A << 8) + B, 40 bits',
  'address (B << 8) + A, 40 bits',
  'third-party transfer, address (A << 8) + B',
  'third-party transfer, address (B << 8) + A',
  'address A + B, 32 bits',
  'immediate address',
  'immediate address and data',
  'immediate data',
]

function targetWords(target: number, token: number, count: number): string {
  const { unit, action } = commandTarget(target)
  if (unit === undefined) return 'no unit answers'
  return `unit ${unit}, action ${action}: ${commandName(unit, action, token, count) ?? 'undefined'}`
}
