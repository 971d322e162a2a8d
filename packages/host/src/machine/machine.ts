/**
 * A host with one card: bpf() objects, interfaces, the driver, the host's own BPF machine, and the clock. All calls are
 * deterministic functions of what was called before. The text tools (tools/) and the page work on this.
 */
import type { Program } from '@offload/bpf'
import type { Chip, PacketRecord } from '@offload/nfp-chip'
import { isNeutralMap, loadForDevice } from '@offload/nfp-jit'
import type { DeviceLoadResult, FirmwareProfile, PassSwitches } from '@offload/nfp-jit'
import { createRandom } from '@offload/packet'
import type { TimedFrame } from '@offload/packet'
import { verify } from '@offload/verifier'
import type { KernelVersion, VerifyResult } from '@offload/verifier'
import { NfpDevice } from '../device/nfp-device'
import { ERRNO, errnoText } from '../errno'
import { createVm, loadProgram } from '../vm/run'
import type { Vm } from '../vm/vm'
import { createFastProgram } from '../wasm/fast-program'
import { setXdp } from './attach'
import type { AttachOptions, AttachResult } from './attach'
import { EventHub } from './event-hub'
import { receive } from './host-path'
import type { HostPacket } from './host-path'
import { KernelObjects } from './kernel-objects'
import { countPacket, createNetdev, hookOf, rememberPacket, roundRobin } from './netdev'
import type { Netdev, TcFilter, XdpMode } from './netdev'
import { isGplCompatible, programTag } from './objects'
import type { BpfMap, BpfProgram, BtfObject, ProgramTypes } from './objects'
import type { PerfSample } from './perf-ring'
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

export interface LoadOptions {
  /** For the card (default: for the host). */
  readonly offload?: boolean
  /** Interface that it is loaded for; default the first port's. */
  readonly ifindex?: number
  readonly logLevel?: number
  /** Record the verifier's steps. */
  readonly record?: boolean
  readonly cancelled?: () => boolean
  /** Optimisation passes of the driver to leave out. */
  readonly passes?: PassSwitches
  /** Maps that exist already, by name: used in place of new ones. */
  readonly reuse?: Readonly<Record<string, number>>
  /** Types and source lines from the object file. */
  readonly object?: { readonly btf: Uint8Array; readonly funcInfo: ProgramTypes['funcInfo']; readonly source: ProgramTypes['source'] }
}

export type LoadResult =
  | { readonly ok: true; readonly program: BpfProgram; readonly maps: readonly BpfMap[]; readonly verify: VerifyResult; readonly device?: DeviceLoadResult }
  | {
      readonly ok: false
      readonly stage: 'map_create' | 'prog_load'
      /** Positive. */
      readonly errno: number
      /** What kernel or driver said last; the C library's text where they said nothing. */
      readonly error: string
      /** Name of the map that was refused. */
      readonly map?: string
      readonly verify?: VerifyResult
      readonly device?: DeviceLoadResult
    }

/** First interface number of a card's ports: the loopback and two others come before. */
const FIRST_IFINDEX = 4
const DEFAULT_CPUS = 4

export class Machine extends KernelObjects {
  readonly vm: Vm
  readonly netdevs: readonly Netdev[]
  /** Lines of trace_printk. */
  readonly trace: string[] = []
  private readonly interpretOnly: boolean
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
      perfOutput: (map, index, data, packet) => this.hub.hostOutput(map, index, this.vm.env.cpu, this.now, data, packet),
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

  // Loading

  /**
   * What a loader does: creates the program's maps, then loads it. On success program and maps are held by one file
   * descriptor each (`close` gives them back); on failure nothing stays.
   */
  load(program: Program, options: LoadOptions = {}): LoadResult {
    const netdev = options.offload ? this.netdev(options.ifindex ?? this.netdevs[0]!.ifindex) : undefined
    const maps: BpfMap[] = []
    const giveUp = (failure: Omit<Extract<LoadResult, { ok: false }>, 'ok'>): LoadResult => {
      for (const map of maps) this.maps.put(map, 'fds')
      return { ok: false, ...failure }
    }
    if (options.offload && !netdev) return giveUp({ stage: 'prog_load', errno: ERRNO.EINVAL, error: errnoText(ERRNO.EINVAL) })
    const btf = options.object && this.btfs.add((id) => ({ id, bytes: options.object!.btf, refs: { fds: 1, pins: 0, users: 0 } }))
    try {
      return this.loadWith(program, options, netdev, btf, maps, giveUp)
    } finally {
      // The loader closes it at the end; programs and maps that use it keep it.
      if (btf) this.btfs.put(btf, 'fds')
    }
  }

