/**
 * After the walk: the stack of every chain of calls fits. Frames are rounded up as a JIT lays them out.
 * Chains are followed in the order of the code, so that the first that does not fit is the one that is named; a function
 * whose own chains are known to fit below is not followed again.
 */
import { E2BIG, EACCES, MAX_FRAMES, MAX_STACK, type Env } from './env'
import { subprogramIndex } from './cfg'

const ROUND = 16
const MAX_BELOW_TAIL_CALL = 256

/** What the chains from a function need: bytes and frames, and the deepest stack above a tail call (-1: none). */
interface Need {
  bytes: number
  frames: number
  aboveTailCall: number
}

export function checkStackDepth(env: Env): void {
  const { insns, subprograms } = env
  const known: (Need | undefined)[] = []

  const follow = (k: number, above: number, frame: number): Need => {
    const sub = subprograms[k]!
    const tail = k > 0 && sub.hasTailCall
    if (tail && above >= MAX_BELOW_TAIL_CALL) {
      env.refuse(EACCES, `tail_calls are not allowed when call stack of previous frames is ${above} bytes. Too large\n`)
    }
    const own = Math.ceil(sub.stackDepth / ROUND) * ROUND
    if (above + own > MAX_STACK) {
      env.refuse(EACCES, `combined stack size of ${frame + 1} calls is ${above + own}. Too large\n`)
    }
    const need: Need = { bytes: own, frames: 1, aboveTailCall: tail ? 0 : -1 }
    for (let i = sub.start; i < sub.end; i++) {
      if (!insns.isPseudoCall(i) && !insns.isPseudoFunc(i)) continue
      const callee = subprogramIndex(env, i + insns.imm[i]! + 1)
      if (subprograms[callee]!.isAsyncCallback) continue
      if (frame + 1 >= MAX_FRAMES) env.refuse(E2BIG, `the call stack of ${frame + 1} frames is too deep !\n`)
      const before = known[callee]
      const fits =
        before !== undefined &&
        above + own + before.bytes <= MAX_STACK &&
        frame + 1 + before.frames <= MAX_FRAMES &&
        above + own + before.aboveTailCall < MAX_BELOW_TAIL_CALL
      const below = fits ? before : follow(callee, above + own, frame + 1)
      need.bytes = Math.max(need.bytes, own + below.bytes)
      need.frames = Math.max(need.frames, 1 + below.frames)
      if (below.aboveTailCall >= 0) need.aboveTailCall = Math.max(need.aboveTailCall, own + below.aboveTailCall)
    }
    known[k] = need
    return need
  }
  follow(0, 0, 0)
}
