/** pcapng, read in both byte orders with any number of sections, written little-endian. object-formats.md, section 11.2. */
import { LINK_TYPE } from './types'
import type { CapturedPacket, CaptureError, CaptureInterface, CaptureResult } from './types'
import { timeOf } from './pcap'
import type { PacketToWrite } from './pcap'

const BLOCK = { section: 0x0a0d0d0a, interface: 1, oldPacket: 2, simple: 3, enhanced: 6 } as const
const BYTE_ORDER = 0x1a2b3c4d
const OPTION = {
  end: 0,
  comment: 1,
  ifName: 2,
  epbFlags: 2,
  shbUserAppl: 4,
  epbQueue: 6,
  epbVerdict: 7,
  ifTsresol: 9,
  ifTsoffset: 14,
} as const

/** True when the file begins with a section header block. */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x0a && bytes[1] === 0x0d && bytes[2] === 0x0d && bytes[3] === 0x0a
}

interface Interface extends CaptureInterface {
  /** Ticks a second as a power: base 10 or 2, exponent. */
  readonly base: 2 | 10
  readonly exponent: number
  readonly offsetSeconds: number
}

interface Option {
  readonly code: number
  readonly value: Uint8Array
}

/** Reads a whole file. Data of the packets are views into `bytes`; interface numbers go through all sections. */
export function readPcapng(bytes: Uint8Array): CaptureResult {
  if (!isPcapng(bytes)) return fail('not a pcapng file: no section header block', 0)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const interfaces: Interface[] = []
  const packets: CapturedPacket[] = []
  let sectionBase = 0
  let little = true
  let truncated: CaptureError | undefined
  let at = 0
  while (at < bytes.length) {
    if (at + 12 > bytes.length) {
      truncated = { message: 'block header is cut off', offset: at }
      break
    }
    if (view.getUint32(at, true) === BLOCK.section) {
      // The type reads the same in both orders; the magic behind the length decides.
      if (view.getUint32(at + 8, true) === BYTE_ORDER) little = true
      else if (view.getUint32(at + 8, false) === BYTE_ORDER) little = false
      else return fail('section header without byte-order magic', at + 8)
      sectionBase = interfaces.length
    }
    const type = view.getUint32(at, little)
    const length = view.getUint32(at + 4, little)
    if (length < 12 || length % 4 !== 0)
      return fail(`block length ${length} is not a multiple of 4 from 12 upwards`, at + 4)
    if (at + length > bytes.length) {
      truncated = { message: `block of ${length} bytes is cut off after ${bytes.length - at}`, offset: at }
      break
    }
    if (view.getUint32(at + length - 4, little) !== length)
      return fail('block lengths at head and tail differ', at + length - 4)
    const body = at + 8
    const end = at + length - 4
    const need = (size: number): boolean => body + size <= end
    if (type === BLOCK.section) {
      if (!need(16)) return fail('section header block is too short', at)
      const major = view.getUint16(body + 4, little)
      if (major !== 1) return fail(`pcapng version ${major}: only 1.x is known`, body + 4)
    } else if (type === BLOCK.interface) {
      if (!need(8)) return fail('interface block is too short', at)
      interfaces.push(readInterface(view, bytes, body, end, little))
    } else if (type === BLOCK.enhanced || type === BLOCK.oldPacket) {
      if (!need(20)) return fail('packet block is too short', at)
      const number = type === BLOCK.enhanced ? view.getUint32(body, little) : view.getUint16(body, little)
      const source = interfaces[sectionBase + number]
      if (!source) return fail(`packet of interface ${number}, which is not declared`, body)
      const captured = view.getUint32(body + 12, little)
      if (!need(20 + captured))
        return fail(`packet claims ${captured} captured bytes, more than its block holds`, body + 12)
      const time = timestamp(view.getUint32(body + 4, little), view.getUint32(body + 8, little), source)
      packets.push({
        ...time,
        data: bytes.subarray(body + 20, body + 20 + captured),
        originalLength: view.getUint32(body + 16, little),
        linkType: source.linkType,
        interface: sectionBase + number,
        ...packetOptions(readOptions(view, bytes, body + 20 + padded(captured), end, little), little),
      })
    } else if (type === BLOCK.simple) {
      const source = interfaces[sectionBase]
      if (!source) return fail('simple packet without an interface', at)
      if (!need(4)) return fail('simple packet block is too short', at)
      const original = view.getUint32(body, little)
      const captured = Math.min(original, source.snapLength || original, end - body - 4)
      packets.push({
        seconds: 0,
        nanos: 0,
        data: bytes.subarray(body + 4, body + 4 + captured),
        originalLength: original,
        linkType: source.linkType,
        interface: sectionBase,
      })
    }
    at += length
  }
  return {
    ok: true,
    capture: {
      format: 'pcapng',
      interfaces: interfaces.map(({ linkType, snapLength, name }) => ({
        linkType,
        snapLength,
        ...(name !== undefined && { name }),
      })),
      packets,
      ...(truncated && { truncated }),
    },
  }
}

