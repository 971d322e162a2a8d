/**
 * What a text declares: program, licence, constants, structs, maps. Read before the instructions, so that
 * instructions may use what is declared further down; among themselves declarations go from top to bottom.
 *
 * .prog TYPE NAME · .license TEXT · .const NAME = EXPR · .equ NAME, EXPR
 * .struct NAME [size N] { field TYPE [format] [@offset]; … }
 * .map NAME TYPE [key TYPE|bytes] [value TYPE|bytes] [max EXPR] [flags EXPR] [inner { TYPE … }]
 * .init MAP "HEX" [frozen]: first contents of a map's entry 0
 */

import { predefinedConstants } from '../constants'
import { mapTypeNumber, MAP_TYPE_NAMES } from '../map-types'
import { fromHex } from '../insn'
import type { DataField, DataType, MapContents, MapDef, ProgType } from '../program'
import { sizeOf } from '../data-type'
import { ExpressionReader, type Value } from './expression'
import { changeTo, type Findings, type FindingOptions } from './findings'
import { type Lexer, TOKEN } from './lexer'
import { nearest } from './nearest'
import type { OperandNames } from './operands'
import {
  BUILTIN_TYPES,
  type FieldDraft,
  layoutStruct,
  readSuffix,
  readType,
  type TypeFailure,
  type TypeReading,
} from './types'

/** Names of program types as `.prog` takes them. */
export const PROG_TYPE_WORDS: ReadonlyMap<string, ProgType> = new Map<string, ProgType>([
  ['xdp', 'xdp'],
  ['tc', 'sched_cls'],
  ['sched_cls', 'sched_cls'],
  ['classifier', 'sched_cls'],
  ['action', 'sched_act'],
  ['sched_act', 'sched_act'],
  ['socket', 'socket_filter'],
  ['socket_filter', 'socket_filter'],
  ['cgroup_skb', 'cgroup_skb'],
])

/** Directives read here; the assembler reads the others where they stand. */
export const DECLARATIONS: ReadonlySet<string> = new Set([
  '.prog',
  '.license',
  '.const',
  '.equ',
  '.set',
  '.struct',
  '.map',
  '.init',
])

/** Something declared, and where: for symbol tables and duplicate checks. */
export interface Declaration {
  readonly kind: 'program' | 'constant' | 'struct' | 'map'
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Key and value sizes that a map type fixes. */
const FIXED_SIZES: Readonly<Record<string, readonly [key: number, value: number]>> = {
  prog_array: [4, 4],
  perf_event_array: [4, 4],
  cgroup_array: [4, 4],
  xskmap: [4, 4],
  devmap: [4, 4],
  devmap_hash: [4, 4],
  cpumap: [4, 4],
  array_of_maps: [4, 4],
  ringbuf: [0, 0],
  user_ringbuf: [0, 0],
}

export class Declarations implements OperandNames {
  progType: ProgType
  name = 'main'
  license = 'GPL'
  readonly maps: MapDef[] = []
  /** Where each map is declared. */
  readonly mapPlaces: number[] = []
  readonly contents: MapContents[] = []
  readonly declared: Declaration[] = []
  private readonly constants = new Map<string, Value>()
  private readonly structs = new Map<string, DataType>()
  private readonly mapNumbers = new Map<string, number>()
  private readonly places = new Map<string, number>()
  private readonly lexer: Lexer
  private readonly findings: Findings
  private readonly expressions: ExpressionReader
  private hasProgram = false

  constructor(lexer: Lexer, findings: Findings, progType: ProgType) {
    this.lexer = lexer
    this.findings = findings
    this.progType = progType
    this.expressions = new ExpressionReader(lexer, this)
  }

  constant(name: string): Value | undefined {
    const own = this.constants.get(name)
    if (own !== undefined) return own
    const predefined = predefinedConstants(this.progType).get(name)
    if (predefined !== undefined) return predefined
    return this.fieldOffset(name)
  }

