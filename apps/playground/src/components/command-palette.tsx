/** F1: every command of the page by name, with its keys. Type to narrow, arrows to move, Enter to do it. */
import { useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { DEMOS, LESSONS } from '@offload/content'
import { DEVICE_LIST } from '../stores/device'
import { useDocument } from '../stores/document'
import { openLesson } from '../stores/lesson'
import { setAtLineEnds } from '../stores/notes'
import { setLayout, setTheme, useView } from '../stores/view'
import { pause, restart, run, step } from '../workers/engine'
import { saveNow } from '../link/restore'
import { setHueBy } from '../link/hue'
import { unpin } from '../link/service'
import { Dialog } from './dialog'
import { PROGRAM_ACTIONS } from './program-actions'
import { LAYOUTS, THEMES, loadDemo } from './toolbar'

interface Command {
  readonly title: string
  readonly keys: string
  readonly act: () => void
}

const act = (work: () => Promise<void>) => (): void => void work()

const COMMANDS: readonly Command[] = [
  { title: 'Run', keys: 'Space', act: () => run() },
  { title: 'Pause', keys: 'Space', act: act(pause) },
  { title: 'Restart from the first cycle', keys: 'Ctrl Enter', act: act(restart) },
  { title: 'Step one packet', keys: '>', act: act(() => step('packet')) },
  { title: 'Step one BPF instruction', keys: 'F10', act: act(() => step('insn')) },
  { title: 'Step one NFP word', keys: '', act: act(() => step('word')) },
  { title: 'Step one cycle', keys: '', act: act(() => step('cycle')) },
  ...LAYOUTS.map(([layout, title], index) => ({
    title: `Layout: ${title}`,
    keys: String(index + 1),
    act: () => setLayout(layout),
  })),
  ...DEMOS.map(({ id, title }) => ({ title: `Demo: ${title}`, keys: '', act: () => loadDemo(id) })),
  { title: 'Gallery of programs, lessons and refusals…', keys: '', act: () => useView.setState({ dialog: 'gallery' }) },
  ...LESSONS.map((lesson) => ({ title: `Lesson: ${lesson.title}`, keys: '', act: () => openLesson(lesson) })),
  { title: 'Write a lesson…', keys: '', act: () => useView.setState({ dialog: 'author' }) },
  ...DEVICE_LIST.map(({ id, title }) => ({
    title: `Device: ${title}`,
    keys: '',
    act: () => useDocument.getState().patch({ device: id }),
  })),
  ...THEMES.map(([theme, title]) => ({ title: `Theme: ${title}`, keys: '', act: () => setTheme(theme) })),
  { title: 'State at line ends: on', keys: '', act: () => setAtLineEnds(true) },
  { title: 'State at line ends: off', keys: '', act: () => setAtLineEnds(false) },
  { title: 'Colour rows by basic block', keys: 'H', act: () => setHueBy('block') },
  { title: 'Colour rows by line of C', keys: 'H', act: () => setHueBy('c') },
  { title: 'Colour no rows', keys: 'H', act: () => setHueBy('none') },
  { title: 'Unpin', keys: 'L', act: unpin },
  { title: 'Save in this browser', keys: 'Ctrl S', act: act(saveNow) },
  ...PROGRAM_ACTIONS.map(({ title, keys, act: perform }) => ({
    title: `Program: ${title}`,
    keys,
    act: () => void perform(),
  })),
  { title: 'Share…', keys: '', act: () => useView.setState({ dialog: 'share' }) },
  { title: 'Help: keys and words', keys: '?', act: () => useView.setState({ dialog: 'help' }) },
]

export function CommandPalette(): ReactElement {
  const [filter, setFilter] = useState('')
  const [at, setAt] = useState(0)
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const found = COMMANDS.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
  const chosen = Math.min(at, found.length - 1)
  const close = (): void => useView.setState({ dialog: 'none' })
  const perform = (command: Command | undefined): void => {
    if (command === undefined) return
    close()
    command.act()
  }
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, chosen + 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1))
    else if (event.key === 'Enter') perform(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Commands" onClose={close}>
      <input
        className="field"
        placeholder="Type to narrow"
        role="combobox"
        aria-expanded="true"
        aria-controls="command-list"
        aria-activedescendant={chosen < 0 ? undefined : `command-${chosen}`}
        aria-label="Command"
        autoFocus
        value={filter}
        onChange={(event) => {
          setFilter(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={keys}
      />
      <ul className="commands" role="listbox" id="command-list" aria-label="Commands">
        {found.map((command, index) => (
          <li
            key={command.title}
            id={`command-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={index === chosen ? 'on' : undefined}
            onClick={() => perform(command)}
          >
            <span className="grow">{command.title}</span>
            {command.keys.split(' ').map((key) => key !== '' && <kbd key={key}>{key}</kbd>)}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="dim">No command has these letters.</p>}
    </Dialog>
  )
}
