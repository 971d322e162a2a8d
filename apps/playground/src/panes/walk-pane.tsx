/**
 * The verifier's walk as the paths it took: each stretch without a branch is one row, indented by the branch it
 * hangs on; the last one carries the verdict. Step buttons walk it like a debugger.
 */
import { useEffect, useMemo, useRef } from 'react'
import type { ReactElement } from 'react'
import type { VerifierStep } from '@offload/verifier'
import { Icon } from '../components/icons'
import { Pane } from '../components/pane'
import { useVirtualRows } from '../components/virtual-rows'
import { useShown } from '../link/service'

export interface Stretch {
  /** Indices of steps, end exclusive. */
  readonly start: number
  readonly end: number
  /** Branches between here and the beginning. */
  readonly depth: number
}

/** Cut the walk where it leaves the path it was on. */
export function stretchesOf(steps: readonly VerifierStep[]): Stretch[] {
  const children = new Map<number, number>()
  for (const step of steps) children.set(step.parent, (children.get(step.parent) ?? 0) + 1)
  const depthOf = new Int32Array(steps.length)
  const out: { start: number; end: number; depth: number }[] = []
  steps.forEach((step, index) => {
    const follows = step.parent === index - 1 && index > 0
    const forked = (children.get(step.parent) ?? 0) > 1
    depthOf[index] = step.parent < 0 ? 0 : depthOf[step.parent]! + (forked ? 1 : 0)
    const last = out.at(-1)
    if (last !== undefined && follows && !forked) last.end = index + 1
    else out.push({ start: index, end: index + 1, depth: depthOf[index]! })
  })
  return out
}

export function WalkPane({
  step,
  onStep,
}: {
  readonly step: number
  readonly onStep: (step: number) => void
}): ReactElement {
  const { judged } = useShown()
  const kernel = judged?.compilation.kernel
  const steps = useMemo(() => kernel?.steps ?? [], [kernel])
  const stretches = useMemo(() => stretchesOf(steps), [steps])
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualRows(scroller, stretches.length, 44)
  const current = stretches.findIndex(({ start, end }) => step >= start && step < end)
  useEffect(() => {
    if (current >= 0) list.scrollToIndex(current, { align: 'auto' })
    // Only when the chosen stretch changes.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [current])
  const rejected = kernel?.verdict === 'reject'
  return (
    <Pane
      title="Paths"
      context={kernel === undefined ? '' : `${kernel.processedInsns} insns walked, ${kernel.totalStates} states`}
      fixed
      testId="walk-pane"
      controls={
        <>
          <button
            type="button"
            className="btn ico"
            aria-label="Previous step of the walk"
            disabled={step <= 0}
            onClick={() => onStep(step - 1)}
          >
            {Icon.back}
          </button>
          <span className="mono" style={{ fontSize: 11 }}>
            step {steps.length === 0 ? 0 : step + 1} of {steps.length}
          </span>
          <button
            type="button"
            className="btn ico"
            aria-label="Next step of the walk"
            disabled={step >= steps.length - 1}
            onClick={() => onStep(step + 1)}
          >
            {Icon.forward}
          </button>
        </>
      }
    >
      {steps.length === 0 ? (
        <div className="empty">The kernel has not walked this program.</div>
      ) : (
        <div
          ref={scroller}
          style={{ position: 'absolute', inset: 0, overflow: 'auto' }}
          tabIndex={0}
          role="group"
          aria-label="Paths of the walk"
        >
          <div style={{ height: list.getTotalSize(), position: 'relative' }}>
            {list.getVirtualItems().map((item) => {
              const { start, end, depth } = stretches[item.index]!
              const first = steps[start]!.insn
              const last = steps[end - 1]!.insn
              const failed = rejected && item.index === stretches.length - 1
              return (
                <div
                  key={item.key}
                  style={{
                    position: 'absolute',
                    top: 0,
                    left: 0,
                    right: 0,
                    transform: `translateY(${item.start}px)`,
                    padding: `4px 12px 0 ${12 + Math.min(depth, 12) * 14}px`,
                  }}
                >
                  <button
                    type="button"
                    className={`stretch${failed ? ' fail' : ''}${item.index === current ? ' on' : ''}`}
                    onClick={() => onStep(start)}
                  >
                    <b>{first === last ? first : `${first}–${last}`}</b>
                    <span className="dim">
                      {failed ? '✕ refused here' : end - start === 1 ? '1 instruction' : `${end - start} instructions`}
                      {depth > 0 ? `, branch depth ${depth}` : ''}
                    </span>
                  </button>
                </div>
              )
            })}
          </div>
        </div>
      )}
    </Pane>
  )
}
