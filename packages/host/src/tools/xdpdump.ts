/**
 * Events of the article's xdpdump demonstration as its program prints them (tool-formats.md, section 12): 48 bytes of
 * addresses, ports, protocols, lengths and a sequence number, then packet bytes.
 */
import { formatIpv4, formatIpv6 } from '@offload/packet'
import type { PerfSample } from '../machine/perf-ring'

const EVENT_SIZE = 48
const SHOWN_BYTES = 64
const IPV4 = 0x0800
const IPV6 = 0x86dd
const ARP = 0x0806
const TCP = 6
const UDP = 17
const ICMP = 1
const ICMPV6 = 58

/** The demonstration's record for a packet: made of its headers, for programs that send the packet and a record of their own. */
function recordOf(packet: Uint8Array): Uint8Array | undefined {
  if (packet.length < 14) return undefined
  const record = new Uint8Array(EVENT_SIZE)
  const out = new DataView(record.buffer)
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  const l3 = view.getUint16(12)
  out.setUint16(36, l3, true)
  const start = 14
  let l4 = 0
  if (l3 === IPV4 && packet.length >= start + 20) {
    record.set(packet.subarray(start + 12, start + 16), 0)
    record.set(packet.subarray(start + 16, start + 20), 16)
    l4 = start + (packet[start]! & 15) * 4
    out.setUint16(38, packet[start + 9]!, true)
    out.setUint16(40, Math.max(0, view.getUint16(start + 2) - (l4 - start)), true)
  } else if (l3 === IPV6 && packet.length >= start + 40) {
    record.set(packet.subarray(start + 8, start + 40), 0)
    l4 = start + 40
    out.setUint16(38, packet[start + 6]!, true)
    out.setUint16(40, view.getUint16(start + 4), true)
  }
  const protocol = out.getUint16(38, true)
  if (l4 > 0 && (protocol === TCP || protocol === UDP) && packet.length >= l4 + 4) {
    record.set(packet.subarray(l4, l4 + 4), 32)
    if (protocol === TCP && packet.length >= l4 + 8) record.set(packet.subarray(l4 + 4, l4 + 8), 44)
  }
  return record
}

/**
 * One line, and with `hex` the packet's bytes behind it. Data that is not the demonstration's record is passed over for the
 * packet itself; undefined when there is none either.
 */
export function xdpdumpText(sample: Pick<PerfSample, 'time' | 'data' | 'packet'>, hex = false): string | undefined {
  const own = sample.data.length >= EVENT_SIZE
  const data = own ? sample.data : recordOf(sample.packet)
  if (data === undefined) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  // Ports and sequence number are in network order, the rest in the host's.
  const l3 = view.getUint16(36, true)
  const l4 = view.getUint16(38, true)
  const address = (at: number): string => (l3 === IPV6 ? formatIpv6(data, at) : formatIpv4(data, at))
  const network = l3 === IPV4 ? 'IP' : l3 === IPV6 ? 'IP6' : l3 === ARP ? 'ARP' : l3.toString(16).padStart(4, '0')
  const transport =
    l4 === TCP ? `TCP seq ${view.getInt32(44)}` : l4 === UDP ? 'UDP' : l4 === ICMP || l4 === ICMPV6 ? 'ICMP' : ''
  const micros = Math.floor(sample.time / 1000)
  const seconds = `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`
  let text = `${seconds} ${network} ${address(0)}:${view.getUint16(32)} > ${address(16)}:${view.getUint16(34)} ${transport}, length ${view.getUint16(40, true)}\n`
  if (hex) text += hexText(sample.packet.length > 0 ? sample.packet : sample.data.subarray(EVENT_SIZE))
  return text
}

/** A tab, pairs of bytes with a blank behind each, sixteen bytes a line. */
function hexText(bytes: Uint8Array): string {
  let text = '\t'
  const shown = bytes.subarray(0, SHOWN_BYTES)
  shown.forEach((byte, i) => {
    text += byte.toString(16).padStart(2, '0')
    if ((i + 1) % 16 === 0 && i + 1 < shown.length) text += '\n\t'
    else if (i % 2 === 1) text += ' '
  })
  return `${text}\n`
}
