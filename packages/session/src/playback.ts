/**
 * A running session: chip, host and traffic of one document. Knows no clock; whoever holds it decides how many cycles
 * or packets to run. What it does is a function of the document and of the calls made, with the cycle at which each was
 * made; reading never changes anything.
 */
import { assemble } from '@offload/bpf'
import type { MapDef, Program } from '@offload/bpf'
import { createMachine } from '@offload/host'
import type { BpfMap, BpfProgram, Machine } from '@offload/host'
import { DEVICES, FIRMWARE_BEHAVIOURS, createChip } from '@offload/nfp-chip'
import type { ChipShare, EmulatedChip, PacketRecord } from '@offload/nfp-chip'
import type { FrameSource, TimedFrame } from '@offload/packet'
import type { Compilation, EventView, HostStage, MapView, Reading } from './api'
import type { SessionDocument, Traffic } from './document'
import { firmwareOf } from './firmware'
import { bytesOfHex } from './hex'
import { readMap } from './map-view'
import { frameSource } from './traffic'

export interface PlaybackOptions {
  /** Keep the chip's memory in a SharedArrayBuffer, so that other threads can join. */
  readonly shared?: boolean
  /** Bytes of each packet that are kept; default all. */
  readonly snapLength?: number
}

export type PlaybackResult =
  | { readonly ok: true; readonly playback: Playback }
  | { readonly ok: false; readonly error: string }

export type StepSize = 'cycle' | 'word' | 'insn' | 'packet'

/** Where the last step ended. */
export interface StepResult {
  readonly core: number
  readonly context: number
  /** Code-store address. */
  readonly pc: number
  /** Word of the image, -1 outside the program (firmware). */
  readonly word: number
  /** BPF instruction of that word, -1 where it has none. */
  readonly insn: number
}

const OFFLOAD_PORT = 0
/** A step gives up after so many words: nothing is running, or nothing of the wanted kind comes. */
const STEP_WORDS = 2_000_000
/** With four contexts a core uses the even ones of its eight. */
const CONTEXT_STEP = 2
/** Frames are offered a little at a time, so that a large source is never read ahead. */
const OFFER_BATCH = 256

export class Playback {
  readonly document: SessionDocument
  readonly chip: EmulatedChip
  readonly machine: Machine
  private compilation: Compilation
  private program: BpfProgram | undefined
  private mapIds: number[] = []
  private source: FrameSource
  private held: TimedFrame | undefined
  /** Nanoseconds at which the present source began. */
  private sourceStart = 0
  private packets: PacketRecord[] = []
  private hostInstructions = 0
  /** Maps of the program in driver mode, shown after the card's. */
  private hostMaps: readonly { readonly definition: MapDef; readonly id: number }[] = []

  constructor(
    document: SessionDocument,
    compilation: Compilation,
    chip: EmulatedChip,
    machine: Machine,
    source: FrameSource,
  ) {
    this.document = document
    this.compilation = compilation
    this.chip = chip
    this.machine = machine
    this.source = source
  }

  /** Cycles since the start. */
  get now(): number {
    return this.chip.now
  }

  get nanoseconds(): number {
    return (this.chip.now * 1000) / this.chip.config.device.clockMHz
  }

  // Running

  /** Run on by `cycles`, with the traffic that arrives in that time. */
  run(cycles: number): void {
    const until = this.chip.now + cycles
    this.offerUntil((until * 1000) / this.chip.config.device.clockMHz)
    this.take(until)
  }

  /** Let exactly `count` packets arrive and run until all have left. Fewer where the source ends. */
  runPackets(count: number): number {
    let offered = 0
    while (offered < count) {
      const frames: TimedFrame[] = []
      while (frames.length < OFFER_BATCH && offered + frames.length < count) {
        const frame = this.nextFrame()
        if (frame === undefined) break
        frames.push(frame)
      }
      if (frames.length === 0) break
      offered += frames.length
      this.chip.offer(frames)
      const last = frames.at(-1)!.time
      this.take(Math.ceil((last * this.chip.config.device.clockMHz) / 1000))
    }
    this.take(Number.MAX_SAFE_INTEGER, true)
    return offered
  }

  /** One step; undefined when nothing happened because nothing is there to happen. */
  step(size: StepSize): StepResult | undefined {
    if (size === 'cycle') {
      this.run(1)
      return this.place(this.nextContext())
    }
    this.ensureWork()
    if (size === 'word') return this.place(this.chip.stepWord())
    if (size === 'insn') return this.stepInsn()
    return this.stepPacket()
  }

  private stepInsn(): StepResult | undefined {
    const first = this.place(this.chip.stepWord())
    if (first === undefined) return undefined
    for (let words = 0; words < STEP_WORDS; words++) {
      const view = this.chip.context(first.core, first.context)
      const here = this.place({ core: first.core, context: first.context, pc: view.pc })
      if (here !== undefined && here.insn >= 0 && (here.insn !== first.insn || view.packet < 0)) return here
      const next = this.chip.stepWord()
      if (next === undefined) return here
    }
    return first
  }

