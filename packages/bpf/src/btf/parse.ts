/**
 * Reads a `.BTF` section in either byte order. Every length, count and offset is checked against the
 * bytes; ids are checked against the number of types. Facts: object-formats.md, section 7.
 */

import { ByteReader } from '../byte-reader'
import { BTF_KIND, BTF_MAGIC, type Btf, type BtfLinkage, type BtfType } from './types'

export type BtfResult = { readonly ok: true; readonly btf: Btf } | { readonly ok: false; readonly error: string }

/** More types than any object has; the kernel's own BTF has about 150,000. */
const MAX_TYPES = 200_000
/** Longest text that is read: a source line in `.BTF.ext`. */
const MAX_STRING = 512

const LINKAGE: readonly BtfLinkage[] = ['static', 'global', 'extern']

class BtfError extends Error {}

/** Reads a whole BTF blob. */
export function parseBtf(bytes: Uint8Array): BtfResult {
  try {
    return { ok: true, btf: readBtf(bytes) }
  } catch (error) {
    if (error instanceof BtfError || error instanceof RangeError) return { ok: false, error: error.message }
    throw error
  }
}

function readBtf(bytes: Uint8Array): Btf {
  const fail = (message: string): never => {
    throw new BtfError(message)
  }
  if (bytes.length < 24) fail('BTF is shorter than its header')
  const little = bytes[0] === 0x9f && bytes[1] === 0xeb
  const reader = new ByteReader(bytes, little)
  if (reader.u16(0) !== BTF_MAGIC) fail('BTF has a wrong magic number')
  if (reader.u8(2) !== 1) fail(`BTF version ${reader.u8(2)} is unknown`)
  const base = reader.u32(4)
  const typesFrom = base + reader.u32(8)
  const typesEnd = typesFrom + reader.u32(12)
  const stringsFrom = base + reader.u32(16)
  const stringsEnd = stringsFrom + reader.u32(20)
  if (base < 24 || base > bytes.length) fail('BTF header length is wrong')
  if (typesEnd > bytes.length || stringsEnd > bytes.length) fail('BTF is cut off')
  const stringAt = (offset: number): string => {
    if (offset === 0 || stringsFrom + offset >= stringsEnd) return ''
    return reader.cString(stringsFrom + offset, stringsEnd, MAX_STRING)
  }
  const types: BtfType[] = [{ kind: 'void' }]
  let at = typesFrom
  while (at + 12 <= typesEnd) {
    if (types.length > MAX_TYPES) fail('BTF has too many types')
    const [type, size] = readType(reader, at, typesEnd, stringAt)
    types.push(type)
    at += size
  }
  if (at !== typesEnd) fail('BTF types are cut off')
  types.forEach((type, id) => {
    for (const other of referencesOf(type))
      if (other >= types.length) fail(`BTF type ${id} refers to type ${other}, which is not there`)
  })
  return { types, stringAt }
}

