/**
 * The instructions behind a refusal: where the values in question came from and which checks told something about
 * them, followed back along the one path that was refused. Works on recorded steps; a check counts only where it
 * changed what is known of a followed value.
 */
import type { ProgType } from '@offload/bpf'
import type { VerifierStep } from './api'
import type { Insns } from './insns'
import { explainValue, splitState, valueFields, valueKind } from './state-words'
import { useDefOf } from './use-def'

export interface SliceLine {
  readonly insn: number
  /** Index of the visit in the recorded steps; -1 where the walk did not get so far. */
  readonly step: number
  readonly role: 'refused' | 'value' | 'check' | 'call'
  /** What the instruction has to do with it, in a few words. */
  readonly text: string
}

/** More lines would not be read. */
const MOST_LINES = 24
const NUMBERED = 0x3ff
const R0 = 1
const ARGUMENTS = 0x3e

type Values = ReadonlyMap<string, string>
const valuesOf = (state: string): Values => new Map(splitState(state).map(({ name, value }) => [name, value]))
const list = (set: number): number[] => Array.from({ length: 10 }, (_, n) => n).filter((n) => ((set >> n) & 1) !== 0)

/** Slot of a load or store that goes through r10 itself. */
function stackSlot(insns: Insns, i: number): number | undefined {
  const cls = insns.op[i]! & 7
  if (cls === 1 && insns.src[i] === 10) return Math.floor(insns.off[i]! / 8)
  if ((cls === 2 || cls === 3) && insns.dst[i] === 10) return Math.floor(insns.off[i]! / 8)
  return undefined
}

/** The slice of step `at`, nearest lines only, in the order of the path; the refused instruction last. */
export function sliceOf(
  insns: Insns,
  progType: ProgType,
  steps: readonly VerifierStep[],
  at: number,
  error: string,
  refusal: string,
): SliceLine[] {
  const { insn } = steps[at]!
  const found = new Map<number, SliceLine>([[insn, { insn, step: at, role: 'refused', text: refusal }]])
  const add = (step: number, role: SliceLine['role'], text: string): void => {
    const line = { insn: steps[step]!.insn, step, role, text }
    if (!found.has(line.insn)) found.set(line.insn, line)
  }
  const named = [...error.matchAll(/\bR(\d+)\b/g)].reduce((set, match) => set | (1 << Number(match[1])), 0)
  let wanted = (named !== 0 ? named : useDefOf(insns, insn, progType).reads) & NUMBERED
  let frame = steps[at]!.frame
  /** What the callers are asked for while a callee is passed backwards. */
  const callers: number[] = []
  const slots = new Set<string>()
  const slotKey = (slot: number): string => `${frame}:${slot}`

  for (let next = at, k = steps[at]!.parent; k >= 0 && found.size < MOST_LINES; next = k, k = steps[k]!.parent) {
    const step = steps[k]!
    const i = step.insn
    if (step.frame > frame) {
      // Backwards into a callee: its r0 is the caller's, its other registers are its own.
      callers.push(wanted & ~R0)
      if ((wanted & R0) !== 0) add(k, 'call', 'returns this value')
      wanted &= R0
      frame = step.frame
      continue
    }
    if (step.frame < frame) {
      if ((wanted & ARGUMENTS) !== 0) add(k, 'call', `passes ${names(wanted & ARGUMENTS)}`)
      wanted = (wanted & ARGUMENTS) | (callers.pop() ?? 0)
      frame = step.frame
      continue
    }
    if (wanted === 0 && slots.size === 0) {
      if (callers.length === 0) break
      continue
    }
    const { reads, writes } = useDefOf(insns, i, progType)
    const uses = reads & NUMBERED
    const slot = stackSlot(insns, i)
    const isStore = slot !== undefined && (insns.op[i]! & 7) !== 1
    if (isStore && slots.has(slotKey(slot))) {
      slots.delete(slotKey(slot))
      add(k, 'value', uses === 0 ? 'stores it on the stack' : `keeps ${names(uses)} on the stack`)
      wanted |= uses
    } else if ((writes & wanted) !== 0) {
      const hit = writes & wanted
      wanted &= ~writes
      if (insns.op[i] === 0x85) {
        add(k, 'call', callText(hit, valuesOf(steps[next]!.state)))
        continue
      }
      const before = valuesOf(step.state)
      const after = valuesOf(steps[next]!.state)
      const register = list(hit)[0]!
      if (slot !== undefined) {
        slots.add(slotKey(slot))
        add(k, 'value', `takes r${register} back from the stack`)
        continue
      }
      const text = after.get(`R${register}`)
      if (startsProofAnew(text, before.get(`R${register}`))) {
        add(k, 'value', `moves r${register} by a variable: what was proven counts no more`)
        continue
      }
      add(k, 'value', text === undefined ? `sets r${register}` : `r${register}: ${explainValue(text)}`)
      wanted |= uses & ~contexts(before)
    } else if (insns.isConditional(i)) {
      const text = checkText(wanted, valuesOf(step.state), valuesOf(steps[next]!.state))
      if (text === undefined) continue
      add(k, 'check', text)
      wanted |= uses & ~contexts(valuesOf(step.state))
    }
  }
  return [...found.values()].toSorted((a, b) => a.step - b.step)
}

const names = (set: number): string =>
  list(set)
    .map((n) => `r${n}`)
    .join(', ')

/** Registers whose origin tells nothing: the context and the packet's end are what they are. */
function contexts(values: Values): number {
  let set = 0
  for (const [name, value] of values)
    if (/^R\d$/.test(name) && ['ctx', 'pkt_end'].includes(valueKind(value))) set |= 1 << Number(name.slice(1))
  return set
}

function startsProofAnew(after: string | undefined, before: string | undefined): boolean {
  if (after === undefined || before === undefined) return false
  if (valueKind(after) !== 'pkt' || valueKind(before) !== 'pkt') return false
  const [now, then] = [valueFields(after), valueFields(before)]
  return now.get('id') !== undefined && now.get('id') !== then.get('id') && Number(now.get('r') ?? 0) === 0
}

function callText(hit: number, after: Values): string {
  if ((hit & R0) === 0) return `forgets ${names(hit)}, as every call does`
  const value = after.get('R0')
  return value === undefined ? 'its result in r0' : `r0: ${explainValue(value)}`
}

/** What a branch told about the followed registers on this path; undefined: nothing. */
function checkText(wanted: number, before: Values, after: Values): string | undefined {
  for (const n of list(wanted)) {
    const name = `R${n}`
    const [old, now] = [before.get(name), after.get(name)]
    if (old === undefined || now === undefined || old === now) continue
    if (valueKind(now) === 'pkt') {
      const proven = (value: string): number => {
        const fields = valueFields(value)
        return Number(fields.get('r') ?? 0) - Number(fields.get('off') ?? 0)
      }
      if (proven(now) === proven(old)) continue
      return `proves ${Math.max(0, proven(now))} B from r${n} on`
    }
    if (valueKind(old).endsWith('_or_null'))
      return valueKind(now).endsWith('_or_null') ? undefined : `r${n}: ${explainValue(now)} from here on`
    if (explainValue(old) === explainValue(now)) continue
    return `r${n}: ${explainValue(now)} from here on`
  }
  return undefined
}
