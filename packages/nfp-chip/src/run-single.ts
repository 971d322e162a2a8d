/**
 * Runs one packet through a program and tells what came of it: the harness of correctness tests and of the CLI's `run`.
 * It is the whole chip with one core, so everything but other packets is as it always is.
 */
import type { Words } from '@offload/nfp'
import type { CardMapSpec, FirmwareBehaviour, MapReplyCode, PacketRecord, PerfEvent } from './api'
import { createChip } from './chip'
import type { EmulatedChip, MachineCheck } from './emulated-chip'
import { DEVICES } from './devices'

/** One program on one port, the maps it uses in the order of their card ids, and what is in them. */
export interface SingleRun {
  readonly words: Words
  readonly start: number
  readonly firmware: FirmwareBehaviour
  readonly maps?: readonly CardMapSpec[]
  readonly elements?: readonly { readonly map: number; readonly key: Uint8Array; readonly value: Uint8Array }[]
  readonly packets: readonly Uint8Array[]
  readonly queues?: number
  readonly seed?: number
  /** Words after which a program is given up; default one million. */
  readonly maxWords?: number
}

export interface SingleResult {
  /** One record for each packet that came to its end, in order. */
  readonly packets: readonly PacketRecord[]
  readonly events: readonly PerfEvent[]
  readonly checks: readonly MachineCheck[]
  /** All entries of each map, in the card's order. */
  readonly maps: readonly (readonly (readonly [key: Uint8Array, value: Uint8Array])[])[]
  /** The program did not end within `maxWords`. */
  readonly endless: boolean
  readonly cycles: number
}

/** Runs the packets one after the other, each to its end. Throws a RangeError when a map cannot be made. */
export function runSingle(given: SingleRun): SingleResult {
  const device = { ...DEVICES['cx-2x40']!, islands: 1, workersPerIsland: 1 }
  const chip = createChip(
    { device, firmware: given.firmware, seed: given.seed ?? 0, timeModel: 'exact', queues: given.queues ?? 16 },
    { members: 1, buckets: 16_384, recordBytes: 1 << 20, eventBytes: 1 << 20 },
  )
  const ids = (given.maps ?? []).map((spec, index) => {
    const { code, id } = chip.mapAlloc(spec)
    if (code !== 0) throw new RangeError(`map ${index} (${spec.type}): card code ${code}`)
    return id
  })
  for (const { map, key, value } of given.elements ?? []) chip.mapUpdate(ids[map]!, key, value, 0)
  chip.loadProgram(0, { words: given.words, start: given.start })
  const packets: PacketRecord[] = []
  let endless = false
  for (const data of given.packets) {
    chip.offer([{ time: 0, port: 0, data }])
    chip.run(Infinity, { untilIdle: true, maxWords: given.maxWords ?? 1_000_000 })
    const records = chip.takePackets()
    packets.push(...records)
    if (records.length === 0) {
      endless = true
      break
    }
  }
  return {
    packets,
    events: chip.takeEvents(),
    checks: chip.machineChecks(),
    maps: ids.map((id) => allEntries(chip, id)),
    endless,
    cycles: chip.now,
  }
}

/** Every entry of a map by walking it, as the host does. */
export function allEntries(chip: EmulatedChip, id: number): (readonly [Uint8Array, Uint8Array])[] {
  const list: (readonly [Uint8Array, Uint8Array])[] = []
  let code: MapReplyCode
  let key: Uint8Array | undefined
  for (;;) {
    const next = chip.mapNextKey(id, key)
    code = next.code
    if (code !== 0 || !next.key) return list
    key = next.key
    const { value } = chip.mapLookup(id, key)
    if (value) list.push([key, value])
  }
}
