/**
 * Turns a source text into the other dialect, line by line: instructions are printed anew, directives,
 * labels, comments and empty lines stay. Constants become their values.
 */

import { assemble } from '../assembler/assemble'
import { LineIndex } from '../assembler/findings'
import { grammarOf } from '../assembler/grammar'
import { Lexer } from '../assembler/lexer'
import { ProgramNames } from '../names'
import { insnText } from '../print'
import type { Diagnostic, Dialect } from '../program'

export type ConvertResult =
  | { readonly ok: true; readonly text: string; readonly from: Dialect }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/** The text in a dialect. Fails, with diagnostics, for texts that do not assemble. */
export function convertSource(text: string, dialect: Dialect): ConvertResult {
  const result = assemble(text)
  if (!result.ok) return { ok: false, diagnostics: result.diagnostics }
  const { program } = result
  const names = new ProgramNames(program.insns, program.labels, program)
  const slotOfLine = new Map<number, number>()
  program.lines.forEach((line, slot) => {
    if (!slotOfLine.has(line)) slotOfLine.set(line, slot)
  })
  const index = new LineIndex(text)
  const lexer = new Lexer(grammarOf(result.dialect).literals)
  const out = index.starts.map((start, i) => {
    const end = index.lineEnd(i + 1)
    const source = text.slice(start, end)
    const slot = slotOfLine.get(i + 1)
    if (slot === undefined || /^\s*\.raw\b/.test(source)) return source
    lexer.lex(text, start, end)
    const labels = /^\s*(?:[A-Za-z_.$][\w.$]*:\s*)*/.exec(source)![0]
    const comment = lexer.commentStart < 0 ? '' : text.slice(lexer.commentStart, end)
    const code = `${labels}${insnText(program.insns, slot, dialect, names)}`
    // The comment keeps its column if there is room.
    return comment === '' ? code : `${code.padEnd(lexer.commentStart - start - 1)} ${comment}`
  })
  return { ok: true, text: out.join('\n'), from: result.dialect }
}
