/**
 * Loading a program for a device, from definition to relocated words: maps, the verifier with the driver's hooks,
 * translation, relocation. Follows nfp-offload.md, sections 2, 4, 5 and 7. Attaching to a port comes later
 * (attach-limits.ts); the firmware's side of map creation is the host's.
 */
import { verify } from '@offload/verifier'
import type { VerifyResult } from '@offload/verifier'
import type { DeviceLoadRequest, DeviceLoadResult, DeviceMapDef, DeviceRefusal } from './api'
import { MapWordUses } from './driver/map-word-uses'
import { NfpDriver, VERDICT_REFUSED } from './driver/nfp-driver'
import { EINVAL } from './errno'
import { driverMapRefusal, isNeutralMap, isOffloadedMap, kernelMapErrno } from './map-limits'
import type { PassTrace } from './passes/pass'
import { relocate, relocationTarget } from './relocation'
import { translate, TRANSLATE_ERRNO } from './translate'
import type { TranslateResult } from './translate'

/** What is said where kernel and driver say nothing but an errno. */
const silent = (errno: number): string => `(no text, errno ${errno})`

/** An answer for loads that never reach the verifier. */
function verifierNotAsked(verdict: 'reject' | 'cancelled', errno: number, error: string): VerifyResult {
  const statistics = { processedInsns: 0, maxStatesPerInsn: 0, totalStates: 0, peakStates: 0, stackDepth: [] }
  return { verdict, errno, error, log: error === '' ? '' : `${error}\n`, refusedBy: 'kernel', ...statistics }
}

/** Loads a program for a device. Never throws for what a program or its maps can contain. */
export function loadForDevice(request: DeviceLoadRequest): DeviceLoadResult {
  if (request.progType !== 'xdp' && request.progType !== 'sched_cls') {
    return kernelRefusal('prog_load', EINVAL, silent(EINVAL))
  }
  const maps = createMaps(request)
  if ('verdict' in maps) return maps
  if (request.relocs.some(({ map }) => !isUsable(request.maps[map]))) {
    return kernelRefusal('verifier', EINVAL, 'offload device mismatch between prog and map')
  }
  return verifyAndTranslate(request, maps.uses)
}

const isUsable = (map: DeviceMapDef | undefined): boolean =>
  map !== undefined && (isOffloadedMap(map) || isNeutralMap(map))

function kernelRefusal(stage: string, errno: number, error: string, map?: number): DeviceLoadResult {
  const where = map === undefined ? {} : { map }
  return { verdict: 'kernel-reject', errno, error, stage, verify: verifierNotAsked('reject', errno, error), ...where }
}

interface CreatedMaps {
  /** Word marks by map; `undefined` for maps that stay on the host. */
  readonly uses: readonly (MapWordUses | undefined)[]
}

/** Maps are made one after the other before the program is loaded; the first refusal ends it. */
function createMaps(request: DeviceLoadRequest): CreatedMaps | DeviceLoadResult {
  const uses: (MapWordUses | undefined)[] = []
  let inUse = { maps: 0, elements: 0 }
  for (const [index, map] of request.maps.entries()) {
    if (!isOffloadedMap(map)) {
      uses.push(undefined)
      continue
    }
    const errno = kernelMapErrno(map)
    if (errno !== 0) return kernelRefusal('map_create', errno, silent(errno), index)
    const refusal = driverMapRefusal(map, request.firmware, inUse)
    if (refusal) return mapRefused({ ...refusal, map: index })
    inUse = { maps: inUse.maps + 1, elements: inUse.elements + map.max_entries }
    uses.push(marksOf(map))
  }
  return { uses }
}

function mapRefused(refusal: DeviceRefusal): DeviceLoadResult {
  const { errno, text } = refusal
  return {
    verdict: 'driver-reject',
    errno,
    error: text === '' ? silent(errno) : text,
    stage: 'map_alloc',
    ...(refusal.map === undefined ? {} : { map: refusal.map }),
    verify: verifierNotAsked('cancelled', 0, ''),
    refusals: [refusal],
    kernelLog: text === '' ? [] : [text],
  }
}

function marksOf(map: DeviceMapDef): MapWordUses {
  const uses = map.uses ?? new MapWordUses(map.value_size)
  if (map.init !== undefined) {
    const digits = map.init.match(/../g) ?? []
    uses.noteHostUpdate(Uint8Array.from(digits, (byte) => Number.parseInt(byte, 16)))
  }
  return uses
}

function verifyAndTranslate(request: DeviceLoadRequest, mapUses: CreatedMaps['uses']): DeviceLoadResult {
  const { firmware, progType } = request
  const driver = new NfpDriver({ firmware, mapUses })
  const walked = verifyWith(request, driver, {
    ...(request.logLevel === undefined ? {} : { logLevel: request.logLevel }),
    ...(request.record === undefined ? {} : { record: request.record }),
  })
  const common = { verify: walked, driverVerdicts: driver.verdicts, refusals: driver.refusals }
  if (walked.verdict !== 'accept') return { ...refusedWhileVerifying(walked, driver), ...common }

  const traces: PassTrace[] | undefined = request.trace ? [] : undefined
  const ids = mapIdsBySlot(request)
  const translated: TranslateResult = driver.optimisationFailed
    ? { ok: false, errno: EINVAL, translated: 0, messages: [] }
    : translate(driver.program, {
        progType,
        firmware,
        mapId: (slot) => ids.get(slot) ?? 0,
        ...(request.passes === undefined ? {} : { passes: request.passes }),
        ...(traces === undefined ? {} : { traces }),
      })
  if (!translated.ok) return { ...common, ...translationFailed(translated, driver) }

  const { image } = translated
  const placed = relocate(image, relocationTarget(firmware, request.port))
  const passes = traces === undefined ? {} : { passes: traces }
  if (!placed.ok) {
    const error = placed.messages.join('; ') || silent(placed.errno)
    return { verdict: 'driver-reject', errno: placed.errno, error, stage: 'relocate', image, ...common, ...passes }
  }
  return { verdict: 'ok', errno: 0, error: '', image, relocated: placed.words, ...common, ...passes }
}

