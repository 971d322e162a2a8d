/** The host's calls, objects and sockets, asked of the card's worker a few times a second while a pane shows them. */
import { useEffect, useState } from 'react'
import type { HostView } from '@offload/host'
import { useRun } from '../stores/run'
import { cardCommands } from '../workers/engine'

const INTERVAL_MS = 500

export function useHostView(limit: number): HostView | undefined {
  const [view, setView] = useState<HostView | undefined>(undefined)
  const generation = useRun((state) => state.telemetry.generation)
  useEffect(() => {
    let dead = false
    const ask = async (): Promise<void> => {
      while (!dead) {
        if (useRun.getState().status !== 'starting') {
          const answer = await cardCommands.host(limit).catch(() => undefined)
          if (!dead && answer !== undefined) setView(answer)
        }
        await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS))
      }
    }
    void ask()
    return () => {
      dead = true
    }
  }, [limit, generation])
  return view
}
