/** One history for the whole page, fed from the telemetry about fifteen times a second. */
import { useEffect, useState } from 'react'
import { useRun } from '../stores/run'
import { RateHistory } from './rate-history'
import type { RatePoint } from './rate-history'

export const history = new RateHistory()

let lastTaken = 0
useRun.subscribe((state, before) => {
  if (state.telemetry === before.telemetry) return
  const now = performance.now()
  if (now - lastTaken < 66 && state.telemetry.running) return
  lastTaken = now
  if (state.telemetry.generation > 0) history.add(state.telemetry)
})

/** Redraw at a steady pace while mounted. */
export function useTick(everyMs: number): number {
  const [tick, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((count) => count + 1), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return tick
}

export function useCurrentRates(everyMs = 250): RatePoint | undefined {
  useTick(everyMs)
  return history.current()
}
