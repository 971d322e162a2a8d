/**
 * What an image takes of its port: code store, stack, reach into the packet, and cycles on its dearest way.
 *
 * Cycles are the program's own, counted from the words (no firmware around it); the wait of memory commands and helpers
 * is weighted as the caller says. A loop is counted once, and named. Follows nfp-isa.md, section 15, and
 * nfp-hardware.md, section 6.4, for the usual weight.
 */
import { flowGraph, RELOCATION, worstPath } from '@offload/nfp'
import type { PathCost, PathWeights } from '@offload/nfp'
import type { FirmwareProfile, NfpImage } from './api'

export interface Meter {
  readonly used: number
  readonly limit: number
}

export interface ImageBudget {
  /** Words of the code store. */
  readonly code: Meter
  /** Bytes of stack, all frames. */
  readonly stack: Meter
  /** Furthest packet byte an access may touch, and the part of packets that programs can reach. */
  readonly packet: Meter
  /** The dearest way for one packet; absent where every way loops. */
  readonly worst?: PathCost
  /** BPF slots on that way, ascending. */
  readonly worstSlots: readonly number[]
}

/**
 * Cycles that a blocking command adds beyond its own three while four contexts share a core: 16 are visible for the
 * packet memory. Commands close to each other are not told apart.
 */
export const USUAL_WEIGHTS: PathWeights = { memory: 16 - 3 }

export function imageBudget(
  image: NfpImage,
  firmware: FirmwareProfile,
  weights: PathWeights = USUAL_WEIGHTS,
): ImageBudget {
  const { out, abort, pushRegs, popRegs } = image.targets
  const places = new Map<number, number>([
    [RELOCATION.goOut, out],
    [RELOCATION.goAbort, abort],
  ])
  if (pushRegs !== 0) places.set(RELOCATION.callPushRegs, pushRegs).set(RELOCATION.callPopRegs, popRegs)
  const graph = flowGraph(image.words, { places })
  const worst = worstPath(graph, 0, weights)
  const slots = new Set<number>()
  for (const index of worst?.blocks ?? []) {
    const block = graph.blocks[index]
    if (!block) continue
    for (let word = block.start; word < block.end; word++) slots.add(image.origins[word]?.insn ?? -1)
  }
  slots.delete(-1)
  return {
    code: { used: image.words.length / 2, limit: firmware.maxLen },
    stack: { used: image.stackSize, limit: firmware.stackSize },
    packet: { used: image.maxPktOffset, limit: firmware.inlineMtu },
    ...(worst === undefined ? {} : { worst }),
    worstSlots: [...slots].filter((slot) => slot >= 0).toSorted((left, right) => left - right),
  }
}
