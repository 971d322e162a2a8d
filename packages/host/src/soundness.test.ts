/** A sample of bench/soundness-campaign.ts: what the verifier knew holds for what programs do. */
import { parseHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import type { RunVector } from './testing/recorded-run'
import { compareRuns, randomPacket, statesOf, type Comparison } from './testing/soundness'

const SEED = 7
/** Every so many-th program. */
const STRIDE = 12

const dir = vectorsDir('verifier')
describe.skipIf(dir === undefined)('states of the verifier', () => {
  it(`hold in runs of accepted programs (seed ${SEED})`, () => {
    const into: Comparison = { points: 0, registers: 0, violations: [] }
    jsonlFiles(dir!)
      .flatMap((file) => readJsonl<RunVector & { caps?: unknown; btf?: unknown }>(file))
      .filter((v) => v.run?.some((r) => !r.errno) && !v.caps && !v.btf)
      .filter((_, k) => k % STRIDE === 0)
      .forEach((vector) => {
        const states = statesOf(vector, 5000)
        if (!states) return
        const recorded = vector.run!.map((r) => parseHex(r.data_in)!)
        compareRuns(vector, states, [...recorded, ...recorded.map((_, n) => randomPacket(SEED, n, recorded))], into)
      })
    console.log(`states against runs: seed ${SEED}, ${into.points} instructions compared`)
    expect(into.violations).toEqual([])
    expect(into.points).toBeGreaterThan(5000)
  })

  it('are refused when they do not hold', () => {
    const vector: RunVector = { id: 'r0', topic: 'test', prog_type: 'xdp', insns: 'b7000000020000009500000000000000' }
    const states = statesOf(vector)!
    const wrong = states.map((visits) =>
      visits.map((visit) => ({
        ...visit,
        regs: visit.regs.map((r) => ({ ...r, unsigned: [r.unsigned[0], { lo: 1, hi: 0 }] as const })),
      })),
    )
    const into: Comparison = { points: 0, registers: 0, violations: [] }
    compareRuns(vector, wrong, [new Uint8Array(60)], into)
    expect(into.violations[0]).toMatch(/^r0, instruction 1: r0 = 0:2 is not number/)
  })
})
