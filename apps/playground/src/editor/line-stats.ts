/**
 * Per source line: executions a second and the share of all executed words, from two readings of the word counts.
 * An instruction that made no words of its own (merged, removed) has no count and says nothing.
 */
import { useEffect, useState } from 'react'
import type { LinkTables } from '../link/tables'
import { tablesOf } from '../link/service'
import { useRun } from '../stores/run'
import { useVerdict } from '../stores/verdict'
import type { Telemetry } from '../workers/telemetry'

export interface LineStats {
  /** Executions a simulated second, by line. */
  readonly perSecond: ReadonlyMap<number, number>
  /** Words executed on behalf of the line, as a share of the busiest line. */
  readonly heat: ReadonlyMap<number, number>
  /** Executions since the start, by slot. */
  readonly hits: ReadonlyMap<number, number>
}

const NONE: LineStats = { perSecond: new Map(), heat: new Map(), hits: new Map() }

export function lineStats(tables: LinkTables, now: Telemetry, before: Telemetry | undefined): LineStats {
  const usable = before !== undefined && before.generation === now.generation && before.nanoseconds < now.nanoseconds
  const seconds = usable ? (now.nanoseconds - before.nanoseconds) / 1e9 : now.nanoseconds / 1e9
  const counted = (word: number): number => (now.wordCounts[word] ?? 0) - (usable ? (before.wordCounts[word] ?? 0) : 0)
  const perSecond = new Map<number, number>()
  const issued = new Map<number, number>()
  const hits = new Map<number, number>()
  let most = 0
  for (const insn of tables.insns) {
    const [from, to] = tables.wordsOf(insn)
    if (to <= from) continue
    hits.set(insn, now.wordCounts[from] ?? 0)
    const line = tables.lineOf(insn)
    if (line === 0) continue
    if (!perSecond.has(line) && seconds > 0) perSecond.set(line, counted(from) / seconds)
    let sum = issued.get(line) ?? 0
    for (let word = from; word < to; word++) sum += counted(word)
    issued.set(line, sum)
    most = Math.max(most, sum)
  }
  const heat = new Map<number, number>()
  if (most > 0) for (const [line, sum] of issued) heat.set(line, sum / most)
  return { perSecond, heat, hits }
}

/** The stats of the running program, renewed a few times a second. Empty while another text is shown. */
export function useLineStats(): LineStats {
  const good = useVerdict((state) => state.good)
  const [stats, setStats] = useState(NONE)
  useEffect(() => {
    const tables = tablesOf(good)
    if (tables === undefined) return
    let before: Telemetry | undefined
    const take = (): void => {
      const now = useRun.getState().telemetry
      if (now.generation === 0 || now === before) return
      setStats(lineStats(tables, now, before))
      if (before === undefined || now.nanoseconds > before.nanoseconds) before = now
    }
    const timer = setInterval(take, 400)
    take()
    return () => clearInterval(timer)
  }, [good])
  return stats
}
