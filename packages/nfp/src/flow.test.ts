import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { seeded } from './generate.testing'
import {
  ALL_LIVE,
  NONE_LIVE,
  RELOCATION,
  assembleNfp,
  decodeAt,
  effectsOf,
  flowGraph,
  livenessOf,
  wordsFromHex,
  wordsOf,
} from './index'
import type { Effects, FlowGraph, FlowOptions, LiveSet, Words } from './index'

const imageOf = (text: string): Words => {
  const { words, problems } = assembleNfp(text)
  expect(problems).toEqual([])
  return wordsOf(words)
}
const graphOf = (text: string, options?: FlowOptions): FlowGraph => flowGraph(imageOf(text), options)
const shape = (graph: FlowGraph): string[] =>
  graph.blocks.map(({ start, end, exit, edges }) => {
    const to = edges.map(({ kind, word, address }) => `${kind} ${word < 0 ? `@${address}` : word}`)
    return `${start}-${end} ${exit}${to.length ? `: ${to.join(', ')}` : ''}`
  })

interface Vector {
  readonly id: string
  readonly fw: string
  readonly nfp?: string[]
  readonly nfp_relocated?: string[]
  readonly tgt: { out: number; abort: number; push_regs: number; pop_regs: number }
}

/** Accepted vectors of every file, one in `step`. */
function vectors(step: number): Vector[] {
  const dir = vectorsDir('nfp-jit')
  if (dir === undefined) return []
  const all = jsonlFiles(dir).flatMap((file) => readJsonl<Vector>(file))
  return all.filter(({ nfp }) => nfp !== undefined).filter((_vector, index) => index % step === 0)
}

const placesOf = ({ tgt }: Vector): ReadonlyMap<number, number> =>
  new Map(
    (
      [
        [RELOCATION.goOut, tgt.out],
        [RELOCATION.goAbort, tgt.abort],
        [RELOCATION.callPushRegs, tgt.push_regs],
        [RELOCATION.callPopRegs, tgt.pop_regs],
      ] as const
    ).filter(([, word]) => word > 0),
  )

