/**
 * The text of disassemble back into words, one line a word.
 *
 * Accepts exactly the printed forms (also with a leading word number); `assemble(disassemble(w))` is `w` for every
 * valid word whose unused fields are as the encoders leave them. What the text does not say is filled in as the nfp
 * driver does (EV_PIP, CSS, address mode of ambiguous commands). Follows nfp-isa.md, section 16.
 */
import type { Word } from './bits'
import { commandUnitOf, commandWord } from './assemble-command'
import { NfpSyntaxError, parseLine } from './assemble-line'
import type { Line } from './assemble-line'
import { csrAddress } from './csr-names'
import {
  NO_SHIFT,
  alu,
  br,
  brBit,
  csrRead,
  csrWrite,
  emptyWord,
  immed,
  jump,
  ldField,
  mulLast,
  mulStep,
  nop,
  shf,
} from './encode'
import type { Shift } from './encode'
import { EncodeError } from './encode-error'
import { aluFunction, brByte, ctxArb } from './encode-other'
import { BR_ALU, writeField } from './fields'
import { ALU_OPS, CONDITIONS, MUL_TYPES, SHF_OPS } from './names'
import type { AluFunction, AluOp, Condition, MulType, ShfOp } from './names'
import { CRC_BYTES, CRC_TYPES } from './print'
import { NONE, encodeUnrestricted, gprA, gprB, imm, lm, lmDecrement, lmIncrement, xfer } from './registers'
import type { Operand } from './registers'

/** A problem in one line of a program. */
export interface AssembleProblem {
  /** Line number, from 0. */
  readonly line: number
  readonly code: string
  readonly message: string
}

/** Assembles a text of many lines; empty lines and `;` comments are skipped. Words of bad lines are left out. */
export function assembleNfp(text: string): { words: Word[]; problems: AssembleProblem[] } {
  const words: Word[] = []
  const problems: AssembleProblem[] = []
  text.split('\n').forEach((source, line) => {
    const code = source.replace(/;.*/, '').trim()
    if (code === '') return
    try {
      words.push(assembleWord(code))
    } catch (error) {
      if (!(error instanceof NfpSyntaxError) && !(error instanceof EncodeError)) throw error
      problems.push({ line, code: error.code, message: error.message })
    }
  })
  return { words, problems }
}

/** Assembles one line; throws an NfpSyntaxError for text that is no instruction, an EncodeError for one no word holds. */
export function assembleWord(text: string): Word {
  const line = parseLine(text)
  const word = buildWord(line)
  line.finish()
  return word
}

function buildWord(line: Line): Word {
  const { name } = line
  if (name === 'nop') return nop()
  if (name === 'alu') return aluWord(line)
  if (name === 'alu_shf' || name === 'dbl_shf' || name === 'asr' || name.startsWith('byte_align_')) return shfWord(line)
  if (name === 'ld_field' || name === 'ld_field_w_clr') return ldFieldWord(line)
  if (/^immed(_[wb]\d)?$/.test(name)) return immedWord(line)
  if (name === 'mul_step') return mulWord(line)
  if (name === 'br_bset' || name === 'br_bclr' || name === 'br=byte' || name === 'br!=byte')
    return bitOrByteBranch(line)
  if (Object.hasOwn(CONDITIONS, name)) return branchWord(line, name as Condition)
  if (name === 'rtn' || name === 'jump') return jumpWord(line)
  if (name === 'local_csr_wr' || name === 'local_csr_rd') return csrWord(line)
  if (name === 'ctx_arb') return ctxArbWord(line)
  const unit = commandUnitOf(line)
  return unit === undefined ? aluFunctionWord(line) : commandWord(line, unit, parseOperand)
}

