/** What a compilation and a running session give to whoever draws them. Plain values throughout. */
import type { Diagnostic, Program, SourceRange } from '@offload/bpf'
import type { DeviceLoadResult, FirmwareName, NfpImage, PassSwitches } from '@offload/nfp-jit'
import type { ChipCounters, PacketRecord } from '@offload/nfp-chip'
import type { VerifyResult } from '@offload/verifier'
import type { Words } from '@offload/nfp'
import type { CapabilityChanges } from './document'

/** From text to words. Later stages are absent where an earlier one refused. */
export interface Compilation {
  /** True when the program can run on the card. */
  readonly ok: boolean
  /** Assembler, kernel and device findings, each at its source range, in that order. */
  readonly diagnostics: readonly (Diagnostic & { readonly source: 'assembler' | 'kernel' | 'device' })[]
  readonly program?: Program
  /** Optimisation passes that were switched off are false here. */
  readonly passes?: PassSwitches
  readonly kernel?: VerifyResult
  readonly device?: Omit<DeviceLoadResult, 'verify' | 'image' | 'relocated'>
  readonly image?: NfpImage
  readonly relocated?: Words
  /** binutils' text of each word before relocation. */
  readonly disassembly?: readonly string[]
}

/** What to do about one refusal of the device. */
export interface Advice {
  /** The driver's words. */
  readonly text: string
  /** The capability or limit behind it. */
  readonly limit: string
  readonly suggestion: string
  readonly insn?: number
  readonly range: SourceRange
  /** A change with which this refusal goes away; it has been tried. What it names replaces that part of the document. */
  readonly change?: {
    readonly title: string
    readonly source?: string
    readonly firmware?: FirmwareName
    readonly capabilities?: CapabilityChanges
  }
}

/** A map as the host sees it now; keys and values in hex, host byte order. */
export interface MapView {
  readonly name: string
  /** Number in the program. */
  readonly map: number
  readonly type: string
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  /** Entries read this time (arrays: those that are not all zero, at most `limit`). */
  readonly entries: readonly { readonly key: string; readonly value: string }[]
  /** Entries left out because of the limit, or (arrays) because they are zero. */
  readonly more: number
}

export interface EventView {
  readonly time: number
  readonly cpu: number
  readonly map: string
  readonly data: Uint8Array
  readonly packet: Uint8Array
}

/** What the host did with the packets that the card let pass, since the start. */
export interface HostStage {
  readonly received: number
  /** Up to the stack, dropped, and sent back by the program in driver mode. */
  readonly stack: number
  readonly dropped: number
  readonly transmitted: number
  /** BPF instructions that the host executed: what its processors were asked to do. */
  readonly instructions: number
}

/** One reading of a running session. Rates are left to the reader: they are differences of two readings. */
export interface Reading {
  readonly now: number
  readonly nanoseconds: number
  readonly counters: ChipCounters
  readonly packets: readonly PacketRecord[]
  readonly events: readonly EventView[]
  readonly host: HostStage
}
