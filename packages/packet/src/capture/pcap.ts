/** Classic pcap, read in both byte orders and both resolutions, written little-endian. object-formats.md, section 11.1. */
import { LINK_TYPE } from './types'
import type { Capture, CapturedPacket, CaptureError, CaptureResult } from './types'

const MAGIC_MICRO = 0xa1b2c3d4
const MAGIC_NANO = 0xa1b23c4d
const HEADER = 24
const RECORD = 16
/** Tolerance for records longer than the snap length: libpcap's own limit. */
const MAX_SNAP = 262_144

/** True when the file begins with one of the four magic numbers. */
export function isPcap(bytes: Uint8Array): boolean {
  return byteOrder(bytes) !== undefined
}

function byteOrder(bytes: Uint8Array): { little: boolean; nano: boolean } | undefined {
  if (bytes.length < 4) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little)
    if (magic === MAGIC_MICRO || magic === MAGIC_NANO) return { little, nano: magic === MAGIC_NANO }
  }
  return undefined
}

/** Reads a whole file. Data of the packets are views into `bytes`. */
export function readPcap(bytes: Uint8Array): CaptureResult {
  const order = byteOrder(bytes)
  if (!order) return fail('not a pcap file: no pcap magic number', 0)
  if (bytes.length < HEADER)
    return fail(`pcap header of ${HEADER} bytes is cut off after ${bytes.length}`, bytes.length)
  const { little, nano } = order
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const major = view.getUint16(4, little)
  if (major !== 2) return fail(`pcap version ${major}.${view.getUint16(6, little)}: only 2.x is known`, 4)
  const snapLength = view.getUint32(16, little)
  const linkType = view.getUint32(20, little) & 0xffff
  const limit = Math.max(snapLength, MAX_SNAP)
  const packets: CapturedPacket[] = []
  let truncated: CaptureError | undefined
  let at = HEADER
  while (at < bytes.length) {
    if (at + RECORD > bytes.length) {
      truncated = { message: `record header of packet ${packets.length + 1} is cut off`, offset: at }
      break
    }
    const captured = view.getUint32(at + 8, little)
    if (captured > limit) {
      const error = {
        message: `packet ${packets.length + 1} claims ${captured} captured bytes, more than the snap length ${snapLength}`,
        offset: at + 8,
      }
      if (packets.length === 0) return { ok: false, error }
      truncated = error
      break
    }
    if (at + RECORD + captured > bytes.length) {
      truncated = {
        message: `packet ${packets.length + 1} needs ${captured} bytes, the file has ${bytes.length - at - RECORD} more`,
        offset: at + RECORD,
      }
      break
    }
    packets.push({
      seconds: view.getUint32(at, little),
      nanos: view.getUint32(at + 4, little) * (nano ? 1 : 1000),
      data: bytes.subarray(at + RECORD, at + RECORD + captured),
      originalLength: view.getUint32(at + 12, little),
      linkType,
      interface: 0,
    })
    at += RECORD + captured
  }
  const capture: Capture = {
    format: 'pcap',
    interfaces: [{ linkType, snapLength }],
    packets,
    ...(truncated && { truncated }),
  }
  return { ok: true, capture }
}

function fail(message: string, offset: number): CaptureResult {
  return { ok: false, error: { message, offset } }
}

/** A file with nanosecond times (or microseconds), Ethernet unless the packets say otherwise. */
export function writePcap(
  packets: readonly PacketToWrite[],
  options: { readonly micro?: boolean; readonly bigEndian?: boolean; readonly linkType?: number } = {},
): Uint8Array {
  const little = !options.bigEndian
  const size = packets.reduce((sum, packet) => sum + RECORD + packet.data.length, HEADER)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, options.micro ? MAGIC_MICRO : MAGIC_NANO, little)
  view.setUint16(4, 2, little)
  view.setUint16(6, 4, little)
  view.setUint32(16, MAX_SNAP, little)
  view.setUint32(20, options.linkType ?? LINK_TYPE.ethernet, little)
  let at = HEADER
  for (const packet of packets) {
    const { seconds, nanos } = timeOf(packet)
    view.setUint32(at, seconds, little)
    view.setUint32(at + 4, options.micro ? Math.floor(nanos / 1000) : nanos, little)
    view.setUint32(at + 8, packet.data.length, little)
    view.setUint32(at + 12, packet.originalLength ?? packet.data.length, little)
    bytes.set(packet.data, at + RECORD)
    at += RECORD + packet.data.length
  }
  return bytes
}

/** A packet to write: with `seconds` and `nanos`, or `time` in nanoseconds from zero (as in a TimedFrame). */
export interface PacketToWrite {
  readonly data: Uint8Array
  readonly seconds?: number
  readonly nanos?: number
  readonly time?: number
  readonly originalLength?: number
  readonly comment?: string
  readonly queue?: number
  readonly xdpAction?: number
  readonly direction?: 'in' | 'out'
  /** pcapng: number of the interface; default 0, or `port` of a TimedFrame. */
  readonly interface?: number
  readonly port?: number
}

/** Seconds and nanoseconds of a packet to write. */
export function timeOf(packet: PacketToWrite): { seconds: number; nanos: number } {
  if (packet.seconds !== undefined) return { seconds: packet.seconds, nanos: packet.nanos ?? 0 }
  const total = Math.max(0, Math.round(packet.time ?? 0))
  return { seconds: Math.floor(total / 1e9), nanos: total % 1e9 }
}
