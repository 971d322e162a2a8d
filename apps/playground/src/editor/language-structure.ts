/**
 * What the whole text is made of, for Monaco: meaning-aware colours, outline, folding, values behind constants.
 * All of it comes from `@offload/bpf`; a text is read once a version, not once a question.
 */
import { foldingRanges, inlayHints, symbolsOf, tokenize } from '@offload/bpf'
import type { SymbolKind, TokenKind } from '@offload/bpf'
import type { editor, languages } from 'monaco-editor/editor'
import type { Monaco } from './monaco'

/** Colour classes of the theme, as semantic token types. */
const LEGEND = ['key', 'num', 'fn', 'com', 'type', 'str', 'name', 'map', 'reg'] as const
type Colour = (typeof LEGEND)[number]

const COLOUR: Readonly<Partial<Record<TokenKind, Colour>>> = {
  comment: 'com',
  directive: 'key',
  keyword: 'key',
  register: 'reg',
  number: 'num',
  constant: 'num',
  string: 'str',
  label: 'fn',
  function: 'fn',
  helper: 'fn',
  program: 'fn',
  map: 'map',
  type: 'type',
  field: 'name',
}

const cache = new WeakMap<editor.ITextModel, Map<string, { version: number; value: unknown }>>()

/** `make` of the model's text, kept until the text changes. */
export function ofText<T>(model: editor.ITextModel, what: string, make: (text: string) => T): T {
  let kept = cache.get(model)
  if (kept === undefined) cache.set(model, (kept = new Map()))
  const version = model.getVersionId()
  const known = kept.get(what)
  if (known?.version === version) return known.value as T
  const value = make(model.getValue())
  kept.set(what, { version, value })
  return value
}

/** Tokens in the protocol's form: five numbers each, places relative to the token before. */
export function semanticTokens(text: string): Uint32Array {
  const data: number[] = []
  let lastLine = 1
  let lastColumn = 1
  for (const token of tokenize(text)) {
    const colour = COLOUR[token.kind]
    if (colour === undefined || token.length === 0) continue
    const down = token.line - lastLine
    data.push(down, token.column - (down === 0 ? lastColumn : 1), token.length, LEGEND.indexOf(colour), 0)
    lastLine = token.line
    lastColumn = token.column
  }
  return Uint32Array.from(data)
}

export function registerLanguageStructure(monaco: Monaco, language: string): void {
  const { languages, Range } = monaco
  const KINDS: Readonly<Record<SymbolKind, languages.SymbolKind>> = {
    program: languages.SymbolKind.Module,
    function: languages.SymbolKind.Function,
    label: languages.SymbolKind.Event,
    map: languages.SymbolKind.Array,
    constant: languages.SymbolKind.Constant,
    type: languages.SymbolKind.Struct,
  }

  languages.registerDocumentSemanticTokensProvider(language, {
    getLegend: () => ({ tokenTypes: [...LEGEND], tokenModifiers: [] }),
    provideDocumentSemanticTokens: (model) => ({ data: ofText(model, 'tokens', semanticTokens) }),
    releaseDocumentSemanticTokens() {},
  })

  languages.registerDocumentSymbolProvider(language, {
    displayName: 'BPF',
    provideDocumentSymbols: (model) =>
      ofText(model, 'symbols', symbolsOf).map((symbol): languages.DocumentSymbol => {
        const { startLine, startColumn, endLine, endColumn } = symbol.range
        const range = new Range(startLine, startColumn, endLine, endColumn)
        return {
          name: symbol.name,
          detail: symbol.detail,
          kind: KINDS[symbol.kind],
          tags: [],
          range,
          selectionRange: range,
        }
      }),
  })

  languages.registerFoldingRangeProvider(language, {
    provideFoldingRanges: (model) =>
      ofText(model, 'folding', foldingRanges).map(({ startLine, endLine }) => ({ start: startLine, end: endLine })),
  })

  languages.registerInlayHintsProvider(language, {
    provideInlayHints: (model, range) => ({
      hints: ofText(model, 'hints', inlayHints)
        .filter(({ line }) => line >= range.startLineNumber && line <= range.endLineNumber)
        .map(({ line, column, text }) => ({
          label: text,
          position: { lineNumber: line, column },
          kind: languages.InlayHintKind.Type,
          paddingLeft: true,
        })),
      dispose() {},
    }),
  })
}