function readType(
  reader: ByteReader,
  at: number,
  end: number,
  stringAt: (offset: number) => string,
): [type: BtfType, size: number] {
  const nameOffset = reader.u32(at)
  const info = reader.u32(at + 4)
  const third = reader.u32(at + 8)
  const count = info & 0xffff
  const kind = (info >>> 24) & 0x1f
  const flag = info >>> 31 === 1
  const name = stringAt(nameOffset)
  const body = at + 12
  const need = (each: number, times = 1): number => {
    if (body + each * times > end) throw new BtfError(`BTF type at byte ${at} is cut off`)
    return 12 + each * times
  }
  const rows = <T>(each: number, read: (from: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => read(body + i * each))
  switch (kind) {
    case BTF_KIND.INT: {
      const size = need(4)
      const data = reader.u32(body)
      const encoding = (data >>> 24) & 15
      return [
        {
          kind: 'int',
          name,
          size: third,
          encoding: encoding & 1 ? 'signed' : encoding & 2 ? 'char' : encoding & 4 ? 'bool' : 'none',
          bitOffset: (data >>> 16) & 255,
          bits: data & 255,
        },
        size,
      ]
    }
    case BTF_KIND.PTR:
      return [{ kind: 'ptr', name, type: third }, 12]
    case BTF_KIND.TYPEDEF:
      return [{ kind: 'typedef', name, type: third }, 12]
    case BTF_KIND.VOLATILE:
      return [{ kind: 'volatile', name, type: third }, 12]
    case BTF_KIND.CONST:
      return [{ kind: 'const', name, type: third }, 12]
    case BTF_KIND.RESTRICT:
      return [{ kind: 'restrict', name, type: third }, 12]
    case BTF_KIND.TYPE_TAG:
      return [{ kind: 'type_tag', name, type: third }, 12]
    case BTF_KIND.ARRAY:
      return [
        { kind: 'array', type: reader.u32(body), indexType: reader.u32(body + 4), count: reader.u32(body + 8) },
        need(12),
      ]
    case BTF_KIND.STRUCT:
    case BTF_KIND.UNION: {
      const size = need(12, count)
      const members = rows(12, (from) => {
        const place = reader.u32(from + 8)
        return {
          name: stringAt(reader.u32(from)),
          type: reader.u32(from + 4),
          bitOffset: flag ? place & 0xffffff : place,
          bitSize: flag ? place >>> 24 : 0,
        }
      })
      return [{ kind: kind === BTF_KIND.STRUCT ? 'struct' : 'union', name, size: third, members }, size]
    }
    case BTF_KIND.ENUM: {
      const size = need(8, count)
      const values = rows(8, (from) => ({
        name: stringAt(reader.u32(from)),
        value: BigInt(flag ? reader.i32(from + 4) : reader.u32(from + 4)),
      }))
      return [{ kind: 'enum', name, size: third, signed: flag, values }, size]
    }
    case BTF_KIND.ENUM64: {
      const size = need(12, count)
      const values = rows(12, (from) => {
        const value = (BigInt(reader.u32(from + 8)) << 32n) | BigInt(reader.u32(from + 4))
        return { name: stringAt(reader.u32(from)), value: flag ? BigInt.asIntN(64, value) : value }
      })
      return [{ kind: 'enum', name, size: third, signed: flag, values }, size]
    }
    case BTF_KIND.FWD:
      return [{ kind: 'fwd', name, isUnion: flag }, 12]
    case BTF_KIND.FUNC:
      return [{ kind: 'func', name, type: third, linkage: LINKAGE[count] ?? 'static' }, 12]
    case BTF_KIND.FUNC_PROTO: {
      const size = need(8, count)
      return [
        {
          kind: 'func_proto',
          returns: third,
          parameters: rows(8, (from) => ({ name: stringAt(reader.u32(from)), type: reader.u32(from + 4) })),
        },
        size,
      ]
    }
    case BTF_KIND.VAR: {
      const size = need(4)
      return [{ kind: 'var', name, type: third, linkage: LINKAGE[reader.u32(body)] ?? 'static' }, size]
    }
    case BTF_KIND.DATASEC: {
      const size = need(12, count)
      return [
        {
          kind: 'datasec',
          name,
          size: third,
          variables: rows(12, (from) => ({
            type: reader.u32(from),
            offset: reader.u32(from + 4),
            size: reader.u32(from + 8),
          })),
        },
        size,
      ]
    }
    case BTF_KIND.FLOAT:
      return [{ kind: 'float', name, size: third }, 12]
    case BTF_KIND.DECL_TAG: {
      const size = need(4)
      return [{ kind: 'decl_tag', name, type: third, component: reader.i32(body) }, size]
    }
    default:
      throw new BtfError(`BTF type at byte ${at} has the unknown kind ${kind}`)
  }
}

function referencesOf(type: BtfType): number[] {
  switch (type.kind) {
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
    case 'func':
    case 'var':
    case 'decl_tag':
      return [type.type]
    case 'array':
      return [type.type, type.indexType]
    case 'struct':
    case 'union':
      return type.members.map((member) => member.type)
    case 'func_proto':
      return [type.returns, ...type.parameters.map((parameter) => parameter.type)]
    case 'datasec':
      return type.variables.map((variable) => variable.type)
    case 'void':
    case 'int':
    case 'enum':
    case 'fwd':
    case 'float':
      return []
  }
}
