/**
 * Maps on the card: what the kernel and the driver ask before one is made. Follows nfp-offload.md, section 4.
 *
 * Only the questions that the definition and the firmware's capabilities decide; privileges, namespaces and the
 * firmware's own answer are the host's business.
 */
import { mapTypeNumber } from '@offload/bpf'
import type { MapDef } from '@offload/bpf'
import type { DeviceMapDef, DeviceRefusal, FirmwareProfile, RefusalCode } from './api'
import { EINVAL, ENOMEM, EOPNOTSUPP } from './errno'
import { roundUp } from './program-info'

const TYPE_HASH = 1
const TYPE_ARRAY = 2
const TYPE_PERF_EVENT_ARRAY = 4

/** Maps and elements that a device already holds. */
export interface MapAccounting {
  readonly maps: number
  readonly elements: number
}

/** The map lives on the host and may be used by device programs all the same. */
export const isNeutralMap = (map: MapDef): boolean => mapTypeNumber(map.type) === TYPE_PERF_EVENT_ARRAY

/** The map is put on the card. */
export const isOffloadedMap = (map: DeviceMapDef): boolean => !map.host && !isNeutralMap(map)

/** The kernel's own checks of a map for a device; positive errno, or 0. */
export function kernelMapErrno(map: MapDef): number {
  const type = mapTypeNumber(map.type)
  if (type !== TYPE_HASH && type !== TYPE_ARRAY) return EINVAL
  if (map.max_entries === 0 || map.value_size === 0 || map.key_size === 0) return EINVAL
  return type === TYPE_ARRAY && map.key_size !== 4 ? EINVAL : 0
}

/** The driver's checks in its order. The text is what it writes to the kernel log; empty where it is silent. */
export function driverMapRefusal(
  map: MapDef,
  firmware: FirmwareProfile,
  inUse: MapAccounting,
): DeviceRefusal | undefined {
  const caps = firmware.maps
  const no = (errno: number, code: RefusalCode, text: string): DeviceRefusal => ({ errno, code, text })
  if (caps.types === 0) return no(EOPNOTSUPP, 'no-maps', '')
  if (map.map_flags) return no(EINVAL, 'map-flags', 'map flags are not supported')
  if (!(caps.types & (1 << (mapTypeNumber(map.type) ?? 0)))) {
    return no(EOPNOTSUPP, 'map-type', 'map type not supported')
  }
  if (inUse.maps === caps.maxMaps) return no(ENOMEM, 'map-count', 'too many maps for a device')
  const left = caps.maxElems - inUse.elements
  if (map.max_entries > left) {
    return no(ENOMEM, 'map-elements', `map with too many elements: ${map.max_entries}, left: ${left}`)
  }
  const elementSize = roundUp(map.key_size, 8) + roundUp(map.value_size, 8)
  if (elementSize > caps.maxElemSize) {
    const text = `map elements too large: ${elementSize}, FW max element size (key+value): ${caps.maxElemSize}`
    return no(ENOMEM, 'map-element-size', text)
  }
  if (map.key_size > caps.maxKeySize) {
    return no(ENOMEM, 'map-key-size', `map key size ${map.key_size}, FW max is ${caps.maxKeySize}`)
  }
  if (map.value_size > caps.maxValueSize) {
    return no(ENOMEM, 'map-value-size', `map value size ${map.value_size}, FW max is ${caps.maxValueSize}`)
  }
  return undefined
}
