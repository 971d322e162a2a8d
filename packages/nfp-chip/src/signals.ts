/** Event signals of a context: a bit for each that was requested, and the cycle at which it arrives. */
import { CTX } from './layout'
import type { ChipMemory } from './layout'

/** When the signals that the context waits for have all (or any) arrived; Infinity while one is still to come. */
export function signalsReady(memory: ChipMemory, tb: number): number {
  const { words: H, floats: F } = memory
  const mask = H[tb + CTX.arbMask]!
  const any = H[tb + CTX.arbAny] !== 0
  let ready = any ? Infinity : 0
  for (let signal = 1; signal < 16; signal++) {
    if (!(mask & (1 << signal))) continue
    const at = H[tb + CTX.signals]! & (1 << signal) ? F[((tb + CTX.signalTimeF) >> 1) + signal]! : Infinity
    ready = any ? Math.min(ready, at) : Math.max(ready, at)
  }
  return ready
}
