/**
 * Perf event arrays and their readers: events of the card and of host programs go to the ring of a CPU's slot, or are
 * counted as lost. nfp-offload.md, section 10.
 */
import type { Chip } from '@offload/nfp-chip'
import type { NfpDevice } from '../device/nfp-device'
import { ERRNO } from '../errno'
import type { HostMap } from '../maps/map'
import type { BpfMap, ObjectTable } from './objects'
import { PerfReaders } from './perf-ring'
import type { PerfSample } from './perf-ring'

/** CPU that takes the interrupts of the card's control channel. */
const CONTROL_CPU = 0
const PERF_PAGES = 8

export class EventHub {
  private readonly device: NfpDevice
  private readonly maps: ObjectTable<BpfMap>
  private readonly readers = new Map<number, PerfReaders>()
  /** Ids of maps by the map itself, as far as they were asked for. */
  private readonly owners = new WeakMap<HostMap, number>()
  /** Events of the card for maps that it does not know. */
  private unrecognised = 0

  constructor(device: NfpDevice, maps: ObjectTable<BpfMap>) {
    this.device = device
    this.maps = maps
  }

  private readersOf(mapId: number): PerfReaders {
    const readers = this.readers.get(mapId) ?? new PerfReaders()
    this.readers.set(mapId, readers)
    return readers
  }

  forget(mapId: number): void {
    this.readers.delete(mapId)
  }

  hasReaders(mapId: number): boolean {
    return (this.readers.get(mapId)?.rings.size ?? 0) > 0
  }

  open(mapId: number, cpu: number, pages = PERF_PAGES): void {
    this.readersOf(mapId).open(cpu, pages)
  }

  read(mapId?: number): PerfSample[] {
    const some = mapId === undefined ? [...this.readers.values()] : [this.readers.get(mapId)]
    return some.flatMap((readers) => readers?.read() ?? []).sort((a, b) => a.time - b.time)
  }

  lost(mapId?: number): number {
    let lost = 0
    for (const [id, readers] of this.readers) if (mapId === undefined || id === mapId) lost += readers.lost
    return lost + (mapId === undefined ? this.unrecognised : 0)
  }

  /** Takes the card's events; the map number in them is the host's id. */
  collect(chip: Chip): void {
    for (const event of chip.takeEvents()) {
      this.device.messages.event++
      const map = this.maps.get(event.mapId)
      if (map?.attributes.type !== 'perf_event_array') {
        this.unrecognised++
        this.device.kernelLog.push(
          `perf event: map id ${event.mapId} (0x${event.mapId.toString(16)}) not recognized, dropping event`,
        )
        continue
      }
      const time = (event.time * 1000) / chip.config.device.clockMHz
      this.readersOf(map.id).write(CONTROL_CPU, {
        time,
        cpu: CONTROL_CPU,
        mapId: map.id,
        data: event.data,
        packet: event.packet,
      })
    }
  }

  /** bpf_perf_event_output of a host program that runs on `cpu`. */
  hostOutput(map: HostMap, index: number, cpu: number, time: number, data: Uint8Array, packet: Uint8Array): number {
    const mapId = this.owners.get(map) ?? this.maps.list().find((one) => one.host === map)?.id
    if (mapId === undefined) return -ERRNO.ENOENT
    this.owners.set(map, mapId)
    if (!this.readersOf(mapId).rings.has(index)) return -ERRNO.ENOENT
    if (index !== cpu) return -ERRNO.EOPNOTSUPP
    this.readersOf(mapId).write(index, { time, cpu, mapId, data, packet })
    return 0
  }
}
