/** Where things lie, as expressions over byte addresses. Names and offsets are those of layout.ts. */
import { int } from '@offload/wasm'
import type { FunctionBuilder, Float, Int } from '@offload/wasm'
import { CORE, CORE_WORDS, CTX, PKT } from '../layout'
import type { Layout } from '../layout'

const W = 4

export const coreBlock = (layout: Layout, core: Int): Int => core.mul(W * CORE_WORDS).add(W * layout.cores)
export const contextBlock = (cb: Int, slot: Int): Int =>
  slot
    .mul(W * CTX.size)
    .add(cb)
    .add(W * CORE.contexts)
export const packetBlock = (layout: Layout, index: Int): Int => index.mul(W * PKT.size).add(W * layout.packets)
export const islandOf = (layout: Layout, core: Int): Int => core.div(layout.workersPerIsland)

/** Packet vector of a context: LM words from byte 128 * slot + 32. */
export const vectorOf = (cb: Int, slot: Int): Int =>
  slot
    .shl(7)
    .add(cb)
    .add(W * CORE.lm + 32)

/** A word that lies at a fixed place. */
export const at = (word: number): Int => int(W * word)

/** Wake times: floats behind each other. */
export const wakeAt = (cb: Int, slot: Int): Int =>
  slot
    .shl(3)
    .add(cb)
    .add(W * CORE.wakeF)
export const setWake = (f: FunctionBuilder, cb: Int, slot: Int, cycle: Float | number): void =>
  f.putFloat(wakeAt(cb, slot), 0, cycle)
