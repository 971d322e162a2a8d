/**
 * Exports a program as an object that libbpf, bpftool and iproute2 load: code, BTF-defined maps with the
 * types of keys and values, functions, licence, and lines: those of C where the program knows them, else those of
 * its assembly text.
 * The linked program is taken apart again: subprograms go to `.text`, calls become relocations.
 * object-formats.md, sections 1 to 8.
 */

import { cLineOf } from '../assembler/c-lines'
import { addDataType } from '../btf/data-types'
import { BtfBuilder } from '../btf/build'
import { BTF_MAGIC } from '../btf/types'
import { ByteWriter } from '../byte-writer'
import { decode } from '../decode'
import { sizeOf } from '../data-type'
import { targetOf } from '../names'
import { writeImm } from '../insn'
import { mapTypeNumber } from '../map-types'
import { LD_IMM64, OP_CALL } from '../opcodes'
import type { CLine, DataType, MapDef, Program, ProgType } from '../program'
import { FLAG, SECTION } from './file'
import { SECTION_OF_TYPE } from './section-names'
import { ElfWriter } from './writer'

export interface ExportOptions {
  /** Assembly text that `program.lines` refers to; without lines of C its lines become the object's line records. */
  readonly source?: string
  /** Name of that text in the line records; default `program.bpf`. */
  readonly sourceName?: string
  /** Texts of C by file name: a line is written as it stands there, not as the program's comment has it. */
  readonly files?: Readonly<Record<string, string>>
}

export type ExportResult =
  | { readonly ok: true; readonly object: Uint8Array }
  | { readonly ok: false; readonly error: string }

/** Makes the object file. Fails, with the reason, for programs that no object can express. */
export function exportElf(program: Program, options: ExportOptions = {}): ExportResult {
  try {
    return { ok: true, object: new Exporter(program, options).run() }
  } catch (error) {
    if (!(error instanceof ExportError)) throw error
    return { ok: false, error: error.message }
  }
}

class ExportError extends Error {}

const R_64_64 = 1
const R_64_32 = 10
const READ_ONLY_DATA = 0x480
/** Names of maps that stand for data sections. */
const DATA_MAP = /\.(rodata|data|bss)(\.\w+)?$/

interface Piece {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly section: number
  /** In bytes, in its section. */
  readonly offset: number
  symbol: number
}

class Exporter {
  private readonly program: Program
  private readonly options: ExportOptions
  private readonly writer = new ElfWriter()
  private readonly btf = new BtfBuilder()
  private readonly seen = new Map<DataType, number>()
  private readonly insns: Uint8Array
  private readonly names = new Set<string>()
  private mapSymbols: { readonly symbol: number; readonly isData: boolean }[] = []

  constructor(program: Program, options: ExportOptions) {
    this.program = program
    this.options = options
    this.insns = program.insns.slice()
  }

  run(): Uint8Array {
    const { program, writer } = this
    const count = this.insns.length / 8
    if (count === 0) throw new ExportError('the program has no instructions')
    const starts = [
      ...new Set([0, ...program.subprograms.map(({ start }) => start).filter((start) => start > 0 && start < count)]),
    ].sort((a, b) => a - b)
    const sectionName = SECTION_OF_TYPE[program.progType]
    const mainEnd = starts[1] ?? count
    this.checkBorders(starts, count)
    this.findTargets(starts)

    const text = this.insns.subarray(mainEnd * 8)
    const main = this.insns.subarray(0, mainEnd * 8)
    const textSection = writer.addSection({
      name: '.text',
      type: SECTION.PROGBITS,
      flags: FLAG.ALLOC | FLAG.EXEC,
      align: 8,
      data: text,
    })
    const mainSection = writer.addSection({
      name: sectionName,
      type: SECTION.PROGBITS,
      flags: FLAG.ALLOC | FLAG.EXEC,
      align: 8,
      data: main,
    })
    const pieces = starts.map((start, i): Piece => {
      const end = starts[i + 1] ?? count
      const name = this.uniqueName(
        i === 0
          ? program.name
          : (program.subprograms.find((candidate) => candidate.start === start)?.name ?? `sub_${start}`),
      )
      return {
        name,
        start,
        end,
        section: i === 0 ? mainSection : textSection,
        offset: i === 0 ? 0 : (start - mainEnd) * 8,
        symbol: -1,
      }
    })
    for (const piece of pieces) {
      piece.symbol = writer.addSymbol({
        name: piece.name,
        value: piece.offset,
        size: (piece.end - piece.start) * 8,
        type: 'func',
        global: piece.start === 0,
        section: piece.section,
      })
    }
    this.addMaps()
    this.relocate(pieces, mainEnd, mainSection, textSection)
    writer.addSection({
      name: 'license',
      type: SECTION.PROGBITS,
      flags: FLAG.ALLOC | FLAG.WRITE,
      align: 1,
      data: cString(program.license),
    })
    const functions = this.addFunctions(pieces)
    const ext = this.extSection(pieces, functions, sectionName)
    writer.addSection({ name: '.BTF', type: SECTION.PROGBITS, flags: 0, align: 4, data: this.btf.bytes() })
    writer.addSection({ name: '.BTF.ext', type: SECTION.PROGBITS, flags: 0, align: 4, data: ext })
    return writer.bytes()
  }

