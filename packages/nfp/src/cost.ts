/**
 * Cycles a single word takes in its own context, as a range.
 *
 * What depends on the neighbours (a flag set right before a branch, memory latency other threads do not hide) makes
 * the range; the emulator's pipeline model counts the real cycles. Defer slots are words of their own and not counted
 * here: each filled slot makes a taken branch one cycle cheaper, never below 1. Follows nfp-isa.md, section 15.
 */
import type { Instruction } from './decode'

/** Issue cycles of a word: least and most. `memory` tells that a wait for memory may come on top. */
export interface Cost {
  readonly min: number
  readonly max: number
  readonly memory: boolean
}

/** Bubbles after a taken branch, the branch's own cycle included. */
export const BRANCH_CYCLES = {
  /** Conditional branch taken; one more when the word before set the flags it tests. */
  taken: 3,
  takenAfterFlags: 4,
  notTaken: 1,
  /** `br`: the published estimator's figure, marked unsure by its author. */
  unconditional: 4,
  /** `rtn`, `jump`. */
  register: 4,
} as const

/** Issue and resume cycles of a command that swaps the context, always paid. */
export const CONTEXT_SWAP_CYCLES = 3

/** Cycles of a taken branch of `bubbles` cycles with `filled` defer slots, the slots' own cycles not included. */
export const takenCycles = (bubbles: number, filled: number): number => Math.max(1, bubbles - filled)

/** The cost of one word. */
export function cost(insn: Instruction): Cost {
  switch (insn.class) {
    case 'branch':
      if (insn.condition === 24) return fixed(takenCycles(BRANCH_CYCLES.unconditional, insn.defer))
      return conditional(BRANCH_CYCLES.takenAfterFlags, insn.defer)
    case 'br_bit':
    case 'br_byte':
      return conditional(BRANCH_CYCLES.taken, insn.defer)
    case 'br_alu':
      return fixed(takenCycles(BRANCH_CYCLES.register, insn.defer))
    case 'cmd':
      return insn.ctx === 3 ? fixed(1) : { min: CONTEXT_SWAP_CYCLES, max: CONTEXT_SWAP_CYCLES, memory: true }
    case 'ctx_arb':
      return { min: CONTEXT_SWAP_CYCLES, max: CONTEXT_SWAP_CYCLES, memory: true }
    case 'alu':
    case 'alu_shf':
    case 'ld_field':
    case 'immed':
    case 'local_csr':
    case 'mult':
    case 'invalid':
      return fixed(1)
  }
}

const fixed = (cycles: number): Cost => ({ min: cycles, max: cycles, memory: false })

const conditional = (taken: number, defer: number): Cost => ({
  min: BRANCH_CYCLES.notTaken,
  max: takenCycles(taken, defer),
  memory: false,
})
