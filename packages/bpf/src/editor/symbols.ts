/**
 * Names of a source text: where they are defined and used, outline, rename. Pure functions over text;
 * lines and columns from 1, end exclusive.
 */

import type { DataType, Dialect, SourceRange, TextEdit } from '../program'
import { isName } from '../names'
import { SourceIndex, type SourceToken, type SymbolKind, type TokenKind } from './source-index'

/** A token with its place, as an editor colours it. */
export interface PlacedToken {
  readonly kind: TokenKind
  readonly line: number
  readonly column: number
  readonly length: number
}

export interface SourceSymbol {
  readonly kind: SymbolKind
  readonly name: string
  /** Where it is defined. */
  readonly range: SourceRange
  /** Where it is used, the definition not counted. */
  readonly references: readonly SourceRange[]
  /** In the outline: e.g. `array, 256 entries`. */
  readonly detail: string
}

export interface FoldingRange {
  readonly startLine: number
  readonly endLine: number
}

/** Every token of a text with what it means there. */
export function tokenize(text: string, dialect?: Dialect): PlacedToken[] {
  const index = new SourceIndex(text, dialect)
  let line = 1
  return index.tokens.map(({ kind, start, end }) => {
    while (line < index.lines.starts.length && index.lines.starts[line]! <= start) line++
    return { kind, line, column: start - index.lines.starts[line - 1]! + 1, length: end - start }
  })
}

/** All symbols in the order of the text: the outline. */
export function symbolsOf(text: string): SourceSymbol[] {
  const index = new SourceIndex(text)
  return index.definitions.map(({ kind, name, start, end }) => ({
    kind,
    name,
    range: index.lines.range(start, end),
    references: usesOf(index, kind, name)
      .filter((token) => token.defines !== true)
      .map((token) => index.lines.range(token.start, token.end)),
    detail: detailOf(index, kind, name),
  }))
}

/** Struct types that a text declares, in its order: what bytes without a type of their own may be. */
export function declaredStructs(text: string): readonly DataType[] {
  return [...new SourceIndex(text).declarations.structTypes.values()]
}

function detailOf(index: SourceIndex, kind: SymbolKind, name: string): string {
  const { declarations } = index
  if (kind === 'map') {
    const map = declarations.maps.find((candidate) => candidate.name === name)
    return map === undefined
      ? ''
      : `${map.type}, key ${map.key_size}, value ${map.value_size}, ${map.max_entries} entries`
  }
  if (kind === 'constant') {
    const value = declarations.constant(name)
    return value === undefined ? '' : String(value)
  }
  if (kind === 'type') return `${declarations.sizeOf(name) ?? '?'} bytes`
  return kind === 'program' ? declarations.progType : ''
}

/** Kinds of tokens that name the same thing: jumps may go to functions, calls to labels. */
function sameKind(kind: SymbolKind): readonly TokenKind[] {
  if (kind === 'label' || kind === 'function') return ['label', 'function']
  return [kind]
}

function usesOf(index: SourceIndex, kind: SymbolKind, name: string): SourceToken[] {
  const kinds = sameKind(kind)
  return index.tokens.filter((token) => {
    if (!kinds.includes(token.kind)) return false
    const word = index.wordOf(token)
    // `counter.packets` uses the type `counter`; its token begins with the name.
    return word === name
  })
}

function symbolAt(
  index: SourceIndex,
  line: number,
  column: number,
): { token: SourceToken; kind: SymbolKind; name: string } | undefined {
  const token = index.tokenAt(index.lines.place(line, column))
  if (token === undefined) return undefined
  const kind = token.kind
  if (
    kind !== 'label' &&
    kind !== 'function' &&
    kind !== 'map' &&
    kind !== 'constant' &&
    kind !== 'type' &&
    kind !== 'program'
  )
    return undefined
  return { token, kind, name: index.wordOf(token) }
}