  sizeOf(typeName: string): number | undefined {
    const type = this.type(typeName)
    return type && sizeOf(type)
  }

  mapIndex(name: string): number {
    return this.mapNumbers.get(name) ?? -1
  }

  get mapCount(): number {
    return this.maps.length
  }

  get constantNames(): string[] {
    return [...this.constants.keys(), ...predefinedConstants(this.progType).keys()]
  }

  get structTypes(): ReadonlyMap<string, DataType> {
    return this.structs
  }

  type(name: string): DataType | undefined {
    return this.structs.get(name) ?? BUILTIN_TYPES.get(name)
  }

  /** `struct.field` or `struct.field.field`: offset of a field. */
  private fieldOffset(name: string): number | undefined {
    const [struct, ...path] = name.split('.')
    let type: DataType | undefined = this.structs.get(struct!)
    if (type === undefined || path.length === 0) return undefined
    let offset = 0
    for (const step of path) {
      if (type.kind !== 'struct') return undefined
      const field: DataField | undefined = type.fields.find((candidate) => candidate.name === step)
      if (field === undefined) return undefined
      offset += field.offset
      type = field.type
    }
    return offset
  }

  /** Reads the declaration whose line is in the lexer. `words` is a struct's body that goes on over several lines. */
  read(): void {
    const directive = this.lexer.textOf(0)
    if (directive === '.prog') this.readProgram()
    else if (directive === '.license') this.readLicense()
    else if (directive === '.struct') this.readStruct()
    else if (directive === '.map') this.readMap()
    else if (directive === '.init') this.readInit()
    else this.readConstant(directive)
  }

  private readProgram(): void {
    const { lexer } = this
    const typeWord = lexer.textOf(1)
    const progType = PROG_TYPE_WORDS.get(typeWord)
    if (this.hasProgram) return this.report('second-program', 0, Math.max(0, lexer.count - 1), [lexer.textOf(2)])
    this.hasProgram = true
    if (progType === undefined) {
      if (lexer.count < 2) return this.malformed('.prog', 1, 'a program type is needed', 'xdp or tc')
      return this.report('unknown-prog-type', 1, 1, [typeWord], {
        expected: 'xdp, tc, action, socket, cgroup_skb',
        ...this.suggestion(typeWord, PROG_TYPE_WORDS.keys()),
      })
    }
    this.progType = progType
    if (lexer.count < 3) return
    const name = this.nameAt(2)
    if (name === undefined) return this.malformed('.prog', 2, 'a name is needed', 'a name')
    this.name = name
    this.declare('program', name, 2)
    this.endOfDirective('.prog', 3)
  }

  private readLicense(): void {
    const { lexer } = this
    if (lexer.count < 2) return this.malformed('.license', 1, 'a licence is needed', 'GPL')
    const rest = lexer.text.slice(lexer.starts[1]!, lexer.ends[lexer.count - 1]!)
    this.license = lexer.kinds[1] === TOKEN.STRING && lexer.count === 2 ? unquote(rest) : rest
  }

  private readConstant(directive: string): void {
    const { lexer } = this
    const name = this.nameAt(1)
    if (name === undefined) return this.malformed(directive, 1, 'a name is needed', 'a name')
    const separator = lexer.textOf(2)
    if (separator !== '=' && separator !== ',') return this.malformed(directive, 2, '`=` is needed', '=')
    const end = this.expressions.read(3)
    if (end < 0) return this.badExpression()
    if (this.declare('constant', name, 1)) this.constants.set(name, this.expressions.value)
    this.endOfDirective(directive, end)
  }

  private readStruct(): void {
    const name = this.nameAt(1)
    if (name === undefined) return this.malformed('.struct', 1, 'a name is needed', 'a name')
    const body = this.readBody('.struct', name, 2, 0)
    if (body === undefined) return
    if (this.declare('struct', name, 1)) this.structs.set(name, body.type)
    this.endOfDirective('.struct', body.end)
  }

