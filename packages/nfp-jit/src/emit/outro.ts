/**
 * Beginning and end of every image: packet length at the start; at the end the translation of the program's return
 * value into what the firmware understands. Follows nfp-jit.md, sections 7 and 18.
 *
 * The result is a byte in GPR 0: low nibble the action (1 pass, 2 drop, 4 send), high nibble the counters to count in.
 */
import { NONE, RELOCATION, shiftLeft, shiftRight } from '@offload/nfp'
import type { ProgType } from '@offload/bpf'
import type { Emitter } from './emitter'
import { PLACEHOLDER } from './emitter'
import { a, b, num, PACKET_LENGTH, VECTOR_LENGTH } from './registers'

/** Word indices of the shared ends. */
export interface OutroTargets {
  readonly out: number
  readonly abort: number
}

/** Result bytes of an aborted program: XDP drops and counts in counter 3, TC passes and counts in counter 0. */
const XDP_ABORT = 0x82
const TC_ABORT = 0x11
/** Result bytes of XDP return codes 0 to 3, one a byte, lowest first. */
const XDP_RESULTS = 0x44112282
/** Low and high nibbles of the result bytes of TC return codes 0 to 7. */
const TC_ACTIONS = 0x41221211
const TC_COUNTERS = 0x41001211

/** The two words before the program: the length of the packet, from the packet vector. */
export function intro(out: Emitter): void {
  out.because('packet length: low 14 bits of the packet vector')
  out.immed(PACKET_LENGTH, 0x3fff)
  out.alu(PACKET_LENGTH, PACKET_LENGTH, 'AND', VECTOR_LENGTH)
}

export function outro(out: Emitter, progType: ProgType): OutroTargets {
  return progType === 'xdp' ? xdpOutro(out) : tcOutro(out)
}

function abortEnd(out: Emitter, result: number): number {
  const index = out.here
  out.because('abort: on to the next packet')
  out.br('br', PLACEHOLDER, 2, RELOCATION.nextPacket)
  out.because('abort: result of a failed program')
  out.mov(a(0), num(0))
  out.ldf(a(0), 0b1100, num(result), shiftLeft(16))
  return index
}

function xdpOutro(out: Emitter): OutroTargets {
  const abort = abortEnd(out, XDP_ABORT)
  const index = out.here
  out.because('return codes above 3 abort')
  out.alu(NONE, num(3), '-', b(0))
  out.br('bcc', abort)
  out.because('table of results, one byte a return code')
  out.imm32(b(2), XDP_RESULTS)
  out.because('pick the byte of the return code')
  out.shf(a(1), NONE, 'B', b(0), shiftLeft(3))
  out.alu(NONE, a(1), 'OR', num(0))
  out.shf(b(2), num(0xff), 'AND', b(2), shiftRight('indirect'))
  finish(out, () => out.mov(a(0), num(0)))
  return { out: index, abort }
}

function tcOutro(out: Emitter): OutroTargets {
  const abort = abortEnd(out, TC_ABORT)
  const index = out.here
  out.because('return codes above 7 abort')
  out.alu(NONE, num(7), '-', b(0))
  out.br('bcc', abort)
  out.because('clear the result')
  out.mov(a(0), num(0))
  out.because('tables of actions and counters, four bits a return code')
  out.imm32(b(2), TC_ACTIONS)
  out.imm32(b(3), TC_COUNTERS)
  out.because('pick the action of the return code')
  out.shf(a(1), NONE, 'B', b(0), shiftLeft(2))
  out.alu(NONE, a(1), 'OR', num(0))
  out.shf(a(2), num(0xf), 'AND', b(2), shiftRight('indirect'))
  out.because('pick the counter of the return code')
  out.alu(NONE, a(1), 'OR', num(0))
  out.shf(b(2), num(0xf), 'AND', b(3), shiftRight('indirect'))
  finish(out, () => out.shf(b(2), a(2), 'OR', b(2), shiftLeft(4)))
  return { out: index, abort }
}

function finish(out: Emitter, firstSlot: () => void): void {
  out.because('on to the next packet, with the result')
  out.br('br', PLACEHOLDER, 2, RELOCATION.nextPacket)
  out.because('result of the program')
  firstSlot()
  out.ldf(a(0), 0b1100, b(2), shiftLeft(16))
}
