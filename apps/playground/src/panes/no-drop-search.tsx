/** The highest rate without loss, searched on cards of its own beside the running one: a button, the trials, the answer. */
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import type { NoDropAnswer, NoDropTrial } from '@offload/session'
import { grouped, mpps } from '../components/number-text'
import { useDocument } from '../stores/document'
import { useVerdict } from '../stores/verdict'
import type { SearchNews, SearchTask } from '../workers/search.worker'

interface Search {
  readonly trials: readonly NoDropTrial[]
  readonly answer?: NoDropAnswer
  readonly error?: string
}

export function NoDropSearch({ onUse }: { readonly onUse: (rate: number) => void }): ReactElement {
  const [search, setSearch] = useState<Search | undefined>(undefined)
  const worker = useRef<Worker | undefined>(undefined)
  const good = useVerdict((state) => state.good)
  const end = (): void => {
    worker.current?.terminate()
    worker.current = undefined
  }
  useEffect(() => end, [])
  const running = search !== undefined && search.answer === undefined && search.error === undefined

  const start = (): void => {
    end()
    if (good === undefined) return
    setSearch({ trials: [] })
    const fresh = new Worker(new URL('../workers/search.worker.ts', import.meta.url), {
      type: 'module',
      name: 'search',
    })
    worker.current = fresh
    fresh.addEventListener('message', ({ data }: MessageEvent<SearchNews>) => {
      if (data.kind === 'trial') setSearch((now) => ({ ...now, trials: [...(now?.trials ?? []), data.trial] }))
      else {
        end()
        setSearch((now) => ({
          trials: now?.trials ?? [],
          ...(data.kind === 'answer' ? { answer: data.answer } : { error: data.error }),
        }))
      }
    })
    fresh.addEventListener('error', (event) => {
      event.preventDefault()
      end()
      setSearch((now) => ({ trials: now?.trials ?? [], error: event.message || 'the search could not be started' }))
    })
    const { steps: _steps, ...kernel } = good.compilation.kernel ?? {}
    const task = {
      document: useDocument.getState().document,
      compilation: { ...good.compilation, kernel: { ...kernel, log: '' }, diagnostics: [] },
    } as SearchTask
    fresh.postMessage(task)
  }
  const last = search?.trials.at(-1)
  return (
    <div className="row no-drop" aria-live="polite" data-testid="no-drop">
      <button
        type="button"
        className="btn line small"
        disabled={good === undefined}
        title="Trials of 20 000 packets on cards of their own, at rates that close in on the highest without loss"
        onClick={() => {
          if (running) {
            end()
            setSearch(undefined)
          } else start()
        }}
      >
        {running ? 'Stop' : 'Find the highest rate without loss'}
      </button>
      {running && (
        <span className="dim">
          {last === undefined
            ? 'first trial …'
            : `trial ${search.trials.length}: ${mpps(last.rate)} Mpps, ${last.lost === 0 ? 'none lost' : `${grouped(last.lost)} of ${grouped(last.sent)} lost`}`}
        </span>
      )}
      {search?.error !== undefined && <span className="badge fail">✕ {search.error}</span>}
      {search?.answer !== undefined && (
        <>
          <b data-testid="no-drop-rate" data-value={search.answer.rate}>
            {mpps(search.answer.rate)} Mpps
          </b>
          <span className="dim">
            {Math.round((100 * search.answer.rate) / search.answer.line)} % of line, {search.trials.length} trials
          </span>
          {search.answer.rate > 0 && (
            <button type="button" className="btn small" onClick={() => onUse(search.answer!.rate)}>
              Use it
            </button>
          )}
        </>
      )}
    </div>
  )
}
