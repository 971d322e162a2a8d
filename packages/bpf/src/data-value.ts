/**
 * Typed values: bytes of a map's key or value to text and plain values, and back. Works on `DataType`;
 * BTF types are turned into these first (btf/). Text forms: `7`, `0x1f`, `10.0.0.1`, `02:00:00:00:00:01`,
 * `udp`, `[1, 2]`, `{packets: 7, bytes: 420}`; JSON is read too.
 */

import type { DataType } from './program'
import { sizeOf } from './data-type'
import { formatInt, formatIpv6, formatMac, parseInteger, parseIpv6, parseMac } from './data-format'

/** A value as plain data: 64-bit integers beyond 2^53 are BigInt. */
export type DataValue = number | bigint | readonly DataValue[] | { readonly [field: string]: DataValue }

export type ParsedValue =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false
      readonly error: string
      /** Field that is wrong, e.g. `mac` or `counts[2].bytes`; empty for the whole. */ readonly path: string
    }

/** A part of a type that is shown and edited as one: an integer, or an array with a format. */
export interface FlatField {
  /** `packets`, `inner.port`, `slots[3]`; empty when the type itself is one. */
  readonly path: string
  /** Byte offset from the start of the value. */
  readonly offset: number
  readonly type: DataType
}

/** Longest array whose elements become fields of their own in `flattenFields`. */
const FLATTEN_LIMIT = 16
/** Most fields that `flattenFields` gives. */
const FIELD_LIMIT = 256

/** The parts of a type that a table shows as columns, in the order of their offsets. */
export function flattenFields(type: DataType): FlatField[] {
  const fields: FlatField[] = []
  flatten(type, '', 0, fields)
  return fields
}

function flatten(type: DataType, path: string, offset: number, fields: FlatField[]): void {
  if (fields.length >= FIELD_LIMIT) return
  if (type.kind === 'struct' && type.fields.length > 0) {
    for (const field of type.fields)
      flatten(field.type, path === '' ? field.name : `${path}.${field.name}`, offset + field.offset, fields)
    return
  }
  if (type.kind === 'array' && type.format === undefined && type.count <= FLATTEN_LIMIT && !isByte(type.of)) {
    for (let i = 0; i < type.count; i++) flatten(type.of, `${path}[${i}]`, offset + i * sizeOf(type.of), fields)
    return
  }
  fields.push({ path, offset, type })
}

function isByte(type: DataType): boolean {
  return type.kind === 'int' && type.size === 1
}

/** Bytes as text. Bytes that are missing at the end read as zero. */
export function formatValue(bytes: Uint8Array, type: DataType, offset = 0): string {
  switch (type.kind) {
    case 'int':
      return formatInt(readInt(bytes, type, offset), type)
    case 'array':
      if (type.format === 'mac' && sizeOf(type) === 6) return formatMac(bytes, offset)
      if (type.format === 'ipv6' && sizeOf(type) === 16) return formatIpv6(bytes, offset)
      if (type.format !== undefined) return hexOf(bytes, offset, sizeOf(type))
      return `[${elements(type)
        .map((at) => formatValue(bytes, type.of, offset + at))
        .join(', ')}]`
    case 'struct':
      return `{${type.fields.map((field) => `${field.name}: ${formatValue(bytes, field.type, offset + field.offset)}`).join(', ')}}`
  }
}

/** Bytes as plain data. */
export function readValue(bytes: Uint8Array, type: DataType, offset = 0): DataValue {
  switch (type.kind) {
    case 'int': {
      const value = readInt(bytes, type, offset)
      return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : value
    }
    case 'array':
      return elements(type).map((at) => readValue(bytes, type.of, offset + at))
    case 'struct':
      return Object.fromEntries(
        type.fields.map((field) => [field.name, readValue(bytes, field.type, offset + field.offset)]),
      )
  }
}

function elements(type: Extract<DataType, { kind: 'array' }>): number[] {
  const size = sizeOf(type.of)
  return Array.from({ length: type.count }, (_, i) => i * size)
}

/** One integer of a type at an offset. */
export function readInt(bytes: Uint8Array, type: Extract<DataType, { kind: 'int' }>, offset = 0): bigint {
  let value = 0n
  for (let i = 0; i < type.size; i++) {
    const at = offset + (type.bigEndian === true ? i : type.size - 1 - i)
    value = (value << 8n) | BigInt(bytes[at] ?? 0)
  }
  const bits = type.bits?.size ?? type.size * 8
  if (type.bits !== undefined) value = BigInt.asUintN(bits, value >> BigInt(type.bits.offset))
  return type.signed ? BigInt.asIntN(bits, value) : value
}

