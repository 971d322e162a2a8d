/**
 * Any file that somebody drops: finds out what it is and gives source texts to edit. Captures and session
 * documents are not ours; they come out as `unknown`.
 */

import { disassemble } from '../disassemble'
import { isElf } from '../elf/file'
import { importElf, type ImportedProgram, type ImportResult } from '../elf/import'
import type { CLine, Program } from '../program'
import { importCompilerText, isCompilerText } from './compiler-text'
import { detectForeignText, type ForeignKind, importForeignText } from './foreign-text'

/** A program as source text, ready for the editor. */
export interface ImportedText {
  /** Name of the program, or of the file. */
  readonly name: string
  readonly source: string
  /** The program itself, with C lines and data, where it came from an object. */
  readonly program?: ImportedProgram
}

export type FileImport =
  | {
      readonly ok: true
      readonly kind: 'object' | 'compiler' | 'source' | 'bytes' | ForeignKind
      readonly texts: readonly ImportedText[]
      /** What was guessed or left out, one sentence each. */
      readonly notes: readonly string[]
    }
  | { readonly ok: false; readonly kind: 'unknown' | 'damaged'; readonly reason: string }

const MAX_FILE = 16 * 1024 * 1024

/** Imports a file by its bytes and name; never throws. */
export function importFile(bytes: Uint8Array, name: string): FileImport {
  if (isElf(bytes)) return fromObjects('object', importElf(bytes, { name }))
  if (bytes.length > MAX_FILE) return { ok: false, kind: 'unknown', reason: `The file has more than ${MAX_FILE} bytes` }
  const text = decodeText(bytes)
  if (text === undefined) return fromBinary(bytes, name)
  if (isCompilerText(text)) return fromObjects('compiler', importCompilerText(text, { name }))
  const foreign = detectForeignText(text)
  if (foreign === undefined)
    return { ok: true, kind: 'source', texts: [{ name: baseName(name), source: text }], notes: [] }
  const result = importForeignText(text)
  if (!result.ok) return { ok: false, kind: 'damaged', reason: result.reason }
  return {
    ok: true,
    kind: result.kind,
    texts: [{ name: baseName(name), source: result.source }],
    notes: result.notes.map(({ message }) => message),
  }
}

function fromObjects(kind: 'object' | 'compiler', result: ImportResult): FileImport {
  if (!result.ok)
    return {
      ok: false,
      kind: 'damaged',
      reason: result.findings.find(({ severity }) => severity === 'error')?.message ?? 'The object is damaged',
    }
  return {
    ok: true,
    kind,
    texts: result.programs.map((program) => ({ name: program.name, source: sourceOf(program), program })),
    notes: result.findings.map(({ message }) => message),
  }
}

/** An imported program as text, with its lines of C. */
export function sourceOf(program: ImportedProgram): string {
  return disassemble({ ...program, cLines: runsOfLines(program.cLines) }, { labels: true })
}

/** One entry a run of instructions of one line, files by their names alone; code of no line belongs to the run before. */
function runsOfLines(records: readonly CLine[]): CLine[] {
  const runs: CLine[] = []
  for (const record of records) {
    const file = record.file.replace(/^.*[\\/]/, '')
    const last = runs.at(-1)
    if (record.line === 0 || (last?.file === file && last.line === record.line)) continue
    runs.push({ ...record, file })
  }
  return runs
}

/** Bare instructions, as `llvm-objcopy -O binary` or `bpftool prog dump xlated file` write them. */
function fromBinary(bytes: Uint8Array, name: string): FileImport {
  const isNamed = /\.(bin|raw|insns)$/i.test(name)
  if (!isNamed || bytes.length % 8 !== 0 || bytes.length === 0)
    return { ok: false, kind: 'unknown', reason: 'This file is neither a BPF object nor text' }
  const program: Program = {
    name: 'main',
    progType: 'xdp',
    license: 'GPL',
    insns: bytes,
    maps: [],
    relocs: [],
    subprograms: [{ name: 'main', start: 0 }],
    labels: [],
    lines: new Int32Array(bytes.length / 8),
  }
  return {
    ok: true,
    kind: 'bytes',
    texts: [{ name: baseName(name), source: disassemble(program, { labels: true }) }],
    notes: [],
  }
}

/** UTF-8 text, or undefined for what holds bytes that no text has. */
function decodeText(bytes: Uint8Array): string | undefined {
  if (
    bytes
      .subarray(0, 4096)
      .some((byte) => byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13))
  )
    return undefined
  let text = ''
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const pieces: string[] = []
  while (at < bytes.length) {
    const [code, size] = decodeCodePoint(bytes, at)
    text += String.fromCodePoint(code)
    at += size
    if (text.length > 8192) {
      pieces.push(text)
      text = ''
    }
  }
  return pieces.join('') + text
}

/** One character of UTF-8 and its length; damaged bytes become U+FFFD. */
function decodeCodePoint(bytes: Uint8Array, at: number): [code: number, size: number] {
  const first = bytes[at]!
  if (first < 0x80) return [first, 1]
  const size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
  let code = size === 4 ? first & 7 : size === 3 ? first & 15 : first & 31
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i]
    if (next === undefined || next >> 6 !== 2) return [0xfffd, 1]
    code = (code << 6) | (next & 63)
  }
  return size === 1 || code > 0x10ffff ? [0xfffd, 1] : [code, size]
}

function baseName(name: string): string {
  return name.replace(/^.*[\\/]/, '').replace(/\.\w+$/, '')
}
