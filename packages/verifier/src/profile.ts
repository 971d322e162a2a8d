/**
 * What differs between kernel versions, as values. The walk asks the profile; it never compares version names.
 * Follows kernel-tables.md, section 7; 6.18 is the reference, 6.12 covers what the NFP vectors depend on.
 */
import type { KernelVersion } from './api'
import type { BoundsRules } from './bounds'
import type { ScalarRules } from './scalar-alu'
import * as tnum from './tnum'

export interface Profile {
  readonly version: KernelVersion
  /** Instructions in a program and instructions walked. */
  readonly maxInsns: number
  readonly maxProcessed: number
  readonly maxPending: number
  readonly tooManyPending: (n: number) => string
  /** Loops are walked; else a back edge is an error. */
  readonly allowsLoops: boolean
  readonly scalar: ScalarRules
  readonly bounds: BoundsRules
  /** Level-2 log begins with the table of live registers. */
  readonly logsLiveRegisters: boolean
  /** Lookup with a constant key in an array needs no null check. */
  readonly elidesNullCheck: boolean
  /** `BPF_EXIT instruction in main prog …` follows a leak message. */
  readonly namesLeakingExit: boolean
  readonly tailCallMapText: string
  readonly wrongHelperText: (name: string, id: number) => string
}

const current: Profile = {
  version: '6.18',
  maxInsns: 1_000_000,
  maxProcessed: 1_000_000,
  maxPending: 8192,
  tooManyPending: (n) => `The sequence of ${n} jumps is too complex.\n`,
  allowsLoops: true,
  scalar: {
    tnumMul: tnum.mul,
    tracksNeg: true,
    tracksByteSwap: true,
    wrapsTogether: true,
    signedProducts: true,
    forksMasks: true,
    shiftsNegativeHalf: true,
  },
  bounds: { splitsAtSign: true, meetsInOneValue: true, rounds: 3 },
  logsLiveRegisters: true,
  elidesNullCheck: true,
  namesLeakingExit: true,
  tailCallMapText: 'expected prog array map for tail call',
  wrongHelperText: (name, id) => `program of this type cannot use helper bpf_${name}#${id}\n`,
}

const v612: Profile = {
  ...current,
  version: '6.12',
  scalar: {
    tnumMul: tnum.mulByParts,
    tracksNeg: false,
    tracksByteSwap: false,
    wrapsTogether: false,
    signedProducts: false,
    forksMasks: false,
    shiftsNegativeHalf: false,
  },
  bounds: { splitsAtSign: false, meetsInOneValue: false, rounds: 2 },
  logsLiveRegisters: false,
  elidesNullCheck: false,
  namesLeakingExit: false,
}

const v420: Profile = {
  ...v612,
  version: '4.20',
  maxInsns: 4096,
  maxProcessed: 131_072,
  maxPending: 1024,
  tooManyPending: () => 'BPF program is too complex\n',
  allowsLoops: false,
  wrongHelperText: (name, id) => `unknown func bpf_${name}#${id}\n`,
}

const PROFILES: Readonly<Record<KernelVersion, Profile>> = { '6.18': current, '6.12': v612, '4.20': v420 }

/** The rules of a kernel version. */
export const profileOf = (version: KernelVersion): Profile => PROFILES[version]
