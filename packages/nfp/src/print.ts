/**
 * NFP words as text, the way `print_insn_nfp` of GNU binutils 2.40 writes them for NFP-6xxx with option `ctx4`.
 *
 * Undefined codes give the same error text as there. Follows nfp-isa.md, section 16, and tool-formats.md, section 2.3.
 */
import { wordAt } from './bits'
import type { Word } from './bits'
import { commandName, commandTarget, cppTarget } from './commands'
import { csrName } from './csr-names'
import { decodeWord } from './decode'
import type {
  AluInstruction,
  BranchInstruction,
  CommandInstruction,
  CtxArbInstruction,
  ImmedInstruction,
  Instruction,
  LdFieldInstruction,
  MulInstruction,
  ShfInstruction,
} from './decode'
import { ALU_FUNCTIONS, ALU_OPS, CONDITIONS, MUL_TYPES, SHF_OPS, nameOf } from './names'
import type { AluFunction } from './names'
import type { DecodedOperand } from './operand-decode'
import type { Words } from './word'

/** Options of `disassemble`. */
export interface DisassembleOptions {
  /** Put the word number before each line, as binutils does without its option `no-pc`. */
  readonly pc?: boolean
}

/** One line per word. */
export function disassemble(words: Words, options: DisassembleOptions = {}): string[] {
  const count = words.length / 2
  const width = String(Math.max(count - 1, 0)).length
  return Array.from({ length: count }, (_, index) => {
    const text = printWord(wordAt(words, index))
    return options.pc ? `${`.${index}`.padStart(width + 1)}  ${text}` : text
  })
}

/** The text of one word; its relocation type and ECC are not looked at. */
export function printWord(word: Readonly<Word>): string {
  const writer = new Writer()
  const text = printInstruction(decodeWord(word), word, writer)
  return writer.failed ? `${text}\t # ERROR` : text
}

/** The text of an operand as it stands in the lists. */
export function operandText(operand: DecodedOperand): string {
  switch (operand.kind) {
    case 'none':
      return '--'
    case 'gpr':
      return `gpr${operand.bank === 'B' ? 'B' : 'A'}_${operand.index}`
    case 'absolute':
      return `@gpr${operand.bank}_${operand.index}`
    case 'xfer':
      return `$xfer_${operand.index}`
    case 'xfer-index':
      return `*$index${operand.step}`
    case 'lm':
      return `*l$index${operand.pointer}${operand.step}${operand.offset ? `[${operand.offset}]` : ''}`
    case 'neighbour':
      return `n$reg_${operand.index}`
    case 'neighbour-index':
      return `*n$index${operand.step}`
    case 'imm':
      return `0x${operand.value.toString(16)}`
    case 'invalid':
      return `<opnd:0x${operand.code.toString(16)}>`
  }
}

/** Writes operands and remembers the first failure: operands after it stay empty. */
class Writer {
  failed = false

  operand(operand: DecodedOperand): string {
    if (this.failed) return ''
    if (operand.kind === 'invalid') this.failed = true
    return operandText(operand)
  }

  fail(text: string): string {
    this.failed = true
    return text
  }
}

function printInstruction(insn: Instruction, word: Readonly<Word>, out: Writer): string {
  switch (insn.class) {
    case 'alu':
      return printAlu(insn, out) + suffixes(insn)
    case 'alu_shf':
      return printShf(insn, out) + suffixes(insn)
    case 'ld_field':
      return printLdField(insn, out) + suffixes(insn)
    case 'immed':
      return printImmed(insn, out)
    case 'mult':
      return printMul(insn, out) + suffixes(insn)
    case 'branch':
      return printBranch(insn) + deferText(insn.defer)
    case 'br_bit': {
      const name = insn.set ? 'br_bset' : 'br_bclr'
      return `${name}[${out.operand(insn.src)}, ${insn.rawBit}, .${insn.address}]${deferText(insn.defer)}`
    }
    case 'br_byte': {
      const name = insn.equal ? 'br=byte' : 'br!=byte'
      const src = out.operand(insn.src)
      return `${name}[${src}, ${insn.byte}, ${out.operand(insn.value)}, .${insn.address}]${deferText(insn.defer)}`
    }
    case 'br_alu': {
      const src = out.operand(insn.src)
      return (insn.offset === 0 ? `rtn[${src}]` : `jump[${src}, .${insn.offset}]`) + deferText(insn.defer)
    }
    case 'local_csr':
      return insn.write
        ? `local_csr_wr[${csrName(insn.address)}, ${out.operand(insn.src)}]`
        : `local_csr_rd[${csrName(insn.address)}]`
    case 'ctx_arb':
      return printCtxArb(insn) + deferText(insn.defer)
    case 'cmd':
      return printCommand(insn, out)
    case 'invalid': {
      const hex = ((BigInt(word.hi & 0x1fff) << 32n) | BigInt(word.lo)).toString(16)
      return out.fail(`<invalid_instruction>: 0x${hex}`)
    }
  }
}

const deferText = (defer: number): string => (defer ? `, defer[${defer}]` : '')

