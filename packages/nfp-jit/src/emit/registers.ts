/**
 * The registers the translator uses, by the names of nfp-jit.md, section 3.
 *
 * BPF register rN lies in GPRs 2N (low word) and 2N+1 (high word), the same in both banks; r10 has none. GPRs 20 to 22
 * are the translator's own. The names `a(n)`, `b(n)`, `ab(n)` are those of nfp-jit.md, section 1.
 */
import { gprA, gprB, gprBoth, imm, lm, lmIncrement, xfer } from '@offload/nfp'
import type { Operand } from '@offload/nfp'

const bankA = Array.from({ length: 32 }, (_, i) => gprA(i))
const bankB = Array.from({ length: 32 }, (_, i) => gprB(i))
const bothBanks = Array.from({ length: 32 }, (_, i) => gprBoth(i))
const transfer = Array.from({ length: 64 }, (_, i) => xfer(i))
const immediates = Array.from({ length: 256 }, (_, i) => imm(i))

/** GPR `n` of bank A, as a source or as a destination in that bank only. */
export const a = (n: number): Operand => bankA[n]!
/** GPR `n` of bank B. */
export const b = (n: number): Operand => bankB[n]!
/** GPR `n` of both banks, as a destination. */
export const ab = (n: number): Operand => bothBanks[n]!
/** Transfer register `n`: transfer-in when read, transfer-out when written. */
export const x = (n: number): Operand => transfer[n]!
/** Immediate operand, 0..255. */
export const num = (value: number): Operand => immediates[value] ?? imm(value)

/** Address temporaries of atomics. */
export const IMMA_A = a(20)
export const IMMA_B = b(20)
/** General temporaries. `IMM_A` is also the return address of a subprogram. */
export const IMM_A = a(21)
export const IMM_B = b(21)
export const IMM_AB = ab(21)
/** The same register under its other name. */
export const RETURN_ADDRESS = a(21)
/** Local memory address of the current frame's lowest byte. */
export const STACK = a(22)
export const PACKET_LENGTH = b(22)

/** Local memory pointers. 0: stack frame, 1: packet vector (set by firmware), 2: value of an update, 3: scratch. */
export const LM_STACK = 0
export const LM_VECTOR = 1
export const LM_SCRATCH = 3

/** Words of the packet vector. */
export const VECTOR_LENGTH = lm(LM_VECTOR, 0)
export const PACKET_START = lm(LM_VECTOR, 2)
export const VECTOR_FLAGS = lm(LM_VECTOR, 4)
export const VECTOR_QUEUE = lm(LM_VECTOR, 6)

/** Word `index` of the frame, through pointer 0. */
export const frameWord = (index: number): Operand => lm(LM_STACK, index)
export const scratchNext = lmIncrement(LM_SCRATCH)
