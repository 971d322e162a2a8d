/**
 * Hover, completion, definitions, rename and folding of BPF assembly. What they say comes from `@offload/bpf`; what the
 * verifier knew at the place is added from the newest walk of exactly this text.
 */
import { completionsAt, definitionAt, describeAt, formatSource, referencesAt, renameAt } from '@offload/bpf'
import type { CompletionKind, SourceRange } from '@offload/bpf'
import type { IRange, languages } from 'monaco-editor/editor'
import { tablesOf } from '../link/service'
import { explainValue } from '@offload/verifier'
import { walkNow } from '../stores/walk'
import { demoOf, useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { Monaco } from './monaco'

const rangeOf = (range: SourceRange): IRange => ({
  startLineNumber: range.startLine,
  startColumn: range.startColumn,
  endLineNumber: range.endLine,
  endColumn: range.endColumn,
})

/** What the verifier knew before this line of the thing under the pointer: a register's state, or how often a jump was visited. */
function knownAt(text: string, line: number, word: string): string | undefined {
  const { judged, walk, step } = walkNow()
  const insn = tablesOf(judged)?.insnsOfLine(line)[0]
  if (judged?.source !== text || walk === undefined || insn === undefined) return undefined
  if (walk.isConditional(insn) && /^(if|goto|j\w+)$/.test(word)) return `The verifier: ${walk.visitText(insn)}.`
  if (!/^%?[rw]\d+$/.test(word)) return undefined
  // On the way to the step on show, else on the first visit.
  const at = walk.pathTo(step).get(insn)?.at ?? walk.firstVisits.get(insn)
  const value = at === undefined ? undefined : walk.valuesAt(at).get(`R${word.replace(/^%?[rw]/, '')}`)
  if (value === undefined) return at === undefined ? undefined : 'Before this line: **holds nothing**'
  return `Before this line: **${explainValue(value)}**, \`${value}\``
}

/** The line of C that the comment under the pointer names with `@LINE`. */
function cLineAt(text: string, source: string, line: number, column: number): string | undefined {
  const place = /@ ?\S+\s*$/.exec(text)
  const { last } = useVerdict.getState()
  if (place === null || column <= place.index || last?.source !== source) return undefined
  const tables = tablesOf(last)
  const insn = tables?.insns.find((candidate) => tables.lineOf(candidate) >= line)
  const row = insn === undefined ? undefined : tables?.cRows[tables.cRowOf(insn)]
  if (row === undefined) return undefined
  const c = demoOf(useDocument.getState().document)?.c.split('\n')[row.line - 1] ?? row.text
  return `Line ${row.line} of ${row.file === '' ? 'the C' : row.file}:\n\n\`${c.trim()}\``
}

export function registerLanguageHelp(monaco: Monaco, language: string): void {
  const { languages } = monaco
  const KINDS: Readonly<Record<CompletionKind, languages.CompletionItemKind>> = {
    instruction: languages.CompletionItemKind.Keyword,
    register: languages.CompletionItemKind.Variable,
    helper: languages.CompletionItemKind.Function,
    label: languages.CompletionItemKind.Reference,
    function: languages.CompletionItemKind.Function,
    map: languages.CompletionItemKind.Struct,
    constant: languages.CompletionItemKind.Constant,
    type: languages.CompletionItemKind.TypeParameter,
    directive: languages.CompletionItemKind.Keyword,
    keyword: languages.CompletionItemKind.Keyword,
  }

  languages.registerHoverProvider(language, {
    provideHover(model, position) {
      const text = model.getValue()
      const said = describeAt(text, position.lineNumber, position.column)
      const c = cLineAt(model.getLineContent(position.lineNumber), text, position.lineNumber, position.column)
      if (c !== undefined) return { contents: [{ value: c }] }
      const state = knownAt(text, position.lineNumber, model.getWordAtPosition(position)?.word ?? '')
      if (said === undefined && state === undefined) return null
      return {
        contents: [
          ...(said === undefined ? [] : [{ value: said.markdown }]),
          ...(state === undefined ? [] : [{ value: state }]),
        ],
        ...(said === undefined ? {} : { range: rangeOf(said.range) }),
      }
    },
  })

  languages.registerCompletionItemProvider(language, {
    triggerCharacters: ['.', ' ', '('],
    provideCompletionItems(model, position) {
      const suggestions = completionsAt(model.getValue(), position.lineNumber, position.column).map(
        (item): languages.CompletionItem => ({
          label: item.label,
          kind: KINDS[item.kind],
          detail: item.detail,
          insertText: item.insert,
          range: rangeOf(item.range),
          ...(item.doc === undefined ? {} : { documentation: { value: item.doc } }),
          ...(item.snippet ? { insertTextRules: languages.CompletionItemInsertTextRule.InsertAsSnippet } : {}),
        }),
      )
      return { suggestions }
    },
  })

  languages.registerDefinitionProvider(language, {
    provideDefinition(model, position) {
      const range = definitionAt(model.getValue(), position.lineNumber, position.column)
      return range === undefined ? null : { uri: model.uri, range: rangeOf(range) }
    },
  })

  languages.registerReferenceProvider(language, {
    provideReferences: (model, position) =>
      referencesAt(model.getValue(), position.lineNumber, position.column).map((range) => ({
        uri: model.uri,
        range: rangeOf(range),
      })),
  })

  languages.registerRenameProvider(language, {
    provideRenameEdits(model, position, name) {
      const result = renameAt(model.getValue(), position.lineNumber, position.column, name)
      if (!result.ok) return { edits: [], rejectReason: result.reason }
      return {
        edits: result.edits.map((edit) => ({
          resource: model.uri,
          versionId: model.getVersionId(),
          textEdit: { range: rangeOf(edit.range), text: edit.text },
        })),
      }
    },
  })

  languages.registerDocumentFormattingEditProvider(language, {
    provideDocumentFormattingEdits: (model) => [
      { range: model.getFullModelRange(), text: formatSource(model.getValue()) },
    ],
  })
}
