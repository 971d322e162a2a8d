/**
 * The dearest way through an image: from an entry to the point where control leaves the program.
 *
 * Cycles of words and branches are those of cost.ts, exact where one word follows another; waits for memory and helper
 * calls are weighted as the caller says. A loop is passed once, so with loops the result is a lower bound of the worst
 * case and `loops` says so. Calls inside the image are followed: a callee is left at its `rtn` or out of the program.
 * Follows nfp-isa.md, section 15.
 */
import { BRANCH_CYCLES, CONTEXT_SWAP_CYCLES, cost, takenCycles } from './cost'
import { effectsOf } from './effects'
import type { BasicBlock, Call, Edge, FlowGraph } from './flow'

/** Weights, in cycles. */
export interface PathWeights {
  /** Added for each context swap: memory latency that other threads do not hide. */
  readonly memory?: number
  /** Added for each call of a helper outside the image, by the word that calls it. */
  readonly helper?: (word: number) => number
}

/** A way through the image. */
export interface PathCost {
  /** Cycles with weights. */
  readonly cycles: number
  /** Context swaps on the way. */
  readonly swaps: number
  /** Helper calls on the way. */
  readonly helpers: number
  /** Words executed. */
  readonly words: number
  /** Blocks on the way in order, callees included. */
  readonly blocks: readonly number[]
  /** First words of the loops met anywhere; empty when the result is the true worst case. */
  readonly loops: readonly number[]
}

/** A partial way: linked from its first block to its end. */
interface Way {
  readonly cycles: number
  readonly swaps: number
  readonly helpers: number
  readonly words: number
  readonly block: number
  /** Ways that follow, in order (a callee, then what comes after the return). */
  readonly next: readonly Way[]
}

/** Best ways from the start of a block: to a `rtn`, and out of the image. */
interface Ways {
  readonly back: Way | undefined
  readonly out: Way | undefined
}

const NO_WAYS: Ways = { back: undefined, out: undefined }

/**
 * The dearest way from `entry` out of the image, or undefined where every way only loops. The graph must have been
 * made with `splitAtSwaps` (the default).
 */
export function worstPath(graph: FlowGraph, entry = 0, weights: PathWeights = {}): PathCost | undefined {
  const search = new Search(graph, weights)
  const start = graph.blocks.find((block) => block.start === entry)
  const out = start && search.from(start.index).out
  if (!out) return undefined
  const blocks: number[] = []
  const open: Way[] = [out]
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    blocks.push(way.block)
    open.push(...way.next.toReversed())
  }
  const { cycles, swaps, helpers, words } = out
  return { cycles, swaps, helpers, words, blocks, loops: [...search.loops].sort((left, right) => left - right) }
}

/** Cycles of the ways out of a block: the terminator's part for each kind of edge. */
export function exitCycles(graph: FlowGraph, block: BasicBlock): { taken: number; fall: number } {
  const insn = graph.instructions[block.terminator]
  switch (insn?.class) {
    case 'branch': {
      if (insn.condition === 24) return both(takenCycles(BRANCH_CYCLES.unconditional, insn.defer))
      const before = graph.instructions[block.terminator - 1]
      const justSet = insn.condition < 12 && before !== undefined && effectsOf(before).writesFlags
      const bubbles = justSet ? BRANCH_CYCLES.takenAfterFlags : BRANCH_CYCLES.taken
      return { taken: takenCycles(bubbles, insn.defer), fall: BRANCH_CYCLES.notTaken }
    }
    case 'br_bit':
    case 'br_byte':
      return { taken: takenCycles(BRANCH_CYCLES.taken, insn.defer), fall: BRANCH_CYCLES.notTaken }
    case 'br_alu':
      return both(takenCycles(BRANCH_CYCLES.register, insn.defer))
    case 'cmd':
    case 'ctx_arb':
      return both(CONTEXT_SWAP_CYCLES)
    default:
      return both(0)
  }
}

const both = (cycles: number): { taken: number; fall: number } => ({ taken: cycles, fall: cycles })

class Search {
  readonly loops = new Set<number>()
  private readonly graph: FlowGraph
  private readonly weights: Required<PathWeights>
  private readonly blockAt: ReadonlyMap<number, number>
  private readonly known = new Map<number, Ways>()
  private readonly functions = new Set<number>()

  constructor(graph: FlowGraph, weights: PathWeights) {
    this.graph = graph
    this.weights = { memory: weights.memory ?? 0, helper: weights.helper ?? (() => 0) }
    this.blockAt = new Map(graph.blocks.map(({ start, index }) => [start, index]))
  }

