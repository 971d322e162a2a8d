/**
 * The load balancer of `testdata/l4lb.bpf` on the emulated card, filled from a list of destinations, for its test and for
 * the campaign of a million packets.
 */
import { assemble } from '@offload/bpf'
import { createChip, DEVICES, FIRMWARE_BEHAVIOURS } from '@offload/nfp-chip'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'
import { createTraffic, dissect, parseIpv4, parseMac } from '@offload/packet'
import type { TrafficSource } from '@offload/packet'
import { createMachine } from '../machine/machine'
import type { Machine } from '../machine/machine'
import type { BpfMap, BpfProgram } from '../machine/objects'

export const DESTINATIONS = 32

export interface LoadBalancer {
  readonly machine: Machine
  readonly program: BpfProgram
  readonly servers: BpfMap
  readonly stats: BpfMap
}

const u32 = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >> 24)

/** Own list, of the same form as the demonstration's files: address and hardware address a line. */
export function ownDestinations(count: number): string {
  return Array.from(
    { length: count },
    (_, i) => `10.0.7.${i + 1}, 00:15:4d:00:07:${(i + 1).toString(16).padStart(2, '0')}\n`,
  ).join('')
}

/** Value of the servers map for one line. */
export function destinationValue(line: string): Uint8Array {
  const [address, mac] = line.split(',').map((part) => part.trim())
  const bytes = new Uint8Array(16)
  bytes.set(parseIpv4('192.168.0.1')!, 0)
  bytes.set(parseIpv4(address!)!, 4)
  bytes.set(parseMac(mac!)!, 8)
  return bytes
}

/** A card in the functional time model with the program (its text) attached to port 0 and the destinations in its map. */
export function loadBalancer(source: string, list: string): LoadBalancer {
  const assembled = assemble(source)
  if (!assembled.ok) throw new Error(JSON.stringify(assembled.diagnostics[0]))
  const machine = createMachine({
    chip: createChip({
      device: DEVICES['cx-2x25']!,
      firmware: FIRMWARE_BEHAVIOURS['shipping']!,
      seed: 1,
      timeModel: 'functional',
      queues: 8,
    }),
    firmware: FIRMWARE_PROFILES.shipping,
  })
  const loaded = machine.load(assembled.program, { offload: true })
  if (!loaded.ok) throw new Error(`${loaded.stage}: ${loaded.error}`)
  const attached = machine.attach(loaded.program.id, machine.netdevs[0]!.ifindex, 'offload')
  if (attached.errno) throw new Error(`attach: ${attached.message ?? attached.errno}`)
  const [servers, stats] = loaded.maps
  const lines = list.split('\n').filter((line) => line.trim() !== '')
  if (lines.length !== DESTINATIONS)
    throw new Error(`the program spreads over ${DESTINATIONS} destinations, not ${lines.length}`)
  for (const [index, line] of lines.entries()) {
    const errno = machine.mapUpdate(servers!.id, u32(index), destinationValue(line))
    if (errno) throw new Error(`destination ${index}: errno ${-errno}`)
  }
  return { machine, program: loaded.program, servers: servers!, stats: stats! }
}

/** Many flows of TCP and UDP. */
export function clientTraffic(): TrafficSource {
  return createTraffic({
    seed: 11,
    rate: 10_000_000,
    kinds: [
      { weight: 3, l3: 'ipv4', l4: 'tcp', dstPort: 443, flows: 1_000_000, size: 60 },
      { weight: 1, l3: 'ipv4', l4: 'udp', dstPort: 53, flows: 1_000_000, size: 100, payload: 'counting' },
    ],
  })
}

/** What is wrong with a packet that the balancer sent on: `[]` when it is IPv4 in IPv4 with right lengths and sums. */
export function wrongWith(data: Uint8Array): string[] {
  const { layers } = dissect(data)
  const names = layers.map((layer) => layer.protocol)
  const problems = layers.flatMap((layer) => [...layer.problems])
  if (names.filter((name) => name.startsWith('ip')).length !== 2) problems.push(`layers ${names.join(' ')}`)
  return problems
}

/** Packets counted for each destination, and the largest distance of one from an even share (0.05: 5 %). */
export function spread(
  machine: Machine,
  stats: BpfMap,
): { readonly counts: readonly number[]; readonly uneven: number } {
  const counts = Array.from({ length: DESTINATIONS }, (_, index) => {
    const { value } = machine.mapLookup(stats.id, u32(index))
    return value ? new DataView(value.buffer, value.byteOffset).getUint32(0, true) : 0
  })
  const even = counts.reduce((sum, count) => sum + count, 0) / DESTINATIONS
  return { counts, uneven: Math.max(...counts.map((count) => Math.abs(count / even - 1))) }
}
