/** The keys of the page, as one table: the help prints it, the handler obeys it. */
import { saveNow } from '../link/restore'
import { nextHueBy } from '../link/hue'
import { unpin, useLink, pin } from '../link/service'
import { useRun } from '../stores/run'
import { setLayout, useView } from '../stores/view'
import type { StepSize } from '../workers/card.worker'
import { restart, step, toggleRun } from '../workers/engine'
import { WALK_SHORTCUTS } from './walk-shortcuts'

export interface Shortcut {
  /** Keys as printed, separated by spaces. */
  readonly keys: string
  readonly does: string
  /** Works everywhere, or only while no text field has the keyboard. */
  readonly where: 'everywhere' | 'view'
  readonly matches: (event: KeyboardEvent) => boolean
  /** Absent: the browser or the editor does it. */
  readonly act?: () => void
}

const SIZES: readonly StepSize[] = ['packet', 'insn', 'word', 'cycle']
const plain =
  (key: string) =>
  (event: KeyboardEvent): boolean =>
    event.key === key && !event.ctrlKey && !event.metaKey && !event.altKey
const command =
  (key: string) =>
  (event: KeyboardEvent): boolean =>
    event.key.toLowerCase() === key && (event.ctrlKey || event.metaKey) && !event.altKey

function resize(by: 1 | -1): void {
  const at = SIZES.indexOf(useRun.getState().stepSize) + by
  const stepSize = SIZES[Math.max(0, Math.min(SIZES.length - 1, at))]!
  useRun.setState({ stepSize })
}

/** Focus the next or previous pane. */
function movePane(by: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('.pane')]
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  const next = panes[(at + by + panes.length) % panes.length]
  if (next === undefined) return
  next.tabIndex = -1
  next.focus()
}

function togglePin(): void {
  const { pin: pinned, hover } = useLink.getState()
  if (pinned !== undefined) unpin()
  else if (hover !== undefined) pin(hover)
}

export const SHORTCUTS: readonly Shortcut[] = [
  {
    keys: 'Ctrl Enter',
    does: 'build and run from the start',
    where: 'everywhere',
    matches: command('enter'),
    act: () => void restart(),
  },
  {
    keys: 'F1',
    does: 'all commands',
    where: 'everywhere',
    matches: plain('F1'),
    act: () => useView.setState({ dialog: 'commands' }),
  },
  {
    keys: 'F10',
    does: 'step one BPF instruction',
    where: 'everywhere',
    matches: plain('F10'),
    act: () => void step('insn'),
  },
  {
    keys: 'F4',
    does: 'next pane; with Shift the previous',
    where: 'everywhere',
    matches: (event) => event.key === 'F4' && !event.shiftKey && !event.altKey,
    act: () => movePane(1),
  },
  {
    keys: 'Shift F4',
    does: 'previous pane',
    where: 'everywhere',
    matches: (event) => event.key === 'F4' && event.shiftKey,
    act: () => movePane(-1),
  },
  {
    keys: 'Ctrl S',
    does: 'save in this browser',
    where: 'everywhere',
    matches: command('s'),
    act: () => void saveNow(),
  },
  { keys: 'F8', does: 'next problem, in the editor', where: 'everywhere', matches: () => false },
  { keys: 'Ctrl M', does: 'Tab leaves the editor', where: 'everywhere', matches: () => false },
  ...WALK_SHORTCUTS,
  { keys: 'Space', does: 'run or pause', where: 'view', matches: plain(' '), act: () => void toggleRun() },
  { keys: '.', does: 'step at the chosen size', where: 'view', matches: plain('.'), act: () => void step() },
  { keys: ']', does: 'bigger step', where: 'view', matches: plain(']'), act: () => resize(-1) },
  { keys: '[', does: 'smaller step', where: 'view', matches: plain('['), act: () => resize(1) },
  { keys: '>', does: 'next packet', where: 'view', matches: plain('>'), act: () => void step('packet') },
  { keys: 'l', does: 'pin what is pointed at, or unpin', where: 'view', matches: plain('l'), act: togglePin },
  { keys: 't', does: 'this picture as a table', where: 'view', matches: plain('t'), act: tableToggle },
  { keys: 'h', does: 'colour rows by block, by line of C, or not', where: 'view', matches: plain('h'), act: nextHueBy },
  {
    keys: '1…7',
    does: 'layouts from Start to Own',
    where: 'view',
    matches: (event) => /^[1-7]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey,
  },
  { keys: '?', does: 'this help', where: 'view', matches: plain('?'), act: () => useView.setState({ dialog: 'help' }) },
]

function tableToggle(): void {
  document.activeElement
    ?.closest('.pane')
    ?.querySelector<HTMLButtonElement>('button[aria-pressed][aria-label*="as a"]')
    ?.click()
}

const LAYOUT_KEYS = ['start', 'verifier', 'jit', 'debug', 'traffic', 'talk', 'own'] as const

/** True where typing a letter means the letter. */
function isText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
      target.closest('.monaco-editor') !== null)
  )
}

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || useView.getState().dialog !== 'none') return
  const text = isText(event.target)
  // Space and Enter press a focused control; they are not ours there.
  const onControl =
    event.target instanceof HTMLElement &&
    event.target.closest('button, a, summary, [role=tab], [role=menuitemradio]') !== null
  for (const shortcut of SHORTCUTS) {
    if (shortcut.where === 'view' && (text || (onControl && event.key === ' '))) continue
    if (!shortcut.matches(event)) continue
    if (/^[1-7]$/.test(event.key) && shortcut.keys === '1…7') setLayout(LAYOUT_KEYS[Number(event.key) - 1]!)
    else if (shortcut.act === undefined) return
    else shortcut.act()
    event.preventDefault()
    event.stopPropagation()
    return
  }
}
