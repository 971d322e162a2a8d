/**
 * Lines of C in a source text: a comment that ends in `@ FILE:LINE`, as the kernel's log prints it, or in
 * `@LINE` for short, says which line the instructions from there on came from, up to the next such comment.
 * It stands behind an instruction or on a line of its own before it; the words before the `@` are the line's text.
 * `@0`: from here on no line is known. `.file "NAME"` names the file of the short form.
 */

import type { CLine, Program } from '../program'

/** Sign of the comment, text, file, line, column. */
const PLACE = /^(?:\/\/|[;#]) ?(.*?) ?@ ?(?:([^\s:@]*[^\s:@\d][^\s:@]*):)?(\d{1,7})(?::(\d{1,4}))?\s*$/
/** Characters that end the file's name in a comment. */
const UNWRITABLE = /[\s:@]/g

/** Collects the lines while a text is read. */
export class CLineReader {
  readonly list: CLine[] = []
  private readonly texts = new Map<string, string>()
  private pending: Omit<CLine, 'insn'> | undefined
  /** File of the short form: the last one that was named. */
  private file = ''

  /** `.file "NAME"`, also with the number that compilers put before the name. */
  nameFile(directive: string): void {
    const name = /"((?:[^"\\]|\\.)*)"\s*$/.exec(directive)
    if (name !== null) this.file = name[1]!.replace(UNWRITABLE, '_')
  }

  /** Looks at a comment, from its sign up to `end`. Most end in no digit and cost nothing. */
  read(text: string, start: number, end: number): void {
    let last = end - 1
    while (last > start && text.charCodeAt(last) <= 32) last--
    const code = text.charCodeAt(last)
    if (code < 48 || code > 57 || last - start > 4096) return
    const found = PLACE.exec(text.slice(start, last + 1))
    if (found === null) return
    if (found[2] !== undefined) this.file = found[2]
    const line = Number(found[3])
    const key = `${this.file}:${line}`
    const said = this.texts.get(key)
    // A line is told once; where it comes up again its place is enough.
    if (said === undefined && found[1] !== '') this.texts.set(key, found[1]!)
    this.pending = {
      file: this.file,
      line,
      column: Number(found[4] ?? 0),
      text: found[1] === '' ? (said ?? '') : found[1]!,
    }
  }

  /** An instruction begins at a slot. */
  begin(insn: number): void {
    if (this.pending === undefined) return
    this.list.push({ insn, ...this.pending })
    this.pending = undefined
  }
}

/** The comment that says a line, as the reader above reads it back. */
export function cLineComment({ file, line, column, text }: CLine): string {
  const place = `${file === '' ? '' : `${file.replace(UNWRITABLE, '_')}:`}${line}${column > 0 ? `:${column}` : ''}`
  const words = text.replace(/[\r\n]+/g, ' ').trimEnd()
  return words === '' ? `; @ ${place}` : `; ${words} @ ${place}`
}

/** The line of C that a slot came from; undefined where none is known. */
export function cLineOf({ cLines = [] }: Pick<Program, 'cLines'>, insn: number): CLine | undefined {
  const line = cLines.findLast((candidate) => candidate.insn <= insn)
  return line === undefined || line.line === 0 ? undefined : line
}
