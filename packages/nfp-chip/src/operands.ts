/**
 * The special operands: local memory through index pointers, absolute GPRs, indexed transfer registers, next-neighbour
 * registers. Plain GPRs, transfer registers and immediates never come here. Follows nfp-isa.md, sections 4 and 10.
 *
 * A write of an LM pointer register is used only from the fourth cycle on; until then it waits in the context's list.
 */
import { ISSUE } from './constants'
import { CORE, CTX } from './layout'
import type { ChipMemory } from './layout'
import { SPECIAL } from './uop'

export interface Operands {
  /** The value of special operand `code` for context block `tb` of core block `cb` in segment cycle `cycle`. */
  read(code: number, tb: number, cb: number, cycle: number): number
  write(code: number, value: number, tb: number, cb: number, cycle: number): void
  /** A write of LM pointer 0..3. */
  setPointer(pointer: number, value: number, tb: number, cycle: number): void
  /** Makes the pointer writes visible that are due at `cycle`. */
  takeOver(tb: number, cycle: number): void
  /** Makes every pending pointer write visible: what a context swap does. */
  settle(tb: number): void
}

const PENDING_LIMIT = 4

export function createOperands(memory: ChipMemory): Operands {
  const { words: H } = memory

  /** Takes over the pending pointer writes that are due. */
  function takeOver(tb: number, cycle: number): void {
    const list = tb + CTX.lmPendingList
    let left = H[tb + CTX.lmPending]!
    while (left > 0 && H[list + 2]! <= cycle) {
      H[tb + CTX.lmPointer + H[list]!] = H[list + 1]!
      left--
      for (let word = 0; word < 3 * left; word++) H[list + word] = H[list + word + 3]!
    }
    H[tb + CTX.lmPending] = left
  }

  function setPointer(pointer: number, value: number, tb: number, cycle: number): void {
    if (H[tb + CTX.lmPending] !== 0) takeOver(tb, cycle)
    let count = H[tb + CTX.lmPending]!
    if (count === PENDING_LIMIT) {
      takeOver(tb, 0x7fffffff)
      count = 0
    }
    const entry = tb + CTX.lmPendingList + 3 * count
    H[entry] = pointer
    H[entry + 1] = value
    H[entry + 2] = cycle + ISSUE.localMemoryPointerDelay
    H[tb + CTX.lmPending] = count + 1
  }

  function settle(tb: number): void {
    if (H[tb + CTX.lmPending] !== 0) takeOver(tb, 0x7fffffff)
  }

  /** Word offset of an LM operand, after which the pointer has stepped. */
  function localWord(payload: number, tb: number, cb: number, cycle: number): number {
    if (H[tb + CTX.lmPending] !== 0) takeOver(tb, cycle)
    const at = tb + CTX.lmPointer + (payload >> 6)
    const pointer = H[at]!
    const mode = (payload >> 4) & 3
    if (mode !== 0) H[at] = pointer + (mode === 1 ? 4 : -4)
    return cb + CORE.lm + (((pointer & 0xffc) >> 2) | (payload & 15))
  }

  /** Word offset of absolute GPR n: 32 to a context. */
  const absolute = (cb: number, bank: number, n: number): number =>
    cb + CORE.contexts + (n >> 5) * CTX.size + bank + (n & 31)

  /** Word offset, in the block named by `base`, of the transfer register under T_INDEX; steps it. */
  function indexed(base: number, mode: number, cb: number): number {
    const index = H[cb + CORE.tIndex]!
    const n = (index >> 2) & 255
    if (mode !== 0) H[cb + CORE.tIndex] = index + (mode === 1 ? 4 : -4)
    return cb + CORE.contexts + (n >> 6) * CTX.size + base + (n & 63)
  }

  function read(code: number, tb: number, cb: number, cycle: number): number {
    const bits = -code
    const payload = bits & 0xfff
    switch (bits >> 12) {
      case SPECIAL.lm:
        return H[localWord(payload, tb, cb, cycle)]!
      case SPECIAL.absoluteA:
        return H[absolute(cb, CTX.gprA, payload)]!
      case SPECIAL.absoluteB:
        return H[absolute(cb, CTX.gprB, payload)]!
      case SPECIAL.xferIndex:
        return H[indexed(CTX.xferIn, payload, cb)]!
      case SPECIAL.nnIndex: {
        const at = H[cb + CORE.nnGet]! & 127
        if (payload) H[cb + CORE.nnGet] = (at + 1) & 127
        return H[cb + CORE.nn + at]!
      }
      default:
        return H[cb + CORE.nn + payload]!
    }
  }

  function write(code: number, value: number, tb: number, cb: number, cycle: number): void {
    const bits = -code
    const payload = bits & 0xfff
    switch (bits >> 12) {
      case SPECIAL.lm:
        H[localWord(payload, tb, cb, cycle)] = value
        return
      case SPECIAL.absoluteA:
        H[absolute(cb, CTX.gprA, payload)] = value
        return
      case SPECIAL.absoluteB:
        H[absolute(cb, CTX.gprB, payload)] = value
        return
      case SPECIAL.xferIndex:
        H[indexed(CTX.xferOut, payload, cb)] = value
        return
      case SPECIAL.nnIndex: {
        const at = H[cb + CORE.nnPut]! & 127
        if (payload) H[cb + CORE.nnPut] = (at + 1) & 127
        H[cb + CORE.nn + at] = value
        return
      }
      default:
        H[cb + CORE.nn + payload] = value
    }
  }

  return { read, write, setPointer, takeOver, settle }
}
