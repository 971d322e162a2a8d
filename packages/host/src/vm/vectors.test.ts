/** The host machine against runs that a real kernel recorded, and against the public conformance suite's stated results. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { formatHex, parseHex } from '@offload/packet'
import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../../tooling/vectors'
import { parseConformance } from '../testing/conformance-file'
import { listEntries, prepareRun } from '../testing/recorded-run'
import type { RunVector } from '../testing/recorded-run'
import { runConformance, runProgram } from './run'

/** Runs the three packets of a vector and says what differs from the kernel's record; '' when nothing does. */
function compareRun(vector: RunVector): string {
  const { vm, maps, program } = prepareRun(vector)
  for (const [i, run] of vector.run!.entries()) {
    const got = runProgram(vm, program, vector.prog_type, parseHex(run.data_in)!)
    if (got.errno !== (run.errno ?? 0)) return `run ${i}: errno ${got.errno}, kernel ${run.errno ?? 0}`
    if (run.errno) continue
    if (got.fault) return `run ${i}: fault at ${got.fault.pc}: ${got.fault.message}`
    if (got.retval !== run.retval) return `run ${i}: retval ${got.retval}, kernel ${run.retval}`
    if (run.data_out !== undefined && formatHex(got.data) !== run.data_out)
      return `run ${i}: data ${formatHex(got.data)}\n    kernel ${run.data_out}`
    for (const [m, wanted] of (run.maps_after ?? []).entries()) {
      if (!wanted) continue
      const have = listEntries(maps[m]!)
      if (JSON.stringify(have) !== JSON.stringify(wanted))
        return `run ${i}: map ${m} ${JSON.stringify(have)}\n    kernel ${JSON.stringify(wanted)}`
    }
  }
  return ''
}

const dir = vectorsDir('verifier')

describe.skipIf(dir === undefined)('runs recorded by the kernel', () => {
  const vectors =
    dir === undefined
      ? []
      : jsonlFiles(dir)
          .flatMap((file) => readJsonl<RunVector>(file))
          .filter((vector) => vector.run)
  it('give the same verdict, bytes and maps', () => {
    const bad = vectors
      .map((vector) => {
        try {
          return [vector.id, compareRun(vector)]
        } catch (error) {
          return [vector.id, String(error)]
        }
      })
      .filter(([, text]) => text !== '')
    console.log(`host machine: ${vectors.length - bad.length} of ${vectors.length} recorded runs equal`)
    if (process.env['OFFLOAD_SHOW']) for (const [id, text] of bad) console.log(`${id}: ${text}`)
    expect(bad).toEqual([])
    expect(vectors.length).toBeGreaterThan(1000)
  })
})

const suite = vectorsDir('bpf_conformance', 'tests')

describe.skipIf(suite === undefined)('public conformance suite', () => {
  const files = suite === undefined ? [] : readdirSync(suite).filter((name) => name.endsWith('.data'))
  it('gives the stated results', () => {
    const bad: string[] = []
    let run = 0
    for (const file of files) {
      const test = parseConformance(readFileSync(path.join(suite!, file), 'utf8'))
      if (!test) continue
      if (typeof test.insns === 'string') {
        bad.push(`${file}: ${test.insns}`)
        continue
      }
      run++
      const got = runConformance(test.insns, test.memory)
      const have = got.ok ? (BigInt(got.r0.hi) << 32n) | BigInt(got.r0.lo) : got.error
      if (have !== test.result) bad.push(`${file}: ${String(have)}, stated ${test.result}`)
    }
    console.log(`conformance: ${files.length - bad.length} of ${files.length} files, ${run} run`)
    for (const line of bad) console.log(line)
    expect(bad).toEqual([])
    expect(run).toBeGreaterThan(300)
  })
})
