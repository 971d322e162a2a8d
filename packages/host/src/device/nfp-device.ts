/**
 * The nfp driver's instance for one card: what it allocates on it, the limits it keeps account of, the programs on its
 * ports. Follows nfp-offload.md, sections 4, 8 and 9. Speaks to the firmware through the Chip interface alone.
 */
import type { Chip } from '@offload/nfp-chip'
import { checkAttach, checkMtuChange, driverMapRefusal, relocate, relocationTarget } from '@offload/nfp-jit'
import type { DeviceLoadResult, FirmwareProfile, NfpImage } from '@offload/nfp-jit'
import type { MapDef } from '@offload/bpf'
import { ERRNO } from '../errno'
import type { MapAttributes } from '../maps/map'
import { DeviceMap, statusErrno } from './device-map'
import type { CardMaps } from './device-map'
import { DriverSteps } from './driver-steps'
import type { DriverCallback } from './driver-steps'

/** Control messages by kind, as they went to the firmware. */
export interface MessageCounts {
  alloc: number
  free: number
  lookup: number
  update: number
  delete: number
  getNext: number
  getFirst: number
  /** Events that the firmware sent. */
  event: number
}

export type AllocResult =
  | { readonly errno: 0; readonly map: DeviceMap }
  | { readonly errno: number; readonly text: string }

/** A program as it runs on a port. */
export interface PortProgram {
  readonly programId: number
  readonly kind: 'xdp' | 'tc'
  readonly image: NfpImage
}

/** Result of loading into a port: negative errno, and the extended ack text with its prefix. */
export interface PortResult {
  readonly errno: number
  readonly message?: string
}

export class NfpDevice {
  readonly chip: Chip
  readonly firmware: FirmwareProfile
  readonly messages: MessageCounts = {
    alloc: 0,
    free: 0,
    lookup: 0,
    update: 0,
    delete: 0,
    getNext: 0,
    getFirst: 0,
    event: 0,
  }
  /** Lines of the kernel log. */
  readonly kernelLog: string[] = []
  /** What was asked of the driver. */
  readonly steps = new DriverSteps()
  private readonly ports = new Map<number, PortProgram>()
  private mapsInUse = 0
  private elementsInUse = 0
  private readonly card: CardMaps

  constructor(chip: Chip, firmware: FirmwareProfile) {
    this.chip = chip
    this.firmware = firmware
    this.card = {
      lookup: (id, key) => {
        this.messages.lookup++
        return chip.mapLookup(id, key)
      },
      update: (id, key, value, flags) => {
        this.messages.update++
        return chip.mapUpdate(id, key, value, flags)
      },
      delete: (id, key) => {
        this.messages.delete++
        return chip.mapDelete(id, key)
      },
      nextKey: (id, key, entries) => this.nextKeys(id, key, entries),
      now: () => this.now,
    }
  }

  /** Nanoseconds of card time. */
  get now(): number {
    return (this.chip.now * 1000) / this.chip.config.device.clockMHz
  }

  /** Ports that can run BPF. */
  get capablePorts(): number {
    return Math.min(this.chip.config.device.ports, this.firmware.startOff.length)
  }

  get accounting(): { readonly maps: number; readonly elements: number } {
    return { maps: this.mapsInUse, elements: this.elementsInUse }
  }

  /** Up to `count` entries behind `key` in one message, as the firmware's multi-entry replies. */
  private nextKeys(id: number, key: Uint8Array | undefined, count: number): ReturnType<CardMaps['nextKey']> {
    if (key) this.messages.getNext++
    else this.messages.getFirst++
    const entries: { key: Uint8Array; value: Uint8Array }[] = []
    let current = key
    for (let i = 0; i < count; i++) {
      const next = this.chip.mapNextKey(id, current)
      if (next.code !== 0 || !next.key) return { code: next.code, entries }
      entries.push({ key: next.key, value: this.chip.mapLookup(id, next.key).value ?? new Uint8Array(0) })
      current = next.key
    }
    return { code: 0, entries }
  }

  /** Entries of a reply: 4 where the firmware can, and its messages have the room. */
  private get entriesPerMessage(): number {
    return this.firmware.cmsgMultiEnt ? 4 : 1
  }

  allocMap(attributes: MapAttributes, definition: MapDef): AllocResult {
    const result = this.tryAlloc(attributes, definition)
    const { type, keySize, valueSize, maxEntries } = attributes
    this.steps.add(
      this.now,
      'map_alloc',
      `${type}, ${maxEntries} entries of ${keySize} + ${valueSize} bytes`,
      result.errno,
    )
    return result
  }

