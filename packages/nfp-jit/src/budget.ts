/**
 * What an image takes of its port: code store, stack, reach into the packet, and cycles on its dearest way.
 *
 * Cycles are the program's own, counted from the words (no firmware around it), with what helpers typically take where the
 * program is given; the wait of memory commands is weighted as the caller says. A loop is counted once, and named. Follows nfp-isa.md, section 15, and
 * nfp-hardware.md, section 6.4, for the usual weight.
 */
import { flowGraph, RELOCATION, worstPath } from '@offload/nfp'
import type { PathCost, PathWeights } from '@offload/nfp'
import type { FirmwareProfile, NfpImage } from './api'
import { helperCosts } from './helper-cost'
import type { CalledProgram } from './helper-cost'

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
  /** Of its cycles, those that helpers typically take in the firmware. */
  readonly worstHelpers: number
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
  { program, ...weights }: PathWeights & { readonly program?: CalledProgram } = USUAL_WEIGHTS,
): ImageBudget {
  const { out, abort, pushRegs, popRegs } = image.targets
  const places = new Map<number, number>([
    [RELOCATION.goOut, out],
    [RELOCATION.goAbort, abort],
  ])
  if (pushRegs !== 0) places.set(RELOCATION.callPushRegs, pushRegs).set(RELOCATION.callPopRegs, popRegs)
  const graph = flowGraph(image.words, { places })
  const helpers = program === undefined ? undefined : helperCosts(image, program)
  const helper = weights.helper ?? ((word: number): number => helpers?.get(word) ?? 0)
  const worst = worstPath(graph, 0, { ...weights, helper })
  const worstHelpers = (worst?.blocks ?? []).reduce((sum, index) => {
    const word = graph.blocks[index]!.terminator
    return sum + (graph.calls.get(word)?.target === -1 ? helper(word) : 0)
  }, 0)
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
    worstHelpers,
    worstSlots: [...slots].filter((slot) => slot >= 0).toSorted((left, right) => left - right),
  }
}
