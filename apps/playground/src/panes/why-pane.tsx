/** Why a program is refused: who says so, in one sentence, what was known there, and a change that would help if one is known. */
import type { ReactElement } from 'react'
import { applyEdits as editedText } from '@offload/bpf'
import { Pane } from '../components/pane'
import { applyEdits, revealLine } from '../editor/bpf-editor'
import { CodeText } from '../editor/code-text'
import { useShown } from '../link/service'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import { setLayout } from '../stores/view'
import { explainValue, splitState } from '@offload/verifier'

const WHO = { assembler: 'The assembler', kernel: 'The kernel', device: 'The device driver' } as const

export function WhyPane(): ReactElement {
  const last = useVerdict((state) => state.last)
  const source = useDocument((state) => state.document.source)
  const { tables } = useShown()
  const errors = last?.compilation.diagnostics.filter((finding) => finding.severity === 'error') ?? []
  const kernel = last?.compilation.kernel
  if (last === undefined || errors.length === 0)
    return (
      <Pane title="Why">
        <div className="empty">
          {last?.compilation.ok === true ? (
            <>
              <b style={{ color: 'var(--ink-1)' }}>Both accept this program.</b>
              The kernel walked {kernel?.processedInsns ?? 0} instructions over {kernel?.totalStates ?? 0} states and
              found every access safe. The driver found nothing that the card cannot do.
            </>
          ) : (
            'No verdict yet.'
          )}
        </div>
      </Pane>
    )
  const state = kernel?.steps?.at(-1)
  return (
    <Pane title="Why" context={`${errors.length} ${errors.length === 1 ? 'problem' : 'problems'}`} testId="why-pane">
      {errors.map((finding) => {
        const line = source.split('\n')[finding.range.startLine - 1] ?? ''
        const insn = tables?.insnsOfLine(finding.range.startLine)[0]
        const registers = finding.source === 'kernel' ? involved(line, state?.state ?? '', finding.message) : []
        return (
          <article key={`${finding.code}.${finding.range.startLine}.${finding.message}`} className="why">
            <h3>
              {WHO[finding.source]} refuses{' '}
              {insn === undefined ? `line ${finding.range.startLine}` : `insn ${insn}, line ${finding.range.startLine}`}
            </h3>
            <p className="mono why-message">{finding.message}</p>
            <p className="code-row" style={{ lineHeight: '19px', fontFamily: 'var(--font-code)' }}>
              <CodeText text={line.trim()} grammar="bpf" />
            </p>
            {finding.expected !== undefined && <p>Expected: {finding.expected}</p>}
            {registers.length > 0 && (
              <dl>
                {registers.map(({ name, value }) => (
                  <div key={name}>
                    <dt className="mono">{name.toLowerCase()}</dt>
                    <dd>{explainValue(value)}</dd>
                  </div>
                ))}
              </dl>
            )}
            <p className="ink2">{advice(finding.message)}</p>
            <p className="row">
              {finding.fix !== undefined && (
                <button
                  type="button"
                  className="btn prim"
                  onClick={() => {
                    const fix = finding.fix!
                    if (!applyEdits(fix.edits)) useDocument.getState().setSource(editedText(source, fix.edits))
                  }}
                >
                  Apply: {finding.fix.title}
                </button>
              )}
              <button
                type="button"
                className="btn line"
                onClick={() => {
                  setLayout('start')
                  setTimeout(() => revealLine(finding.range.startLine), 300)
                }}
              >
                Go to line {finding.range.startLine}
              </button>
            </p>
          </article>
        )
      })}
    </Pane>
  )
}

/** Registers that the refused line or the message names, as they were. */
function involved(line: string, state: string, message: string) {
  const named = new Set(
    [...line.matchAll(/\b[rw](\d+)\b/g), ...message.matchAll(/\bR(\d+)\b/g)].map((match) => `R${match[1]}`),
  )
  return splitState(state).filter(({ name }) => named.has(name))
}

/** The next step for the refusals that beginners meet most, by the kernel's words. */
function advice(message: string): string {
  if (/invalid access to packet|offset is outside of the packet/.test(message))
    return 'Compare the packet pointer plus the bytes you read with data_end before this line, and read only on the path where they fit.'
  if (/invalid mem access 'map_value_or_null'|or_null/.test(message))
    return 'A lookup may find nothing. Compare its result with 0 and leave before you use it.'
  if (/!read_ok/.test(message))
    return 'This register holds nothing here: it was never written, or a call has clobbered it. Calls keep only r6 to r9.'
  if (/back-edge|infinite loop/.test(message))
    return 'The loop has no bound that the kernel can see. Count down a number it knows, and leave at zero.'
  if (/invalid bpf_context access/.test(message))
    return 'The context has no such field at this offset and size, or it may not be written here.'
  if (/unreachable insn/.test(message)) return 'No path leads to this instruction. Remove it or jump to it.'
  if (/^\(no text, errno 22\)$/.test(message))
    return 'The kernel says nothing more. It refuses so when a map cannot be made for a device: only array and hash maps live on a card, and perf event arrays beside it.'
  if (/unknown opcode|invalid func/.test(message)) return 'This kernel does not know it for this kind of program.'
  return ''
}
