/**
 * BTF types to the data types that maps are shown by, and back. Typedef names give hints how a number
 * reads best (`__be32`, `__be16`, six bytes called `mac`).
 */

import { isReasonable, sizeOf } from '../data-type'
import type { DataField, DataType } from '../program'
import type { BtfBuilder } from './build'
import { type Btf, type BtfMember, skipModifiers } from './types'

const MAX_DEPTH = 16
/** Parts of a type that are looked at: damaged BTF can hold a struct that contains itself twice. */
const MAX_PARTS = 20_000

interface Budget {
  left: number
}

/** The data type of a BTF type, or undefined where a value of it cannot be shown. `hint`: the field's name. */
export function dataTypeOf(btf: Btf, id: number, hint = ''): DataType | undefined {
  const type = convert(btf, id, hint, 0, { left: MAX_PARTS })
  return type !== undefined && isReasonable(type) ? type : undefined
}

function convert(btf: Btf, id: number, hint: string, depth: number, budget: Budget): DataType | undefined {
  if (depth > MAX_DEPTH || --budget.left < 0) return undefined
  const bigEndian = isBigEndianTypedef(btf, id)
  const { type } = skipModifiers(btf, id)
  switch (type.kind) {
    case 'int': {
      const size = wholeSize(type.size)
      if (size === undefined) return type.size === 16 ? bytesOf(16) : undefined
      return {
        kind: 'int',
        size,
        signed: type.encoding === 'signed' || type.encoding === 'char',
        ...(type.encoding === 'bool'
          ? { encoding: 'bool' as const }
          : type.encoding === 'char' || type.name === 'char'
            ? { encoding: 'char' as const }
            : {}),
        ...(bigEndian ? { bigEndian: true, ...addressFormat(size, hint) } : {}),
      }
    }
    case 'enum': {
      const size = wholeSize(type.size)
      return (
        size && {
          kind: 'int',
          size,
          signed: type.signed,
          encoding: 'enum',
          names: type.values.map(({ name, value }) => [name, size === 8 ? value : Number(value)] as const),
        }
      )
    }
    case 'ptr':
      return { kind: 'int', size: 8, signed: false, format: 'hex', encoding: 'pointer' }
    case 'float': {
      const size = wholeSize(type.size)
      return size && { kind: 'int', size, signed: false, format: 'hex', encoding: 'float' }
    }
    case 'array': {
      const of = convert(btf, type.type, '', depth + 1, budget)
      if (of === undefined) return undefined
      const isMac = type.count === 6 && of.kind === 'int' && of.size === 1 && /mac|addr|source|dest|h_/i.test(hint)
      return { kind: 'array', of, count: type.count, ...(isMac ? { format: 'mac' as const } : {}) }
    }
    case 'struct':
    case 'union': {
      const fields: DataField[] = []
      for (const member of type.members) {
        const field = memberField(btf, member, depth, budget)
        if (field === undefined) return undefined
        fields.push(field)
      }
      return { kind: 'struct', name: type.name, size: type.size, fields }
    }
    default:
      return undefined
  }
}

function memberField(btf: Btf, member: BtfMember, depth: number, budget: Budget): DataField | undefined {
  const type = convert(btf, member.type, member.name, depth + 1, budget)
  if (type === undefined) return undefined
  const base = skipModifiers(btf, member.type).type
  // Before clang 9 a bit field had a base type of its own, with its width in the type.
  const width = member.bitSize > 0 ? member.bitSize : base.kind === 'int' && base.bits < base.size * 8 ? base.bits : 0
  if (width === 0 || type.kind !== 'int') return { name: member.name, offset: member.bitOffset >> 3, type }
  const unit = type.size * 8
  const offset = Math.floor(member.bitOffset / unit) * type.size
  return { name: member.name, offset, type: { ...type, bits: { offset: member.bitOffset - offset * 8, size: width } } }
}