function verifyWith(
  request: DeviceLoadRequest,
  driver: NfpDriver,
  options: { readonly logLevel?: number; readonly record?: boolean },
): VerifyResult {
  return verify({
    progType: request.progType,
    insns: request.insns,
    maps: request.maps,
    relocs: request.relocs,
    driver,
    license: request.license ?? 'GPL',
    ...(request.kernel === undefined ? {} : { kernel: request.kernel }),
    ...(request.cancelled === undefined ? {} : { cancelled: request.cancelled }),
    ...options,
  })
}

type Outcome = Pick<DeviceLoadResult, 'verdict' | 'errno' | 'error' | 'stage' | 'insn'>

function refusedWhileVerifying(walked: VerifyResult, driver: NfpDriver): Outcome {
  const at = walked.errorInsn === undefined ? {} : { insn: walked.errorInsn }
  const refusal = driver.refusals[0]
  if (refusal && (walked.refusedBy === 'driver' || walked.refusedBy === undefined)) {
    const insn = refusal.insn === undefined ? {} : { insn: refusal.insn }
    const stage = refusal.insn === undefined ? 'finalize' : 'verify_insn'
    return { verdict: 'driver-reject', errno: refusal.errno, error: `[nfp] ${refusal.text}`, stage, ...insn }
  }
  return { verdict: 'kernel-reject', errno: walked.errno, error: walked.error, stage: 'verifier', ...at }
}

function translationFailed(
  failed: Extract<TranslateResult, { ok: false }>,
  driver: NfpDriver,
): Outcome & Pick<DeviceLoadResult, 'refusals' | 'kernelLog'> {
  const error = failed.messages.join('; ') || driver.refusals.map(({ text }) => `[nfp] ${text}`).join('; ')
  return {
    verdict: 'driver-reject',
    errno: TRANSLATE_ERRNO,
    error: error === '' ? silent(TRANSLATE_ERRNO) : error,
    stage: 'translate',
    ...(failed.insn === undefined ? {} : { insn: failed.insn }),
    refusals: [...driver.refusals, translationRefusal(failed)],
    kernelLog: failed.messages,
  }
}

function translationRefusal(failed: Extract<TranslateResult, { ok: false }>): DeviceRefusal {
  const tooLong = failed.messages.some((line) => line.startsWith('instruction limit reached'))
  return {
    ...(failed.insn === undefined ? {} : { insn: failed.insn }),
    errno: TRANSLATE_ERRNO,
    code: tooLong ? 'program-too-long' : 'translation',
    text: failed.messages.at(-1) ?? '',
  }
}

/**
 * Number that goes into the 64-bit constant at each slot that refers to a map: the caller's, or as a fresh device would
 * number them (table ids from 1 in order of creation; for perf event arrays the host's own count of maps).
 */
function mapIdsBySlot(request: DeviceLoadRequest): Map<number, number> {
  let nextTable = 1
  const ids = request.maps.map((map, index) => {
    if (request.mapIds) return request.mapIds[index] ?? 0
    return isOffloadedMap(map) ? nextTable++ : index + 1
  })
  return new Map(request.relocs.map(({ insn, map }) => [insn, ids[map] ?? 0]))
}

/** What the device says of every instruction, also behind its first refusal. */
export interface DeviceSurvey {
  /** Per slot: 0 not asked, 1 accepted, 2 refused. */
  readonly verdicts: Uint8Array
  readonly refusals: readonly DeviceRefusal[]
}

/**
 * Asks the device about all instructions the kernel's walk gets to: a refusal is noted and the walk goes on. Accepted
 * programs are also translated, so that a refusal of the translator is in the list. For gutters and lists of problems;
 * marks of the request's maps are left as they are.
 */
export function surveyDevice(request: DeviceLoadRequest): DeviceSurvey {
  const mapUses = request.maps.map((map) => (isOffloadedMap(map) ? new MapWordUses(map.value_size) : undefined))
  const driver = new NfpDriver({ firmware: request.firmware, mapUses, survey: true })
  const walked = verifyWith(request, driver, { logLevel: 0, record: false })
  const refusals = [...driver.refusals]
  const verdicts = driver.verdicts
  if (walked.verdict === 'accept') {
    const { progType, firmware } = request
    const translated = translate(driver.program, { progType, firmware })
    if (!translated.ok) {
      const refusal = translationRefusal(translated)
      const known = refusal.insn !== undefined && verdicts[refusal.insn] === VERDICT_REFUSED
      if (refusal.insn !== undefined) verdicts[refusal.insn] = VERDICT_REFUSED
      if (!known) refusals.push(refusal)
    }
  }
  return { verdicts, refusals: firstOfEach(refusals) }
}

/** Later visits repeat what was said of an instruction. */
function firstOfEach(refusals: readonly DeviceRefusal[]): DeviceRefusal[] {
  const known = new Set<string>()
  return refusals.filter(({ insn, code }) => {
    const key = `${insn} ${code}`
    if (known.has(key)) return false
    known.add(key)
    return true
  })
}
