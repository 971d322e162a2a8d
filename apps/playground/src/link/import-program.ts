/**
 * A program from any file that has one: assembly, an object, compiler output, a verifier log, a listing, hex. What it
 * is is decided by what is in it. Fetched when a file comes.
 */
import { assemble, importFile } from '@offload/bpf'
import type { ImportedText } from '@offload/bpf'
import { useDocument } from '../stores/document'
import { useImported } from '../stores/imported'
import { notify } from '../stores/view'

/** Ends of names under which any text is taken for a program, even one that does not assemble yet. */
const SOURCE_NAME = /\.(bpf|s|asm|txt|log|hex|lst|dump)$/i

const KIND: Readonly<Record<string, string>> = {
  object: 'disassembled',
  compiler: 'assembled from the compiler’s output',
  bytes: 'disassembled',
}

/** Puts the file's program into the editor, or asks which of several; a notice says what happened. */
export function importProgram(bytes: Uint8Array, name: string): boolean {
  const imported = importFile(bytes, name)
  if (!imported.ok) {
    if (imported.kind === 'unknown') return false
    notify('fail', `“${name}” cannot be used: ${imported.reason}. Everything stays as it was.`)
    return true
  }
  const { kind, texts, notes } = imported
  if (kind === 'source' && !SOURCE_NAME.test(name) && !assemble(texts[0]!.source).ok) return false
  if (texts.length === 0) {
    notify('fail', `“${name}” holds no program. Everything stays as it was.`)
    return true
  }
  if (texts.length > 1) {
    useImported.setState({ choice: { file: name, texts } })
    return true
  }
  openText(texts[0]!, name, [...(KIND[kind] === undefined ? [] : [KIND[kind]]), ...notes])
  return true
}

/** The text becomes the program; traffic and device stay, the old text is one Ctrl+Z away. */
export function openText({ name, source, program }: ImportedText, file: string, notes: readonly string[] = []): void {
  const state = useDocument.getState()
  const { demo: _demo, ...rest } = state.document
  const title = program === undefined ? file : name
  useImported.setState({ choice: undefined })
  state.replace({ ...rest, title, source, entries: [] })
  const what = program === undefined ? `“${file}”` : `Program “${name}” of “${file}”`
  const about = notes.length === 0 ? '' : `, ${notes.slice(0, 3).join('; ').replace(/\.$/, '')}`
  notify('info', `${what} is in the editor${about}. Ctrl+Z there brings the old text back.`)
}
