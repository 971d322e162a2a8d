/** ethtool: driver, statistics, RSS, channels, rings, features (tool-formats.md, section 10). */
import type { Machine } from '../machine/machine'
import { INDIRECTION_SIZE, roundRobin } from '../machine/netdev'
import type { Netdev } from '../machine/netdev'
import type { ToolContext } from './context'
import { ToolExit } from './result'
import type { ToolResult } from './result'

const OK: ToolResult = { stdout: '', stderr: '', code: 0 }
const RING_SIZE = 4096

const LONG: Readonly<Record<string, string>> = {
  '--driver': '-i',
  '--statistics': '-S',
  '--show-rxfh-indir': '-x',
  '--show-rxfh': '-x',
  '--set-rxfh-indir': '-X',
  '--rxfh': '-X',
  '--show-channels': '-l',
  '--set-channels': '-L',
  '--show-ring': '-g',
  '--show-features': '-k',
  '--show-offload': '-k',
  '--features': '-K',
  '--offload': '-K',
}

export function ethtool(context: ToolContext, words: readonly string[]): ToolResult {
  const first = words[0] ?? ''
  if (first === '--version') return { ...OK, stdout: 'ethtool version 6.1\n' }
  if (first === '')
    throw new ToolExit('ethtool: bad command line argument(s)\nFor more information run ethtool -h\n', 1)
  if (!first.startsWith('-')) return settings(context.machine, first)
  const option = LONG[first] ?? first
  const rest = words.slice(2)
  const netdev = words[1] === undefined ? undefined : context.machine.netdev(words[1])
  if (words[1] === undefined || !'-i -S -x -X -l -L -g -k -K'.split(' ').includes(option))
    throw new ToolExit('ethtool: bad command line argument(s)\nFor more information run ethtool -h\n', 1)
  switch (option) {
    case '-i':
      return netdev
        ? { ...OK, stdout: driverText(context) }
        : missing('Cannot get driver information: No such device', 71)
    case '-S':
      return netdev
        ? { ...OK, stdout: statistics(netdev) }
        : missing('Cannot get stats strings information: No such device', 96)
    case '-x':
      return netdev ? { ...OK, stdout: rss(netdev) } : missing('Cannot get RX ring count: No such device', 1)
    case '-X':
      return setRss(context.machine, netdev ?? missing('Cannot get RX ring count: No such device', 1), rest)
    case '-l':
      return { ...OK, stdout: channels(netdev ?? missing('netlink error: No such device', 1)) }
    case '-L':
      return setChannels(context.machine, netdev ?? missing('netlink error: No such device', 1), rest)
    case '-g':
      return { ...OK, stdout: rings(netdev ?? missing('netlink error: No such device', 1)) }
    case '-k':
      return { ...OK, stdout: features(netdev ?? missing('netlink error: No such device', 1)) }
    default:
      return setFeatures(netdev ?? missing('netlink error: No such device', 1), rest)
  }
}

function missing(text: string, code: number): never {
  throw new ToolExit(`${text}\n`, code)
}

function settings(machine: Machine, name: string): ToolResult {
  const netdev =
    machine.netdev(name) ??
    missing('netlink error: no device matches name (offset 24)\nnetlink error: No such device', 1)
  const { portGbps } = machine.chip.config.device
  return {
    ...OK,
    stdout: `Settings for ${netdev.name}:\n\tSpeed: ${portGbps * 1000}Mb/s\n\tDuplex: Full\n\tAuto-negotiation: off\n\tPort: Direct Attach Copper\n\tLink detected: ${netdev.up ? 'yes' : 'no'}\n`,
  }
}

function driverText(context: ToolContext): string {
  return [
    'driver: nfp',
    `version: ${context.release}`,
    'firmware-version: 0.0.3.5 0.25 bpf-2.0.6.121 ebpf',
    'expansion-rom-version: ',
    'bus-info: 0000:04:00.0',
    'supports-statistics: yes',
    'supports-test: yes',
    'supports-eeprom-access: yes',
    'supports-register-dump: yes',
    'supports-priv-flags: no',
    '',
  ].join('\n')
}

