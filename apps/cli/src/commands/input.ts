/** Where a command's program comes from, and how its errors read. */
import { readFileSync } from 'node:fs'
import { DEMOS } from '@offload/content'
import { defaultDocument } from '@offload/session'
import type { Compilation, SessionDocument } from '@offload/session'
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

export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
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

/** A whole session for a file of assembly or for `demo:NAME`. */
export function documentFor(file: string, values: Values): SessionDocument {
  const base = { ...defaultDocument(), firmware: firmwareName(values) }
  if (!file.startsWith('demo:')) return { ...base, title: file, source: readText(file) }
  const demo = DEMOS.find((candidate) => candidate.id === file.slice('demo:'.length))
  if (demo === undefined)
    throw new BadUse(`no demo "${file.slice(5)}"; there are ${DEMOS.map((item) => item.id).join(', ')}`)
  return { ...base, ...demo.session, firmware: base.firmware, title: demo.title, demo: demo.id, source: demo.source }
}

/** Findings as compilers print them: `file:line:column: error: message [code]`. */
export function findings(file: string, compilation: Compilation): string {
  return compilation.diagnostics
    .map(
      (item) =>
        `${file}:${item.range.startLine}:${item.range.startColumn}: ${item.severity}: ${item.message} [${item.code}]\n`,
    )
    .join('')
}
