/** Registers and stack before the chosen instruction, as the verifier knew them there, in the kernel's notation or in words. */
import { useMemo, useState } from 'react'
import type { ReactElement } from 'react'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { hover, useLink, useShown } from '../link/service'
import { explainValue, splitState } from '@offload/verifier'

export function StatePane({
  step,
  onStep,
}: {
  readonly step: number
  readonly onStep: (step: number) => void
}): ReactElement {
  const { judged } = useShown()
  const [notation, setNotation] = useState<'words' | 'kernel'>('words')
  const pinned = useLink((state) => state.pinKin)
  const steps = useMemo(() => judged?.compilation.kernel?.steps ?? [], [judged])
  const current = steps[step]
  const before = current === undefined || current.parent < 0 ? undefined : steps[current.parent]
  const parts = useMemo(() => splitState(current?.state ?? ''), [current])
  const earlier = useMemo(
    () => new Map(splitState(before?.state ?? '').map(({ name, value }) => [name, value])),
    [before],
  )
  const visits = useMemo(
    () => steps.flatMap((item, index) => (item.insn === current?.insn ? [index] : [])),
    [steps, current],
  )
  return (
    <Pane
      title="State"
      context={
        current === undefined
          ? ''
          : `before insn ${current.insn}${current.frame > 0 ? `, frame ${current.frame}` : ''}${visits.length > 1 ? `, visit ${visits.indexOf(step) + 1} of ${visits.length}` : ''}`
      }
      controls={
        <>
          {visits.length > 1 && (
            <button
              type="button"
              className="btn small"
              onClick={() => onStep(visits[(visits.indexOf(step) + 1) % visits.length]!)}
            >
              Next visit
            </button>
          )}
          <Segmented
            label="Notation"
            small
            options={[
              ['words', 'words'],
              ['kernel', 'kernel'],
            ]}
            value={notation}
            onChange={setNotation}
          />
        </>
      }
      testId="state-pane"
    >
      {parts.length === 0 ? (
        <div className="empty">
          {pinned.insns.size > 0
            ? 'The walk did not come by this instruction.'
            : 'Choose an instruction to see what the verifier knew before it.'}
        </div>
      ) : (
        <table onMouseLeave={() => hover(undefined)}>
          <tbody>
            {parts.map(({ name, value }) => {
              const old = earlier.get(name)
              const changed = old !== undefined && old !== value
              return (
                <tr key={name} className={changed || (before !== undefined && old === undefined) ? 'sel' : undefined}>
                  <td className="mono" style={{ width: 64 }}>
                    {name.toLowerCase()}
                  </td>
                  <td className={notation === 'kernel' ? 'mono' : undefined} style={{ whiteSpace: 'normal' }}>
                    {notation === 'kernel' ? value : explainValue(value)}
                  </td>
                  <td className="r dim ellipsis" style={{ maxWidth: 160 }}>
                    {changed ? `was ${notation === 'kernel' ? old : explainValue(old)}` : ''}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
    </Pane>
  )
}
