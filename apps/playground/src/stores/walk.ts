/**
 * Where the visitor stands in the verifier's walk. Stepping is like a debugger's: one step,
 * to the next fork, to the failure. A place holds until another verdict comes or something else is pinned.
 */
import { create } from 'zustand'
import { pin, shownOf, useLink, useShown } from '../link/service'
import type { Target } from '../link/tables'
import { Walk } from '../panes/walk'
import { useVerdict } from './verdict'
import type { Judged } from './verdict'

interface WalkState {
  readonly picked: { readonly judged: Judged | undefined; readonly pinned: Target | undefined; readonly step: number }
}

export const useWalk = create<WalkState>(() => ({ picked: { judged: undefined, pinned: undefined, step: 0 } }))

const cache = new WeakMap<Judged, Walk>()

/** The walk of a verdict; the same object each time it is asked. Undefined where the kernel did not walk. */
export function walkOf(judged: Judged | undefined): Walk | undefined {
  const { kernel, program } = judged?.compilation ?? {}
  if (judged === undefined || program === undefined || kernel?.steps === undefined || kernel.steps.length === 0)
    return undefined
  const known = cache.get(judged)
  if (known !== undefined) return known
  const made = new Walk(kernel, program)
  cache.set(judged, made)
  return made
}

function stepNow(judged: Judged | undefined, pinned: Target | undefined, picked: WalkState['picked']): number {
  const walk = walkOf(judged)
  if (walk === undefined) return 0
  if (picked.judged === judged && picked.pinned === pinned) return picked.step
  if (pinned?.space === 'insn') {
    const found = walk.steps.findLastIndex((step) => step.insn === pinned.start && step.covered !== true)
    if (found >= 0) return found
  }
  return walk.rejected ? walk.steps.length - 1 : 0
}

/** The walk on show and the step in it. */
export function useWalkStep(): { readonly walk: Walk | undefined; readonly step: number } {
  const { judged } = useShown()
  const pinned = useLink((state) => state.pin)
  const picked = useWalk((state) => state.picked)
  return { walk: walkOf(judged), step: stepNow(judged, pinned, picked) }
}

/** The same, asked once. */
export function walkNow(): {
  readonly judged: Judged | undefined
  readonly walk: Walk | undefined
  readonly step: number
} {
  const { last, good } = useVerdict.getState()
  const judged = shownOf(last, good)
  return { judged, walk: walkOf(judged), step: stepNow(judged, useLink.getState().pin, useWalk.getState().picked) }
}

/** Go to a step; its instruction is pinned in all panes. */
export function goToStep(index: number): void {
  const { judged, walk } = walkNow()
  if (walk === undefined) return
  const step = Math.max(0, Math.min(walk.steps.length - 1, index))
  const { insn } = walk.steps[step]!
  const pinned = useLink.getState().pin
  if (pinned?.space !== 'insn' || pinned.start !== insn) pin({ space: 'insn', start: insn, end: insn + 1 })
  useWalk.setState({ picked: { judged, pinned: useLink.getState().pin, step } })
}

export type WalkMove = 'next' | 'previous' | 'next-branch' | 'previous-branch' | 'first' | 'last'

/** Move through the walk like a debugger. */
export function moveInWalk(move: WalkMove): void {
  const { walk, step } = walkNow()
  if (walk === undefined) return
  goToStep(stepAfterMove(walk, step, move))
}

export function stepAfterMove(walk: Walk, step: number, move: WalkMove): number {
  const { stretches, stretchOf } = walk.tree
  switch (move) {
    case 'next':
      return step + 1
    case 'previous':
      return step - 1
    case 'first':
      return 0
    case 'last':
      return walk.steps.length - 1
    case 'next-branch':
      return stretches[stretchOf[step]!]!.end
    case 'previous-branch': {
      const { start } = stretches[stretchOf[step]!]!
      return start < step ? start : stretches[stretchOf[Math.max(0, start - 1)]!]!.start
    }
  }
}
