/**
 * A host with one card: on top of objects and loading (kernel-objects.ts, program-loader.ts) its interfaces and hooks, perf
 * events, sockets, traffic, and the clock. All calls are deterministic functions of what was called before. The text tools
 * (tools/) and the page work on this.
 */
import type { Chip, PacketRecord } from '@offload/nfp-chip'
import type { FirmwareProfile } from '@offload/nfp-jit'
import { createRandom } from '@offload/packet'
import type { TimedFrame } from '@offload/packet'
import type { KernelVersion } from '@offload/verifier'
import { NfpDevice } from '../device/nfp-device'
import { ERRNO } from '../errno'
import { createVm } from '../vm/run'
import type { Vm } from '../vm/vm'
import { setXdp } from './attach'
import type { AttachOptions, AttachResult } from './attach'
import { EventHub } from './event-hub'
import { receive } from './host-path'
import type { HostPacket } from './host-path'
import { countPacket, createNetdev, hookOf, rememberPacket, roundRobin } from './netdev'
import type { Netdev, TcFilter, XdpMode } from './netdev'
import type { BpfProgram } from './objects'
import type { PerfSample } from './perf-ring'
import { ProgramLoader } from './program-loader'
import { XskSocket } from './xsk'
import type { XskOptions, XskResult } from './xsk'

export interface MachineOptions {
  readonly chip: Chip
  /** Capabilities of the card's firmware. */
  readonly firmware: FirmwareProfile
  readonly kernel?: KernelVersion
  /** Host CPUs, default 4. */
  readonly cpus?: number
  /** Names of the interfaces, by port; default `nfp_p0`, `nfp_p1`, … */
  readonly interfaces?: readonly string[]
  readonly seed?: number
  /** Run host programs in the interpreter alone, as with `net.core.bpf_jit_enable = 0`. */
  readonly interpretOnly?: boolean
}

/** First interface number of a card's ports: the loopback and two others come before. */
const FIRST_IFINDEX = 4
const DEFAULT_CPUS = 4

export class Machine extends ProgramLoader {
  readonly vm: Vm
  readonly netdevs: readonly Netdev[]
  /** Lines of trace_printk. */
  readonly trace: string[] = []
  protected readonly interpretOnly: boolean
  private readonly hub: EventHub
  private nextSocket = 1
  private time = 0

  constructor(options: MachineOptions) {
    const { chip } = options
    super(new NfpDevice(chip, options.firmware), options.kernel ?? '6.18', options.cpus ?? DEFAULT_CPUS)
    this.interpretOnly = options.interpretOnly ?? false
    this.hub = new EventHub(this.device, this.maps)
    const random = createRandom(options.seed ?? chip.config.seed)
    this.vm = createVm({
      cpu: 0,
      cpus: this.cpus,
      now: () => this.now,
      random: () => random.u32(),
      perfOutput: (map, index, data, packet) =>
        this.hub.hostOutput(map, index, this.vm.env.cpu, this.now, data, packet),
      trace: (text) => this.trace.push(text),
    })
    const { device, queues } = chip.config
    this.netdevs = Array.from({ length: device.ports }, (_, port) =>
      createNetdev({
        ifindex: FIRST_IFINDEX + port,
        name: options.interfaces?.[port] ?? `nfp_p${port}`,
        port,
        mac: `00:15:4d:13:00:${(0x10 + port).toString(16)}`,
        mtu: 1500,
        maxChannels: queues,
        rssKey: Uint8Array.from({ length: 4 }, () => random.u32() & 255),
      }),
    )
  }

  get now(): number {
    return Math.max(this.time, this.device.now)
  }

  protected forgetMap(id: number): void {
    this.hub.forget(id)
  }

  /** Detaches a program everywhere and closes it and its maps: what an application does at its end. */
  unload(id: number): void {
    const program = this.programs.get(id)
    if (!program) return
    for (const netdev of this.netdevs) {
      for (const mode of ['offload', 'driver', 'generic'] as const)
        if (netdev.xdp[mode] === id) this.detach(netdev.ifindex, mode)
      for (const filter of [...netdev.filters]) if (filter.programId === id) this.removeFilter(netdev.ifindex, filter)
      for (const socket of [...netdev.sockets]) if (socket.programId === id) this.detachSocket(netdev.ifindex, id)
    }
    this.close('program', id)
    for (const mapId of program.mapIds) this.close('map', mapId)
  }

  // Hooks

  /** Attaches an XDP program. Offloaded programs may be attached to every port of the card. */
  attach(programId: number, ifindex: number, mode: XdpMode, options: AttachOptions = {}): AttachResult {
    const netdev = this.netdev(ifindex)
    const program = this.programs.get(programId)
    if (!netdev || !program) return { errno: netdev ? -ERRNO.EBADF : -ERRNO.ENODEV }
    const result = setXdp(netdev, this.device, program, mode, options)
    this.logNetlink('RTM_NEWLINK', ifindex, { xdp_mode: mode, prog_id: programId }, result.errno)
    if (result.errno || netdev.xdp[mode] === programId) return result
    program.refs.users++
    const old = netdev.xdp[mode]
    netdev.xdp[mode] = programId
    if (old !== undefined) this.programs.put(this.programs.get(old)!, 'users')
    return result
  }

