/**
 * Makes a program of an object: its own instructions, then every function it calls, relocated as a loader
 * would. object-formats.md, sections 3 and 4.
 */

import { immAt, srcAt, writeImm } from '../insn'
import { LD_IMM64, OP_CALL, PSEUDO_CALL, PSEUDO_LD } from '../opcodes'
import type { MapReloc, Subprogram } from '../program'
import { type ElfFile, type ElfRelocation, type ElfSection, type ElfSymbol, symbolName } from './file'
import { isCode, type ObjectMap } from './maps'

/** A function in an object: where its instructions are. */
export interface FunctionPlace {
  readonly name: string
  readonly section: ElfSection
  /** In instructions. */
  readonly start: number
  readonly count: number
}

export interface LinkedUnit extends FunctionPlace {
  /** First instruction in the linked program. */
  readonly base: number
}

export interface Linked {
  readonly insns: Uint8Array
  readonly relocs: readonly MapReloc[]
  readonly subprograms: readonly Subprogram[]
  readonly units: readonly LinkedUnit[]
}

/** What makes a program unlinkable; the message is for the user. */
export class LinkError extends Error {}

const MAX_UNITS = 512
const MAX_SLOTS = 1_000_000
/** Instructions that all programs of an object may have together. */
const MAX_TOTAL_SLOTS = 2_000_000
const R_64_64 = 1
const R_64_32 = 10

/** Code sections in little-endian byte order, by section index. */
export function littleEndianCode(file: ElfFile): Map<number, Uint8Array> {
  const out = new Map<number, Uint8Array>()
  for (const section of file.sections)
    if (isCode(section)) out.set(section.index, file.little ? section.data : swapInsns(section.data))
  return out
}

function swapInsns(data: Uint8Array): Uint8Array {
  const out = data.slice()
  for (let at = 0; at + 8 <= out.length; at += 8) {
    out[at + 1] = ((data[at + 1]! & 15) << 4) | (data[at + 1]! >> 4)
    out[at + 2] = data[at + 3]!
    out[at + 3] = data[at + 2]!
    for (let i = 0; i < 4; i++) out[at + 4 + i] = data[at + 7 - i]!
  }
  return out
}

/** Functions of a section: those with symbols, in the order of the code. */
export function functionsIn(file: ElfFile, section: ElfSection): FunctionPlace[] {
  const total = Math.floor(section.size / 8)
  const starts = file.symbols
    .filter((symbol) => symbol.section === section.index && symbol.type === 'func')
    .filter(({ value }) => value % 8 === 0 && value / 8 < total)
    .sort((a, b) => a.value - b.value)
  const places: FunctionPlace[] = []
  // Backwards, so that the next other start is known.
  let next = total
  let start = total
  for (const symbol of starts.toReversed()) {
    const at = symbol.value / 8
    if (at !== start) next = start
    start = at
    const count = symbol.size > 0 ? Math.min(Math.floor(symbol.size / 8), total - at) : next - at
    places.push({ name: symbol.name, section, start, count })
  }
  return places.reverse()
}

export class Linker {
  private readonly file: ElfFile
  private readonly code: ReadonlyMap<number, Uint8Array>
  private readonly maps: readonly ObjectMap[]
  /** By section, then by first instruction. */
  private readonly functions = new Map<number, Map<number, FunctionPlace>>()
  private readonly relocations = new Map<number, Map<number, ElfRelocation>>()
  private insns = new Uint8Array(0)
  private total = 0
  private relocs: MapReloc[] = []
  private units: LinkedUnit[] = []

  constructor(file: ElfFile, code: ReadonlyMap<number, Uint8Array>, maps: readonly ObjectMap[]) {
    this.file = file
    this.code = code
    this.maps = maps
    for (const index of code.keys()) {
      const places = functionsIn(file, file.sections[index]!).toReversed()
      this.functions.set(index, new Map(places.map((place) => [place.start, place])))
      this.relocations.set(
        index,
        new Map((file.relocations.get(index) ?? []).map((relocation) => [relocation.offset / 8, relocation])),
      )
    }
  }

  /** Links one program; throws LinkError. */
  link(program: FunctionPlace): Linked {
    this.insns = new Uint8Array(0)
    this.relocs = []
    this.units = []
    this.addUnit(program)
    return {
      insns: this.insns,
      relocs: this.relocs,
      subprograms: this.units.map(({ name, base }) => ({ name, start: base })),
      units: this.units,
    }
  }

