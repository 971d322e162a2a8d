/** Keys of *Verifier*: there the step keys walk the verifier instead of the card. */
import { useView } from '../stores/view'
import type { WalkMove } from '../stores/walk'
import type { Shortcut } from './shortcuts'

const MOVES: readonly (readonly [key: string, move: WalkMove, does: string])[] = [
  ['.', 'next', 'next step of the walk'],
  [',', 'previous', 'previous step of the walk'],
  ['>', 'next-branch', 'next fork of the walk'],
  ['<', 'previous-branch', 'previous fork of the walk'],
  ['Home', 'first', 'first step of the walk'],
  ['End', 'last', 'last step, where a refusal is'],
]

export const WALK_SHORTCUTS: readonly Shortcut[] = MOVES.map(([key, move, does]) => ({
  keys: key,
  does: `in Verifier: ${does}`,
  where: 'view',
  matches: (event) =>
    event.key === key && !event.ctrlKey && !event.metaKey && !event.altKey && useView.getState().layout === 'verifier',
  // The walk is no part of the shell; in *Verifier* it has been fetched.
  act: () => void import('../stores/walk').then(({ moveInWalk }) => moveInWalk(move)),
}))
