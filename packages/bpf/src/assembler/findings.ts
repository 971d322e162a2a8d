/**
 * Collects diagnostics while a text is read: turns places in the text into lines and columns,
 * fills the message catalogue, keeps order and a limit.
 */

import type { Diagnostic, SourceRange, TextEdit } from '../program'
import { type DiagnosticCode, messageText } from './messages'

/** Findings that are kept; reading stops there. */
const LIMIT = 500
/** Findings that get a suggestion: looking for near names is slow. */
const HELP_LIMIT = 64

export interface FindingOptions {
  severity?: Diagnostic['severity']
  expected?: string
  /** What to put in place of the range (or of `at`), as a quick fix. */
  fix?: { title: string; text: string; start?: number; end?: number }
}

/** The quick fix that puts another word in place, if there is one that was meant. */
export function changeTo(meant: string | undefined): FindingOptions {
  return meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } }
}

/** Lines of a text: finds the line and column (from 1) of a place. */
export class LineIndex {
  readonly starts: readonly number[]
  readonly text: string

  constructor(text: string) {
    this.text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.starts = starts
  }

  /** Line number, from 1, of a place in the text. */
  lineAt(place: number): number {
    let low = 0
    let high = this.starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.starts[middle]! <= place) low = middle
      else high = middle - 1
    }
    return low + 1
  }

  /** End of a line (from 1), its line break not counted. */
  lineEnd(line: number): number {
    const next = this.starts[line]
    return next === undefined ? this.text.length : next - 1
  }

  range(start: number, end: number): SourceRange {
    const startLine = this.lineAt(start)
    const endLine = this.lineAt(end)
    return {
      startLine,
      startColumn: start - this.starts[startLine - 1]! + 1,
      endLine,
      endColumn: end - this.starts[endLine - 1]! + 1,
    }
  }

  /** Place of a line and column (both from 1), held inside the text. */
  place(line: number, column: number): number {
    const start = this.starts[Math.min(Math.max(line, 1), this.starts.length) - 1]!
    return Math.min(start + Math.max(column, 1) - 1, this.text.length)
  }
}

export class Findings {
  readonly lines: LineIndex
  private readonly found: { place: number; diagnostic: Diagnostic }[] = []
  private errors = 0

  constructor(lines: LineIndex) {
    this.lines = lines
  }

  get hasErrors(): boolean {
    return this.errors > 0
  }

  get isFull(): boolean {
    return this.found.length >= LIMIT
  }

  get wantsHelp(): boolean {
    return this.found.length < HELP_LIMIT
  }

  add(
    code: DiagnosticCode,
    start: number,
    end: number,
    values: readonly (string | number)[] = [],
    options: FindingOptions = {},
  ): void {
    const severity = options.severity ?? 'error'
    if (severity === 'error') this.errors++
    if (this.found.length >= LIMIT) return
    const { fix } = options
    const edits: TextEdit[] = fix
      ? [{ range: this.lines.range(fix.start ?? start, fix.end ?? end), text: fix.text }]
      : []
    this.found.push({
      place: start,
      diagnostic: {
        code,
        severity,
        message: messageText(code, values),
        range: this.lines.range(start, end),
        ...(options.expected === undefined ? {} : { expected: options.expected }),
        ...(fix ? { fix: { title: fix.title, edits } } : {}),
      },
    })
  }

  /** All diagnostics in the order of the text. */
  list(): Diagnostic[] {
    return this.found.toSorted((a, b) => a.place - b.place).map(({ diagnostic }) => diagnostic)
  }
}
