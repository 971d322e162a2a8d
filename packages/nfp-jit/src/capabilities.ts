/**
 * Capability records of the firmware symbol `_abi_bpf_capabilities`, read and written.
 *
 * A record is { type u32, length u32, value[length] }, little-endian; records fill the symbol exactly.
 * Follows nfp-offload.md, section 3 (checks and messages, as the driver says them in the kernel log) and
 * nfp-firmware-abi.md, section 5 (layout). Registers of the port (start, length, stack) are no capabilities.
 */
import type { AdjustHeadCaps, FirmwareProfile, MapCaps } from './api'
import { EINVAL } from './errno'

/** What the records say; the part of a `FirmwareProfile` that is no register. */
export type Capabilities = Pick<
  FirmwareProfile,
  'abiVersion' | 'helpers' | 'adjustHead' | 'maps' | 'random' | 'queueSelect' | 'adjustTail' | 'cmsgMultiEnt'
>

export interface CapabilitiesResult {
  /** 0, or the positive errno with which the driver's probe fails. */
  readonly errno: number
  readonly capabilities: Capabilities
  /** Lines of the kernel log, without prefix, in order. */
  readonly messages: readonly string[]
}

const TYPE_FUNC = 1
const TYPE_ADJUST_HEAD = 2
const TYPE_MAPS = 3
const TYPE_RANDOM = 4
const TYPE_QUEUE_SELECT = 5
const TYPE_ADJUST_TAIL = 6
const TYPE_ABI_VERSION = 7
const TYPE_CMSG_MULTI_ENT = 8

/** Helper id to its field; other ids are read over. */
const HELPER_FIELDS = [
  [1, 'lookup'],
  [2, 'update'],
  [3, 'delete'],
  [25, 'perfEventOutput'],
] as const

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** A firmware that says nothing: ABI version 2, no helpers, no maps. */
function silentFirmware(): Writable<Capabilities> {
  return {
    abiVersion: 2,
    helpers: { lookup: 0, update: 0, delete: 0, perfEventOutput: 0 },
    adjustHead: { flags: 0, offMin: 0, offMax: 0, guaranteedSub: 0, guaranteedAdd: 0 },
    maps: { types: 0, maxMaps: 0, maxElems: 0, maxKeySize: 0, maxValueSize: 0, maxElemSize: 0 },
    random: false,
    queueSelect: false,
    adjustTail: false,
    cmsgMultiEnt: false,
  }
}

/**
 * Reads the symbol's bytes. An absent symbol is an empty array: no capabilities, no error.
 * On failure `errno` is EINVAL and `capabilities` holds what was read up to there.
 */
export function parseCapabilities(bytes: Uint8Array): CapabilitiesResult {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = silentFirmware()
  const messages: string[] = []
  const fail = (offset: number): CapabilitiesResult => {
    messages.push(`invalid BPF capabilities at offset:${offset}`)
    return { errno: EINVAL, capabilities: found, messages }
  }
  let at = 0
  while (at + 8 <= bytes.length) {
    const type = view.getUint32(at, true)
    const length = view.getUint32(at + 4, true)
    at += 8
    if (at + length > bytes.length) return fail(at)
    const problem = readRecord(found, type, length, (index) => view.getUint32(at + 4 * index, true))
    messages.push(...problem.messages)
    if (problem.failed) return fail(at)
    at += length
  }
  if (at !== bytes.length) {
    messages.push(`BPF capabilities left after parsing, parsed:${at} total length:${bytes.length}`)
    return fail(at)
  }
  return { errno: 0, capabilities: found, messages }
}

interface RecordOutcome {
  readonly failed: boolean
  readonly messages: readonly string[]
}

const FINE: RecordOutcome = { failed: false, messages: [] }

