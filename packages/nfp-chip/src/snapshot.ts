/**
 * Snapshots: the used part of the chip's memory as it lies there, and the frames that wait outside it.
 *
 * Layout: five 64-bit floats (mark, bytes of memory, waiting frames, offered frames, bytes of the layout), the memory,
 * then for each frame four floats (number, port, offered cycle, bytes) and its bytes padded to 8.
 */
import { HDR } from './layout'
import type { ChipMemory } from './layout'
import type { PacketPath, PendingFrame } from './packet-path'

const MARK = 0x4e46504e
const HEAD_FLOATS = 5
const FRAME_FLOATS = 4

const padded = (bytes: number): number => (bytes + 7) & ~7

/** Bytes of the chip's memory in use: all but the buckets that never held anything. */
function usedBytes(memory: ChipMemory): number {
  const { words: H, layout } = memory
  return padded(4 * (layout.buckets + H[layout.header + HDR.bucketsUsed]! * layout.bucketWords))
}

/** A snapshot, in `into` where that is large enough (and begins at a multiple of 8): fresh memory costs more than the copy. */
export function writeSnapshot(memory: ChipMemory, packets: PacketPath, into?: Uint8Array): Uint8Array {
  const { waiting, frames } = packets.outside()
  const size = usedBytes(memory)
  const all = [...waiting, ...frames]
  const total = all.reduce((sum, frame) => sum + 8 * FRAME_FLOATS + padded(frame.data.length), 8 * HEAD_FLOATS + size)
  const kept = into && into.length >= total && into.byteOffset % 8 === 0
  const bytes = kept ? into.subarray(0, total) : new Uint8Array(total)
  const floats = new Float64Array(bytes.buffer, bytes.byteOffset, total >> 3)
  floats.set([MARK, size, waiting.length, frames.length, memory.layout.bytes])
  bytes.set(memory.bytes.subarray(0, size), 8 * HEAD_FLOATS)
  let at = 8 * HEAD_FLOATS + size
  for (const frame of all) {
    floats.set([frame.number, frame.port, frame.offered, frame.data.length], at >> 3)
    bytes.set(frame.data, at + 8 * FRAME_FLOATS)
    at += 8 * FRAME_FLOATS + padded(frame.data.length)
  }
  return bytes
}

/** Puts a snapshot back; throws a RangeError when it is not one of a chip of the same configuration. */
export function readSnapshot(memory: ChipMemory, packets: PacketPath, given: Uint8Array): void {
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice()
  const floats = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3)
  const size = floats[1] ?? 0
  if (floats[0] !== MARK || floats[4] !== memory.layout.bytes || 8 * HEAD_FLOATS + size > bytes.length) {
    throw new RangeError('not a snapshot of a chip of this configuration')
  }
  const before = usedBytes(memory)
  const joined = memory.words.slice(memory.layout.header + HDR.phase, memory.layout.header + HDR.programVersion)
  const inLoop = memory.words[memory.layout.header + HDR.joined]!
  const most = memory.words[memory.layout.header + HDR.mostMembers]!
  memory.bytes.set(bytes.subarray(8 * HEAD_FLOATS, 8 * HEAD_FLOATS + size))
  if (before > size) memory.bytes.fill(0, size, before)
  memory.words.set(joined, memory.layout.header + HDR.phase)
  memory.words[memory.layout.header + HDR.joined] = inLoop
  memory.words[memory.layout.header + HDR.mostMembers] = Math.max(
    most,
    memory.words[memory.layout.header + HDR.mostMembers]!,
  )
  let at = 8 * HEAD_FLOATS + size
  const read = (count: number): PendingFrame[] =>
    Array.from({ length: count }, () => {
      const [number, port, offered, length] = floats.subarray(at >> 3, (at >> 3) + FRAME_FLOATS)
      const data = bytes.slice(at + 8 * FRAME_FLOATS, at + 8 * FRAME_FLOATS + length!)
      at += 8 * FRAME_FLOATS + padded(length!)
      return { number: number!, port: port!, offered: offered!, data }
    })
  const waiting = read(floats[2]!)
  const frames = read(floats[3]!)
  packets.setOutside(waiting, frames)
}
