import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { RELOCATION, assembleNfp, flowGraph, wordsFromHex, wordsOf, worstPath } from './index'
import type { FlowOptions, PathCost, PathWeights } from './index'

function worst(text: string, weights?: PathWeights, options?: FlowOptions): PathCost | undefined {
  const { words, problems } = assembleNfp(text)
  expect(problems).toEqual([])
  return worstPath(flowGraph(wordsOf(words), options), 0, weights)
}

describe('worstPath', () => {
  it('adds words and the taken branch out', () => {
    expect(worst('nop\nnop\nbr[.100]')).toMatchObject({ cycles: 6, words: 3, blocks: [0], loops: [] })
    expect(worst('nop\nbr[.100], defer[2]\nnop\nnop')).toMatchObject({ cycles: 5, words: 4 })
  })

  it('takes the dearer side of a branch', () => {
    // Taken after a flag-setting word: 1 + 4 + 4; not taken: 1 + 1 + 6 + 4.
    const text = 'alu[--, gprA_0, -, 0x1]\nbeq[.8]\nnop\nnop\nnop\nnop\nnop\nnop\nbr[.100]'
    expect(worst(text)).toMatchObject({ cycles: 12, blocks: [0, 1, 2] })
    const short = 'nop\nbr_bset[gprA_0, 1, .3]\nnop\nbr[.100]'
    expect(worst(short)).toMatchObject({ cycles: 1 + 3 + 4, blocks: [0, 2] })
  })

  it('weights memory and helpers', () => {
    const swap = 'mem[write8_swap, $xfer_0, gprA_4, 0xe, 2], ctx_swap[sig1]\nbr[.100]'
    expect(worst(swap)).toMatchObject({ cycles: 7, swaps: 1 })
    expect(worst(swap, { memory: 50 })).toMatchObject({ cycles: 57, swaps: 1 })
    const helper = 'br[.500], defer[2]\nnop\nimmed[gprB_0, 0x3]\nbr[.100]'
    expect(worst(helper, { helper: () => 200 })).toMatchObject({ cycles: 2 + 2 + 200 + 4, helpers: 1 })
  })

  it('follows calls, also through a routine that saves registers', () => {
    const direct = 'br[.3], defer[1]\nimmed[gprA_21, 0x2]\nbr[.100]\nnop\nrtn[gprA_21]'
    expect(worst(direct)).toMatchObject({ cycles: 3 + 1 + 1 + 4 + 4, blocks: [0, 2, 1] })
    const through =
      'br[.4], defer[2]\nimmed[gprB_21, 0x6]\nimmed[gprA_21, 0x3]\nbr[.100]\nnop\nrtn[gprB_21]\nnop\nnop\nrtn[gprA_21]'
    expect(worst(through)).toMatchObject({ cycles: 2 + 2 + 5 + 6 + 4, blocks: [0, 2, 3, 1] })
  })

  it('passes loops once and names them', () => {
    expect(worst('nop\nbne[.0]\nbr[.100]')).toMatchObject({ cycles: 6, loops: [0] })
    expect(worst('br[.0]')).toBeUndefined()
  })

  it('finds a way through every translated program, of all its words at most', () => {
    const dir = vectorsDir('nfp-jit')
    if (dir === undefined) return
    for (const file of jsonlFiles(dir)) {
      const list = readJsonl<{ id: string; nfp?: string[]; tgt: Record<string, number> }>(file)
      for (const { id, nfp, tgt } of list.filter((_vector, index) => index % 5 === 0)) {
        if (!nfp) continue
        const places = new Map([
          [RELOCATION.goOut, tgt['out']!],
          [RELOCATION.goAbort, tgt['abort']!],
          [RELOCATION.callPushRegs, tgt['push_regs']!],
          [RELOCATION.callPopRegs, tgt['pop_regs']!],
        ])
        const graph = flowGraph(wordsFromHex(nfp), { places })
        const path = worstPath(graph)
        expect(path, id).toBeDefined()
        expect(path!.cycles, id).toBeGreaterThanOrEqual(path!.words)
        if (graph.calls.size === 0) expect(path!.words, id).toBeLessThanOrEqual(nfp.length)
        expect(
          graph.blocks[path!.blocks.at(-1)!]!.edges.some(({ block }) => block < 0),
          id,
        ).toBe(true)
      }
    }
  })
})
