/**
 * Order and nesting of blocks: dominators, which blocks are loop headers, where paths meet, and whether every loop has one
 * entry (the graph is reducible). Blocks are numbered in reverse postorder, as flow-graph.ts gives them, so an edge goes
 * back exactly when its target is not behind its source. Dominators after Cooper, Harvey and Kennedy.
 */
import type { FlowGraph } from './flow-graph'

export interface LoopStructure {
  readonly reducible: boolean
  readonly hasLoop: boolean
  readonly loopHeader: readonly boolean[]
  /** More than one forward edge goes here. */
  readonly merge: readonly boolean[]
  /** Blocks whose immediate dominator this is and that are merge blocks, the last in order first. */
  readonly mergeChildren: readonly (readonly number[])[]
}

export function loopStructure({ blocks }: FlowGraph): LoopStructure {
  const predecessors: number[][] = blocks.map(() => [])
  blocks.forEach(({ successors }, index) => {
    for (const next of successors) if (next >= 0) predecessors[next]!.push(index)
  })
  const dominator = dominators(predecessors)
  const dominates = (above: number, block: number): boolean => {
    let at = block
    while (at > above) at = dominator[at]!
    return at === above
  }
  const loopHeader = blocks.map((_, index) => predecessors[index]!.some((from) => from >= index))
  const merge = blocks.map((_, index) => predecessors[index]!.filter((from) => from < index).length > 1)
  const reducible = blocks.every((_, index) =>
    predecessors[index]!.every((from) => from < index || dominates(index, from)),
  )
  const mergeChildren: number[][] = blocks.map(() => [])
  for (let index = blocks.length - 1; index > 0; index--)
    if (merge[index]) mergeChildren[dominator[index]!]!.push(index)
  return { reducible, hasLoop: loopHeader.includes(true), loopHeader, merge, mergeChildren }
}

function dominators(predecessors: readonly (readonly number[])[]): Int32Array {
  const dominator = new Int32Array(predecessors.length).fill(-1)
  dominator[0] = 0
  for (let changed = true; changed;) {
    changed = false
    for (let index = 1; index < predecessors.length; index++) {
      let common = -1
      for (const from of predecessors[index]!) {
        if (dominator[from]! < 0) continue
        let [a, b] = [from, common < 0 ? from : common]
        while (a !== b) {
          if (a > b) a = dominator[a]!
          else b = dominator[b]!
        }
        common = a
      }
      if (common >= 0 && common !== dominator[index]) {
        dominator[index] = common
        changed = true
      }
    }
  }
  return dominator
}
