/**
 * One sentence for people about what a word does.
 *
 * The sentences describe the machine (registers, memories, flags), never a program's intent. Follows nfp-isa.md.
 */
import type { Word } from './bits'
import { commandName, commandTarget } from './commands'
import { csrName } from './csr-names'
import { decodeWord } from './decode'
import type { CommandInstruction, ImmedInstruction, Instruction, MulInstruction, ShfInstruction } from './decode'
import { ALU_FUNCTIONS, ALU_OPS, CONDITIONS, MUL_TYPES, SHF_OPS, nameOf } from './names'
import type { AluFunction, AluOp, Condition } from './names'
import type { DecodedOperand } from './operand-decode'

/** One sentence about what a word does. */
export function describeWord(word: Readonly<Word>): string {
  return describeInstruction(decodeWord(word))
}

/** An operand in words: `A4`, `transfer register 3`, `local memory at pointer 1, word 2`. */
export function operandWords(operand: DecodedOperand, role: 'source' | 'destination' = 'source'): string {
  switch (operand.kind) {
    case 'none':
      return role === 'destination' ? 'nowhere' : 'nothing'
    case 'gpr':
      return operand.bank === 'both' ? `A${operand.index} and B${operand.index}` : `${operand.bank}${operand.index}`
    case 'absolute':
      return `absolute register ${operand.bank}${operand.index}`
    case 'xfer':
      return `transfer-${role === 'destination' ? 'out' : 'in'} register ${operand.index}`
    case 'xfer-index':
      return `the transfer register at T_INDEX${stepWords(operand.step)}`
    case 'lm': {
      const offset = operand.offset ? `, word ${operand.offset}` : ''
      return `local memory at pointer ${operand.pointer}${offset}${stepWords(operand.step)}`
    }
    case 'neighbour':
      return `next-neighbour register ${operand.index}`
    case 'neighbour-index':
      return `the next-neighbour register at NN_GET${stepWords(operand.step)}`
    case 'imm':
      return `${operand.value}`
    case 'invalid':
      return `an undefined operand (0x${operand.code.toString(16)})`
  }
}

const stepWords = (step: string): string =>
  step === '++' ? ' (then one word up)' : step === '--' ? ' (then one word down)' : ''

/** Where a result goes: both banks when the word says so. */
function targetWords(dst: DecodedOperand, writeBoth: boolean): string {
  if (dst.kind === 'gpr' && writeBoth) return `A${dst.index} and B${dst.index}`
  return operandWords(dst, 'destination')
}

const hex = (value: number): string => (value < 10 ? String(value) : `0x${value.toString(16)}`)

/** One sentence about a decoded instruction. */
export function describeInstruction(insn: Instruction): string {
  switch (insn.class) {
    case 'alu':
      return `${aluWords(insn.op, insn.left, insn.right)}, ${resultWords(insn.dst, insn.writeBoth, !insn.noCc)}.`
    case 'alu_shf':
      return `${shfWords(insn)}, ${resultWords(insn.dst, insn.writeBoth, !insn.noCc)}.`
    case 'ld_field': {
      const target = targetWords(insn.dst, insn.writeBoth)
      const bytes = maskWords(insn.mask)
      const rest = insn.clear ? 'clear the others' : 'keep the others'
      return `Replace ${bytes} of ${target} by those of ${shiftedWords(insn.src, insn)} and ${rest}.`
    }
    case 'immed':
      return immedWords(insn)
    case 'branch':
      return `${conditionWords(insn.condition, insn.state)} go to word ${insn.address}${deferWords(insn.defer)}.`
    case 'br_bit': {
      const value = insn.set ? 1 : 0
      return `If bit ${insn.bit} of ${operandWords(insn.src)} is ${value}, go to word ${insn.address}${deferWords(insn.defer)}.`
    }
    case 'br_byte': {
      const relation = insn.equal ? 'is' : 'is not'
      const test = `byte ${insn.byte} of ${operandWords(insn.src)} ${relation} ${operandWords(insn.value)}`
      return `If ${test}, go to word ${insn.address}${deferWords(insn.defer)}.`
    }
    case 'br_alu': {
      const offset = insn.offset > 0 ? ` plus ${insn.offset}` : ''
      return `Go to the word whose address is in ${operandWords(insn.src)}${offset}${deferWords(insn.defer)}.`
    }
    case 'local_csr':
      return insn.write
        ? `Write ${operandWords(insn.src)} to the local register ${csrName(insn.address)}.`
        : `Read the local register ${csrName(insn.address)}; the next immed delivers it.`
    case 'mult':
      return mulWords(insn)
    case 'cmd':
      return commandWords(insn)
    case 'ctx_arb':
      return arbitrationWords(insn.signals, insn.any, insn.breakpoint, insn.resume ? insn.address : -1)
    case 'invalid':
      return 'Not an instruction.'
  }
}

