/**
 * The emulated card as its users see it. Contracts of this package; follows nfp-firmware-abi.md for all
 * numbers that firmware and driver exchange. Nothing here knows Linux or BPF.
 */
import type { Words } from '@offload/nfp'
import type { TimedFrame } from '@offload/packet'

export type TimeModel = 'exact' | 'quantum' | 'functional'

/** Verdict of a packet, from the exit code that the program left in A0. */
export type Outcome = 'pass' | 'drop' | 'tx' | 'aborted' | 'lost'

/** Behaviour of the firmware services that are simulated (nfp-firmware-abi.md, section 5.1). */
export interface FirmwareBehaviour {
  readonly name: string
  readonly helpers: {
    readonly lookup: number
    readonly update: number
    readonly delete: number
    readonly perfEventOutput: number
  }
  readonly tgtDone: number
  /** Every array index is present and zero from the start (`shipping`), or absent until written (`open`). */
  readonly arraysPreset: boolean
  /** Issue cycles of firmware per packet before and after the program. */
  readonly baseCycles: number
  readonly rssCycles: number
  readonly passCycles: number
  readonly txCycles: number
  /** Every packet dropped whatever the program says (`stripped`). */
  readonly alwaysDrop: boolean
  /** Return codes of map messages: intended ones (default), or those of the public tree's last state. */
  readonly mapCodes?: 'intended' | 'open'
  /** Words of a worker's code store; 8192 when absent. */
  readonly storeWords?: 8192 | 16384
  /** Local memory for the stack of one context; 512 when absent. */
  readonly stackBytes?: number
  /** Bytes of a map entry, key and value together; 64 when absent. */
  readonly entryBytes?: 64 | 128
}

export interface DeviceProfile {
  readonly name: string
  readonly clockMHz: number
  readonly ports: number
  /** Gbit/s of each port. */
  readonly portGbps: number
  readonly islands: number
  readonly workersPerIsland: number
  readonly contexts: 4 | 8
}

export interface CardMapSpec {
  readonly type: 'array' | 'hash'
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
}

export interface ChipConfig {
  readonly device: DeviceProfile
  readonly firmware: FirmwareBehaviour
  readonly seed: number
  readonly timeModel: TimeModel
  /** RX queues of each port. */
  readonly queues: number
}

/** What left the chip, in order of departure. Times in cycles. */
export interface PacketRecord {
  readonly number: number
  readonly port: number
  readonly arrived: number
  readonly started: number
  readonly departed: number
  readonly core: number
  readonly context: number
  readonly outcome: Outcome
  /** RX queue that it goes to (pass), else -1. */
  readonly queue: number
  /** A0 as the program left it. */
  readonly exitCode: number
  /** B0 as the program left it: the low half of its return value, unless it went to the abort exit on its own. */
  readonly returnValue: number
  readonly words: number
  /** Bytes at the end (after adjust_head / adjust_tail). */
  readonly data: Uint8Array
}

/** One event message to the host (nfp-firmware-abi.md, section 8.1). */
export interface PerfEvent {
  readonly time: number
  readonly core: number
  readonly mapId: number
  readonly packet: Uint8Array
  readonly data: Uint8Array
}

export interface ChipCounters {
  readonly cycles: number
  readonly received: number
  readonly passed: number
  readonly dropped: number
  readonly transmitted: number
  readonly aborted: number
  readonly lost: number
  readonly words: number
  readonly receivedBytes: number
  /** Packets by RX queue of port 0, then port 1, … */
  readonly queues: readonly number[]
  /** Per worker core: cycles spent executing. */
  readonly busy: readonly number[]
  /** Executions by code-store address of the program window (from its first word). */
  readonly wordCounts: Uint32Array
  readonly eventsSent: number
  readonly eventsLost: number
}

/** One context as the debugger shows it. */
export interface ContextView {
  readonly core: number
  readonly context: number
  readonly state: 'idle' | 'ready' | 'waiting' | 'running'
  readonly waitingFor: string
  readonly pc: number
  readonly packet: number
  readonly gprA: readonly number[]
  readonly gprB: readonly number[]
}

/** Result codes of map messages (nfp-firmware-abi.md, section 8). */
export type MapReplyCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7

/**
 * One chip, whole, in one thread. Times are cycles of the device's clock from reset. All methods are
 * deterministic functions of what was called before.
 */
export interface Chip {
  readonly config: ChipConfig
  readonly now: number
  /** Put relocated words into every worker's code store at `start`; undefined removes the program of that port. */
  loadProgram(port: number, program: { readonly words: Words; readonly start: number } | undefined): void
  mapAlloc(spec: CardMapSpec): { readonly code: MapReplyCode; readonly id: number }
  mapFree(id: number): MapReplyCode
  mapLookup(id: number, key: Uint8Array): { readonly code: MapReplyCode; readonly value?: Uint8Array }
  mapUpdate(id: number, key: Uint8Array, value: Uint8Array, flags: number): MapReplyCode
  mapDelete(id: number, key: Uint8Array): MapReplyCode
  /** First key when `key` is undefined; code 2 at the end. */
  mapNextKey(id: number, key: Uint8Array | undefined): { readonly code: MapReplyCode; readonly key?: Uint8Array }
  /** Queue frames; times in nanoseconds must not go back. */
  offer(frames: readonly TimedFrame[]): void
  /** Frames that were offered and have not arrived yet. */
  readonly pending: number
  /** Run until the given cycle, or until nothing is left to do when `idle` is set. */
  run(until: number, options?: { readonly untilIdle?: boolean; readonly maxWords?: number }): void
  /** Execute one word of the context that runs next; returns where. */
  stepWord(): { readonly core: number; readonly context: number; readonly pc: number } | undefined
  /** Records since the last call. */
  takePackets(): PacketRecord[]
  takeEvents(): PerfEvent[]
  counters(): ChipCounters
  context(core: number, context: number): ContextView
  setIndirection(port: number, table: Uint8Array): void
  /** 64-bit FNV-1a over the architectural state and counters, 16 hex digits. */
  stateHash(): string
  /** The whole state; written to `into`, and given as a part of it, where that is large enough. */
  snapshot(into?: Uint8Array): Uint8Array
  restore(bytes: Uint8Array): void
}
