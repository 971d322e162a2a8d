/**
 * Any bytes give a verdict: random ones, random instructions, and instructions that nearly make sense. The full campaign
 * is bench/hostile-campaign.ts.
 */
import { describe, expect, it } from 'vitest'
import { toHex } from '@offload/bpf'
import { randomRequest } from './random-program'
import { verify } from './verify'

const SEED = Number(process.env['SEED'] ?? 77_001)
const PROGRAMS = Number(process.env['PROGRAMS'] ?? 2400)

describe('hostile programs', () => {
  it(`get a verdict, never an exception (seed ${SEED})`, () => {
    console.log(`hostile programs: seed ${SEED}, ${PROGRAMS} programs`)
    for (let k = 0; k < PROGRAMS; k++) {
      const request = randomRequest(SEED, k)
      let verdict = 'exception'
      try {
        verdict = verify(request).verdict
      } catch (e) {
        verdict = `exception: ${String(e)} for ${toHex(request.insns)}`
      }
      expect(['accept', 'reject', 'cancelled'], `program ${k}`).toContain(verdict)
    }
  })
})
