/**
 * How far an access goes, and how far it may go: the two numbers behind most refusals, as bytes counted from the
 * pointer. Read from the recorded state before the refused instruction; only loads and stores have it.
 */
import { accessSize, type Insns } from './insns'
import { splitState, valueFields, valueKind } from './state-words'

export interface Reach {
  /** Register that the access goes through, `r7`. */
  readonly base: string
  readonly kind: 'packet' | 'map value' | 'memory'
  /** Bytes from the pointer on that may be used: proven by a check, or what is left of the value. */
  readonly allowed: number
  /** First and last byte of the access; where the pointer may have moved, the furthest. */
  readonly first: number
  readonly last: number
  readonly writes: boolean
}

const KINDS: Readonly<Record<string, Reach['kind']>> = {
  pkt: 'packet',
  pkt_meta: 'packet',
  map_value: 'map value',
  mem: 'memory',
}

/** The reach of instruction `insn` in `state`; undefined where it is no access, or stays within what is allowed. */
export function reachOf(insns: Insns, insn: number, state: string): Reach | undefined {
  const cls = insns.op[insn]! & 7
  if (cls < 1 || cls > 3) return undefined
  const base = cls === 1 ? insns.src[insn]! : insns.dst[insn]!
  const value = splitState(state).find(({ name }) => name === `R${base}`)?.value ?? ''
  const kind = KINDS[valueKind(value)]
  if (kind === undefined) return undefined
  const fields = valueFields(value)
  const number = (name: string): number => Number(fields.get(name) ?? 0)
  const off = number('off')
  // A packet pointer's range begins where its variable part ends; a value's does not.
  const moved = kind === 'packet' ? 0 : Number(fields.get('umax') ?? fields.get('smax') ?? fields.get('imm') ?? 0)
  const size = kind === 'packet' ? number('r') : number(kind === 'map value' ? 'vs' : 'sz')
  const first = insns.off[insn]! + moved
  const last = first + accessSize(insns.op[insn]!) - 1
  const allowed = Math.max(0, size - off)
  if (!Number.isSafeInteger(last) || (first >= 0 && last < allowed)) return undefined
  return { base: `r${base}`, kind, allowed, first, last, writes: cls !== 1 }
}

const span = (first: number, last: number): string => (first === last ? `byte ${first}` : `bytes ${first} to ${last}`)

/** Goes on after the instruction: "reads bytes 6 to 7 after r7, but only 5 bytes (0 to 4) are proven". */
export function reachWords({ base, kind, allowed, first, last, writes }: Reach): string {
  const does = writes ? 'writes' : 'reads'
  if (kind === 'packet') {
    if (allowed === 0) return `${does} ${span(first, last)} after ${base}, but no check has proven any byte there`
    const proven = allowed === 1 ? '1 byte (byte 0) is' : `${allowed} bytes (0 to ${allowed - 1}) are`
    return `${does} ${span(first, last)} after ${base}, but only ${proven} proven`
  }
  const what = kind === 'memory' ? 'memory' : 'map value'
  if (first < 0) return `${does} ${span(first, last)} of the ${what} in ${base}, before its beginning`
  return `${does} up to byte ${last} from ${base}, but the ${what} ends ${allowed === 0 ? 'there' : `after byte ${allowed - 1}`}`
}
