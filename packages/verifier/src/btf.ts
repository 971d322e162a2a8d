/**
 * The little of BTF that the verifier asks of a program: names and linkage of its functions, kinds of their arguments.
 * Not the BTF library: that is in the bpf package. Layout follows object-formats.md, section BTF.
 */

export interface FuncInfo {
  /** First instruction. */
  readonly insn: number
  readonly typeId: number
}

export interface BtfType {
  readonly kind: number
  readonly name: string
  readonly vlen: number
  readonly sizeOrType: number
  /** Parameters of a prototype: type ids. */
  readonly params: readonly number[]
}

export interface Btf {
  readonly types: readonly BtfType[]
}

export const KIND_INT = 1
export const KIND_PTR = 2
export const KIND_STRUCT = 4
export const KIND_ENUM = 6
export const KIND_FUNC_PROTO = 13
export const KIND_ENUM64 = 19

/** Bytes behind the 12-byte head of each type, by kind. */
function tailSize(kind: number, vlen: number): number {
  switch (kind) {
    case 1:
    case 14:
    case 17:
      return 4
    case 3:
      return 12
    case 4:
    case 5:
    case 15:
    case 19:
      return 12 * vlen
    case 6:
    case 13:
      return 8 * vlen
    default:
      return 0
  }
}

/** Reads the type section; undefined where the blob is not BTF. */
export function parseBtf(bytes: Uint8Array): Btf | undefined {
  if (bytes.length < 24) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0, true) !== 0xeb9f) return undefined
  const head = view.getUint32(4, true)
  const typesAt = head + view.getUint32(8, true)
  const typesEnd = typesAt + view.getUint32(12, true)
  const stringsAt = head + view.getUint32(16, true)
  if (typesEnd > bytes.length || stringsAt > bytes.length) return undefined
  const nameAt = (off: number): string => {
    let end = stringsAt + off
    while (end < bytes.length && bytes[end] !== 0) end++
    return String.fromCharCode(...bytes.subarray(stringsAt + off, end))
  }
  const types: BtfType[] = [{ kind: 0, name: 'void', vlen: 0, sizeOrType: 0, params: [] }]
  for (let at = typesAt; at + 12 <= typesEnd;) {
    const info = view.getUint32(at + 4, true)
    const kind = (info >>> 24) & 31
    const vlen = info & 0xffff
    const tail = tailSize(kind, vlen)
    if (at + 12 + tail > bytes.length) return undefined
    const params: number[] = []
    if (kind === KIND_FUNC_PROTO) for (let k = 0; k < vlen; k++) params.push(view.getUint32(at + 16 + 8 * k, true))
    types.push({ kind, name: nameAt(view.getUint32(at, true)), vlen, sizeOrType: view.getUint32(at + 8, true), params })
    at += 12 + tail
  }
  return { types }
}

/** Records of func_info: 8 bytes each, instruction offset and type id. */
export function parseFuncInfo(bytes: Uint8Array): FuncInfo[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const list: FuncInfo[] = []
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    list.push({ insn: view.getUint32(at, true), typeId: view.getUint32(at + 4, true) })
  }
  return list
}

/** Resolves typedefs and qualifiers. */
export function strip(btf: Btf, id: number): BtfType {
  let type = btf.types[id] ?? btf.types[0]!
  for (let depth = 0; depth < 32 && [8, 9, 10, 11, 18].includes(type.kind); depth++) {
    type = btf.types[type.sizeOrType] ?? btf.types[0]!
  }
  return type
}
