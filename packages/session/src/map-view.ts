/** What the host reads of a map. Never changes it. */
import type { MapDef } from '@offload/bpf'
import { mapTypeName } from '@offload/host'
import type { BpfMap } from '@offload/host'
import type { MapView } from './api'
import { hexOfBytes } from './hex'

/** Most keys that are looked at for one view. */
const SCAN = 4096

export function readMap(definition: MapDef, index: number, map: BpfMap | undefined, limit: number): MapView {
  const type = mapTypeName(definition.type)
  const common = {
    name: definition.name ?? String(index),
    map: index,
    type,
    keySize: definition.key_size,
    valueSize: definition.value_size,
    maxEntries: definition.max_entries,
  }
  if (map === undefined || type === 'perf_event_array') return { ...common, entries: [], more: 0 }
  const array = type === 'array' || type === 'percpu_array'
  const lookup = (key: Uint8Array) =>
    (map.table !== undefined ? map.table.lookup(key) : map.host!.hostLookup(key)).value
  const next = (key: Uint8Array | undefined) =>
    map.table !== undefined ? map.table.nextKey(key).key : map.host!.nextKey(key)
  const entries: { key: string; value: string }[] = []
  let seen = 0
  let more = 0
  for (let key = next(undefined); key !== undefined && seen < SCAN; key = next(key)) {
    seen++
    const value = lookup(key)
    if (value === undefined) continue
    if (entries.length >= limit || (array && value.every((byte) => byte === 0))) more++
    else entries.push({ key: hexOfBytes(key), value: hexOfBytes(value) })
  }
  return { ...common, entries, more: array ? definition.max_entries - entries.length : more }
}
