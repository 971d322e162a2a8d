/**
 * The same packets through the same program on the emulated card and on the host's BPF machine: verdicts, bytes and map
 * contents must be equal, and the queue where the program names one. The host side asks no verifier: the kernel refuses
 * stores that only the card takes. Differences that are left are the driver's known defects (see fidelity.md, nfp-jit).
 */
import type { Program } from '@offload/bpf'
import type { Chip, Outcome } from '@offload/nfp-chip'
import type { FirmwareProfile } from '@offload/nfp-jit'
import { formatHex } from '@offload/packet'
import { createHostMap, mapAttributes } from '../maps/create'
import type { HostMap } from '../maps/map'
import { CTX_AT } from '../vm/memory'
import { createVm, loadProgram, runProgram } from '../vm/run'
import type { Vm } from '../vm/vm'
import { createMachine } from './machine'
import type { LoadResult } from './program-loader'
import type { MapEntry } from './kernel-objects'

export interface DifferentialOptions {
  /** A fresh chip with nothing loaded. */
  readonly chip: Chip
  readonly firmware: FirmwareProfile
  readonly program: Program
  /** Ethernet frames. */
  readonly packets: readonly Uint8Array[]
  /** Entries that both sides get before the first packet. */
  readonly entries?: readonly (MapEntry & { readonly map: number })[]
}

export interface Difference {
  /** Number of the packet, or -1 for map contents at the end. */
  readonly packet: number
  readonly what: 'verdict' | 'bytes' | 'queue' | 'map'
  readonly card: string
  readonly host: string
}

export type DifferentialResult =
  | { readonly ok: true; readonly differences: readonly Difference[]; readonly verdicts: readonly Outcome[] }
  | { readonly ok: false; readonly refused: Extract<LoadResult, { ok: false }> }

const XDP_OUTCOMES: readonly Outcome[] = ['aborted', 'drop', 'pass', 'tx']

/** What the card makes of a return value of a program for the hook (nfp-firmware-abi.md, section 3). */
export function outcomeOf(type: Program['progType'], retval: number): Outcome {
  if (type === 'xdp') return XDP_OUTCOMES[retval] ?? 'aborted'
  return retval === 2 || retval === 4 || retval === 5 ? 'drop' : 'pass'
}

/** One packet at a time through both; `differences` is empty when they agree. */
export function runBoth(options: DifferentialOptions): DifferentialResult {
  const machine = createMachine({ chip: options.chip, firmware: options.firmware })
  const { program } = options
  const onCard = machine.load(program, { offload: true, logLevel: 0 })
  if (!onCard.ok) return { ok: false, refused: onCard }
  const vm = createVm()
  const hostMaps = program.maps.map((definition) => hostMap(vm, mapAttributes(definition)))
  const hostProgram = loadProgram(program.insns, program.relocs, hostMaps)
  for (const { map, key, value } of options.entries ?? []) {
    machine.mapUpdate(onCard.maps[map]!.id, key, value)
    hostMaps[map]!.hostUpdate(key, value, 0)
  }
  const netdev = machine.netdevs[0]!
  if (program.progType === 'xdp') machine.attach(onCard.program.id, netdev.ifindex, 'offload')
  else {
    netdev.clsact = true
    netdev.tcOffload = true
    machine.addFilter(netdev.ifindex, {
      direction: 'ingress',
      programId: onCard.program.id,
      label: program.name,
      directAction: true,
      skipSw: true,
      skipHw: false,
    })
  }
  const differences: Difference[] = []
  const verdicts: Outcome[] = []
  options.packets.forEach((packet, number) => {
    machine.offer([{ time: machine.device.now + 1000, port: 0, data: packet }])
    const [card] = machine.run(Number.MAX_SAFE_INTEGER, { untilIdle: true })
    const host = runProgram(vm, hostProgram, program.progType, packet, { ifindex: netdev.ifindex, rxQueue: NO_QUEUE })
    const outcome = outcomeOf(program.progType, host.retval)
    const seen = card?.record.outcome ?? 'lost'
    verdicts.push(seen)
    if (seen !== outcome) differences.push({ packet: number, what: 'verdict', card: seen, host: outcome })
    const queue = vm.memory.view.getUint32(CTX_AT + RX_QUEUE_OFFSET, true)
    if (
      program.progType === 'xdp' &&
      seen === 'pass' &&
      queue !== NO_QUEUE &&
      queue < netdev.channels &&
      card?.record.queue !== queue
    ) {
      differences.push({ packet: number, what: 'queue', card: String(card?.record.queue), host: String(queue) })
    }
    const [cardBytes, hostBytes] = [formatHex(card?.record.data ?? new Uint8Array(0)), formatHex(host.data)]
    if (cardBytes !== hostBytes) differences.push({ packet: number, what: 'bytes', card: cardBytes, host: hostBytes })
  })
  program.maps.forEach((definition, index) => {
    const card = onCard.maps[index]!
    const host = hostMaps[index]!
    if (!card.table) return
    const list = (entries: readonly MapEntry[]): string =>
      entries
        .map(({ key, value }) => `${formatHex(key)}=${formatHex(value)}`)
        .sort()
        .join(' ')
    const [a, b] = [list(machine.mapDump(card.id)), list(hostEntries(host))]
    if (a !== b) differences.push({ packet: -1, what: 'map', card: `${definition.name ?? index}: ${a}`, host: b })
  })
  return { ok: true, differences, verdicts }
}

/** No program can ask for this queue; what the context holds when none was asked for. */
const NO_QUEUE = 0xffffffff
const RX_QUEUE_OFFSET = 16

function hostMap(vm: Vm, attributes: ReturnType<typeof mapAttributes>): HostMap {
  const made = createHostMap(vm, attributes)
  if (!made.ok) throw new RangeError(`map ${attributes.name} cannot be made: errno ${made.errno}`)
  return made.map
}

function hostEntries(map: HostMap): MapEntry[] {
  const entries: MapEntry[] = []
  for (let key = map.nextKey(undefined); key; key = map.nextKey(key)) {
    const { value } = map.hostLookup(key)
    if (value) entries.push({ key, value })
  }
  return entries
}
