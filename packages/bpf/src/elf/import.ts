/**
 * Imports an object that clang made: all its programs, linked, with maps, types and source lines.
 * Any bytes give a result: programs, or findings that say why not. object-formats.md, section 15.
 */

import { type BtfExt, parseBtfExt } from '../btf/ext'
import { parseBtf } from '../btf/parse'
import type { Btf } from '../btf/types'
import { ByteReader } from '../byte-reader'
import type { CLine, Label, MapContents, Program } from '../program'
import { type ElfFile, type ElfSection, readElf } from './file'
import { type ObjectFinding, ObjectFindings } from './findings'
import { type FunctionPlace, functionsIn, type Linked, Linker, LinkError, littleEndianCode } from './link'
import { loaderBtf } from './loader-btf'
import { collectMaps, isCode, type ObjectMap } from './maps'
import { sectionKind, type SectionMatch } from './section-names'

export interface ImportedProgram extends Program {
  readonly section: string
  readonly attachType: number
  readonly contents: readonly MapContents[]
  readonly cLines: readonly CLine[]
  /** First instruction and BTF FUNC id of each function that BTF describes. */
  readonly funcInfo: readonly { readonly insn: number; readonly type: number }[]
}

export type ImportResult =
  | {
      readonly ok: true
      readonly programs: readonly ImportedProgram[]
      /** As a loader hands it to the kernel. */
      readonly btf?: Uint8Array
      readonly findings: readonly ObjectFinding[]
    }
  | { readonly ok: false; readonly findings: readonly ObjectFinding[] }

export interface ImportOptions {
  /** File name, for the names of data maps; default `object.o`. */
  readonly name?: string
}

const MAX_FILE = 16 * 1024 * 1024
const MAX_PROGRAMS = 256

/** Reads an object file; never throws. */
export function importElf(bytes: Uint8Array, options: ImportOptions = {}): ImportResult {
  const findings = new ObjectFindings()
  if (bytes.length > MAX_FILE) {
    findings.error('object-too-large', `The file has more than ${MAX_FILE} bytes`)
    return { ok: false, findings: findings.list }
  }
  try {
    // Node's Buffer is a Uint8Array whose `slice` shares its memory; what is cut out below must not.
    const file = readElf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    const importer = new Importer(file, options.name ?? 'object.o', findings)
    const programs = importer.run()
    if (findings.hasErrors) return { ok: false, findings: findings.list }
    return { ok: true, programs, ...(importer.btf === undefined ? {} : { btf: importer.btf }), findings: findings.list }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    findings.error('bad-object', error.message)
    return { ok: false, findings: findings.list }
  }
}

class Importer {
  /** BTF as a loader hands it to the kernel; of little-endian objects only. */
  btf: Uint8Array | undefined
  private readonly file: ElfFile
  private readonly name: string
  private readonly findings: ObjectFindings

  constructor(file: ElfFile, name: string, findings: ObjectFindings) {
    this.file = file
    this.name = name.replace(/^.*[\\/]/, '')
    this.findings = findings
  }

  run(): ImportedProgram[] {
    const { file, findings } = this
    if (!file.little)
      findings.info(
        'big-endian',
        'The object is big-endian; its instructions were turned round. Loads from the packet give other values here',
      )
    for (const section of file.sections) {
      if (isCode(section) && section.size % 8 !== 0)
        findings.error('code-size', `Section '${section.name}' has ${section.size} bytes, not whole instructions`)
    }
    for (const [index, list] of file.relocations) {
      const section = file.sections[index]
      if (!isCode(section) || list.every(({ offset }) => offset % 8 === 0 && offset < section!.size)) continue
      findings.error(
        'relocation-offset',
        `Section '${section!.name}' has relocations between or behind its instructions`,
      )
    }
    if (findings.hasErrors) return []
    const btf = this.readBtf()
    const ext = btf === undefined ? undefined : this.readExt(btf)
    const maps = collectMaps(file, btf, this.name, findings)
    if (findings.hasErrors) return []
    const places = this.programPlaces()
    if (places.length === 0) {
      if (!findings.hasErrors) findings.error('no-programs', 'The object holds no programs')
      return []
    }
    const linker = new Linker(file, littleEndianCode(file), maps)
    return places.flatMap(({ place, kind }) => {
      try {
        return [this.finish(linker.link(place), place, kind, maps, ext)]
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        findings.error('bad-relocation', `prog '${place.name}': ${error.message}`)
        return []
      }
    })
  }

  private readBtf(): Btf | undefined {
    const section = this.file.sections.find(({ name }) => name === '.BTF')
    if (section === undefined) return undefined
    const result = parseBtf(section.data)
    if (result.ok) {
      if (this.file.little) this.btf = loaderBtf(this.file, section)
      return result.btf
    }
    this.findings.warning('bad-btf', result.error)
    return undefined
  }

  private readExt(btf: Btf): BtfExt | undefined {
    const section = this.file.sections.find(({ name }) => name === '.BTF.ext')
    if (section === undefined) return undefined
    try {
      return parseBtfExt(section.data, btf)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.findings.warning('bad-btf-ext', error.message)
      return undefined
    }
  }

