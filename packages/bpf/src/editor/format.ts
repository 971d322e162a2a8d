/**
 * Lays a source text out: directives and labels at the margin, instructions indented by four, comments
 * behind instructions in one column, single blanks between words. Changes nothing but blanks and line ends.
 */

import { LineIndex } from '../assembler/findings'
import { Lexer, Literals } from '../assembler/lexer'

const INDENT = '    '
/** Column (from 0) of comments behind instructions, if the longest instruction leaves room for it. */
const COMMENT_COLUMN = 38

/** The text, laid out. Formatting twice changes nothing more. */
export function formatSource(text: string): string {
  const lines = new LineIndex(text)
  const lexer = new Lexer(new Literals())
  const rows: { code: string; comment: string; inner: boolean }[] = []
  // Braces of a `.struct` that are open at the start of the line.
  let braces = 0
  for (let line = 1; line <= lines.starts.length; line++) {
    const start = lines.starts[line - 1]!
    const end = lines.lineEnd(line)
    const head = text.slice(start, Math.min(end, start + 200))
    if (/^\s*\./.test(head)) braces = 0
    const isInside = braces > 0
    const isFields = isInside || /^\s*\.struct\b/.test(head)
    lexer.begin(text, braces)
    lexer.append(start, end, isFields)
    lexer.finish()
    braces = isFields ? Math.max(0, lexer.braces) : 0
    const from = lexer.commentStart >= 0 ? lexer.commentStart : end
    const comment = text.slice(from, end).trimEnd()
    rows.push(...rowsOf(squeeze(text.slice(start, from)), comment, isInside && braces > 0, lexer, isFields))
  }
  const out = rows.map(({ code, comment, inner }) => {
    if (code === '') return comment === '' ? '' : `${inner ? INDENT : ''}${comment}`
    const body = inner ? `${INDENT}${code}` : code
    return comment === '' ? body : `${body.padEnd(inner ? COMMENT_COLUMN - 1 : 0)} ${comment}`
  })
  while (out.length > 0 && out.at(-1) === '') out.pop()
  return out.length === 0 ? '' : `${out.join('\n')}\n`
}

/** A line as rows: a label gets a row of its own. */
function rowsOf(
  code: string,
  comment: string,
  inBody: boolean,
  lexer: Lexer,
  isStruct: boolean,
): { code: string; comment: string; inner: boolean }[] {
  if (code === '')
    return [
      {
        code: '',
        comment,
        inner:
          comment !== '' && /^\s/.test(lexer.text.slice(lineStart(lexer.text, lexer.commentStart), lexer.commentStart)),
      },
    ]
  if (isStruct) return [{ code, comment, inner: inBody }]
  const label = /^((?:[A-Za-z_.$][\w.$]*:\s*)+)(.*)$/.exec(code)
  if (label !== null) {
    const heads = label[1]!
      .trim()
      .split(/\s+/)
      .map((head) => ({ code: head, comment: '', inner: false }))
    if (label[2] === '') {
      heads.at(-1)!.comment = comment
      return heads
    }
    return [...heads, { code: label[2]!, comment, inner: true }]
  }
  return [{ code, comment, inner: !code.startsWith('.') || code.startsWith('.raw') }]
}

function lineStart(text: string, place: number): number {
  return text.lastIndexOf('\n', Math.max(0, place - 1)) + 1
}

/** Blanks between words to one, none at the ends; strings stay. */
function squeeze(code: string): string {
  return code
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((piece, i) => (i % 2 === 1 ? piece : piece.replace(/\s+/g, ' ')))
    .join('')
    .trim()
}
