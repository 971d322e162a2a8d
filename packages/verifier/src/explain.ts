/**
 * A refusal for people: one plain sentence that names the instruction and the cause, and the instructions that matter
 * (where the value in question came from). The kernel's message stays beside it, it is not replaced.
 */
import { kernelInsnText } from '@offload/bpf'
import type { VerifierStep, VerifyRequest, VerifyResult } from './api'
import { CAUSES } from './explain-causes'
import { Insns } from './insns'
import { reachOf, reachWords, type Reach } from './reach'
import { sliceOf, type SliceLine } from './slice'
import { verify } from './verify'

export interface Explanation {
  /** One sentence, with a full stop. */
  readonly sentence: string
  /** The instruction that was refused, where the walk got to one. */
  readonly insn?: number
  /** Instructions that made the value in question, in the order of the refused path, the refused one last. */
  readonly slice: readonly SliceLine[]
  /** For accesses outside of what is allowed: how far, of how much. */
  readonly reach?: Reach
  /** What would help, where there is a usual way. */
  readonly advice?: string
}

const REACHES_OUT = /offset is outside of the packet|invalid access to map value|outside of the allowed memory range/

/**
 * Explains a refusal; undefined for anything else. Follows the path in the result's recorded steps; without them it
 * verifies once more.
 */
export function explain(request: VerifyRequest, result: VerifyResult): Explanation | undefined {
  if (result.verdict !== 'reject') return undefined
  const insn = result.errorInsn
  if (insn === undefined) return { ...sentenceFor('The program', result), slice: [] }
  const insns = new Insns(request.insns)
  const where = `Instruction ${insn} (\`${kernelInsnText(request.insns, insn)}\`)`
  const steps = result.steps ?? recorded(request)
  const at = steps.findLastIndex((step) => step.insn === insn && step.covered !== true)
  const reach = at < 0 || !REACHES_OUT.test(result.error) ? undefined : reachOf(insns, insn, steps[at]!.state)
  const said = sentenceFor(where, result, reach)
  const clause = reach === undefined ? clauseOf(result) : reachWords(reach)
  const slice: readonly SliceLine[] =
    at < 0
      ? [{ insn, step: -1, role: 'refused', text: clause }]
      : sliceOf(insns, request.progType, steps, at, result.error, clause)
  return { ...said, insn, slice, ...(reach === undefined ? {} : { reach }) }
}

function recorded(request: VerifyRequest): readonly VerifierStep[] {
  const { driver: _driver, ...rest } = request
  return verify({ ...rest, logLevel: 0, record: true }).steps ?? []
}

function causeOf({ error }: VerifyResult): { says: string; about?: 'program'; advice?: string } | undefined {
  for (const { pattern, says, about, advice } of CAUSES) {
    const match = pattern.exec(error)
    if (match !== null)
      return {
        says: says(match),
        ...(about === undefined ? {} : { about }),
        ...(advice === undefined ? {} : { advice }),
      }
  }
  return undefined
}

/** What the refused instruction does wrong, without naming it. */
function clauseOf(result: VerifyResult): string {
  return causeOf(result)?.says ?? 'refused here'
}

function sentenceFor(where: string, result: VerifyResult, reach?: Reach): Pick<Explanation, 'sentence' | 'advice'> {
  const cause = causeOf(result)
  const advice = cause?.advice === undefined ? {} : { advice: cause.advice }
  if (reach !== undefined) return { sentence: `${where} ${reachWords(reach)}.`, ...advice }
  if (cause !== undefined)
    return { sentence: `${cause.about === 'program' ? 'The program' : where} ${cause.says}.`, ...advice }
  const who = result.refusedBy === 'driver' ? 'is refused by the device' : 'is refused by the verifier'
  return { sentence: `${where} ${who}: ${result.error === '' ? `error ${result.errno}` : result.error}.` }
}
