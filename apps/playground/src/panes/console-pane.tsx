/**
 * A shell of the emulated host: bpftool, ip, tc, ethtool and the rest on the running machine. The tools live in the
 * host package and run in the card's worker; here are the lines, the history and the completion.
 */
import { useEffect, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement, ReactNode } from 'react'
import { COMMAND_NAMES } from '@offload/host'
import { Pane } from '../components/pane'
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

  useEffect(() => {
    output.current?.scrollTo({ top: output.current.scrollHeight })
  }, [shown])

  const runLine = async (text: string): Promise<void> => {
    if (text.trim() === '' || busy) return
    if (past.at(-1) !== text) past.push(text)
    back.current = past.length
    setLine('')
    if (text.trim() === 'clear') {
      entries = []
      setShown(entries)
      return
    }
    setBusy(true)
    const result = await cardCommands.command(text).catch((error: unknown) => ({
      stdout: '',
      stderr: error instanceof Error ? error.message : String(error),
      code: 1,
    }))
    setBusy(false)
    entries = [...entries.slice(1 - KEPT), { id: (entries.at(-1)?.id ?? 0) + 1, line: text, ...result }]
    setShown(entries)
  }

  const keys = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) void runLine(line)
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      back.current = Math.max(0, Math.min(past.length, back.current + (event.key === 'ArrowUp' ? -1 : 1)))
      setLine(past[back.current] ?? '')
    } else if (event.key === 'Tab' && line !== '' && !line.includes(' ')) {
      const found = COMMAND_NAMES.filter((name) => name.startsWith(line))
      if (found.length === 0) return
      setLine(found.length === 1 ? `${found[0]} ` : common(found))
    } else return
    event.preventDefault()
  }

  return (
    <Pane title="Console" context="the emulated host" controls={controls} fixed testId="console-pane">
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
              {entry.stderr !== '' && <span className="stderr">{entry.stderr}</span>}
            </div>
          ))}
        </div>
        <label className="console-input">
          <span className="prompt" aria-hidden="true">
            #
          </span>
          <input
            aria-label="Command; up and down for earlier ones"
            value={line}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            onChange={(event) => setLine(event.currentTarget.value)}
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