function writeInt(bytes: Uint8Array, type: Extract<DataType, { kind: 'int' }>, offset: number, field: bigint): void {
  let value = field
  if (type.bits !== undefined) {
    const { bits, ...whole } = type
    const mask = ((1n << BigInt(bits.size)) - 1n) << BigInt(bits.offset)
    value = (readInt(bytes, { ...whole, signed: false }, offset) & ~mask) | ((field << BigInt(bits.offset)) & mask)
  }
  for (let i = 0; i < type.size; i++) {
    const at = offset + (type.bigEndian === true ? type.size - 1 - i : i)
    bytes[at] = Number(BigInt.asUintN(8, value >> BigInt(i * 8)))
  }
}

function hexOf(bytes: Uint8Array, offset: number, size: number): string {
  return Array.from({ length: size }, (_, i) => (bytes[offset + i] ?? 0).toString(16).padStart(2, '0')).join(' ')
}

/**
 * Text or plain data to bytes of the type's size. Fields that an object does not name keep the bytes of
 * `base`, or zero. Anything that does not fit is an error that names the field; nothing is cut silently.
 */
export function parseValue(input: string | DataValue, type: DataType, base?: Uint8Array): ParsedValue {
  const bytes = new Uint8Array(sizeOf(type))
  if (base !== undefined) bytes.set(base.subarray(0, bytes.length))
  const tree = typeof input === 'string' ? readText(input) : input
  if (tree instanceof SyntaxProblem) return { ok: false, error: tree.message, path: '' }
  const problem = store(bytes, type, 0, tree, '')
  return problem ?? { ok: true, bytes }
}

/** Writes one field's text into a value: the edit of a table cell. */
export function parseField(text: string, field: FlatField, base: Uint8Array): ParsedValue {
  const bytes = base.slice()
  const problem = store(bytes, field.type, field.offset, readText(text), field.path)
  return problem ?? { ok: true, bytes }
}

type Tree = DataValue | TextTree | SyntaxProblem
type TextTree = string | readonly Tree[] | { readonly [field: string]: Tree }