  private tryAlloc(attributes: MapAttributes, definition: MapDef): AllocResult {
    const refusal = driverMapRefusal(definition, this.firmware, this.accounting)
    if (refusal) {
      if (refusal.text !== '') this.kernelLog.push(`NFP net bpf: ${refusal.text}`)
      return { errno: -refusal.errno, text: refusal.text }
    }
    const { type, keySize, valueSize, maxEntries } = attributes
    this.messages.alloc++
    const { code, id } = this.chip.mapAlloc({
      type: type === 'hash' ? 'hash' : 'array',
      keySize,
      valueSize,
      maxEntries,
    })
    if (code !== 0) return { errno: statusErrno(code), text: '' }
    this.mapsInUse++
    this.elementsInUse += maxEntries
    return { errno: 0, map: new DeviceMap(id, attributes, this.card, this.entriesPerMessage) }
  }

  freeMap(map: DeviceMap): void {
    this.messages.free++
    this.steps.add(this.now, 'map_free', `${map.attributes.type}, ${map.attributes.maxEntries} entries`)
    const code = this.chip.mapFree(map.id)
    if (code !== 0) this.kernelLog.push(`leaking map - FW responded with: ${statusErrno(code)}`)
    this.mapsInUse--
    this.elementsInUse -= map.attributes.maxEntries
  }

  /** A load for the card, as the verifier and the kernel asked about it. */
  noteLoad(load: DeviceLoadResult): void {
    // The kernel had an answer before the driver was asked at all.
    if (!load.driverVerdicts) return
    const asked = load.driverVerdicts.reduce((sum, verdict) => sum + (verdict === 0 ? 0 : 1), 0)
    const failed = load.verdict === 'driver-reject' ? load.errno : 0
    const add = (callback: DriverCallback, detail: string, errno = 0): void =>
      this.steps.add(this.now, callback, detail, errno)
    add('verifier_prep', `${load.driverVerdicts.length} instructions`)
    if (asked > 0) add('verify_insn', `${asked} instructions asked`, load.stage === 'verify_insn' ? failed : 0)
    const finalized = load.verdict === 'ok' || load.stage === 'finalize' || load.stage === 'translate'
    if (finalized)
      add('finalize', `stack of ${load.verify.stackDepth.length} functions`, load.stage === 'finalize' ? failed : 0)
    if (load.image) add('translate', `${load.image.words.length / 2} words`)
    else if (load.stage === 'translate') add('translate', load.error, failed)
    if (!load.image) add('destroy', 'nothing was kept')
  }

  /** The last reference to a program of the card has gone. */
  noteDestroy(id: number): void {
    this.steps.add(this.now, 'destroy', `program ${id}`)
  }

  portProgram(port: number): PortProgram | undefined {
    return this.ports.get(port)
  }

  /** Load, replace (`next` and a program there) or stop (`next` undefined): nfp-offload.md, sections 8.2 to 8.4. */
  setProgram(port: number, kind: 'xdp' | 'tc', next: Omit<PortProgram, 'kind'> | undefined, mtu: number): PortResult {
    const had = this.ports.has(port)
    const result = this.trySet(port, kind, next, mtu)
    if (next) {
      const words = next.image.words.length / 2
      this.steps.add(this.now, 'load', `program ${next.programId} to port ${port}, ${words} words`, result.errno)
    } else if (had) this.steps.add(this.now, 'stop', `port ${port}`, result.errno)
    return result
  }

  private trySet(
    port: number,
    kind: 'xdp' | 'tc',
    next: Omit<PortProgram, 'kind'> | undefined,
    mtu: number,
  ): PortResult {
    const old = this.ports.get(port)
    if (port >= this.capablePorts) return { errno: -ERRNO.EINVAL }
    if (!next && old?.kind !== kind) return { errno: 0 }
    if (next && old && old.kind !== kind) return { errno: -ERRNO.EBUSY }
    if (next && old && !this.firmware.reload)
      return { errno: -ERRNO.EBUSY, message: 'nfp: FW does not support live reload' }
    if (!next) {
      this.chip.loadProgram(port, undefined)
      this.ports.delete(port)
      return { errno: 0 }
    }
    const refusal = checkAttach(next.image, this.firmware, mtu)
    if (refusal) return { errno: -refusal.errno, message: `nfp: ${refusal.text}` }
    const target = relocationTarget(this.firmware, port)
    const placed = relocate(next.image, target)
    if (!placed.ok) return { errno: -placed.errno }
    this.chip.loadProgram(port, { words: placed.words, start: target.startOff })
    this.ports.set(port, { ...next, kind })
    return { errno: 0 }
  }

  /** The driver's question when a port's MTU changes. */
  changeMtu(port: number, mtu: number): PortResult {
    const program = this.ports.get(port)
    const refusal = program && checkMtuChange(program.image, this.firmware, mtu)
    if (!refusal) return { errno: 0 }
    this.kernelLog.push(refusal.text)
    return { errno: -refusal.errno }
  }
}
