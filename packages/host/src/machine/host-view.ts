/** The host as its observers draw it: one plain value of calls, driver callbacks, objects and who holds them, interfaces, sockets. */
import type { DriverStep } from '../device/driver-steps'
import type { MessageCounts } from '../device/nfp-device'
import type { Machine } from './machine'
import type { Netdev } from './netdev'
import type { Syscall } from './syscall-log'
import type { XskStatistics } from './xsk'

export interface ObjectView {
  readonly kind: 'program' | 'map'
  readonly id: number
  readonly name: string
  readonly type: string
  /** On the card, not on the host. */
  readonly offloaded: boolean
  /** Descriptors that its loader has not closed. */
  readonly descriptors: number
  /** What else holds it: pins by path, programs and hooks in words. */
  readonly heldBy: readonly string[]
}

export interface InterfaceView {
  readonly name: string
  readonly ifindex: number
  /** Program ids by mode. */
  readonly xdp: Netdev['xdp']
  readonly channels: number
  readonly indirection: readonly number[]
  /** Packets of the card's rings, and those that programs of the host dropped, redirected, sent. */
  readonly received: number
  readonly stack: number
  readonly dropped: number
  readonly redirected: number
  readonly sent: number
}

export interface XskView {
  readonly id: number
  readonly interface: string
  readonly queue: number
  readonly chunks: number
  readonly chunkSize: number
  readonly ringSize: number
  /** Entries that are in use. */
  readonly fill: number
  readonly rx: number
  readonly tx: number
  readonly completion: number
  /** Packets received so far. */
  readonly received: number
  readonly statistics: XskStatistics
}

export interface HostView {
  readonly syscalls: readonly Syscall[]
  /** All calls by name since the start. */
  readonly calls: Readonly<Record<string, number>>
  readonly steps: readonly DriverStep[]
  readonly messages: MessageCounts
  readonly objects: readonly ObjectView[]
  readonly interfaces: readonly InterfaceView[]
  readonly sockets: readonly XskView[]
}

/** A view with at most `limit` calls and callbacks, the newest. */
export function hostView(machine: Machine, limit = 500): HostView {
  const { device, netdevs, syscalls } = machine
  return {
    syscalls: syscalls.list().slice(-limit),
    calls: Object.fromEntries(syscalls.counts),
    steps: device.steps.list().slice(-limit),
    messages: { ...device.messages },
    objects: objectsOf(machine),
    interfaces: netdevs.map((netdev) => ({
      name: netdev.name,
      ifindex: netdev.ifindex,
      xdp: { ...netdev.xdp },
      channels: netdev.channels,
      indirection: [...netdev.indirection],
      received: netdev.counters.received,
      stack: netdev.counters.stack,
      dropped: netdev.counters.driverDropped + netdev.counters.tcDropped + netdev.counters.driverAborted,
      redirected: netdev.counters.redirected,
      sent: netdev.counters.sent,
    })),
    sockets: [...machine.sockets.values()].map((socket) => ({
      id: socket.id,
      interface: machine.netdev(socket.ifindex)?.name ?? '',
      queue: socket.queue,
      chunks: socket.umem.length / socket.chunkSize,
      chunkSize: socket.chunkSize,
      ringSize: socket.rx.size,
      fill: socket.fill.used,
      rx: socket.rx.used,
      tx: socket.tx.used,
      completion: socket.completion.used,
      received: socket.rx.producer,
      statistics: { ...socket.statistics },
    })),
  }
}

function objectsOf(machine: Machine): ObjectView[] {
  const pinned = (kind: string, id: number): string[] =>
    [...machine.pins].filter(([, pin]) => pin.kind === kind && pin.id === id).map(([path]) => path)
  const programs = machine.programs.list().map((program): ObjectView => ({
    kind: 'program',
    id: program.id,
    name: program.name,
    type: program.type,
    offloaded: program.image !== undefined,
    descriptors: program.refs.fds,
    heldBy: [...pinned('program', program.id), ...hooksOf(machine.netdevs, program.id)],
  }))
  const maps = machine.maps.list().map((map): ObjectView => ({
    kind: 'map',
    id: map.id,
    name: map.name,
    type: map.attributes.type,
    offloaded: map.table !== undefined,
    descriptors: map.refs.fds,
    heldBy: [
      ...pinned('map', map.id),
      ...machine.programs
        .list()
        .filter(({ mapIds }) => mapIds.includes(map.id))
        .map(({ id }) => `program ${id}`),
    ],
  }))
  return [...programs, ...maps]
}

function hooksOf(netdevs: readonly Netdev[], program: number): string[] {
  return netdevs.flatMap((netdev) => [
    ...Object.entries(netdev.xdp)
      .filter(([, id]) => id === program)
      .map(([mode]) => `${netdev.name} (XDP ${mode})`),
    ...netdev.filters
      .filter(({ programId }) => programId === program)
      .map(({ direction }) => `${netdev.name} (TC ${direction})`),
    ...netdev.sockets.filter(({ programId }) => programId === program).map(() => `a socket on ${netdev.name}`),
  ])
}
