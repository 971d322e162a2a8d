/**
 * What people ask after the kernel has refused a program: why (sentence, slice, reach: from the verifier), and the
 * smallest change of the text with which it passes. A change is verified before it is offered. Slower than `compile`;
 * ask only when the answer is shown.
 */
import { assemble } from '@offload/bpf'
import type { Program } from '@offload/bpf'
import { explain, suggestChange, verify } from '@offload/verifier'
import type { Explanation, VerifyRequest, VerifyResult } from '@offload/verifier'
import { compile, deviceRequest, type Compiled, lineRange, withLineReplaced, withoutDevice } from './compile'
import { repairsFor, type LineEdit, type Refused } from './repairs'

/** A change of the text that makes the kernel accept the program. */
export interface Repair {
  /** What it does, as a sentence without a full stop. */
  readonly title: string
  /** In this order; each line number counts in the text as the edits before it left it. */
  readonly edits: readonly LineEdit[]
  /** The whole text with the change. */
  readonly source: string
  /** The device accepts the changed program too. */
  readonly deviceAccepts: boolean
}

/** Answers to `cancelled` (one for every 4,096 instructions) before a try counts as too slow. */
const PATIENCE = 20
/** Programs verified in search of a change. */
const MOST_TRIES = 80
/** One change may uncover the next refusal: so many are put right together. */
const MOST_CHANGES = 3

/** Why the kernel refuses a document's program; undefined where it does not, or where nothing is assembled. */
export function explainRefusal(document: Compiled): Explanation | undefined {
  const judged = judge(document)
  return judged === undefined ? undefined : explain(judged.request, judged.result)
}

/** The smallest change of a refused document that passes; undefined where none of the likely ones does. */
export function suggestRepair(document: Compiled): Repair | undefined {
  let budget = MOST_TRIES
  const search = (now: Compiled, changes: number): Omit<Repair, 'deviceAccepts'> | undefined => {
    const judged = judge(now, PATIENCE)
    if (judged === undefined || changes === 0) return undefined
    const further: { readonly repair: Omit<Repair, 'deviceAccepts'>; readonly next: Compiled }[] = []
    for (const { title, edits } of candidates(now, judged)) {
      if (budget-- <= 0) return undefined
      const source = withEdits(now.source, edits)
      const next = { ...now, source }
      const outcome = judgedOnly(next, PATIENCE)
      if (outcome === undefined) continue
      if (outcome.verdict === 'accept') return { title, edits, source }
      // Got past this refusal and met another one.
      if (outcome.verdict === 'reject' && outcome.processedInsns > judged.result.processedInsns)
        further.push({ repair: { title, edits, source }, next })
    }
    for (const { repair, next } of further.slice(0, 2)) {
      const rest = search(next, changes - 1)
      if (rest !== undefined)
        return { title: `${repair.title}; ${rest.title}`, edits: [...repair.edits, ...rest.edits], source: rest.source }
    }
    return undefined
  }
  const found = search(document, MOST_CHANGES)
  if (found === undefined) return undefined
  return { ...found, deviceAccepts: compile({ ...document, source: found.source }, { logLevel: 0 }).ok }
}

interface JudgedText {
  readonly program: Program
  readonly request: VerifyRequest
  readonly result: VerifyResult
}

function requestFor(document: Compiled, program: Program, record: boolean): VerifyRequest {
  return withoutDevice(deviceRequest(document, program, { logLevel: record ? 2 : 0, record }))
}

/** The kernel's refusal of a text, with its log and its recorded walk; undefined for any other outcome. */
function judge(document: Compiled, patience = Number.POSITIVE_INFINITY): JudgedText | undefined {
  const assembled = assemble(document.source)
  if (!assembled.ok) return undefined
  const request = requestFor(document, assembled.program, true)
  let asked = 0
  const result = verify({ ...request, cancelled: () => ++asked > patience })
  return result.verdict === 'reject' ? { program: assembled.program, request, result } : undefined
}

function judgedOnly(document: Compiled, patience: number): VerifyResult | undefined {
  const assembled = assemble(document.source)
  if (!assembled.ok) return undefined
  let asked = 0
  return verify({ ...requestFor(document, assembled.program, false), cancelled: () => ++asked > patience })
}

function* candidates(
  document: Compiled,
  { program, request, result }: JudgedText,
): Generator<{
  readonly title: string
  readonly edits: readonly LineEdit[]
}> {
  const one = suggestChange(request, result)
  if (one !== undefined) {
    const range = lineRange(document.source, program, one.insn)
    const source = withLineReplaced(
      document.source,
      program,
      one.insn,
      one.insns.subarray(8 * one.insn, 8 * one.insn + 8),
    )
    const text = source?.split('\n')[range.startLine - 1]
    if (text !== undefined)
      yield {
        title: `Change \`${one.from}\` to \`${one.to}\``,
        edits: [{ line: range.startLine, remove: 1, insert: [text] }],
      }
  }
  const explanation = explain(request, result)
  const refused: Refused = { source: document.source, program, result, explanation }
  yield* repairsFor(refused)
}

function withEdits(source: string, edits: readonly LineEdit[]): string {
  const lines = source.split('\n')
  for (const { line, remove, insert } of edits) lines.splice(line - 1, remove, ...insert)
  return lines.join('\n')
}
