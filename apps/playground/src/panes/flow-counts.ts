/**
 * How often each way of a control-flow graph was gone, from how often each block ran: what goes into a block is what
 * comes out of it. Ways that this does not settle stay unknown. Pure; knows nothing of cards.
 */

export interface Way {
  readonly from: number
  readonly to: number
}

/**
 * Counts of `ways` by their place in the list; undefined where they do not follow. `ran` gives a block's count, `open`
 * tells blocks that are also entered from outside the graph.
 */
export function wayCounts(
  ways: readonly Way[],
  ran: (block: number) => number | undefined,
  open: (block: number) => boolean,
): (number | undefined)[] {
  const counts = ways.map((): number | undefined => undefined)
  const sides = new Map<string, number[]>()
  const put = (side: string, way: number): void => void sides.set(side, [...(sides.get(side) ?? []), way])
  ways.forEach(({ from, to }, way) => {
    put(`out ${from}`, way)
    if (!open(to)) put(`in ${to}`, way)
  })
  for (let changed = true; changed;) {
    changed = false
    for (const [side, members] of sides) {
      const total = ran(Number(side.split(' ')[1]))
      const unknown = members.filter((way) => counts[way] === undefined)
      if (total === undefined || unknown.length !== 1) continue
      const known = members.reduce((sum, way) => sum + (counts[way] ?? 0), 0)
      // Counters are read while the card runs: a difference below zero is none.
      counts[unknown[0]!] = Math.max(0, total - known)
      changed = true
    }
  }
  return counts
}
