/**
 * Bytes of a map as people read and write them, by their declared type. Values travel as hex in host byte order
 * (little-endian); 64-bit numbers pass through BigInt because this is an edge.
 */
import type { DataType, IntFormat } from '@offload/bpf'

export interface Column {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly type: DataType
}

export type Parsed = { readonly ok: true; readonly hex: string } | { readonly ok: false; readonly error: string }

export function sizeOf(type: DataType): number {
  if (type.kind === 'int') return type.size
  if (type.kind === 'array') return sizeOf(type.of) * type.count
  return type.size
}

/** Leaves of a type as columns; without a type one column of raw bytes. */
export function columnsOf(type: DataType | undefined, size: number, name: string): Column[] {
  if (type === undefined) return [{ name, offset: 0, size, type: { kind: 'array', of: { kind: 'int', size: 1, signed: false }, count: size, format: 'hex' } }]
  if (type.kind !== 'struct') return [{ name, offset: 0, size: sizeOf(type), type }]
  return type.fields.flatMap((field) =>
    field.type.kind === 'struct'
      ? columnsOf(field.type, sizeOf(field.type), field.name).map((column) => ({ ...column, name: `${field.name}.${column.name}`, offset: column.offset + field.offset }))
      : [{ name: field.name, offset: field.offset, size: sizeOf(field.type), type: field.type }],
  )
}

const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))
const hexOf = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')

function integer(bytes: readonly number[], signed: boolean): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value
}

const NETWORK_ORDER: ReadonlySet<IntFormat> = new Set(['ipv4', 'port', 'ethertype'])

/** The field's number: fields kept in network order are turned round. */
export function numberAt(hex: string, column: Column): bigint {
  const bytes = bytesOf(hex.slice(column.offset * 2, (column.offset + column.size) * 2))
  if (column.type.kind !== 'int') return 0n
  if (column.type.format !== undefined && NETWORK_ORDER.has(column.type.format)) bytes.reverse()
  return integer(bytes, column.type.signed)
}

export function formatField(hex: string, column: Column): string {
  const bytes = bytesOf(hex.slice(column.offset * 2, (column.offset + column.size) * 2))
  const { type } = column
  if (type.kind === 'int') {
    if (type.format === 'ipv4') return bytes.join('.')
    const value = numberAt(hex, column)
    if (type.format === 'hex') return `0x${BigInt.asUintN(type.size * 8, value).toString(16)}`
    if (type.format === 'ethertype') return `0x${value.toString(16).padStart(4, '0')}`
    return value.toString()
  }
  if (type.kind === 'array') {
    if (type.format === 'mac') return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
    if (type.format === 'ipv6') return (hexOf(bytes).match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':')
    if (type.format !== 'hex' && type.of.kind === 'int') {
      const step = type.of.size
      const signed = type.of.signed
      return [...Array(type.count).keys()].map((i) => integer(bytes.slice(i * step, (i + 1) * step), signed).toString()).join(' ')
    }
  }
  return hexOf(bytes)
}

/** The bytes of one field from what somebody typed. */
export function parseField(text: string, column: Column): Parsed {
  const { type, size, name } = column
  const trimmed = text.trim()
  if (trimmed === '') return { ok: false, error: `${name} is empty.` }
  if (type.kind === 'int') {
    if (type.format === 'ipv4' && trimmed.includes('.')) {
      const parts = trimmed.split('.')
      const bytes = parts.map(Number)
      if (parts.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255))
        return { ok: false, error: `${name}: "${trimmed}" is not an IPv4 address like 10.0.0.1.` }
      return { ok: true, hex: hexOf(bytes) }
    }
    const literal = trimmed.replaceAll(/[\u202f ,_]/g, '')
    if (!/^-?(?:0[xX][0-9a-fA-F]+|\d+)$/.test(literal)) return { ok: false, error: `${name}: "${trimmed}" is not a number. Write it decimal or with 0x.` }
    const negative = literal.startsWith('-')
    const magnitude = BigInt(negative ? literal.slice(1) : literal)
    const value = negative ? -magnitude : magnitude
    const bits = BigInt(size * 8)
    const low = type.signed || negative ? -(1n << (bits - 1n)) : 0n
    const high = type.signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n
    if (value < low || value > high) return { ok: false, error: `${name}: ${value} does not fit ${size * 8} bits (${low} to ${high}).` }
    const bytes = littleEndian(BigInt.asUintN(size * 8, value), size)
    if (type.format !== undefined && NETWORK_ORDER.has(type.format)) bytes.reverse()
    return { ok: true, hex: hexOf(bytes) }
  }
  const digits = trimmed.replaceAll(/[\s:.-]/g, '').replace(/^0x/i, '')
  if (!/^[0-9a-fA-F]*$/.test(digits)) return { ok: false, error: `${name}: "${trimmed}" is not hex.` }
  if (digits.length !== size * 2) return { ok: false, error: `${name}: ${size} bytes are ${size * 2} hex digits, got ${digits.length}.` }
  return { ok: true, hex: digits.toLowerCase() }
}

function littleEndian(value: bigint, size: number): number[] {
  return [...Array(size).keys()].map((i) => Number((value >> BigInt(i * 8)) & 255n))
}

/** Replace a field's bytes in a whole value. */
export function withField(hex: string, column: Column, fieldHex: string): string {
  return hex.slice(0, column.offset * 2) + fieldHex + hex.slice((column.offset + column.size) * 2)
}

const PROTOCOLS: Readonly<Record<string, string>> = { 1: 'ICMP', 2: 'IGMP', 6: 'TCP', 17: 'UDP', 41: 'IPv6', 4: 'IPIP', 47: 'GRE', 50: 'ESP', 51: 'AH', 58: 'ICMPv6', 89: 'OSPF', 103: 'PIM', 112: 'VRRP', 132: 'SCTP' }

/** A name beside a key that holds an IP protocol number. */
export function protocolName(value: string): string | undefined {
  return PROTOCOLS[value]
}
