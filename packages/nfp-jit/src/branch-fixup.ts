/**
 * Fills in the targets of jumps and calls, once every instruction's place is known. Follows nfp-jit.md, section 19.
 *
 * Branches inside the sequences of shifts, helpers and atomics already hold their targets; they are in instructions of
 * other classes and are left alone.
 */
import { immediateOf, isAddressBranch, RELOCATION, relocationOf, setBranchAddress, setImmediate } from '@offload/nfp'
import type { Word } from '@offload/nfp'
import { wordsAfterCallBranch } from './emit/calls'
import type { CodeBuffer } from './emit/code-buffer'
import { TranslateError } from './emit/translate-error'
import { EINVAL, ELOOP } from './errno'
import { CODE_EXIT, isJump } from './opcodes'
import { FLAG_SKIP_MERGED, roundUp } from './program-info'
import type { ProgramInfo } from './program-info'

/** Places found while translating: first word of each slot, and the last word made from BPF. */
export interface CodePlaces {
  readonly insnStart: Int32Array
  readonly lastBpfWord: number
}

export function fixBranches(code: CodeBuffer, program: ProgramInfo, places: CodePlaces): void {
  for (let i = 0; i < program.length; i++) {
    if (program.isSkipped(i) || !isJump(program.code[i]!) || program.isHelperCall(i)) continue
    const exit = program.code[i] === CODE_EXIT
    if (exit && program.subprogram[i] !== 0) continue
    fixInsn(code, program, places, i, exit)
  }
}

function fixInsn(code: CodeBuffer, program: ProgramInfo, places: CodePlaces, insn: number, exit: boolean): void {
  const call = program.isPseudoCall(insn)
  const callee = call ? program.subprograms[program.subprogram[program.jumpDst[insn]!]!]! : undefined
  const next = insn + 1 < program.length ? places.insnStart[insn + 1]! - 1 : places.lastBpfWord
  const last = next - (callee ? wordsAfterCallBranch(frameOf(program, insn), callee.needsRegPush) : 0)
  const branch = code.at(last)
  if (!isAddressBranch(branch)) {
    const text = hex(branch)
    throw new TranslateError(ELOOP, [
      `Fixup found block not ending in branch ${insn} ${program.code[insn]!.toString(16).padStart(2, '0')} ${text}!!`,
    ])
  }
  if (exit || (relocationOf(branch) !== RELOCATION.branch && !call)) return
  const target = program.jumpDst[insn]!
  if (target < 0) throw new TranslateError(ELOOP, ["Non-exit jump doesn't have destination info recorded!!"])
  if (program.has(target, FLAG_SKIP_MERGED))
    throw new TranslateError(ELOOP, ['Branch landing on removed instruction!!'])
  const address = places.insnStart[target]!
  if (callee?.needsRegPush) {
    setCallee(code, last + 1, address)
    return
  }
  for (let at = places.insnStart[insn]!; at <= last; at++) {
    const word = code.at(at)
    if (!isAddressBranch(word)) continue
    setBranchAddress(word, address)
    code.replace(at, word)
  }
}

/** A call through the saving routine hands the callee's address over in a register. */
function setCallee(code: CodeBuffer, at: number, address: number): void {
  const word = code.at(at)
  if (immediateOf(word) !== 0) throw new TranslateError(EINVAL, ['BUG: failed to fix up callee register saving'])
  setImmediate(word, address)
  code.replace(at, word)
}

/** Depth of the frame that instruction `insn` runs in, as the translator used it. */
export function frameOf(program: ProgramInfo, insn: number): number {
  return roundUp(program.subprograms[program.subprogram[insn]!]!.stackDepth, 4)
}

const hex = (word: Readonly<Word>): string =>
  word.hi.toString(16).padStart(8, '0') + word.lo.toString(16).padStart(8, '0')