  detach(ifindex: number, mode: XdpMode): AttachResult {
    const netdev = this.netdev(ifindex)
    if (!netdev) return { errno: -ERRNO.ENODEV }
    const old = netdev.xdp[mode]
    const result = old === undefined ? { errno: 0 } : setXdp(netdev, this.device, undefined, mode, {})
    this.logNetlink('RTM_NEWLINK', ifindex, { xdp_mode: mode, prog_id: -1 }, result.errno)
    if (result.errno || old === undefined) return result
    delete netdev.xdp[mode]
    this.programs.put(this.programs.get(old)!, 'users')
    return result
  }

  /** Adds a classifier to a clsact hook. With skipSw it runs on the card alone, and what the driver refuses fails. */
  addFilter(
    ifindex: number,
    filter: Omit<TcFilter, 'inHw' | 'pref' | 'handle'> & {
      readonly pref?: number
      readonly handle?: number
      readonly protocolAll?: boolean
    },
  ): AttachResult {
    const netdev = this.netdev(ifindex)
    const program = this.programs.get(filter.programId)
    if (!netdev || !program) return { errno: netdev ? -ERRNO.EBADF : -ERRNO.ENODEV }
    if (hookOf(program.type) !== 'tc') return { errno: -ERRNO.EINVAL }
    if (!netdev.clsact) return { errno: -ERRNO.EINVAL, message: "Parent Qdisc doesn't exists" }
    let inHw = false
    if (!filter.skipHw) {
      const offered = this.offerFilter(netdev, program, filter)
      if (offered.errno === 0) inHw = true
      else if (filter.skipSw) {
        this.logNetlink('RTM_NEWTFILTER', ifindex, { prog_id: program.id }, offered.errno)
        return offered
      }
    }
    const lowest = netdev.filters.reduce((least, one) => Math.min(least, one.pref), 49153)
    const { protocolAll: _, ...rest } = filter
    netdev.filters.push({ ...rest, pref: filter.pref ?? lowest - 1, handle: filter.handle ?? 1, inHw })
    netdev.filters.sort((a, b) => a.pref - b.pref)
    program.refs.users++
    this.logNetlink('RTM_NEWTFILTER', ifindex, { prog_id: program.id, skip_sw: filter.skipSw ? 1 : 0 }, 0)
    return { errno: 0 }
  }

  /** The driver's checks of a classifier: nfp-offload.md, section 8.3. */
  private offerFilter(
    netdev: Netdev,
    program: BpfProgram,
    filter: { readonly direction: string; readonly directAction: boolean; readonly protocolAll?: boolean },
  ): AttachResult {
    const refuse = (message?: string): AttachResult => ({
      errno: -ERRNO.EOPNOTSUPP,
      ...(message !== undefined && { message }),
    })
    if (filter.direction !== 'ingress') return refuse()
    if (!netdev.tcOffload) return refuse('TC offload is disabled on net device')
    if (netdev.port >= this.device.capablePorts) return refuse('nfp: NFP firmware does not support eBPF offload')
    if (filter.protocolAll === false) return refuse('nfp: only ETH_P_ALL supported as filter protocol')
    if (!filter.directAction) return refuse('nfp: only direct action with no legacy actions supported')
    if (!program.image) return { errno: -ERRNO.EINVAL }
    return this.device.setProgram(netdev.port, 'tc', { programId: program.id, image: program.image }, netdev.mtu)
  }

  removeFilter(ifindex: number, filter: TcFilter): AttachResult {
    const netdev = this.netdev(ifindex)
    const at = netdev?.filters.indexOf(filter) ?? -1
    if (!netdev || at < 0) return { errno: -ERRNO.ENOENT }
    if (filter.inHw) this.device.setProgram(netdev.port, 'tc', undefined, netdev.mtu)
    netdev.filters.splice(at, 1)
    this.logNetlink('RTM_DELTFILTER', ifindex, { pref: filter.pref }, 0)
    this.programs.put(this.programs.get(filter.programId)!, 'users')
    return { errno: 0 }
  }

  /** Attaches a socket filter: it sees what reaches the stack. Never offloaded. */
  attachSocket(programId: number, ifindex: number): AttachResult {
    const netdev = this.netdev(ifindex)
    const program = this.programs.get(programId)
    if (!netdev || !program) return { errno: netdev ? -ERRNO.EBADF : -ERRNO.ENODEV }
    if (hookOf(program.type) !== 'socket') return { errno: -ERRNO.EINVAL }
    program.refs.users++
    netdev.sockets.push({ programId, matched: 0, bytes: 0 })
    return { errno: 0 }
  }

  detachSocket(ifindex: number, programId: number): AttachResult {
    const netdev = this.netdev(ifindex)
    const at = netdev?.sockets.findIndex((socket) => socket.programId === programId) ?? -1
    if (!netdev || at < 0) return { errno: -ERRNO.ENOENT }
    netdev.sockets.splice(at, 1)
    this.programs.put(this.programs.get(programId)!, 'users')
    return { errno: 0 }
  }

