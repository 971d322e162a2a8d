/**
 * Which registers, flags and latches are still needed at a word: classic backward data flow over a flow graph.
 *
 * A translator loads what is live into a segment and stores what is live out of it; flags nobody reads need not be
 * computed. Where execution leaves the image, or a context swap lets others look, everything of the context counts as
 * live unless the caller knows better. Follows nothing but effects.ts and flow.ts.
 */
import { effectsOf } from './effects'
import type { Effects } from './effects'
import type { FlowGraph } from './flow'

/** A set of machine state: a bit for each GPR of both banks, and the three pieces of implicit state. */
export interface LiveSet {
  readonly gprA: number
  readonly gprB: number
  readonly flags: boolean
  /** PREV_ALU. */
  readonly result: boolean
  /** The latched A operand of the previous word. */
  readonly latch: boolean
}

/** Everything: what has to be assumed where the code that follows is unknown. */
export const ALL_LIVE: LiveSet = { gprA: 0xffffffff | 0, gprB: 0xffffffff | 0, flags: true, result: true, latch: true }
/** Nothing. */
export const NONE_LIVE: LiveSet = { gprA: 0, gprB: 0, flags: false, result: false, latch: false }

/** Live sets of an image. */
export interface Liveness {
  /** Before a word. Words that belong to no block give `ALL_LIVE`. */
  before(word: number): LiveSet
  /** At the end of a block, before its exits are taken. */
  atEnd(block: number): LiveSet
}

const union = (left: LiveSet, right: LiveSet): LiveSet => ({
  gprA: left.gprA | right.gprA,
  gprB: left.gprB | right.gprB,
  flags: left.flags || right.flags,
  result: left.result || right.result,
  latch: left.latch || right.latch,
})

const equal = (left: LiveSet, right: LiveSet): boolean =>
  left.gprA === right.gprA &&
  left.gprB === right.gprB &&
  left.flags === right.flags &&
  left.result === right.result &&
  left.latch === right.latch

/** The set before a word, from the set after it. Every word sets the latch. */
export function liveBefore(after: LiveSet, effects: Effects): LiveSet {
  return {
    gprA: (after.gprA & ~effects.writeA) | effects.readA,
    gprB: (after.gprB & ~effects.writeB) | effects.readB,
    flags: (after.flags && !effects.writesFlags) || effects.readsFlags,
    result: (after.result && !effects.writesResult) || effects.readsResult,
    latch: effects.readsLatch,
  }
}

/** Computes liveness; `outside` is what code after an exit from the image may read. */
export function livenessOf(graph: FlowGraph, outside: LiveSet = ALL_LIVE): Liveness {
  const effects = graph.instructions.map(effectsOf)
  const atStart: LiveSet[] = graph.blocks.map(() => NONE_LIVE)
  const blockAt = new Map(graph.blocks.map(({ start, index }) => [start, index]))
  const indirect = graph.indirectTargets.map((word) => blockAt.get(word)!)

  const atEnd = (block: number): LiveSet => {
    const { edges, exit } = graph.blocks[block]!
    const indirectExit = exit === 'indirect'
    let live = edges.length === 0 || indirectExit ? outside : NONE_LIVE
    for (const edge of edges) live = union(live, edge.block < 0 ? outside : atStart[edge.block]!)
    if (indirectExit) for (const target of indirect) live = union(live, atStart[target]!)
    return live
  }
  const fold = (block: number, word: number): LiveSet => {
    let live = atEnd(block)
    for (let at = graph.blocks[block]!.end - 1; at >= word; at--) live = liveBefore(live, effects[at]!)
    return live
  }

  let changed = true
  while (changed) {
    changed = false
    for (let block = graph.blocks.length - 1; block >= 0; block--) {
      const live = fold(block, graph.blocks[block]!.start)
      if (equal(live, atStart[block]!)) continue
      atStart[block] = live
      changed = true
    }
  }
  return {
    before: (word) => {
      const block = graph.blockOf[word] ?? -1
      return block < 0 ? ALL_LIVE : fold(block, word)
    },
    atEnd,
  }
}
