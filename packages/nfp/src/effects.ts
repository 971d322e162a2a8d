/**
 * What one word reads and writes: registers, flags, latches, local memory. No order, no timing.
 *
 * Register sets are bit masks over the 32 relative GPRs of a bank in 4-context mode. Absolute GPRs, indexed transfer
 * registers and next neighbours are not named in the sets; `indexed` tells that the word touches such a register.
 * Follows nfp-isa.md, sections 4 to 12.
 */
import { commandName, commandTarget } from './commands'
import type { CommandInstruction, Instruction } from './decode'
import type { DecodedOperand } from './operand-decode'

/** Sets of things a word reads and writes. */
export interface Effects {
  /** GPRs read, a bit each, by bank. */
  readonly readA: number
  readonly readB: number
  /** GPRs written as a whole; a word that keeps part of a register also reads it. */
  readonly writeA: number
  readonly writeB: number
  /** Transfer-in registers read and transfer-out registers written as operands. */
  readonly xferRead: readonly number[]
  readonly xferWritten: readonly number[]
  /** Condition codes. */
  readonly readsFlags: boolean
  readonly writesFlags: boolean
  /** PREV_ALU, the previous result (asr, byte_align, indirect commands read it). */
  readonly readsResult: boolean
  readonly writesResult: boolean
  /** The latched A operand of the word before (indirect shifts read it). */
  readonly readsLatch: boolean
  /** Local memory through an index pointer; bit n of `lmStep` is set when pointer n moves. */
  readonly readsLm: boolean
  readonly writesLm: boolean
  readonly lmStep: number
  /** Byte address of a local CSR, or -1. */
  readonly csrRead: number
  readonly csrWritten: number
  /** Touches absolute, indexed or next-neighbour registers, which the sets do not name. */
  readonly indexed: boolean
}

type Draft = { -readonly [Key in keyof Effects]: Effects[Key] } & { xferRead: number[]; xferWritten: number[] }

const nothing = (): Draft => ({
  readA: 0,
  readB: 0,
  writeA: 0,
  writeB: 0,
  xferRead: [],
  xferWritten: [],
  readsFlags: false,
  writesFlags: false,
  readsResult: false,
  writesResult: false,
  readsLatch: false,
  readsLm: false,
  writesLm: false,
  lmStep: 0,
  csrRead: -1,
  csrWritten: -1,
  indexed: false,
})

const CARRY_OPS = new Set([13, 17])
/** ALU operations that do not look at the left source: moves, bit counting, CAM reads and writes of state. */
const RIGHT_ONLY = new Set([0, 3, 4, 6, 7, 11, 14, 15, 18, 27, 31])
/** `cam_lookup` looks at the left source only, `cam_clear` at none. */
const LEFT_ONLY = new Set([11, 23])
/** Operations that write no register: their DST field is a number or unused. */
const NO_RESULT = new Set([6, 7, 11, 19, 27])

/** The effects of one instruction. */
export function effectsOf(insn: Instruction): Effects {
  const draft = nothing()
  switch (insn.class) {
    case 'alu':
      if (!RIGHT_ONLY.has(insn.op)) read(draft, insn.left)
      if (!LEFT_ONLY.has(insn.op)) read(draft, insn.right)
      if (!NO_RESULT.has(insn.op)) write(draft, insn.dst, insn.writeBoth)
      draft.readsFlags = CARRY_OPS.has(insn.op)
      draft.writesFlags = !insn.noCc
      draft.writesResult = true
      break
    case 'alu_shf':
      // Operators B, ~B and asr leave the left source alone, but not in a double shift.
      if (insn.kind === 3 || (insn.op > 1 && insn.op < 6) || (insn.op === 7 && insn.kind === 2)) read(draft, insn.left)
      if (!(insn.op === 7 && insn.kind === 2)) read(draft, insn.right)
      write(draft, insn.dst, insn.writeBoth)
      draft.writesFlags = !insn.noCc
      draft.readsResult = insn.op >= 6
      draft.writesResult = true
      draft.readsLatch = insn.indirect
      break
    case 'ld_field':
      read(draft, insn.src)
      if (!insn.clear && insn.mask !== 15) read(draft, insn.dst)
      if (insn.kind === 3) read(draft, insn.dst)
      write(draft, insn.dst, insn.writeBoth)
      draft.writesFlags = insn.loadCc
      draft.writesResult = true
      draft.readsLatch = insn.indirect
      break
    case 'immed':
      if (insn.width !== 'all') read(draft, insn.dst)
      write(draft, insn.dst, insn.writeBoth)
      draft.writesResult = true
      break
    case 'branch':
      draft.readsFlags = insn.condition < 12
      break
    case 'br_bit':
      read(draft, insn.src)
      break
    case 'br_byte':
      read(draft, insn.src)
      read(draft, insn.value)
      break
    case 'br_alu':
      read(draft, insn.src)
      break
    case 'local_csr':
      if (insn.write) {
        read(draft, insn.src)
        draft.csrWritten = insn.address
      } else draft.csrRead = insn.address
      break
    case 'mult':
      if (insn.step < 4) {
        read(draft, insn.left)
        read(draft, insn.right)
      } else {
        write(draft, insn.dst, insn.writeBoth)
        draft.writesFlags = !insn.noCc
        draft.writesResult = true
      }
      break
    case 'cmd':
      read(draft, insn.a)
      read(draft, insn.b)
      draft.readsResult = insn.indirect
      break
    case 'ctx_arb':
    case 'invalid':
      break
  }
  if ('predicate' in insn && insn.predicate) keepWhenNotExecuted(draft)
  return draft
}