function bytesOf(count: number): DataType {
  return { kind: 'array', of: { kind: 'int', size: 1, signed: false }, count, format: 'hex' }
}

function wholeSize(size: number): 1 | 2 | 4 | 8 | undefined {
  return size === 1 || size === 2 || size === 4 || size === 8 ? size : undefined
}

function isBigEndianTypedef(btf: Btf, id: number): boolean {
  let at = id
  for (let steps = 0; steps < MAX_DEPTH; steps++) {
    const type = btf.types[at]
    if (type === undefined) return false
    if (type.kind === 'typedef' && /^_*be(16|32|64)$/.test(type.name)) return true
    if (type.kind !== 'typedef' && type.kind !== 'const' && type.kind !== 'volatile') return false
    at = type.type
  }
  return false
}

function addressFormat(size: number, hint: string): { format?: 'ipv4' | 'port' | 'ethertype' } {
  if (size === 4 && /addr|ip|src|dst/i.test(hint)) return { format: 'ipv4' }
  if (size === 2 && /port|source|dest/i.test(hint)) return { format: 'port' }
  if (size === 2 && /proto/i.test(hint)) return { format: 'ethertype' }
  return {}
}

const INT_NAMES: Readonly<Record<string, string>> = {
  u1: 'unsigned char',
  u2: 'unsigned short',
  u4: 'unsigned int',
  u8: 'unsigned long long',
  s1: 'signed char',
  s2: 'short',
  s4: 'int',
  s8: 'long long',
}

/** Adds a data type to BTF; gives its id. Types keep their byte order by the kernel's typedef names. */
export function addDataType(builder: BtfBuilder, type: DataType, seen: Map<DataType, number> = new Map()): number {
  const known = seen.get(type)
  if (known !== undefined) return known
  const id = add(builder, type, seen)
  seen.set(type, id)
  return id
}

function add(builder: BtfBuilder, type: DataType, seen: Map<DataType, number>): number {
  switch (type.kind) {
    case 'int':
      return addInt(builder, type)
    case 'array':
      return builder.array(addDataType(builder, type.of, seen), builder.int('__ARRAY_SIZE_TYPE__', 4), type.count)
    case 'struct': {
      const members = type.fields.map((field): BtfMember => {
        const bits = field.type.kind === 'int' ? field.type.bits : undefined
        return {
          name: identifier(field.name),
          type: addDataType(builder, field.type, seen),
          bitOffset: field.offset * 8 + (bits?.offset ?? 0),
          bitSize: bits?.size ?? 0,
        }
      })
      const overlaps = members.some(
        (member, i) =>
          i > 0 &&
          member.bitOffset < members[i - 1]!.bitOffset + 8 * sizeOf(type.fields[i - 1]!.type) &&
          member.bitSize === 0,
      )
      return builder.composite(
        overlaps && members.every((member) => member.bitOffset === 0) ? 'union' : 'struct',
        identifier(type.name),
        type.size,
        members,
      )
    }
  }
}

/** The kernel takes C identifiers only. */
function identifier(name: string): string {
  return name.replace(/\W/g, '_').replace(/^(?=\d)/, '_')
}

function addInt(builder: BtfBuilder, type: Extract<DataType, { kind: 'int' }>): number {
  if (type.names !== undefined) {
    return builder.enumeration(
      '',
      type.size,
      type.signed,
      type.names.map(([name, value]) => ({ name, value: BigInt(value) })),
    )
  }
  if (type.encoding === 'pointer') return builder.pointer(0)
  if (type.encoding === 'bool') return builder.int('_Bool', type.size, 'bool')
  if (type.encoding === 'char') return builder.int('char', type.size, 'signed')
  const base = builder.int(
    INT_NAMES[`${type.signed ? 's' : 'u'}${type.size}`]!,
    type.size,
    type.signed ? 'signed' : 'none',
  )
  return type.bigEndian === true && type.size > 1 ? builder.typedef(`__be${type.size * 8}`, base) : base
}
