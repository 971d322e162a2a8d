/**
 * The offload driver as the verifier sees it: the kernel's `bpf_prog_offload_ops`, called in the kernel's order
 * (follows nfp-offload.md, section 2). The verifier knows no device; a driver implements this interface.
 */
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'

/** Kernel numbering of `enum bpf_reg_type` (base types); "or null" adds 256. */
export type RegTypeNumber = number

/** A 64-bit number as two unsigned 32-bit halves. */
export interface U64 {
  readonly lo: number
  readonly hi: number
}

/** What a driver may ask about a register at the instruction about to be checked. */
export interface RegView {
  /** Kernel's register type number: 0 not_init, 1 scalar, 2 ctx, 3 map_ptr, 4 map_value, 6 stack, 8 packet, 9 packet_end, … (+256 or null). */
  readonly type: RegTypeNumber
  /** Fixed part of a pointer's offset. */
  readonly off: number
  readonly id: number
  readonly varOff: { readonly value: U64; readonly mask: U64 }
  readonly umin: U64
  readonly umax: U64
  /** Frame a stack pointer belongs to. */
  readonly frameno: number
  /** Index into the program's maps for map pointers and map values, else -1. */
  readonly map: number
}

/** Kernel's stack slot kinds, one a byte: 0 invalid, 1 spill, 2 misc, 3 zero, … */
export type StackSlotKind = number

/** The verifier's current state, valid during one callback only. */
export interface DriverEnv {
  readonly progType: ProgType
  readonly maps: readonly MapDef[]
  readonly relocs: readonly MapReloc[]
  /** Frame the walk is in: 0 is the main program. */
  readonly curFrame: number
  /** Register `n` of the current frame. */
  reg(n: number): RegView
  /** Kind of the stack byte at `off` (negative, from r10) of frame `frameno`. */
  stackSlot(frameno: number, off: number): StackSlotKind
  /** Append text to the verifier log; the driver gives its own prefix and newline. */
  log(text: string): void
  /** tnum in the kernel's notation, as in driver messages. */
  tnumText(varOff: RegView['varOff']): string
}

/** Handed to finalize once the walk has succeeded. */
export interface FinalizeView {
  log(text: string): void
  readonly subprograms: readonly { readonly start: number; readonly stackDepth: number }[]
  /** Per instruction: the kernel wants the 32-bit result zero-extended (`zext_dst`). */
  readonly zext: Uint8Array
}

/** Each callback returns 0 or a negative errno. Instruction numbers are 8-byte slots. */
export interface OffloadDriver {
  prepare(insns: Uint8Array, env: Pick<DriverEnv, 'progType' | 'maps' | 'relocs' | 'log'>): number
  insn(env: DriverEnv, index: number, previous: number): number
  finalize(view: FinalizeView): number
  /** `insn` is the 8-byte replacement; `index` counts in the program as it is then. */
  replaceInsn(index: number, insn: Uint8Array, log: (text: string) => void): number
  removeInsns(index: number, count: number, log: (text: string) => void): number
}
