/** What translated functions agree on: places in memory, imported functions, locals. */
import { I32, I64 } from './code-writer'

/** Addresses in guest memory where machine and translated code meet. */
export const RESULT_AT = 0x100
export const FUEL_AT = 0x108

/** Imported functions, in order. */
export const IMPORT = { helper: 0, tailCall: 1, loadAbsolute: 2, limit: 3 } as const
/** Own functions in front of the program's. */
export const BYTE_SWAP = 4
export const FIRST_FUNCTION = 5

/** Locals: parameters R1 … R5 and the frame's top, then the rest. */
export const LOCAL = { fp: 5, r0: 6, r6: 7, r10: 11, t0: 12, t1: 13, address: 14, pc: 15, fuel: 16, rounds: 17 } as const
/** Declarations behind the parameters: eight 64-bit locals (R0, R6 … R10, two scratch), four of 32 bits. */
export const LOCAL_TYPES = [[8, I64], [4, I32]] as const

/** Local of a BPF register. */
export function local(register: number): number {
  return register === 0 ? LOCAL.r0 : register <= 5 ? register - 1 : LOCAL.r6 + register - 6
}

/** Where the machine keeps, for each context offset, whether a pointer lies there (192 bytes). */
export const POINTER_MASK_AT = 0x200
