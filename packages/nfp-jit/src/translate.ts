/**
 * Translation of a verified program into NFP words: map numbers, passes, one sequence per instruction, outro, padding,
 * branch fix-up. Follows nfp-jit.md, sections 5.5, 7 and 21.
 *
 * Input is what the driver's hooks collected (`ProgramInfo`); nothing here asks the verifier. The result is the image
 * before relocation; relocation.ts makes it fit a port.
 */
import { EncodeError } from '@offload/nfp'
import type { ProgType } from '@offload/bpf'
import type { FirmwareProfile, InsnNote, NfpImage } from './api'
import { fixBranches } from './branch-fixup'
import { popRoutine, pushRoutine, subprogramPrologue } from './emit/calls'
import { CodeBuffer, ORIGIN_OUTRO, ORIGIN_PADDING, ORIGIN_PROLOGUE, ORIGIN_TRAMPOLINE } from './emit/code-buffer'
import { constant64 } from './emit/alu'
import type { EmitContext } from './emit/context'
import { Emitter } from './emit/emitter'
import { intro, outro } from './emit/outro'
import { ROUTINES } from './emit/routines'
import { TranslateError } from './emit/translate-error'
import { EFAULT, EINVAL, ENOENT } from './errno'
import { CODE_LD_IMM64 } from './opcodes'
import { runPasses } from './passes'
import type { PassSwitches, PassTrace } from './passes/pass'
import { FLAG_SKIP_KERNEL, FLAG_SKIP_NOOP, FLAG_SUBPROG_START, roundUp } from './program-info'
import type { ProgramInfo } from './program-info'

/** Words behind the program that the core may fetch in advance. */
const PREFETCH_WORDS = 8

export interface TranslateOptions {
  readonly progType: ProgType
  readonly firmware: FirmwareProfile
  /** Number to put into the 64-bit constant at a slot that refers to a map. */
  readonly mapId?: (slot: number) => number
  readonly passes?: PassSwitches
  /** Filled with one record a pass, for before and after views. */
  readonly traces?: PassTrace[]
}

export type TranslateResult =
  | { readonly ok: true; readonly image: NfpImage }
  | {
      readonly ok: false
      /** Positive errno inside the driver; the load itself always fails with EINVAL. */
      readonly errno: number
      /** BPF instructions translated before the failure. */
      readonly translated: number
      /** The slot at which translation stopped; absent when it failed after the last one. */
      readonly insn?: number
      /** Lines of the kernel log, without prefix. */
      readonly messages: readonly string[]
    }

/** Translates `program`, which is changed by the passes (clone it to keep it). */
export function translate(program: ProgramInfo, options: TranslateOptions): TranslateResult {
  const walk = new TranslationWalk(program, options)
  try {
    return { ok: true, image: walk.run() }
  } catch (error) {
    const [errno, lines] = driverView(error)
    const last = `Translation failed with error -${errno} (translated: ${walk.translated})`
    const insn = walk.translated < program.length ? { insn: walk.translated } : {}
    return { ok: false, errno, translated: walk.translated, ...insn, messages: [...lines, last] }
  }
}

/** Errno and log lines of a failure; anything that is not the driver's own failure is passed on. */
function driverView(error: unknown): [number, readonly string[]] {
  if (error instanceof TranslateError) return [error.errno, error.lines]
  // Operands that no word can hold; a shift amount out of range leaves no line of its own.
  if (error instanceof EncodeError) return [EFAULT, error.code === 'shift-range' ? [] : [error.message]]
  throw error
}

class TranslationWalk {
  /** BPF instructions done, skipped ones included. */
  translated = 0
  private readonly program: ProgramInfo
  private readonly options: TranslateOptions
  private readonly code: CodeBuffer
  private readonly out: Emitter

  constructor(program: ProgramInfo, options: TranslateOptions) {
    this.program = program
    this.options = options
    this.code = new CodeBuffer(options.firmware.maxLen)
    this.out = new Emitter(this.code)
  }

