/** Reads fields of one layer, and notes what it reads: name, text, offset, length. Never reads past the end. */
import { formatIpv4, formatIpv6, formatMac } from '../address'

export interface DissectedField {
  readonly name: string
  readonly text: string
  /** Bytes from the frame's start. */
  readonly offset: number
  readonly length: number
}

export interface DissectedLayer {
  /** Short stable name: `eth`, `vlan`, `arp`, `ipv4`, `ipv6`, `udp`, … */
  readonly protocol: string
  readonly title: string
  readonly offset: number
  readonly length: number
  readonly fields: readonly DissectedField[]
  /** What is wrong with this layer, e.g. a wrong checksum or a cut header. */
  readonly problems: readonly string[]
}

/** A cursor over `bytes[start, end)`; the fields it notes become one layer. */
export class LayerReader {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly fields: DissectedField[] = []
  readonly problems: string[] = []
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = Math.min(end, bytes.length)
  }

  /** Bytes left from `at` (relative to the layer). */
  left(at = 0): number {
    return Math.max(0, this.end - this.start - at)
  }

  u8(at: number): number {
    return this.bytes[this.start + at] ?? 0
  }

  u16(at: number): number {
    return (this.u8(at) << 8) | this.u8(at + 1)
  }

  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2)
  }

  note(name: string, at: number, length: number, text: string): void {
    this.fields.push({ name, text, offset: this.start + at, length })
  }

  mac(name: string, at: number): string {
    const text = formatMac(this.bytes, this.start + at)
    this.note(name, at, 6, text)
    return text
  }

  ipv4(name: string, at: number): string {
    const text = formatIpv4(this.bytes, this.start + at)
    this.note(name, at, 4, text)
    return text
  }

  ipv6(name: string, at: number): string {
    const text = formatIpv6(this.bytes, this.start + at)
    this.note(name, at, 16, text)
    return text
  }

  layer(protocol: string, title: string, length: number): DissectedLayer {
    return {
      protocol,
      title,
      offset: this.start,
      length: Math.min(length, this.left()),
      fields: this.fields,
      problems: this.problems,
    }
  }
}

/** 0x and `digits` hex digits. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}

/** `number (name)` or the number alone. */
export function named(value: number, names: Readonly<Record<number, string>>, text = String(value)): string {
  const name = names[value]
  return name === undefined ? text : `${text} (${name})`
}
