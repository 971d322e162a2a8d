/**
 * Why a program is refused: one sentence, the kernel's own line, a picture of the bytes, the smallest change that passes
 * with a button that makes it, and the lines that matter. For the assembler's and the device's refusals their own words.
 */
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { applyEdits as editedText } from '@offload/bpf'
import type { Repair } from '@offload/session'
import { Pane } from '../components/pane'
import { Sentence } from '../components/sentence'
import { applyEdits, changeText, revealLater } from '../editor/bpf-editor'
import { CodeText } from '../editor/code-text'
import { hover, pin, useShown } from '../link/service'
import { stopSearching, useExplanation } from '../stores/explanation'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { Judged } from '../stores/verdict'
import { announce, notify, setLayout } from '../stores/view'
import { goToStep, useWalkStep } from '../stores/walk'
import { ByteRuler } from './byte-ruler'
import { sliceRows } from './slice-rows'
import '../styles/verifier.css'

const WHO = { assembler: 'The assembler', kernel: 'The kernel', device: 'The device driver' } as const

type Finding = Judged['compilation']['diagnostics'][number]

export function WhyPane(): ReactElement {
  const last = useVerdict((state) => state.last)
  const errors = last?.compilation.diagnostics.filter((finding) => finding.severity === 'error') ?? []
  const kernel = last?.compilation.kernel
  if (last === undefined || errors.length === 0)
    return (
      <Pane title="Why" testId="why-pane">
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
  return (
    <Pane title="Why" context={`${errors.length} ${errors.length === 1 ? 'problem' : 'problems'}`} testId="why-pane">
      {errors.map((finding) =>
        finding.source === 'kernel' ? (
          <KernelRefusal key={finding.message} judged={last} finding={finding} />
        ) : (
          <OtherRefusal key={`${finding.code}.${finding.range.startLine}.${finding.message}`} finding={finding} />
        ),
      )}
    </Pane>
  )
}

function KernelRefusal({ judged, finding }: { readonly judged: Judged; readonly finding: Finding }): ReactElement {
  const { judged: about, explanation, repair, phase } = useExplanation()
  const known = about === judged ? explanation : undefined
  return (
    <article className="why" data-testid="why-kernel">
      <h3 data-testid="why-sentence">
        {known === undefined ? (
          `The kernel refuses line ${finding.range.startLine}`
        ) : (
          <Sentence text={known.sentence} />
        )}
      </h3>
      <p className="mono why-message">{finding.message}</p>
      {known?.reach !== undefined && known.insn !== undefined && <ByteRuler reach={known.reach} insn={known.insn} />}
      {about === judged && <RepairCard repair={repair} phase={phase} source={judged.source} />}
      {known?.advice !== undefined && repair === undefined && (
        <p className="ink2">
          <Sentence text={known.advice} />
        </p>
      )}
      {known !== undefined && known.slice.length > 0 && <Slice judged={judged} />}
    </article>
  )
}

function RepairCard({
  repair,
  phase,
  source,
}: {
  readonly repair: Repair | undefined
  readonly phase: 'none' | 'explaining' | 'searching' | 'done' | 'given-up'
  readonly source: string
}): ReactElement | null {
  if (phase === 'searching' || phase === 'explaining')
    return (
      <p className="row why-search">
        <span className="spinner" /> Trying what would pass
        <button type="button" className="btn small" onClick={stopSearching}>
          Cancel
        </button>
      </p>
    )
  if (repair === undefined)
    return (
      <p className="dim" data-testid="why-no-change">
        {phase === 'given-up' ? 'The search for a change was stopped.' : 'No small change was found that passes.'}
      </p>
    )
  const apply = (): void => {
    changeText(repair.source).then(
      () => announce(`Applied: ${repair.title.replaceAll('`', '')}.`),
      () => notify('fail', 'The editor could not be loaded; nothing was changed.'),
    )
  }
  return (
    <section className="fix" aria-label="The smallest change that passes" data-testid="why-fix">
      <p>
        <Sentence text={repair.title} />.
      </p>
      <div className="fix-lines">
        {fixLines(source, repair).map(({ sign, line, text }, index) => (
          <div key={index} className={sign === '−' ? 'gone' : 'new'}>
            <span className="fix-sign">{sign}</span>
            <span className="fix-at">line {line}</span>
            <CodeText text={text} grammar="bpf" />
          </div>
        ))}
      </div>
      <p className="row">
        <button type="button" className="btn prim" onClick={apply}>
          Apply
        </button>
        <span className="ok-text">✓ tried: the kernel accepts{repair.deviceAccepts ? ', the device too' : ''}</span>
        {!repair.deviceAccepts && <span className="warn-text">! the device still refuses</span>}
      </p>
    </section>
  )
}

interface FixLine {
  readonly sign: '−' | '+'
  readonly line: number
  readonly text: string
}

/** The lines that a change takes out and puts in, with their numbers. */
export function fixLines(source: string, { edits }: Pick<Repair, 'edits'>): FixLine[] {
  const lines = source.split('\n')
  const shown: (FixLine & { readonly order: number })[] = []
  edits.forEach(({ line, remove, insert }, order) => {
    lines.slice(line - 1, line - 1 + remove).forEach((text, k) => {
      if (!insert.includes(text)) shown.push({ sign: '−', line: line + k, text: text.trim(), order })
    })
    const gone = lines.splice(line - 1, remove, ...insert)
    insert.forEach((text, k) => {
      if (!gone.includes(text)) shown.push({ sign: '+', line: line + k, text: text.trim(), order })
    })
  })
  return shown.toSorted((a, b) => a.line - b.line || a.order - b.order)
}

/** Only these lines matter: each with what it has to do with the refusal. */
function Slice({ judged }: { readonly judged: Judged }): ReactElement {
  const explanation = useExplanation((state) => state.explanation)
  const { tables } = useShown()
  const { step } = useWalkStep()
  const rows = useMemo(
    () => sliceRows(explanation?.slice ?? [], judged.source, (insn) => tables?.lineOf(insn) ?? 0),
    [explanation, judged, tables],
  )
  return (
    <section aria-label="Lines that matter" onMouseLeave={() => hover(undefined)}>
      <h4>{rows.length === 1 ? 'Only this line matters' : `Only these ${rows.length} lines matter`}</h4>
      <ol className="slice" data-testid="why-slice">
        {rows.map((row) => (
          <li key={row.insn}>
            <button
              type="button"
              className={`slice-row ${row.role}${row.step === step ? ' sel' : ''}`}
              onMouseEnter={() => hover({ space: 'insn', start: row.insn, end: row.insn + 1 })}
              onFocus={() => hover({ space: 'insn', start: row.insn, end: row.insn + 1 })}
              onClick={() => {
                if (row.step >= 0) goToStep(row.step)
                else pin({ space: 'insn', start: row.insn, end: row.insn + 1 })
              }}
            >
              <span className="slice-at">{row.insn}</span>
              <span className="mono">
                <CodeText text={row.text} grammar="bpf" />
              </span>
              <span className="slice-why">{row.reason}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What the assembler or the device says, in its own words. */
function OtherRefusal({ finding }: { readonly finding: Finding }): ReactElement {
  const source = useDocument((state) => state.document.source)
  const { tables } = useShown()
  const { startLine } = finding.range
  const insn = tables?.insnsOfLine(startLine)[0]
  return (
    <article className="why">
      <h3>
        {WHO[finding.source]} refuses {insn === undefined ? `line ${startLine}` : `insn ${insn}, line ${startLine}`}
      </h3>
      <p className="mono why-message">{finding.message}</p>
      <p className="mono">
        <CodeText text={(source.split('\n')[startLine - 1] ?? '').trim()} grammar="bpf" />
      </p>
      {finding.expected !== undefined && <p>Expected: {finding.expected}</p>}
      {/^\(no text, errno 22\)$/.test(finding.message) && (
        <p className="ink2">
          The kernel says nothing more. It refuses so when a map cannot be made for a device: only array and hash maps
          live on a card, and perf event arrays beside it.
        </p>
      )}
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
        {finding.source === 'device' && (
          <button type="button" className="btn line" onClick={() => setLayout('jit')}>
            Offload doctor
          </button>
        )}
        <button
          type="button"
          className="btn line"
          onClick={() => {
            setLayout('start')
            setTimeout(() => revealLater(startLine), 0)
          }}
        >
          Go to line {startLine}
        </button>
      </p>
    </article>
  )
}
