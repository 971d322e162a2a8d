/** Parameters and locals of every translated function: its depth, R0 … R5 as parameters, then the other registers and scratch. */
import { I32, I64 } from '@offload/wasm'
import type { FunctionType } from '@offload/wasm'

/** Depth of the frame, R0 … R5; gives R0. */
export const FUNCTION_TYPE: FunctionType = { parameters: [I32, I64, I64, I64, I64, I64, I64], results: [I64] }

export const LOCAL_DEPTH = 0
/** The address that an access computes. */
export const LOCAL_POINTER = 12
/** Old value of an atomic. */
export const LOCAL_OLD = 13
/** Instructions that may still run. */
export const LOCAL_BUDGET = 14
/** Where the interpreter is to go on. */
export const LOCAL_PC = 15
export const LOCAL_ADDRESS = 16
/** Lowest address of the frame. */
export const LOCAL_FRAME = 17
/** The block that the dispatch loop is to enter. */
export const LOCAL_NEXT = 18

/** R6 … R10, pointer, old value; the 32-bit ones. */
export const LOCALS: readonly (readonly [count: number, type: number])[] = [
  [7, I64],
  [5, I32],
]

/** The local that holds a register. */
export function local(register: number): number {
  return register + 1
}
