/**
 * The walk as a tree of stretches: steps in a row without a choice between them. Folding works on branches: of the
 * ways on from a fork the main one (that leads to the refusal, else the one with most steps) stays at its parent's
 * depth, the others begin branches of their own, one deeper. So depth grows with the logarithm of the walk, not with
 * its length. Pure.
 */
import type { PendingBranch, VerifierStep } from '@offload/verifier'

export interface Stretch {
  /** Steps, end exclusive; empty where the branch was not walked: then `insn` says where it would have gone. */
  readonly start: number
  readonly end: number
  readonly insn: number
  /** Index of the stretch that this one continues, -1 for the first. */
  readonly parent: number
  /** The main way on comes last. */
  readonly children: readonly number[]
  /** Steps from here on, those of all branches included. */
  readonly weight: number
  /** Ways that end from here on. */
  readonly paths: number
  /** On the way to the refusal. */
  readonly failing: boolean
  /** Begins a branch that can be folded away. */
  readonly head: boolean
}

export interface WalkTree {
  readonly stretches: readonly Stretch[]
  /** Stretch of a step. */
  readonly stretchOf: Int32Array
}

export interface TreeRow {
  readonly stretch: number
  readonly depth: number
  /** Undefined: nothing hangs on it that could be folded. */
  readonly folded: boolean | undefined
}

interface Building {
  start: number
  end: number
  insn: number
  parent: number
  children: number[]
  weight: number
  paths: number
  failing: boolean
  head: boolean
}

export function buildTree(
  steps: readonly VerifierStep[],
  pending: readonly PendingBranch[],
  rejected: boolean,
): WalkTree {
  const forks = new Int32Array(steps.length)
  for (const { parent } of steps) if (parent >= 0) forks[parent]!++
  for (const { parent } of pending) if (parent >= 0 && parent < steps.length) forks[parent]!++
  const stretchOf = new Int32Array(steps.length)
  const list: Building[] = []
  const begin = (start: number, end: number, insn: number, from: number): void => {
    const parent = from < 0 || from >= steps.length ? -1 : stretchOf[from]!
    const weight = end - start
    list.push({ start, end, insn, parent, children: [], weight, paths: 0, failing: false, head: false })
    if (parent >= 0) list[parent]!.children.push(list.length - 1)
  }
  steps.forEach((step, index) => {
    const goesOn = index > 0 && step.parent === index - 1 && forks[index - 1] === 1
    if (goesOn) list.at(-1)!.end++
    else begin(index, index + 1, step.insn, step.parent)
    if (goesOn) list.at(-1)!.weight++
    stretchOf[index] = list.length - 1
  })
  const walked = list.length
  // The newest branch would have been walked next.
  for (const { insn, parent } of pending.toReversed()) begin(0, 0, insn, parent)

  if (rejected && walked > 0) for (let at = walked - 1; at >= 0; at = list[at]!.parent) list[at]!.failing = true
  // Children have higher numbers than their parents.
  for (let at = list.length - 1; at >= 0; at--) {
    const one = list[at]!
    if (one.children.length === 0) one.paths = 1
    const parent = list[one.parent]
    if (parent === undefined) continue
    parent.weight += one.weight
    parent.paths += one.paths
  }
  for (const one of list) {
    if (one.children.length < 2) continue
    const main = one.children.reduce((best, child) => (outranks(list[child]!, list[best]!) ? child : best))
    one.children = [...one.children.filter((child) => child !== main), main]
    for (const child of one.children) list[child]!.head = child !== main
  }
  return { stretches: list, stretchOf }
}

const outranks = (a: Building, b: Building): boolean => (a.failing === b.failing ? a.weight > b.weight : a.failing)

/** Stretches that a reader of a long walk does not need to see at once: every branch that goes on for more than one. */
export function foldedAtFirst({ stretches }: WalkTree, most = 200): Set<number> {
  if (stretches.length <= most) return new Set()
  return new Set(stretches.flatMap((one, index) => (one.head && one.children.length > 0 ? [index] : [])))
}

/** The rows in sight: top to bottom along the main way, each branch behind the fork it leaves. */
export function rowsOf({ stretches }: WalkTree, folded: ReadonlySet<number>): TreeRow[] {
  const rows: TreeRow[] = []
  const stack: { readonly stretch: number; readonly depth: number }[] = []
  for (let at = stretches.length - 1; at >= 0; at--)
    if (stretches[at]!.parent < 0) stack.push({ stretch: at, depth: 0 })
  while (stack.length > 0) {
    const { stretch, depth } = stack.pop()!
    const { children, head } = stretches[stretch]!
    const isFolded = head && children.length > 0 ? folded.has(stretch) : undefined
    rows.push({ stretch, depth, folded: isFolded })
    if (isFolded === true) continue
    for (let k = children.length - 1; k >= 0; k--) {
      const child = children[k]!
      stack.push({ stretch: child, depth: stretches[child]!.head ? depth + 1 : depth })
    }
  }
  return rows
}

/** Heads of the branches that a stretch lies in: unfold these to see it. */
export function headsAbove({ stretches }: WalkTree, stretch: number): number[] {
  const heads: number[] = []
  // A head that is folded is itself in sight.
  for (let at = stretches[stretch]?.parent ?? -1; at >= 0; at = stretches[at]!.parent)
    if (stretches[at]!.head) heads.push(at)
  // The main way below a head belongs to it: passing through a non-head child does not leave the branch.
  return heads
}

/** `18–21, 41`: instruction numbers of a stretch, runs joined, at most a few. */
export function insnRanges(
  steps: readonly VerifierStep[],
  { start, end, insn }: Stretch,
  wide: (insn: number) => boolean,
): string {
  if (start === end) return String(insn)
  const ranges: string[] = []
  let first = steps[start]!.insn
  let last = first
  const flush = (): void => void ranges.push(first === last ? String(first) : `${first}–${last}`)
  for (let at = start + 1; at < end; at++) {
    const next = steps[at]!.insn
    if (next === last + (wide(last) ? 2 : 1)) last = next
    else {
      flush()
      first = next
      last = next
      if (ranges.length > 3) return `${ranges.slice(0, 2).join(', ')}, …, ${steps[end - 1]!.insn}`
    }
  }
  flush()
  return ranges.join(', ')
}
