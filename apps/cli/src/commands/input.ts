/**
 * Where a command's program comes from, and how its errors read. A file may be assembly in either dialect, an object,
 * a verifier log, an objdump listing, hex, or a project.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { importFile } from '@offload/bpf'
import type { Diagnostic, ImportedText } from '@offload/bpf'
import { DEMOS } from '@offload/content'
import { defaultDocument, validateDocument } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import type { FirmwareName } from '@offload/nfp-jit'
import { FIRMWARE_PROFILES } from '@offload/nfp-jit'

/** Wrong arguments: the message goes to standard error and the exit code is 2. */
export class BadUse extends Error {}

export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** What a command gives back; `main` prints one of the two. */
export interface CommandResult {
  readonly text: string
  readonly json: unknown
  readonly failed: boolean
}

export function fileArgument(positionals: readonly string[]): string {
  const [file, ...more] = positionals
  if (file === undefined) throw new BadUse('no file given')
  if (more.length > 0) throw new BadUse(`one file at a time, not also "${more.join(' ')}"`)
  return file
}

export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new BadUse(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function firmwareName(values: Values): FirmwareName {
  const name = values['fw'] ?? 'shipping'
  if (typeof name !== 'string' || !Object.hasOwn(FIRMWARE_PROFILES, name))
    throw new BadUse(`unknown firmware "${String(name)}"; known are ${Object.keys(FIRMWARE_PROFILES).join(', ')}`)
  return name as FirmwareName
}

/** Programs of a file as source texts; an object may hold several. */
export function textsOf(file: string, bytes: Uint8Array): readonly ImportedText[] {
  const imported = importFile(bytes, file === '-' ? 'stdin' : basename(file))
  if (!imported.ok) throw new BadUse(`${file}: ${imported.reason}`)
  return imported.texts
}

/** The one program that is meant: the only one, or the one that `--program` names. */
export function chosenText(file: string, texts: readonly ImportedText[], values: Values): ImportedText {
  const wanted = values['program']
  const names = texts.map(({ name }) => name).join(', ')
  const found = typeof wanted === 'string' ? texts.filter(({ name }) => name === wanted) : texts
  if (found.length === 0) throw new BadUse(`${file} has no program "${String(wanted)}"; there are ${names}`)
  if (found.length > 1) throw new BadUse(`${file} has several programs: ${names}; choose one with --program`)
  return found[0]!
}

/** A whole session for a file or for `demo:NAME`. A project brings its own settings, `--fw` apart. */
export function documentFor(file: string, values: Values): SessionDocument {
  const base = { ...defaultDocument(), firmware: firmwareName(values) }
  if (!file.startsWith('demo:')) {
    const bytes = readBytes(file)
    const project = projectOf(bytes)
    if (project !== undefined) return values['fw'] === undefined ? project : { ...project, firmware: base.firmware }
    return { ...base, title: file, source: chosenText(file, textsOf(file, bytes), values).source }
  }
  const demo = DEMOS.find((candidate) => candidate.id === file.slice('demo:'.length))
  if (demo === undefined)
    throw new BadUse(`no demo "${file.slice(5)}"; there are ${DEMOS.map((item) => item.id).join(', ')}`)
  return { ...base, ...demo.session, firmware: base.firmware, title: demo.title, demo: demo.id, source: demo.source }
}

/** A project as the page saves it, or undefined for whatever else the bytes are. */
function projectOf(bytes: Uint8Array): SessionDocument | undefined {
  if (bytes[0] !== 0x7b) return undefined
  try {
    const result = validateDocument(JSON.parse(Buffer.from(bytes).toString()))
    return result.ok ? result.document : undefined
  } catch {
    return undefined
  }
}

/** Findings as compilers print them: `file:line:column: error: message [code]`. */
export function findings(file: string, from: { readonly diagnostics: readonly Diagnostic[] }): string {
  return from.diagnostics
    .map(
      (item) =>
        `${file}:${item.range.startLine}:${item.range.startColumn}: ${item.severity}: ${item.message} [${item.code}]\n`,
    )
    .join('')
}
