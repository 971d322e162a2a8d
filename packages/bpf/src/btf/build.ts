/**
 * Builds BTF: types are added one by one and get their ids; `bytes` gives the `.BTF` section,
 * little-endian. Equal types are not merged, except integers and pointers, which repeat most.
 */

import { ByteWriter } from '../byte-writer'
import {
  BTF_KIND,
  BTF_MAGIC,
  type BtfEnumValue,
  type BtfLinkage,
  type BtfMember,
  type BtfParameter,
  type BtfVariable,
} from './types'

const LINKAGE: Readonly<Record<BtfLinkage, number>> = { static: 0, global: 1, extern: 2 }
const ENCODING = { none: 0, signed: 1, char: 2, bool: 4 } as const

export class BtfBuilder {
  private readonly types = new ByteWriter()
  private readonly strings = new ByteWriter()
  private readonly stringOffsets = new Map<string, number>([['', 0]])
  private readonly shared = new Map<string, number>()
  private count = 0

  constructor() {
    this.strings.u8(0)
  }

  /** Offset of a text in the string section; added on first use. */
  string(text: string): number {
    const known = this.stringOffsets.get(text)
    if (known !== undefined) return known
    const offset = this.strings.length
    this.stringOffsets.set(text, offset)
    this.strings.cString(text)
    return offset
  }

  int(name: string, size: number, encoding: keyof typeof ENCODING = 'none', bits = size * 8): number {
    return this.once(`int ${name} ${size} ${encoding} ${bits}`, () => {
      const id = this.head(name, BTF_KIND.INT, 0, size)
      this.types.u32((ENCODING[encoding] << 24) | bits)
      return id
    })
  }

  pointer(type: number): number {
    return this.once(`ptr ${type}`, () => this.head('', BTF_KIND.PTR, 0, type))
  }

  typedef(name: string, type: number): number {
    return this.once(`typedef ${name} ${type}`, () => this.head(name, BTF_KIND.TYPEDEF, 0, type))
  }

  array(type: number, indexType: number, count: number): number {
    return this.once(`array ${type} ${count}`, () => {
      const id = this.head('', BTF_KIND.ARRAY, 0, 0)
      this.types.u32(type)
      this.types.u32(indexType)
      this.types.u32(count)
      return id
    })
  }

  /** A struct or union. Bit fields need `bitSize`; then all offsets are written in the bit-field form. */
  composite(kind: 'struct' | 'union', name: string, size: number, members: readonly BtfMember[]): number {
    const flag = members.some((member) => member.bitSize > 0)
    const id = this.head(name, kind === 'struct' ? BTF_KIND.STRUCT : BTF_KIND.UNION, members.length, size, flag)
    for (const member of members) {
      this.types.u32(this.string(member.name))
      this.types.u32(member.type)
      this.types.u32(flag ? member.bitOffset | (member.bitSize << 24) : member.bitOffset)
    }
    return id
  }

  enumeration(name: string, size: number, signed: boolean, values: readonly BtfEnumValue[]): number {
    const id = this.head(name, size === 8 ? BTF_KIND.ENUM64 : BTF_KIND.ENUM, values.length, size, signed)
    for (const { name: text, value } of values) {
      this.types.u32(this.string(text))
      this.types.u32(Number(value & 0xffffffffn))
      if (size === 8) this.types.u32(Number((value >> 32n) & 0xffffffffn))
    }
    return id
  }

  forward(name: string, isUnion = false): number {
    return this.once(`fwd ${name}`, () => this.head(name, BTF_KIND.FWD, 0, 0, isUnion))
  }

  funcProto(returns: number, parameters: readonly BtfParameter[]): number {
    const id = this.head('', BTF_KIND.FUNC_PROTO, parameters.length, returns)
    for (const { name, type } of parameters) {
      this.types.u32(this.string(name))
      this.types.u32(type)
    }
    return id
  }

  func(name: string, proto: number, linkage: BtfLinkage): number {
    return this.head(name, BTF_KIND.FUNC, LINKAGE[linkage], proto)
  }

  variable(name: string, type: number, linkage: BtfLinkage): number {
    const id = this.head(name, BTF_KIND.VAR, 0, type)
    this.types.u32(LINKAGE[linkage])
    return id
  }

  datasec(name: string, size: number, variables: readonly BtfVariable[]): number {
    const id = this.head(name, BTF_KIND.DATASEC, variables.length, size)
    for (const { type, offset, size: bytes } of variables) {
      this.types.u32(type)
      this.types.u32(offset)
      this.types.u32(bytes)
    }
    return id
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** The `.BTF` section. */
  bytes(): Uint8Array {
    const out = new ByteWriter()
    const types = this.types.bytes()
    const strings = this.strings.bytes()
    out.u16(BTF_MAGIC)
    out.u8(1)
    out.u8(0)
    for (const word of [24, 0, types.length, types.length, strings.length]) out.u32(word)
    out.append(types)
    out.append(strings)
    return out.bytes()
  }

  private once(key: string, add: () => number): number {
    const known = this.shared.get(key)
    if (known !== undefined) return known
    const id = add()
    this.shared.set(key, id)
    return id
  }

  private head(name: string, kind: number, vlen: number, third: number, flag = false): number {
    this.types.u32(this.string(name))
    this.types.u32(((flag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0)
    this.types.u32(third)
    return ++this.count
  }
}
