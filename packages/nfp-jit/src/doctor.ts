/**
 * The offload doctor: for each refusal of a load, the driver's words, the limit behind it, and what would pass.
 *
 * Where a change can be made without touching the program (another firmware, other map definitions) it is tried, and
 * only a change with which the program is accepted is offered. It asks the driver; it does not guess. Texts are in
 * doctor-table.ts.
 */
import type { DeviceLoadRequest, DeviceLoadResult, DeviceMapDef, DeviceRefusal, FirmwareName } from './api'
import { loadForDevice } from './device-load'
import { remedyFor } from './doctor-remedies'
import { EXPLANATIONS } from './doctor-table'
import { isOffloadedMap } from './map-limits'
import { FIRMWARE_PROFILES } from './profiles'
import { replaceSlot } from './program-edit'
import type { EditedProgram } from './program-edit'
import { ProgramInfo } from './program-info'

/** A change that was tried: with it the device takes the program, or at least this instruction. */
export type DoctorChange =
  | { readonly kind: 'firmware'; readonly firmware: FirmwareName }
  | { readonly kind: 'maps'; readonly maps: readonly DeviceMapDef[] }
  | {
      readonly kind: 'program'
      /** Slot to replace, and the instructions (8 bytes each) to put there. */
      readonly insn: number
      readonly replacement: Uint8Array
      /** The program after the change. */
      readonly program: EditedProgram
      /** Whether the whole program is accepted then, or refused for something else further on. */
      readonly outcome: 'accepted' | 'refused-elsewhere'
    }

export interface DoctorFinding {
  readonly refusal: DeviceRefusal
  /** The capability or limit behind it. */
  readonly limit: string
  /** What to do, in one sentence. */
  readonly suggestion: string
  readonly change?: DoctorChange
}

/** Firmware to try, those that were on cards first. */
const CANDIDATES: readonly FirmwareName[] = ['shipping', 'open', 'full', 'hi', 'headmeta']

/**
 * Explains the refusals of `result`, which `loadForDevice(request)` gave. Empty for loads that the device accepted or
 * only the kernel refused.
 */
export function doctor(request: DeviceLoadRequest, result: DeviceLoadResult): DoctorFinding[] {
  return (result.refusals ?? []).map((refusal) => {
    const { limit, suggestion, firmwareDecides } = EXPLANATIONS[refusal.code]
    const change =
      mapChange(request, refusal) ??
      programChange(request, refusal) ??
      (firmwareDecides ? firmwareChange(request) : undefined)
    return { refusal, limit: limit(request.firmware), suggestion, ...(change === undefined ? {} : { change }) }
  })
}

/** Loads on fresh maps: marks of the request's own maps stay as they are. */
function attempt(request: DeviceLoadRequest): DeviceLoadResult {
  const maps = request.maps.map(({ uses: _uses, ...map }) => map)
  return loadForDevice({ ...request, maps, record: false, trace: false, logLevel: 0 })
}

const passes = (request: DeviceLoadRequest): boolean => attempt(request).verdict === 'ok'

/** Other instructions in place of the refused one, if then neither kernel nor device says the same of it again. */
function programChange(request: DeviceLoadRequest, refusal: DeviceRefusal): DoctorChange | undefined {
  const { insn } = refusal
  const replacement = remedyFor(new ProgramInfo(request.insns), refusal)
  if (insn === undefined || replacement === undefined) return undefined
  const program = replaceSlot(request, insn, replacement)
  if (program === undefined) return undefined
  const { verdict, refusals } = attempt({ ...request, ...program })
  const last = insn + replacement.length / 8 - 1
  const again = refusals?.some((other) => other.insn !== undefined && other.insn >= insn && other.insn <= last)
  if (verdict === 'kernel-reject' || again) return undefined
  const outcome = verdict === 'ok' ? 'accepted' : 'refused-elsewhere'
  return { kind: 'program', insn, replacement, program, outcome }
}

function firmwareChange(request: DeviceLoadRequest): DoctorChange | undefined {
  const other = CANDIDATES.filter((name) => name !== request.firmware.name)
  const firmware = other.find((name) => passes({ ...request, firmware: FIRMWARE_PROFILES[name] }))
  return firmware === undefined ? undefined : { kind: 'firmware', firmware }
}

/** Definitions that the device takes: without flags, with as many entries as there is room for. */
function mapChange(request: DeviceLoadRequest, refusal: DeviceRefusal): DoctorChange | undefined {
  if (refusal.code !== 'map-flags' && refusal.code !== 'map-elements') return undefined
  let left = request.firmware.maps.maxElems
  const maps = request.maps.map((map) => {
    if (!isOffloadedMap(map)) return map
    const entries = refusal.code === 'map-elements' ? Math.min(map.max_entries, left) : map.max_entries
    left -= entries
    const { map_flags: flags, ...rest } = map
    const keptFlags = refusal.code === 'map-flags' || flags === undefined ? {} : { map_flags: flags }
    return { ...rest, ...keptFlags, max_entries: entries }
  })
  return passes({ ...request, maps }) ? { kind: 'maps', maps } : undefined
}
