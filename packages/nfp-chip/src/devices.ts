/**
 * Boards and firmware behaviours by name. Boards follow nfp-hardware.md, section 1.1; firmware names are those of
 * nfp-firmware-abi.md, section 5.1, cycle budgets nfp-hardware.md, section 5.
 */
import type { DeviceProfile, FirmwareBehaviour } from './api'

const board = (name: string, clockMHz: number, ports: number, portGbps: number): DeviceProfile => ({
  name,
  clockMHz,
  ports,
  portGbps,
  islands: 5,
  workersPerIsland: 10,
  contexts: 4,
})

/** Boards that the playground offers, by short name. */
export const DEVICES: Readonly<Record<string, DeviceProfile>> = {
  'cx-2x10': board('Agilio CX 2x10GbE (AMDA0096)', 633, 2, 10),
  'cx-2x25': board('Agilio CX 2x25GbE (AMDA0099)', 800, 2, 25),
  'cx-2x40': board('Agilio CX 2x40GbE (AMDA0097)', 800, 2, 40),
  'cx-1x40': board('Agilio CX 1x40GbE (AMDA0081)', 800, 1, 40),
  'lx-2x40': board('Agilio LX 2x40GbE (AMDA0058)', 1200, 2, 40),
  'lx-1x100': board('Agilio LX 1x100GbE (AMDA0078)', 1200, 1, 100),
}

const stock = {
  arraysPreset: true,
  baseCycles: 390,
  rssCycles: 60,
  passCycles: 60,
  txCycles: 40,
  alwaysDrop: false,
} as const

const shipping: FirmwareBehaviour = {
  name: 'shipping',
  helpers: { lookup: 0x0310, update: 0x0358, delete: 0x03a0, perfEventOutput: 0x0412 },
  tgtDone: 1,
  ...stock,
}

const open: FirmwareBehaviour = {
  name: 'open',
  helpers: { lookup: 0x0310, update: 0, delete: 0, perfEventOutput: 0 },
  tgtDone: 1,
  ...stock,
  arraysPreset: false,
  mapCodes: 'open',
}

/** A profile that exists for tests of driver and translator: larger store, stack and entries, shipping's behaviour. */
const forTests = (name: string, helpers: FirmwareBehaviour['helpers'], tgtDone: number): FirmwareBehaviour => ({
  name,
  helpers,
  tgtDone,
  ...stock,
  storeWords: 16_384,
  stackBytes: 768,
  entryBytes: 128,
})

const noHelpers = { lookup: 0, update: 0, delete: 0, perfEventOutput: 0 } as const

/** Firmware behaviours by profile name. */
export const FIRMWARE_BEHAVIOURS: Readonly<Record<string, FirmwareBehaviour>> = {
  shipping,
  open,
  stripped: { ...open, name: 'stripped', baseCycles: 224, rssCycles: 0, passCycles: 0, txCycles: 0, alwaysDrop: true },
  roadmap: { ...shipping, name: 'roadmap' },
  full: forTests('full', shipping.helpers, 0x01f4),
  hi: forTests('hi', { lookup: 0x2110, update: 0x2258, delete: 0x23a0, perfEventOutput: 0x3f12 }, 0x3ffe),
  nohelp: forTests('nohelp', noHelpers, 0x01f4),
  headmeta: forTests('headmeta', shipping.helpers, 0x01f4),
  small: forTests('small', shipping.helpers, 0x01f4),
  nomaps: forTests('nomaps', noHelpers, 0x01f4),
}
