/** Question and answer of the verifier. Follows design.md's contracts; fields named as in the vectors. */
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'
import type { OffloadDriver } from './driver'

export type KernelVersion = '6.18' | '6.12' | '4.20'
export type Capability = 'bpf' | 'net_admin' | 'perfmon' | 'sys_admin'

export interface VerifyRequest {
  readonly progType: ProgType
  /** 8 bytes an instruction. */
  readonly insns: Uint8Array
  readonly maps?: readonly MapDef[]
  readonly relocs?: readonly MapReloc[]
  /** Kernel's log level bits: 1 branches, 2 every instruction, 4 statistics. */
  readonly logLevel?: number
  /** 1 = BPF_F_STRICT_ALIGNMENT. */
  readonly progFlags?: number
  /** Absent: all capabilities. */
  readonly caps?: readonly Capability[]
  readonly btf?: Uint8Array
  readonly funcInfo?: Uint8Array
  readonly license?: string
  readonly kernel?: KernelVersion
  /** Present: the program is loaded for a device. */
  readonly driver?: OffloadDriver
  /** Record per-instruction states for the page (costs memory). */
  readonly record?: boolean
  /**
   * Told the state before each visited instruction. Paths then end only where an explored state holds every value of the
   * present one, so that together the states describe every run; log and counts are those of that longer walk.
   */
  readonly visit?: (visit: Visit) => void
  /** Asked now and then; true ends the walk with verdict `cancelled`. */
  readonly cancelled?: () => boolean
}

/** What is known before one visit of an instruction. */
export interface Visit {
  readonly insn: number
  /** Calls deep. */
  readonly frame: number
  /** Bit set of the registers that are still read from here on; nothing is promised of the others. */
  readonly live: number
  /** r0 to r10; may be kept. */
  readonly regs: readonly Known[]
}

/** A register: nothing, a number, a pointer into packet or stack plus a number, or some other pointer. */
export interface Known {
  readonly kind: 'nothing' | 'number' | 'packet' | 'stack' | 'other'
  /** Fixed part of a pointer's offset; the rest is the number. */
  readonly off: number
  /** Bytes of the packet proven to be there, counted from where `off` and the number are. */
  readonly range: number
  /** Frame a stack pointer points into. */
  readonly frame: number
  readonly tnum: { readonly value: Halves; readonly mask: Halves }
  readonly signed: readonly [Halves, Halves]
  readonly unsigned: readonly [Halves, Halves]
  readonly signed32: readonly [number, number]
  readonly unsigned32: readonly [number, number]
}

/** 64 bits as two int32. */
export interface Halves {
  readonly lo: number
  readonly hi: number
}

export interface VerifyResult {
  readonly verdict: 'accept' | 'reject' | 'cancelled'
  /** Positive errno; 0 when accepted. */
  readonly errno: number
  /** The last line said before the statistics; '' where nothing was said. */
  readonly error: string
  readonly log: string
  /** Instruction of the refusal, where the walk got to one. */
  readonly errorInsn?: number
  /** Who refused: the kernel's own checks or the driver's callback. */
  readonly refusedBy?: 'kernel' | 'driver'
  readonly processedInsns: number
  readonly maxStatesPerInsn: number
  readonly totalStates: number
  readonly peakStates: number
  /** Bytes of stack by subprogram. */
  readonly stackDepth: readonly number[]
  /** With `record`: what the walk saw at each instruction, in walk order. */
  readonly steps?: readonly VerifierStep[]
  /** With `record`, refused: branches that were put aside and not walked any more. */
  readonly pending?: readonly PendingBranch[]
  /** The walk was longer than what was recorded (200,000 steps). */
  readonly stepsTruncated?: boolean
  /** The log was longer than what is kept (64 MB); its beginning is missing. */
  readonly logTruncated?: boolean
  /** Accepted: per original instruction 1 where the walk came by, 0 where it is dead code. */
  readonly seen?: Uint8Array
}

/** One visit of one instruction: the state before it, in the kernel's notation. */
export interface VerifierStep {
  readonly insn: number
  readonly frame: number
  /** Registers and stack slots that are known, e.g. `R1=ctx() R10=fp0`. */
  readonly state: string
  /** Index of the step this one continues, -1 for the first. */
  readonly parent: number
  /** The path ends here: a state explored before covers this one. */
  readonly covered?: boolean
  /** Which state that is. Absent where the path's end or that state was not recorded. */
  readonly coveredBy?: Cover
}

/** Why a path could end at an explored state. */
export interface Cover {
  /** Step at which the covering state was explored. */
  readonly step: number
  /** Bit set of the registers that are still read from here on: only these were compared. */
  readonly live: number
  /** Bit set of the registers whose value the explored paths relied on; other numbers may differ. */
  readonly precise: number
  /** The covering state was still being walked (a loop): every value was compared. */
  readonly loop: boolean
}

/** A branch to `insn` that step `parent` put aside. */
export interface PendingBranch {
  readonly insn: number
  readonly parent: number
}
