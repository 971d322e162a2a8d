/**
 * Recorded runs of a Linux kernel against the emulated card: every XDP program of the vectors that the device takes gives
 * the kernel's return value and bytes, or deviates for a cause that is named here, and the cause explains it.
 * `CARD_RUNS=all` takes every program; otherwise all with a known cause and a sample of the others.
 */
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../../packages/tooling/vectors'
import { runOperation } from './run-operations'

interface Vector {
  readonly id: string
  readonly prog_type: string
  readonly insns: string
  readonly maps?: unknown
  readonly relocs?: unknown
  readonly elems?: unknown
  readonly caps?: unknown
  readonly btf?: unknown
  readonly tails?: unknown
  readonly run?: readonly {
    readonly data_in: string
    readonly data_out?: string
    readonly retval: number
    readonly errno?: number
  }[]
}
interface Answer {
  readonly ok: boolean
  readonly verdict?: string
  readonly error?: string
  readonly runs?: readonly { readonly retval: number; readonly data_out: string }[]
}

const HELPER = { randomNumber: 7, adjustTail: 65 } as const

/** Whether the program has a call of a helper: opcode 85, number in the upper half. */
function calls({ insns }: Vector, helper: number): boolean {
  const wanted = Buffer.from(Int32Array.of(helper).buffer).toString('hex')
  for (let at = 0; at < insns.length; at += 16) {
    if (insns.slice(at, at + 2) === '85' && insns[at + 2] === '0' && insns.slice(at + 8, at + 16) === wanted)
      return true
  }
  return false
}

/** Why a run may deviate, undefined when it may not. */
function causeOf(vector: Vector, run: number): string | undefined {
  const { data_in: before, data_out: after } = vector.run![run]!
  // nfp-jit.md, row of helper 65: an addition without a carry counts as an error, so frames can only become shorter.
  if (calls(vector, HELPER.adjustTail) && (after?.length ?? 0) > before.length) return 'adjust_tail only shrinks'
  // Each machine has random numbers of its own.
  if (calls(vector, HELPER.randomNumber)) return 'random number'
  return undefined
}

const dir = vectorsDir('verifier')
const every = process.env['CARD_RUNS'] === 'all' ? 1 : 16

describe.runIf(dir)('recorded runs on the card', () => {
  it('give the return value and the bytes of the kernel, or deviate for a known cause', () => {
    const vectors = jsonlFiles(dir!)
      .flatMap((file) => readJsonl<Vector>(file))
      .filter(({ prog_type, run, caps, btf, tails }) => prog_type === 'xdp' && run?.length && !caps && !btf && !tails)
      .filter((vector, index) => index % every === 0 || vector.run!.some((_, run) => causeOf(vector, run)))
    const causes = new Map<string, Set<string>>()
    const unexplained: string[] = []
    let taken = 0
    for (const vector of vectors) {
      const { id, insns, maps = [], relocs = [], elems = [], run = [] } = vector
      const packets = run.map(({ data_in }) => data_in)
      const request = { op: 'run', engine: 'nfp', prog_type: 'xdp', insns, maps, relocs, elems, packets }
      const answer = runOperation(request) as Answer
      if (answer.verdict === 'driver-reject') continue
      taken++
      run.forEach(({ retval, data_out, errno }, index) => {
        const mine = answer.runs?.[index]
        if (errno || (mine?.retval === retval && (data_out === undefined || mine.data_out === data_out))) return
        const cause = causeOf(vector, index)
        if (cause) causes.set(cause, (causes.get(cause) ?? new Set()).add(id))
        else unexplained.push(`${id}: ${answer.error ?? mine?.retval} where the kernel gave ${retval}`)
      })
    }
    console.log(`recorded runs on the card: ${taken} programs of ${vectors.length} taken by the device`)
    for (const [cause, ids] of causes) console.log(`  ${cause}: ${ids.size} (${[...ids].join(', ')})`)
    expect(unexplained).toEqual([])
    expect(taken).toBeGreaterThan(20)
  }, 120_000)
})
