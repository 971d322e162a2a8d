/**
 * The floor plan of the chip: five islands of twelve cores, ten of which run the program; what the others are for.
 * Follows nfp-hardware.md, section 1.2.
 */

export const ISLANDS = 5
export const CORES_PER_ISLAND = 12
export const WORKERS_PER_ISLAND = 10

/** Duty of the cores that firmware keeps, by `island.core`. */
export const DUTY: Readonly<Record<string, { readonly short: string; readonly long: string }>> = {
  '0.10': { short: 'MC', long: 'multicast clean-up' },
  '0.11': { short: 'RO', long: 'reorder' },
  '1.10': { short: '–', long: 'unused' },
  '1.11': { short: 'RO', long: 'reorder' },
  '2.10': { short: 'APP', long: 'application master' },
  '2.11': { short: 'MAP', long: 'map control messages' },
  '3.10': { short: 'NFD', long: 'host queues, notify' },
  '3.11': { short: 'RO', long: 'reorder' },
  '4.10': { short: 'NFD', long: 'host queues, service' },
  '4.11': { short: 'RO', long: 'reorder' },
}

/** Number of a worker core as the chip counts them. */
export function workerIndex(island: number, core: number): number {
  return island * WORKERS_PER_ISLAND + core
}

/** Share of busy cycles at which the heat scale ends. */
export const HEAT_END = 0.6