const OPERANDS: readonly (readonly [RegExp, (match: RegExpMatchArray) => Operand])[] = [
  [/^--$/, () => NONE],
  [/^gprA_(\d+)$/, (m) => gprA(Number(m[1]))],
  [/^gprB_(\d+)$/, (m) => gprB(Number(m[1]))],
  [/^@gpr([AB])_(\d+)$/, (m) => ({ kind: 'absolute', bank: m[1] === 'A' ? 'A' : 'B', index: Number(m[2]) })],
  [/^\$xfer_(\d+)$/, (m) => xfer(Number(m[1]))],
  [/^\*\$index(\+\+|--)?$/, (m) => ({ kind: 'xfer-index', step: (m[1] ?? '') as '' | '++' | '--' })],
  [/^\*l\$index(\d)\+\+$/, (m) => lmIncrement(Number(m[1]))],
  [/^\*l\$index(\d)--$/, (m) => lmDecrement(Number(m[1]))],
  [/^\*l\$index(\d)(?:\[(\d+)\])?$/, (m) => lm(Number(m[1]), Number(m[2] ?? 0))],
  [/^n\$reg_(\d+)$/, (m) => ({ kind: 'neighbour', index: Number(m[1]) })],
  [/^\*n\$index(\+\+)?$/, (m) => ({ kind: 'neighbour-index', step: (m[1] ?? '') as '' | '++' })],
  [/^0x([0-9a-f]+)$/, (m) => imm(Number.parseInt(m[1]!, 16))],
]

/** An operand as printed; throws an NfpSyntaxError. */
export function parseOperand(text: string): Operand {
  for (const [pattern, build] of OPERANDS) {
    const match = text.match(pattern)
    if (match) return build(match)
  }
  throw new NfpSyntaxError('operand', `"${text}" is not an operand`)
}

const parseAddress = (text: string): number => parseNumber(text, /^\.(-?\d+)$/, 'branch target')
const parseDecimal = (text: string): number => parseNumber(text, /^(-?\d+)$/, 'number')
const parseHex = (text: string): number => Number.parseInt(matchOf(text, /^0x([0-9a-f]+)$/, 'hexadecimal number'), 16)

function matchOf(text: string, pattern: RegExp, what: string): string {
  const match = text.match(pattern)
  if (!match) throw new NfpSyntaxError('syntax', `"${text}" is not a ${what}`)
  return match[1]!
}
const parseNumber = (text: string, pattern: RegExp, what: string): number => Number(matchOf(text, pattern, what))

function keyOf<Name extends string>(table: Readonly<Record<Name, unknown>>, text: string, what: string): Name {
  if (!Object.hasOwn(table, text)) throw new NfpSyntaxError('operator', `"${text}" is not ${what}`)
  return text as Name
}

function parseShift(text: string): Shift {
  const match = text.match(/^(>>rot|>>dbl|>>|<<)(\d+|indirect)$/)
  if (!match) throw new NfpSyntaxError('shift', `"${text}" is not a shift`)
  const kind = ({ '>>rot': 'rot', '>>dbl': 'dbl>>', '>>': '>>', '<<': '<<' } as const)[match[1]!]!
  return { kind, amount: match[2] === 'indirect' ? 'indirect' : Number(match[2]) }
}

/** Suffixes of the classes that write registers. */
function resultOptions(line: Line): { noCc: boolean; writeBoth: boolean; predicate: boolean; allowSameKind: true } {
  return {
    noCc: line.take('no_cc'),
    writeBoth: line.take('gpr_wrboth'),
    predicate: line.take('predicate_cc'),
    allowSameKind: true,
  }
}

function aluWord(line: Line): Word {
  const [dst, left, op, right] = line.args(4)
  const operator: AluOp = keyOf(ALU_OPS, op!, 'an operator')
  return alu(parseOperand(dst!), parseOperand(left!), operator, parseOperand(right!), resultOptions(line))
}

function aluFunctionWord(line: Line): Word {
  const options = resultOptions(line)
  const operand = (index: number): Operand => parseOperand(line.arg(index))
  switch (line.name) {
    case 'pop_count1':
    case 'pop_count2':
      line.args(1)
      return aluFunction(line.name, NONE, NONE, operand(0), options)
    case 'pop_count3':
    case 'ffs':
    case 'cam_read_tag':
    case 'cam_read_state':
      line.args(2)
      return aluFunction(line.name satisfies AluFunction, operand(0), NONE, operand(1), options)
    case 'cam_clear':
      line.args(0)
      return aluFunction('cam_clear', NONE, NONE, NONE, options)
    case 'cam_lookup': {
      line.args(2)
      const load = line.takePattern(/^lm_addr([0-3])\[([0-3])\]$/)
      const pointer = Number(load?.[1] ?? 0)
      const raw = load ? 1 | ((pointer & 1) << 1) | (Number(load[2]) << 2) | (pointer & 2 ? 16 : 0) : 0
      return aluFunction('cam_lookup', operand(0), operand(1), NONE, load ? { ...options, lmLoad: raw } : options)
    }
    case 'cam_write':
      line.args(3)
      return aluFunction('cam_write', NONE, operand(1), operand(0), { ...options, state: parseDecimal(line.arg(2)) })
    case 'cam_write_state':
      line.args(2)
      return aluFunction('cam_write_state', NONE, NONE, operand(0), { ...options, state: parseDecimal(line.arg(1)) })
    case 'crc_be':
    case 'crc_le':
      line.args(3)
      return aluFunction('crc', operand(1), NONE, operand(2), { ...options, crc: crcField(line) })
  }
  throw new NfpSyntaxError('instruction', `"${line.name}" is not an instruction`)
}