function readRecord(
  into: Writable<Capabilities>,
  type: number,
  length: number,
  word: (index: number) => number,
): RecordOutcome {
  const truncated = (name: string, least: number): RecordOutcome | undefined =>
    length < least ? { failed: true, messages: [`truncated ${name} TLV: ${length}`] } : undefined
  switch (type) {
    case TYPE_FUNC: {
      const short = truncated('function', 8)
      if (short) return short
      const field = HELPER_FIELDS.find(([id]) => id === word(0))?.[1]
      if (field) into.helpers = { ...into.helpers, [field]: word(1) }
      return FINE
    }
    case TYPE_ADJUST_HEAD: {
      const short = truncated('adjust_head', 20)
      if (short) return short
      return readAdjustHead(into, {
        flags: word(0),
        offMin: word(1),
        offMax: word(2),
        guaranteedSub: word(3),
        guaranteedAdd: word(4),
      })
    }
    case TYPE_MAPS: {
      const short = truncated('maps', 24)
      if (short) return short
      into.maps = {
        types: word(0),
        maxMaps: word(1),
        maxElems: word(2),
        maxKeySize: word(3),
        maxValueSize: word(4),
        maxElemSize: word(5),
      }
      return FINE
    }
    case TYPE_RANDOM:
      into.random = true
      return FINE
    case TYPE_QUEUE_SELECT:
      into.queueSelect = true
      return FINE
    case TYPE_ADJUST_TAIL:
      into.adjustTail = true
      return FINE
    case TYPE_CMSG_MULTI_ENT:
      into.cmsgMultiEnt = true
      return FINE
    case TYPE_ABI_VERSION: {
      const short = truncated('ABI version', 4)
      if (short) return short
      const version = word(0)
      const known = version === 2 || version === 3
      into.abiVersion = known ? version : 0
      return known ? FINE : { failed: false, messages: [`unsupported BPF ABI version: ${version}`] }
    }
    default:
      return { failed: false, messages: [`unknown BPF capability: ${type}`] }
  }
}

/** The JIT compares the packet start with off_min and off_max as 8-bit immediates, so larger values cannot be used. */
function readAdjustHead(into: Writable<Capabilities>, caps: AdjustHeadCaps): RecordOutcome {
  if (caps.offMin > caps.offMax) return { failed: true, messages: ['invalid adjust_head TLV: min > max'] }
  if (caps.offMin > 255 || caps.offMax > 255) {
    into.adjustHead = silentFirmware().adjustHead
    return { failed: false, messages: ['disabling adjust_head - driver expects min/max to fit in as immediates'] }
  }
  into.adjustHead = caps
  return FINE
}

/** Writes the records that a firmware with these capabilities would have; `parseCapabilities` reads them back. */
export function buildCapabilities(caps: Capabilities): Uint8Array {
  const records: number[][] = []
  const put = (type: number, ...value: number[]): void => {
    records.push([type, 4 * value.length, ...value])
  }
  for (const [id, field] of HELPER_FIELDS) if (caps.helpers[field] !== 0) put(TYPE_FUNC, id, caps.helpers[field])
  const head = caps.adjustHead
  if (head.offMax !== 0) {
    put(TYPE_ADJUST_HEAD, head.flags, head.offMin, head.offMax, head.guaranteedSub, head.guaranteedAdd)
  }
  if (hasMaps(caps.maps)) {
    const { types, maxMaps, maxElems, maxKeySize, maxValueSize, maxElemSize } = caps.maps
    put(TYPE_MAPS, types, maxMaps, maxElems, maxKeySize, maxValueSize, maxElemSize)
  }
  if (caps.random) put(TYPE_RANDOM)
  if (caps.queueSelect) put(TYPE_QUEUE_SELECT)
  if (caps.adjustTail) put(TYPE_ADJUST_TAIL)
  if (caps.abiVersion !== 2) put(TYPE_ABI_VERSION, caps.abiVersion)
  if (caps.cmsgMultiEnt) put(TYPE_CMSG_MULTI_ENT)

  const words = records.flat()
  const bytes = new Uint8Array(4 * words.length)
  const view = new DataView(bytes.buffer)
  words.forEach((value, index) => view.setUint32(4 * index, value, true))
  return bytes
}

const hasMaps = (maps: MapCaps): boolean => Object.values(maps).some((value) => value !== 0)
