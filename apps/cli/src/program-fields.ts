/** The fields that requests about a program share: type, instructions, maps, relocations (design: `offload batch`). */
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'
import type { KernelVersion } from '@offload/verifier'
import { BadRequest, array, instructions, integer, oneOf, record } from './hex'

const PROG_TYPES: readonly ProgType[] = ['xdp', 'sched_cls', 'sched_act', 'socket_filter', 'cgroup_skb']
const KERNELS: readonly KernelVersion[] = ['6.18', '6.12', '4.20']

/** A map of the verifier's vectors (`map_flags`) or the driver's (`flags`, `id`, `host`, `init`). */
export interface MapRequest extends MapDef {
  readonly id?: number
  /** Made without an interface: not on the device. */
  readonly host?: boolean
  readonly init?: string
}

export interface ProgramFields {
  readonly progType: ProgType
  readonly insns: Uint8Array
  readonly maps: readonly MapRequest[]
  readonly relocs: readonly MapReloc[]
  readonly kernel: KernelVersion
}

export function mapFields(value: unknown, field: string): MapRequest {
  const from = record(value, field)
  const type = from['type']
  if (typeof type !== 'string' && typeof type !== 'number')
    throw new BadRequest(`"${field}.type" is not a name or number`)
  const flags = from['map_flags'] ?? from['flags'] ?? 0
  return {
    type,
    key_size: integer(from['key_size'], `${field}.key_size`),
    value_size: integer(from['value_size'], `${field}.value_size`),
    max_entries: integer(from['max_entries'], `${field}.max_entries`),
    map_flags: integer(flags, `${field}.map_flags`),
    ...(typeof from['name'] === 'string' ? { name: from['name'] } : {}),
    ...(typeof from['id'] === 'number' ? { id: from['id'] } : {}),
    ...(typeof from['init'] === 'string' ? { init: from['init'] } : {}),
    ...(from['host'] === true ? { host: true } : {}),
  }
}

export function programFields(request: Record<string, unknown>): ProgramFields {
  const insns = instructions(request['insns'])
  const maps = array(request['maps'], 'maps').map((item, index) => mapFields(item, `maps[${index}]`))
  const relocs = array(request['relocs'], 'relocs').map((item, index): MapReloc => {
    const from = record(item, `relocs[${index}]`)
    const insn = integer(from['insn'], `relocs[${index}].insn`)
    const map = integer(from['map'], `relocs[${index}].map`)
    if (insn < 0 || insn >= insns.length / 8)
      throw new BadRequest(`"relocs[${index}].insn" is ${insn}; the program has ${insns.length / 8} slots`)
    if (map < 0 || map >= maps.length)
      throw new BadRequest(`"relocs[${index}].map" is ${map}; there are ${maps.length} maps`)
    return { insn, map }
  })
  return {
    progType: oneOf(request['prog_type'], 'prog_type', PROG_TYPES, 'xdp'),
    insns,
    maps,
    relocs,
    kernel: oneOf(request['kernel'], 'kernel', KERNELS, '6.18'),
  }
}