  private stepPacket(): StepResult | undefined {
    const before = this.departed()
    let last: ReturnType<EmulatedChip['stepWord']>
    for (let words = 0; words < STEP_WORDS && this.departed() === before; words++) {
      const next = this.chip.stepWord()
      if (next === undefined) break
      last = next
    }
    this.take(this.chip.now)
    return this.place(last)
  }

  private departed(): number {
    const outcomes = new Float64Array(7)
    this.chip.telemetry.outcomes(outcomes)
    return outcomes[0]! + outcomes[1]! + outcomes[2]! + outcomes[3]! + outcomes[4]!
  }

  /** When the chip has nothing to do, let the next packet arrive. */
  private ensureWork(): void {
    if (this.chip.pending > 0) return
    const frame = this.nextFrame()
    if (frame !== undefined) this.chip.offer([frame])
  }

  private nextContext(): { core: number; context: number; pc: number } | undefined {
    const { islands, workersPerIsland } = this.chip.config.device
    for (let core = 0; core < islands * workersPerIsland; core++)
      for (let context = 0; context < 8; context += CONTEXT_STEP) {
        const view = this.chip.context(core, context)
        if (view.state === 'running' || view.state === 'ready') return { core, context, pc: view.pc }
      }
    return undefined
  }

  private place(at: { core: number; context: number; pc: number } | undefined): StepResult | undefined {
    if (at === undefined) return undefined
    const start = firmwareOf(this.document).startOff[OFFLOAD_PORT] ?? 0
    const { image } = this.compilation
    const word = at.pc - start
    const inside = image !== undefined && word >= 0 && word < image.words.length / 2
    return { ...at, word: inside ? word : -1, insn: inside ? (image.origins[word]?.insn ?? -1) : -1 }
  }

  // Traffic

  private nextFrame(): TimedFrame | undefined {
    const frame = this.held ?? this.source.next()
    this.held = undefined
    if (frame === undefined) return undefined
    return { ...frame, time: Math.max(frame.time + this.sourceStart, this.nanoseconds) }
  }

  private offerUntil(nanoseconds: number): void {
    let frames: TimedFrame[] = []
    for (;;) {
      const frame = this.held ?? this.source.next()
      this.held = frame
      if (frame === undefined || frame.time + this.sourceStart >= nanoseconds) break
      this.held = undefined
      frames.push({ ...frame, time: Math.max(frame.time + this.sourceStart, this.nanoseconds) })
      if (frames.length === OFFER_BATCH) {
        this.chip.offer(frames)
        frames = []
      }
    }
    if (frames.length > 0) this.chip.offer(frames)
  }

  /** One frame that somebody made by hand, at a port, now. Returns an error text, or undefined. */
  send(port: number, data: Uint8Array): string | undefined {
    if (data.length < 14) return `A frame has at least 14 bytes; this has ${data.length}.`
    if (port < 0 || port >= this.chip.config.device.ports) return `The card has no port ${port}.`
    this.chip.offer([{ time: this.nanoseconds, port, data }])
    return undefined
  }

  /** Change the traffic from now on. */
  setTraffic(traffic: Traffic): { readonly ok: boolean; readonly error?: string } {
    const made = frameSource(traffic, this.chip.config.device.ports)
    if (!made.ok) return made
    this.source = made.source
    this.sourceStart = this.nanoseconds
    this.held = undefined
    return { ok: true }
  }

  private take(until: number, untilIdle = false): void {
    for (const packet of this.machine.run(until, { untilIdle })) {
      this.packets.push(packet.record)
      this.hostInstructions += packet.hostInstructions
    }
    if (this.packets.length > 4096) this.packets.splice(0, this.packets.length - 4096)
  }

  // Program, maps, settings

