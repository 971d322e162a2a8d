/** Findings as squiggles with quick fixes. They are shown only while they are about the text that stands there. */
import { useEffect, useState } from 'react'
import type { IDisposable, languages } from 'monaco-editor/editor'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { LiveEditor } from './bpf-editor'
import { LANGUAGE_ID } from './language'

const WHO = { assembler: 'assembler', kernel: 'kernel', device: 'device' } as const

/** Longer texts wait for the compile worker: the page must not. */
const MOST_AT_ONCE = 200_000

type Findings = NonNullable<ReturnType<typeof useVerdict.getState>['last']>['compilation']['diagnostics']

/**
 * The findings about exactly the text that stands there. What the assembler says is known at once; what kernel and
 * device say comes with the verdict. None while neither is there.
 */
export function useFindings(): Findings | undefined {
  const last = useVerdict((state) => state.last)
  const source = useDocument((state) => state.document.source)
  const [early, setEarly] = useState<{ readonly source: string; readonly findings: Findings } | undefined>(undefined)
  const judged = last?.source === source
  useEffect(() => {
    if (judged || source.length > MOST_AT_ONCE) return
    let dead = false
    // The editor has fetched it already; the shell must not.
    import('@offload/bpf').then(
      ({ assemble }) => {
        if (dead) return
        const findings = assemble(source).diagnostics.map((item) => ({ ...item, source: 'assembler' as const }))
        setEarly({ source, findings })
      },
      // The verdict brings the same a little later.
      () => undefined,
    )
    return () => {
      dead = true
    }
  }, [judged, source])
  if (judged) return last.compilation.diagnostics
  return early?.source === source ? early.findings : undefined
}

export function useMarkers(live: LiveEditor | undefined): void {
  const findings = useFindings()
  useEffect(() => {
    const model = live?.editor.getModel()
    if (live === undefined || model === null || model === undefined) return
    const { MarkerSeverity } = live.monaco
    const severity = { error: MarkerSeverity.Error, warning: MarkerSeverity.Warning, info: MarkerSeverity.Info }
    live.monaco.editor.setModelMarkers(
      model,
      'offload',
      (findings ?? []).map((finding) => ({
        severity: severity[finding.severity],
        code: finding.code,
        source: WHO[finding.source],
        message: finding.expected === undefined ? finding.message : `${finding.message}\nExpected: ${finding.expected}`,
        startLineNumber: finding.range.startLine,
        startColumn: finding.range.startColumn,
        endLineNumber: finding.range.endLine,
        endColumn: finding.range.endColumn,
      })),
    )
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
