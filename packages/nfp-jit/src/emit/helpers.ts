/**
 * Helper calls. Maps and events are served by routines of the firmware; the others are emitted in place. Follows
 * nfp-jit.md, section 16.
 */
import { CSR_ADDRESS, NONE, RELOCATION } from '@offload/nfp'
import { EINVAL, EOPNOTSUPP } from '../errno'
import type { EmitContext, EmitRoutine } from './context'
import type { Emitter } from './emitter'
import { PLACEHOLDER } from './emitter'
import { a, ab, b, IMM_A, IMM_B, num, PACKET_LENGTH, PACKET_START, STACK, VECTOR_LENGTH } from './registers'
import { TranslateError } from './translate-error'

export const HELPER_MAP_LOOKUP = 1
export const HELPER_MAP_UPDATE = 2
export const HELPER_MAP_DELETE = 3
export const HELPER_PRANDOM = 7
export const HELPER_PERF_EVENT_OUTPUT = 25
export const HELPER_ADJUST_HEAD = 44
export const HELPER_ADJUST_TAIL = 65

const MAP_CALL_NAMES: Readonly<Record<number, string>> = {
  [HELPER_MAP_LOOKUP]: 'look up',
  [HELPER_MAP_UPDATE]: 'update',
  [HELPER_MAP_DELETE]: 'delete',
}

/** GPRs of the arguments r1 to r4, low words. */
const R1 = 2
const R2 = 4
const R3 = 6

export const callHelper: EmitRoutine = (cx, insn) => {
  const id = cx.program.imm[insn]!
  switch (id) {
    case HELPER_MAP_LOOKUP:
    case HELPER_MAP_UPDATE:
    case HELPER_MAP_DELETE:
      callMap(cx, insn, id)
      return
    case HELPER_PRANDOM:
      cx.out.because('read the random number register')
      cx.out.csrr(CSR_ADDRESS.pseudoRandom)
      cx.out.because('the load behind it delivers the number')
      returnZero(cx.out)
      return
    case HELPER_PERF_EVENT_OUTPUT:
      outputEvent(cx, insn)
      return
    case HELPER_ADJUST_HEAD:
      if (cx.program.adjustHeadLocation === insn) adjustHeadUnchecked(cx.out)
      else adjustHeadChecked(cx)
      return
    case HELPER_ADJUST_TAIL:
      adjustTail(cx.out)
      return
    default:
      throw new TranslateError(EOPNOTSUPP)
  }
}

function returnZero(out: Emitter): void {
  out.immed(ab(0), 0)
  out.immed(ab(1), 0)
}

function returnInvalid(out: Emitter): void {
  out.because('return −EINVAL')
  out.imm32(ab(0), -EINVAL)
  out.imm32(ab(1), -1)
}

/** Branch to a routine of the firmware; the two words behind it are done on the way. */
function branchToHelper(out: Emitter, id: number): void {
  out.br('br', PLACEHOLDER + id, 2, RELOCATION.helper)
}

function returnAddress(out: Emitter): void {
  out.because('return address for the firmware')
  out.immedAddress(b(0), out.here + 1)
}

/** The firmware finds the key through local memory pointer 0, which then must be put back. */
function callMap(cx: EmitContext, insn: number, id: number): void {
  const { out, program: p } = cx
  const keyOffset = (cx.frameDepth + p.arg2Var[insn]! + p.arg2Off[insn]!) | 0
  const reload = p.arg2Varies[insn] === 1 || keyOffset !== 0
  if (reload) {
    out.because('point at the key')
    out.csrw(CSR_ADDRESS.actLMAddr0, b(R2))
  }
  if (id === HELPER_MAP_UPDATE) {
    out.because('point at the value')
    out.csrw(CSR_ADDRESS.actLMAddr2, b(R3))
  }
  out.because(`${MAP_CALL_NAMES[id]} in the map: routine of the firmware`)
  branchToHelper(out, id)
  out.because('number of the map')
  out.mov(a(0), a(R1))
  returnAddress(out)
  if (!reload) return
  out.because('point at the stack frame again')
  out.csrw(CSR_ADDRESS.actLMAddr0, STACK)
  out.because('wait until the stack pointer may be used')
  out.nop(3)
}

function outputEvent(cx: EmitContext, insn: number): void {
  const { out, program: p } = cx
  out.because('output an event: routine of the firmware')
  const type = out.uimm(p.arg1Type[insn]!, IMM_A)
  branchToHelper(out, HELPER_PERF_EVENT_OUTPUT)
  out.because('where the data lies (register type)')
  out.mov(a(1), type)
  returnAddress(out)
}

/** One call with a constant that the firmware guarantees room for: no tests, not even of the length (quirk Q23). */
function adjustHeadUnchecked(out: Emitter): void {
  out.because('move the packet start; the firmware guarantees the room')
  out.alu(PACKET_START, a(R2), '+', PACKET_START)
  out.because('packet length in the register')
  out.alu(PACKET_LENGTH, PACKET_LENGTH, '-', a(R2))
  out.because('packet length in the packet vector')
  out.alu(VECTOR_LENGTH, VECTOR_LENGTH, '-', a(R2))
  out.because('return 0')
  returnZero(out)
}

const SHORTEST_FRAME = 14

function adjustHeadChecked(cx: EmitContext): void {
  const { out } = cx
  const { offMin, offMax } = cx.firmware.adjustHead
  const start = out.here
  const failed = start + 14
  out.because('new packet start')
  out.alu(IMM_A, a(R2), '+16', PACKET_START)
  out.because('too little room before the packet?')
  out.alu(NONE, IMM_A, '-', num(offMin))
  out.br('bcc', failed)
  out.because('too far into the packet buffer?')
  out.alu(NONE, num(offMax), '-', IMM_A)
  out.br('bcc', failed)
  out.because('shorter than an Ethernet header?')
  out.alu(IMM_B, PACKET_LENGTH, '-', a(R2))
  out.alu(NONE, IMM_B, '-', num(SHORTEST_FRAME))
  out.br('bmi', failed)
  out.because('return 0')
  returnZero(out)
  out.because('move the packet start')
  out.ldf(PACKET_START, 0b0011, IMM_A)
  out.because('done, after setting the two lengths')
  out.br('br', start + 16, 2)
  out.alu(PACKET_LENGTH, PACKET_LENGTH, '-', a(R2))
  out.alu(VECTOR_LENGTH, VECTOR_LENGTH, '-', a(R2))
  returnInvalid(out)
}

function adjustTail(out: Emitter): void {
  const start = out.here
  const failed = start + 9
  out.because('new packet length; longer than before?')
  out.alu(IMM_A, PACKET_LENGTH, '+', a(R2))
  out.br('bcc', failed)
  out.because('shorter than an Ethernet header?')
  out.alu(NONE, IMM_A, '-', num(SHORTEST_FRAME))
  out.br('bmi', failed)
  out.because('packet length in the register')
  out.alu(PACKET_LENGTH, PACKET_LENGTH, '+', a(R2))
  out.because('packet length in the packet vector')
  out.alu(VECTOR_LENGTH, VECTOR_LENGTH, '+', a(R2))
  out.because('done, return 0')
  out.br('br', start + 11, 2)
  returnZero(out)
  returnInvalid(out)
}
