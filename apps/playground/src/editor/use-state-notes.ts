/** Draws at line ends of the editor what each line changed in the abstract state. Only about exactly the text that stands there. */
import { useEffect, useRef } from 'react'
import type { editor as MonacoEditor } from 'monaco-editor/editor'
import { tablesOf, useLink } from '../link/service'
import { useDocument } from '../stores/document'
import { useExplanation } from '../stores/explanation'
import { useNotes } from '../stores/notes'
import { useVerdict } from '../stores/verdict'
import type { LiveEditor } from './bpf-editor'

type Delta = MonacoEditor.IModelDeltaDecoration

export function useStateNotes(live: LiveEditor | undefined, byDefault: boolean): void {
  const on = useNotes((state) => state.atLineEnds ?? byDefault)
  const notation = useNotes((state) => state.notation)
  const last = useVerdict((state) => state.last)
  const source = useDocument((state) => state.document.source)
  const pinned = useLink((state) => state.pin)
  const { judged: about, explanation } = useExplanation()
  const collection = useRef<MonacoEditor.IEditorDecorationsCollection>(undefined)

  useEffect(() => {
    if (live === undefined) return
    const notes = (collection.current ??= live.editor.createDecorationsCollection())
    const tables = last?.source === source ? tablesOf(last) : undefined
    if (last === undefined || tables === undefined) {
      notes.clear()
      return
    }
    let dead = false
    const list: Delta[] = []
    if (about === last)
      for (const { insn, role, text } of explanation?.slice ?? []) {
        const line = tables.lineOf(insn)
        if (line > 0 && role !== 'refused')
          list.push({
            range: { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 },
            options: {
              isWholeLine: true,
              className: 'editor-matters',
              hoverMessage: { value: `Matters to the refusal: ${text}` },
            },
          })
      }
    if (!on) {
      notes.set(list)
      return
    }
    Promise.all([import('../stores/walk'), import('../panes/state-notes')]).then(
      ([{ walkNow }, { stateNotes }]) => {
        if (dead) return
        const { judged, walk, step } = walkNow()
        if (walk === undefined || judged !== last) {
          notes.set(list)
          return
        }
        const refused = new Set(
          last.compilation.diagnostics
            .filter(({ severity }) => severity === 'error')
            .map(({ range }) => range.startLine),
        )
        const byLine = new Map<number, string>()
        for (const [insn, text] of stateNotes(walk, step, notation)) byLine.set(tables.lineOf(insn), text)
        for (const [line, text] of byLine)
          if (line > 0 && !refused.has(line))
            list.push({
              range: { startLineNumber: line, startColumn: 10_000, endLineNumber: line, endColumn: 10_000 },
              options: { after: { content: text, inlineClassName: 'editor-note state' }, showIfCollapsed: true },
            })
        notes.set(list)
      },
      // Without them the text is as good as before.
      () => undefined,
    )
    return () => {
      dead = true
    }
  }, [live, last, source, on, notation, pinned, about, explanation])
}
