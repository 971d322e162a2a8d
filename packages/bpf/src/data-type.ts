/**
 * Typed values: sizes of data types, and bytes to text or JSON and back. Little-endian unless a type says
 * `bigEndian`. Used by the map table, the console and map directives; knows nothing of BTF (see btf/).
 */

import type { DataType } from './program'

/** Size in bytes. */
export function sizeOf(type: DataType): number {
  switch (type.kind) {
    case 'int':
    case 'struct':
      return type.size
    case 'array':
      return type.count * sizeOf(type.of)
  }
}

/** Alignment in C. */
export function alignOf(type: DataType): number {
  switch (type.kind) {
    case 'int':
      return type.size
    case 'array':
      return alignOf(type.of)
    case 'struct':
      return type.fields.reduce((most, field) => Math.max(most, alignOf(field.type)), 1)
  }
}