  /** Ways from the start of a block, after those of everything it leads to inside the same function. */
  from(entry: number): Ways {
    if (this.functions.has(entry)) {
      // A function that calls itself: no program of BPF does.
      this.loops.add(this.graph.blocks[entry]!.start)
      return NO_WAYS
    }
    this.functions.add(entry)
    for (const block of this.postorder(entry)) this.known.set(block, this.waysOf(this.graph.blocks[block]!))
    this.functions.delete(entry)
    return this.known.get(entry) ?? NO_WAYS
  }

  /** Blocks not known yet, successors first; edges back to a block still open are loops and are left out. */
  private postorder(entry: number): number[] {
    const order: number[] = []
    const open = new Set<number>()
    const done = new Set<number>(this.known.keys())
    const stack: { block: number; next: number }[] = []
    const enter = (block: number): void => {
      if (open.has(block)) this.loops.add(this.graph.blocks[block]!.start)
      if (open.has(block) || done.has(block)) return
      open.add(block)
      stack.push({ block, next: 0 })
    }
    enter(entry)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = this.inner(this.graph.blocks[top.block]!)[top.next++]
      if (edge !== undefined) {
        enter(edge.block)
        continue
      }
      stack.pop()
      open.delete(top.block)
      done.add(top.block)
      order.push(top.block)
    }
    return order
  }

  /** Edges inside the image and the function. */
  private inner(block: BasicBlock): readonly Edge[] {
    return block.edges.filter((edge) => edge.block >= 0 && !(block.exit === 'call' && edge.kind === 'taken'))
  }

  private waysOf(block: BasicBlock): Ways {
    const exits = exitCycles(this.graph, block)
    const body = this.body(block)
    let best: Ways = NO_WAYS
    const offer = (ways: Ways): void => {
      best = { back: dearer(best.back, ways.back), out: dearer(best.out, ways.out) }
    }
    const step = (cycles: number, next: readonly Way[], helpers = 0): Way => ({
      cycles: body + cycles + (helpers > 0 ? this.weights.helper(block.terminator) : 0) + total(next, 'cycles'),
      swaps: (block.exit === 'swap' ? 1 : 0) + total(next, 'swaps'),
      helpers: helpers + total(next, 'helpers'),
      words: block.end - block.start + total(next, 'words'),
      block: block.index,
      next,
    })
    const call = this.graph.calls.get(block.terminator)
    if (block.exit === 'call' && call) return this.callWays(call, (next, helpers) => step(exits.taken, next, helpers))
    if (block.exit === 'indirect') return { back: step(exits.taken, []), out: undefined }
    if (block.exit === 'stop' || block.exit === 'end') return { back: undefined, out: step(exits.taken, []) }
    for (const edge of block.edges) {
      const swap = block.exit === 'swap' ? this.weights.memory : 0
      const cycles = (edge.kind === 'fall' ? exits.fall : exits.taken) + swap
      if (edge.block < 0) {
        offer({ back: undefined, out: step(cycles, []) })
        continue
      }
      const { back, out } = this.known.get(edge.block) ?? NO_WAYS
      offer({ back: back && step(cycles, [back]), out: out && step(cycles, [out]) })
    }
    return best
  }

  /** A call: into the target and, through it, the callee; then on at the return address, unless a part leaves. */
  private callWays(call: Call, step: (next: readonly Way[], helpers: number) => Way): Ways {
    const after = this.known.get(this.blockAt.get(call.returnTo) ?? -1) ?? NO_WAYS
    if (call.target < 0) {
      return { back: after.back && step([after.back], 1), out: after.out && step([after.out], 1) }
    }
    const parts = [call.target, call.through].flatMap((word) => {
      const block = this.blockAt.get(word)
      return block === undefined ? [] : [this.known.get(block) ?? this.from(block)]
    })
    const done: Way[] = []
    let out: Way | undefined
    for (const part of parts) {
      if (part.out) out = dearer(out, step([...done, part.out], 0))
      if (!part.back) return { back: undefined, out }
      done.push(part.back)
    }
    if (after.out) out = dearer(out, step([...done, after.out], 0))
    return { back: after.back && step([...done, after.back], 0), out }
  }

  /** Cycles of a block without its terminator. */
  private body(block: BasicBlock): number {
    let cycles = 0
    for (let word = block.start; word < block.end; word++) {
      if (word !== block.terminator) cycles += cost(this.graph.instructions[word]!).max
    }
    return cycles
  }
}

const dearer = (left: Way | undefined, right: Way | undefined): Way | undefined =>
  left === undefined || (right !== undefined && right.cycles > left.cycles) ? right : left

const total = (ways: readonly Way[], key: 'cycles' | 'swaps' | 'helpers' | 'words'): number =>
  ways.reduce((sum, way) => sum + way[key], 0)
