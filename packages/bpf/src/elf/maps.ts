/**
 * Finds the maps of an object: BTF-defined ones in `.maps`, older ones in `maps`, and the maps that stand
 * for data sections. object-formats.md, sections 5 and 6.
 */

import { ByteReader } from '../byte-reader'
import { dataTypeOf } from '../btf/data-types'
import { type Btf, btfSize, type BtfType, skipModifiers } from '../btf/types'
import { sizeOf } from '../data-type'
import { mapTypeName } from '../map-types'
import type { DataField, MapDef } from '../program'
import { type ElfFile, type ElfSection, type ElfSymbol, SECTION } from './file'
import type { ObjectFindings } from './findings'

/** A map and the place in the object that stands for it. */
export interface ObjectMap {
  readonly def: MapDef
  readonly section: number
  /** Offset in its section; data maps begin at 0. */
  readonly offset: number
  readonly isData: boolean
  /** First contents of a data map; all zero for `.bss`. */
  readonly data?: Uint8Array
  /** The loader makes it read-only for the host after filling it. */
  readonly frozen: boolean
}

type MutableMap = { -readonly [K in keyof MapDef]: MapDef[K] }

const PROG_READ_ONLY = 0x80
const MMAPABLE = 0x400
/** The kernel takes 64 maps in a program; an object may hold some more. */
const MAX_MAPS = 1024

/** All maps of the object in the order in which a loader makes them. */
export function collectMaps(
  file: ElfFile,
  btf: Btf | undefined,
  objectName: string,
  findings: ObjectFindings,
): ObjectMap[] {
  const maps = [
    ...file.sections.filter(({ name }) => name === '.maps').flatMap((section) => btfMaps(file, section, btf, findings)),
    ...file.sections.filter(({ name }) => name === 'maps').flatMap((section) => legacyMaps(file, section, findings)),
    ...dataMaps(file, btf, objectName),
  ]
  if (maps.length > MAX_MAPS) findings.error('too-many-maps', `The object has more than ${MAX_MAPS} maps`)
  return maps.slice(0, MAX_MAPS)
}

function objectsIn(file: ElfFile, section: ElfSection): ElfSymbol[] {
  return file.symbols
    .filter(
      (symbol) =>
        symbol.section === section.index &&
        (symbol.type === 'object' || (symbol.type === 'notype' && symbol.global && symbol.name !== '')),
    )
    .sort((a, b) => a.value - b.value)
}

// BTF-defined maps ---------------------------------------------------------------------------------

function btfMaps(file: ElfFile, section: ElfSection, btf: Btf | undefined, findings: ObjectFindings): ObjectMap[] {
  const symbols = objectsIn(file, section)
  if (symbols.length === 0) return []
  if (btf === undefined) {
    findings.error(
      'maps-without-btf',
      'The maps of section .maps are described by BTF, which is missing: compile with -g',
    )
    return []
  }
  const variables = new Map<string, number>()
  for (const type of btf.types) {
    if (type.kind !== 'datasec' || type.name !== '.maps') continue
    for (const { type: id } of type.variables) {
      const variable = btf.types[id]
      if (variable?.kind === 'var') variables.set(variable.name, variable.type)
    }
  }
  return symbols.slice(0, MAX_MAPS + 1).flatMap((symbol) => {
    const id = variables.get(symbol.name)
    const def = id === undefined ? undefined : mapOfStruct(btf, id, symbol.name, findings, 0)
    if (id === undefined) findings.error('map-without-btf', `map '${symbol.name}': BTF does not describe it`)
    return def === undefined
      ? []
      : [{ def, section: section.index, offset: symbol.value, isData: false, frozen: false }]
  })
}