  /** A jump out of its function cannot be cut: the kernel would refuse it, too. */
  private checkBorders(starts: readonly number[], count: number): void {
    const pieceOf = (slot: number) => starts.findLastIndex((start) => start <= slot)
    for (let slot = 0; slot < count; slot++) {
      const group = decode(this.insns, slot)?.form.group
      if (group !== 'jump' && group !== 'jump32') continue
      const target = targetOf(this.insns, slot)!
      if (target < 0 || target >= count || pieceOf(target) !== pieceOf(slot))
        throw new ExportError(`the jump at instruction ${slot} leaves its function`)
    }
  }

  /** Calls and function addresses, before anything is moved: where each goes. */
  private readonly targets = new Map<number, number>()

  private findTargets(starts: readonly number[]): void {
    for (let slot = 0; slot * 8 < this.insns.length; slot++) {
      const opcode = this.insns[slot * 8]
      const source = this.insns[slot * 8 + 1]! >> 4
      const isCall = opcode === OP_CALL && source === 1
      const isAddress = opcode === LD_IMM64 && source === 4
      if (isCall || isAddress) {
        const target = targetOf(this.insns, slot)
        if (target === undefined || !starts.includes(target))
          throw new ExportError(`the call at instruction ${slot} goes to no function`)
        this.targets.set(slot, target)
      }
      if (opcode === LD_IMM64) slot++
    }
  }

  private uniqueName(name: string): string {
    const plain = name.replace(/[^\w]/g, '_').replace(/^(?=\d)/, '_') || 'prog'
    let unique = plain
    for (let i = 2; this.names.has(unique); i++) unique = `${plain}_${i}`
    this.names.add(unique)
    return unique
  }

  // Relocations -------------------------------------------------------------------------------------

  private relocate(pieces: readonly Piece[], mainEnd: number, mainSection: number, textSection: number): void {
    const place = (slot: number) =>
      slot < mainEnd
        ? { section: mainSection, offset: slot * 8 }
        : { section: textSection, offset: (slot - mainEnd) * 8 }
    const patches: { slot: number; type: number; symbol: number }[] = []
    const textSymbol = this.writer.addSymbol({
      name: '',
      value: 0,
      size: 0,
      type: 'section',
      global: false,
      section: textSection,
    })
    for (const [slot, target] of this.targets) {
      const callee = pieces.find(({ start }) => start === target)!
      if (callee.start === 0) throw new ExportError('a call goes to the program itself')
      const isCall = this.insns[slot * 8] === OP_CALL
      // An address is written as clang does it: the section, with the function's place in bytes.
      writeImm(this.insns, slot, isCall ? -1 : callee.offset)
      if (!isCall) this.insns[slot * 8 + 1] = this.insns[slot * 8 + 1]! & 15
      patches.push({ slot, type: isCall ? R_64_32 : R_64_64, symbol: isCall ? callee.symbol : textSymbol })
    }
    for (const { insn, map } of this.program.relocs) {
      const target = this.mapSymbols[map]
      if (target === undefined) throw new ExportError(`instruction ${insn} refers to map ${map}, which is not there`)
      const isValue = this.insns[insn * 8 + 1]! >> 4 === 2
      if (isValue !== target.isData)
        throw new ExportError(`instruction ${insn} uses map ${map} in a way that an object cannot express`)
      // The offset into a data section is the addend, in the first immediate.
      if (isValue) this.insns.copyWithin(insn * 8 + 4, insn * 8 + 12, insn * 8 + 16)
      this.insns[insn * 8 + 1] = this.insns[insn * 8 + 1]! & 15
      writeImm(this.insns, insn + 1, 0)
      patches.push({ slot: insn, type: R_64_64, symbol: target.symbol })
    }
    for (const { slot, type, symbol } of patches.toSorted((a, b) => a.slot - b.slot)) {
      const { section, offset } = place(slot)
      this.writer.relocate(section, { offset, type, symbol })
    }
  }

  // Maps --------------------------------------------------------------------------------------------

