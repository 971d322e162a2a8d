/**
 * What one verification knows besides the state at hand: program, maps, limits, marks per instruction, the log,
 * pending branches and counters. Passed to every check; holds no rules itself.
 */
import { kernelInsnText, type MapReloc, type ProgType } from '@offload/bpf'
import type { VerifyRequest } from './api'
import type { OffloadDriver } from './driver'
import type { Insns } from './insns'
import type { Log } from './log'
import type { MapInfo } from './maps'
import type { Profile } from './profile'
import type { Btf, FuncInfo } from './btf'
import { History } from './history'
import { s64, ZERO } from './int64'
import { knownScalar, type RegState } from './reg-state'
import { stateText, Touched } from './state-text'
import type { State } from './state'
import type { LiveStack } from './live-stack'
import type { SccVisits } from './loops'

export const EPERM = 1
export const E2BIG = 7
export const EBADF = 9
export const EACCES = 13
export const EFAULT = 14
export const EINVAL = 22
export const EPROTO = 71
export const ENOTSUPP = 524

/** Largest offset, variable part of an offset and so on that the verifier reckons with. */
export const MAX_VAR_OFF = 1 << 29
export const MAX_STACK = 512
export const MAX_FRAMES = 8

/** Ends the load (or a speculative path). The message is in the log already. */
export class Refusal {
  readonly errno: number
  readonly by: 'kernel' | 'driver'
  constructor(errno: number, by: 'kernel' | 'driver' = 'kernel') {
    this.errno = errno
    this.by = by
  }
}

/** Thrown when the caller asked to stop. */
export class Cancelled {}

/** The immediates that occur most. */
const SMALL_SCALARS: readonly RegState[] = Array.from({ length: 256 }, (_, n) => knownScalar(s64(n)))

export interface Subprogram {
  start: number
  end: number
  name: string
  global: boolean
  hasTailCall: boolean
  hasLdAbs: boolean
  movesPacket: boolean
  /** Bytes of stack, a multiple of 8. */
  stackDepth: number
  /** Global functions: called from code that was walked, so it must be walked itself. */
  called: boolean
  verified: boolean
  isCallback: boolean
  isAsyncCallback: boolean
  funcInfo?: FuncInfo
}

/** Marks per instruction. */
export class Marks {
  readonly prune: Uint8Array
  readonly jump: Uint8Array
  readonly force: Uint8Array
  readonly callsCallback: Uint8Array
  readonly scc: Int32Array
  readonly live: Uint16Array
  /** Walked, outside speculation. */
  readonly seen: Uint8Array
  /** Result must be zero-extended by the translator. */
  readonly zext: Uint8Array
  /** Type of pointer a load or store goes through; 0 not yet. */
  readonly pointerType: Int32Array
  /** Map of a ld_imm64, or -1; and the offset into its value. */
  readonly map: Int16Array
  readonly mapOff: Int32Array
  /** Tail calls: map seen at the call, -1 none yet, -2 several. */
  readonly tailMap: Int16Array
  /** Speculation must not pass this instruction (or its result). */
  readonly nospec: Uint8Array
  readonly nospecResult: Uint8Array
  readonly aluState: Uint8Array
  readonly aluLimit: Int32Array
  constructor(n: number) {
    this.prune = new Uint8Array(n)
    this.jump = new Uint8Array(n)
    this.force = new Uint8Array(n)
    this.callsCallback = new Uint8Array(n)
    this.scc = new Int32Array(n)
    this.live = new Uint16Array(n)
    this.seen = new Uint8Array(n)
    this.zext = new Uint8Array(n)
    this.pointerType = new Int32Array(n)
    this.map = new Int16Array(n).fill(-1)
    this.mapOff = new Int32Array(n)
    this.tailMap = new Int16Array(n).fill(-1)
    this.nospec = new Uint8Array(n)
    this.nospecResult = new Uint8Array(n)
    this.aluState = new Uint8Array(n)
    this.aluLimit = new Int32Array(n)
  }
}

export interface Pending {
  readonly state: State
  readonly insn: number
  readonly prev: number
  /** Length of the log when it was pushed, for levels without full text. */
  readonly logEnd: number
}

