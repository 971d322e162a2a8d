/** The one bubble that points at the number worth changing. Once the number has been changed it never comes back. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { DEMOS } from '@offload/content'
import type { Demo } from '@offload/content'
import { useDocument } from '../stores/document'
import { markHintUsed, useView } from '../stores/view'
import type { LiveEditor } from './bpf-editor'

export interface HintPlace {
  readonly line: number
  readonly column: number
  readonly length: number
  readonly from: string
  readonly to: string
  readonly text: string
}

function hintOf(demoId: string | undefined): Demo['hint'] | undefined {
  return DEMOS.find((demo) => demo.id === demoId)?.hint
}

/** Where the demo's number stands in this text; undefined when it is not there (any more). */
export function hintPlace(source: string, demoId: string | undefined): HintPlace | undefined {
  const hint = hintOf(demoId)
  if (hint === undefined) return undefined
  const lines = source.split('\n')
  const index = lines.findIndex((line) => line.includes(hint.line))
  if (index < 0) return undefined
  const at = lines[index]!.indexOf(hint.line) + hint.line.indexOf(hint.from)
  return { line: index + 1, column: at + 1, length: hint.from.length, from: hint.from, to: hint.to, text: hint.text }
}

export function EditorHint({ live }: { readonly live: LiveEditor }): ReactElement | null {
  const source = useDocument((state) => state.document.source)
  const demo = useDocument((state) => state.document.demo)
  const used = useView((state) => state.hintUsed)
  const [, redraw] = useState(0)
  const place = hintPlace(source, demo)
  const wanted = hintOf(demo)

  // Used: the demo's line is there no more although the demo is still the one on screen.
  useEffect(() => {
    if (place === undefined && wanted !== undefined && useDocument.getState().edits > 0) markHintUsed()
  }, [place, wanted])

  // Bring the number into sight, with room for the bubble below it.
  const line = place?.line
  useEffect(() => {
    if (line === undefined || used) return
    const { editor } = live
    const bottom = editor.getTopForLineNumber(line) + 5 * 19
    const height = editor.getLayoutInfo().height
    if (bottom > editor.getScrollTop() + height) editor.setScrollTop(bottom - height)
  }, [live, line, used])

  useEffect(() => {
    const moved = live.editor.onDidScrollChange(() => redraw((count) => count + 1))
    const sized = live.editor.onDidLayoutChange(() => redraw((count) => count + 1))
    return () => {
      moved.dispose()
      sized.dispose()
    }
  }, [live])

  if (used || place === undefined) return null
  const spot = live.editor.getScrolledVisiblePosition({ lineNumber: place.line, column: place.column })
  if (spot === null) return null
  return (
    <div
      className="editor-hint"
      style={{ left: spot.left - 12, top: spot.top + spot.height + 8 }}
      role="note"
      data-testid="hint"
    >
      {place.text}
    </div>
  )
}
