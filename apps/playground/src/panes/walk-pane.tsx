/**
 * The verifier's walk as a foldable tree of the paths it took; the way to a refusal in red, what was not walked dashed,
 * covered ends with the state that covers them. Step buttons walk it like a debugger. Rows are virtual.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { kernelInsnText } from '@offload/bpf'
import { Icon } from '../components/icons'
import { grouped } from '../components/number-text'
import { Pane } from '../components/pane'
import { useVirtualRows } from '../components/virtual-rows'
import { useShown } from '../link/service'
import { goToStep, moveInWalk, useWalkStep } from '../stores/walk'
import type { WalkMove } from '../stores/walk'
import { coverText } from './cover-text'
import type { Walk } from './walk'
import { foldedAtFirst, headsAbove, insnRanges, rowsOf } from './walk-tree'
import type { TreeRow } from './walk-tree'
import '../styles/verifier.css'

const ROW = 24

export function WalkPane(): ReactElement {
  const { judged } = useShown()
  const { walk, step } = useWalkStep()
  const kernel = judged?.compilation.kernel
  const program = judged?.compilation.program
  return (
    <Pane
      title="Paths"
      context={walk === undefined || kernel === undefined ? '' : summary(walk)}
      fixed
      testId="walk-pane"
      controls={walk !== undefined && <StepButtons walk={walk} step={step} />}
      foot={walk !== undefined && <StepFoot walk={walk} step={step} />}
    >
      {walk === undefined || program === undefined ? (
        <div className="empty">The kernel has not walked this program.</div>
      ) : (
        <PathTree key={judged?.source} walk={walk} step={step} insns={program.insns} />
      )}
    </Pane>
  )
}

function summary(walk: Walk): string {
  const leaves = walk.tree.stretches.filter(({ children }) => children.length === 0)
  const waiting = walk.pending.length
  const covered = leaves.filter(({ end }) => walk.steps[end - 1]?.covered === true).length
  const failed = walk.rejected ? 1 : 0
  const ended = leaves.length - waiting - covered - failed
  return [
    failed > 0 ? '1 fails' : '',
    ended > 0 ? `${grouped(ended)} ended` : '',
    covered > 0 ? `${grouped(covered)} covered` : '',
    waiting > 0 ? `${grouped(waiting)} waiting` : '',
  ]
    .filter(Boolean)
    .join(', ')
}

const MOVES: readonly (readonly [move: WalkMove, label: string, keys: string, icon: ReactElement])[] = [
  ['first', 'First step of the walk', 'Home', Icon.first],
  ['previous-branch', 'Previous fork of the walk', '<', Icon.backFork],
  ['previous', 'Previous step of the walk', ',', Icon.back],
  ['next', 'Next step of the walk', '.', Icon.forward],
  ['next-branch', 'Next fork of the walk', '>', Icon.nextFork],
  ['last', 'Last step of the walk', 'End', Icon.last],
]

function StepButtons({ walk, step }: { readonly walk: Walk; readonly step: number }): ReactElement {
  const end = walk.steps.length - 1
  const button = ([move, text, keys, icon]: (typeof MOVES)[number]): ReactElement => {
    const label = move === 'last' && walk.rejected ? 'To the refusal' : text
    const back = move === 'first' || move.startsWith('previous')
    return (
      <button
        key={move}
        type="button"
        className="btn ico"
        aria-label={label}
        title={`${label} (${keys})`}
        disabled={back ? step <= 0 : step >= end}
        onClick={() => moveInWalk(move)}
      >
        {icon}
      </button>
    )
  }
  return (
    <span className="walk-buttons" role="group" aria-label="Step through the walk">
      {MOVES.slice(0, 3).map(button)}
      <span className="mono walk-at" data-testid="walk-step">
        {grouped(step + 1)} of {grouped(end + 1)}
      </span>
      {MOVES.slice(3).map(button)}
    </span>
  )
}

/** What there is to say of the chosen step: where its path ends, and why. */
function StepFoot({ walk, step }: { readonly walk: Walk; readonly step: number }): ReactElement {
  const chosen = walk.steps[step]
  if (chosen === undefined) return <span />
  const by = chosen.coveredBy
  if (chosen.covered === true)
    return (
      <>
        <span className="walk-foot" data-testid="walk-foot">
          {by === undefined
            ? `At insn ${chosen.insn} a state explored before covers this one; its step was not recorded.`
            : coverText(chosen.insn, by, walk.steps[by.step]?.insn)}
        </span>
        {by !== undefined && (
          <button type="button" className="btn line small" onClick={() => goToStep(by.step)}>
            Go to step {grouped(by.step + 1)}
          </button>
        )}
      </>
    )
  return (
    <span className="walk-foot" data-testid="walk-foot">
      Insn {chosen.insn}
      {chosen.frame > 0 ? `, frame ${chosen.frame}` : ''}: {walk.visitText(chosen.insn)}.
      {walk.truncated && ` Only the first ${grouped(walk.steps.length)} steps were recorded.`}
    </span>
  )
}

