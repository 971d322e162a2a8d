/**
 * What the driver makes and says: capability sets, images, verdicts. Contracts of this package.
 * Values of the named profiles: nfp-firmware-abi.md, section 5.1 (the only place for them).
 */
import type { Words } from '@offload/nfp'
import type { KernelVersion, VerifyResult } from '@offload/verifier'
import type { MapDef, MapReloc, ProgType } from '@offload/bpf'
import type { MapWordUses } from './driver/map-word-uses'
import type { PassSwitches, PassTrace } from './passes/pass'

export type FirmwareName =
  | 'full'
  | 'hi'
  | 'nohelp'
  | 'headmeta'
  | 'small'
  | 'nomaps'
  | 'open'
  | 'shipping'
  | 'stripped'
  | 'roadmap'

export interface AdjustHeadCaps {
  readonly flags: number
  readonly offMin: number
  readonly offMax: number
  readonly guaranteedSub: number
  readonly guaranteedAdd: number
}

export interface MapCaps {
  /** Bit n set: maps of kernel type n. */
  readonly types: number
  readonly maxMaps: number
  readonly maxElems: number
  readonly maxKeySize: number
  readonly maxValueSize: number
  readonly maxElemSize: number
}

/** What a firmware says of itself (TLVs) and what the port's registers hold. */
export interface FirmwareProfile {
  readonly name: FirmwareName
  readonly abiVersion: number
  /** Code-store address of each helper; 0 where the firmware has none. */
  readonly helpers: {
    readonly lookup: number
    readonly update: number
    readonly delete: number
    readonly perfEventOutput: number
  }
  readonly adjustHead: AdjustHeadCaps
  readonly maps: MapCaps
  readonly random: boolean
  readonly queueSelect: boolean
  readonly adjustTail: boolean
  readonly cmsgMultiEnt: boolean
  /** First word of the program's window, by port (BPF_START). */
  readonly startOff: readonly number[]
  /** Where a finished program branches to (BPF_DONE). */
  readonly tgtDone: number
  readonly maxLen: number
  /** Bytes of stack a program may use. */
  readonly stackSize: number
  /** Bytes of a packet that lie in the CTM: INL_MTU·64 − 32. */
  readonly inlineMtu: number
  readonly reload: boolean
  readonly mtu: number
}

/** Why a word is there, for people: one short English phrase, e.g. "load packet bytes 12–13". */
export interface WordOrigin {
  /** BPF instruction slot, or -1 prologue, -2 outro, -3 push/pop trampolines, -4 the closing nops. */
  readonly insn: number
  readonly reason: string
}

/** What became of a BPF instruction that made no words of its own. */
export interface InsnNote {
  readonly insn: number
  readonly kind: 'removed' | 'merged'
  /** Name of the pass or rule. */
  readonly pass: string
  readonly reason: string
}

export interface NfpImage {
  /** Before relocation: relocation type in bits 63..56, no ECC; equal to the driver's jited image. */
  readonly words: Words
  /** First and one-past-last word of each BPF slot (2 entries a slot; equal where it made none). */
  readonly insnWords: Int32Array
  readonly origins: readonly WordOrigin[]
  readonly notes: readonly InsnNote[]
  readonly targets: {
    readonly out: number
    readonly abort: number
    readonly pushRegs: number
    readonly popRegs: number
  }
  /** Bytes, all frames, as the driver reports. */
  readonly stackSize: number
  readonly subprograms: readonly {
    readonly bpf: number
    readonly nfp: number
    readonly stackDepth: number
    readonly needsRegPush: boolean
  }[]
  /** Largest offset into the packet that the verifier saw, for the MTU check. */
  readonly maxPktOffset: number
}

/** A map of a program for the device. Arrays and hashes are put on the card unless `host` says otherwise. */
export interface DeviceMapDef extends MapDef {
  /** Made without an interface: it stays on the host (a device program may not refer to it). */
  readonly host?: boolean
  /** Hex bytes that the host wrote to an element before the load; they mark words of the value. */
  readonly init?: string
  /** Marks of an existing map, changed by the load. Absent: a new map without marks. */
  readonly uses?: MapWordUses
}

/** Stable names of the driver's refusals, for advice and tests. */
export type RefusalCode =
  | 'opcode'
  | 'registers'
  | 'helper-missing'
  | 'helper-unknown'
  | 'adjust-head-meta'
  | 'argument-not-stack'
  | 'argument-variable'
  | 'argument-unaligned'
  | 'counter-not-zero'
  | 'counter-initialised'
  | 'event-flags'
  | 'event-data'
  | 'event-data-changed'
  | 'exit-not-constant'
  | 'exit-action'
  | 'pointer-type'
  | 'pointer-changed'
  | 'stack-variable'
  | 'stack-moved'
  | 'map-write'
  | 'map-variable'
  | 'map-bounds'
  | 'map-use-conflict'
  | 'context-store'
  | 'queue-select-missing'
  | 'atomic-op'
  | 'atomic-target'
  | 'atomic-addend'
  | 'multiply-range'
  | 'divide-range'
  | 'divide-variable'
  | 'divide-negative'
  | 'stack-too-large'
  | 'optimisation'
  | 'program-too-long'
  | 'translation'
  | 'map-type'
  | 'map-flags'
  | 'map-count'
  | 'map-elements'
  | 'map-element-size'
  | 'map-key-size'
  | 'map-value-size'
  | 'no-maps'

/** One refusal of the driver: where, why, and its words (without the `[nfp] ` prefix). */
export interface DeviceRefusal {
  readonly insn?: number
  /** Index of the map, for refusals of maps. */
  readonly map?: number
  /** Positive errno. */
  readonly errno: number
  readonly code: RefusalCode
  readonly text: string
}

export interface DeviceLoadRequest {
  readonly progType: ProgType
  readonly insns: Uint8Array
  readonly maps: readonly DeviceMapDef[]
  readonly relocs: readonly MapReloc[]
  /** Value that the JIT puts into each map's ld_imm64: firmware table id, or host id for perf event arrays. Absent: chosen as the driver would. */
  readonly mapIds?: readonly number[]
  readonly firmware: FirmwareProfile
  readonly port?: number
  readonly kernel?: KernelVersion
  readonly logLevel?: number
  readonly record?: boolean
  readonly cancelled?: () => boolean
  readonly license?: string
  /** Optimisation passes to leave out, by name. */
  readonly passes?: PassSwitches
  /** Keep the program before and after each pass (`DeviceLoadResult.passes`). */
  readonly trace?: boolean
}

export interface DeviceLoadResult {
  readonly verdict: 'ok' | 'driver-reject' | 'kernel-reject'
  readonly errno: number
  readonly error: string
  /** Stage of a refusal, as in the vectors: verify_insn, finalize, translate, map_alloc, verifier, map_create. */
  readonly stage?: string
  readonly insn?: number
  /** Index of the map that was refused. */
  readonly map?: number
  readonly verify: VerifyResult
  readonly image?: NfpImage
  /** Relocated for `port`, relocation byte cleared, ECC filled in. */
  readonly relocated?: Words
  /** The driver's refusals; the first is the one that counted. */
  readonly refusals?: readonly DeviceRefusal[]
  /** Per slot: 0 the driver was not asked, 1 accepted, 2 refused. There even where the kernel refused later. */
  readonly driverVerdicts?: Uint8Array
  /** Lines the driver wrote to the kernel log, without prefix. */
  readonly kernelLog?: readonly string[]
  /** With `trace`: each pass's effect. */
  readonly passes?: readonly PassTrace[]
}
