/**
 * Reads and lays out data types in a source text: `u32`, `be16 port`, `u8[6] mac`, `ipv4`, struct names.
 * Layout of structs as in C on a 64-bit machine; `@offset` places a field by hand.
 */

import type { DataField, DataType, IntFormat } from '../program'
import { alignOf, isReasonable, sizeOf } from '../data-type'
import { type Lexer, TOKEN } from './lexer'

type IntType = Extract<DataType, { kind: 'int' }>

function int(size: 1 | 2 | 4 | 8, signed: boolean, more: Partial<IntType> = {}): DataType {
  return { kind: 'int', size, signed, ...more }
}

const BYTE = int(1, false)

/** Types with a name of their own. */
export const BUILTIN_TYPES: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ['u8', int(1, false)],
  ['u16', int(2, false)],
  ['u32', int(4, false)],
  ['u64', int(8, false)],
  ['s8', int(1, true)],
  ['s16', int(2, true)],
  ['s32', int(4, true)],
  ['s64', int(8, true)],
  ['be16', int(2, false, { bigEndian: true })],
  ['be32', int(4, false, { bigEndian: true })],
  ['be64', int(8, false, { bigEndian: true })],
  ['ipv4', int(4, false, { bigEndian: true, format: 'ipv4' })],
  ['port', int(2, false, { bigEndian: true, format: 'port' })],
  ['ethertype', int(2, false, { bigEndian: true, format: 'ethertype' })],
  ['ipproto', int(1, false, { format: 'ipproto' })],
  ['mac', { kind: 'array', of: BYTE, count: 6, format: 'mac' }],
  ['ipv6', { kind: 'array', of: BYTE, count: 16, format: 'ipv6' }],
])

const INT_FORMATS: readonly string[] = ['dec', 'hex', 'ipv4', 'port', 'ethertype', 'ipproto']
const ARRAY_FORMATS: readonly string[] = ['mac', 'ipv6', 'hex']
export const TYPE_FORMATS: readonly string[] = [...new Set([...INT_FORMATS, ...ARRAY_FORMATS])]

/** Largest type that may be declared, in bytes: the largest map value of the kernel is smaller. */
const MAX_TYPE_SIZE = 1 << 28

export interface TypeReading {
  readonly type: DataType
  /** Token behind the type. */
  readonly end: number
}

/** A failure: the token and what is wrong with it. */
export interface TypeFailure {
  readonly at: number
  readonly unknown: boolean
  readonly reason: string
}

/**
 * Reads `name[:format][count]… [format]` from token `at`; the first format is the element's, the second the
 * array's. An integer may be a bit field: `bits OFFSET WIDTH`.
 */
export function readType(
  lexer: Lexer,
  at: number,
  lookup: (name: string) => DataType | undefined,
): TypeReading | TypeFailure {
  let type = lexer.kinds[at] === TOKEN.NAME ? lookup(lexer.textOf(at)) : undefined
  if (type === undefined) return { at, unknown: lexer.kinds[at] === TOKEN.NAME, reason: 'a type is needed' }
  let end = at + 1
  if (lexer.textOf(end) === ':') {
    const formatted = withFormat(type, lexer.textOf(end + 1))
    if (formatted === undefined) return { at: end + 1, unknown: false, reason: 'a format is needed' }
    type = formatted
    end += 2
  }
  return readSuffix(lexer, at, end, type)
}

/** Reads what may follow a type from token `end`: dimensions, a format, the place of a bit field. `at` is blamed. */
export function readSuffix(lexer: Lexer, at: number, from: number, base: DataType): TypeReading | TypeFailure {
  let end = from
  let type = base
  const counts: number[] = []
  while (lexer.textOf(end) === '[') {
    const count = lexer.values[end + 1]!
    if (lexer.kinds[end + 1] !== TOKEN.NUMBER || !(count >= 0 && count <= MAX_TYPE_SIZE))
      return { at: end + 1, unknown: false, reason: 'a number of elements is needed' }
    if (lexer.textOf(end + 2) !== ']') return { at: end + 2, unknown: false, reason: '`]` is needed' }
    counts.push(count)
    end += 3
    if (counts.length > 8) return { at: end, unknown: false, reason: 'an array has too many dimensions' }
  }
  for (const count of counts.toReversed()) type = { kind: 'array', of: type, count }
  if (!isReasonable(type)) return { at, unknown: false, reason: 'the type is nested too deep or has too many parts' }
  if (sizeOf(type) > MAX_TYPE_SIZE) return { at, unknown: false, reason: 'the type is too large' }
  const formatted = lexer.kinds[end] === TOKEN.NAME ? withFormat(type, lexer.textOf(end)) : undefined
  if (formatted !== undefined) {
    type = formatted
    end++
  }
  if (type.kind !== 'int' || lexer.textOf(end) !== 'bits') return { type, end }
  const offset = lexer.values[end + 1]!
  const size = lexer.values[end + 2]!
  const isPlace = lexer.kinds[end + 1] === TOKEN.NUMBER && lexer.kinds[end + 2] === TOKEN.NUMBER
  if (!isPlace || size < 1 || offset + size > type.size * 8)
    return { at: end, unknown: false, reason: '`bits OFFSET WIDTH` inside the type is needed' }
  return { type: { ...type, bits: { offset, size } }, end: end + 3 }
}

/** The type with a format, or undefined when the word is no format for it. */
function withFormat(type: DataType, word: string): DataType | undefined {
  if (type.kind === 'int' && INT_FORMATS.includes(word)) return { ...type, format: word as IntFormat }
  if (type.kind === 'array' && ARRAY_FORMATS.includes(word)) return { ...type, format: word as 'mac' | 'ipv6' | 'hex' }
  return undefined
}

/** A field before it has a place. */
export interface FieldDraft {
  readonly name: string
  readonly type: DataType
  readonly offset?: number
}

/** Lays fields out as C does; `size` sets the size by hand. Undefined when that is too small. */
export function layoutStruct(name: string, drafts: readonly FieldDraft[], size?: number): DataType | undefined {
  let end = 0
  let alignment = 1
  const fields: DataField[] = []
  for (const { name: field, type, offset } of drafts) {
    const align = alignOf(type)
    const at = offset ?? roundUp(end, align)
    fields.push({ name: field, offset: at, type })
    end = Math.max(end, at + sizeOf(type))
    alignment = Math.max(alignment, align)
  }
  if (size !== undefined && !(size >= end && size <= MAX_TYPE_SIZE)) return undefined
  return { kind: 'struct', name, size: size ?? roundUp(end, alignment), fields }
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to
}
