/**
 * The session document: everything that a link holds, and all that a run depends on. A plain JSON value.
 * A run is a function of this document; nothing else (clock, machine, number of workers) may change it.
 */
import type { FirmwareName, PassName } from '@offload/nfp-jit'
import type { TimeModel } from '@offload/nfp-chip'
import type { TrafficSpec } from '@offload/packet'
import type { KernelVersion } from '@offload/verifier'

export const DOCUMENT_VERSION = 1

/** Frames recorded elsewhere: a pcap or pcapng file in base64, played with its own gaps times `scale` (0: as `rate` says). */
export interface ReplayTraffic {
  readonly kind: 'pcap'
  readonly name: string
  readonly base64: string
  readonly rate: number
  /** Start again at the end. */
  readonly loop: boolean
}

export interface SyntheticTraffic {
  readonly kind: 'synthetic'
  readonly spec: TrafficSpec
}

export type Traffic = SyntheticTraffic | ReplayTraffic

/** A map entry written by the host before the first packet. Key and value in hex, host byte order. */
export interface InitialEntry {
  readonly map: string
  readonly key: string
  readonly value: string
}

export type LayoutName = 'start' | 'verifier' | 'jit' | 'debug' | 'traffic' | 'talk' | 'own'
export type ThemeName = 'dark' | 'light' | 'contrast'

/** What the page showed; optional in every part, so that a document can be made by hand. */
export interface ViewState {
  readonly layout?: LayoutName
  readonly panes?: readonly string[]
  readonly selection?: { readonly space: 'source' | 'insn' | 'word'; readonly start: number; readonly end: number }
  readonly breakpoints?: readonly number[]
  readonly theme?: ThemeName
}

/** Changes to what the firmware can do, for trying out; what is absent stays as the named firmware has it. */
export interface CapabilityChanges {
  /** False: the firmware has no such helper. */
  readonly lookup?: boolean
  readonly update?: boolean
  readonly delete?: boolean
  readonly perfEventOutput?: boolean
  readonly adjustHead?: boolean
  readonly adjustTail?: boolean
  readonly random?: boolean
  readonly queueSelect?: boolean
  readonly hashMaps?: boolean
  readonly arrayMaps?: boolean
  /** Words of a program. */
  readonly maxLen?: number
  /** Bytes of stack. */
  readonly stackSize?: number
  readonly maxMaps?: number
  readonly maxElems?: number
}

export interface SessionDocument {
  readonly version: 1
  readonly title: string
  /** BPF assembly, either dialect. */
  readonly source: string
  /** A second program, for the host: XDP in driver mode on what the card lets pass. */
  readonly hostSource?: string
  /** Content item it began as, if any. */
  readonly demo?: string
  readonly device: string
  readonly firmware: FirmwareName
  readonly kernel: KernelVersion
  readonly capabilities?: CapabilityChanges
  /** Optimisation passes of the driver that are switched off. */
  readonly passesOff?: readonly PassName[]
  /** RX queues of each port. */
  readonly queues: number
  readonly seed: number
  readonly timeModel: TimeModel
  readonly traffic: Traffic
  readonly entries: readonly InitialEntry[]
  /** 128 queue numbers, by port 0; absent: round robin. */
  readonly indirection?: readonly number[]
  readonly view?: ViewState
  /** Packets to run before pausing; absent: run on. */
  readonly stopAfter?: number
}