  private addMaps(): void {
    const { btf, program, writer } = this
    const valueMaps = new Set(
      program.relocs.filter(({ insn }) => this.insns[insn * 8 + 1]! >> 4 === 2).map(({ map }) => map),
    )
    const variables: { type: number; offset: number; size: number }[] = []
    const symbols: { name: string; offset: number; size: number; index: number }[] = []
    let offset = 0
    this.mapSymbols = []
    program.maps.forEach((map, index) => {
      if (valueMaps.has(index)) {
        this.mapSymbols[index] = { symbol: this.addDataSection(map, index), isData: true }
        return
      }
      // A data section that this program does not touch.
      if (DATA_MAP.test(map.name ?? '') && !program.relocs.some((reloc) => reloc.map === index)) return
      const name = this.uniqueName(map.name ?? `map${index}`)
      const struct = this.mapStruct(map)
      variables.push({ type: btf.variable(name, struct.type, 'global'), offset, size: struct.size })
      symbols.push({ name, offset, size: struct.size, index })
      offset += struct.size
    })
    if (symbols.length === 0) return
    btf.datasec('.maps', offset, variables)
    const section = writer.addSection({
      name: '.maps',
      type: SECTION.PROGBITS,
      flags: FLAG.ALLOC | FLAG.WRITE,
      align: 8,
      data: new Uint8Array(offset),
    })
    for (const symbol of symbols) {
      this.mapSymbols[symbol.index] = {
        symbol: writer.addSymbol({
          name: symbol.name,
          value: symbol.offset,
          size: symbol.size,
          type: 'object',
          global: true,
          section,
        }),
        isData: false,
      }
    }
  }

  /** The struct that describes a map: members are pointers, `__uint` and `__type`. */
  private mapStruct(map: MapDef): { type: number; size: number } {
    const { btf } = this
    const type = mapTypeNumber(map.type)
    if (type === undefined) throw new ExportError(`map '${map.name ?? ''}' has the unknown type ${map.type}`)
    const int = btf.int('int', 4, 'signed')
    const number = (value: number) => btf.pointer(btf.array(int, btf.int('__ARRAY_SIZE_TYPE__', 4), value))
    const members: { name: string; type: number }[] = [{ name: 'type', type: number(type) }]
    const part = (name: 'key' | 'value', size: number, data: DataType | undefined) => {
      if (data !== undefined && sizeOf(data) === size && map.inner === undefined)
        members.push({ name, type: btf.pointer(addDataType(btf, data, this.seen)) })
      else if (size > 0) members.push({ name: `${name}_size`, type: number(size) })
    }
    part('key', map.key_size, map.key)
    if (map.inner === undefined) part('value', map.value_size, map.value)
    if (map.max_entries > 0) members.push({ name: 'max_entries', type: number(map.max_entries) })
    if (map.map_flags) members.push({ name: 'map_flags', type: number(map.map_flags) })
    if (map.inner !== undefined)
      members.push({
        name: 'values',
        type: btf.array(btf.pointer(this.mapStruct(map.inner).type), btf.int('__ARRAY_SIZE_TYPE__', 4), 0),
      })
    const fields = members.map((member, i) => ({ ...member, bitOffset: i * 64, bitSize: 0 }))
    const size = members.length * 8 - (map.inner === undefined ? 0 : 8)
    return { type: btf.composite('struct', '', size, fields), size }
  }

  /** A map whose value is loaded directly becomes a data section; gives the symbol of its start. */
  private addDataSection(map: MapDef, index: number): number {
    const readOnly = ((map.map_flags ?? 0) & READ_ONLY_DATA) === READ_ONLY_DATA
    const kind = DATA_MAP.exec(map.name ?? '')?.[0]
    let name = kind ?? `${readOnly ? '.rodata' : '.data'}.${(map.name ?? `map${index}`).replace(/[^\w]/g, '_')}`
    if (name === '.bss') name = '.data.bss'
    if (this.names.has(name)) name = `${name}.${index}`
    this.names.add(name)
    const data = new Uint8Array(map.value_size)
    for (const contents of this.program.contents ?? [])
      if (contents.map === index) data.set(contents.data.subarray(0, data.length))
    const section = this.writer.addSection({
      name,
      type: SECTION.PROGBITS,
      flags: readOnly ? FLAG.ALLOC : FLAG.ALLOC | FLAG.WRITE,
      align: 8,
      data,
    })
    return this.writer.addSymbol({
      name: this.uniqueName(`${name.replace(/[^\w]/g, '_')}_start`),
      value: 0,
      size: map.value_size,
      type: 'object',
      global: false,
      section,
    })
  }

  // Functions and lines -----------------------------------------------------------------------------