function crcField(line: Line): number {
  const type = Object.entries(CRC_TYPES).find(([, name]) => name === line.arg(0))?.[0]
  if (type === undefined) throw new NfpSyntaxError('operator', `"${line.arg(0)}" is not a CRC type`)
  const bytes = CRC_BYTES.findIndex((name) => name !== '' && line.take(name))
  const swap = line.take('bit_swap') ? 16 : 0
  return (Number(type) << 5) | swap | (line.name === 'crc_le' ? 8 : 0) | Math.max(bytes, 0)
}

function shfWord(line: Line): Word {
  const options = resultOptions(line)
  const operand = (index: number): Operand => parseOperand(line.arg(index))
  switch (line.name) {
    case 'alu_shf': {
      const args = line.args(5)
      const op: ShfOp = keyOf(SHF_OPS, args[2]!, 'an operator')
      return shf(operand(0), operand(1), op, operand(3), parseShift(args[4]!), options)
    }
    case 'dbl_shf': {
      const withLeft = line.count === 4
      line.args(withLeft ? 4 : 3)
      const shift: Shift = { ...parseShift(line.arg(withLeft ? 3 : 2)), kind: 'dbl>>' }
      if (withLeft) return shf(operand(0), operand(1), 'B', operand(2), shift, options)
      return shf(operand(0), NONE, 'asr', operand(1), shift, options)
    }
    case 'asr':
      line.args(3)
      return shf(operand(0), NONE, 'asr', operand(1), parseShift(line.arg(2)), options)
    case 'byte_align_le':
      line.args(2)
      return shf(operand(0), operand(1), 'byte_align', NONE, { kind: '<<', amount: 'indirect' }, options)
    default:
      line.args(2)
      return shf(operand(0), NONE, 'byte_align', operand(1), NO_SHIFT, options)
  }
}

function ldFieldWord(line: Line): Word {
  const loadCc = line.take('load_cc')
  const options = { ...resultOptions(line), loadCc, clear: line.name === 'ld_field_w_clr' }
  const shift = line.count === 4 ? parseShift(line.arg(3)) : NO_SHIFT
  line.args(line.count === 4 ? 4 : 3)
  const mask = Number.parseInt(matchOf(line.arg(1), /^([01]{4})$/, 'byte mask'), 2)
  return ldField(parseOperand(line.arg(0)), mask, parseOperand(line.arg(2)), shift, options)
}

function immedWord(line: Line): Word {
  const options = resultOptions(line)
  const part = line.name.match(/_([wb])(\d)$/)
  const shiftArg = line.count === 3 && !part ? matchOf(line.arg(2), /^<<(8|16|24)$/, 'shift of an immed') : '0'
  line.args(line.count === 3 && !part ? 3 : 2)
  const printed = parseHex(line.arg(1))
  const invert = printed > 0xffff
  if (invert && (part || printed < 0xffff0000)) throw new EncodeError('immediate-too-large', 'immediate too large')
  const amount = part ? Number(part[2]) * (part[1] === 'w' ? 16 : 8) : Number(shiftArg)
  if (amount > 24) throw new NfpSyntaxError('instruction', `"${line.name}" is not an instruction`)
  return immed(parseOperand(line.arg(0)), invert ? ~printed & 0xffff : printed, {
    ...options,
    invert,
    shift: amount as 0 | 8 | 16 | 24,
    width: part ? (part[1] === 'w' ? 'word' : 'byte') : 'all',
  })
}