describe('flowGraph', () => {
  it('keeps defer slots with their branch', () => {
    const graph = graphOf('beq[.4], defer[2]\nnop\nnop\nbr[.0]\nnop')
    expect(shape(graph)).toEqual(['0-3 branch: taken 4, fall 3', '3-4 jump: taken 0', '4-5 end'])
    expect([...graph.blockOf]).toEqual([0, 0, 0, 1, 2])
    expect(graph.problems).toEqual([{ word: 4, code: 'runs-past-end' }])
  })

  it('ends blocks at context swaps and lists where they resume', () => {
    const text = 'mem[write8_swap, $xfer_0, gprA_4, 0xe, 2], ctx_swap[sig1], defer[1]\nnop\nbr[.100]'
    const graph = graphOf(text)
    expect(shape(graph)).toEqual(['0-2 swap: resume 2', '2-3 jump: taken @100'])
    expect(graph.resumePoints).toEqual([
      { word: 0, reason: 'entry' },
      { word: 2, reason: 'swap' },
    ])
    expect(shape(graphOf(text, { splitAtSwaps: false }))).toEqual(['0-3 jump: taken @100'])
  })

  it('recognises calls by the return address in the slots', () => {
    const graph = graphOf('br[.3], defer[1]\nimmed[gprA_21, 0x2]\nbr[.100]\nrtn[gprA_21]')
    expect(shape(graph)).toEqual(['0-2 call: taken 3, return 2', '2-3 jump: taken @100', '3-4 indirect'])
    expect(graph.indirectTargets).toEqual([2])
    expect(graph.blocks.every(({ reachable }) => reachable)).toBe(true)
    expect(graph.blocks[2]!.predecessors).toEqual([0])
  })

  it('subtracts the origin of a relocated image', () => {
    const graph = graphOf('beq[.2050]\nbr[.500]\nbr[.2048]', { origin: 2048 })
    expect(shape(graph)).toEqual(['0-1 branch: taken 2, fall 1', '1-2 jump: taken @500', '2-3 jump: taken 0'])
  })

  it('reports branches in slots, invalid words and slots past the end', () => {
    const codes = (image: Words): string[] => flowGraph(image).problems.map(({ word, code }) => `${word} ${code}`)
    expect(codes(imageOf('beq[.0], defer[1]\nbr[.0]\nbr[.0]'))).toEqual(['1 branch-in-slot'])
    expect(codes(imageOf('br[.0], defer[1]'))).toEqual(['0 slots-past-end'])
    expect(codes(Uint32Array.from([0, 0x1fff]))).toEqual(['0 invalid'])
  })

  it('lets a slot that is a target begin a block of its own', () => {
    const graph = graphOf('beq[.3]\nbr[.0], defer[2]\nnop\nnop\nbr[.0]')
    expect(shape(graph)).toEqual([
      '0-1 branch: taken 3, fall 1',
      '1-4 jump: taken 0',
      '3-4 fall: fall 4',
      '4-5 jump: taken 0',
    ])
    expect([...graph.blockOf]).toEqual([0, 1, 1, 1, 3])
  })

  it('gives the same graph for an image before and after relocation', () => {
    let compared = 0
    for (const vector of vectors(3)) {
      // In the other profiles addresses of the firmware can fall into the program.
      if (vector.fw !== 'full') continue
      const before = flowGraph(wordsFromHex(vector.nfp!), { places: placesOf(vector) })
      const after = flowGraph(wordsFromHex(vector.nfp_relocated!), { origin: 0x800 })
      const plain = (graph: FlowGraph): string[] => shape(graph).map((line) => line.replace(/@\d+/g, '@'))
      expect(plain(after), vector.id).toEqual(plain(before))
      expect(after.indirectTargets, vector.id).toEqual(before.indirectTargets)
      compared++
    }
    expect(compared === 0 || compared > 100).toBe(true)
  })

  it('covers every word of translated programs once and finds no problem but the end', () => {
    for (const vector of vectors(3)) {
      const graph = flowGraph(wordsFromHex(vector.nfp!), { places: placesOf(vector) })
      let next = 0
      for (const { start, end } of graph.blocks) {
        expect(start, vector.id).toBe(next)
        next = end
      }
      expect(next).toBe(vector.nfp!.length)
      // The eight words after the program, which nothing reaches, run off the end.
      expect(
        graph.problems.map(({ code }) => code),
        vector.id,
      ).toEqual(['runs-past-end'])
      expect(graph.blocks.at(-1)!.reachable, vector.id).toBe(false)
    }
  })

  it('agrees with a walk word by word that knows no blocks', () => {
    const below = seeded(31)
    for (const vector of vectors(11)) {
      const words = wordsFromHex(vector.nfp!)
      const graph = flowGraph(words, { places: placesOf(vector) })
      for (let round = 0; round < 5; round++) walk(words, graph, placesOf(vector), below, vector.id)
    }
  })
})

/**
 * Steps through an image with random branch outcomes and checks each step against the graph: inside a block to the
 * next word, at its end along one of its edges.
 */
function walk(
  words: Words,
  graph: FlowGraph,
  places: ReadonlyMap<number, number>,
  below: (limit: number) => number,
  id: string,
): number[] {
  const trace: number[] = []
  let pc = 0
  let pending: { target: number; slots: number } | undefined
  let block = 0
  for (let step = 0; step < 400; step++) {
    trace.push(pc)
    const insn = decodeAt(words, pc)
    let next = pc + 1
    if (pending !== undefined && --pending.slots === 0) {
      next = pending.target
      pending = undefined
    } else if (insn.class === 'branch' || insn.class === 'br_bit') {
      const relocation = words[2 * pc + 1]! >>> 24
      const target = relocation === RELOCATION.branch ? insn.address : (places.get(relocation) ?? -1)
      const taken = (insn.class === 'branch' && insn.condition === 24) || below(2) === 1
      if (taken && insn.defer === 0) next = target
      else if (taken) pending = { target, slots: insn.defer }
    } else if (insn.class === 'br_alu') {
      const targets = graph.indirectTargets
      const target = targets.length ? targets[below(targets.length)]! : -1
      if (insn.defer === 0) next = target
      else pending = { target, slots: insn.defer }
    }
    const { end, edges, exit } = graph.blocks[block]!
    if (pc + 1 < end) expect(next, `${id} word ${pc}`).toBe(pc + 1)
    else {
      const allowed: readonly number[] = exit === 'indirect' ? graph.indirectTargets : edges.map(({ word }) => word)
      expect(next === -1 && exit === 'indirect' ? [-1] : allowed, `${id} word ${pc}`).toContain(next)
      if (next < 0) return trace
      block = graph.blocks.findIndex(({ start }) => start === next)
    }
    pc = next
  }
  return trace
}