const deferWords = (defer: number): string =>
  defer === 0 ? '' : defer === 1 ? ', after one more word' : `, after ${defer} more words`

function resultWords(dst: DecodedOperand, writeBoth: boolean, flags: boolean): string {
  if (dst.kind === 'none') return flags ? 'only for the flags' : 'only as previous result'
  const target = targetWords(dst, writeBoth)
  return flags ? `result to ${target}` : `result to ${target}, flags unchanged`
}

const ALU_WORDS: Readonly<Record<AluOp, (left: string, right: string) => string>> = {
  B: (_left, right) => `Copy ${right}`,
  '~B': (_left, right) => `Invert ${right}`,
  '+': (left, right) => `Add ${left} and ${right}`,
  '+16': (left, right) => `Add ${left} and the low 16 bits of ${right}`,
  '+8': (left, right) => `Add ${left} and the low 8 bits of ${right}`,
  '+carry': (left, right) => `Add ${left}, ${right} and the carry`,
  '-': (left, right) => `Subtract ${right} from ${left}`,
  '-carry': (left, right) => `Subtract ${right} and the borrow from ${left}`,
  'B-A': (left, right) => `Subtract ${left} from ${right}`,
  AND: (left, right) => `AND ${left} with ${right}`,
  '~AND': (left, right) => `AND the complement of ${left} with ${right}`,
  'AND~': (left, right) => `AND ${left} with the complement of ${right}`,
  OR: (left, right) => `OR ${left} with ${right}`,
  XOR: (left, right) => `XOR ${left} with ${right}`,
}

function aluWords(op: number, left: DecodedOperand, right: DecodedOperand): string {
  const name = nameOf(ALU_OPS, op)
  if (name !== undefined) return ALU_WORDS[name](operandWords(left), operandWords(right))
  const fn = nameOf(ALU_FUNCTIONS, op)
  return fn === undefined ? `Undefined operation ${op}` : FUNCTION_WORDS[fn](operandWords(left), operandWords(right))
}

const FUNCTION_WORDS: Readonly<Record<AluFunction, (left: string, right: string) => string>> = {
  pop_count1: (_left, right) => `Count the 1 bits of ${right}, first step`,
  pop_count2: (_left, right) => `Count the 1 bits of ${right}, second step`,
  pop_count3: (_left, right) => `Count the 1 bits of ${right}, last step`,
  ffs: (_left, right) => `Find the lowest 1 bit of ${right}`,
  crc: (_left, right) => `Take ${right} into the CRC`,
  cam_clear: () => 'Clear the CAM',
  cam_lookup: (left) => `Look ${left} up in the CAM`,
  cam_read_tag: (_left, right) => `Read the tag of CAM entry ${right}`,
  cam_read_state: (_left, right) => `Read the state of CAM entry ${right}`,
  cam_write: (left, right) => `Write tag ${left} to CAM entry ${right}`,
  cam_write_state: (_left, right) => `Write the state of CAM entry ${right}`,
}

/** The shifted operand: `B2 shifted left by 8`. */
function shiftedWords(
  operand: DecodedOperand,
  shift: { readonly kind: number; readonly amount: number; readonly indirect: boolean },
): string {
  const text = operandWords(operand)
  if (shift.kind === 0) return shift.amount === 0 ? text : `${text} rotated right by ${shift.amount}`
  const amount = shift.indirect ? 'the amount the previous instruction read' : String(shift.amount)
  return `${text} shifted ${shift.kind === 2 ? 'left' : 'right'} by ${amount}`
}

function shfWords(insn: ShfInstruction): string {
  const left = operandWords(insn.left)
  const op = nameOf(SHF_OPS, insn.op) ?? 'B'
  if (insn.kind === 3) {
    const amount = insn.indirect ? 'the amount the previous instruction read' : String(insn.amount)
    return `Shift the 64 bits of ${left} (high) and ${operandWords(insn.right)} (low) right by ${amount}, low word`
  }
  if (op === 'asr') {
    const amount = insn.indirect ? 'the amount the previous instruction read' : String(insn.amount)
    return `Shift ${operandWords(insn.right)} right by ${amount}, filled with the sign of the previous result`
  }
  if (op === 'byte_align') return `Align the bytes of ${operandWords(insn.kind === 2 ? insn.left : insn.right)}`
  const right = shiftedWords(insn.right, insn)
  return op === 'B' ? `Take ${right}` : op === '~B' ? `Invert ${right}` : ALU_WORDS[op](left, right)
}