  private addUnit(place: FunctionPlace): LinkedUnit {
    const base = this.insns.length / 8
    if (this.units.length >= MAX_UNITS) throw new LinkError(`more than ${MAX_UNITS} functions`)
    if (place.count === 0) throw new LinkError(`function '${place.name}' has no instructions`)
    if (base + place.count > MAX_SLOTS) throw new LinkError(`more than ${MAX_SLOTS} instructions`)
    this.total += place.count
    if (this.total > MAX_TOTAL_SLOTS) throw new LinkError('the programs of the object are too large together')
    const source = this.code.get(place.section.index)!.subarray(place.start * 8, (place.start + place.count) * 8)
    const joined = new Uint8Array(this.insns.length + source.length)
    joined.set(this.insns)
    joined.set(source, this.insns.length)
    this.insns = joined
    const unit = { ...place, base }
    this.units.push(unit)
    for (let i = 0; i < place.count; i++) {
      this.relocate(unit, i)
      if (this.insns[(base + i) * 8] === LD_IMM64) i++
    }
    return unit
  }

  private relocate(unit: LinkedUnit, index: number): void {
    const slot = unit.base + index
    const relocation = this.relocations.get(unit.section.index)?.get(unit.start + index)
    const opcode = this.insns[slot * 8]!
    if (opcode === OP_CALL && srcAt(this.insns, slot) === PSEUDO_CALL.LOCAL) this.relocateCall(unit, index, relocation)
    else if (relocation === undefined) return
    else if (opcode === LD_IMM64 && relocation.type === R_64_64) this.relocateLoad(unit, index, relocation.symbol)
    else throw this.refuse(unit, index, relocation.symbol)
  }

  private refuse(unit: LinkedUnit, index: number, symbol: ElfSymbol): LinkError {
    const opcode = this.insns[(unit.base + index) * 8]!
    return new LinkError(
      `invalid relo against '${symbolName(this.file, symbol)}' for insns[${index}].code 0x${opcode.toString(16)}`,
    )
  }

  private relocateCall(unit: LinkedUnit, index: number, relocation: ElfRelocation | undefined): void {
    const slot = unit.base + index
    const imm = immAt(this.insns, slot)
    if (relocation === undefined) {
      const target = unit.start + index + imm + 1
      // A call inside the same piece of code keeps its distance.
      if (target >= unit.start && target < unit.start + unit.count) return
      this.callTo(slot, unit.section, target)
      return
    }
    const { symbol, type } = relocation
    const section = this.file.sections[symbol.section]
    if (type !== R_64_32 || section === undefined || symbol.section === 0) throw this.unresolved(symbol, unit, index)
    if (!isCode(section))
      throw new LinkError(`bad call relo against '${symbolName(this.file, symbol)}' in section '${section.name}'`)
    this.callTo(slot, section, (symbol.type === 'section' ? 0 : symbol.value / 8) + imm + 1)
  }

  private unresolved(symbol: ElfSymbol, unit: LinkedUnit, index: number): LinkError {
    if (symbol.section === 0)
      return new LinkError(
        `'${symbol.name}' is not defined in this object: kernel functions and variables do not exist on a card`,
      )
    return this.refuse(unit, index, symbol)
  }

  private callTo(slot: number, section: ElfSection, target: number): void {
    // Appending the function replaces the array: find it first.
    const { base } = this.unitAt(section, target)
    writeImm(this.insns, slot, base - slot - 1)
  }

  /** The function at an instruction of a section, appended if it is not in the program yet. */
  private unitAt(section: ElfSection, start: number): LinkedUnit {
    const present = this.units.find((unit) => unit.section.index === section.index && unit.start === start)
    if (present !== undefined) return present
    const place = this.functions.get(section.index)?.get(start)
    if (place === undefined)
      throw new LinkError(`a call goes to instruction ${start} of section '${section.name}', where no function begins`)
    return this.addUnit(place)
  }

  private relocateLoad(unit: LinkedUnit, index: number, symbol: ElfSymbol): void {
    const slot = unit.base + index
    const section = this.file.sections[symbol.section]
    if (symbol.section === 0 || section === undefined) throw this.unresolved(symbol, unit, index)
    if (index + 1 >= unit.count) throw this.refuse(unit, index, symbol)
    const imm = immAt(this.insns, slot)
    if (isCode(section)) {
      const bytes = symbol.value + imm
      if (bytes % 8 !== 0) throw this.refuse(unit, index, symbol)
      this.setSource(slot, PSEUDO_LD.FUNC)
      writeImm(this.insns, slot + 1, 0)
      this.callTo(slot, section, bytes / 8)
      return
    }
    const offset = symbol.value + imm
    const map = this.maps.findIndex(
      (candidate) => candidate.section === symbol.section && (candidate.isData || candidate.offset === offset),
    )
    if (map < 0)
      throw new LinkError(`invalid relo against '${symbolName(this.file, symbol)}' in section '${section.name}'`)
    const { isData } = this.maps[map]!
    this.setSource(slot, isData ? PSEUDO_LD.MAP_VALUE : PSEUDO_LD.MAP_FD)
    writeImm(this.insns, slot, 0)
    writeImm(this.insns, slot + 1, isData ? offset : 0)
    this.relocs.push({ insn: slot, map })
  }

  private setSource(slot: number, source: number): void {
    this.insns[slot * 8 + 1] = (this.insns[slot * 8 + 1]! & 15) | (source << 4)
  }
}