const SOFTWARE_SUMS = [
  'hw_rx_csum_ok',
  'hw_rx_csum_inner_ok',
  'hw_rx_csum_complete',
  'hw_rx_csum_err',
  'rx_replace_buf_alloc_fail',
  'rx_tls_decrypted_packets',
  'hw_tx_csum',
  'hw_tx_inner_csum',
  'tx_gather',
  'tx_lso',
  'tx_tls_encrypted_packets',
  'tx_tls_ooo',
  'tx_tls_drop_no_sync_data',
  'hw_tls_no_space',
  'rx_tls_resync_req_ok',
  'rx_tls_resync_req_ign',
  'rx_tls_resync_sent',
]
const VNIC = ['discards', 'errors', 'bytes', 'uc_bytes', 'mc_bytes', 'bc_bytes', 'pkts', 'mc_pkts', 'bc_pkts']

function statistics(netdev: Netdev): string {
  const { card, counters } = netdev
  const [sent, sentBytes] = [card.transmitted + counters.sent, card.transmittedBytes + counters.sentBytes]
  const lines: [string, number][] = []
  for (let i = 0; i < netdev.channels; i++) {
    lines.push(
      [`rvec_${i}_rx_pkts`, counters.queuePackets[i] ?? 0],
      [`rvec_${i}_tx_pkts`, i === 0 ? counters.sent : 0],
      [`rvec_${i}_tx_busy`, 0],
    )
  }
  for (const name of SOFTWARE_SUMS) lines.push([name, name === 'hw_rx_csum_complete' ? counters.received : 0])
  const rx: Readonly<Record<string, number>> = {
    discards: card.dropped + card.lost,
    bytes: card.receivedBytes,
    uc_bytes: card.receivedBytes,
    pkts: card.received,
  }
  const tx: Readonly<Record<string, number>> = {
    bytes: sentBytes,
    uc_bytes: sentBytes,
    pkts: sent,
  }
  for (const name of VNIC) lines.push([`dev_rx_${name}`, rx[name] ?? 0])
  for (const name of VNIC) lines.push([`dev_tx_${name}`, tx[name] ?? 0])
  lines.push(
    ['bpf_pass_pkts', card.bpfPassed],
    ['bpf_pass_bytes', card.bpfPassedBytes],
    ['bpf_app1_pkts', card.dropped],
    ['bpf_app1_bytes', card.droppedBytes],
    ['bpf_app2_pkts', card.transmitted],
    ['bpf_app2_bytes', card.transmittedBytes],
    ['bpf_app3_pkts', card.aborted],
    ['bpf_app3_bytes', card.abortedBytes],
  )
  for (let i = 0; i < netdev.channels; i++) {
    lines.push(
      [`rxq_${i}_pkts`, counters.queuePackets[i] ?? 0],
      [`rxq_${i}_bytes`, counters.queueBytes[i] ?? 0],
      [`txq_${i}_pkts`, i === 0 ? counters.sent : 0],
      [`txq_${i}_bytes`, i === 0 ? counters.sentBytes : 0],
    )
  }
  lines.push(
    ['mac.rx_octets', card.receivedBytes + 4 * card.received],
    ['mac.rx_pkts', card.received + card.lost],
    ['mac.rx_frames_received_ok', card.received + card.lost],
    ['mac.rx_mac_head_drop', card.lost],
  )
  lines.push(['mac.tx_octets', sentBytes + 4 * sent], ['mac.tx_frames_transmitted_ok', sent])
  return `NIC statistics:\n${lines.map(([name, value]) => `     ${name}: ${value}\n`).join('')}`
}

function rss(netdev: Netdev): string {
  let text = `RX flow hash indirection table for ${netdev.name} with ${netdev.channels} RX ring(s):\n`
  for (let at = 0; at < INDIRECTION_SIZE; at += 8) {
    text += `${String(at).padStart(5)}: ${Array.from(netdev.indirection.subarray(at, at + 8), (queue) => ` ${String(queue).padStart(5)}`).join('')}\n`
  }
  const key = Array.from(netdev.rssKey, (byte) => byte.toString(16).padStart(2, '0')).join(':')
  return `${text}RSS hash key:\n${key}\nRSS hash function:\n    toeplitz: off\n    xor: off\n    crc32: on\n`
}

