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
  /** AF_XDP socket by its number. */
  socket(id: number): XskSocket | undefined
  program(id: number): BpfProgram | undefined
  readonly cpus: number
}

/** Hands a redirected packet to an AF_XDP socket, where one is meant. False when it is lost there. */
function deliver(
  path: HostPath,
  netdev: Netdev,
  queue: number,
  redirect: RunResult['redirect'],
  data: Uint8Array,
): boolean {
  if (
    !redirect ||
    !('map' in redirect) ||
    redirect.map.attributes.type !== 'xskmap' ||
    !(redirect.map instanceof SlotMap)
  )
    return true
  const value = redirect.map.slotValue(redirect.key)
  const socket = value && path.socket(indexOf(value))
  // A socket takes packets of its own queue only.
  return socket !== undefined && socket.ifindex === netdev.ifindex && socket.queue === queue && socket.deliver(data)
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
        return end('tx')
      case XDP_REDIRECT:
        if (!deliver(path, netdev, queue, redirect, data)) return end('dropped')
        counters.redirected++
        return end('redirected')
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
    if (action === TC_REDIRECT) {
      counters.redirected++
      return end('redirected')
    }
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