  setMtu(ifindex: number, mtu: number): AttachResult {
    const netdev = this.netdev(ifindex)
    if (!netdev) return { errno: -ERRNO.ENODEV }
    const result = this.device.changeMtu(netdev.port, mtu)
    if (result.errno === 0) netdev.mtu = mtu
    return result
  }

  /** RSS: which queue each of 128 hash values goes to. */
  setIndirection(ifindex: number, table: Uint8Array): AttachResult {
    const netdev = this.netdev(ifindex)
    if (!netdev) return { errno: -ERRNO.ENODEV }
    if (table.length !== netdev.indirection.length || table.some((queue) => queue >= netdev.channels))
      return { errno: -ERRNO.EINVAL }
    netdev.indirection = table.slice()
    this.chip.setIndirection(netdev.port, table)
    return { errno: 0 }
  }

  private logNetlink(
    command: string,
    ifindex: number,
    attributes: Record<string, string | number>,
    errno: number,
  ): void {
    this.syscalls.add(this.now, command, { ifindex, ...attributes }, errno)
  }

  /** RX queues in use, as `ethtool -L`; the indirection table starts anew. */
  setChannels(ifindex: number, count: number): AttachResult {
    const netdev = this.netdev(ifindex)
    if (!netdev) return { errno: -ERRNO.ENODEV }
    if (!Number.isInteger(count) || count < 1 || count > netdev.maxChannels) return { errno: -ERRNO.EINVAL }
    netdev.channels = count
    return this.setIndirection(ifindex, roundRobin(count))
  }

  /** An AF_XDP socket on a queue of an interface. Its number goes into an xskmap. */
  openXsk(ifindex: number, queue: number, options: XskOptions = {}): XskResult {
    const netdev = this.netdev(ifindex)
    if (!netdev) return { ok: false, errno: -ERRNO.ENODEV }
    if (queue < 0 || queue >= netdev.channels) return { ok: false, errno: -ERRNO.EINVAL }
    if ([...this.sockets.values()].some((socket) => socket.ifindex === ifindex && socket.queue === queue))
      return { ok: false, errno: -ERRNO.EBUSY }
    const made = XskSocket.create(this.nextSocket, ifindex, queue, options)
    if (made.ok) this.sockets.set(this.nextSocket++, made.socket)
    return made
  }

  closeXsk(id: number): void {
    this.sockets.delete(id)
  }

  // Perf events

  /** Opens a reader on every CPU's slot of a perf event array, each with a ring of `pages` pages. */
  openEvents(mapId: number, options: { readonly pages?: number; readonly cpus?: readonly number[] } = {}): number {
    const map = this.maps.get(mapId)
    if (map?.attributes.type !== 'perf_event_array') return -ERRNO.EINVAL
    const slots = Math.min(this.cpus, map.attributes.maxEntries)
    for (const cpu of options.cpus ?? Array.from({ length: slots }, (_, i) => i)) {
      if (cpu < slots) this.hub.open(mapId, cpu, options.pages)
      this.syscalls.add(this.now, 'BPF_MAP_UPDATE_ELEM', { map_id: mapId, key: cpu }, cpu < slots ? 0 : ERRNO.E2BIG)
    }
    return 0
  }

  /** True when somebody has opened the array's rings. */
  hasReaders(mapId: number): boolean {
    return this.hub.hasReaders(mapId)
  }

  /** Takes what the readers have, in order of time. */
  events(mapId?: number): PerfSample[] {
    this.hub.collect(this.chip)
    return this.hub.read(mapId)
  }

  /** Events that no reader got: ring full, or nobody had opened the slot. */
  eventsLost(mapId?: number): number {
    return this.hub.lost(mapId)
  }

  // Traffic

  offer(frames: readonly TimedFrame[]): void {
    this.chip.offer(frames)
  }

  /** Runs the card to `until` (cycles), then takes what it passed through the host's hooks. */
  run(until: number, options?: Parameters<Chip['run']>[1]): HostPacket[] {
    this.chip.run(until, options)
    return this.collect()
  }

  /** Packets that left the card since the last call, each after its way through the host. */
  collect(): HostPacket[] {
    this.hub.collect(this.chip)
    const path = {
      vm: this.vm,
      cpus: this.cpus,
      netdev: (ifindex: number) => this.netdevs.find((netdev) => netdev.ifindex === ifindex),
      program: (id: number) => this.programs.get(id),
      socket: (id: number) => this.sockets.get(id),
    }
    return this.chip.takePackets().map((record: PacketRecord) => {
      this.time = (record.departed * 1000) / this.chip.config.device.clockMHz
      const netdev = this.netdevs[record.port]
      if (!netdev) return { record, data: record.data, hostInstructions: 0 }
      countPacket(netdev.card, record, this.device.portProgram(record.port) !== undefined)
      const packet = receive(path, netdev, record)
      if (packet.host === 'stack') rememberPacket(netdev, packet)
      return packet
    })
  }
}

/** A host with the given card, nothing loaded. */
export function createMachine(options: MachineOptions): Machine {
  return new Machine(options)
}
