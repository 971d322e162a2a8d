/** The program as a file: source, ELF object for a real card, hex, or the whole session as a project. Fetched when asked for. */
import { assemble, exportElf, toHex } from '@offload/bpf'
import { demoOf, useDocument } from '../stores/document'
import { notify } from '../stores/view'
import { saveFile } from './files'

export type DownloadKind = 'source' | 'object' | 'hex' | 'project'

/** Makes the file and saves it; a text that does not assemble gives no object and no hex, and says so. */
export function download(kind: DownloadKind): void {
  const { document } = useDocument.getState()
  const { source } = document
  const base = fileName(document.title)
  if (kind === 'source') {
    saveFile(`${base}.bpf`, source, 'text/plain')
    return
  }
  if (kind === 'project') {
    saveFile(`${base}.json`, `${JSON.stringify(document, null, 2)}\n`, 'application/json')
    return
  }
  const assembled = assemble(source)
  if (!assembled.ok) {
    const first = assembled.diagnostics[0]
    notify(
      'fail',
      `There is no file: the text does not assemble${first === undefined ? '' : ` (line ${first.range.startLine}: ${first.message})`}.`,
    )
    return
  }
  const { program } = assembled
  if (kind === 'hex') {
    const lines = toHex(program.insns).match(/.{16}/g) ?? []
    saveFile(`${base}.hex`, lines.map((line) => `${line}\n`).join(''), 'text/plain')
    return
  }
  const c = demoOf(document)?.c
  const file = program.cLines?.[0]?.file
  const made = exportElf(program, {
    source,
    sourceName: `${base}.bpf`,
    ...(c === undefined || file === undefined ? {} : { files: { [file]: c } }),
  })
  if (made.ok) saveFile(`${base}.o`, made.object, 'application/x-elf')
  else notify('fail', `There is no object: ${made.error}.`)
}

/** A title as the name of a file: `UDP flood counter` becomes `udp-flood-counter`. */
export function fileName(title: string): string {
  return (
    title
      .replace(/\.\w{1,4}$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'program'
  )
}