function mulWord(line: Line): Word {
  const [first, second] = line.args(2)
  const kind = line.takePattern(/^(?:(start)|(24x8|16x16|32x32)_(step[1-4]|last2?))$/)
  if (!kind) throw new NfpSyntaxError('operator', 'a mul_step needs its kind, such as start or 32x32_step1')
  const options = resultOptions(line)
  const type: MulType = keyOf(MUL_TYPES, kind[1] ?? kind[2]!, 'a kind of multiplication')
  const step = kind[3]
  if (step === 'last' || step === 'last2' || second === '--') {
    // No destination shows as an immediate, which has the same code.
    return mulLast(parseOperand(first!), type, step === 'last2' ? 'last2' : 'last', options)
  }
  const steps = { step1: 'step1', step2: 'step2', step3: 'step3', step4: 'step4' } as const
  return mulStep(parseOperand(first!), parseOperand(second!), type, keyOf(steps, step ?? 'step1', 'a step'), options)
}

function branchWord(line: Line, condition: Condition): Word {
  const defer = line.takeDefer()
  if (CONDITIONS[condition] < 16 || condition === 'br') return br(condition, parseAddress(line.args(1)[0]!), defer)
  const [state, target] = line.args(2)
  return br(condition, parseAddress(target!), defer, { state: parseState(condition, state!) })
}

function parseState(condition: Condition, text: string): number {
  if (condition.endsWith('cls_state')) return parseNumber(text, /^cls_ring(\d+)_status$/, 'ring status')
  if (!condition.endsWith('inp_state')) return parseDecimal(text)
  const named = ['nn_empty', 'nn_full'].indexOf(text)
  return named >= 0 ? named : parseNumber(text, /^ctm_ring(\d+)_status$/, 'input state') + 2
}

function bitOrByteBranch(line: Line): Word {
  const defer = line.takeDefer()
  if (line.name === 'br_bset' || line.name === 'br_bclr') {
    const [src, bit, target] = line.args(3)
    return brBit(parseOperand(src!), parseDecimal(bit!), parseAddress(target!), defer, line.name === 'br_bset')
  }
  const [src, byte, value, target] = line.args(4)
  const equal = line.name === 'br=byte'
  return brByte(parseOperand(src!), parseDecimal(byte!), parseOperand(value!), parseAddress(target!), defer, equal)
}

function jumpWord(line: Line): Word {
  const defer = line.takeDefer()
  const src = parseOperand(line.arg(0))
  if (line.name === 'rtn') {
    line.args(1)
    return jump(src, 0, defer)
  }
  const offset = parseAddress(line.args(2)[1]!)
  if (offset >= 0) return jump(src, offset, defer)
  // No immediate in either slot: the register is read from the A side, the B side holds GPR 0.
  const word = emptyWord('br_alu')
  writeField(word, BR_ALU.a, encodeUnrestricted(src, 'source'))
  writeField(word, BR_ALU.defer, defer)
  return word
}

function csrWord(line: Line): Word {
  const address = csrAddress(line.arg(0))
  if (address === undefined) throw new NfpSyntaxError('operand', `"${line.arg(0)}" is not a local CSR`)
  if (line.name === 'local_csr_rd') {
    line.args(1)
    return csrRead(address)
  }
  return csrWrite(address, parseOperand(line.args(2)[1]!))
}

function ctxArbWord(line: Line): Word {
  const defer = line.takeDefer()
  const any = line.take('any')
  const resume = line.takePattern(/^br\[\.(\d+)\]$/)
  const args = line.args(line.count)
  const common = { any, defer, ...(resume ? { resume: Number(resume[1]) } : {}) }
  if (args.length === 1) {
    if (args[0] === 'bpt') return ctxArb({ ...common, signals: 0, breakpoint: true })
    if (args[0] === 'voluntary') return ctxArb({ ...common, signals: 1 })
    if (args[0] === 'kill') return ctxArb({ ...common, signals: 0 })
    if (args[0] === '--') return ctxArb({ ...common, signals: 0, noLoad: true })
  }
  let signals = 0
  for (const arg of args) signals |= 1 << parseNumber(arg, /^sig(\d+)$/, 'signal')
  return ctxArb({ ...common, signals })
}
