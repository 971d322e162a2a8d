/** Which recorded step a line of the level-2 log belongs to, and what in the log is the refusal. Pure text. */
import type { VerifierStep } from '@offload/verifier'

/** Slot named at the beginning of a log line, `23: (bf) …`. */
export function insnOfLine(line: string): number | undefined {
  const match = /^(\d+): \(/.exec(line)
  return match === null ? undefined : Number(match[1])
}

const SAFE = /^(?:from \d+ to )?(\d+)(?: \(speculative execution\))?: safe$/

/**
 * Step of each line, -1 where it has none. Lines and steps come in the same order; where the log's beginning was cut
 * off, the count begins from the end.
 */
export function stepsOfLines(lines: readonly string[], steps: readonly VerifierStep[], cut: boolean): Int32Array {
  const out = new Int32Array(lines.length).fill(-1)
  const place = (line: number, step: number): boolean => {
    const text = lines[line]!
    const safe = SAFE.exec(text)
    const insn = safe === null ? insnOfLine(text) : Number(safe[1])
    const wanted = steps[step]
    if (insn === undefined || wanted === undefined) return false
    if (wanted.insn !== insn || (wanted.covered === true) !== (safe !== null)) return false
    out[line] = step
    return true
  }
  if (cut)
    for (let line = lines.length - 1, step = steps.length - 1; line >= 0 && step >= 0; line--) {
      if (place(line, step)) step--
    }
  else for (let line = 0, step = 0; line < lines.length && step < steps.length; line++) if (place(line, step)) step++
  return out
}

const BOOKKEEPING =
  /^(\d+: |from \d+|mark_precise|\(\d+|frame ?\d|caller:|callee:|returning from|SCC |live regs|func#|processed |verification time|stack depth|\s*$)/

/** First and one-past-last line of what the verifier said at the refusal; empty where it is not in the log. */
export function refusalLines(lines: readonly string[], error: string): readonly [number, number] {
  const last = error === '' ? -1 : lines.lastIndexOf(error)
  if (last < 0) return [0, 0]
  let first = last
  while (first > 0 && !BOOKKEEPING.test(lines[first - 1]!)) first--
  return [first, last + 1]
}

/** Lines that contain a text, letters of either case. */
export function searchLines(lines: readonly string[], text: string): number[] {
  if (text === '') return []
  const wanted = text.toLowerCase()
  const found: number[] = []
  lines.forEach((line, index) => {
    if (line.toLowerCase().includes(wanted)) found.push(index)
  })
  return found
}
