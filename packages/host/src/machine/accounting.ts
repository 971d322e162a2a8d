/** Sizes that the kernel reports of programs and maps: xlated, jited, memlock (kernel-tables.md, 3.3; object-formats.md, 9.2). */
import { rounded } from '../maps/map'
import { kernelCode } from './kernel-code'
import type { BpfMap, BpfProgram } from './objects'

const PROGRAM_HEADER = 96
const PAGE = 4096

function powerOfTwo(value: number): number {
  let result = 1
  while (result < value) result *= 2
  return result
}

/** Bytes that the kernel accounts for a map. Maps of a card cost the host nothing. */
export function mapMemlock(map: BpfMap, cpus: number): number {
  if (map.table) return 0
  const { type, keySize, valueSize, maxEntries } = map.attributes
  const value = rounded(valueSize)
  switch (type) {
    case 'array':
      return 312 + value * maxEntries
    case 'prog_array':
    case 'perf_event_array':
    case 'cgroup_array':
    case 'array_of_maps':
      return 312 + 8 * maxEntries
    case 'percpu_array':
      return 312 + maxEntries * (8 + cpus * value)
    case 'queue':
    case 'stack':
      return 312 + valueSize * (maxEntries + 1)
    case 'devmap':
    case 'devmap_hash':
      return 344 + 8 * maxEntries
    case 'cpumap':
    case 'xskmap':
      return 304 + 8 * maxEntries
    case 'hash':
    case 'hash_of_maps':
      return 912 + 16 * powerOfTwo(maxEntries) + (maxEntries + cpus) * (48 + rounded(keySize) + value)
    case 'lru_hash':
      return 896 + 16 * powerOfTwo(maxEntries) + maxEntries * (48 + rounded(keySize) + value)
    case 'percpu_hash':
    case 'lru_percpu_hash':
      return 896 + 16 * powerOfTwo(maxEntries) + maxEntries * (56 + rounded(keySize) + cpus * value)
    case 'ringbuf':
      return 12_616 + (maxEntries / PAGE) * 4112
    case 'bloom_filter':
      return 312 + rounded(powerOfTwo(Math.ceil((maxEntries * 5 * 7) / 5)) / 8)
    default:
      return 0
  }
}

export function bytesTranslated(program: BpfProgram): number {
  return kernelCode(program).length * 8
}

/** Machine code: words of the card, or the host's translation; undefined for programs that the host interprets. */
export function bytesJited(program: BpfProgram): number | undefined {
  return program.image ? program.image.words.length * 4 : program.fast?.translated ? program.fast.size : undefined
}

export function programMemlock(program: BpfProgram): number {
  return Math.ceil((PROGRAM_HEADER + bytesTranslated(program)) / PAGE) * PAGE
}
