/** Batch operations that execute programs: `run` on the host VM or the emulated card, and `conformance`. */
import { verify } from '@offload/verifier'
import {
  createHostMap,
  createMachine,
  createVm,
  loadProgram,
  mapAttributes,
  runConformance,
  runProgram,
} from '@offload/host'
import type { HostMap, MapEntry } from '@offload/host'
import { DEVICES, FIRMWARE_BEHAVIOURS, createChip } from '@offload/nfp-chip'
import type { FirmwareProfile } from '@offload/nfp-jit'
import { firmwareOf } from './firmware'
import { BadRequest, array, fromHex, instructions, integer, oneOf, record, toHex } from './hex'
import { programFields } from './program-fields'
import type { ProgramFields } from './program-fields'

interface Element {
  readonly map: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

function elements(request: Record<string, unknown>, maps: number): Element[] {
  return array(request['elems'], 'elems').map((item, index) => {
    const from = record(item, `elems[${index}]`)
    const map = integer(from['map'], `elems[${index}].map`)
    if (map < 0 || map >= maps) throw new BadRequest(`"elems[${index}].map" is ${map}; there are ${maps} maps`)
    return {
      map,
      key: fromHex(from['key'], `elems[${index}].key`),
      value: fromHex(from['value'], `elems[${index}].value`),
    }
  })
}

function packetsOf(request: Record<string, unknown>): Uint8Array[] {
  return array(request['packets'], 'packets').map((item, index) => fromHex(item, `packets[${index}]`))
}

type Contents = readonly (readonly (readonly [key: string, value: string])[] | null)[]

/** Arrays in order of index, hashes sorted by key, as the vectors have them. */
function listed(type: string, entries: readonly MapEntry[]): (readonly [string, string])[] {
  const pairs = entries.map(({ key, value }) => [toHex(key), toHex(value)] as const)
  return type.includes('array') ? pairs : pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

function contents(maps: readonly HostMap[]): Contents {
  return maps.map((map) => {
    const entries: MapEntry[] = []
    for (let key = map.nextKey(undefined); key !== undefined; key = map.nextKey(key)) {
      const { value } = map.hostLookup(key)
      if (value !== undefined) entries.push({ key, value })
    }
    return listed(map.attributes.type, entries)
  })
}

function runOnHost(fields: ProgramFields, elems: readonly Element[], packets: readonly Uint8Array[]): unknown {
  const verdict = verify({ ...fields, logLevel: 0 })
  if (verdict.verdict !== 'accept')
    return { ok: false, verdict: 'kernel-reject', errno: verdict.errno, error: verdict.error }
  const vm = createVm()
  const maps = fields.maps.map((definition, index) => {
    const made = createHostMap(vm, mapAttributes(definition))
    if (!made.ok) throw new BadRequest(`maps[${index}] cannot be made: errno ${made.errno}`)
    return made.map
  })
  for (const { map, key, value } of elems) {
    const errno = maps[map]!.hostUpdate(key, value, 0)
    if (errno !== 0) throw new BadRequest(`an element of maps[${map}] cannot be set: errno ${-errno}`)
  }
  const program = loadProgram(fields.insns, fields.relocs, maps)
  const runs = packets.map((packet) => {
    const run = runProgram(vm, program, fields.progType, packet)
    return run.errno === 0
      ? { retval: run.retval, data_out: toHex(run.data), ...(run.fault === undefined ? {} : { fault: run.fault }) }
      : { errno: run.errno, retval: 0, data_out: '' }
  })
  return { ok: true, runs, maps_after: contents(maps) }
}

/** Words after which a program on the card is given up. */
const MAX_WORDS = 20_000_000

function runOnCard(
  fields: ProgramFields,
  elems: readonly Element[],
  packets: readonly Uint8Array[],
  firmware: FirmwareProfile,
): unknown {
  // One core is enough: packets run one after the other.
  const device = { ...DEVICES['cx-2x40']!, islands: 1, workersPerIsland: 1 }
  const chip = createChip(
    { device, firmware: FIRMWARE_BEHAVIOURS[firmware.name]!, seed: 1, timeModel: 'exact', queues: 16 },
    { members: 1, buckets: 16_384, recordBytes: 1 << 20, eventBytes: 1 << 20 },
  )
  const machine = createMachine({ chip, firmware, kernel: fields.kernel })
  const { progType, insns, maps, relocs } = fields
  const program = {
    name: 'prog',
    license: 'GPL',
    progType,
    insns,
    maps,
    relocs,
    subprograms: [],
    labels: [],
    lines: new Int32Array(insns.length / 8),
  }
  const loaded = machine.load(program, { offload: true, logLevel: 0 })
  if (!loaded.ok) {
    const verdict = loaded.device?.verdict === 'kernel-reject' ? 'kernel-reject' : 'driver-reject'
    return { ok: false, verdict, errno: loaded.errno, error: loaded.error }
  }
  const [port] = machine.netdevs
  if (port === undefined) throw new BadRequest('the device has no port')
  if (progType !== 'xdp') port.clsact = true
  const attached =
    progType === 'xdp'
      ? machine.attach(loaded.program.id, port.ifindex, 'offload')
      : machine.addFilter(port.ifindex, {
          direction: 'ingress',
          programId: loaded.program.id,
          label: 'batch',
          directAction: true,
          skipSw: true,
          skipHw: false,
        })
  if (attached.errno !== 0)
    return { ok: false, verdict: 'driver-reject', errno: -attached.errno, error: attached.message ?? '' }
  for (const { map, key, value } of elems) {
    const errno = machine.mapUpdate(loaded.maps[map]!.id, key, value, 0)
    if (errno !== 0) throw new BadRequest(`an element of maps[${map}] cannot be set: errno ${-errno}`)
  }
  const runs = packets.map((data) => {
    machine.offer([{ time: 0, port: port.port, data }])
    const [packet] = machine.run(Infinity, { untilIdle: true, maxWords: MAX_WORDS })
    if (packet === undefined) return { error: 'the program did not come to its end', retval: 0, data_out: '' }
    return {
      retval: packet.record.returnValue,
      data_out: toHex(packet.record.data),
      outcome: packet.record.outcome,
      queue: packet.record.queue,
    }
  })
  const checks = chip.machineChecks()
  return {
    ok: true,
    runs,
    maps_after: loaded.maps.map((map) =>
      map.attributes.type === 'perf_event_array' ? null : listed(map.attributes.type, machine.mapDump(map.id)),
    ),
    ...(checks.length > 0 ? { machine_checks: checks } : {}),
  }
}

export function runOperation(request: Record<string, unknown>): unknown {
  const fields = programFields(request)
  const elems = elements(request, fields.maps.length)
  const packets = packetsOf(request)
  const engine = oneOf(request['engine'], 'engine', ['host', 'nfp'] as const, 'host')
  return engine === 'host' ? runOnHost(fields, elems, packets) : runOnCard(fields, elems, packets, firmwareOf(request))
}

export function conformanceOperation(request: Record<string, unknown>): unknown {
  const result = runConformance(instructions(request['insns']), fromHex(request['memory'] ?? '', 'memory'))
  if (!result.ok) return { ok: false, error: result.error }
  const half = (value: number): string => value.toString(16).padStart(8, '0')
  return { ok: true, r0: half(result.r0.hi) + half(result.r0.lo) }
}
