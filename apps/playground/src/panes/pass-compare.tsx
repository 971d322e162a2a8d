/** One pass before and after: for each instruction whose words differ, both lists of words side by side. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { disassemble, relocationOf, wordAt } from '@offload/nfp'
import type { PassName } from '@offload/nfp-jit'
import type { PassEffects, PassStage } from '@offload/session'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { CodeText } from '../editor/code-text'
import { useShown } from '../link/service'
import type { LinkTables } from '../link/tables'
import type { Judged } from '../stores/verdict'
import { listingRows } from './code-listing'
import { stageBefore, wordsIn } from './pass-strip'
import { wordText } from './word-listing'

interface PassCompareProps {
  readonly effects: PassEffects | undefined
  readonly pass: PassName
  readonly onClose: () => void
}

interface WordLine {
  readonly text: string
  /** The text without addresses, which move with every word that goes: only what a word does is compared. */
  readonly sense: string
}

interface Difference {
  readonly insn: number
  readonly text: string
  readonly before: readonly WordLine[]
  readonly after: readonly WordLine[]
  readonly same: boolean
}

function linesOf({ words }: PassStage): WordLine[] {
  if (words === undefined) return []
  return disassemble(words).map((line, index) => {
    const text = wordText(line)
    const moves = relocationOf(wordAt(words, index)) !== 0
    return { text, sense: moves ? text.replace(/\.\d+|0x[0-9a-f]+/g, '') : text }
  })
}

function wordsOfSlot(stage: PassStage, lines: readonly WordLine[], insn: number): readonly WordLine[] {
  return lines.slice(stage.insnWords?.[insn * 2] ?? 0, stage.insnWords?.[insn * 2 + 1] ?? 0)
}

const sense = (lines: readonly WordLine[]): string => lines.map((line) => line.sense).join('\n')

/** Both sides of a pass, instruction by instruction. */
export function differencesOf(before: PassStage, after: PassStage, judged: Judged, tables: LinkTables): Difference[] {
  const [left, right] = [linesOf(before), linesOf(after)]
  return listingRows(judged, tables)
    .filter((row) => row.insn >= 0)
    .map(({ insn, text }) => {
      const from = wordsOfSlot(before, left, insn)
      const to = wordsOfSlot(after, right, insn)
      return { insn, text, before: from, after: to, same: sense(from) === sense(to) }
    })
}

export function PassCompare({ effects, pass, onClose }: PassCompareProps): ReactElement {
  const { judged, tables } = useShown()
  const [which, setWhich] = useState<'changed' | 'all'>('changed')
  const effect = effects?.passes.find((one) => one.pass === pass)
  const rows = useMemo(
    () =>
      effects === undefined || effect === undefined || judged === undefined || tables === undefined
        ? []
        : differencesOf(stageBefore(effects, pass), effect.stage, judged, tables),
    [effects, effect, pass, judged, tables],
  )
  const shown = which === 'all' ? rows : rows.filter((row) => !row.same)
  const before = effects === undefined ? undefined : wordsIn(stageBefore(effects, pass))
  return (
    <Pane
      title={effect?.title ?? 'Pass'}
      context={`${before ?? '–'} → ${wordsIn(effect?.stage) ?? '–'} words`}
      testId="pass-compare"
      controls={
        <>
          <Segmented
            label="Which instructions"
            small
            options={[
              ['changed', 'changed'],
              ['all', 'all'],
            ]}
            value={which}
            onChange={setWhich}
          />
          <button type="button" className="btn line small" onClick={onClose}>
            Back to the words
          </button>
        </>
      }
    >
      <p className="compare-purpose">
        {effect?.purpose}
        {effect?.on === false ? ' It is switched off now.' : ''}
      </p>
      {shown.length === 0 ? (
        <div className="empty">This pass changes no word of this program.</div>
      ) : (
        <div className="compare">
          <div className="compare-head">
            <span>insn</span>
            <span>before</span>
            <span>after</span>
          </div>
          {shown.map((row) => (
            <div key={row.insn} className={row.same ? 'compare-row same' : 'compare-row'}>
              <span className="what">
                <span className="dim">{row.insn}</span> <CodeText text={row.text} grammar="bpf" />
              </span>
              <Side words={row.before} other={row.after} sign="−" />
              <Side words={row.after} other={row.before} sign="+" />
            </div>
          ))}
        </div>
      )}
    </Pane>
  )
}

/** Words of one side; those the other side has not are marked. */
function Side(props: {
  readonly words: readonly WordLine[]
  readonly other: readonly WordLine[]
  readonly sign: string
}): ReactElement {
  const known = new Set(props.other.map((line) => line.sense))
  return (
    <span className="side">
      {props.words.length === 0 && <span className="dim">no words</span>}
      {props.words.map((line, index) => {
        const own = !known.has(line.sense)
        return (
          <span key={index} className={own ? 'own' : ''}>
            {own ? props.sign : ' '} <CodeText text={line.text} grammar="nfp" />
          </span>
        )
      })}
    </span>
  )
}
