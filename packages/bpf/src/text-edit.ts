/** Applies text edits, as quick fixes and renames give them, to a text. */

import { LineIndex } from './assembler/findings'
import type { TextEdit } from './program'

/** The text with all edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const index = new LineIndex(text)
  const placed = edits.map((edit) => ({
    start: index.place(edit.range.startLine, edit.range.startColumn),
    end: index.place(edit.range.endLine, edit.range.endColumn),
    text: edit.text,
  }))
  let out = ''
  let at = 0
  for (const edit of placed.toSorted((a, b) => a.start - b.start)) {
    out += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return out + text.slice(at)
}