function suffixes(insn: { noCc?: boolean; loadCc?: boolean; writeBoth: boolean; predicate: boolean }): string {
  return (
    (insn.noCc ? ', no_cc' : '') +
    (insn.loadCc ? ', load_cc' : '') +
    (insn.writeBoth ? ', gpr_wrboth' : '') +
    (insn.predicate ? ', predicate_cc' : '')
  )
}

function printAlu(insn: AluInstruction, out: Writer): string {
  const fn = nameOf(ALU_FUNCTIONS, insn.op)
  if (fn !== undefined) return printAluFunction(fn, insn, out)
  const op = nameOf(ALU_OPS, insn.op)
  const dst = out.operand(insn.dst)
  if (op === 'B' || op === '~B') return `alu[${dst}, --, ${op}, ${out.operand(insn.right)}]`
  const left = out.operand(insn.left)
  const operator = op ?? out.fail(`<operator:0x${insn.op.toString(16)}>`)
  return `alu[${dst}, ${left}, ${operator}, ${out.operand(insn.right)}]`
}

/** Types of CRC in the upper bits of the A field. */
export const CRC_TYPES: Readonly<Record<number, string>> = {
  0: '--',
  2: 'crc_ccitt',
  4: 'crc_32',
  5: 'crc_iscsi',
  6: 'crc_10',
  7: 'crc_5',
}
/** Byte ranges of a CRC in the low bits of the A field; 0 is the whole word. */
export const CRC_BYTES: readonly string[] = ['', 'bytes_1_3', 'bytes_2_3', 'byte_3', 'bytes_0_2', 'bytes_0_1', 'byte_0']

function printAluFunction(fn: AluFunction, insn: AluInstruction, out: Writer): string {
  switch (fn) {
    case 'pop_count1':
    case 'pop_count2':
      return `${fn}[${out.operand(insn.right)}]`
    case 'pop_count3':
    case 'ffs':
    case 'cam_read_tag':
    case 'cam_read_state':
      return `${fn}[${out.operand(insn.dst)}, ${out.operand(insn.right)}]`
    case 'cam_clear':
      return fn
    case 'cam_lookup': {
      const pointer = ((insn.b >> 1) & 1) + (insn.b & 16 ? 2 : 0)
      const load = insn.b & 3 ? `, lm_addr${pointer}[${(insn.b >> 2) & 3}]` : ''
      return `${fn}[${out.operand(insn.dst)}, ${out.operand(insn.left)}]${load}`
    }
    case 'cam_write':
      return `${fn}[${out.operand(insn.right)}, ${out.operand(insn.left)}, ${insn.dstField & 15}]`
    case 'cam_write_state':
      return `${fn}[${out.operand(insn.right)}, ${insn.dstField & 15}]`
    case 'crc': {
      const name = insn.a & 8 ? 'crc_le' : 'crc_be'
      const type = CRC_TYPES[(insn.a >> 5) & 7] ?? out.fail(`<invalid_crc_type>`)
      const bytes = CRC_BYTES[insn.a & 7]
      const modifiers = (bytes ? `, ${bytes}` : '') + (insn.a & 16 ? ', bit_swap' : '')
      return `${name}[${type}, ${out.operand(insn.dst)}, ${out.operand(insn.right)}]${modifiers}`
    }
  }
}

/** The shift of an ALU_SHF word: `>>rot0` is written out, amount 0 of the other kinds is indirect. */
function shiftText(kind: number, amount: number, indirect: boolean): string {
  if (kind === 0) return `>>rot${amount}`
  const arrow = kind === 2 ? '<<' : '>>'
  return arrow + (indirect ? 'indirect' : amount)
}

function printShf(insn: ShfInstruction, out: Writer): string {
  const op = nameOf(SHF_OPS, insn.op)
  const shift = shiftText(insn.kind, insn.amount, insn.indirect)
  const dst = out.operand(insn.dst)
  if (insn.kind === 3) {
    const left = op === 'asr' ? '' : `, ${out.operand(insn.left)}`
    return `dbl_shf[${dst}${left}, ${out.operand(insn.right)}, ${shift}]`
  }
  if (op === 'asr') return `asr[${dst}, ${out.operand(insn.right)}, ${shift}]`
  if (op === 'byte_align') {
    const little = insn.kind === 2
    return `byte_align_${little ? 'le' : 'be'}[${dst}, ${out.operand(little ? insn.left : insn.right)}]`
  }
  const left = op === 'B' || op === '~B' ? '--' : out.operand(insn.left)
  return `alu_shf[${dst}, ${left}, ${op}, ${out.operand(insn.right)}, ${shift}]`
}

function printLdField(insn: LdFieldInstruction, out: Writer): string {
  const name = insn.clear ? 'ld_field_w_clr' : 'ld_field'
  const mask = insn.mask.toString(2).padStart(4, '0')
  const dst = out.operand(insn.dst)
  return `${name}[${dst}, ${mask}, ${out.operand(insn.src)}${ldFieldShift(insn)}]`
}

