/**
 * What the assembler says of the text that stands in the editor, at once: the same that the verdict brings a little later
 * from the compile worker. Fetched with the editor; the shell must not import it.
 */
import { assemble } from '@offload/bpf'
import type { Compilation } from '@offload/session'
import type { editor as MonacoEditor } from 'monaco-editor/editor'
import type { Monaco } from './monaco'

type Findings = Compilation['diagnostics']

/** Longer texts wait for the compile worker: the page must not. */
const MOST_AT_ONCE = 200_000

/** Squiggles under what a list of findings is about. */
export function mark({ editor, MarkerSeverity }: Monaco, model: MonacoEditor.ITextModel, findings: Findings): void {
  const severity = { error: MarkerSeverity.Error, warning: MarkerSeverity.Warning, info: MarkerSeverity.Info }
  editor.setModelMarkers(
    model,
    'offload',
    findings.map((finding) => ({
      severity: severity[finding.severity],
      code: finding.code,
      source: finding.source,
      message: finding.expected === undefined ? finding.message : `${finding.message}\nExpected: ${finding.expected}`,
      startLineNumber: finding.range.startLine,
      startColumn: finding.range.startColumn,
      endLineNumber: finding.range.endLine,
      endColumn: finding.range.endColumn,
    })),
  )
}

/** The assembler's findings about a text; undefined for one that is too long. */
export function assemblerFindings(source: string): Findings | undefined {
  if (source.length > MOST_AT_ONCE) return undefined
  return assemble(source).diagnostics.map((item) => ({ ...item, source: 'assembler' as const }))
}