function mapOfStruct(btf: Btf, id: number, name: string, findings: ObjectFindings, depth: number): MapDef | undefined {
  const { type: struct } = skipModifiers(btf, id)
  if (struct.kind !== 'struct') {
    findings.error('map-not-struct', `map '${name}': its definition is no struct`)
    return undefined
  }
  const map: MutableMap = { name, type: 0, key_size: 0, value_size: 0, max_entries: 0, map_flags: 0 }
  for (const member of struct.members) readMember(btf, member.name, member.type, map, name, findings, depth)
  if (map.type === 0) {
    findings.error('map-without-type', `map '${name}': map type isn't specified.`)
    return undefined
  }
  map.type = mapTypeName(map.type)
  return withDefaults(map)
}

function readMember(
  btf: Btf,
  member: string,
  id: number,
  map: MutableMap,
  name: string,
  findings: ObjectFindings,
  depth: number,
): void {
  switch (member) {
    case 'type':
    case 'max_entries':
    case 'map_flags':
    case 'key_size':
    case 'value_size': {
      const value = encodedNumber(btf, id)
      if (value === undefined)
        findings.error('map-member', `map '${name}': member ${member} is not written with __uint()`)
      else map[member] = value
      return
    }
    case 'key':
    case 'value': {
      const pointed = pointedType(btf, id)
      const size = pointed === undefined ? undefined : btfSize(btf, pointed)
      if (pointed === undefined || size === undefined) {
        findings.error('map-member', `map '${name}': the type of ${member} has no size`)
        return
      }
      map[`${member}_size`] = size
      const type = dataTypeOf(btf, pointed, member)
      if (type !== undefined && sizeOf(type) === size) map[member] = type
      return
    }
    case 'values': {
      const inner = innerStruct(btf, id)
      if (inner !== undefined && depth === 0) {
        const def = mapOfStruct(btf, inner, `${name}.inner`, findings, depth + 1)
        if (def !== undefined) {
          const { name: _, ...inner } = def
          map.inner = inner
        }
      }
      map.key_size ||= 4
      map.value_size ||= 4
      return
    }
    case 'numa_node':
    case 'pinning':
    case 'map_extra':
      findings.info('map-member', `map '${name}': ${member} is left out`)
      return
    default:
      findings.warning('map-member', `map '${name}': unknown field '${member}'.`)
  }
}

/** `__uint(name, N)`: a pointer to an array of N. */
function encodedNumber(btf: Btf, id: number): number | undefined {
  const pointed = pointedType(btf, id)
  const array = pointed === undefined ? undefined : skipModifiers(btf, pointed).type
  return array?.kind === 'array' ? array.count : undefined
}

function pointedType(btf: Btf, id: number): number | undefined {
  const { type } = skipModifiers(btf, id)
  return type.kind === 'ptr' ? type.type : undefined
}

function innerStruct(btf: Btf, id: number): number | undefined {
  const { type } = skipModifiers(btf, id)
  const pointed = type.kind === 'array' ? pointedType(btf, type.type) : undefined
  return pointed !== undefined && skipModifiers(btf, pointed).type.kind === 'struct' ? pointed : undefined
}

/** Types without key and value types, and sizes that a loader fills in. */
function withDefaults(map: MutableMap): MapDef {
  const untyped = [
    'prog_array',
    'perf_event_array',
    'cgroup_array',
    'array_of_maps',
    'hash_of_maps',
    'devmap',
    'devmap_hash',
    'cpumap',
    'xskmap',
    'sockmap',
    'sockhash',
    'queue',
    'stack',
    'ringbuf',
  ]
  const type = String(map.type)
  const { key, value, ...rest } = map
  const plain: MapDef = untyped.includes(type)
    ? rest
    : { ...rest, ...(key === undefined ? {} : { key }), ...(value === undefined ? {} : { value }) }
  if (type !== 'perf_event_array') return plain
  return { ...plain, key_size: plain.key_size || 4, value_size: plain.value_size || 4 }
}

// Legacy maps ---------------------------------------------------------------------------------------