  run(): NfpImage {
    const { program, code, out, options } = this
    this.insertMapIds()
    const notes: InsnNote[] = [...kernelNotes(program), ...runPasses(program, options.passes, options.traces)]
    const insnWords = new Int32Array(2 * program.length)

    code.begin(ORIGIN_PROLOGUE, '')
    intro(out)
    this.translateAll(insnWords, notes)
    const lastBpfWord = code.length - 1

    code.begin(ORIGIN_OUTRO, '')
    const ends = outro(out, options.progType)
    const routines = this.callRoutines()
    code.endUnit()
    code.begin(ORIGIN_PADDING, 'padding: the core fetches ahead')
    out.nop(PREFETCH_WORDS)
    code.endUnit()

    const insnStart = Int32Array.from({ length: program.length }, (_, i) => insnWords[2 * i]!)
    fixBranches(code, program, { insnStart, lastBpfWord })
    return {
      words: code.finish(),
      insnWords,
      origins: code.origins,
      notes: notes.sort((left, right) => left.insn - right.insn),
      targets: { ...ends, ...routines },
      stackSize: program.stackSize,
      subprograms: program.subprograms.map(({ start, stackDepth, needsRegPush }) => ({
        bpf: start,
        nfp: insnStart[start]!,
        stackDepth,
        needsRegPush,
      })),
      maxPktOffset: program.maxPktOffset,
    }
  }

  /** Puts map numbers into the constants that refer to maps, unless the kernel removed them. */
  private insertMapIds(): void {
    const { program: p, options } = this
    for (let i = 0; i + 1 < p.length; i++) {
      if (p.isSkipped(i) || p.isSkipped(i + 1) || p.code[i] !== CODE_LD_IMM64 || p.src[i] !== 1) continue
      p.imm[i] = options.mapId?.(i) ?? p.imm[i]!
      p.imm[i + 1] = 0
    }
  }

  private translateAll(insnWords: Int32Array, notes: InsnNote[]): void {
    const { program: p, code, out, options } = this
    const cx: EmitContext = {
      out,
      program: p,
      firmware: options.firmware,
      progType: options.progType,
      frameDepth: roundUp(p.subprograms[0]?.stackDepth ?? 0, 4),
    }
    for (let i = 0; i < p.length; i++) {
      insnWords[2 * i] = code.length
      code.begin(i, '')
      if (p.has(i, FLAG_SUBPROG_START)) {
        cx.frameDepth = roundUp(p.subprograms[p.subprogram[i]!]!.stackDepth, 4)
        out.because('keep the return address in the stack frame')
        subprogramPrologue(out)
      }
      if (!p.isSkipped(i)) this.translateInsn(cx, i)
      insnWords[2 * i + 1] = code.length
      code.endUnit()
      this.translated++
      const silent = code.length === insnWords[2 * i] && p.code[i] !== CODE_LD_IMM64
      if (silent && (!p.isSkipped(i) || p.has(i, FLAG_SKIP_NOOP))) {
        notes.push({ insn: i, kind: 'removed', pass: 'no-op', reason: 'it leaves the register as it is' })
      }
    }
  }

  private translateInsn(cx: EmitContext, insn: number): void {
    const p = this.program
    if (p.code[insn] === CODE_LD_IMM64) return
    if (p.isSecondHalf(insn)) {
      constant64(cx, insn)
      return
    }
    const routine = ROUTINES[p.code[insn]!]
    if (!routine) throw new TranslateError(ENOENT)
    routine(cx, insn)
  }

  /** The shared routines are there only if a called subprogram needs them. */
  private callRoutines(): { readonly pushRegs: number; readonly popRegs: number } {
    const { program, code, out } = this
    if (!program.subprograms.slice(1).some((subprogram) => subprogram.needsRegPush)) return { pushRegs: 0, popRegs: 0 }
    const pushRegs = out.here
    code.begin(ORIGIN_TRAMPOLINE, 'save r6–r9 in the callee’s frame and go on to it')
    pushRoutine(out)
    const popRegs = out.here
    code.begin(ORIGIN_TRAMPOLINE, 'restore r6–r9 and return to the caller')
    popRoutine(out)
    return { pushRegs, popRegs }
  }
}

/** What the kernel's clean-up removed before translation. */
function kernelNotes(program: ProgramInfo): InsnNote[] {
  const notes: InsnNote[] = []
  for (let insn = 0; insn < program.length; insn++) {
    if (!program.has(insn, FLAG_SKIP_KERNEL)) continue
    const reason = 'the kernel removed it: it is never reached, or jumps to the next instruction'
    notes.push({ insn, kind: 'removed', pass: 'dead-code', reason })
  }
  return notes
}

/** The errno a failed translation gives the loader, whatever it was inside. */
export const TRANSLATE_ERRNO = EINVAL
