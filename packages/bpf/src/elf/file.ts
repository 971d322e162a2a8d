/**
 * Reads the frame of an ELF64 object: sections, symbols, relocations, in either byte order. Knows nothing
 * of BPF beyond the machine number. object-formats.md, section 1. Throws RangeError on damaged files.
 */

import { ByteReader } from '../byte-reader'

export interface ElfSection {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly size: number
  readonly link: number
  readonly info: number
  readonly entrySize: number
  /** File bytes; empty for NOBITS. */
  readonly data: Uint8Array
}

export type SymbolType = 'notype' | 'object' | 'func' | 'section' | 'file' | 'other'

export interface ElfSymbol {
  readonly index: number
  readonly name: string
  readonly value: number
  readonly size: number
  readonly type: SymbolType
  readonly global: boolean
  readonly hidden: boolean
  /** Index of its section; 0 = undefined. */
  readonly section: number
}

export interface ElfRelocation {
  readonly offset: number
  readonly type: number
  readonly symbol: ElfSymbol
}

export interface ElfFile {
  readonly little: boolean
  readonly sections: readonly ElfSection[]
  readonly symbols: readonly ElfSymbol[]
  /** Relocations by index of the section they apply to. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>
}

export const SECTION = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, NOBITS: 8, REL: 9, RELA: 4 } as const
export const FLAG = { WRITE: 1, ALLOC: 2, EXEC: 4, MERGE: 16, STRINGS: 32 } as const
export const EM_BPF = 247

const SYMBOL_TYPES: readonly SymbolType[] = ['notype', 'object', 'func', 'section', 'file']
const MAX_SECTIONS = 4096
const MAX_SYMBOLS = 100_000

/** Whether bytes begin like an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
}

/** Reads an object; the message of a RangeError says what is wrong. */
export function readElf(bytes: Uint8Array): ElfFile {
  if (!isElf(bytes)) throw new RangeError('this is no ELF file')
  if (bytes.length < 64) throw new RangeError('the file is shorter than an ELF header')
  if (bytes[4] !== 2) throw new RangeError('this is a 32-bit object; BPF objects are 64-bit')
  if (bytes[5] !== 1 && bytes[5] !== 2) throw new RangeError(`the byte order ${bytes[5]} is unknown`)
  const little = bytes[5] === 1
  const reader = new ByteReader(bytes, little)
  const type = reader.u16(16)
  const machine = reader.u16(18)
  if (machine !== EM_BPF && machine !== 0)
    throw new RangeError(`this object is for machine ${machine}, not for BPF (${EM_BPF})`)
  if (type !== 1) throw new RangeError(`this is ELF type ${type}, not a relocatable object`)
  const sections = readSections(reader)
  const symbols = readSymbols(reader.little, sections)
  return { little, sections, symbols, relocations: readRelocations(reader.little, sections, symbols) }
}

function readSections(reader: ByteReader): ElfSection[] {
  const table = reader.u64(40)
  const entry = reader.u16(58)
  const count = reader.u16(60)
  const namesIndex = reader.u16(62)
  if (count > MAX_SECTIONS) throw new RangeError(`the file has ${count} sections`)
  if (count > 0 && entry < 64) throw new RangeError(`section headers have ${entry} bytes`)
  if (table + count * entry > reader.bytes.length)
    throw new RangeError('truncated object: the section headers are outside the file')
  const raw = Array.from({ length: count }, (_, index) => {
    const at = table + index * entry
    const kind = reader.u32(at + 4)
    const offset = reader.u64(at + 24)
    const size = reader.u64(at + 32)
    const stored = kind === SECTION.NOBITS || kind === 0 ? 0 : size
    if (stored > 0 && offset + stored > reader.bytes.length)
      throw new RangeError(`truncated object: section ${index} is outside the file`)
    return {
      index,
      nameOffset: reader.u32(at),
      type: kind,
      flags: reader.u64(at + 8),
      size,
      link: reader.u32(at + 40),
      info: reader.u32(at + 44),
      entrySize: reader.u64(at + 56),
      data: stored > 0 ? reader.slice(offset, stored) : new Uint8Array(0),
    }
  })
  const names = raw[namesIndex]?.data ?? new Uint8Array(0)
  const nameReader = new ByteReader(names, reader.little)
  return raw.map(({ nameOffset, ...section }) => ({ ...section, name: nameReader.cString(nameOffset) }))
}

function readSymbols(little: boolean, sections: readonly ElfSection[]): ElfSymbol[] {
  const table = sections.find(({ type }) => type === SECTION.SYMTAB)
  if (table === undefined) return []
  const reader = new ByteReader(table.data, little)
  const names = new ByteReader(sections[table.link]?.data ?? new Uint8Array(0), little)
  const count = Math.floor(table.data.length / 24)
  if (count > MAX_SYMBOLS) throw new RangeError(`the file has ${count} symbols`)
  return Array.from({ length: count }, (_, index) => {
    const at = index * 24
    const info = reader.u8(at + 4)
    const section = reader.u16(at + 6)
    return {
      index,
      name: names.cString(reader.u32(at)),
      value: reader.u64(at + 8),
      size: reader.u64(at + 16),
      type: SYMBOL_TYPES[info & 15] ?? 'other',
      global: info >> 4 !== 0,
      hidden: (reader.u8(at + 5) & 3) === 2,
      section: section < sections.length ? section : 0,
    }
  })
}

function readRelocations(
  little: boolean,
  sections: readonly ElfSection[],
  symbols: readonly ElfSymbol[],
): Map<number, ElfRelocation[]> {
  const out = new Map<number, ElfRelocation[]>()
  for (const section of sections) {
    if (section.type === SECTION.RELA && sections[section.info]?.name.startsWith('.debug') === false)
      throw new RangeError(`section ${section.name} has relocations with addends, which BPF objects do not have`)
    if (section.type !== SECTION.REL) continue
    if (section.entrySize !== 16 && section.entrySize !== 0)
      throw new RangeError(`section ${section.name} has entries of ${section.entrySize} bytes`)
    const reader = new ByteReader(section.data, little)
    const list = out.get(section.info) ?? []
    for (let at = 0; at + 16 <= section.data.length; at += 16) {
      const offset = reader.u64(at)
      // The info word is two halves in the order of the file: type below, symbol above.
      const type = reader.u32(little ? at + 8 : at + 12)
      const number = reader.u32(little ? at + 12 : at + 8)
      const symbol = symbols[number]
      if (symbol === undefined)
        throw new RangeError(`section ${section.name} names symbol ${number}, which is not there`)
      list.push({ offset, type, symbol })
    }
    out.set(section.info, list)
  }
  return out
}

/** The name of a section symbol is that of its section. */
export function symbolName(file: ElfFile, symbol: ElfSymbol): string {
  return symbol.name !== '' ? symbol.name : (file.sections[symbol.section]?.name ?? '')
}