  /**
   * Load and attach `compilation` in place of the present program. Maps of the same name and shape are kept with what
   * is in them. On failure the present program stays.
   */
  replaceProgram(compilation: Compilation): { readonly ok: true } | { readonly ok: false; readonly error: string } {
    const { program } = compilation
    if (!compilation.ok || program === undefined)
      return { ok: false, error: 'The program was refused; see its findings.' }
    const reuse = this.reusableMaps(program)
    const loaded = this.machine.load(program, { offload: true, logLevel: 0, reuse, passes: compilation.passes ?? {} })
    if (!loaded.ok) return { ok: false, error: loaded.error }
    const old = this.program
    const mode = program.progType === 'xdp' ? 'offload' : undefined
    for (const netdev of this.machine.netdevs) {
      if (netdev.port >= this.capablePorts()) continue
      const result =
        mode === undefined
          ? this.attachClassifier(netdev.ifindex, loaded.program.id)
          : this.machine.attach(loaded.program.id, netdev.ifindex, mode)
      if (result.errno !== 0) {
        this.machine.unload(loaded.program.id)
        return { ok: false, error: result.message ?? `attaching failed with errno ${-result.errno}` }
      }
    }
    const kept = new Set(Object.values(reuse))
    if (old !== undefined) {
      this.machine.close('program', old.id)
      for (const id of this.mapIds) if (!kept.has(id)) this.machine.close('map', id)
      // A reused map is held once more by the new loader's descriptor; the old one's is given back.
      for (const id of kept) this.machine.close('map', id)
    }
    this.program = loaded.program
    this.mapIds = loaded.maps.map((map) => map.id)
    this.compilation = compilation
    for (const map of loaded.maps)
      if (map.attributes.type === 'perf_event_array' && !kept.has(map.id)) this.machine.openEvents(map.id)
    return { ok: true }
  }

  /** Load `source` for the host and attach it in driver mode to every port: what the card passes comes to it. */
  setHostProgram(source: string): { readonly ok: true } | { readonly ok: false; readonly error: string } {
    const assembled = assemble(source)
    if (!assembled.ok) {
      const first = assembled.diagnostics[0]
      return { ok: false, error: `Host program, line ${first?.range.startLine ?? 1}: ${first?.message ?? ''}` }
    }
    const { program } = assembled
    if (program.progType !== 'xdp') return { ok: false, error: 'The host program must be of type xdp.' }
    const loaded = this.machine.load(program, { offload: false, logLevel: 0 })
    if (!loaded.ok) return { ok: false, error: `Host program: ${loaded.error}` }
    for (const netdev of this.machine.netdevs) {
      const result = this.machine.attach(loaded.program.id, netdev.ifindex, 'driver')
      if (result.errno !== 0)
        return { ok: false, error: `Host program: ${result.message ?? `attaching failed with errno ${-result.errno}`}` }
    }
    this.hostMaps = program.maps.map((definition, index) => ({ definition, id: loaded.maps[index]!.id }))
    return { ok: true }
  }

  private attachClassifier(ifindex: number, programId: number): { readonly errno: number; readonly message?: string } {
    const netdev = this.machine.netdev(ifindex)!
    netdev.clsact = true
    netdev.tcOffload = true
    for (const filter of netdev.filters.filter((one) => one.skipSw)) this.machine.removeFilter(ifindex, filter)
    return this.machine.addFilter(ifindex, {
      direction: 'ingress',
      programId,
      label: 'page',
      directAction: true,
      skipSw: true,
      skipHw: false,
    })
  }

  private capablePorts(): number {
    return Math.min(this.machine.netdevs.length, firmwareOf(this.document).startOff.length)
  }

  private reusableMaps(program: Program): Record<string, number> {
    const reuse: Record<string, number> = {}
    for (const definition of program.maps) {
      const index = this.compilation.program?.maps.findIndex((map) => map.name === definition.name) ?? -1
      const old = this.compilation.program?.maps[index]
      const id = this.mapIds[index]
      if (definition.name === undefined || old === undefined || id === undefined) continue
      const same = (['type', 'key_size', 'value_size', 'max_entries', 'map_flags'] as const).every(
        (field) => old[field] === definition[field],
      )
      if (same) reuse[definition.name] = id
    }
    return reuse
  }

  private mapNamed(name: string): BpfMap | undefined {
    const index = this.compilation.program?.maps.findIndex((map) => map.name === name) ?? -1
    const id = index >= 0 ? this.mapIds[index] : this.hostMaps.find((map) => map.definition.name === name)?.id
    return id === undefined ? undefined : this.machine.maps.get(id)
  }

  /** Every map with up to `limit` entries, the host program's last. Arrays show what is not zero. */
  maps(limit = 256): MapView[] {
    const onCard = (this.compilation.program?.maps ?? []).map((definition, index) => ({
      definition,
      id: this.mapIds[index] ?? -1,
    }))
    return [...onCard, ...this.hostMaps].map(({ definition, id }, index) =>
      readMap(definition, index, this.machine.maps.get(id), limit),
    )
  }

  /** Write an entry from the host (hex, host byte order). Returns an error text, or undefined. */
  mapUpdate(name: string, key: string, value: string, flags = 0): string | undefined {
    const map = this.mapNamed(name)
    if (map === undefined) return `There is no map "${name}".`
    const { keySize, valueSize } = map.attributes
    const keyBytes = bytesOfHex(key, keySize)
    if (keyBytes === undefined) return `The key of "${name}" is ${keySize} bytes in hex; this is "${key}".`
    const valueBytes = bytesOfHex(value, valueSize)
    if (valueBytes === undefined) return `A value of "${name}" is ${valueSize} bytes in hex; this is "${value}".`
    const errno = this.machine.mapUpdate(map.id, keyBytes, valueBytes, flags)
    return errno === 0 ? undefined : `The card refused the entry: ${errnoSentence(errno)}.`
  }