  private loadWith(program: Program, options: LoadOptions, netdev: Netdev | undefined, btf: BtfObject | undefined, maps: BpfMap[], giveUp: GiveUp): LoadResult {
    for (const [index, definition] of program.maps.entries()) {
      const existing = definition.name === undefined ? undefined : options.reuse?.[definition.name]
      const reused = existing === undefined ? undefined : this.maps.get(existing)
      if (reused) {
        reused.refs.fds++
        maps.push(reused)
        continue
      }
      const made = this.createMap(definition, isNeutralMap(definition) ? undefined : netdev?.ifindex, btf)
      if (!made.ok) return giveUp({ stage: 'map_create', errno: made.errno, error: made.error, map: definition.name ?? String(index) })
      maps.push(made.map)
    }
    this.fillMaps(program, maps)
    const types = btf && { types: { btf, funcInfo: options.object!.funcInfo, source: options.object!.source } }
    return netdev ? this.loadOnDevice(program, maps, netdev, options, giveUp) : this.loadOnHost(program, maps, options, giveUp, types ?? {})
  }

  /** First contents of maps that stand for data sections. */
  private fillMaps(program: Program, maps: readonly BpfMap[]): void {
    for (const { map, data, frozen } of program.contents ?? []) {
      const target = maps[map]
      if (!target) continue
      const value = new Uint8Array(target.attributes.valueSize)
      value.set(data.subarray(0, value.length))
      this.mapUpdate(target.id, new Uint8Array(4), value)
      if (frozen) target.frozen = true
    }
  }

  private loadOnHost(program: Program, maps: readonly BpfMap[], options: LoadOptions, giveUp: GiveUp, types: Partial<Pick<BpfProgram, 'types'>>): LoadResult {
    const { object } = options
    const result = verify({
      ...this.request(program, options),
      logLevel: options.logLevel ?? 1,
      ...(object && { btf: object.btf, funcInfo: funcInfoBytes(object.funcInfo) }),
    })
    const foreign = maps.some((map) => map.table !== undefined)
    const errno = foreign ? ERRNO.EINVAL : result.verdict === 'accept' ? 0 : result.errno || ERRNO.EINVAL
    this.logLoad(program, undefined, errno)
    if (errno) return giveUp({ stage: 'prog_load', errno, error: foreign ? 'offload device mismatch between prog and map' : result.error || errnoText(errno), verify: result })
    const vm = loadProgram(program.insns, program.relocs, maps.map((map) => map.host!))
    const fast = this.interpretOnly ? undefined : createFastProgram(this.vm, vm, program.progType)
    return { ok: true, program: this.addProgram(program, maps, { verify: result, vm, ...(fast && { fast }), ...types }), maps, verify: result }
  }

  private loadOnDevice(program: Program, maps: readonly BpfMap[], netdev: Netdev, options: LoadOptions, giveUp: GiveUp): LoadResult {
    const request = this.request(program, options)
    const device = loadForDevice({
      ...request,
      maps: program.maps.map((definition, index) => {
        const map = maps[index]!
        return { ...definition, ...(map.table ? { uses: map.table.uses } : isNeutralMap(definition) ? {} : { host: true }) }
      }),
      mapIds: maps.map((map) => map.table?.id ?? map.id),
      firmware: this.device.firmware,
      port: netdev.port,
      license: program.license,
      ...(options.passes && { passes: options.passes }),
    })
    const errno = device.verdict === 'ok' ? 0 : device.errno || ERRNO.EINVAL
    this.logLoad(program, netdev.ifindex, errno)
    if (device.verdict !== 'ok' || !device.image) {
      return giveUp({ stage: 'prog_load', errno, error: device.error || errnoText(errno), verify: device.verify, device })
    }
    const added = this.addProgram(program, maps, { verify: device.verify, device, image: device.image, ifindex: netdev.ifindex })
    return { ok: true, program: added, maps, verify: device.verify, device }
  }