  /** FUNC types of the pieces; the program takes its context, subprograms what their registers may hold. */
  private addFunctions(pieces: readonly Piece[]): number[] {
    const { btf } = this
    const int = btf.int('int', 4, 'signed')
    const context = btf.pointer(btf.forward(CONTEXT_STRUCT[this.program.progType]))
    const main = btf.funcProto(int, [{ name: 'ctx', type: context }])
    const word = btf.int('unsigned long long', 8)
    const other = btf.funcProto(
      word,
      [1, 2, 3, 4, 5].map((register) => ({ name: `r${register}`, type: word })),
    )
    return pieces.map(({ name, start }) =>
      btf.func(name, start === 0 ? main : other, start === 0 ? 'global' : 'static'),
    )
  }

  private extSection(pieces: readonly Piece[], functions: readonly number[], sectionName: string): Uint8Array {
    const funcInfo = new ByteWriter()
    funcInfo.u32(8)
    const lineInfo = new ByteWriter()
    const groups = [
      { name: sectionName, members: pieces.slice(0, 1) },
      { name: '.text', members: pieces.slice(1) },
    ].filter(({ members }) => members.length > 0)
    for (const { name, members } of groups) {
      funcInfo.u32(this.btf.string(name))
      funcInfo.u32(members.length)
      for (const piece of members) {
        funcInfo.u32(piece.offset)
        funcInfo.u32(functions[pieces.indexOf(piece)]!)
      }
    }
    this.addLines(groups, this.lineRecords(pieces), lineInfo)
    const out = new ByteWriter()
    out.u16(BTF_MAGIC)
    out.u8(1)
    out.u8(0)
    for (const part of [32, 0, funcInfo.length, funcInfo.length, lineInfo.length, funcInfo.length + lineInfo.length, 0])
      out.u32(part)
    out.append(funcInfo.bytes())
    out.append(lineInfo.bytes())
    return out.bytes()
  }

  /** Line records by slot. The kernel wants one at the start of each function, or none at all. */
  private lineRecords(pieces: readonly Piece[]): readonly CLine[] {
    const { options, program } = this
    const begins = ({ start }: Piece, records: readonly CLine[]): boolean => records.some(({ insn }) => insn === start)
    const ofC = pieces.flatMap(({ start, end }) => {
      const inside = (program.cLines ?? []).filter(({ insn, line }) => insn >= start && insn < end && line > 0)
      const first = cLineOf(program, start)
      return first === undefined || inside[0]?.insn === start ? inside : [{ ...first, insn: start }, ...inside]
    })
    if (pieces.every((piece) => begins(piece, ofC)))
      return ofC.map((line) => ({ ...line, text: options.files?.[line.file]?.split('\n')[line.line - 1] ?? line.text }))
    if (options.source === undefined) return []
    const lines = options.source.split('\n')
    const file = options.sourceName ?? 'program.bpf'
    const ofText = pieces.flatMap(({ start, end }) =>
      lineStarts(program, start, end).map((insn): CLine => {
        const line = program.lines[insn]!
        return { insn, file, line, column: 0, text: (lines[line - 1] ?? '').trim() }
      }),
    )
    return pieces.every((piece) => begins(piece, ofText)) ? ofText : []
  }

  private addLines(
    groups: readonly { name: string; members: readonly Piece[] }[],
    lines: readonly CLine[],
    out: ByteWriter,
  ): void {
    if (lines.length === 0) return
    out.u32(16)
    for (const { name, members } of groups) {
      const records = members.flatMap(({ start, end, offset }) =>
        lines
          .filter(({ insn }) => insn >= start && insn < end)
          .map((line) => ({ ...line, at: offset + (line.insn - start) * 8 })),
      )
      out.u32(this.btf.string(name))
      out.u32(records.length)
      for (const { at, file, text, line, column } of records) {
        out.u32(at)
        out.u32(this.btf.string(ascii(file)))
        out.u32(this.btf.string(ascii(text)))
        out.u32((line << 10) | Math.min(column, 1023))
      }
    }
  }
}

const CONTEXT_STRUCT: Readonly<Record<ProgType, string>> = {
  xdp: 'xdp_md',
  sched_cls: '__sk_buff',
  sched_act: '__sk_buff',
  socket_filter: '__sk_buff',
  cgroup_skb: '__sk_buff',
}

/** Slots where another source line begins; never the second half of a wide load. */
function lineStarts(program: Program, start: number, end: number): number[] {
  const found: number[] = []
  let last = 0
  for (let slot = start; slot < end; slot++) {
    const line = program.lines[slot] ?? 0
    if (line > 0 && line !== last) {
      found.push(slot)
      last = line
    }
    if (program.insns[slot * 8] === LD_IMM64) slot++
  }
  return found
}

/** Printable ASCII, as the string section of BTF has it. */
function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

function cString(text: string): Uint8Array {
  const writer = new ByteWriter()
  writer.cString(ascii(text))
  return writer.bytes()
}
