/**
 * Calls of subprograms, and the shared routines that save and restore r6 to r9. Follows nfp-jit.md, section 17.
 *
 * The caller moves the frame pointer up by its own frame, rounded up to 64 bytes so that word offsets can be ORed into
 * the pointer.
 */
import { CSR_ADDRESS, RELOCATION } from '@offload/nfp'
import { ELOOP } from '../errno'
import { roundUp } from '../program-info'
import type { EmitContext, EmitRoutine } from './context'
import type { Emitter } from './emitter'
import { PLACEHOLDER } from './emitter'
import { ab, b, frameWord, IMM_B, RETURN_ADDRESS, STACK } from './registers'
import { TranslateError } from './translate-error'

/** GPRs of r6 to r9. */
const FIRST_SAVED = 12
const SAVED_GPRS = 8

/** Words of a call behind its branch: the fix-up looks for the branch that far from the end. */
export function wordsAfterCallBranch(frameDepth: number, calleeSavesRegisters: boolean): number {
  const delaySlots = calleeSavesRegisters ? 2 : 1
  const frame = roundUp(frameDepth, 64)
  if (frame === 0) return delaySlots
  return delaySlots + (frame > 0xff ? 1 : 0) + 5
}

export const callSubprogram: EmitRoutine = (cx, insn) => {
  const { out, program: p } = cx
  const target = p.jumpDst[insn]!
  if (target < 0) throw new TranslateError(ELOOP, ['BUG: BPF-to-BPF call has no destination recorded'])
  const callee = p.subprograms[p.subprogram[target]!]!
  const frame = roundUp(cx.frameDepth, 64)
  if (frame !== 0) {
    out.because('move the stack past this frame')
    out.alu(STACK, STACK, '+', out.uimm(frame, IMM_B))
    out.csrw(CSR_ADDRESS.actLMAddr0, STACK)
  }
  if (callee.needsRegPush) {
    out.because('call through the routine that saves r6–r9')
    out.br('br', PLACEHOLDER, 2, RELOCATION.callPushRegs)
    out.because('address of the subprogram')
    out.immedAddress(IMM_B, 0)
  } else {
    out.because('call the subprogram')
    out.br('br', 0, 1)
  }
  out.because('return address')
  out.immedAddress(RETURN_ADDRESS, out.here + 1)
  if (frame !== 0) dropFrame(cx, frame)
}

function dropFrame({ out }: EmitContext, frame: number): void {
  out.because('move the stack back to this frame')
  out.alu(STACK, STACK, '-', out.uimm(frame, IMM_B))
  out.csrw(CSR_ADDRESS.actLMAddr0, STACK)
  out.because('wait until the stack pointer may be used')
  out.nop(3)
}

/** First word of a subprogram; emitted even if its first instruction was removed (quirk Q14). */
export function subprogramPrologue(out: Emitter): void {
  out.mov(frameWord(0), RETURN_ADDRESS)
}

/** Saves r6 to r9 in words 1 to 8 of the new frame and goes on to the address in `IMM_B`. */
export function pushRoutine(out: Emitter): void {
  for (let i = 0; i < SAVED_GPRS; i++) {
    if (i === SAVED_GPRS - 3) out.rtn(IMM_B, 3)
    out.mov(frameWord(1 + i), b(FIRST_SAVED + i))
  }
}

/** Restores r6 to r9 and returns. */
export function popRoutine(out: Emitter): void {
  for (let i = 0; i < SAVED_GPRS; i++) {
    if (i === SAVED_GPRS - 3) out.rtn(RETURN_ADDRESS, 3)
    out.mov(ab(FIRST_SAVED + i), frameWord(1 + i))
  }
}