/** Where the name at a place is defined; undefined for predefined names and for what is no name. */
export function definitionAt(text: string, line: number, column: number): SourceRange | undefined {
  const index = new SourceIndex(text)
  const symbol = symbolAt(index, line, column)
  if (symbol === undefined) return undefined
  const kinds = sameKind(symbol.kind)
  const owner = symbol.kind === 'constant' ? symbol.name.split('.')[0]! : symbol.name
  const found =
    index.definitions.find((definition) => kinds.includes(definition.kind) && definition.name === symbol.name) ??
    index.definitions.find((definition) => definition.kind === 'type' && definition.name === owner)
  return found && index.lines.range(found.start, found.end)
}

/** All places of the name at a place, its definition included. */
export function referencesAt(text: string, line: number, column: number): SourceRange[] {
  const index = new SourceIndex(text)
  const symbol = symbolAt(index, line, column)
  if (symbol === undefined) return []
  return usesOf(index, symbol.kind, symbol.name).map((token) => index.lines.range(token.start, token.end))
}

export type RenameResult =
  | { readonly ok: true; readonly edits: readonly TextEdit[] }
  | { readonly ok: false; readonly reason: string }

/** The edits that rename the symbol at a place, or why it cannot be renamed. */
export function renameAt(text: string, line: number, column: number, name: string): RenameResult {
  const index = new SourceIndex(text)
  const symbol = symbolAt(index, line, column)
  const kinds = symbol === undefined ? [] : sameKind(symbol.kind)
  if (
    symbol === undefined ||
    !index.definitions.some((definition) => kinds.includes(definition.kind) && definition.name === symbol.name)
  ) {
    return { ok: false, reason: 'There is no name of this text here' }
  }
  if (!isName(name)) return { ok: false, reason: `\`${name}\` cannot be a name` }
  if (
    name !== symbol.name &&
    index.definitions.some((definition) => kinds.includes(definition.kind) && definition.name === name)
  ) {
    return { ok: false, reason: `\`${name}\` is already there` }
  }
  const edits = usesOf(index, symbol.kind, symbol.name).map((token) => ({
    range: index.lines.range(token.start, token.end),
    text: name,
  }))
  if (symbol.kind === 'type') {
    // Field offsets are written with the name of their type.
    for (const token of index.tokens) {
      const word = index.wordOf(token)
      if (token.kind === 'constant' && word.startsWith(`${symbol.name}.`)) {
        edits.push({ range: index.lines.range(token.start, token.start + symbol.name.length), text: name })
      }
    }
  }
  return { ok: true, edits }
}

/** Blocks that can be folded: functions, bodies under labels, structs of several lines, runs of comments. */
export function foldingRanges(text: string): FoldingRange[] {
  const index = new SourceIndex(text)
  const lines = text.split('\n')
  const heads = index.definitions
    .filter(({ kind }) => kind === 'label' || kind === 'function' || kind === 'program')
    .map(({ start }) => index.lines.lineAt(start))
  const ranges: FoldingRange[] = []
  heads.forEach((head, i) => {
    let end = (heads[i + 1] ?? lines.length + 1) - 1
    while (end > head && /^\s*([;#].*)?$/.test(lines[end - 1] ?? '')) end--
    if (end > head) ranges.push({ startLine: head, endLine: end })
  })
  for (let line = 1; line <= lines.length; line++) {
    if (/^\s*\.struct\b[^}]*\{[^}]*$/.test(lines[line - 1]!)) {
      const end = lines.findIndex((other, i) => i >= line && other.includes('}')) + 1
      if (end > line) ranges.push({ startLine: line, endLine: end })
    }
    let end = line
    while (/^\s*[;#]/.test(lines[end - 1] ?? '')) end++
    if (end - 1 > line) {
      ranges.push({ startLine: line, endLine: end - 1 })
      line = end - 1
    }
  }
  return ranges.sort((a, b) => a.startLine - b.startLine)
}
