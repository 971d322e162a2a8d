/** Text forms of integers and addresses: dotted IPv4, MAC, IPv6 (RFC 5952), protocol names, hex. */

import type { DataType, IntFormat } from './program'

type IntType = Extract<DataType, { kind: 'int' }>

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipip'],
  [6, 'tcp'],
  [17, 'udp'],
  [41, 'ipv6'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [132, 'sctp'],
])

const protocolNumbers = new Map([...PROTOCOL_NAMES].map(([number, name]) => [name, number]))

/** Name of an IP protocol, or its number. */
export function protocolName(number: number): string {
  return PROTOCOL_NAMES.get(number) ?? String(number)
}

/** An integer in the format of its type. */
export function formatInt(value: bigint, type: IntType): string {
  const unsigned = BigInt.asUintN(type.size * 8, value)
  if (type.encoding === 'bool') return value === 0n ? 'false' : 'true'
  const name = type.names?.find(([, number]) => BigInt(number) === value)?.[0]
  if (name !== undefined) return name
  switch (type.format as IntFormat | undefined) {
    case 'hex':
      return `0x${unsigned.toString(16).padStart(type.size * 2, '0')}`
    case 'ethertype':
      return `0x${unsigned.toString(16).padStart(4, '0')}`
    case 'ipv4':
      return type.size === 4
        ? [24n, 16n, 8n, 0n].map((shift) => String((unsigned >> shift) & 255n)).join('.')
        : value.toString()
    case 'ipproto':
      return protocolName(Number(value))
    case 'port':
    case 'dec':
    case undefined:
      return value.toString()
  }
}

/** Text to an integer: decimal, hex, `'c'`, and what the type's format allows. Undefined when it is none. */
export function parseInteger(text: string, type: IntType): bigint | undefined {
  const word = text.trim()
  if (/^[+-]?\d+$/.test(word)) return BigInt(word.replace(/^\+/, ''))
  const hex = /^([+-]?)(0x[0-9a-f]+|0b[01]+|0o[0-7]+)$/i.exec(word)
  if (hex !== null) return hex[1] === '-' ? -BigInt(hex[2]!) : BigInt(hex[2]!)
  if (/^'.'$/.test(word)) return BigInt(word.charCodeAt(1))
  if (word === 'true') return 1n
  if (word === 'false') return 0n
  const named = type.names?.find(([name]) => name === word)
  if (named !== undefined) return BigInt(named[1])
  if (type.format === 'ipv4') return parseIpv4(word)
  if (type.format === 'ipproto') {
    const number = protocolNumbers.get(word.toLowerCase())
    return number === undefined ? undefined : BigInt(number)
  }
  return undefined
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

export function formatMac(bytes: Uint8Array, offset = 0): string {
  return Array.from({ length: 6 }, (_, i) => (bytes[offset + i] ?? 0).toString(16).padStart(2, '0')).join(':')
}

export function parseMac(text: string): Uint8Array | undefined {
  const parts = text.trim().split(/[:-]/)
  if (parts.length !== 6 || parts.some((part) => !/^[0-9a-f]{1,2}$/i.test(part))) return undefined
  return Uint8Array.from(parts, (part) => parseInt(part, 16))
}

/** Shortest form: the longest run of zero words (two or more, the first of equals) becomes `::`. */
export function formatIpv6(bytes: Uint8Array, offset = 0): string {
  const words = Array.from(
    { length: 8 },
    (_, i) => ((bytes[offset + i * 2] ?? 0) << 8) | (bytes[offset + i * 2 + 1] ?? 0),
  )
  let from = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && words[end] === 0) end++
    if (end - i > length) {
      from = i
      length = end - i
    }
  }
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':')
  return from < 0 ? text(words) : `${text(words.slice(0, from))}::${text(words.slice(from + length))}`
}

export function parseIpv6(text: string): Uint8Array | undefined {
  let source = text.trim().toLowerCase()
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(source)
  if (dotted !== null) {
    const value = parseIpv4(dotted[1]!)
    if (value === undefined) return undefined
    source = `${source.slice(0, -dotted[1]!.length)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`
  }
  const halves = source.split('::')
  if (halves.length > 2) return undefined
  const wordsOf = (part: string) => (part === '' ? [] : part.split(':'))
  const head = wordsOf(halves[0]!)
  const tail = wordsOf(halves[1] ?? '')
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const words = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => '0'), ...tail]
  if (words.some((word) => !/^[0-9a-f]{1,4}$/.test(word))) return undefined
  return Uint8Array.from(words.flatMap((word) => [parseInt(word, 16) >> 8, parseInt(word, 16) & 255]))
}
