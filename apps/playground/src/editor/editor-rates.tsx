/** Executions a second at the right edge of the editor, one per line, moving with it. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { rate } from '../components/number-text'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { LiveEditor } from './bpf-editor'
import { useLineStats } from './line-stats'

export function EditorRates({ live }: { readonly live: LiveEditor }): ReactElement {
  const stats = useLineStats()
  const good = useVerdict((state) => state.good)
  const source = useDocument((state) => state.document.source)
  const [, redraw] = useState(0)
  useEffect(() => {
    const moved = live.editor.onDidScrollChange(() => redraw((count) => count + 1))
    const sized = live.editor.onDidLayoutChange(() => redraw((count) => count + 1))
    return () => {
      moved.dispose()
      sized.dispose()
    }
  }, [live])
  const current = good?.source === source
  const top = live.editor.getScrollTop()
  return (
    <div className={current ? 'editor-rates' : 'editor-rates stale'} aria-hidden="true">
      {current &&
        [...stats.perSecond].map(([line, perSecond]) => (
          <span key={line} style={{ top: live.editor.getTopForLineNumber(line) - top }}>
            {rate(perSecond)}
          </span>
        ))}
    </div>
  )
}
