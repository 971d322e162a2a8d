/**
 * What kernel and device say of each instruction, for the two gutters. The device's word is the driver's own answer,
 * which is there also where the kernel refused later; what nobody came to has no mark.
 */
import type { Compilation } from '@offload/session'

export type Mark = 'ok' | 'fail' | 'dot'

export interface Marks {
  readonly kernel: Mark
  readonly device: Mark
}

export const MARK_GLYPH: Readonly<Record<Mark, string>> = { ok: '✓', fail: '✕', dot: '·' }

const REFUSED = 2

/** Marks by slot. */
export function marksOf(compilation: Compilation): (insn: number) => Marks {
  const { kernel, device } = compilation
  const reached = new Set(kernel?.steps?.map((step) => step.insn))
  const answers = device?.driverVerdicts
  const walked = (insn: number): boolean => kernel?.seen?.[insn] === 1 || reached.has(insn)
  return (insn) => {
    const refusedByKernel = kernel?.verdict === 'reject' && kernel.errorInsn === insn
    const answer = answers?.[insn] ?? 0
    // Translation comes after the walk: what it refuses has been accepted before.
    const refusedByDevice = device?.verdict === 'driver-reject' && device.insn === insn
    return {
      kernel: refusedByKernel ? 'fail' : walked(insn) ? 'ok' : 'dot',
      device: refusedByDevice || answer === REFUSED ? 'fail' : answer !== 0 ? 'ok' : 'dot',
    }
  }
}

/** The marks of several instructions in one line: a refusal counts, then an agreement. */
export function joinMarks(marks: readonly Marks[]): Marks {
  const join = (side: (marks: Marks) => Mark): Mark =>
    marks.some((one) => side(one) === 'fail') ? 'fail' : marks.some((one) => side(one) === 'ok') ? 'ok' : 'dot'
  return { kernel: join((one) => one.kernel), device: join((one) => one.device) }
}
