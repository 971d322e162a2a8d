/**
 * Data types as the assembler's directives write them: `u32`, `be16 port`, `mac[4]`, struct bodies.
 * What is written here is read back by assembler/types.ts to the same type.
 */

import { alignOf, sizeOf } from './data-type'
import type { DataType } from './program'

type StructType = Extract<DataType, { kind: 'struct' }>

/** A type by name, with its format: `u32 hex`, `u8[16] hex`, `ipv4`, `counter`. */
export function typeText(type: DataType): string {
  const counts: number[] = []
  let base = type
  let format = ''
  while (base.kind === 'array' && aliasOf(base) === undefined) {
    if (base.format !== undefined && counts.length === 0) format = ` ${base.format}`
    counts.push(base.count)
    base = base.of
  }
  let name = aliasOf(base)
  if (name === undefined && base.kind === 'struct') name = base.name === '' ? bodyText(base) : base.name
  if (name === undefined && base.kind === 'int') {
    name =
      base.bigEndian === true && base.size > 1 ? `be${base.size * 8}` : `${base.signed ? 's' : 'u'}${base.size * 8}`
    if (base.format !== undefined) name += counts.length > 0 ? `:${base.format}` : ` ${base.format}`
    if (base.bits !== undefined) name += ` bits ${base.bits.offset} ${base.bits.size}`
  }
  return `${name}${counts.map((count) => `[${count}]`).join('')}${format}`
}

function aliasOf(type: DataType): string | undefined {
  if (type.kind === 'int') {
    if (type.signed) return undefined
    const { format, size } = type
    if (type.bigEndian === true) {
      if (format === 'ipv4' && size === 4) return 'ipv4'
      if ((format === 'port' || format === 'ethertype') && size === 2) return format
    } else if (format === 'ipproto' && size === 1) return 'ipproto'
    return undefined
  }
  if (
    type.kind !== 'array' ||
    type.of.kind !== 'int' ||
    type.of.size !== 1 ||
    type.of.signed ||
    type.of.format !== undefined
  )
    return undefined
  if (type.format === 'mac' && type.count === 6) return 'mac'
  if (type.format === 'ipv6' && type.count === 16) return 'ipv6'
  return undefined
}

/** Struct types that a type needs, inner ones first, each once. */
export function structsOf(type: DataType): StructType[] {
  const found = new Set<StructType>()
  collectStructs(type, found)
  return [...found]
}

function collectStructs(type: DataType, found: Set<StructType>): void {
  if (type.kind === 'array') return collectStructs(type.of, found)
  if (type.kind === 'int' || found.has(type)) return
  for (const field of type.fields) collectStructs(field.type, found)
  found.add(type)
}

/** The `.struct` directive of a type. */
export function structText(type: StructType): string {
  return `.struct ${type.name} ${bodyText(type)}`
}

/** `{ field type; … }`; places are written only where C would choose others. */
function bodyText(type: StructType): string {
  let end = 0
  let alignment = 1
  const fields = type.fields.map((field) => {
    const align = alignOf(field.type)
    const natural = Math.ceil(end / align) * align
    end = Math.max(end, field.offset + sizeOf(field.type))
    alignment = Math.max(alignment, align)
    return `${field.name === '' ? '_' : field.name} ${typeText(field.type)}${natural === field.offset ? '' : ` @${field.offset}`}`
  })
  const size = Math.ceil(end / alignment) * alignment === type.size ? '' : `size ${type.size} `
  return `${size}{ ${fields.join('; ')}${fields.length > 0 ? ' ' : ''}}`
}