function maskWords(mask: number): string {
  if (mask === 15) return 'all bytes'
  const bytes = [0, 1, 2, 3].filter((byte) => mask & (1 << byte))
  if (bytes.length === 0) return 'no byte'
  return bytes.length === 1 ? `byte ${bytes[0]}` : `bytes ${bytes.slice(0, -1).join(', ')} and ${bytes.at(-1)}`
}

/** The value an `immed` of full width writes. */
export function immedValue(insn: ImmedInstruction): number {
  const shifted = ((insn.value & 0xffff) << insn.shift) >>> 0
  return insn.invert ? ~shifted >>> 0 : shifted
}

function immedWords(insn: ImmedInstruction): string {
  const target = targetWords(insn.dst, insn.writeBoth)
  if (insn.width === 'word') {
    const half = insn.shift >= 16 ? 'upper' : 'lower'
    return `Set the ${half} half of ${target} to ${hex(insn.value & 0xffff)}.`
  }
  if (insn.width === 'byte') return `Set byte ${insn.shift / 8} of ${target} to ${hex(insn.value & 0xff)}.`
  const value = immedValue(insn)
  if (insn.dst.kind !== 'none') return `Load ${hex(value)} into ${target}.`
  return value === 0 ? 'Do nothing.' : `Make ${hex(value)} the previous result, for the command that follows.`
}

const FLAG_WORDS: Readonly<Partial<Record<Condition, string>>> = {
  beq: 'the result was 0',
  bne: 'the result was not 0',
  bmi: 'the result was negative',
  bpl: 'the result was not negative',
  bcs: 'there was a carry (unsigned not below)',
  bcc: 'there was no carry (unsigned below)',
  bvs: 'there was a signed overflow',
  bvc: 'there was no signed overflow',
  bge: 'signed greater or equal',
  blt: 'signed less',
  ble: 'signed less or equal',
  bgt: 'signed greater',
}

function conditionWords(condition: number, state: number): string {
  const name = nameOf(CONDITIONS, condition)
  const flags = name === undefined ? undefined : FLAG_WORDS[name]
  if (flags !== undefined) return `If ${flags},`
  switch (name) {
    case 'br':
      return 'Always'
    case 'br=ctx':
      return `In context ${state}`
    case 'br!=ctx':
      return `Except in context ${state}`
    case 'br_signal':
      return `If signal ${state} has arrived,`
    case 'br_!signal':
      return `If signal ${state} has not arrived,`
    default:
      return `Depending on state ${state} (${name ?? 'undefined'})`
  }
}

function mulWords(insn: MulInstruction): string {
  if (insn.type === 0) return `Start multiplying ${operandWords(insn.left)} by ${operandWords(insn.right)}.`
  const type = nameOf(MUL_TYPES, insn.type) ?? ''
  if (insn.step < 4) return `Step ${insn.step + 1} of the ${type} multiplication.`
  if (insn.step > 5) return 'Undefined multiplication step.'
  const half = insn.step === 4 ? 'low' : 'high'
  return `Finish the ${type} multiplication: ${half} word of the product to ${targetWords(insn.dst, insn.writeBoth)}.`
}

/** The address of a command in words. */
function addressWords(insn: CommandInstruction): string {
  const a = operandWords(insn.a)
  const b = operandWords(insn.b)
  switch (insn.mode) {
    case 0:
    case 2:
      return `(${a} << 8) + ${b}`
    case 1:
    case 3:
      return `(${b} << 8) + ${a}`
    default:
      return `${a} + ${b}`
  }
}

function commandWords(insn: CommandInstruction): string {
  const { unit, action } = commandTarget(insn.target)
  const name = unit === undefined ? undefined : commandName(unit, action, insn.token, insn.count)
  if (unit === undefined || name === undefined) return 'Undefined command.'
  const length = insn.indirect ? 'parts overridden by the previous result' : `length ${insn.count + 1}`
  const wait =
    insn.ctx === 3
      ? insn.signal === 0
        ? 'do not wait'
        : `signal ${insn.signal} when done`
      : `sleep until done${insn.ctx === 0 ? '' : deferWords(insn.ctx)}`
  return `Command ${name} to ${unit} at ${addressWords(insn)}, transfer register ${insn.xfer}, ${length}; ${wait}.`
}

function arbitrationWords(signals: number, any: boolean, breakpoint: boolean, resume: number): string {
  const then = resume < 0 ? '' : `, then go to word ${resume}`
  if (breakpoint) return `Stop at a breakpoint${then}.`
  const list = Array.from({ length: 15 }, (_, index) => index + 1).filter((signal) => signals & (1 << signal))
  if (list.length === 0) return signals & 1 ? `Let other contexts run${then}.` : `Stop this context${then}.`
  const which = list.length === 1 ? `signal ${list[0]}` : `${any ? 'any' : 'all'} of signals ${list.join(', ')}`
  return `Sleep until ${which}${then}.`
}