class SyntaxProblem {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

function failed(path: string, error: string): ParsedValue {
  return { ok: false, error, path }
}

function store(bytes: Uint8Array, type: DataType, offset: number, tree: Tree, path: string): ParsedValue | undefined {
  if (tree instanceof SyntaxProblem) return failed(path, tree.message)
  switch (type.kind) {
    case 'int':
      return storeInt(bytes, type, offset, tree, path)
    case 'array':
      return storeArray(bytes, type, offset, tree, path)
    case 'struct': {
      if (typeof tree !== 'object' || Array.isArray(tree))
        return failed(path, `expected an object with the fields of ${type.name || 'the struct'}`)
      for (const [name, value] of Object.entries(tree as Readonly<Record<string, Tree>>)) {
        const field = type.fields.find((candidate) => candidate.name === name)
        const inner = path === '' ? name : `${path}.${name}`
        if (field === undefined) return failed(inner, `${type.name || 'the struct'} has no field ${name}`)
        const problem = store(bytes, field.type, offset + field.offset, value, inner)
        if (problem !== undefined) return problem
      }
      return undefined
    }
  }
}

function storeInt(
  bytes: Uint8Array,
  type: Extract<DataType, { kind: 'int' }>,
  offset: number,
  tree: Tree,
  path: string,
): ParsedValue | undefined {
  let value: bigint | undefined
  if (typeof tree === 'bigint') value = tree
  else if (typeof tree === 'number') value = Number.isInteger(tree) ? BigInt(tree) : undefined
  else if (typeof tree === 'string') value = parseInteger(tree, type)
  if (value === undefined) return failed(path, 'expected a whole number')
  const bits = BigInt(type.bits?.size ?? type.size * 8)
  const least = type.signed ? -(1n << (bits - 1n)) : 0n
  // Hex is taken as the bits themselves, also of a signed type.
  const isBits = typeof tree === 'string' && /^0[xb]/i.test(tree)
  const most = type.signed && !isBits ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n
  if (value < least || value > most) return failed(path, `${value} is outside ${least} to ${most}`)
  writeInt(bytes, type, offset, value)
  return undefined
}

function storeArray(
  bytes: Uint8Array,
  type: Extract<DataType, { kind: 'array' }>,
  offset: number,
  tree: Tree,
  path: string,
): ParsedValue | undefined {
  const size = sizeOf(type)
  if (typeof tree === 'string') {
    const packed =
      type.format === 'mac'
        ? parseMac(tree)
        : type.format === 'ipv6'
          ? parseIpv6(tree)
          : isByte(type.of)
            ? parseHexBytes(tree)
            : undefined
    if (packed === undefined)
      return failed(
        path,
        type.format === 'mac'
          ? 'expected a MAC address, 02:00:00:00:00:01'
          : type.format === 'ipv6'
            ? 'expected an IPv6 address'
            : 'expected a list',
      )
    if (packed.length !== size) return failed(path, `expected ${size} bytes, got ${packed.length}`)
    bytes.set(packed, offset)
    return undefined
  }
  if (!Array.isArray(tree)) return failed(path, 'expected a list')
  if (tree.length !== type.count) return failed(path, `expected ${type.count} elements, got ${tree.length}`)
  const step = sizeOf(type.of)
  for (let i = 0; i < type.count; i++) {
    const problem = store(bytes, type.of, offset + i * step, tree[i] as Tree, `${path}[${i}]`)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** `00 15 49`, `00154901`, `00:15:49`. */
function parseHexBytes(text: string): Uint8Array | undefined {
  const digits = text
    .trim()
    .replace(/^0x/i, '')
    .replace(/[\s:]+/g, '')
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(i * 2, i * 2 + 2), 16))
}

const MAX_NESTING = 32

/** Text to lists, objects and words; JSON is a special case of it. */
function readText(text: string): Tree {
  const reader = new TextReader(text)
  const tree = reader.read(0)
  if (tree instanceof SyntaxProblem) return tree
  return reader.atEnd() ? tree : new SyntaxProblem(`unexpected "${reader.rest()}"`)
}

class TextReader {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    this.skipBlanks()
    return this.at >= this.text.length
  }

  rest(): string {
    return this.text.slice(this.at, this.at + 20)
  }

  read(depth: number): Tree {
    if (depth > MAX_NESTING) return new SyntaxProblem('nested too deep')
    this.skipBlanks()
    const char = this.text[this.at]
    if (char === '[') return this.readList(depth)
    if (char === '{') return this.readObject(depth)
    return this.readWord(/[^,\]}]*/y)
  }

  private readList(depth: number): Tree {
    const list: Tree[] = []
    this.at++
    this.skipBlanks()
    if (this.take(']')) return list
    while (true) {
      const item = this.read(depth + 1)
      if (item instanceof SyntaxProblem) return item
      list.push(item)
      this.skipBlanks()
      if (this.take(']')) return list
      if (!this.take(',')) return new SyntaxProblem('`,` or `]` is missing')
    }
  }

  private readObject(depth: number): Tree {
    const entries: [string, Tree][] = []
    this.at++
    this.skipBlanks()
    if (this.take('}')) return {}
    while (true) {
      this.skipBlanks()
      const name = this.readWord(/[^\s:,\]}=]*/y)
      this.skipBlanks()
      if (typeof name !== 'string' || name === '' || !(this.take(':') || this.take('=')))
        return new SyntaxProblem('`field: value` is needed')
      const value = this.read(depth + 1)
      if (value instanceof SyntaxProblem) return value
      entries.push([name, value])
      this.skipBlanks()
      if (this.take('}')) return Object.fromEntries(entries)
      if (!this.take(',')) return new SyntaxProblem('`,` or `}` is missing')
    }
  }

  private readWord(plain: RegExp): Tree {
    if (this.text[this.at] === '"') {
      const quoted = /"((?:[^"\\]|\\.)*)"/y
      quoted.lastIndex = this.at
      const found = quoted.exec(this.text)
      if (found === null) return new SyntaxProblem('a closing quote is missing')
      this.at += found[0].length
      return found[1]!.replace(/\\(.)/g, '$1')
    }
    plain.lastIndex = this.at
    const word = plain.exec(this.text)?.[0] ?? ''
    this.at += word.length
    return word.trim()
  }

  private take(char: string): boolean {
    if (this.text[this.at] !== char) return false
    this.at++
    return true
  }

  private skipBlanks(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++
  }
}