  /** Reads `[size N] { … }` from token `from`; undefined (with a finding) where it is malformed. */
  private readBody(directive: string, name: string, from: number, depth: number): TypeReading | undefined {
    const { lexer } = this
    const fail = (at: number, reason: string, expected?: string): undefined => {
      this.malformed(directive, at, reason, expected)
    }
    let at = from
    let size: number | undefined
    if (lexer.textOf(at) === 'size') {
      at = this.expressions.read(at + 1)
      if (at < 0) return this.badExpression()
      size = Number(this.expressions.value)
    }
    if (lexer.textOf(at) !== '{') return fail(at, '`{` is needed', '{')
    if (depth > 16) return fail(at, 'the struct is nested too deep')
    at++
    const drafts: FieldDraft[] = []
    const seen = new Set<string>()
    while (lexer.textOf(at) !== '}') {
      if (isSeparator(lexer, at)) {
        at++
        continue
      }
      const field = this.nameAt(at)
      if (field === undefined) return fail(at, 'a field is needed', 'field type')
      if (seen.has(field) && field !== '_') return fail(at, `field \`${field}\` is there twice`)
      seen.add(field)
      const reading = this.readFieldType(directive, at + 1, depth)
      if (reading === undefined) return undefined
      at = reading.end
      let offset: number | undefined
      if (lexer.textOf(at) === '@') {
        at = this.expressions.read(at + 1)
        if (at < 0) return this.badExpression()
        offset = Number(this.expressions.value)
        if (!(offset >= 0 && offset <= 1 << 28)) return fail(at - 1, 'a field offset is out of range')
      }
      // A field without a name, as anonymous unions have it, is written `_`.
      drafts.push({ name: field === '_' ? '' : field, type: reading.type, ...(offset === undefined ? {} : { offset }) })
      if (lexer.textOf(at) !== '}' && !isSeparator(lexer, at)) return fail(at, 'fields are separated by `;`', '; or }')
    }
    const type = layoutStruct(name, drafts, size)
    return type === undefined ? fail(from + 1, 'the fields need more room than `size` says') : { type, end: at + 1 }
  }

  private readFieldType(directive: string, at: number, depth: number): TypeReading | undefined {
    const { lexer } = this
    let reading: TypeReading | TypeFailure | undefined
    if (lexer.textOf(at) === '{' || lexer.textOf(at) === 'size') {
      const inner = this.readBody(directive, '', at, depth + 1)
      if (inner === undefined) return undefined
      reading = readSuffix(lexer, at, inner.end, inner.type)
    } else reading = readType(lexer, at, (word) => this.type(word))
    if ('type' in reading) return reading
    this.typeFailure(directive, reading)
    return undefined
  }

  private readMap(): void {
    const { lexer } = this
    const quoted = lexer.kinds[1] === TOKEN.STRING
    const name = quoted ? unquote(lexer.textOf(1)) : this.nameAt(1)
    if (name === undefined) return this.malformed('.map', 1, 'a name is needed', 'a name')
    const typeWord = lexer.textOf(2)
    const type = lexer.kinds[2] === TOKEN.NUMBER ? lexer.values[2]! : typeWord
    const number = mapTypeNumber(type)
    if (number === undefined || lexer.kinds[2] === TOKEN.END) {
      if (lexer.kinds[2] === TOKEN.END) this.malformed('.map', 2, 'a map type is needed', 'array, hash, …')
      else
        this.report('unknown-map-type', 2, 2, [typeWord], {
          expected: MAP_TYPE_NAMES.slice(1).join(', '),
          ...this.suggestion(typeWord, MAP_TYPE_NAMES),
        })
    }
    const fixed = FIXED_SIZES[typeof type === 'string' ? type : (MAP_TYPE_NAMES[type] ?? '')]
    const map: { -readonly [K in keyof MapDef]: MapDef[K] } = {
      ...(name === '_' && !quoted ? {} : { name }),
      type: typeof type === 'number' && MAP_TYPE_NAMES[type] !== undefined ? MAP_TYPE_NAMES[type]! : type,
      key_size: fixed?.[0] ?? -1,
      value_size: fixed?.[1] ?? -1,
      max_entries: fixed?.[0] === 0 ? 4096 : 1,
      map_flags: 0,
    }
    const complete = this.readMapOptions(map, 3, false) >= 0
    if (complete && map.key_size < 0)
      map.key_size = typeWord === 'queue' || typeWord === 'stack' || typeWord === 'bloom_filter' ? 0 : 4
    if (complete && map.value_size < 0)
      this.malformed('.map', Math.max(0, lexer.count - 1), 'a value size is needed', 'value TYPE')
    // A map with mistakes is kept, so that its name is known and not reported again wherever it is used.
    // A quoted name may be there twice (the kernel allows it): such a map is used by its number.
    const named = quoted ? !this.mapNumbers.has(name) : name !== '_'
    if (named && !this.declare('map', name, 1)) return
    if (named) this.mapNumbers.set(name, this.maps.length)
    this.maps.push(map)
    this.mapPlaces.push(lexer.starts[0]!)
  }