  private request(program: Program, options: LoadOptions) {
    return {
      progType: program.progType,
      insns: program.insns,
      maps: program.maps,
      relocs: program.relocs,
      license: program.license,
      kernel: this.kernel,
      ...(options.logLevel !== undefined && { logLevel: options.logLevel }),
      ...(options.record !== undefined && { record: options.record }),
      ...(options.cancelled && { cancelled: options.cancelled }),
    }
  }

  private addProgram(definition: Program, maps: readonly BpfMap[], parts: Pick<BpfProgram, 'verify'> & Partial<Pick<BpfProgram, 'vm' | 'fast' | 'image' | 'device' | 'ifindex' | 'types'>>): BpfProgram {
    const used = new Set(definition.relocs.map((reloc) => reloc.map))
    const mapIds = maps.filter((_, index) => used.has(index)).map((map) => map.id)
    for (const id of mapIds) this.maps.get(id)!.refs.users++
    if (parts.types) parts.types.btf.refs.users++
    for (const map of maps) if (map.attributes.type === 'prog_array') map.owner ??= { type: definition.progType, jited: true }
    return this.programs.add((id) => ({
      id,
      name: definition.name.slice(0, 15),
      type: definition.progType,
      tag: programTag(definition.insns, this.kernel),
      gpl: isGplCompatible(definition.license),
      definition,
      mapIds,
      loadedAt: this.now,
      ...parts,
      refs: { fds: 1, pins: 0, users: 0 },
      runs: 0,
      instructions: 0,
    }))
  }

  private logLoad(program: Program, ifindex: number | undefined, errno: number): void {
    this.syscalls.add(this.now, 'BPF_PROG_LOAD', {
      prog_type: program.progType,
      insn_cnt: program.insns.length / 8,
      license: program.license,
      prog_name: program.name.slice(0, 15),
      ...(ifindex !== undefined && { prog_ifindex: ifindex }),
    }, errno, errno ? undefined : this.programs.nextId())
  }

  /** Detaches a program everywhere and closes it and its maps: what an application does at its end. */
  unload(id: number): void {
    const program = this.programs.get(id)
    if (!program) return
    for (const netdev of this.netdevs) {
      for (const mode of ['offload', 'driver', 'generic'] as const) if (netdev.xdp[mode] === id) this.detach(netdev.ifindex, mode)
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
  addFilter(ifindex: number, filter: Omit<TcFilter, 'inHw' | 'pref' | 'handle'> & { readonly pref?: number; readonly handle?: number; readonly protocolAll?: boolean }): AttachResult {
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
  private offerFilter(netdev: Netdev, program: BpfProgram, filter: { readonly direction: string; readonly directAction: boolean; readonly protocolAll?: boolean }): AttachResult {
    const refuse = (message?: string): AttachResult => ({ errno: -ERRNO.EOPNOTSUPP, ...(message !== undefined && { message }) })
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
    if (table.length !== netdev.indirection.length || table.some((queue) => queue >= netdev.channels)) return { errno: -ERRNO.EINVAL }
    netdev.indirection = table.slice()
    this.chip.setIndirection(netdev.port, table)
    return { errno: 0 }
  }

  private logNetlink(command: string, ifindex: number, attributes: Record<string, string | number>, errno: number): void {
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
    if ([...this.sockets.values()].some((socket) => socket.ifindex === ifindex && socket.queue === queue)) return { ok: false, errno: -ERRNO.EBUSY }
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
    const path = { vm: this.vm, cpus: this.cpus, program: (id: number) => this.programs.get(id), socket: (id: number) => this.sockets.get(id) }
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

type GiveUp = (failure: Omit<Extract<LoadResult, { ok: false }>, 'ok'>) => LoadResult

/** Records of 8 bytes: instruction, type id. */
function funcInfoBytes(info: ProgramTypes['funcInfo']): Uint8Array {
  const bytes = new Uint8Array(info.length * 8)
  const view = new DataView(bytes.buffer)
  info.forEach((one, i) => {
    view.setUint32(i * 8, one.insn, true)
    view.setUint32(i * 8 + 4, one.type, true)
  })
  return bytes
}

/** A host with the given card, nothing loaded. */
export function createMachine(options: MachineOptions): Machine {
  return new Machine(options)
}

