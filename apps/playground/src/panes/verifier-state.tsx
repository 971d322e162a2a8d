/**
 * Registers and stack around the chosen step: what the verifier knew before the instruction, what the instruction makes
 * of it, which values it reads, and which step made each value what it is (click: go there).
 */
import { useMemo } from 'react'
import type { ReactElement } from 'react'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { setNotation, useNotes } from '../stores/notes'
import type { Notation } from '../stores/notes'
import { goToStep, useWalkStep } from '../stores/walk'
import { changesBetween, valueText } from './step-change'
import type { Walk } from './walk'
import '../styles/verifier.css'

const NOTATIONS = [
  ['words', 'words'],
  ['kernel', 'kernel'],
] as const

export function StatePane(): ReactElement {
  const { walk, step } = useWalkStep()
  const notation = useNotes((state) => state.notation)
  const chosen = walk?.steps[step]
  const visits = useMemo(() => walk?.visitsOf(step) ?? [], [walk, step])
  const visit = visits.indexOf(step)
  return (
    <Pane
      title="State"
      context={
        chosen === undefined
          ? ''
          : `${chosen.covered === true ? 'at' : 'before'} insn ${chosen.insn}${chosen.frame > 0 ? `, frame ${chosen.frame}` : ''}${visits.length > 1 && visit >= 0 ? `, visit ${visit + 1} of ${visits.length}` : ''}`
      }
      controls={
        <>
          {visits.length > 1 && (
            <button type="button" className="btn small" onClick={() => goToStep(visits[(visit + 1) % visits.length]!)}>
              Next visit
            </button>
          )}
          <Segmented label="Notation" small options={NOTATIONS} value={notation} onChange={setNotation} />
        </>
      }
      testId="state-pane"
    >
      {walk === undefined || chosen === undefined ? (
        <div className="empty">
          Nothing has been walked. When the kernel judges a program, what it knew at each instruction stands here.
        </div>
      ) : (
        <StateTable walk={walk} step={step} notation={notation} />
      )}
    </Pane>
  )
}

interface StateTableProps {
  readonly walk: Walk
  readonly step: number
  readonly notation: Notation
}

function StateTable({ walk, step, notation }: StateTableProps): ReactElement {
  const { insn, covered, frame } = walk.steps[step]!
  const values = walk.valuesAt(step)
  const next = covered === true ? undefined : walk.after(step)
  const sameFrame = next !== undefined && walk.steps[next]!.frame === frame
  const changes = useMemo(
    () =>
      new Map(
        (sameFrame ? changesBetween(walk.valuesAt(step), walk.valuesAt(next)) : []).map((change) => [
          change.name,
          change,
        ]),
      ),
    [walk, step, next, sameFrame],
  )
  const { reads } = walk.useDef(insn)
  const isRead = (name: string): boolean =>
    covered !== true && /^R\d+$/.test(name) && ((reads >> Number(name.slice(1))) & 1) !== 0
  const names = [...values.keys(), ...[...changes.keys()].filter((name) => !values.has(name))].toSorted(byPlace)
  return (
    <table className="state-table">
      <thead className="visually-hidden">
        <tr>
          <th scope="col">name</th>
          <th scope="col">before and after</th>
          <th scope="col">made by</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => {
          const value = values.get(name)
          const change = changes.get(name)
          const writer = value === undefined ? undefined : walk.writerOf(step, name)
          const classes = [isRead(name) ? 'read' : '', change === undefined ? '' : 'changed'].filter(Boolean)
          return (
            <tr key={name} className={classes.join(' ')} data-name={name.toLowerCase()}>
              <th scope="row" className="mono">
                {name.toLowerCase()}
                {isRead(name) && (
                  <span className="state-mark" title="read by this instruction">
                    read
                  </span>
                )}
              </th>
              <td className={notation === 'kernel' ? 'mono' : undefined}>
                {value === undefined ? <span className="dim">nothing</span> : valueText(value, notation)}
                {change !== undefined && (
                  <span className="state-after" title="after this instruction">
                    → {change.after === undefined ? 'nothing' : valueText(change.after, notation)}
                  </span>
                )}
              </td>
              <td className="r">
                {writer !== undefined && (
                  <button
                    type="button"
                    className="link"
                    title={`Go to step ${writer + 1}, which made ${name.toLowerCase()} what it is`}
                    onClick={() => goToStep(writer)}
                  >
                    insn {walk.steps[writer]!.insn}
                  </button>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** Registers by number, then the stack from its top. */
function byPlace(a: string, b: string): number {
  const place = (name: string): number => (name.startsWith('R') ? Number(name.slice(1)) : 100 - Number(name.slice(2)))
  return place(a) - place(b)
}
