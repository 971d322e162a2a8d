/** What one instruction changed in the abstract state, in a few words or in the kernel's notation. Pure. */
import { explainValue, valueFields, valueKind } from '@offload/verifier'
import type { Notation } from '../stores/notes'

export const valueText = (value: string, notation: Notation): string =>
  notation === 'kernel' ? value : explainValue(value)

export interface Change {
  /** `R1`, `fp-8`. */
  readonly name: string
  readonly before: string | undefined
  readonly after: string | undefined
}

type Values = ReadonlyMap<string, string>

/** Everything that differs, in the order of the state after; what is no longer known comes last. */
export function changesBetween(before: Values, after: Values): Change[] {
  const changes: Change[] = []
  for (const [name, value] of after)
    if (before.get(name) !== value) changes.push({ name, before: before.get(name), after: value })
  for (const [name, value] of before) if (!after.has(name)) changes.push({ name, before: value, after: undefined })
  return changes
}

/** Bytes of the packet that may be read from a pointer on. */
export function provenBytes(value: string): number | undefined {
  if (valueKind(value) !== 'pkt') return undefined
  const fields = valueFields(value)
  return Math.max(0, Number(fields.get('r') ?? 0) - Number(fields.get('off') ?? 0))
}

/** The change that a line's end shows: what the instruction set, else what it told about another value. */
export function changeText(before: Values, after: Values, writes: number, notation: Notation): string | undefined {
  const changes = changesBetween(before, after)
  const sets = ({ name }: Change): boolean => /^R\d+$/.test(name) && ((writes >> Number(name.slice(1))) & 1) !== 0
  const set = changes.find((change) => change.after !== undefined && sets(change))
  const proofs = changes.filter(
    ({ before: old, after: now }) =>
      old !== undefined &&
      now !== undefined &&
      (provenBytes(now) ?? 0) > (provenBytes(old) ?? Number.POSITIVE_INFINITY),
  )
  const furthest = proofs.toSorted((a, b) => provenBytes(b.after!)! - provenBytes(a.after!)!)[0]
  const shown = set ?? furthest ?? changes.find((change) => change.after !== undefined)
  if (shown?.after === undefined) return undefined
  const name = shown.name.toLowerCase()
  if (set === undefined && shown === furthest && notation === 'words')
    return `${provenBytes(shown.after)} B proven from ${name}`
  return `${name}: ${valueText(shown.after, notation)}`
}