function legacyMaps(file: ElfFile, section: ElfSection, findings: ObjectFindings): ObjectMap[] {
  const symbols = objectsIn(file, section)
  if (symbols.length === 0) return []
  const size = section.size / symbols.length
  if (!Number.isInteger(size) || size < 16 || section.data.length < section.size) {
    findings.error(
      'legacy-maps',
      `Section maps has ${section.size} bytes for ${symbols.length} maps: the size of a definition cannot be told`,
    )
    return []
  }
  const reader = new ByteReader(section.data, file.little)
  findings.info(
    'legacy-maps',
    `Section maps holds definitions of ${size} bytes, read as ${size === 36 || size === 28 ? "iproute2's bpf_elf_map" : 'bpf_map_def'}`,
  )
  return symbols.slice(0, MAX_MAPS + 1).map((symbol) => {
    const word = (index: number) => (index * 4 + 4 <= size ? reader.u32(symbol.value + index * 4) : 0)
    return {
      def: {
        name: symbol.name,
        type: mapTypeName(word(0)),
        key_size: word(1),
        value_size: word(2),
        max_entries: word(3),
        map_flags: word(4),
      },
      section: section.index,
      offset: symbol.value,
      isData: false,
      frozen: false,
    }
  })
}

// Data sections -------------------------------------------------------------------------------------

/** Maps for the data sections that code refers to. */
function dataMaps(file: ElfFile, btf: Btf | undefined, objectName: string): ObjectMap[] {
  const used = new Set(
    [...file.relocations]
      .filter(([index]) => isCode(file.sections[index]))
      .flatMap(([, list]) => list.map(({ symbol }) => symbol.section)),
  )
  return file.sections.flatMap((section) => {
    if (!used.has(section.index) || !isDataSection(section.name) || section.size === 0) return []
    const readOnly = section.name.startsWith('.rodata') || section.name === '.kconfig'
    const value = dataSectionType(file, section, btf)
    return [
      {
        def: {
          name: dataMapName(section.name, objectName),
          type: 'array',
          key_size: 4,
          value_size: section.size,
          max_entries: 1,
          map_flags: MMAPABLE | (readOnly ? PROG_READ_ONLY : 0),
          ...(value === undefined ? {} : { value }),
        },
        section: section.index,
        offset: 0,
        isData: true,
        frozen: readOnly,
        data: section.type === SECTION.NOBITS ? new Uint8Array(section.size) : section.data.slice(),
      },
    ]
  })
}

export function isCode(section: ElfSection | undefined): boolean {
  return section !== undefined && section.type === SECTION.PROGBITS && (section.flags & 4) !== 0
}

function isDataSection(name: string): boolean {
  return /^\.(rodata|data|bss|kconfig)(\.|$)/.test(name)
}

/** Name of a data map: the object's name, cut so that the section's name fits; 15 characters in all. */
export function dataMapName(section: string, objectName: string): string {
  if (section.indexOf('.', 1) > 0) return section.slice(0, 15)
  const suffix = Math.max(7, section.length)
  const prefix = objectName
    .replace(/\.o$/, '')
    .replace(/[^A-Za-z0-9_]/g, '_')
    .slice(0, 15 - suffix)
  return `${prefix}${section}`.slice(0, 15)
}

/** The variables of a data section as a struct, if BTF knows them all. */
function dataSectionType(file: ElfFile, section: ElfSection, btf: Btf | undefined): MapDef['value'] {
  const found = btf?.types.find(
    (type): type is Extract<BtfType, { kind: 'datasec' }> => type.kind === 'datasec' && type.name === section.name,
  )
  if (btf === undefined || found === undefined) return undefined
  const places = new Map(
    file.symbols.filter((symbol) => symbol.section === section.index).map(({ name, value }) => [name, value]),
  )
  const fields: DataField[] = []
  for (const { type: id, offset } of found.variables) {
    const variable = btf.types[id]
    if (variable?.kind !== 'var') return undefined
    const type = dataTypeOf(btf, variable.type, variable.name)
    const place = variable.linkage === 'global' ? places.get(variable.name) : offset
    if (type === undefined || place === undefined || place + sizeOf(type) > section.size) return undefined
    fields.push({ name: variable.name, offset: place, type })
  }
  return { kind: 'struct', name: section.name, size: section.size, fields: fields.sort((a, b) => a.offset - b.offset) }
}
