/**
 * Commands over the whole text: convert the dialect, lay it out, put in an example. Each is one undo step and works
 * from every layout; a text that cannot be converted stays as it is, with the reason.
 */
import type { Dialect } from '@offload/bpf'
import { useDocument } from '../stores/document'
import { notify } from '../stores/view'
import { changeText } from './bpf-editor'

const NAMES: Readonly<Record<Dialect, string>> = { llvm: 'LLVM', mnemonic: 'mnemonic' }

/** The text in the other dialect, or in the one that is named. */
export async function convertDialect(wanted?: Dialect): Promise<void> {
  const { convertSource, detectDialect } = await import('@offload/bpf')
  const { source } = useDocument.getState().document
  const dialect = wanted ?? (detectDialect(source) === 'mnemonic' ? 'llvm' : 'mnemonic')
  const result = convertSource(source, dialect)
  if (!result.ok) {
    const first = result.diagnostics[0]
    notify(
      'fail',
      `The text is not converted: it does not assemble${first === undefined ? '' : ` (line ${first.range.startLine}: ${first.message})`}.`,
    )
    return
  }
  await changeText(result.text)
  notify('info', `The program is in the ${NAMES[dialect]} dialect. Ctrl+Z in the editor brings the old text back.`)
}

/** Columns, spaces and empty lines of the whole text in order. */
export async function formatText(): Promise<void> {
  const { formatSource } = await import('@offload/bpf')
  await changeText(formatSource(useDocument.getState().document.source))
}
