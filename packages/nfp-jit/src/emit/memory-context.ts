/** Context fields: the few that live in registers of the card. Follows nfp-jit.md, section 12.3. */
import { NONE, shiftLeft } from '@offload/nfp'
import { EOPNOTSUPP } from '../errno'
import { accessSize } from '../opcodes'
import { dstGpr, srcGpr } from './context'
import type { EmitContext, EmitRoutine } from './context'
import { a, ab, b, num, PACKET_LENGTH, PACKET_START, VECTOR_FLAGS, VECTOR_QUEUE } from './registers'
import { TranslateError } from './translate-error'

type ContextField = 'length' | 'data' | 'data_end'

/** Offsets of the fields in `xdp_md` and `__sk_buff` that have a meaning on the card. */
const XDP_FIELDS: Readonly<Record<number, ContextField>> = { 0: 'data', 4: 'data_end' }
const SKB_FIELDS: Readonly<Record<number, ContextField>> = { 0: 'length', 76: 'data', 80: 'data_end' }
export const XDP_RX_QUEUE_INDEX = 16

function contextField(cx: EmitContext, insn: number): ContextField | undefined {
  if (accessSize(cx.program.code[insn]!) !== 4) return undefined
  return (cx.progType === 'xdp' ? XDP_FIELDS : SKB_FIELDS)[cx.program.off[insn]!]
}

/** Loads of other fields passed the driver's check and fail only here (quirk Q2). */
export const loadContext: EmitRoutine = (cx, insn) => {
  const { out } = cx
  const d = dstGpr(cx, insn)
  switch (contextField(cx, insn)) {
    case 'length':
      out.because('packet length')
      out.mov(ab(d), PACKET_LENGTH)
      break
    case 'data':
      out.because('packet start')
      out.mov(ab(d), PACKET_START)
      break
    case 'data_end':
      out.because('packet end: start and length')
      out.alu(ab(d), PACKET_LENGTH, '+', PACKET_START)
      break
    default:
      throw new TranslateError(EOPNOTSUPP)
  }
  out.because('packet addresses have no upper half')
  out.clearHigh(d)
}

/** Store to `rx_queue_index`: numbers up to 255 choose the queue, larger ones choose queue 64. */
export const storeContext: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  if (cx.progType !== 'xdp' || accessSize(p.code[insn]!) !== 4 || p.off[insn] !== XDP_RX_QUEUE_INDEX) {
    throw new TranslateError(EOPNOTSUPP)
  }
  const s = srcGpr(cx, insn)
  const start = out.here
  out.because('does the queue number fit into 8 bits?')
  out.alu(NONE, a(s), 'AND~', num(0xff))
  out.br('beq', start + 5, 2)
  out.because('mark the packet: the program chose the queue')
  out.shf(VECTOR_FLAGS, VECTOR_FLAGS, 'OR', num(1), shiftLeft(4))
  out.because('queue number of the packet')
  out.ldf(VECTOR_QUEUE, 0b0001, b(s))
  out.because('too large for 8 bits: queue 64')
  out.ldf(VECTOR_QUEUE, 0b0001, num(64))
}