function PathTree({
  walk,
  step,
  insns,
}: {
  readonly walk: Walk
  readonly step: number
  readonly insns: Uint8Array
}): ReactElement {
  const { tree } = walk
  const [folded, setFolded] = useState<ReadonlySet<number>>(() => foldedAtFirst(tree))
  const rows = useMemo(() => rowsOf(tree, folded), [tree, folded])
  const rowOf = useMemo(() => new Map(rows.map(({ stretch }, index) => [stretch, index])), [rows])
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualRows(scroller, rows.length, ROW)
  const current = tree.stretchOf[step] ?? 0
  // A branch that was not walked has no step: it is chosen by itself.
  const [waiting, setWaiting] = useState<{ readonly stretch: number; readonly step: number } | undefined>(undefined)
  const chosen = waiting?.step === step ? waiting.stretch : current
  const at = rowOf.get(chosen) ?? -1

  // Stepping into a folded branch opens it.
  useEffect(() => {
    const hidden = headsAbove(tree, current).filter((head) => folded.has(head))
    if (hidden.length > 0) setFolded(new Set([...folded].filter((head) => !hidden.includes(head))))
    // Folding the branch one stands in is allowed: only a new place opens.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [tree, current])
  useEffect(() => {
    if (at >= 0) list.scrollToIndex(at, { align: 'auto' })
    // oxlint-disable-next-line react/exhaustive-deps
  }, [at])

  const fold = (stretch: number, on: boolean): void => {
    const next = new Set(folded)
    if (on) next.add(stretch)
    else next.delete(stretch)
    setFolded(next)
  }
  const choose = (row: TreeRow | undefined): void => {
    const stretch = row === undefined ? undefined : tree.stretches[row.stretch]
    if (row === undefined || stretch === undefined) return
    if (stretch.start === stretch.end) {
      const from = tree.stretches[stretch.parent]
      const fork = from === undefined ? 0 : from.end - 1
      goToStep(fork)
      setWaiting({ stretch: row.stretch, step: fork })
      return
    }
    setWaiting(undefined)
    goToStep(stretch.failing && stretch.children.length === 0 ? stretch.end - 1 : stretch.start)
  }
  const keys = (event: KeyboardEvent): void => {
    const row = rows[at]
    if (event.key === 'ArrowDown') choose(rows[at + 1])
    else if (event.key === 'ArrowUp') choose(rows[at - 1])
    else if (event.key === 'PageDown') choose(rows[Math.min(rows.length - 1, at + 12)])
    else if (event.key === 'PageUp') choose(rows[Math.max(0, at - 12)])
    else if (event.key === 'ArrowRight' && row?.folded === true) fold(row.stretch, false)
    else if (event.key === 'ArrowLeft' && row?.folded === false) fold(row.stretch, true)
    else if (event.key === 'ArrowLeft' && row !== undefined)
      choose(rows[rowOf.get(tree.stretches[row.stretch]!.parent) ?? 0])
    else if (event.key === 'Enter') {
      const by = walk.steps[step]?.coveredBy
      if (by !== undefined) goToStep(by.step)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const setAll = (on: boolean): void => setFolded(on ? foldedAtFirst(tree, 0) : new Set())
  const foldable = tree.stretches.some(({ head, children }) => head && children.length > 0)

  return (
    <div className="walk-body">
      {foldable && (
        <div className="walk-tools">
          <button type="button" className="btn small" onClick={() => setAll(true)}>
            Fold all
          </button>
          <button type="button" className="btn small" onClick={() => setAll(false)}>
            Unfold all
          </button>
        </div>
      )}
      <div
        ref={scroller}
        className="walk-rows"
        tabIndex={0}
        role="tree"
        aria-label="Paths of the walk"
        aria-activedescendant={at < 0 ? undefined : `path-${chosen}`}
        onKeyDown={keys}
      >
        <div style={{ height: list.getTotalSize(), position: 'relative' }}>
          {list.getVirtualItems().map((item) => {
            const row = rows[item.index]!
            return (
              <PathRow
                key={item.key}
                walk={walk}
                insns={insns}
                row={row}
                top={item.start}
                chosen={item.index === at}
                onChoose={() => choose(row)}
                onFold={() => fold(row.stretch, row.folded !== true)}
              />
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface PathRowProps {
  readonly walk: Walk
  readonly insns: Uint8Array
  readonly row: TreeRow
  readonly top: number
  readonly chosen: boolean
  readonly onChoose: () => void
  readonly onFold: () => void
}

function PathRow({ walk, insns, row, top, chosen, onChoose, onFold }: PathRowProps): ReactElement {
  const stretch = walk.tree.stretches[row.stretch]!
  const isWaiting = stretch.start === stretch.end
  const ending = endingOf(walk, row)
  const from = walk.tree.stretches[stretch.parent]
  const fork = from === undefined ? undefined : walk.steps[from.end - 1]?.insn
  const way = fork === undefined || !walk.isConditional(fork) ? '' : stretch.insn === fork + 1 ? 'false' : 'true'
  const last = isWaiting ? stretch.insn : walk.steps[stretch.end - 1]!.insn
  const classes = ['path-row']
  if (stretch.failing) classes.push('failing')
  if (ending?.kind === 'fail') classes.push('fail')
  if (isWaiting) classes.push('waiting')
  if (chosen) classes.push('sel')
  return (
    <div
      id={`path-${row.stretch}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={chosen}
      aria-expanded={row.folded === undefined ? undefined : !row.folded}
      className={classes.join(' ')}
      style={{ transform: `translateY(${top}px)`, height: ROW, ['--depth' as string]: Math.min(row.depth, 20) }}
      onClick={onChoose}
    >
      <span className="path-spine" aria-hidden="true" />
      {row.folded === undefined ? (
        <span className="path-fold" />
      ) : (
        <button
          type="button"
          className="path-fold"
          tabIndex={-1}
          aria-label={row.folded ? 'Unfold this branch' : 'Fold this branch'}
          onClick={(event) => {
            event.stopPropagation()
            onFold()
          }}
        >
          {row.folded ? '▸' : '▾'}
        </button>
      )}
      {way !== '' && <span className="path-way">{way}</span>}
      <b className="path-insns">{insnRanges(walk.steps, stretch, (insn) => insns[insn * 8] === 0x18)}</b>
      <span className="path-text ellipsis">
        {isWaiting || stretch.children.length === 0 ? '' : kernelInsnText(insns, last)}
      </span>
      {ending !== undefined && <span className={`path-end ${ending.kind}`}>{ending.text}</span>}
    </div>
  )
}

interface Ending {
  readonly kind: 'ok' | 'fail' | 'covered' | 'waiting' | 'folded'
  readonly text: string
}

function endingOf(walk: Walk, row: TreeRow): Ending | undefined {
  const { start, end, children, failing, paths, weight } = walk.tree.stretches[row.stretch]!
  if (row.folded === true)
    return { kind: 'folded', text: `${grouped(paths)} ${paths === 1 ? 'path' : 'paths'}, ${grouped(weight)} steps` }
  if (start === end) return { kind: 'waiting', text: 'not walked yet' }
  if (children.length > 0) return undefined
  const last = walk.steps[end - 1]!
  if (last.covered === true)
    return {
      kind: 'covered',
      text: last.coveredBy === undefined ? '≡ covered' : `≡ as at step ${grouped(last.coveredBy.step + 1)}`,
    }
  if (failing) return { kind: 'fail', text: '✕ refused here' }
  if (walk.isExit(last.insn)) return { kind: 'ok', text: '✓ exit' }
  return { kind: 'folded', text: walk.truncated ? 'recorded up to here' : 'ends' }
}
