/** What each instruction changed in the abstract state, for the ends of lines: on the way to a step, else on its first visit. Pure. */
import type { Notation } from '../stores/notes'
import { changeText } from './step-change'
import type { Walk } from './walk'

/** Programs beyond this have notes only on the way to the step. */
const MOST_NOTES = 5000

export function stateNotes(walk: Walk, step: number, notation: Notation): ReadonlyMap<number, string> {
  const notes = new Map<number, string>()
  const note = (insn: number, at: number, next: number | undefined): void => {
    if (next === undefined || notes.size > MOST_NOTES) return
    if (walk.steps[at]!.frame !== walk.steps[next]!.frame) return
    const text = changeText(walk.valuesAt(at), walk.valuesAt(next), walk.useDef(insn).writes, notation)
    if (text !== undefined) notes.set(insn, text)
  }
  const path = walk.pathTo(step)
  for (const [insn, { at, next }] of path) note(insn, at, next ?? walk.after(at))
  for (const [insn, at] of walk.firstVisits) if (!path.has(insn)) note(insn, at, walk.after(at))
  return notes
}
