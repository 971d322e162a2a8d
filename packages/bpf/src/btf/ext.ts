/**
 * Reads `.BTF.ext`: which function begins where and which source line an instruction came from.
 * Offsets are given in instructions from the start of their section. object-formats.md, section 8.
 */

import { ByteReader } from '../byte-reader'
import { type Btf, BTF_MAGIC } from './types'

export interface FuncInfo {
  readonly insn: number
  /** BTF id of the FUNC. */
  readonly type: number
}

export interface LineInfo {
  readonly insn: number
  readonly file: string
  readonly text: string
  readonly line: number
  readonly column: number
}

/** Records by code section, in the order of the code. */
export interface BtfExt {
  readonly functions: ReadonlyMap<string, readonly FuncInfo[]>
  readonly lines: ReadonlyMap<string, readonly LineInfo[]>
}

const MAX_RECORDS = 100_000

/** Throws a RangeError where the bytes are cut off or damaged. */
export function parseBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  const little = bytes[0] === 0x9f && bytes[1] === 0xeb
  const reader = new ByteReader(bytes, little)
  if (reader.u16(0) !== BTF_MAGIC) throw new RangeError('.BTF.ext has a wrong magic number')
  const base = reader.u32(4)
  return {
    functions: readPart(reader, base + reader.u32(8), reader.u32(12), 8, btf, (at) => ({
      insn: reader.u32(at) >>> 3,
      type: reader.u32(at + 4),
    })),
    lines: readPart(reader, base + reader.u32(16), reader.u32(20), 16, btf, (at) => {
      const place = reader.u32(at + 12)
      return {
        insn: reader.u32(at) >>> 3,
        file: btf.stringAt(reader.u32(at + 4)),
        text: btf.stringAt(reader.u32(at + 8)),
        line: place >>> 10,
        column: place & 0x3ff,
      }
    }),
  }
}

function readPart<T extends { readonly insn: number }>(
  reader: ByteReader,
  start: number,
  length: number,
  least: number,
  btf: Btf,
  read: (at: number) => T,
): Map<string, T[]> {
  const sections = new Map<string, T[]>()
  if (length === 0) return sections
  const end = start + length
  if (end > reader.bytes.length) throw new RangeError('.BTF.ext is cut off')
  const size = reader.u32(start)
  if (size < least) throw new RangeError(`.BTF.ext has records of ${size} bytes`)
  let total = 0
  let at = start + 4
  while (at + 8 <= end) {
    const name = btf.stringAt(reader.u32(at))
    const count = reader.u32(at + 4)
    at += 8
    total += count
    if (at + count * size > end || total > MAX_RECORDS) throw new RangeError('.BTF.ext has more records than bytes')
    const records = sections.get(name) ?? []
    for (let i = 0; i < count; i++) records.push(read(at + i * size))
    sections.set(name, records)
    at += count * size
  }
  for (const records of sections.values()) records.sort((a, b) => a.insn - b.insn)
  return sections
}