  private readInit(): void {
    const { lexer } = this
    const quoted = lexer.kinds[1] === TOKEN.STRING
    const name = quoted ? unquote(lexer.textOf(1)) : lexer.textOf(1)
    const index = lexer.kinds[1] === TOKEN.NUMBER ? lexer.values[1]! : this.mapIndex(name)
    const map = this.maps[index]
    if (map === undefined) {
      if (lexer.count < 2) return this.malformed('.init', 1, 'a map is needed', 'map "00 01 …"')
      return this.report('unknown-map', 1, 1, [name], this.suggestion(name, this.mapNumbers.keys()))
    }
    const data = lexer.kinds[2] === TOKEN.STRING ? fromHex(unquote(lexer.textOf(2))) : undefined
    if (data === undefined) return this.malformed('.init', 2, 'bytes in hex between quotes are needed', '"00 01 …"')
    if (data.length > map.value_size)
      return this.malformed('.init', 2, `a value of this map has ${map.value_size} bytes`)
    const frozen = lexer.textOf(3) === 'frozen'
    this.contents.push({ map: index, data, frozen })
    this.endOfDirective('.init', frozen ? 4 : 3)
  }

  /** Reads options from token `from` to the end, or to `}` for an inner map; gives the token behind them, or -1. */
  private readMapOptions(map: { -readonly [K in keyof MapDef]: MapDef[K] }, from: number, isInner: boolean): number {
    const { lexer } = this
    let at = from
    while (at < lexer.count && !(isInner && lexer.textOf(at) === '}')) {
      const word = lexer.textOf(at)
      if (word === 'key' || word === 'value') {
        if (lexer.kinds[at + 1] === TOKEN.NUMBER) {
          map[word === 'key' ? 'key_size' : 'value_size'] = lexer.values[at + 1]!
          at += 2
          continue
        }
        const reading = this.readFieldType('.map', at + 1, 0)
        if (reading === undefined) return -1
        map[word] = reading.type
        map[word === 'key' ? 'key_size' : 'value_size'] = sizeOf(reading.type)
        at = reading.end
      } else if (word === 'max' || word === 'max_entries' || word === 'flags') {
        const end = this.expressions.read(at + 1)
        if (end < 0) {
          this.badExpression()
          return -1
        }
        const value = Number(this.expressions.value)
        if (!(value >= 0 && value <= 0xffffffff)) {
          this.malformed('.map', at + 1, `${word} must fit 32 bits`)
          return -1
        }
        map[word === 'flags' ? 'map_flags' : 'max_entries'] = value
        at = end
      } else if (word === 'inner' && !isInner) {
        at = this.readInner(map, at + 1)
        if (at < 0) return -1
      } else {
        this.malformed('.map', at, `\`${word}\` means nothing here`, 'key, value, max or flags')
        return -1
      }
    }
    return at
  }

