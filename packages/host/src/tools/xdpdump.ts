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

/** One line, and with `hex` the packet's bytes behind it; undefined when the event is too short to be one of these. */
export function xdpdumpText(sample: PerfSample, hex = false): string | undefined {
  const { data } = sample
  if (data.length < EVENT_SIZE) return undefined
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
  if (hex) text += hexText(sample.packet.length > 0 ? sample.packet : data.subarray(EVENT_SIZE))
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