  /** The programs: functions of code sections that name a program type; a section without functions is one as a whole. */
  private programPlaces(): { place: FunctionPlace; kind: SectionMatch }[] {
    const { file, findings } = this
    const places: { place: FunctionPlace; kind: SectionMatch }[] = []
    const code = file.sections.filter((section) => isCode(section) && section.size > 0)
    for (const section of code) {
      if (section.name === '.text') continue
      const kind = sectionKind(section.name)
      if (kind === undefined) {
        findings.warning(
          'unknown-section',
          `Section '${section.name}' is for a program type that is not known here; it is left out`,
        )
        continue
      }
      if (kind.byPrefix)
        findings.info(
          'section-prefix',
          `Section '${section.name}' is taken as ${kind.progType} by the beginning of its name; new loaders do not`,
        )
      for (const place of this.functionsOrWhole(section)) places.push({ place, kind })
    }
    const text = code.find(({ name }) => name === '.text')
    if (places.length === 0 && text !== undefined) {
      findings.info('text-program', 'The code has no section of a program type; it is taken as an xdp program')
      for (const place of this.functionsOrWhole(text).slice(0, 1))
        places.push({ place, kind: { progType: 'xdp', attachType: 0, byPrefix: true } })
    }
    if (places.length > MAX_PROGRAMS) {
      findings.error('too-many-programs', `The object has more than ${MAX_PROGRAMS} programs`)
      return []
    }
    return places
  }

  private functionsOrWhole(section: ElfSection): FunctionPlace[] {
    const globals = new Set(
      this.file.symbols.filter(({ global, section: at }) => global && at === section.index).map(({ name }) => name),
    )
    const places = functionsIn(this.file, section).filter(({ name }) => section.name === '.text' || globals.has(name))
    return places.length > 0
      ? places
      : [
          {
            name: section.name.replace(/[^\w]/g, '_').slice(0, 15) || 'prog',
            section,
            start: 0,
            count: Math.floor(section.size / 8),
          },
        ]
  }

  private finish(
    linked: Linked,
    place: FunctionPlace,
    kind: SectionMatch,
    maps: readonly ObjectMap[],
    ext: BtfExt | undefined,
  ): ImportedProgram {
    return {
      name: place.name,
      progType: kind.progType,
      license: this.license(),
      insns: linked.insns,
      maps: maps.map(({ def }) => def),
      relocs: linked.relocs,
      subprograms: linked.subprograms,
      labels: this.labels(linked),
      lines: new Int32Array(linked.insns.length / 8),
      section: place.section.name,
      attachType: kind.attachType,
      contents: maps.flatMap(({ data, frozen }, map) => (data === undefined ? [] : [{ map, data, frozen }])),
      cLines: recordsOf(linked, ext?.lines),
      funcInfo: recordsOf(linked, ext?.functions),
    }
  }

  /** Labels that clang left in the code, such as `LBB0_2`. */
  private labels(linked: Linked): Label[] {
    const labels = linked.units.flatMap((unit) =>
      within(this.labelsIn(unit.section), unit.start, unit.count).map(({ name, insn }) => ({
        name,
        insn: insn - unit.start + unit.base,
      })),
    )
    return labels.sort((a, b) => a.insn - b.insn)
  }

  private readonly labelsBySection = new Map<number, readonly Label[]>()

  /** Labels of a code section, in the order of the code. */
  private labelsIn(section: ElfSection): readonly Label[] {
    let labels = this.labelsBySection.get(section.index)
    if (labels === undefined) {
      labels = this.file.symbols
        .filter(
          ({ name, section: at, type, value }) =>
            type === 'notype' && name !== '' && at === section.index && value % 8 === 0,
        )
        .map(({ name, value }) => ({ name, insn: value / 8 }))
        .sort((a, b) => a.insn - b.insn)
      this.labelsBySection.set(section.index, labels)
    }
    return labels
  }

  private license(): string {
    const section = this.file.sections.find(({ name }) => name === 'license')
    return section === undefined ? '' : new ByteReader(section.data, true).cString(0, 127)
  }
}

/** The records of a linked program's pieces, with their places in it. */
function recordsOf<T extends { readonly insn: number }>(
  linked: Linked,
  bySection: ReadonlyMap<string, readonly T[]> | undefined,
): T[] {
  return linked.units.flatMap((unit) =>
    within(bySection?.get(unit.section.name) ?? [], unit.start, unit.count).map((record) => ({
      ...record,
      insn: record.insn - unit.start + unit.base,
    })),
  )
}

/** The part of a sorted list that lies in a range of instructions. */
function within<T extends { readonly insn: number }>(sorted: readonly T[], start: number, count: number): readonly T[] {
  const first = (insn: number): number => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]!.insn < insn) low = middle + 1
      else high = middle
    }
    return low
  }
  return sorted.slice(first(start), first(start + count))
}
