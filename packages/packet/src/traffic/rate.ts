/**
 * Rates between units: packets a second, bits a second on the wire, share of a line's rate.
 * Line rate as in nfp-hardware.md, section 3.1: FCS (4), preamble and gap (20) belong to a packet's time.
 */
import { headerBytes } from './template'
import type { FlowKind } from '../api'

/** Bytes that a frame takes on the wire beyond its own: FCS 4, preamble and start 8, gap 12. */
export const WIRE_OVERHEAD = 24

/** Smallest frame without FCS that Ethernet sends. */
const MIN_FRAME = 60

/** Packets a second that fill a line of `gbps` with frames of `size` bytes (without FCS). */
export function lineRate(size: number, gbps: number): number {
  return (gbps * 1e9) / (8 * (Math.max(size, MIN_FRAME) + WIRE_OVERHEAD))
}

/** Mean frame size of a mix, bytes without FCS. */
export function meanFrameSize(kinds: readonly FlowKind[]): number {
  let bytes = 0
  let weights = 0
  for (const kind of kinds) {
    const least = Math.max(headerBytes(kind), MIN_FRAME)
    const sizes: readonly (readonly [number, number])[] = typeof kind.size === 'number' ? [[kind.size, 1]] : kind.size
    const total = sizes.reduce((sum, [, weight]) => sum + weight, 0)
    bytes += (kind.weight * sizes.reduce((sum, [size, weight]) => sum + Math.max(size, least) * weight, 0)) / total
    weights += kind.weight
  }
  return weights > 0 ? bytes / weights : MIN_FRAME
}

/** Packets a second of a mix for a rate given as bits a second on the wire (frame and FCS, without gaps). */
export function packetsForBits(kinds: readonly FlowKind[], bitsPerSecond: number): number {
  return bitsPerSecond / (8 * (meanFrameSize(kinds) + 4))
}

/** Packets a second of a mix for a share (0 … 1) of a line of `gbps`. */
export function packetsForLineShare(kinds: readonly FlowKind[], share: number, gbps: number): number {
  return share * lineRate(meanFrameSize(kinds), gbps)
}