function ldFieldShift({ kind, amount, indirect }: LdFieldInstruction): string {
  if (kind === 0 && amount === 0) return ''
  if (kind === 3 && !indirect) return `, >>dbl${amount}`
  return `, ${shiftText(kind, amount, indirect)}`
}

function printImmed(insn: ImmedInstruction, out: Writer): string {
  const nop = insn.dst.kind === 'none' && insn.value === 0 && insn.width === 'all' && insn.shift === 0
  if (nop && !insn.invert && !insn.writeBoth && !insn.predicate) return 'nop'
  const dst = out.operand(insn.dst)
  const value = (insn.invert ? 0xffff0000 | (~insn.value & 0xffff) : insn.value) >>> 0
  const hex = (bits: number): string => `0x${bits.toString(16)}`
  let body: string
  if (insn.width === 'all') body = `immed[${dst}, ${hex(value)}${insn.shift ? `, <<${insn.shift}` : ''}]`
  else if (insn.width === 'word') body = `immed_w${insn.shift >> 4}[${dst}, ${hex(value & 0xffff)}]`
  else body = `immed_b${insn.shift >> 3}[${dst}, ${hex(value & 0xff)}]`
  return body + suffixes(insn)
}

function printMul(insn: MulInstruction, out: Writer): string {
  const type = nameOf(MUL_TYPES, insn.type) ?? 'start'
  const last = insn.step >= 4
  const list = last
    ? `${out.operand(lastDestination(insn))}, --`
    : `${out.operand(insn.left)}, ${out.operand(insn.right)}`
  if (type === 'start') return `mul_step[${list}], start`
  const step = last ? (['last', 'last2'][insn.step - 4] ?? out.fail('<invalid mul_step>')) : `step${insn.step + 1}`
  return `mul_step[${list}], ${type}_${step}`
}

/** The destination of a last step is printed as a plain operand: no destination shows as an immediate. */
function lastDestination(insn: MulInstruction): DecodedOperand {
  return insn.dst.kind === 'none' ? insn.left : insn.dst
}

function printBranch(insn: BranchInstruction): string {
  const name = nameOf(CONDITIONS, insn.condition) ?? ''
  const target = `.${insn.address}`
  switch (name) {
    case 'br=ctx':
    case 'br!=ctx':
    case 'br_signal':
    case 'br_!signal':
      return `${name}[${insn.state}, ${target}]`
    case 'br_inp_state':
    case 'br_!inp_state':
      return `${name}[${inputState(insn.state)}, ${target}]`
    case 'br_cls_state':
    case 'br_!cls_state':
      return `${name}[cls_ring${insn.state}_status, ${target}]`
    default:
      return `${name}[${target}]`
  }
}

/** Name of an input state number. */
function inputState(state: number): string {
  return ['nn_empty', 'nn_full'][state] ?? `ctm_ring${state - 2}_status`
}

function printCtxArb(insn: CtxArbInstruction): string {
  return `ctx_arb[${arbitrationList(insn)}]` + (insn.any ? ', any' : '') + (insn.resume ? `, br[.${insn.address}]` : '')
}

function arbitrationList(insn: CtxArbInstruction): string {
  if (insn.breakpoint) return 'bpt'
  if (insn.signals === 1) return 'voluntary'
  if (insn.signals === 0) return insn.noLoad ? '--' : 'kill'
  const list: string[] = []
  for (let signal = 1; signal < 16; signal++) if (insn.signals & (1 << signal)) list.push(`sig${signal}`)
  return list.join(', ')
}

function printCommand(insn: CommandInstruction, out: Writer): string {
  const { unit, action } = commandTarget(insn.target)
  if (unit === undefined) return out.fail(`<invalid cmd target -1:${action}:${insn.token}>[]`)
  const name = commandName(unit, action, insn.token, insn.count)
  if (name === undefined) {
    return out.fail(`${unit}[<invalid cmd action ${cppTarget(unit)}:${action}:${insn.token}>[]`)
  }
  const thirdParty = insn.mode === 2 || insn.mode === 3
  const data = thirdParty ? `0x${insn.xfer.toString(16)}` : `$xfer_${insn.xfer}`
  const list = `${name}, ${data}, ${commandAddress(insn, out)}, ${insn.count + 1}`
  return `${unit}[${list}]${insn.indirect ? ', indirect_ref' : ''}${completionText(insn)}`
}

function commandAddress(insn: CommandInstruction, out: Writer): string {
  switch (insn.mode) {
    case 1:
    case 3: {
      const high = out.operand(insn.b)
      return `${high}, <<8, ${out.operand(insn.a)}`
    }
    case 0:
    case 2: {
      const high = out.operand(insn.a)
      return `${high}, <<8, ${out.operand(insn.b)}`
    }
    default: {
      const first = out.operand(insn.a)
      return `${first}, ${out.operand(insn.b)}`
    }
  }
}

function completionText({ ctx, signal }: CommandInstruction): string {
  if (ctx === 3) return signal === 0 ? '' : `, sig_done[sig${signal}]`
  return `, ctx_swap[${signal === 0 ? '--' : `sig${signal}`}]${deferText(ctx)}`
}
