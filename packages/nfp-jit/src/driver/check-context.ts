/**
 * What every check of an instruction gets, and how it refuses: one line in the verifier log, and a negative errno.
 * Follows nfp-offload.md, section 6.
 */
import type { DriverEnv, RegView, U64 } from '@offload/verifier'
import type { FirmwareProfile, RefusalCode } from '../api'
import type { ProgramInfo } from '../program-info'
import type { MapWordUses } from './map-word-uses'

export interface CheckContext {
  readonly env: DriverEnv
  readonly program: ProgramInfo
  readonly firmware: FirmwareProfile
  /** Marks of each map of the program; `undefined` for maps that are not on the card. */
  readonly mapUses: readonly (MapWordUses | undefined)[]
  /** Slot of the instruction about to be checked. */
  readonly insn: number
  /** Notes a refusal and says it in the log; returns the negative errno. */
  refuse(errno: number, code: RefusalCode, text: string): number
}

/** A check of one instruction: 0, or a negative errno. */
export type InsnCheck = (cx: CheckContext) => number

export const isConstant = (reg: RegView): boolean => (reg.varOff.mask.lo | reg.varOff.mask.hi) === 0

/** Offset of a pointer as far as it is known: fixed part and constant part of the variable one. */
export const knownOffset = (reg: RegView): number => (reg.off + reg.varOff.value.lo) | 0

/** An unsigned 64-bit number above a limit of at most 32 bits. */
export const isAbove = (value: U64, limit: number): boolean => value.hi !== 0 || value.lo >>> 0 > limit
