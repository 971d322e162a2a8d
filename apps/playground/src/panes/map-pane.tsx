/** The maps of the running program, one at a time, read from the card a few times a second. */
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import type { MapView } from '@offload/session'
import { Pane } from '../components/pane'
import { Segmented } from '../components/segmented'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import { cardCommands } from '../workers/engine'
import { AddEntry, MapTable } from './map-table'

/** Newest dump of all maps; asks again once the last answer is there, so a slow card is never flooded. */
export function useMaps(limit: number): readonly MapView[] {
  const [views, setViews] = useState<readonly MapView[]>([])
  const generation = useRun((state) => state.telemetry.generation)
  const stop = useRun((state) => state.stop)
  useEffect(() => {
    let dead = false
    const ask = async (): Promise<void> => {
      while (!dead) {
        if (useRun.getState().status !== 'starting') {
          const answer = await cardCommands.maps(limit).catch(() => undefined)
          if (!dead && answer !== undefined) setViews(answer)
        }
        await new Promise((resolve) => setTimeout(resolve, 350))
      }
    }
    void ask()
    return () => {
      dead = true
    }
  }, [limit, generation, stop])
  return views
}

export function MapPane({ className }: { readonly className?: string }): ReactElement {
  const [all, setAll] = useState(false)
  const views = useMaps(all ? 4096 : 64)
  const maps = useVerdict((state) => state.good?.compilation.program?.maps)
  const shown = views.filter((view) => !view.type.includes('perf'))
  const declared = maps === undefined || maps.some(({ type }) => !String(type).includes('perf') && type !== 4)
  const [chosen, setChosen] = useState(0)
  const [raw, setRaw] = useState(false)
  const [adding, setAdding] = useState(false)
  const view = shown.find((candidate) => candidate.map === chosen) ?? shown[0]
  const definition = view === undefined ? undefined : maps?.[view.map]

  const update = async (key: string, value: string): Promise<string | undefined> => {
    const answer = await cardCommands.mapUpdate(view!.name, key, value)
    return answer.ok ? undefined : answer.error
  }
  const remove = async (key: string): Promise<string | undefined> => {
    const answer = await cardCommands.mapDelete(view!.name, key)
    return answer.ok ? undefined : answer.error
  }

  const keyType = definition?.key
  const protocolKeys =
    keyType?.kind === 'int' && (keyType.format === 'ipproto' || (view?.name === 'counts' && view.maxEntries === 256))
  return (
    <Pane
      title={shown.length > 1 ? 'Maps' : `Map ${view?.name ?? ''}`}
      context={view === undefined ? undefined : shown.length > 1 ? undefined : 'on the card, in EMEM'}
      className={className ?? ''}
      testId="map-pane"
      controls={
        view !== undefined && (
          <>
            {shown.length > 1 && (
              <Segmented
                label="Map"
                small
                options={shown.map((candidate) => [String(candidate.map), candidate.name] as const)}
                value={String(view.map)}
                onChange={(map) => setChosen(Number(map))}
              />
            )}
            <button type="button" className="btn small" aria-pressed={raw} onClick={() => setRaw(!raw)}>
              {raw ? 'Typed' : 'Hex'}
            </button>
          </>
        )
      }
      foot={
        view === undefined ? undefined : adding ? (
          <AddEntry view={view} definition={definition} onUpdate={update} onDone={() => setAdding(false)} />
        ) : (
          <>
            <span className="dim ellipsis">
              {view.more > 0
                ? `${view.more} more ${view.type.includes('array') ? 'entries are zero' : 'entries'}`
                : `${view.entries.length} of ${view.maxEntries} entries`}
            </span>
            <span className="grow" />
            {(view.more > 0 || all) && !view.type.includes('array') && (
              <button type="button" className="btn small" onClick={() => setAll(!all)}>
                {all ? 'Show fewer' : 'Show all'}
              </button>
            )}
            <button type="button" className="btn line small" onClick={() => setAdding(true)}>
              {view.type.includes('array') ? 'Write entry' : 'Add entry'}
            </button>
          </>
        )
      }
    >
      {view === undefined && declared ? (
        <div className="empty">The map is being made on the card.</div>
      ) : view === undefined ? (
        <div className="empty">
          This program has no map. Declare one with “.map name array key u32 value u64 max 16”.
        </div>
      ) : view.entries.length === 0 ? (
        <div className="empty">
          No entries yet. Send traffic or add one.
          <button type="button" className="btn line" onClick={() => setAdding(true)}>
            Add entry
          </button>
        </div>
      ) : (
        <MapTable
          key={`${view.map}.${raw}`}
          view={view}
          definition={definition}
          protocolKeys={protocolKeys}
          onUpdate={update}
          onDelete={remove}
          raw={raw}
        />
      )}
    </Pane>
  )
}
