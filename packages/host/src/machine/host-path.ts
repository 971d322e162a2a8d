/**
 * The way of a packet that the card passed: driver-mode (or generic) XDP, then the classifiers at clsact ingress, then
 * socket filters. Costs are counted in BPF instructions, so that what the card dropped costs the host nothing.
 */
import type { PacketRecord } from '@offload/nfp-chip'
import { indexOf } from '../maps/array-map'
import { SlotMap } from '../maps/slot-map'
import { runProgram } from '../vm/run'
import type { RunResult } from '../vm/run'
import type { Vm } from '../vm/vm'
import type { Netdev } from './netdev'
import type { BpfProgram } from './objects'
import type { XskSocket } from './xsk'

export type HostOutcome = 'stack' | 'dropped' | 'tx' | 'aborted' | 'redirected' | 'tc-dropped'

/** A packet after the card and, where it was passed, after the host. */
export interface HostPacket {
  readonly record: PacketRecord
  /** Absent for packets that never reached the host. */
  readonly host?: HostOutcome
  /** Bytes at the end of its way. */
  readonly data: Uint8Array
  /** Interface that the host sent it out of. */
  readonly sentBy?: number
  /** BPF instructions that the host executed for it. */
  readonly hostInstructions: number
}

const XDP_DROP = 1
const XDP_PASS = 2
const XDP_TX = 3
const XDP_REDIRECT = 4
const TC_SHOT = 2
const TC_STOLEN = 4
const TC_QUEUED = 5
const TC_TRAP = 8
const TC_REDIRECT = 7

export interface HostPath {
  readonly vm: Vm
  netdev(ifindex: number): Netdev | undefined
  /** AF_XDP socket by its number. */
  socket(id: number): XskSocket | undefined
  program(id: number): BpfProgram | undefined
  readonly cpus: number
}

/**
 * Brings a redirected packet to where it was meant to go: the AF_XDP socket of its own queue, or another interface, which
 * sends it. False when it is lost, since the target does not exist or has no room.
 */
function deliver(
  path: HostPath,
  netdev: Netdev,
  queue: number,
  redirect: RunResult['redirect'],
  data: Uint8Array,
): Netdev | boolean {
  if (!redirect) return false
  if (!('map' in redirect)) return transmit(path.netdev(redirect.ifindex), data)
  if (!(redirect.map instanceof SlotMap)) return false
  const { type } = redirect.map.attributes
  // All interfaces of a map at once, or the work of another CPU: the packet's way ends there.
  if (redirect.key < 0 || type === 'cpumap') return true
  const value = redirect.map.slotValue(redirect.key)
  if (!value) return false
  if (type !== 'xskmap') return transmit(path.netdev(indexOf(value)), data)
  const socket = path.socket(indexOf(value))
  // A socket takes packets of its own queue only.
  return socket !== undefined && socket.ifindex === netdev.ifindex && socket.queue === queue && socket.deliver(data)
}

function transmit(netdev: Netdev | undefined, data: Uint8Array): Netdev | false {
  if (!netdev?.up) return false
  netdev.counters.sent++
  netdev.counters.sentBytes += data.length
  return netdev
}

export function receive(path: HostPath, netdev: Netdev, record: PacketRecord): HostPacket {
  if (record.outcome !== 'pass') return { record, data: record.data, hostInstructions: 0 }
  const { counters } = netdev
  const queue = Math.max(0, record.queue)
  counters.received++
  counters.receivedBytes += record.data.length
  if (queue < counters.queuePackets.length) {
    counters.queuePackets[queue]!++
    counters.queueBytes[queue]! += record.data.length
  }
  const xdp = netdev.xdp.driver ?? netdev.xdp.generic
  if (xdp === undefined && netdev.filters.length === 0 && netdev.sockets.length === 0) {
    counters.stack++
    return { record, host: 'stack', data: record.data, hostInstructions: 0 }
  }
  path.vm.env.cpu = queue % path.cpus
  let data = record.data
  let spent = 0
  let redirect: RunResult['redirect']
  const run = (programId: number): number | undefined => {
    const program = path.program(programId)
    if (!program?.vm) return undefined
    const options = { ifindex: netdev.ifindex, rxQueue: queue }
    const result = program.fast
      ? program.fast.run(data, options)
      : runProgram(path.vm, program.vm, program.type, data, options)
    program.runs++
    program.instructions += result.instructions
    spent += result.instructions
    redirect = result.redirect
    if (result.errno) return undefined
    if (result.fault) return program.type === 'xdp' ? 0 : TC_SHOT
    data =
      program.type === 'xdp'
        ? result.data
        : program.type === 'sched_cls' || program.type === 'sched_act'
          ? result.data
          : data
    return result.retval
  }
  const end = (host: HostOutcome): HostPacket => ({ record, host, data, hostInstructions: spent })
  const redirected = (): HostPacket => {
    const target = deliver(path, netdev, queue, redirect, data)
    if (target === false) return end('dropped')
    counters.redirected++
    return target === true ? end('redirected') : { ...end('redirected'), sentBy: target.ifindex }
  }

  if (xdp !== undefined) {
    switch (run(xdp)) {
      case undefined:
      case XDP_PASS:
        break
      case XDP_DROP:
        counters.driverDropped++
        return end('dropped')
      case XDP_TX:
        counters.driverTx++
        transmit(netdev, data)
        return { ...end('tx'), sentBy: netdev.ifindex }
      case XDP_REDIRECT:
        return redirected()
      default:
        counters.driverAborted++
        return end('aborted')
    }
  }
  for (const filter of netdev.filters) {
    if (filter.direction !== 'ingress' || filter.skipSw) continue
    const action = run(filter.programId)
    if (action === undefined) continue
    if (action === TC_SHOT || action === TC_STOLEN || action === TC_QUEUED || action === TC_TRAP) {
      counters.tcDropped++
      return end('tc-dropped')
    }
    if (action === TC_REDIRECT) return redirected()
    // -1 asks the next classifier; the others are final and let the packet pass.
    if (action !== 0xffffffff) break
  }
  for (const socket of netdev.sockets) {
    const kept = run(socket.programId) ?? 0
    if (kept === 0) continue
    socket.matched++
    socket.bytes += Math.min(kept, data.length)
  }
  counters.stack++
  return end('stack')
}
