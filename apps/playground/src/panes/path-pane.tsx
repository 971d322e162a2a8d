/**
 * The architecture, alive: from the loader through bpf(), verifier, driver and JIT to the card, and the packets' way back.
 * Each stage lights up while it works on a new program, shows what came of it, stays red where the program was refused,
 * and opens the pane that tells more.
 */
import { useEffect, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import type { HostView } from '@offload/host'
import type { Compilation } from '@offload/session'
import { Pane } from '../components/pane'
import { useSlowTelemetry } from '../components/honesty-strip'
import { grouped } from '../components/number-text'
import { openSidePane } from '../layout/side-pane'
import { useVerdict } from '../stores/verdict'
import { setLayout } from '../stores/view'
import { useHostView } from './use-host-view'

type StageName = 'loader' | 'calls' | 'maps' | 'verifier' | 'driver' | 'jit' | 'hooks' | 'card' | 'messages' | 'host'

interface Stage {
  readonly name: StageName
  readonly title: string
  readonly x: number
  readonly y: number
  readonly opens: string
  readonly open: () => void
}

const WIDTH = 176
const HEIGHT = 54
const STAGES: readonly Stage[] = [
  { name: 'loader', title: 'Loader', x: 24, y: 26, opens: 'Program', open: () => setLayout('start') },
  {
    name: 'calls',
    title: 'bpf() and netlink',
    x: 232,
    y: 26,
    opens: 'System calls',
    open: () => openSidePane('calls'),
  },
  { name: 'maps', title: 'Maps', x: 24, y: 128, opens: 'System calls', open: () => openSidePane('calls') },
  { name: 'verifier', title: 'Verifier', x: 232, y: 128, opens: 'Verifier', open: () => setLayout('verifier') },
  { name: 'driver', title: 'nfp driver', x: 440, y: 128, opens: 'System calls', open: () => openSidePane('calls') },
  { name: 'host', title: 'Host', x: 24, y: 212, opens: 'AF_XDP sockets', open: () => openSidePane('sockets') },
  { name: 'hooks', title: 'Hooks', x: 232, y: 212, opens: 'Console', open: () => openSidePane('console') },
  { name: 'jit', title: 'JIT', x: 440, y: 212, opens: 'JIT', open: () => setLayout('jit') },
  {
    name: 'messages',
    title: 'Control messages',
    x: 24,
    y: 316,
    opens: 'System calls',
    open: () => openSidePane('calls'),
  },
  { name: 'card', title: 'Card', x: 232, y: 316, opens: 'Chip', open: () => setLayout('start') },
]
const BANDS: readonly (readonly [title: string, y: number, height: number])[] = [
  ['user space', 8, 84],
  ['kernel', 106, 172],
  ['card', 292, 92],
]
/** Where a line ends at a box: r(ight), l(eft), t(op), b(ottom), c: top, towards the left corner. */
type Side = 'r' | 'l' | 't' | 'b' | 'c'
const WAYS: readonly (readonly [from: StageName, at: Side, to: StageName, into: Side])[] = [
  ['loader', 'r', 'calls', 'l'],
  ['calls', 'b', 'verifier', 't'],
  ['calls', 'b', 'maps', 't'],
  ['verifier', 'r', 'driver', 'l'],
  ['driver', 'b', 'jit', 't'],
  ['jit', 'l', 'hooks', 'r'],
  ['hooks', 'b', 'card', 't'],
  ['maps', 'l', 'messages', 'l'],
  ['messages', 'r', 'card', 'l'],
  ['card', 'c', 'host', 'b'],
]

/** The order in which a program passes the stages. */
const ORDER: readonly StageName[] = ['loader', 'calls', 'maps', 'verifier', 'driver', 'jit', 'hooks', 'card']
const STEP_MS = 260

/** The stage that refused a program; undefined where it went through. */
export function refusedBy(compilation: Compilation): StageName | undefined {
  if (compilation.ok) return undefined
  const first = compilation.diagnostics.find(({ severity }) => severity === 'error')
  if (first?.source === 'assembler' || compilation.program === undefined) return 'loader'
  const { device } = compilation
  if (device?.verdict === 'driver-reject')
    return device.stage === 'map_alloc' ? 'maps' : device.stage === 'translate' ? 'jit' : 'driver'
  if (device?.stage === 'map_create') return 'maps'
  return first?.source === 'device' ? 'driver' : 'verifier'
}

/** The stage that is at work, after each new answer about the program, and the last one that it reached. */
function useWalk(): { readonly at: number; readonly end: number; readonly failed: boolean } {
  const last = useVerdict((state) => state.last)
  const [walk, setWalk] = useState<{ readonly of: typeof last; readonly at: number }>({ of: last, at: ORDER.length })
  const refused = last === undefined ? undefined : refusedBy(last.compilation)
  const end = refused === undefined ? ORDER.length - 1 : ORDER.indexOf(refused)
  useEffect(() => {
    const timer = setInterval(() => {
      setWalk((now) => {
        if (now.of !== last) return { of: last, at: 1 }
        return now.at < ORDER.length ? { of: last, at: now.at + 1 } : now
      })
    }, STEP_MS)
    return () => clearInterval(timer)
  }, [last])
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const at = still ? ORDER.length : walk.of === last ? walk.at : 0
  return { at, end, failed: refused !== undefined }
}

function words(
  view: HostView | undefined,
  compilation: Compilation | undefined,
  rates: { passed: number; received: number },
): Record<StageName, string> {
  const calls = view === undefined ? 0 : Object.values(view.calls).reduce((sum, count) => sum + count, 0)
  const maps = view?.objects.filter(({ kind }) => kind === 'map') ?? []
  const onCard = maps.filter(({ offloaded }) => offloaded).length
  const kernel = compilation?.kernel
  const asked = [...(view?.steps ?? [])].reverse().find(({ callback }) => callback === 'verify_insn')
  const messages = view === undefined ? [] : Object.entries(view.messages).filter(([, count]) => count > 0)
  const total = messages.reduce((sum, [, count]) => sum + count, 0)
  const hooks = view?.interfaces.flatMap(({ name, xdp }) => Object.keys(xdp).map((mode) => `${name} ${mode}`)) ?? []
  const toHost = view?.interfaces.reduce((sum, one) => sum + one.received, 0) ?? 0
  return {
    loader: 'editor, ip, tc, bpftool',
    calls: `${grouped(calls)} calls`,
    maps: `${onCard} on the card, ${maps.length - onCard} on the host`,
    verifier: kernel === undefined ? 'waits' : `${grouped(kernel.processedInsns)} instructions walked`,
    driver: asked === undefined ? 'waits' : asked.detail,
    jit: compilation?.image === undefined ? 'no words' : `${grouped(compilation.image.words.length / 2)} words`,
    hooks:
      hooks.length === 0
        ? 'nothing attached'
        : hooks.slice(0, 1).join('') + (hooks.length > 1 ? ` and ${hooks.length - 1} more` : ''),
    card: `${grouped(rates.received)} packets`,
    messages: `${grouped(total)} to and from the firmware`,
    host: `${grouped(toHost)} packets came up`,
  }
}

export function PathPane(): ReactElement {
  const view = useHostView(200)
  const last = useVerdict((state) => state.last)
  const telemetry = useSlowTelemetry()
  const { at, end, failed } = useWalk()
  const texts = words(view, last?.compilation, telemetry)
  const reached = Math.min(at, end)
  const stateOf = (name: StageName): string => {
    const index = ORDER.indexOf(name)
    if (index < 0) return 'done'
    if (failed && index === end && at >= end) return 'fail'
    if (index === at && index <= end) return 'lit'
    return index <= reached ? 'done' : 'idle'
  }
  return (
    <Pane
      title="The way of a program"
      context={failed ? `refused: ${STAGES.find(({ name }) => name === ORDER[end])?.title ?? ''}` : ''}
      testId="path-pane"
      fixed
    >
      <svg className="path-picture" viewBox="0 0 640 396" role="group" aria-label="From the loader to the card">
        <defs>
          <marker
            id="path-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" fill="var(--ink-3)" />
          </marker>
        </defs>
        {BANDS.map(([title, y, height]) => (
          <g key={title}>
            <rect x="8" y={y} width="624" height={height} rx="4" className="path-band" />
            <text x="624" y={y + 14} textAnchor="end" className="path-band-title">
              {title}
            </text>
          </g>
        ))}
        {WAYS.map(([from, out, to, into]) => (
          <path
            key={`${from}.${to}`}
            d={way(from, out, to, into)}
            className={`path-way ${stateOf(to)}`}
            markerEnd="url(#path-arrow)"
          />
        ))}
        {STAGES.map((stage) => (
          <StageBox key={stage.name} stage={stage} state={stateOf(stage.name)} text={texts[stage.name]} />
        ))}
      </svg>
    </Pane>
  )
}

interface StageBoxProps {
  readonly stage: Stage
  readonly state: string
  readonly text: string
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  fail: ', refused here',
  lit: ', at work',
  idle: ', not reached',
}

function StageBox({ stage, state, text }: StageBoxProps): ReactElement {
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    stage.open()
  }
  return (
    <g
      role="button"
      tabIndex={0}
      className={`path-stage ${state}`}
      transform={`translate(${stage.x} ${stage.y})`}
      aria-label={`${stage.title}: ${text}${STATE_WORDS[state] ?? ''}. Opens ${stage.opens}`}
      data-stage={stage.name}
      data-state={state}
      onClick={stage.open}
      onKeyDown={keys}
    >
      <rect width={WIDTH} height={HEIGHT} rx="4" />
      <text x="10" y="21" className="stage-title">
        {state === 'fail' ? `✕ ${stage.title}` : stage.title}
      </text>
      <text x="10" y="40" className="stage-text">
        {text}
      </text>
    </g>
  )
}

function way(from: StageName, out: Side, to: StageName, into: Side): string {
  const [x1, y1] = side(from, out)
  const [x2, y2] = side(to, into)
  if (out === 'l' && into === 'l') return `M${x1} ${y1}H${x1 - 9}V${y2}H${x2}`
  if (x1 === x2 || y1 === y2) return `M${x1} ${y1}L${x2} ${y2}`
  if (out !== 'l' && out !== 'r') return `M${x1} ${y1}V${(y1 + y2) / 2}H${x2}V${y2}`
  return `M${x1} ${y1}H${(x1 + x2) / 2}V${y2}H${x2}`
}

function side(name: StageName, at: Side): readonly [number, number] {
  const { x, y } = STAGES.find((stage) => stage.name === name)!
  if (at === 'l') return [x, y + HEIGHT / 2]
  if (at === 'r') return [x + WIDTH, y + HEIGHT / 2]
  return [x + WIDTH * (at === 'c' ? 0.2 : 0.5), at === 'b' ? y + HEIGHT : y]
}
