/** What every emission routine gets: where words go, the program, the device, and the state of the walk. */
import type { ProgType } from '@offload/bpf'
import type { FirmwareProfile } from '../api'
import { FLAG_ZEXT } from '../program-info'
import type { ProgramInfo } from '../program-info'
import type { Emitter } from './emitter'

export interface EmitContext {
  readonly out: Emitter
  readonly program: ProgramInfo
  readonly firmware: FirmwareProfile
  readonly progType: ProgType
  /** Bytes of the current subprogram's frame, rounded up to 4. */
  frameDepth: number
}

/** Emits the words of BPF slot `insn`. Throws a TranslateError or EncodeError where the driver fails. */
export type EmitRoutine = (cx: EmitContext, insn: number) => void

/** GPR of the low word of the destination register. */
export const dstGpr = (cx: EmitContext, insn: number): number => 2 * cx.program.dst[insn]!
/** GPR of the low word of the source register. */
export const srcGpr = (cx: EmitContext, insn: number): number => 2 * cx.program.src[insn]!

/** The upper half of a constant's sign extension. */
export const signWord = (imm: number): number => (imm < 0 ? 0xffffffff : 0)

export const wantsZeroExtension = (cx: EmitContext, insn: number): boolean => cx.program.has(insn, FLAG_ZEXT)

/** ZEXT: clears the upper word of the pair at GPR `low` if the kernel asked for it. */
export function zeroExtend(cx: EmitContext, insn: number, low: number): void {
  if (!wantsZeroExtension(cx, insn)) return
  cx.out.because('clear the upper half')
  cx.out.clearHigh(low)
}