export class Env {
  readonly request: VerifyRequest
  readonly progType: ProgType
  readonly insns: Insns
  readonly maps: readonly MapInfo[]
  readonly relocs: readonly MapReloc[]
  readonly profile: Profile
  readonly log: Log
  readonly driver: OffloadDriver | undefined
  readonly marks: Marks
  readonly touched = new Touched()
  private readonly texts: string[] = []
  private readonly constant = knownScalar(ZERO)
  /** CAP_PERFMON: leaks, uninitialised stack and speculation are no concern. */
  readonly perfmon: boolean
  readonly strictAlignment: boolean
  readonly checkpointOften: boolean
  readonly license: string
  subprograms: Subprogram[] = []
  btf: Btf | undefined
  funcInfos: readonly FuncInfo[] = []

  state!: State
  insn = 0
  prevInsn = 0
  readonly history = new History()
  /** Entry of the present instruction; 0 none yet. */
  historyEntry = 0
  pending: Pending[] = []
  /** States of paths that have ended, for new branches. */
  readonly spareStates: State[] = []
  /** The last instruction returned to a caller: the next one prints the whole state. */
  returned = false
  idCounter = 0
  /** Masking limits were noted: state comparison becomes strict for scalars. */
  exploresLimits = false

  /** Last line of the message that refused. */
  error = ''
  processed = 0
  jumps = 0
  prevProcessed = 0
  prevJumps = 0
  totalStates = 0
  peakStates = 0
  liveStates = 0
  maxStatesPerInsn = 0

  liveStack!: LiveStack
  sccs!: SccVisits

  /** For the recorder: the checkpoint made last, and the one that just ended a path. */
  newestCheckpoint: State | null = null
  coveredBy: State | null = null

  constructor(request: VerifyRequest, insns: Insns, maps: readonly MapInfo[], profile: Profile, log: Log) {
    const caps = request.caps
    this.request = request
    this.progType = request.progType
    this.insns = insns
    this.maps = maps
    this.relocs = request.relocs ?? []
    this.profile = profile
    this.log = log
    this.driver = request.driver
    this.marks = new Marks(insns.length)
    this.perfmon = caps === undefined || caps.includes('perfmon') || caps.includes('sys_admin')
    this.strictAlignment = ((request.progFlags ?? 0) & 1) !== 0
    this.checkpointOften = ((request.progFlags ?? 0) & 8) !== 0
    this.license = request.license ?? 'GPL'
  }

  /** The immediate of an instruction as a known scalar, to be read until the next call. */
  immediate(i: number): RegState {
    const value = this.insns.imm[i]!
    if (value >= 0 && value < SMALL_SCALARS.length) return SMALL_SCALARS[value]!
    this.constant.setKnown(s64(value))
    return this.constant
  }

  get frame() {
    return this.state.current
  }
  get regs() {
    return this.state.current.regs
  }
  get curFrame(): number {
    return this.state.frames.length - 1
  }
  newId(): number {
    return ++this.idCounter
  }

  say(text: string): void {
    this.log.write(text)
  }
  /** Logs and ends: `errno` is positive, the text ends its own line. */
  refuse(errno: number, text: string): never {
    this.log.write(text)
    this.error = text.trimEnd().split('\n').pop() ?? ''
    throw new Refusal(errno)
  }

  /** `(op) text` of an instruction; addresses of maps print as 0. */
  insnText(i: number): string {
    const known = this.texts[i]
    if (known !== undefined) return known
    const map = (slot: number): string | undefined => (this.marks.map[slot]! >= 0 ? '0x0' : undefined)
    const text = kernelInsnText(this.insns.bytes, i, { map })
    // What the kernel cannot print has no opcode before it.
    const prefix = text.startsWith('BUG_') ? '' : `(${this.insns.op[i]!.toString(16).padStart(2, '0')}) `
    return (this.texts[i] = prefix + text)
  }

  /** Prints what was touched, behind the instruction's line if nothing else was printed since. */
  printTouched(): void {
    const log = this.log
    if (log.lineEnd !== 0 && log.lineEnd === log.end) {
      log.joinLine()
      const column = Math.ceil(Math.max(log.lineLength + 5, 40) / 8) * 8
      log.write(`${' '.repeat(column - log.lineLength - 1 - 1)};`)
    } else log.write(`${this.insn}:`)
    this.printState(this.state, this.curFrame, false)
  }

  /** A state and a line end; partial prints forget what was touched. */
  printState(state: State, frameno: number, all: boolean): void {
    this.log.write(`${stateText(state, frameno, this.maps, all ? undefined : this.touched)}\n`)
    if (!all) this.touched.clear()
  }
}
