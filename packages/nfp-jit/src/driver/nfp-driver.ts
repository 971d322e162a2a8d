/**
 * The nfp driver's verifier hooks: prepare, one call per instruction visited, finalize, and the clean-up hooks.
 *
 * The order of checks within an instruction decides which message a program gets, and state is carried from visit to
 * visit, as in the driver. Follows nfp-offload.md, sections 6 and 7. Translation is the caller's next step, with the
 * `program` collected here (device-load.ts).
 */
import type { DriverEnv, FinalizeView, OffloadDriver } from '@offload/verifier'
import type { DeviceRefusal, FirmwareProfile, RefusalCode } from '../api'
import { EINVAL, EOPNOTSUPP } from '../errno'
import {
  CODE_EXIT,
  CODE_JA,
  isAlu,
  isAtomic,
  isJump,
  isLoad,
  isStore,
  JMP_CALL,
  JMP_EXIT,
  JMP_JA,
  operationOf,
  SUPPORTED_CODES,
} from '../opcodes'
import { FLAG_SKIP_KERNEL, ProgramInfo } from '../program-info'
import { checkAlu } from './check-alu'
import { checkHelperCall } from './check-call'
import type { CheckContext } from './check-context'
import { checkExit } from './check-exit'
import { checkPointer } from './check-pointer'
import { checkAtomic, checkStore } from './check-store'
import type { MapWordUses } from './map-word-uses'

export interface NfpDriverOptions {
  readonly firmware: FirmwareProfile
  /** Marks of each map of the program, in its order; `undefined` for maps that are not on the card. */
  readonly mapUses: readonly (MapWordUses | undefined)[]
  /** Note refusals but let the walk go on, to learn of all of them. */
  readonly survey?: boolean
}

/** What the hook said of a slot. */
export const VERDICT_NOT_VISITED = 0
export const VERDICT_ACCEPTED = 1
export const VERDICT_REFUSED = 2

type Log = (text: string) => void

const LAST_BPF_REGISTER = 10

export class NfpDriver implements OffloadDriver {
  /** Everything learned about the program; empty until `prepare`. */
  program = new ProgramInfo(new Uint8Array(0))
  /** Refusals in the order they happened; more than one only in a survey. */
  readonly refusals: DeviceRefusal[] = []
  /** One `VERDICT_…` a slot. */
  verdicts = new Uint8Array(0)
  /** A clean-up hook failed: the program cannot be translated any more. */
  optimisationFailed = false
  private readonly options: NfpDriverOptions
  /** Slots the kernel has not removed, in order: what its own instruction numbers count. */
  private present = new Int32Array(0)

  constructor(options: NfpDriverOptions) {
    this.options = options
  }

  prepare(insns: Uint8Array): number {
    this.program = new ProgramInfo(insns)
    this.verdicts = new Uint8Array(this.program.length)
    this.present = Int32Array.from(this.program.code.keys())
    return 0
  }

  insn(env: DriverEnv, index: number): number {
    const result = this.check(env, index)
    if (result === 0) {
      if (this.verdicts[index] !== VERDICT_REFUSED) this.verdicts[index] = VERDICT_ACCEPTED
      return 0
    }
    this.verdicts[index] = VERDICT_REFUSED
    return this.options.survey ? 0 : result
  }

  finalize(view: FinalizeView): number {
    const { program, options } = this
    program.setSubprograms(view.subprograms.map(({ stackDepth }) => stackDepth))
    const [processed, expected] = [program.subprograms.length, view.subprograms.length]
    if (processed !== expected) {
      const text = `BUG: number of processed BPF functions is not consistent (processed ${processed}, expected ${expected})`
      view.log(`[nfp] ${text}\n`)
    }
    const { stackSize } = options.firmware
    if (program.stackSize > stackSize) {
      const text = `stack too large: program ${program.stackSize}B > FW stack ${stackSize}B`
      const say = (line: string): void => view.log(line)
      const result = this.refuse(say, undefined, EOPNOTSUPP, 'stack-too-large', text)
      if (!options.survey) return result
    }
    program.setZeroExtension(view.zext)
    return 0
  }

  replaceInsn(index: number, insn: Uint8Array, log: Log): number {
    const { program } = this
    const at = this.originalIndex(index)
    const [before, after] = [program.code[at]!, insn[0]!]
    const offset = new DataView(insn.buffer, insn.byteOffset).getInt16(2, true)
    if (!isConditionalJump(before) || after !== CODE_JA) {
      const text = `unsupported instruction replacement ${before.toString(16)} -> ${after.toString(16)}`
      return this.failOptimisation(log, at, text)
    }
    if (offset === 0) {
      program.jumpDst[at] = at + 1
      program.jumpNegOp[at] = 0
      return 0
    }
    const target = this.originalIndex(index + offset + 1)
    if (program.jumpDst[at] === target) return 0
    return this.failOptimisation(
      log,
      at,
      `branch hard wire at ${at} changes target ${program.jumpDst[at]} -> ${target}`,
    )
  }

  removeInsns(index: number, count: number): number {
    for (const slot of this.present.subarray(index, index + count)) this.program.flags[slot]! |= FLAG_SKIP_KERNEL
    this.present.copyWithin(index, index + count)
    this.present = this.present.subarray(0, Math.max(index, this.present.length - count))
    return 0
  }

  private check(env: DriverEnv, insn: number): number {
    const { program: p, options } = this
    const cx: CheckContext = {
      env,
      program: p,
      firmware: options.firmware,
      mapUses: options.mapUses,
      insn,
      refuse: (errno, code, text) => this.refuse((line) => env.log(line), insn, errno, code, text),
    }
    const code = p.code[insn]!
    if (!SUPPORTED_CODES.has(code)) {
      return cx.refuse(EINVAL, 'opcode', `instruction 0x${code.toString(16)} not supported`)
    }
    if (p.src[insn]! > LAST_BPF_REGISTER || p.dst[insn]! > LAST_BPF_REGISTER) {
      return cx.refuse(EINVAL, 'registers', 'program uses extended registers - jit hardening?')
    }
    if (p.isHelperCall(insn)) return checkHelperCall(cx)
    if (code === CODE_EXIT) return checkExit(cx)
    if (isLoad(code)) return checkPointer(cx, p.src[insn]!)
    if (isStore(code)) return checkStore(cx)
    if (isAtomic(code)) return checkAtomic(cx)
    if (isAlu(code)) return checkAlu(cx)
    return 0
  }

  private refuse(log: Log, insn: number | undefined, errno: number, code: RefusalCode, text: string): number {
    log(`[nfp] ${text}\n`)
    this.refusals.push({ ...(insn === undefined ? {} : { insn }), errno, code, text })
    return -errno
  }

  private failOptimisation(log: Log, insn: number, text: string): number {
    this.optimisationFailed = true
    return this.refuse(log, insn, EINVAL, 'optimisation', text)
  }

  /** Slot of instruction `index` of the program as it is after the removals so far. */
  private originalIndex(index: number): number {
    return this.present[index] ?? this.program.length
  }
}

function isConditionalJump(code: number): boolean {
  const operation = operationOf(code)
  return isJump(code) && operation !== JMP_JA && operation !== JMP_CALL && operation !== JMP_EXIT
}
