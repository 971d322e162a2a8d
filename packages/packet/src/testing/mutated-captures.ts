/** Damaged capture files: cut off, with bytes changed where the structure is, blocks doubled or moved. */
import { writePcap } from '../capture/pcap'
import type { PacketToWrite } from '../capture/pcap'
import { writePcapng } from '../capture/pcapng'
import { createRandom } from '../random'

/** A source of files made of `packets`; the same seed, the same files. */
export function mutatedCaptures(packets: readonly PacketToWrite[], seed: number): () => Uint8Array {
  const random = createRandom(seed)
  const originals = [
    writePcap(packets),
    writePcap(packets, { micro: true, bigEndian: true }),
    writePcapng(packets.map((packet) => ({ ...packet, comment: 'x', queue: 1, xdpAction: 2 }))),
  ]
  return () => {
    const original = originals[random.below(originals.length)]!
    const copy = original.slice(0, random.below(4) === 0 ? 1 + random.below(original.length) : original.length)
    for (let n = random.below(6); n >= 0; n--) {
      const at = random.below(Math.min(copy.length, random.below(2) === 0 ? 120 : copy.length))
      // Whole words as lengths would be: huge, negative, just wrong.
      const word = [0, 1, 3, 0xffffffff, 0x7fffffff, copy.length, random.u32()][random.below(7)]!
      if (random.below(2) === 0 && at + 4 <= copy.length)
        new DataView(copy.buffer).setUint32(at & ~3, word, random.below(2) === 0)
      else copy[at] = random.u32()
    }
    if (random.below(10) > 0) return copy
    const from = random.below(copy.length)
    const part = copy.slice(from, from + random.below(200))
    copy.set(part.subarray(0, copy.length - Math.min(copy.length, from + 4)), Math.min(copy.length, from + 4))
    return copy
  }
}