function readInterface(view: DataView, bytes: Uint8Array, body: number, end: number, little: boolean): Interface {
  let base: 2 | 10 = 10
  let exponent = 6
  let offsetSeconds = 0
  let name: string | undefined
  for (const { code, value } of readOptions(view, bytes, body + 8, end, little)) {
    if (code === OPTION.ifTsresol && value.length >= 1) {
      base = value[0]! & 0x80 ? 2 : 10
      exponent = value[0]! & 0x7f
    } else if (code === OPTION.ifTsoffset && value.length >= 8) {
      const option = new DataView(value.buffer, value.byteOffset, 8)
      offsetSeconds = option.getInt32(little ? 4 : 0, little) * 4294967296 + option.getUint32(little ? 0 : 4, little)
    } else if (code === OPTION.ifName) name = utf8(value)
  }
  return {
    linkType: view.getUint16(body, little),
    snapLength: view.getUint32(body + 4, little),
    base,
    exponent,
    offsetSeconds,
    ...(name !== undefined && { name }),
  }
}

function readOptions(view: DataView, bytes: Uint8Array, start: number, end: number, little: boolean): Option[] {
  const options: Option[] = []
  let at = start
  while (at + 4 <= end) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    if (code === OPTION.end || at + 4 + length > end) break
    options.push({ code, value: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + padded(length)
  }
  return options
}

function packetOptions(options: readonly Option[], little: boolean): Partial<CapturedPacket> {
  const found: { comment?: string; queue?: number; xdpAction?: number; direction?: 'in' | 'out' } = {}
  for (const { code, value } of options) {
    const view = new DataView(value.buffer, value.byteOffset, value.length)
    if (code === OPTION.comment)
      found.comment = found.comment === undefined ? utf8(value) : `${found.comment}\n${utf8(value)}`
    else if (code === OPTION.epbQueue && value.length >= 4) found.queue = view.getUint32(0, little)
    else if (code === OPTION.epbVerdict && value.length >= 9 && value[0] === 2)
      found.xdpAction = view.getUint32(little ? 1 : 5, little)
    else if (code === OPTION.epbFlags && value.length >= 4) {
      const direction = view.getUint32(0, little) & 3
      if (direction === 1) found.direction = 'in'
      if (direction === 2) found.direction = 'out'
    }
  }
  return found
}

/** (high << 32 | low) ticks to seconds and nanoseconds. BigInt: this is an edge, and 10^n needs 64 bits. */
function timestamp(high: number, low: number, source: Interface): { seconds: number; nanos: number } {
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  const perSecond = BigInt(source.base) ** BigInt(source.exponent)
  const seconds = ticks / perSecond
  const nanos = ((ticks % perSecond) * 1_000_000_000n) / perSecond
  return { seconds: Number(seconds) + source.offsetSeconds, nanos: Number(nanos) }
}

function padded(length: number): number {
  return (length + 3) & ~3
}

function fail(message: string, offset: number): CaptureResult {
  return { ok: false, error: { message, offset } }
}

/**
 * A file with one section; times in nanoseconds; queue, verdict, direction and comment go into each packet's options.
 * One interface for each name given (default one called `port0`), more where packets name more.
 */
export function writePcapng(
  packets: readonly PacketToWrite[],
  options: { readonly interfaces?: readonly string[]; readonly linkType?: number; readonly application?: string } = {},
): Uint8Array {
  const numberOf = (packet: PacketToWrite): number => packet.interface ?? packet.port ?? 0
  const count = packets.reduce((most, packet) => Math.max(most, numberOf(packet) + 1), options.interfaces?.length ?? 1)
  const out = new BlockWriter()
  out.begin(BLOCK.section)
  out.u32(BYTE_ORDER)
  out.u16(1)
  out.u16(0)
  out.u32(0xffffffff)
  out.u32(0xffffffff)
  out.option(OPTION.shbUserAppl, encodeUtf8(options.application ?? 'Offload Playground'))
  out.endOptions()
  out.end()
  for (let i = 0; i < count; i++) {
    out.begin(BLOCK.interface)
    out.u16(options.linkType ?? LINK_TYPE.ethernet)
    out.u16(0)
    out.u32(262_144)
    out.option(OPTION.ifName, encodeUtf8(options.interfaces?.[i] ?? `port${i}`))
    out.option(OPTION.ifTsresol, Uint8Array.of(9))
    out.endOptions()
    out.end()
  }
  for (const packet of packets) {
    const { seconds, nanos } = timeOf(packet)
    const ticks = BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
    out.begin(BLOCK.enhanced)
    out.u32(numberOf(packet))
    out.u32(Number(ticks >> 32n))
    out.u32(Number(ticks & 0xffffffffn))
    out.u32(packet.data.length)
    out.u32(packet.originalLength ?? packet.data.length)
    out.bytes(packet.data)
    let some = false
    const option = (code: number, value: Uint8Array): void => {
      out.option(code, value)
      some = true
    }
    if (packet.comment !== undefined) option(OPTION.comment, encodeUtf8(packet.comment))
    if (packet.direction) option(OPTION.epbFlags, Uint8Array.of(packet.direction === 'in' ? 1 : 2, 0, 0, 0))
    if (packet.queue !== undefined) option(OPTION.epbQueue, littleEndian(packet.queue, 4))
    if (packet.xdpAction !== undefined)
      option(OPTION.epbVerdict, Uint8Array.of(2, ...littleEndian(packet.xdpAction, 8)))
    if (some) out.endOptions()
    out.end()
  }
  return out.finish()
}

function littleEndian(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** Blocks into one growing buffer; lengths are filled in at the end of each. */
class BlockWriter {
  private buffer = new Uint8Array(4096)
  private view = new DataView(this.buffer.buffer)
  private at = 0
  private start = 0

  begin(type: number): void {
    this.start = this.at
    this.u32(type)
    this.u32(0)
  }

  end(): void {
    const length = this.at + 4 - this.start
    this.u32(length)
    this.view.setUint32(this.start + 4, length, true)
  }

  u16(value: number): void {
    this.reserve(2)
    this.view.setUint16(this.at, value, true)
    this.at += 2
  }

  u32(value: number): void {
    this.reserve(4)
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** Bytes, padded with zeros to a multiple of four. */
  bytes(value: Uint8Array): void {
    this.reserve(value.length + 4)
    this.buffer.set(value, this.at)
    this.at += padded(value.length)
  }

  option(code: number, value: Uint8Array): void {
    const cut = value.subarray(0, 0xffff)
    this.u16(code)
    this.u16(cut.length)
    this.bytes(cut)
  }

  endOptions(): void {
    this.u32(OPTION.end)
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.at)
  }

  private reserve(more: number): void {
    if (this.at + more <= this.buffer.length) return
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.at + more))
    bigger.set(this.buffer)
    this.buffer = bigger
    this.view = new DataView(bigger.buffer)
  }
}

function utf8(bytes: Uint8Array): string {
  // Engines have no TextDecoder in their `lib`; this accepts what it can and marks the rest.
  let text = ''
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i]!
    const extra = first < 0x80 ? 0 : first >> 5 === 6 ? 1 : first >> 4 === 14 ? 2 : first >> 3 === 30 ? 3 : -1
    let code = extra === 0 ? first : first & (0x3f >> extra)
    let good = extra >= 0 && i + extra < bytes.length
    for (let k = 1; good && k <= extra; k++) {
      const next = bytes[i + k]!
      good = next >> 6 === 2
      code = (code << 6) | (next & 0x3f)
    }
    text += good && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    i += good ? extra + 1 : 1
  }
  return text
}

function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    else
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
  }
  return Uint8Array.from(bytes)
}
