/** A recorded run of a kernel (vectors/verifier) set up on a machine: maps, entries, tail-called programs. For tests. */
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'
import { formatHex, parseHex } from '@offload/packet'
import { createHostMap, mapAttributes } from '../maps/create'
import type { HostMap } from '../maps/map'
import { SlotMap } from '../maps/slot-map'
import type { VmProgram } from '../vm/program'
import { createVm, loadProgram } from '../vm/run'
import type { Vm } from '../vm/vm'

export interface RunVector {
  readonly id: string
  readonly topic: string
  readonly prog_type: ProgType
  readonly insns: string
  readonly maps?: readonly MapDef[]
  readonly relocs?: readonly MapReloc[]
  readonly elems?: readonly { map: number; key: string; value: string }[]
  readonly tails?: readonly { map: number; key: number; insns: string }[]
  readonly run?: readonly {
    data_in: string
    retval: number
    data_out?: string
    errno?: number
    maps_after?: readonly (readonly [string, string][] | null)[]
  }[]
}

export interface PreparedRun {
  readonly vm: Vm
  readonly maps: readonly HostMap[]
  readonly program: VmProgram
}

/** A fresh machine with the vector's maps and programs. */
export function prepareRun(vector: RunVector): PreparedRun {
  const vm = createVm()
  const maps: HostMap[] = (vector.maps ?? []).map((def) => {
    const made = createHostMap(vm, mapAttributes(def))
    if (!made.ok) throw new Error(`map: errno ${made.errno}`)
    return made.map
  })
  for (const elem of vector.elems ?? []) {
    const errno = maps[elem.map]!.hostUpdate(parseHex(elem.key)!, parseHex(elem.value)!, 0)
    if (errno) throw new Error(`elem: errno ${errno}`)
  }
  for (const tail of vector.tails ?? []) {
    const insns = parseHex(tail.insns)!
    const map = maps[tail.map] as SlotMap
    // An ld_imm64 of a map in such a program means the array itself.
    const relocs = Array.from({ length: insns.length / 8 }, (_, i) => i)
      .filter((i) => insns[i * 8] === 0x18 && insns[i * 8 + 1]! >> 4 === 1)
      .map((insn) => ({ insn, map: 0 }))
    const key = new Uint8Array(4)
    new DataView(key.buffer).setUint32(0, tail.key, true)
    map.set(key, { value: new Uint8Array(4), program: loadProgram(insns, relocs, [map]) }, 0)
  }
  return { vm, maps, program: loadProgram(parseHex(vector.insns)!, vector.relocs ?? [], maps) }
}

/** The map's entries in hex, those of keyed maps in the order of their keys. */
export function listEntries(map: HostMap): [string, string][] {
  const out: [string, string][] = []
  for (let key = map.nextKey(undefined); key; key = map.nextKey(key)) {
    const { value } = map.hostLookup(key)
    if (value) out.push([formatHex(key), formatHex(value.subarray(0, map.attributes.valueSize))])
  }
  return map.attributes.type.includes('array') ? out : out.sort(([a], [b]) => (a < b ? -1 : 1))
}