/** A predicated word may leave its destinations as they are, so they count as read. */
function keepWhenNotExecuted(draft: Draft): void {
  draft.readA |= draft.writeA
  draft.readB |= draft.writeB
  draft.readsFlags ||= draft.writesFlags
  draft.readsResult ||= draft.writesResult
}

function read(draft: Draft, operand: DecodedOperand): void {
  switch (operand.kind) {
    case 'gpr':
      if (operand.bank === 'B') draft.readB |= 1 << operand.index
      else draft.readA |= 1 << operand.index
      break
    case 'xfer':
      draft.xferRead.push(operand.index)
      break
    case 'lm':
      draft.readsLm = true
      if (operand.step !== '') draft.lmStep |= 1 << operand.pointer
      break
    case 'absolute':
    case 'xfer-index':
    case 'neighbour':
    case 'neighbour-index':
      draft.indexed = true
      break
    case 'none':
    case 'imm':
    case 'invalid':
      break
  }
}

function write(draft: Draft, operand: DecodedOperand, both: boolean): void {
  switch (operand.kind) {
    case 'gpr': {
      const bit = 1 << operand.index
      if (both || operand.bank !== 'B') draft.writeA |= bit
      if (both || operand.bank === 'B') draft.writeB |= bit
      break
    }
    case 'xfer':
      draft.xferWritten.push(operand.index)
      break
    case 'lm':
      draft.writesLm = true
      if (operand.step !== '') draft.lmStep |= 1 << operand.pointer
      break
    case 'absolute':
    case 'xfer-index':
    case 'neighbour':
    case 'neighbour-index':
      draft.indexed = true
      break
    case 'none':
    case 'imm':
    case 'invalid':
      break
  }
}

/** Transfer registers a command moves, starting at its `xfer`; counts are in registers. */
export interface Transfer {
  /** Registers delivered by the unit (transfer-in). */
  readonly delivered: number
  /** Registers pulled by the unit (transfer-out). */
  readonly pulled: number
}

/**
 * Transfer registers moved by a memory command with a length of `units` (its own length unless an override word gives
 * another). Commands of other targets move as many registers as their length says, in both directions.
 */
export function transferOf(insn: CommandInstruction, units = insn.count + 1): Transfer {
  const { unit, action } = commandTarget(insn.target)
  const name = unit === undefined ? undefined : commandName(unit, action, insn.token, insn.count)
  if (unit !== 'mem' || name === undefined) return { delivered: units, pulled: units }
  const match = name.match(/^(read|write)(8|32)?(_|$)/)
  if (match) {
    const registers = match[2] === '8' ? Math.ceil(units / 4) : match[2] === '32' ? units : 2 * units
    return match[1] === 'read' ? { delivered: registers, pulled: 0 } : { delivered: 0, pulled: registers }
  }
  if (name.endsWith('_imm')) return { delivered: name.startsWith('test') ? 2 : 0, pulled: 0 }
  const width = name.includes('64') ? 2 : 1
  const delivers = name.startsWith('test') || name === 'swap' || name === 'atomic_read'
  return { delivered: delivers ? Math.max(width, units) : 0, pulled: name === 'atomic_read' ? 0 : width }
}
