/**
 * A shell of the emulated host: bpftool, ip, tc, ethtool and the rest on the running machine. The tools live in the
 * host package and run in the card's worker; here are the lines, the history and the completion.
 *
 * It is text and a field, not a terminal emulator: the tools print lines and never move a cursor, so a screen of cells
 * would only cost its megabyte, and hide the output from screen readers, from find-in-page and from selection.
 */
import { useEffect, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement, ReactNode } from 'react'
import { Pane } from '../components/pane'
import { notify } from '../stores/view'
import { cardCommands } from '../workers/engine'

interface Entry {
  readonly id: number
  readonly line: string
  readonly stdout: string
  readonly stderr: string
}

/** Kept over a change of layout. */
let entries: readonly Entry[] = []
const past: string[] = []
const KEPT = 200

const EXAMPLES = [
  'bpftool prog show',
  'bpftool map dump name counts',
  'ip link show',
  'ethtool -S nfp_p0 | grep bpf',
  'help',
]

export function ConsolePane({ controls }: { readonly controls?: ReactNode }): ReactElement {
  const [shown, setShown] = useState(entries)
  const [line, setLine] = useState('')
  const [busy, setBusy] = useState(false)
  const back = useRef(past.length)
  const output = useRef<HTMLDivElement>(null)
  /** Words that could stand at the line's end, when Tab found several. */
  const [offered, setOffered] = useState<readonly string[]>([])

  useEffect(() => {
    output.current?.scrollTo({ top: output.current.scrollHeight })
  }, [shown, offered])

  const clear = (): void => {
    entries = []
    setShown(entries)
  }

  const runLine = async (text: string): Promise<void> => {
    if (text.trim() === '' || busy) return
    if (past.at(-1) !== text) past.push(text)
    back.current = past.length
    setLine('')
    setOffered([])
    if (text.trim() === 'clear') {
      clear()
      return
    }
    if (text.trim() === 'history') {
      show(text, { stdout: past.map((one, at) => `${String(at + 1).padStart(5)}  ${one}\n`).join(''), stderr: '' })
      return
    }
    setBusy(true)
    const result = await cardCommands.command(text).catch((error: unknown) => ({
      stdout: '',
      stderr: error instanceof Error ? error.message : String(error),
      code: 1,
    }))
    setBusy(false)
    show(text, result)
  }
  const show = (text: string, result: { readonly stdout: string; readonly stderr: string }): void => {
    entries = [...entries.slice(1 - KEPT), { id: (entries.at(-1)?.id ?? 0) + 1, line: text, ...result }]
    setShown(entries)
  }

  /** Puts the only word there, or as much as all have in common, and names them. */
  const complete = async (): Promise<void> => {
    const found = await cardCommands.complete(line).catch(() => undefined)
    if (found === undefined || found.candidates.length === 0) return
    const [only] = found.candidates
    setLine(line.slice(0, found.start) + (found.candidates.length === 1 ? `${only} ` : common(found.candidates)))
    setOffered(found.candidates.length === 1 ? [] : found.candidates)
  }
  const copyAll = async (): Promise<void> => {
    await navigator.clipboard.writeText(entries.map((one) => `# ${one.line}\n${one.stdout}${one.stderr}`).join(''))
    notify('info', 'The console is in the clipboard.')
  }

  const keys = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) void runLine(line)
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      back.current = Math.max(0, Math.min(past.length, back.current + (event.key === 'ArrowUp' ? -1 : 1)))
      setLine(past[back.current] ?? '')
    } else if (event.key === 'Tab' && !event.shiftKey && line !== '') void complete()
    else if (event.key === 'l' && event.ctrlKey) clear()
    else if (event.key === 'c' && event.ctrlKey && getSelection()?.toString() === '') {
      show(`${line}^C`, { stdout: '', stderr: '' })
      setLine('')
      setOffered([])
    } else return
    event.preventDefault()
  }

  return (
    <Pane
      title="Console"
      context="the emulated host"
      fixed
      testId="console-pane"
      controls={
        <>
          <button type="button" className="btn small" disabled={shown.length === 0} onClick={() => void copyAll()}>
            Copy
          </button>
          {controls}
        </>
      }
    >
      <div className="console">
        <div className="console-output" ref={output} role="log" aria-label="Output" tabIndex={0}>
          {shown.length === 0 && (
            <p className="dim">
              The tools of the host that the card sits in. Try{' '}
              {EXAMPLES.map((example) => (
                <button key={example} type="button" className="badge" onClick={() => void runLine(example)}>
                  {example}
                </button>
              ))}
            </p>
          )}
          {shown.map((entry) => (
            <div key={entry.id}>
              <div>
                <span className="prompt"># </span>
                {entry.line}
              </div>
              {entry.stdout}
              {entry.stdout !== '' && !entry.stdout.endsWith('\n') && '\n'}
              {entry.stderr !== '' && <span className="stderr">{entry.stderr}</span>}
            </div>
          ))}
          {offered.length > 0 && (
            <div className="offered" data-testid="completions">
              {offered.map((word) => (
                <span key={word}>{word}</span>
              ))}
            </div>
          )}
        </div>
        <label className="console-input">
          <span className="prompt" aria-hidden="true">
            #
          </span>
          <input
            aria-label="Command; up and down for earlier ones, Tab completes"
            value={line}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            onChange={(event) => {
              setLine(event.currentTarget.value)
              setOffered([])
            }}
            onKeyDown={keys}
            data-testid="console-input"
          />
        </label>
      </div>
    </Pane>
  )
}

/** Longest beginning that all have. */
function common(names: readonly string[]): string {
  let length = 0
  while (names.every((name) => name[length] !== undefined && name[length] === names[0]![length])) length++
  return names[0]!.slice(0, length)
}
