/**
 * The named firmware profiles: what a firmware says of itself and what the port's registers hold.
 *
 * The one table of these values in the project. Follows nfp-firmware-abi.md, section 5.1, and the table of the six
 * test profiles in the README of the JIT vectors. Test profiles belong to no card; `open` is the public firmware,
 * `shipping` the product of 2018 as far as it is known, `roadmap` is labelled as never shipped.
 */
import type { AdjustHeadCaps, FirmwareName, FirmwareProfile, MapCaps } from './api'

/** Bits of `MapCaps.types`: kernel map types 1 (hash) and 2 (array). */
const HASH = 1 << 1
const HASH_AND_ARRAY = HASH | (1 << 2)

const NO_HELPERS = { lookup: 0, update: 0, delete: 0, perfEventOutput: 0 } as const
const NO_ADJUST_HEAD: AdjustHeadCaps = { flags: 0, offMin: 0, offMax: 0, guaranteedSub: 0, guaranteedAdd: 0 }
const NO_MAPS: MapCaps = { types: 0, maxMaps: 0, maxElems: 0, maxKeySize: 0, maxValueSize: 0, maxElemSize: 0 }

/** INL_MTU register (64-byte units) to the bytes of a packet that lie in the CTM. */
const inlineBytes = (units: number): number => units * 64 - 32

const full: FirmwareProfile = {
  name: 'full',
  abiVersion: 3,
  helpers: { lookup: 0x0310, update: 0x0358, delete: 0x03a0, perfEventOutput: 0x0412 },
  adjustHead: { flags: 1, offMin: 32, offMax: 240, guaranteedSub: 64, guaranteedAdd: 32 },
  maps: { types: HASH_AND_ARRAY, maxMaps: 64, maxElems: 1048576, maxKeySize: 64, maxValueSize: 64, maxElemSize: 128 },
  random: true,
  queueSelect: true,
  adjustTail: true,
  cmsgMultiEnt: true,
  startOff: [0x0800],
  tgtDone: 0x01f4,
  maxLen: 8000,
  stackSize: 12 * 64,
  inlineMtu: inlineBytes(32),
  reload: true,
  mtu: 1500,
}

const hi: FirmwareProfile = {
  ...full,
  name: 'hi',
  helpers: { lookup: 0x2110, update: 0x2258, delete: 0x23a0, perfEventOutput: 0x3f12 },
  adjustHead: { flags: 1, offMin: 16, offMax: 128, guaranteedSub: 128, guaranteedAdd: 64 },
  startOff: [0x1fc0],
  tgtDone: 0x3ffe,
  stackSize: 8 * 64,
}

const nohelp: FirmwareProfile = {
  ...full,
  name: 'nohelp',
  abiVersion: 2,
  helpers: NO_HELPERS,
  adjustHead: NO_ADJUST_HEAD,
  maps: { types: HASH, maxMaps: 64, maxElems: 1048576, maxKeySize: 16, maxValueSize: 16, maxElemSize: 32 },
  random: false,
  queueSelect: false,
  adjustTail: false,
  cmsgMultiEnt: false,
}

const headmeta: FirmwareProfile = {
  ...full,
  name: 'headmeta',
  adjustHead: { ...full.adjustHead, flags: 0 },
  maps: { ...full.maps, maxMaps: 2, maxElems: 1024 },
}

const small: FirmwareProfile = {
  ...full,
  name: 'small',
  startOff: [0x0400],
  maxLen: 100,
  stackSize: 4 * 64,
  inlineMtu: inlineBytes(4),
}

const nomaps: FirmwareProfile = { ...nohelp, name: 'nomaps', maps: NO_MAPS }

const open: FirmwareProfile = {
  name: 'open',
  abiVersion: 2,
  helpers: { ...NO_HELPERS, lookup: 0x0310 },
  adjustHead: { flags: 1, offMin: 44, offMax: 248, guaranteedSub: 84, guaranteedAdd: 112 },
  maps: { types: HASH_AND_ARRAY, maxMaps: 128, maxElems: 2048000, maxKeySize: 56, maxValueSize: 56, maxElemSize: 64 },
  random: true,
  queueSelect: true,
  adjustTail: true,
  cmsgMultiEnt: false,
  startOff: [3072, 3072 + 2560],
  tgtDone: 1,
  maxLen: 2560,
  stackSize: 8 * 64,
  inlineMtu: inlineBytes(30),
  reload: true,
  mtu: 1500,
}

const shipping: FirmwareProfile = {
  ...open,
  name: 'shipping',
  abiVersion: 3,
  helpers: full.helpers,
  maps: { ...open.maps, maxElems: 3072000 },
  cmsgMultiEnt: true,
  startOff: [2592, 2592 + 2800],
  maxLen: 2800,
}

/** Every profile by name. Values are never changed in place; make a variant with `{ ...FIRMWARE_PROFILES.shipping, … }`. */
export const FIRMWARE_PROFILES: Readonly<Record<FirmwareName, FirmwareProfile>> = {
  full,
  hi,
  nohelp,
  headmeta,
  small,
  nomaps,
  open,
  shipping,
  stripped: { ...open, name: 'stripped' },
  roadmap: { ...shipping, name: 'roadmap' },
}

/** The profile a device has when nothing is said: `shipping`. */
export const DEFAULT_FIRMWARE: FirmwareName = 'shipping'
