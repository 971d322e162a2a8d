import { describe, expect, it } from 'vitest'
import { assemble } from './assembler/assemble'
import { flowGraph } from './flow-graph'
import { randomProgram } from './testing/generate'
import { Random } from './testing/random'

describe('flow graph', () => {
  it('has a block a way can enter, and an edge for each way out', () => {
    const result = assemble('r0 = 1 ll\nif r1 == 0 goto out\ncall f\ngoto out\nr0 = 3\nout: exit\n.func f\nexit')
    if (!result.ok) throw new Error(JSON.stringify(result.diagnostics))
    const { blocks, calls } = flowGraph(result.program)
    expect(
      blocks.map(
        ({ start, end, subprogram, edges, exits }) =>
          `${start}-${end} f${subprogram} ${edges.map(({ kind, to }) => `${kind}:${to}`).join(' ')}${exits ? ' exit' : ''}`,
      ),
    ).toEqual(['0-3 f0 taken:3 next:1', '3-5 f0 always:3', '5-6 f0 next:3', '6-7 f0  exit', '7-8 f1  exit'])
    expect(calls).toEqual([{ from: 3, to: 1 }])
  })

  it('holds every slot once, and edges lead to blocks, for random programs', () => {
    const seed = 8
    const random = new Random(seed)
    for (let round = 0; round < 200; round++) {
      const program = randomProgram(random, 1 + random.below(50))
      const { blocks } = flowGraph(program)
      let at = 0
      for (const { start, end, edges } of blocks) {
        expect(start, `seed ${seed}, round ${round}`).toBe(at)
        expect(end).toBeGreaterThan(start)
        for (const { to } of edges) expect(blocks[to]).toBeDefined()
        at = end
      }
      expect(at).toBe(program.insns.length / 8)
    }
  })
})
