/**
 * After the walk: the stack of every chain of calls fits. Frames are rounded up as a JIT lays them out.
 */
import { E2BIG, EACCES, MAX_FRAMES, MAX_STACK, type Env } from './env'
import { subprogramIndex } from './cfg'

const ROUND = 16
const MAX_BELOW_TAIL_CALL = 256

export function checkStackDepth(env: Env): void {
  const { insns, subprograms } = env
  const rounded = (k: number): number => Math.ceil(subprograms[k]!.stackDepth / ROUND) * ROUND
  const returns: { insn: number; sub: number }[] = []
  let k = 0
  let i = 0
  let depth = 0
  const enter = (): void => {
    if (k > 0 && subprograms[k]!.hasTailCall && depth >= MAX_BELOW_TAIL_CALL) {
      env.refuse(
        EACCES,
        `tail_calls are not allowed when call stack of previous frames is ${depth} bytes. Too large\n`,
      )
    }
    depth += rounded(k)
    if (depth > MAX_STACK) {
      env.refuse(EACCES, `combined stack size of ${returns.length + 1} calls is ${depth}. Too large\n`)
    }
  }
  enter()
  for (;;) {
    while (i < subprograms[k]!.end && !insns.isPseudoCall(i) && !insns.isPseudoFunc(i)) i++
    if (i >= subprograms[k]!.end) {
      const back = returns.pop()
      if (!back) return
      depth -= rounded(k)
      i = back.insn
      k = back.sub
      continue
    }
    const start = i + insns.imm[i]! + 1
    const callee = subprogramIndex(env, start)
    if (subprograms[callee]!.isAsyncCallback) {
      i++
      continue
    }
    returns.push({ insn: i + 1, sub: k })
    i = start
    k = callee
    if (returns.length >= MAX_FRAMES) {
      env.refuse(E2BIG, `the call stack of ${returns.length} frames is too deep !\n`)
    }
    enter()
  }
}
