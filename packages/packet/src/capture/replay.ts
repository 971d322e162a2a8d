/** A capture file as traffic: the format is found by its first bytes, the packets arrive at their own pace or a scaled one. */
import { isPcap, readPcap } from './pcap'
import { isPcapng, readPcapng } from './pcapng'
import { LINK_TYPE } from './types'
import type { FrameSource, TimedFrame } from '../api'
import type { Capture, CapturedPacket, CaptureResult } from './types'

/** Reads pcap or pcapng. Never throws; an error names the byte of the file. */
export function readCapture(bytes: Uint8Array): CaptureResult {
  if (isPcapng(bytes)) return readPcapng(bytes)
  if (isPcap(bytes)) return readPcap(bytes)
  return {
    ok: false,
    error: {
      message: bytes.length === 0 ? 'the file is empty' : 'neither pcap nor pcapng: unknown first bytes',
      offset: 0,
    },
  }
}

export interface ReplayOptions {
  /** Factor on the gaps between packets: 0.5 plays twice as fast. Default 1. */
  readonly timeScale?: number
  /** Packets a second, evenly spaced, instead of the capture's own times. */
  readonly rate?: number
  /** Port of all packets; default: the number of the packet's interface, modulo `ports`. */
  readonly port?: number
  /** Number of ports there are, default 1. */
  readonly ports?: number
  /** Begin again at the end, endlessly (or until `count`). */
  readonly loop?: boolean
  readonly count?: number
}

/**
 * Frames of a capture in order of time, the first at 0. Only what can be an Ethernet frame is played: raw IP gets an
 * Ethernet header, other link types and packets under 14 bytes are left out (`playable` says how many there are).
 */
export function replayCapture(
  capture: Capture,
  options: ReplayOptions = {},
): FrameSource & { readonly playable: number } {
  const frames = capture.packets
    .map((packet) => ({ packet, data: ethernetFrame(packet) }))
    .filter((one): one is { packet: CapturedPacket; data: Uint8Array } => one.data !== undefined)
  const first = frames[0]?.packet
  const since = (packet: CapturedPacket): number =>
    first ? (packet.seconds - first.seconds) * 1e9 + (packet.nanos - first.nanos) : 0
  const scale = options.timeScale ?? 1
  const span = frames.length > 0 ? since(frames.at(-1)!.packet) : 0
  // One round of a loop lasts the capture and a mean gap, so that rounds do not touch.
  const round = span + Math.max(1, frames.length > 1 ? span / (frames.length - 1) : 1000)
  const limit =
    frames.length === 0
      ? 0
      : Math.min(options.count ?? Number.POSITIVE_INFINITY, options.loop ? Number.POSITIVE_INFINITY : frames.length)
  const ports = Math.max(1, options.ports ?? 1)
  let sent = 0
  let latest = 0
  return {
    playable: frames.length,
    next(): TimedFrame | undefined {
      if (sent >= limit) return undefined
      const { packet, data } = frames[sent % frames.length]!
      const own = (since(packet) + Math.floor(sent / frames.length) * round) * scale
      // Captures may step back in time; traffic may not.
      latest = Math.max(latest, options.rate !== undefined ? (sent * 1e9) / options.rate : own)
      sent++
      return { time: latest, port: options.port ?? packet.interface % ports, data: data.slice() }
    },
  }
}

function ethernetFrame(packet: CapturedPacket): Uint8Array | undefined {
  const { data, linkType } = packet
  if (linkType === LINK_TYPE.ethernet) return data.length >= 14 ? data : undefined
  if ((linkType === LINK_TYPE.raw || linkType === LINK_TYPE.ipv4 || linkType === LINK_TYPE.ipv6) && data.length > 0) {
    const frame = new Uint8Array(14 + data.length)
    frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], 0)
    frame.set(data[0]! >> 4 === 6 ? [0x86, 0xdd] : [8, 0], 12)
    frame.set(data, 14)
    return frame
  }
  return undefined
}
