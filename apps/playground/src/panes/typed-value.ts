/**
 * Map bytes for tables: the typed values of `@offload/bpf` over the hex strings in which maps travel. A key or value
 * without a declared type is one field of raw bytes.
 */
import { flattenFields, formatValue, parseField as parseTyped, readInt } from '@offload/bpf'
import type { DataType, FlatField } from '@offload/bpf'

export interface Column extends FlatField {
  /** Heading: the field's path, or the given name when the type itself is one value. */
  readonly name: string
}

export type Parsed = { readonly ok: true; readonly hex: string } | { readonly ok: false; readonly error: string }

export function columnsOf(type: DataType | undefined, size: number, name: string): Column[] {
  const shown: DataType = type ?? {
    kind: 'array',
    of: { kind: 'int', size: 1, signed: false },
    count: size,
    format: 'hex',
  }
  return flattenFields(shown).map((field) => ({ ...field, name: field.path === '' ? name : field.path }))
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function isNumber(column: Column): boolean {
  return column.type.kind === 'int'
}

/** The field as a number; 0 for what is none. */
export function numberAt(hex: string, column: Column): bigint {
  return column.type.kind === 'int' ? readInt(bytesOf(hex), column.type, column.offset) : 0n
}

export function formatField(hex: string, column: Column): string {
  return formatValue(bytesOf(hex), column.type, column.offset)
}

/** The whole value with one field replaced by what somebody typed. */
export function editField(hex: string, column: Column, text: string): Parsed {
  const trimmed = text.replaceAll('\u202f', '').trim()
  if (trimmed === '') return { ok: false, error: `${column.name} is empty. Write a value, or press Escape.` }
  const parsed = parseTyped(trimmed, column, bytesOf(hex))
  return parsed.ok
    ? { ok: true, hex: hexOf(parsed.bytes) }
    : { ok: false, error: `${column.name}: “${trimmed}” cannot be written, ${parsed.error}.` }
}
