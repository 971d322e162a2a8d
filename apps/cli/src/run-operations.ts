/** Batch operations that execute programs: `run` on the host VM or the emulated card, and `conformance`. */
import { verify } from '@offload/verifier'
import { createHostMap, createVm, loadProgram, mapAttributes, runConformance, runProgram } from '@offload/host'
import type { HostMap } from '@offload/host'
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
    return { map, key: fromHex(from['key'], `elems[${index}].key`), value: fromHex(from['value'], `elems[${index}].value`) }
  })
}

function packetsOf(request: Record<string, unknown>): Uint8Array[] {
  return array(request['packets'], 'packets').map((item, index) => fromHex(item, `packets[${index}]`))
}

type Contents = readonly (readonly (readonly [key: string, value: string])[] | null)[]

function contents(maps: readonly HostMap[]): Contents {
  return maps.map((map) => {
    const entries: [string, string][] = []
    for (let key = map.nextKey(undefined); key !== undefined; key = map.nextKey(key)) {
      const { value } = map.hostLookup(key)
      if (value !== undefined) entries.push([toHex(key), toHex(value)])
    }
    return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  })
}

function runOnHost(fields: ProgramFields, elems: readonly Element[], packets: readonly Uint8Array[]): unknown {
  const verdict = verify({ ...fields, logLevel: 0 })
  if (verdict.verdict !== 'accept') return { ok: false, verdict: 'kernel-reject', errno: verdict.errno, error: verdict.error }
  const vm = createVm()
  const maps = fields.maps.map((definition, index) => {
    const made = createHostMap(mapAttributes(definition), { memory: vm.memory, cpus: vm.env.cpus })
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

export function runOperation(request: Record<string, unknown>): unknown {
  const fields = programFields(request)
  const elems = elements(request, fields.maps.length)
  const packets = packetsOf(request)
  const engine = oneOf(request['engine'], 'engine', ['host', 'nfp'] as const, 'host')
  return engine === 'host' ? runOnHost(fields, elems, packets) : { ok: false, error: 'engine nfp is not there yet' }
}

export function conformanceOperation(request: Record<string, unknown>): unknown {
  const result = runConformance(instructions(request['insns']), fromHex(request['memory'] ?? '', 'memory'))
  if (!result.ok) return { ok: false, error: result.error }
  const half = (value: number): string => value.toString(16).padStart(8, '0')
  return { ok: true, r0: half(result.r0.hi) + half(result.r0.lo) }
}
