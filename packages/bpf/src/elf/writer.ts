/**
 * Writes an ELF64 relocatable object for BPF, little-endian: sections, symbols, relocations without
 * addends. Knows nothing of what the sections mean. object-formats.md, section 1.
 */

import { ByteWriter } from '../byte-writer'
import { EM_BPF, SECTION } from './file'

export interface NewSection {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly align: number
  readonly data: Uint8Array
}

export interface NewSymbol {
  readonly name: string
  readonly value: number
  readonly size: number
  readonly type: 'object' | 'func' | 'section'
  readonly global: boolean
  /** Index that `addSection` gave. */
  readonly section: number
}

export interface NewRelocation {
  readonly offset: number
  readonly type: number
  /** Index that `addSymbol` gave. */
  readonly symbol: number
}

const SYMBOL_TYPE = { object: 1, func: 2, section: 3 } as const

export class ElfWriter {
  private readonly sections: NewSection[] = []
  private readonly symbols: NewSymbol[] = []
  private readonly relocations = new Map<number, NewRelocation[]>()

  addSection(section: NewSection): number {
    this.sections.push(section)
    return this.sections.length - 1
  }

  addSymbol(symbol: NewSymbol): number {
    this.symbols.push(symbol)
    return this.symbols.length - 1
  }

  relocate(section: number, relocation: NewRelocation): void {
    const list = this.relocations.get(section) ?? []
    list.push(relocation)
    this.relocations.set(section, list)
  }

  bytes(): Uint8Array {
    // Local symbols come first; numbers in the file start behind the empty symbol 0.
    const order = [...this.symbols.keys()].sort(
      (a, b) => Number(this.symbols[a]!.global) - Number(this.symbols[b]!.global),
    )
    const numberOf = new Map(order.map((symbol, i) => [symbol, i + 1]))
    const strings = new StringTable()
    const symtab = new ByteWriter()
    symtab.append(new Uint8Array(24))
    for (const index of order) {
      const symbol = this.symbols[index]!
      symtab.u32(strings.add(symbol.name))
      symtab.u8(((symbol.global ? 1 : 0) << 4) | SYMBOL_TYPE[symbol.type])
      symtab.u8(0)
      symtab.u16(symbol.section + 1)
      symtab.u64(symbol.value)
      symtab.u64(symbol.size)
    }
    const relSections = [...this.relocations]
    const symtabIndex = this.sections.length + relSections.length + 1
    const all: (NewSection & { link: number; info: number; entry: number })[] = [
      ...this.sections.map((section) => ({ ...section, link: 0, info: 0, entry: 0 })),
      ...relSections.map(([section, list]) => {
        const data = new ByteWriter()
        for (const { offset, type, symbol } of list) {
          data.u64(offset)
          data.u32(type)
          data.u32(numberOf.get(symbol)!)
        }
        return {
          name: `.rel${this.sections[section]!.name}`,
          type: SECTION.REL,
          flags: 0x40,
          align: 8,
          data: data.bytes(),
          link: symtabIndex,
          info: section + 1,
          entry: 16,
        }
      }),
      {
        name: '.symtab',
        type: SECTION.SYMTAB,
        flags: 0,
        align: 8,
        data: symtab.bytes(),
        link: symtabIndex + 1,
        info: 1 + this.symbols.filter(({ global }) => !global).length,
        entry: 24,
      },
    ]
    const names = all.map(({ name }) => strings.add(name))
    const ownName = strings.add('.strtab')
    all.push({
      name: '.strtab',
      type: SECTION.STRTAB,
      flags: 0,
      align: 1,
      data: strings.bytes(),
      link: 0,
      info: 0,
      entry: 0,
    })
    names.push(ownName)
    return writeFile(all, names)
  }
}

class StringTable {
  private readonly writer = new ByteWriter()
  private readonly offsets = new Map<string, number>()

  constructor() {
    this.writer.u8(0)
  }

  add(text: string): number {
    if (text === '') return 0
    const known = this.offsets.get(text)
    if (known !== undefined) return known
    const offset = this.writer.length
    this.offsets.set(text, offset)
    this.writer.cString(text)
    return offset
  }

  bytes(): Uint8Array {
    return this.writer.bytes()
  }
}

function writeFile(
  sections: readonly (NewSection & { link: number; info: number; entry: number })[],
  names: readonly number[],
): Uint8Array {
  const body = new ByteWriter()
  const offsets = sections.map((section) => {
    body.align(section.align)
    const offset = 64 + body.length
    if (section.type !== SECTION.NOBITS) body.append(section.data)
    return offset
  })
  body.align(8)
  const table = 64 + body.length
  const out = new ByteWriter()
  out.append(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
  out.u16(1)
  out.u16(EM_BPF)
  out.u32(1)
  out.u64(0)
  out.u64(0)
  out.u64(table)
  out.u32(0)
  for (const half of [64, 0, 0, 64, sections.length + 1, sections.length]) out.u16(half)
  out.append(body.bytes())
  out.append(new Uint8Array(64))
  sections.forEach((section, i) => {
    out.u32(names[i]!)
    out.u32(section.type)
    out.u64(section.flags)
    out.u64(0)
    out.u64(offsets[i]!)
    out.u64(section.data.length)
    out.u32(section.link)
    out.u32(section.info)
    out.u64(section.align)
    out.u64(section.entry)
  })
  return out.bytes()
}
