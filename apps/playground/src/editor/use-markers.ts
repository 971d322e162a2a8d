/** Findings as squiggles with quick fixes. They are shown only while they are about the text that stands there. */
import { useEffect } from 'react'
import type { IDisposable, languages } from 'monaco-editor/editor'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { Judged } from '../stores/verdict'
import type { LiveEditor } from './bpf-editor'
import { LANGUAGE_ID } from './language'

type Findings = Judged['compilation']['diagnostics']

/**
 * The findings about exactly the text that stands there. What the assembler says is known with the key stroke; what
 * kernel and device say comes with the verdict. None while neither is there.
 */
export function useFindings(): Findings | undefined {
  const last = useVerdict((state) => state.last)
  const early = useVerdict((state) => state.early)
  const source = useDocument((state) => state.document.source)
  if (last?.source === source) return last.compilation.diagnostics
  return early?.source === source ? early.findings : undefined
}

export function useMarkers(live: LiveEditor | undefined): void {
  const findings = useFindings()
  useEffect(() => {
    const model = live?.editor.getModel()
    if (live === undefined || model === null || model === undefined) return
    live.mark(live.monaco, model, findings ?? [])
  }, [live, findings])

  useEffect(() => {
    const model = live?.editor.getModel()
    if (live === undefined || model === null || model === undefined || findings === undefined) return
    const provider: IDisposable = live.monaco.languages.registerCodeActionProvider(LANGUAGE_ID, {
      provideCodeActions(asked, range): languages.CodeActionList {
        const actions: languages.CodeAction[] = []
        if (asked === model)
          for (const finding of findings) {
            if (
              finding.fix === undefined ||
              finding.range.startLine > range.endLineNumber ||
              finding.range.endLine < range.startLineNumber
            )
              continue
            actions.push({
              title: finding.fix.title,
              kind: 'quickfix',
              isPreferred: true,
              edit: {
                edits: finding.fix.edits.map((edit) => ({
                  resource: model.uri,
                  versionId: model.getVersionId(),
                  textEdit: {
                    range: {
                      startLineNumber: edit.range.startLine,
                      startColumn: edit.range.startColumn,
                      endLineNumber: edit.range.endLine,
                      endColumn: edit.range.endColumn,
                    },
                    text: edit.text,
                  },
                })),
              },
            })
          }
        return { actions, dispose() {} }
      },
    })
    return () => provider.dispose()
  }, [live, findings])
}
