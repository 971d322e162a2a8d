/**
 * A view of the packets that reached the host's stack, in the manner of tcpdump: time, network, addresses, protocol,
 * length. The texts of protocols are simpler than the real tool's; `-x` prints the bytes from the network header on.
 */
import { dissect } from '@offload/packet'
import type { HostPacket } from '../machine/host-path'
import type { Netdev } from '../machine/netdev'
import type { ToolContext } from './context'
import { ToolExit } from './result'
import type { ToolResult } from './result'

export function tcpdump(context: ToolContext, words: readonly string[]): ToolResult {
  let netdev: Netdev | undefined = context.machine.netdevs[0]
  let count = Number.POSITIVE_INFINITY
  let [hex, link] = [false, false]
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '-i') {
      const name = words[++i] ?? ''
      netdev = context.machine.netdev(name)
      if (!netdev) throw new ToolExit(`tcpdump: ${name}: No such device exists\n(No such device exists)\n`, 1)
    } else if (word === '-c') count = Number(words[++i]) || 0
    else if (/^-[nqvlexX]+$/.test(word)) {
      hex ||= /[xX]/.test(word)
      link ||= word.includes('e')
    } else throw new ToolExit("tcpdump: can't parse filter expression: syntax error\n", 1)
  }
  if (!netdev) throw new ToolExit('tcpdump: no suitable device found\n', 1)
  const packets = netdev.recent.slice(0, count)
  const stderr = `tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on ${netdev.name}, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n`
  return { stdout: packets.map((packet) => line(context, packet, hex, link)).join(''), stderr, code: 0 }
}

function line(context: ToolContext, packet: HostPacket, hex: boolean, link: boolean): string {
  const { data, record } = packet
  const micros = Math.floor((record.departed * 1000) / context.machine.chip.config.device.clockMHz / 1000)
  const second = context.epoch + Math.floor(micros / 1e6)
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(Math.floor(second / 3600) % 24)}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}.${String(micros % 1e6).padStart(6, '0')}`
  const found = dissect(data)
  const ethernet = found.layers[0]
  const network = found.layers.find((layer) => ['ipv4', 'ipv6', 'arp'].includes(layer.protocol))
  const head =
    link && ethernet ? `${ethernet.title.replace('Ethernet ', '').replace(' → ', ' > ')}, length ${data.length}: ` : ''
  const word =
    network?.protocol === 'ipv6'
      ? 'IP6'
      : network?.protocol === 'ipv4'
        ? 'IP'
        : network?.protocol === 'arp'
          ? 'ARP'
          : 'ethertype Unknown'
  const transport = found.layers.findLast((layer) => layer.protocol === 'udp' || layer.protocol === 'tcp')
  const port = (name: string): string => {
    const text = transport?.fields.find((field) => field.name === name)?.text.split(' ')[0]
    return text === undefined ? '' : `.${text}`
  }
  const where =
    network?.protocol === 'arp'
      ? `, ${found.info}`
      : ` ${found.source}${port('Source port')} > ${found.destination}${port('Destination port')}: ${found.protocol}`
  let text = `${time} ${head}${word}${where}, length ${network ? data.length - network.offset : data.length}\n`
  if (hex) {
    const bytes = data.subarray(14)
    for (let at = 0; at < bytes.length; at += 16) {
      const row = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, '0'))
        .join('')
        .replace(/(.{4})(?=.)/g, '$1 ')
      text += `\t0x${at.toString(16).padStart(4, '0')}:  ${row}\n`
    }
  }
  return text
}