const effects = (text: string): Effects => effectsOf(decodeAt(imageOf(text), 0))

describe('effectsOf', () => {
  it('names registers of both banks', () => {
    const both = effects('alu[gprA_4, gprA_3, +carry, gprB_2], gpr_wrboth')
    expect([both.readA, both.readB, both.writeA, both.writeB]).toEqual([8, 4, 16, 16])
    expect([both.readsFlags, both.writesFlags, both.readsResult, both.writesResult]).toEqual([true, true, false, true])
  })

  it('leaves out sources an operation ignores', () => {
    const move = effects('alu[gprB_1, --, B, 0x7]')
    expect([move.readA, move.readB, move.writeA, move.writeB]).toEqual([0, 0, 0, 2])
  })

  it('counts a kept part of a register as read', () => {
    expect(effects('ld_field[gprA_0, 0011, gprB_1]').readA).toBe(1)
    expect(effects('ld_field_w_clr[gprA_0, 0011, gprB_1]').readA).toBe(0)
    expect(effects('immed_w1[gprB_21, 0xdead]').readB).toBe(1 << 21)
    expect(effects('immed[gprB_21, 0xdead]').readB).toBe(0)
    expect(effects('immed[gprA_1, 0x1], predicate_cc').readA).toBe(2)
  })

  it('knows latches, local memory and local CSRs', () => {
    expect(effects('alu_shf[gprA_0, --, B, gprB_0, >>indirect]').readsLatch).toBe(true)
    expect(effects('asr[gprA_0, gprB_0, >>3]').readsResult).toBe(true)
    expect(effects('mem[write32_swap, $xfer_0, gprA_4, gprB_21, 1], indirect_ref, ctx_swap[sig1]').readsResult).toBe(
      true,
    )
    const store = effects('alu[*l$index3++, --, B, $xfer_1]')
    expect([store.writesLm, store.readsLm, store.lmStep, store.xferRead]).toEqual([true, false, 8, [1]])
    expect(effects('local_csr_wr[ActLMAddr0, gprA_22]').csrWritten).toBe(0x64)
    expect(effects('br_bset[gprA_1, 31, .77]').readsFlags).toBe(false)
  })
})

describe('livenessOf', () => {
  it('follows registers and flags through branches and slots', () => {
    const text =
      'alu[--, gprA_0, -, 0x1]\nbeq[.4], defer[1]\nalu[gprA_1, gprA_2, +, 0x1]\nalu[gprA_3, --, B, gprA_1]\nbr[.100]'
    const live = livenessOf(graphOf(text), NONE_LIVE)
    expect(live.before(0)).toEqual({ gprA: 0b101, gprB: 0, flags: false, result: false, latch: false })
    expect(live.before(1).flags).toBe(true)
    expect(live.before(2).flags).toBe(false)
    expect(live.atEnd(0).gprA).toBe(0b10)
    expect(livenessOf(graphOf(text)).before(4)).toEqual({ ...ALL_LIVE, latch: false })
  })

  it('holds what any walk reads before it writes it', () => {
    const below = seeded(77)
    for (const vector of vectors(29)) {
      const words = wordsFromHex(vector.nfp!)
      const graph = flowGraph(words, { places: placesOf(vector) })
      const live = livenessOf(graph, NONE_LIVE)
      const trace = walk(words, graph, placesOf(vector), below, vector.id)
      let needed: LiveSet = NONE_LIVE
      for (const word of trace.toReversed()) {
        const { readA, readB, writeA, writeB, readsFlags, writesFlags } = effectsOf(graph.instructions[word]!)
        needed = {
          ...needed,
          gprA: (needed.gprA & ~writeA) | readA,
          gprB: (needed.gprB & ~writeB) | readB,
          flags: readsFlags || (needed.flags && !writesFlags),
        }
        const known = live.before(word)
        expect(needed.gprA & ~known.gprA, `${vector.id} word ${word}`).toBe(0)
        expect(needed.gprB & ~known.gprB, `${vector.id} word ${word}`).toBe(0)
        expect(known.flags || !needed.flags, `${vector.id} word ${word}`).toBe(true)
      }
    }
  })
})
