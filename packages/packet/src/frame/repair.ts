/**
 * Makes lengths and checksums of a frame right again after its bytes were changed by hand: what the layers are stays as the
 * bytes say. From the innermost header outwards, since outer sums cover inner ones. RFC 791, 8200, 768, 9293, 792, 4443.
 */
import { foldChecksum, onesSum, pseudoHeaderSum } from '../checksum'
import { dissect } from '../dissect/dissect'
import { IPPROTO } from '../protocols'

interface Place {
  readonly protocol: string
  readonly offset: number
}

/** A repaired copy. Headers that are cut off are left as they are. */
export function repairFrame(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice()
  const view = new DataView(bytes.buffer)
  const places: Place[] = dissect(bytes).layers.map(({ protocol, offset }) => ({ protocol, offset }))
  const end = bytes.length
  for (const [index, { protocol, offset }] of [...places.entries()].toReversed()) {
    const room = end - offset
    if (protocol === 'ipv4' && room >= 20) {
      const header = (bytes[offset]! & 15) * 4
      if (header < 20 || header > room) continue
      view.setUint16(offset + 2, room)
      view.setUint16(offset + 10, 0)
      view.setUint16(offset + 10, foldChecksum(onesSum(bytes, offset, offset + header)))
    } else if (protocol === 'ipv6' && room >= 40) view.setUint16(offset + 4, room - 40)
    const ip = places.slice(0, index).findLast((place) => place.protocol === 'ipv4' || place.protocol === 'ipv6')
    if (!ip) continue
    const sum = (number: number, at: number, size: number): void => {
      if (room < size) return
      view.setUint16(offset + at, 0)
      const pseudo = protocol === 'icmp' ? 0 : pseudoHeaderSum(bytes, ip.offset, number, room)
      const result = foldChecksum(onesSum(bytes, offset, end) + pseudo)
      // UDP sends a sum of zero as all ones: zero means that there is none.
      view.setUint16(offset + at, result === 0 && protocol === 'udp' ? 0xffff : result)
    }
    if (protocol === 'udp' && room >= 8) {
      view.setUint16(offset + 4, room)
      // Over IPv4 a sum of zero says that there is none (RFC 768).
      if (ip.protocol === 'ipv4' && view.getUint16(offset + 6) === 0) continue
      sum(IPPROTO.udp, 6, 8)
    } else if (protocol === 'tcp') sum(IPPROTO.tcp, 16, 20)
    else if (protocol === 'icmp') sum(0, 2, 8)
    else if (protocol === 'icmpv6') sum(IPPROTO.icmpv6, 2, 8)
  }
  return bytes
}
