/** BTF in memory: one object a type, as object-formats.md, section 7, describes the records. Type 0 is void. */

export interface BtfMember {
  readonly name: string
  readonly type: number
  /** From the start of the struct, in bits. */
  readonly bitOffset: number
  /** Width of a bit field; 0 for an ordinary member. */
  readonly bitSize: number
}

export interface BtfEnumValue {
  readonly name: string
  readonly value: bigint
}

export interface BtfParameter {
  readonly name: string
  readonly type: number
}

export interface BtfVariable {
  readonly type: number
  readonly offset: number
  readonly size: number
}

export type BtfLinkage = 'static' | 'global' | 'extern'

/** Kinds that only point to another type. */
export type BtfReferenceKind = 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag'

export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int'
      readonly name: string
      readonly size: number
      readonly encoding: 'none' | 'signed' | 'char' | 'bool'
      readonly bitOffset: number
      readonly bits: number
    }
  | { readonly kind: BtfReferenceKind; readonly name: string; readonly type: number }
  | { readonly kind: 'array'; readonly type: number; readonly indexType: number; readonly count: number }
  | {
      readonly kind: 'struct' | 'union'
      readonly name: string
      readonly size: number
      readonly members: readonly BtfMember[]
    }
  | {
      readonly kind: 'enum'
      readonly name: string
      readonly size: number
      readonly signed: boolean
      readonly values: readonly BtfEnumValue[]
    }
  | { readonly kind: 'fwd'; readonly name: string; readonly isUnion: boolean }
  | { readonly kind: 'func'; readonly name: string; readonly type: number; readonly linkage: BtfLinkage }
  | { readonly kind: 'func_proto'; readonly returns: number; readonly parameters: readonly BtfParameter[] }
  | { readonly kind: 'var'; readonly name: string; readonly type: number; readonly linkage: BtfLinkage }
  | {
      readonly kind: 'datasec'
      readonly name: string
      readonly size: number
      readonly variables: readonly BtfVariable[]
    }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  | { readonly kind: 'decl_tag'; readonly name: string; readonly type: number; readonly component: number }

export interface Btf {
  /** Index = type id. */
  readonly types: readonly BtfType[]
  /** Text at an offset of the string section; empty where there is none. */
  readonly stringAt: (offset: number) => string
}

/** Kind numbers of the format. An enum of 64 bits has a number of its own. */
export const BTF_KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const

export const BTF_MAGIC = 0xeb9f

/** Longest chain of typedefs, modifiers and arrays that is followed. */
const MAX_CHAIN = 32

/** The type behind typedefs and modifiers, with its id; void when the chain leads nowhere. */
export function skipModifiers(btf: Btf, id: number): { readonly id: number; readonly type: BtfType } {
  let at = id
  for (let steps = 0; steps < MAX_CHAIN; steps++) {
    const type = btf.types[at]
    if (type === undefined) break
    switch (type.kind) {
      case 'typedef':
      case 'volatile':
      case 'const':
      case 'restrict':
      case 'type_tag':
        at = type.type
        break
      default:
        return { id: at, type }
    }
  }
  return { id: 0, type: { kind: 'void' } }
}

/** Size of a type in bytes, or undefined for what has none (functions, void, endless chains). */
export function btfSize(btf: Btf, id: number, depth = 0): number | undefined {
  if (depth > MAX_CHAIN) return undefined
  const { type } = skipModifiers(btf, id)
  switch (type.kind) {
    case 'int':
    case 'struct':
    case 'union':
    case 'enum':
    case 'float':
    case 'datasec':
      return type.size
    case 'ptr':
      return 8
    case 'array': {
      const element = btfSize(btf, type.type, depth + 1)
      return element === undefined ? undefined : element * type.count
    }
    case 'var':
      return btfSize(btf, type.type, depth + 1)
    default:
      return undefined
  }
}
