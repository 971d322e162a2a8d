/**
 * State of the host's BPF machine, shared by the interpreter, the helpers and the packet contexts: registers, memory,
 * frames, and what the surroundings (CPU, clock, random numbers, event readers) answer.
 */
import type { HostMap } from '../maps/map'
import {
  CTX_AT,
  CTX_SIZE,
  FRAME_SIZE,
  GuestMemory,
  HANDLE_SIZE,
  HANDLES_AT,
  MAX_FRAMES,
  POINTER_HIGH,
  STACK_AT,
  STACK_HIGH,
  STACK_TOP,
} from './memory'
import type { VmProgram } from './program'

/** What programs learn of the world. Times in nanoseconds; everything here must be deterministic. */
export interface VmEnvironment {
  /** CPU that runs programs: 0 … cpus − 1. */
  cpu: number
  readonly cpus: number
  now(): number
  /** 32 random bits. */
  random(): number
  /** Hand an event to the reader of slot `index`; 0 or a negative errno. */
  perfOutput(map: HostMap, index: number, data: Uint8Array, packet: Uint8Array): number
  /** bpf_trace_printk. */
  trace(text: string): void
}

/** Why a run ended other than by `exit`. */
export interface VmFault {
  readonly kind: 'memory' | 'instruction' | 'helper' | 'limit' | 'jump' | 'stack'
  readonly pc: number
  readonly message: string
}

export type ContextKind = 'xdp' | 'skb' | 'none'

/** Registers are pairs: 2n low half, 2n + 1 high half. */
export const R0 = 0
export const R1 = 2
export const R2 = 4
export const R3 = 6
export const R4 = 8
export const R5 = 10
export const R6 = 12
export const R10 = 20

export type Helper = (vm: Vm) => void

export class Vm {
  readonly memory: GuestMemory
  readonly env: VmEnvironment
  readonly reg = new Int32Array(24)
  readonly maps: (HostMap | undefined)[] = []
  /** Helpers by number; absent ones fault. */
  readonly helpers: (Helper | undefined)[]
  program: VmProgram | undefined
  /** Frames in use: 0 is the program itself. */
  depth = 0
  deepest = 0
  readonly returnPc = new Int32Array(MAX_FRAMES)
  /** Program that each frame returns to: a callee may have gone on in another one by a tail call. */
  readonly returnProgram: (VmProgram | undefined)[] = []
  /** R6 … R9 and R10 of each caller. */
  readonly saved = new Int32Array(MAX_FRAMES * 10)
  readonly mayGoto = new Int32Array(MAX_FRAMES)
  /** Instructions left before the run is ended. */
  remaining = 0
  private limit = 0
  tailCalls = 0
  fault: VmFault | undefined
  context: ContextKind = 'none'
  /** The packet: start of metadata, of data, end of data, and the limits of the buffer. Addresses. */
  dataMeta = 0
  data = 0
  dataEnd = 0
  hardStart = 0
  hardEnd = 0
  /** Bytes around the packet that this run could have written. */
  touchedStart = 0
  touchedEnd = 0
  /** skb: offset of the network header from `data`, for LD_ABS with a negative offset. */
  networkHeader = 0
  /** Extra region that conformance tests read and write. */
  extraStart = 0
  extraEnd = 0
  /** Target of the last redirect helper: interface index, or a map and its key. */
  redirect: { readonly ifindex: number } | { readonly map: HostMap; readonly key: number } | undefined
  /** Conformance mode: a helper that does not exist gives 0. */
  lenientHelpers = false
  /** Runs a function of the program as a callback of a helper; set by the interpreter. */
  callback: (pc: number) => boolean = () => false

  constructor(env: VmEnvironment, helpers: (Helper | undefined)[], memory = new GuestMemory()) {
    this.env = env
    this.helpers = helpers
    this.memory = memory
  }

  /** Instructions of this run so far. */
  get executed(): number {
    return this.limit - this.remaining
  }

  /** Registers a map: gives it the handle that map pointers point at. */
  addMap(map: HostMap): number {
    let index = this.maps.indexOf(undefined)
    if (index < 0) index = this.maps.length
    this.maps[index] = map
    return HANDLES_AT + index * HANDLE_SIZE
  }

  removeMap(map: HostMap): void {
    const index = this.maps.indexOf(map)
    if (index >= 0) this.maps[index] = undefined
  }

  /** The map that the pointer in register `r` points at. */
  mapAt(r: number): HostMap | undefined {
    if (this.reg[r + 1] !== POINTER_HIGH) return undefined
    const offset = this.reg[r]! - HANDLES_AT
    return offset >= 0 && offset % HANDLE_SIZE === 0 ? this.maps[offset / HANDLE_SIZE] : undefined
  }

  /** Sets R0 to a sign-extended 32-bit number. */
  give(value: number): void {
    this.reg[0] = value
    this.reg[1] = value >> 31
  }

  /** Sets R0 to a pointer, or null for 0. */
  givePointer(address: number): void {
    this.reg[0] = address
    this.reg[1] = address === 0 ? 0 : POINTER_HIGH
  }

  /** Index of the bytes that register `r` points at, or -1 when they are not all readable. */
  pointer(r: number, size: number): number {
    return this.checkPointer(this.reg[r]! >>> 0, this.reg[r + 1]!, size)
  }

  /** As `check`, for an address with its upper half: stack pointers must point at the stack, others must not. */
  checkPointer(at: number, high: number, size: number): number {
    if (high === POINTER_HIGH) return at < STACK_AT || at >= STACK_TOP ? this.check(at, size) : -1
    return high === STACK_HIGH && at >= STACK_AT && at < STACK_TOP ? this.check(at, size) : -1
  }

  /** `at` when [at, at + size) is memory that the program may touch, else -1. */
  check(at: number, size: number): number {
    const end = at + size
    if (at >= this.stackLow() && end <= STACK_TOP) return at
    if (at >= this.dataMeta && end <= this.dataEnd) return at
    if (at >= CTX_AT && end <= CTX_AT + CTX_SIZE) return at
    if (at >= this.extraStart && end <= this.extraEnd) return at
    if (at >= HANDLES_AT && end <= HANDLES_AT + this.maps.length * HANDLE_SIZE) return at
    return this.memory.inHeap(at, size) ? at : -1
  }

  private stackLow(): number {
    return STACK_TOP - (this.depth + 1) * FRAME_SIZE
  }

  fail(kind: VmFault['kind'], pc: number, message: string): void {
    this.fault ??= { kind, pc, message }
  }

  /** Makes ready for a run: empty frames, budget, R1 = context, R10 = frame. Stack bytes of the last run are cleared. */
  begin(limit: number): void {
    this.memory.bytes.fill(0, STACK_TOP - (this.deepest + 1) * FRAME_SIZE, STACK_TOP)
    this.reg.fill(0)
    this.depth = 0
    this.deepest = 0
    this.tailCalls = 0
    this.limit = limit
    this.remaining = limit
    this.fault = undefined
    this.redirect = undefined
    this.mayGoto[0] = MAY_GOTO_ROUNDS
    this.reg[R1] = CTX_AT
    this.reg[R1 + 1] = POINTER_HIGH
    this.reg[R10] = STACK_TOP
    this.reg[R10 + 1] = STACK_HIGH
  }
}

/** Rounds of may_goto that a frame has (kernel-tables.md, section 6; the kernel's number). */
export const MAY_GOTO_ROUNDS = 8_388_608
