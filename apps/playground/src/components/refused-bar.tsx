/** Across the top when something is refused: who, why, where, and the way to the line. */
import type { ReactElement } from 'react'
import { revealLine } from '../editor/bpf-editor'
import { pin, tablesOf } from '../link/service'
import { useExplanation } from '../stores/explanation'
import { useVerdict } from '../stores/verdict'
import { setLayout, useView } from '../stores/view'
import { Sentence } from './sentence'
import { useStaleEdits } from './verdict-banner'

const WHO = { assembler: 'Does not assemble', kernel: 'Kernel refuses', device: 'Device refuses' } as const

export function RefusedBar(): ReactElement | null {
  const last = useVerdict((state) => state.last)
  const running = useVerdict((state) => state.good !== undefined && state.good !== state.last)
  const layout = useView((state) => state.layout)
  const stale = useStaleEdits()
  const { judged: about, explanation } = useExplanation()
  const errors = last?.compilation.diagnostics.filter((finding) => finding.severity === 'error') ?? []
  const first = errors[0]
  if (first === undefined) return null
  const sentence = first.source === 'kernel' && about === last ? explanation?.sentence : undefined
  const insn = tablesOf(last)?.insnsOfLine(first.range.startLine)[0]
  return (
    <div className="banner-top" data-testid="refused-bar">
      <span className="verdict fail">
        <span className="glyph" aria-hidden="true">
          <i>✕</i>
        </span>
        {WHO[first.source]}
      </span>
      {sentence === undefined ? (
        <span className="ellipsis">{first.message}</span>
      ) : (
        <span className="ellipsis" data-testid="refused-sentence">
          <Sentence text={sentence} /> <span className="dim mono">{first.message}</span>
        </span>
      )}
      <span className="dim">
        {insn === undefined ? `line ${first.range.startLine}` : `insn ${insn}, line ${first.range.startLine}`}
      </span>
      <span className="grow" />
      {stale > 0 && (
        <span className="badge stale">
          still running the last good program, {stale} {stale === 1 ? 'edit' : 'edits'} old
        </span>
      )}
      {stale === 0 && running && <span className="badge stale">the card goes on as before this change</span>}
      {layout !== 'verifier' && first.source !== 'assembler' && (
        <button type="button" className="btn line small" onClick={() => setLayout('verifier')}>
          Why
        </button>
      )}
      <button
        type="button"
        className="btn line small"
        onClick={() => {
          if (layout === 'verifier' && insn !== undefined) pin({ space: 'insn', start: insn, end: insn + 1 })
          else {
            setLayout('start')
            setTimeout(() => revealLine(first.range.startLine), 300)
          }
        }}
      >
        Go to line
      </button>
    </div>
  )
}
