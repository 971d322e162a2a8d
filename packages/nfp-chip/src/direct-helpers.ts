/**
 * Map helpers of the functional model: the same results as map-helpers.ts, taken straight from the map store. Perf
 * events, and whatever a stepped packet had begun, are left to the stepwise helpers.
 */
import type { ChipConfig, MapReplyCode } from './api'
import { CORE, CORE_WORDS, CTX } from './layout'
import type { ChipMemory } from './layout'
import { ERRNO, POOL_HI, TABLE_HI } from './map-steps'
import type { MapHelpers } from './map-helpers'
import type { MapStore } from './map-store'

const LAST_FLAG = 2

/** R0 for the answer of the store. */
function errnoOf(code: MapReplyCode): number {
  switch (code) {
    case 0:
      return 0
    case 2:
      return ERRNO.noEntry
    case 5:
      return ERRNO.exists
    case 6:
      return ERRNO.noMemory
    case 7:
      return ERRNO.tooBig
    default:
      return ERRNO.invalid
  }
}

export function createDirectHelpers(
  memory: ChipMemory,
  config: ChipConfig,
  maps: MapStore,
  stepwise: MapHelpers,
): MapHelpers {
  const { words: H, layout } = memory
  const { helpers } = config.firmware

  function call(core: number, slot: number, address: number): boolean {
    if (address === helpers.perfEventOutput) return stepwise.call(core, slot, address)
    const cb = layout.cores + core * CORE_WORDS
    const tb = cb + CORE.contexts + slot * CTX.size
    const pending = H[tb + CTX.lmPending]!
    for (let index = 0; index < pending; index++) {
      const at = tb + CTX.lmPendingList + 3 * index
      H[tb + CTX.lmPointer + H[at]!] = H[at + 1]!
    }
    H[tb + CTX.lmPending] = 0
    const id = H[tb + CTX.gprA]!
    const key = cb + CORE.lm + ((H[tb + CTX.lmPointer]! >> 2) & 1023)
    let lo = 0
    let hi = 0
    if (address === helpers.lookup) {
      if (maps.findEntry(id, key) >= 0) {
        lo = maps.found[0]!
        hi = maps.found[1] === 0 ? TABLE_HI : POOL_HI
      }
    } else {
      const flags = H[tb + CTX.gprA + 8]!
      const value = cb + CORE.lm + ((H[tb + CTX.lmPointer + 2]! >> 2) & 1023)
      if (address === helpers.delete) lo = errnoOf(maps.removeWords(id, key))
      else lo = flags >>> 0 > LAST_FLAG ? ERRNO.invalid : errnoOf(maps.updateWords(id, key, value, flags))
      hi = lo >> 31
    }
    H[tb + CTX.gprA] = lo
    H[tb + CTX.gprA + 1] = hi
    const back = H[tb + CTX.gprB]! & 0x3fff
    H[tb + CTX.gprB] = lo
    H[tb + CTX.gprB + 1] = hi
    H[tb + CTX.pc] = back
    return true
  }

  return { call, step: stepwise.step }
}