  /** `{ TYPE options }`: what a map of maps holds. */
  private readInner(map: { -readonly [K in keyof MapDef]: MapDef[K] }, at: number): number {
    const { lexer } = this
    const type = lexer.textOf(at + 1)
    if (lexer.textOf(at) !== '{' || mapTypeNumber(type) === undefined) {
      this.malformed('.map', at, '`inner { TYPE … }` is needed', 'inner { array key u32 value u64 max 1 }')
      return -1
    }
    const inner: { -readonly [K in keyof MapDef]: MapDef[K] } = {
      type,
      key_size: 4,
      value_size: 4,
      max_entries: 1,
      map_flags: 0,
    }
    const end = this.readMapOptions(inner, at + 2, true)
    if (end < 0) return -1
    if (lexer.textOf(end) !== '}') {
      this.malformed('.map', end, '`}` is needed', '}')
      return -1
    }
    map.inner = inner
    return end + 1
  }

  private nameAt(at: number): string | undefined {
    return this.lexer.kinds[at] === TOKEN.NAME ? this.lexer.textOf(at) : undefined
  }

  /** Notes a declaration; false (with a finding) when the name is taken by one of the same kind. */
  private declare(kind: Declaration['kind'], name: string, at: number): boolean {
    const { lexer } = this
    const key = kind === 'constant' || kind === 'map' ? `value ${name}` : `${kind} ${name}`
    const before = this.places.get(key)
    if (before !== undefined) {
      this.report('duplicate-name', at, at, [name, this.findings.lines.lineAt(before)])
      return false
    }
    this.places.set(key, lexer.starts[at]!)
    this.declared.push({ kind, name, start: lexer.starts[at]!, end: lexer.ends[at]! })
    return true
  }

  private endOfDirective(directive: string, at: number): void {
    if (at < this.lexer.count) this.malformed(directive, at, `\`${this.lexer.textOf(at)}\` is too much`, 'end of line')
  }

  private malformed(directive: string, at: number, reason: string, expected?: string): void {
    const last = Math.min(at, Math.max(0, this.lexer.count - 1))
    this.report(
      'directive-syntax',
      at >= this.lexer.count ? last : at,
      last,
      [directive, reason],
      expected === undefined ? {} : { expected },
    )
  }

  private badExpression(): undefined {
    const { failure, failedAt } = this.expressions
    const at = Math.min(failedAt, Math.max(0, this.lexer.count - 1))
    const name = this.nameAt(at)
    if (name !== undefined && this.constant(name) === undefined) {
      this.report('unknown-name', at, at, [name], this.suggestion(name, this.constantNames))
      return
    }
    this.report('bad-expression', at, at, [failure || 'a number or a constant is needed'])
  }

  private typeFailure(directive: string, failure: { at: number; unknown: boolean; reason: string }): void {
    if (!failure.unknown) return this.malformed(directive, failure.at, failure.reason, 'a type')
    const word = this.lexer.textOf(failure.at)
    this.report('unknown-type', failure.at, failure.at, [word], {
      expected: 'u8 … u64, be16 … be64, mac, ipv4, or a struct',
      ...this.suggestion(word, [...this.structs.keys(), ...BUILTIN_TYPES.keys()]),
    })
  }

  private suggestion(word: string, candidates: Iterable<string>): FindingOptions {
    const meant = this.findings.wantsHelp ? nearest(word, candidates) : undefined
    return changeTo(meant)
  }

  private report(
    code: Parameters<Findings['add']>[0],
    first: number,
    last: number,
    values: readonly (string | number)[],
    options: FindingOptions = {},
  ): void {
    this.findings.add(code, this.lexer.starts[first]!, this.lexer.ends[Math.max(first, last)]!, values, options)
  }
}

/** Fields are separated by `;`, `,` or a line end. */
function isSeparator(lexer: Lexer, at: number): boolean {
  const text = lexer.textOf(at)
  return text === ';' || text === ',' || text === '\n'
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}
