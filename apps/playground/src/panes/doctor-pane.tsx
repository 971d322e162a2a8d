/**
 * The offload doctor: for each refusal of the device the driver's words, the limit behind it, what to do, and a change
 * that has been tried, to apply. In place of the words while there are none.
 */
import type { ReactElement } from 'react'
import type { Advice } from '@offload/session'
import { Pane } from '../components/pane'
import { changeText, revealLine } from '../editor/bpf-editor'
import { CodeText } from '../editor/code-text'
import { pin, useShown } from '../link/service'
import { useDocument } from '../stores/document'
import { announce, notify, setLayout } from '../stores/view'
import { sameJudgedPart } from '../workers/judged-part'
import { useAdvice } from '../workers/study'

/** Put a tried change into the document; a change of the text is one undo step. */
export async function applyAdvice(change: NonNullable<Advice['change']>): Promise<void> {
  const { source, title: _title, ...settings } = change
  if (Object.keys(settings).length > 0) useDocument.getState().patch(settings)
  if (source !== undefined) await changeText(source)
  announce(`Applied: ${change.title}.`)
}

export function DoctorPane(): ReactElement {
  const { judged } = useShown()
  const document = useDocument((state) => state.document)
  const device = judged?.compilation.device
  const refused = device?.verdict === 'driver-reject'
  const answered = useAdvice(refused ? document : undefined)
  const about = answered !== undefined && sameJudgedPart(answered.document, document) ? answered.value : undefined
  if (!refused)
    return (
      <Pane title="NFP words" testId="doctor">
        <div className="empty">
          No words: the program has not been accepted.
          <button type="button" className="btn line" onClick={() => setLayout('verifier')}>
            Why
          </button>
        </div>
      </Pane>
    )
  return (
    <Pane
      title="Offload doctor"
      context={
        about === undefined ? 'trying changes' : `${about.length} ${about.length === 1 ? 'refusal' : 'refusals'}`
      }
      testId="doctor"
    >
      {about === undefined && (
        <div className="empty">
          <span className="mono">{device?.error}</span>
          <span className="row">
            <span className="spinner" /> Trying what would pass
          </span>
        </div>
      )}
      {about?.map((advice) => (
        <Refusal key={`${advice.insn ?? 'program'}.${advice.text}`} advice={advice} source={document.source} />
      ))}
      {about?.length === 0 && (
        <div className="empty">
          <span className="mono">{device?.error}</span>The driver says no more than that.
        </div>
      )}
    </Pane>
  )
}

function Refusal({ advice, source }: { readonly advice: Advice; readonly source: string }): ReactElement {
  const { insn, change } = advice
  const line = advice.range.startLine
  return (
    <article className="why" data-testid="doctor-refusal">
      <h3>
        {insn === undefined
          ? 'The device refuses the program as a whole'
          : `The device refuses insn ${insn}, line ${line}`}
      </h3>
      <p className="mono why-message">{advice.text}</p>
      {insn !== undefined && (
        <p className="mono">
          <CodeText text={(source.split('\n')[line - 1] ?? '').trim()} grammar="bpf" />
        </p>
      )}
      <p>
        <span className="dim">Behind it </span>
        {advice.limit}
      </p>
      <p>
        <span className="dim">What would pass </span>
        {advice.suggestion}
      </p>
      {change !== undefined && (
        <p className="doctor-change" data-testid="doctor-change">
          <span className="badge ok">✓ tried</span> {change.title}.
        </p>
      )}
      <p className="row">
        {change !== undefined && (
          <button
            type="button"
            className="btn prim"
            onClick={() =>
              void applyAdvice(change).catch(() =>
                notify('fail', 'The editor could not be loaded; nothing was changed.'),
              )
            }
          >
            Apply
          </button>
        )}
        {insn !== undefined && (
          <button type="button" className="btn line" onClick={() => pin({ space: 'insn', start: insn, end: insn + 1 })}>
            Show insn {insn}
          </button>
        )}
        <button
          type="button"
          className="btn line"
          onClick={() => {
            setLayout('start')
            setTimeout(() => revealLine(line), 300)
          }}
        >
          Go to line {line}
        </button>
      </p>
    </article>
  )
}
