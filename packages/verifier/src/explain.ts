/**
 * A refusal for people: one plain sentence that names the instruction and the cause, and the instructions that matter
 * (where the value in question came from). The kernel's message stays beside it, it is not replaced.
 */
import { kernelInsnText } from '@offload/bpf'
import type { VerifyRequest, VerifyResult } from './api'
import { CAUSES } from './explain-causes'
import { definesAndUses } from './cfg'
import { helperFor } from './helper-table'
import { Insns } from './insns'
import { verify } from './verify'

export interface Explanation {
  /** One sentence, with a full stop. */
  readonly sentence: string
  /** The instruction that was refused, where the walk got to one. */
  readonly insn?: number
  /** Instructions that made the value in question, in program order, the refused one last. */
  readonly slice: readonly number[]
  /** What would help, where there is a usual way. */
  readonly advice?: string
}

/** Explains a refusal; undefined for anything else. Verifies once more, with recording, to follow the path. */
export function explain(request: VerifyRequest, result: VerifyResult): Explanation | undefined {
  if (result.verdict !== 'reject') return undefined
  const insn = result.errorInsn
  const where = insn === undefined ? 'The program' : `Instruction ${insn} (\`${kernelInsnText(request.insns, insn)}\`)`
  for (const cause of CAUSES) {
    const match = cause.pattern.exec(result.error)
    if (!match) continue
    const sentence = `${cause.about === 'program' ? 'The program' : where} ${cause.says(match)}.`
    return build(sentence, cause.advice)
  }
  const who = result.refusedBy === 'driver' ? 'is refused by the device' : 'is refused by the verifier'
  return build(`${where} ${who}: ${result.error === '' ? `error ${result.errno}` : result.error}.`)

  function build(sentence: string, advice?: string): Explanation {
    return {
      sentence,
      ...(insn === undefined ? {} : { insn }),
      slice: insn === undefined ? [] : sliceOf(request, insn, result.error),
      ...(advice === undefined ? {} : { advice }),
    }
  }
}

/** Follows the registers of the message back along the path that was refused. */
function sliceOf(request: VerifyRequest, insn: number, error: string): number[] {
  const { driver: _driver, ...rest } = request
  const { steps = [] } = verify({ ...rest, logLevel: 0, record: true })
  const insns = new Insns(request.insns)
  let at = -1
  for (let k = steps.length - 1; k >= 0 && at < 0; k--) if (steps[k]!.insn === insn && !steps[k]!.covered) at = k
  if (at < 0) return [insn]
  const argsOf = (id: number): number => helperFor(id, request.progType, true)?.args.length ?? 5
  const named = [...error.matchAll(/\bR(\d+)\b/g)].reduce((set, m) => set | (1 << Number(m[1])), 0)
  let wanted = named !== 0 ? named : definesAndUses(insns, insn, argsOf)[1]
  // r10 has no maker; slots on the stack are followed by their offset from it.
  wanted &= 0x3ff
  let frame = steps[at]!.frame
  const slots = new Set<number>()
  const slice = new Set([insn])
  for (let k = steps[at]!.parent; k >= 0; k = steps[k]!.parent) {
    const i = steps[k]!.insn
    if (steps[k]!.frame !== frame) {
      // Arguments and results keep their numbers over a call.
      frame = steps[k]!.frame
      slice.add(i)
      continue
    }
    const [defs, uses] = definesAndUses(insns, i, argsOf)
    const slot = stackSlot(insns, i)
    const stores = slot !== undefined && (insns.op[i]! & 7) !== 1
    if (stores && slots.has(slot)) {
      slots.delete(slot)
      slice.add(i)
      wanted |= uses & 0x3ff
    } else if ((defs & wanted) !== 0) {
      slice.add(i)
      wanted &= ~defs
      if (slot !== undefined) slots.add(slot)
      else wanted |= uses & 0x3ff
    } else if (insns.isConditional(i) && (uses & wanted) !== 0) slice.add(i)
    if (wanted === 0 && slots.size === 0) break
  }
  return [...slice].sort((a, b) => a - b)
}

/** Slot of a load or store that goes through r10 itself. */
function stackSlot(insns: Insns, i: number): number | undefined {
  const cls = insns.op[i]! & 7
  if (cls === 1 && insns.src[i] === 10) return Math.floor(insns.off[i]! / 8)
  if ((cls === 2 || cls === 3) && insns.dst[i] === 10) return Math.floor(insns.off[i]! / 8)
  return undefined
}