  mapDelete(name: string, key: string): string | undefined {
    const map = this.mapNamed(name)
    if (map === undefined) return `There is no map "${name}".`
    const keyBytes = bytesOfHex(key, map.attributes.keySize)
    if (keyBytes === undefined)
      return `The key of "${name}" is ${map.attributes.keySize} bytes in hex; this is "${key}".`
    const errno = this.machine.mapDelete(map.id, keyBytes)
    return errno === 0 ? undefined : `The card refused: ${errnoSentence(errno)}.`
  }

  /** RSS indirection of port 0: 128 queue numbers. */
  setIndirection(table: readonly number[]): string | undefined {
    const result = this.machine.setIndirection(this.machine.netdevs[OFFLOAD_PORT]!.ifindex, Uint8Array.from(table))
    return result.errno === 0 ? undefined : `The table has 128 entries from 0 to ${this.document.queues - 1}.`
  }

  // Reading

  /** Counters, and the packets and events since the last call. */
  read(): Reading {
    const { packets } = this
    this.packets = []
    const names = new Map(
      this.mapIds.map((id, index) => [id, this.compilation.program?.maps[index]?.name ?? String(index)]),
    )
    const events = this.machine.events().map((event): EventView => ({
      time: event.time,
      cpu: event.cpu,
      map: names.get(event.mapId) ?? '',
      data: event.data,
      packet: event.packet,
    }))
    const { now, nanoseconds } = this
    return { now, nanoseconds, counters: this.chip.counters(), packets, events, host: this.host() }
  }

  private host(): HostStage {
    const sum = (of: (counters: Machine['netdevs'][number]['counters']) => number): number =>
      this.machine.netdevs.reduce((total, netdev) => total + of(netdev.counters), 0)
    return {
      received: sum((counters) => counters.received),
      stack: sum((counters) => counters.stack),
      dropped: sum((counters) => counters.driverDropped + counters.tcDropped),
      transmitted: sum((counters) => counters.driverTx),
      instructions: this.hostInstructions,
    }
  }

  /** Events that found no room on their way, so far. */
  eventsLost(): number {
    return this.chip.counters().eventsLost + this.machine.eventsLost()
  }

  stateHash(): string {
    return this.chip.stateHash()
  }

  /** For further threads; the playback must have been made with `shared`. */
  share(members: number): ChipShare {
    return this.chip.share(members)
  }
}

function errnoSentence(errno: number): string {
  const known: Record<number, string> = {
    2: 'no such entry',
    7: 'the map is full',
    12: 'the map is full',
    17: 'the entry exists already',
    22: 'entries of an array cannot be deleted',
  }
  return known[-errno] ?? `errno ${-errno}`
}

/** Everything of a document set up and attached, at cycle 0; or one sentence about what is wrong. */
export function createPlayback(
  document: SessionDocument,
  compilation: Compilation,
  options: PlaybackOptions = {},
): PlaybackResult {
  const device = DEVICES[document.device]
  if (device === undefined)
    return {
      ok: false,
      error: `There is no device "${document.device}"; there are ${Object.keys(DEVICES).join(', ')}.`,
    }
  const firmware = FIRMWARE_BEHAVIOURS[document.firmware]
  if (firmware === undefined) return { ok: false, error: `There is no firmware "${document.firmware}".` }
  const source = frameSource(document.traffic, device.ports)
  if (!source.ok) return source
  const chip = createChip(
    { device, firmware, seed: document.seed, timeModel: document.timeModel, queues: document.queues },
    {
      shared: options.shared ?? false,
      ...(options.snapLength === undefined ? {} : { snapLength: options.snapLength }),
    },
  )
  const machine = createMachine({
    chip,
    firmware: firmwareOf(document),
    kernel: document.kernel,
    seed: document.seed,
  })
  const playback = new Playback(document, { ok: false, diagnostics: [] }, chip, machine, source.source)
  const loaded = playback.replaceProgram(compilation)
  if (!loaded.ok) return loaded
  if (document.hostSource !== undefined) {
    const host = playback.setHostProgram(document.hostSource)
    if (!host.ok) return host
  }
  for (const [index, entry] of document.entries.entries()) {
    const error = playback.mapUpdate(entry.map, entry.key, entry.value)
    if (error !== undefined) return { ok: false, error: `Entry ${index + 1} of the document: ${error}` }
  }
  if (document.indirection !== undefined) {
    const error = playback.setIndirection(document.indirection)
    if (error !== undefined) return { ok: false, error }
  }
  return { ok: true, playback }
}
