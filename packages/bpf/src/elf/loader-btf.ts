/**
 * What a loader changes in an object's BTF before the kernel gets it: sizes and offsets of data sections,
 * which clang leaves zero, and extern functions and variables. object-formats.md, section 7.3.
 */

import { BTF_KIND } from '../btf/types'
import { ByteReader } from '../byte-reader'
import type { ElfFile, ElfSection } from './file'

/** Bytes behind the 12 of a type's head, by kind: a fixed part and one for each of vlen entries. */
const BODY: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  [BTF_KIND.INT]: [4, 0],
  [BTF_KIND.ARRAY]: [12, 0],
  [BTF_KIND.STRUCT]: [0, 12],
  [BTF_KIND.UNION]: [0, 12],
  [BTF_KIND.ENUM]: [0, 8],
  [BTF_KIND.FUNC_PROTO]: [0, 8],
  [BTF_KIND.VAR]: [4, 0],
  [BTF_KIND.DATASEC]: [0, 12],
  [BTF_KIND.DECL_TAG]: [4, 0],
  [BTF_KIND.ENUM64]: [0, 12],
}
const EXTERN = 2
const GLOBAL = 1

/** A copy of a `.BTF` section (read without errors before, little-endian) as the kernel takes it. */
export function loaderBtf(file: ElfFile, section: ElfSection): Uint8Array {
  const out = section.data.slice()
  const view = new DataView(out.buffer)
  const reader = new ByteReader(out, true)
  const base = reader.u32(4)
  const end = base + reader.u32(8) + reader.u32(12)
  const strings = base + reader.u32(16)
  const nameAt = (at: number) => reader.cString(strings + reader.u32(at))
  const variables = ['']
  for (let at = base + reader.u32(8); at + 12 <= end;) {
    const info = reader.u32(at + 4)
    const kind = (info >>> 24) & 31
    const count = info & 0xffff
    const [fixed, each] = BODY[kind] ?? [0, 0]
    variables.push(kind === BTF_KIND.VAR ? nameAt(at) : '')
    if (kind === BTF_KIND.FUNC && count === EXTERN) view.setUint32(at + 4, (info & ~0xffff) | GLOBAL, true)
    if (kind === BTF_KIND.VAR && reader.u32(at + 12) === EXTERN) view.setUint32(at + 12, GLOBAL, true)
    if (kind === BTF_KIND.DATASEC) fixDataSection(file, view, at, count, nameAt(at), variables)
    at += 12 + fixed + each * count
  }
  return out
}

function fixDataSection(
  file: ElfFile,
  view: DataView,
  at: number,
  count: number,
  name: string,
  variables: readonly string[],
): void {
  const section = file.sections.find((candidate) => candidate.name === name)
  if (section === undefined) return
  const places = new Map(
    file.symbols.filter((symbol) => symbol.section === section.index).map((symbol) => [symbol.name, symbol.value]),
  )
  const entries = Array.from({ length: count }, (_, i) => {
    const from = at + 12 + i * 12
    const type = view.getUint32(from, true)
    return {
      type,
      offset: places.get(variables[type] ?? '') ?? view.getUint32(from + 4, true),
      size: view.getUint32(from + 8, true),
    }
  }).sort((a, b) => a.offset - b.offset)
  view.setUint32(at + 8, section.size, true)
  entries.forEach(({ type, offset, size }, i) => {
    const from = at + 12 + i * 12
    view.setUint32(from, type, true)
    view.setUint32(from + 4, offset, true)
    view.setUint32(from + 8, size, true)
  })
}
