/**
 * Which registers a checkpoint's continuation reads in 64 bits. When a path ends at an explored state it takes these
 * reads over: whoever wrote one of the registers as a 32-bit value on the ending path must zero-extend it too.
 * Follows nfp-jit.md, section 4 (source rule of DO_ZEXT), as recorded for Linux 6.12; newer kernels are assumed to do
 * the same, since without it a device would run on with stale upper halves. Stack slots carry no such marks.
 */
import type { Env } from './env'
import { FP, type State } from './state'

/** r1 to r5, as bits of `Frame.written`. */
export const ARGUMENTS = 0x3e
/** r0 to r5. */
export const CALLER_SAVED = 0x3f

/**
 * Register `n` of frame `index` of `state` is read in 64 bits: noted at the checkpoints behind, back to where it was
 * written. Arguments of a function called since a checkpoint are the caller's registers there, and a result whose
 * function was still running there is that function's r0.
 */
export function noteWideRead(state: State, index: number, n: number): void {
  const bit = 1 << n
  let at = state
  let frame = index
  while ((at.frames[frame]!.written & bit) === 0 && at.parent) {
    const { parent } = at
    const depth = parent.frames.length
    if (frame >= depth) {
      if ((bit & ARGUMENTS) === 0) return
      frame = depth - 1
    } else if (n === 0 && depth > at.frames.length) frame = depth - 1
    if (parent.frames[frame]!.wideReads & bit) return
    parent.frames[frame]!.wideReads |= bit
    at = parent
  }
}

/** The path `now` ends because `old` covers it: what the continuation of `old` read, it would have read too. */
export function propagateWideReads(env: Env, old: State, now: State): void {
  old.frames.forEach((frame, index) => {
    const regs = now.frames[index]!.regs
    for (let n = index === old.frames.length - 1 ? 0 : 6; n < FP; n++) {
      if ((frame.wideReads & (1 << n)) === 0) continue
      const def = regs[n]!.subregDef
      if (def !== 0) env.marks.zext[def - 1] = 1
      noteWideRead(now, index, n)
    }
  })
}