function setRss(machine: Machine, netdev: Netdev, words: readonly string[]): ToolResult {
  const refuse = (): never => missing('Cannot set RX flow hash configuration: Invalid argument', 1)
  const [kind, ...values] = words
  let table: Uint8Array
  if (kind === 'equal') {
    const n = Number(values[0])
    if (!Number.isInteger(n) || n < 1 || n > netdev.channels) return refuse()
    table = roundRobin(n)
  } else if (kind === 'default') table = roundRobin(netdev.channels)
  else if (kind === 'weight') {
    const weights = values.map(Number)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (weights.some((weight) => !(weight >= 0)) || total === 0 || weights.length > netdev.channels) return refuse()
    table = new Uint8Array(INDIRECTION_SIZE)
    let queue = 0
    let sum = weights[0]!
    for (let i = 0; i < INDIRECTION_SIZE; i++) {
      while (queue < weights.length - 1 && i >= (INDIRECTION_SIZE * sum) / total) sum += weights[++queue]!
      table[i] = queue
    }
  } else if (kind === 'hfunc' && values[0] !== 'crc32')
    return missing('Cannot set RX flow hash configuration: Operation not supported', 1)
  else if (kind === 'hfunc') return OK
  else return missing('ethtool: bad command line argument(s)\nFor more information run ethtool -h', 1)
  return machine.setIndirection(netdev.ifindex, table).errno ? refuse() : OK
}

function channels(netdev: Netdev): string {
  const { maxChannels } = netdev
  return `Channel parameters for ${netdev.name}:\nPre-set maximums:\nRX:\t\t${maxChannels}\nTX:\t\t${maxChannels}\nOther:\t\t2\nCombined:\t${maxChannels}\nCurrent hardware settings:\nRX:\t\t0\nTX:\t\t0\nOther:\t\t2\nCombined:\t${netdev.channels}\n`
}

function setChannels(machine: Machine, netdev: Netdev, words: readonly string[]): ToolResult {
  const at = words.indexOf('combined')
  const count = Number(words[at + 1])
  if (at < 0 || !Number.isInteger(count))
    throw new ToolExit('ethtool: bad command line argument(s)\nFor more information run ethtool -h\n', 1)
  if (count < 1 || count > netdev.maxChannels)
    throw new ToolExit(
      'netlink error: requested channel count exceeds maximum (offset 32)\nnetlink error: Invalid argument\n',
      1,
    )
  machine.setChannels(netdev.ifindex, count)
  return OK
}

function rings(netdev: Netdev): string {
  const block = `RX:\t\t${RING_SIZE}\nRX Mini:\tn/a\nRX Jumbo:\tn/a\nTX:\t\t${RING_SIZE}\n`
  return `Ring parameters for ${netdev.name}:\nPre-set maximums:\n${block}Current hardware settings:\n${block}`
}

function features(netdev: Netdev): string {
  return `Features for ${netdev.name}:\nrx-checksumming: on\ntx-checksumming: on\nscatter-gather: on\ntcp-segmentation-offload: on\nreceive-hashing: on\nhw-tc-offload: ${netdev.tcOffload ? 'on' : 'off'}\n`
}

function setFeatures(netdev: Netdev, words: readonly string[]): ToolResult {
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]
    if (words[i] !== 'hw-tc-offload' || (value !== 'on' && value !== 'off'))
      throw new ToolExit('ethtool: bad command line argument(s)\nFor more information run ethtool -h\n', 1)
    // The driver keeps the feature while a classifier runs on the card.
    if (value === 'off' && netdev.filters.some((filter) => filter.inHw))
      throw new ToolExit('Could not change any device features\n', 1)
    netdev.tcOffload = value === 'on'
  }
  return OK
}
