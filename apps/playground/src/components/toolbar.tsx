/** The top bar: demo, device, run, restart, stepping, layouts, theme, share, help. One filled button. */
import type { ReactElement } from 'react'
import { DEMOS } from '@offload/content'
import type { LayoutName, ThemeName } from '@offload/session'
import { DEVICE_LIST, deviceOf } from '../stores/device'
import { documentOfDemo, useDocument } from '../stores/document'
import { closeLesson } from '../stores/lesson'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import { setLayout, setTheme, useView } from '../stores/view'
import type { StepSize } from '../workers/card.worker'
import { restart, setSpeed, step, toggleRun } from '../workers/engine'
import { Icon, Logo } from './icons'
import { Menu } from './menu'
import { Segmented } from './segmented'

export const LAYOUTS: readonly (readonly [LayoutName, string])[] = [
  ['start', 'Start'],
  ['verifier', 'Verifier'],
  ['jit', 'JIT'],
  ['debug', 'Debug'],
  ['traffic', 'Traffic'],
  ['talk', 'Talk'],
  ['own', 'Own'],
]

const STEPS: readonly (readonly [StepSize, string])[] = [
  ['packet', 'packet'],
  ['insn', 'BPF'],
  ['word', 'word'],
  ['cycle', 'cycle'],
]

/** Simulated per real time. */
const SPEEDS: readonly (readonly [string, string, number | null])[] = [
  ['max', 'As fast as it goes', null],
  ['1e-3', '1/1 000 of real time', 1e-3],
  ['1e-5', '1/100 000 of real time', 1e-5],
  ['1e-7', '1/10 000 000: see single packets', 1e-7],
]

export const THEMES: readonly (readonly [ThemeName, string, string])[] = [
  ['dark', 'Dark', 'quiet colours on near black'],
  ['light', 'Light', 'for bright rooms and paper'],
  ['contrast', 'High contrast', 'white on black, visible lines'],
]

export function loadDemo(id: string): void {
  const demo = DEMOS.find((item) => item.id === id)
  if (demo === undefined) return
  closeLesson()
  useDocument.getState().replace(documentOfDemo(demo))
}

export function Toolbar(): ReactElement {
  const document = useDocument((state) => state.document)
  const layout = useView((state) => state.layout)
  const theme = useView((state) => state.theme)
  const stepSize = useRun((state) => state.stepSize)
  const speed = useRun((state) => state.speed)
  return (
    <header className="toolbar">
      <span className="brand">
        <Logo />
        <span className="brand-name">Offload Playground</span>
      </span>
      <span className="sep" />
      <button
        type="button"
        className="btn"
        aria-haspopup="dialog"
        aria-label={`Gallery: ${document.title}`}
        title="Gallery: programs, lessons, refusals"
        data-testid="demo-menu"
        onClick={() => useView.setState({ dialog: 'gallery' })}
      >
        {document.title} {Icon.chevron}
      </button>
      <Menu
        label={`Device: ${deviceOf(document.device).title}`}
        text={deviceOf(document.device).title}
        items={DEVICE_LIST.map((device) => ({
          id: device.id,
          title: device.title,
          detail: `${device.profile.islands * device.profile.workersPerIsland} cores at ${device.profile.clockMHz} MHz, ${device.profile.ports} × ${device.profile.portGbps} Gbit/s`,
          checked: device.id === document.device,
        }))}
        onChoose={(device) => useDocument.getState().patch({ device })}
      />
      <span className="sep" />
      <RunButton />
      <button
        type="button"
        className="btn ico line"
        aria-label="Restart from the first cycle"
        title="Restart (Ctrl+Enter)"
        onClick={() => void restart()}
      >
        {Icon.restart}
      </button>
      {layout !== 'start' && (
        <>
          <button
            type="button"
            className="btn ico line"
            aria-label={`Step one ${stepSize}`}
            title="Step ( . )"
            onClick={() => void step()}
            data-testid="step"
          >
            {Icon.forward}
          </button>
          <Segmented
            label="Step size"
            options={STEPS}
            value={stepSize}
            onChange={(size) => useRun.setState({ stepSize: size })}
          />
          <Menu
            label="Speed"
            text={speed === null ? 'Full speed' : 'Slowed'}
            items={SPEEDS.map(([id, title, value]) => ({ id, title, checked: value === speed }))}
            onChoose={(id) => setSpeed(SPEEDS.find(([name]) => name === id)?.[2] ?? null)}
          />
        </>
      )}
      <span className="grow" />
      <nav className="tabs" aria-label="Layouts">
        {LAYOUTS.map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-current={name === layout ? 'page' : undefined}
            onClick={() => setLayout(name)}
          >
            {title}
          </button>
        ))}
      </nav>
      <span className="sep" />
      <Menu
        label="Theme"
        text={theme === 'light' ? Icon.sun : Icon.moon}
        right
        items={THEMES.map(([id, title, detail]) => ({ id, title, detail, checked: id === theme }))}
        onChoose={(id) => setTheme(THEMES.find(([name]) => name === id)?.[0] ?? 'dark')}
      />
      <button
        type="button"
        className="btn line"
        onClick={() => useView.setState({ dialog: 'share' })}
        data-testid="share"
      >
        {Icon.share} Share
      </button>
      <button
        type="button"
        className="btn ico"
        aria-label="Help"
        title="Help ( ? )"
        onClick={() => useView.setState({ dialog: 'help' })}
      >
        ?
      </button>
    </header>
  )
}

export function RunButton({ large }: { readonly large?: boolean }): ReactElement {
  const status = useRun((state) => state.status)
  const good = useVerdict((state) => state.good)
  const received = useRun((state) => (state.stop === undefined ? 0 : state.stop.received))
  const disabled = good === undefined || status === 'starting'
  const [icon, text] =
    status === 'running'
      ? [Icon.pause, 'Pause']
      : status === 'failed'
        ? [Icon.restart, 'Restart']
        : [Icon.play, received > 0 ? 'Continue' : 'Run']
  return (
    <button
      type="button"
      className={disabled ? 'btn line' : 'btn prim'}
      style={large === true ? { flex: 1, height: 'var(--touch)', justifyContent: 'center', fontSize: 14 } : undefined}
      disabled={disabled}
      title={good === undefined ? 'No program has been accepted yet' : 'Space'}
      onClick={() => void toggleRun()}
      data-testid="run"
    >
      {icon} {text}
    </button>
  )
}
