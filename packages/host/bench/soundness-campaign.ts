/**
 * The verifier's states against real runs: all recorded programs that are accepted, with their recorded packets and with random
 * ones. Prints how many points were compared; ends with 1 at a violation.
 * Usage: tsx --conditions=@offload/source packages/host/bench/soundness-campaign.ts [random packets] [seed]
 */
import { parseHex } from '@offload/packet'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import type { RunVector } from '../src/testing/recorded-run'
import { compareRuns, randomPacket, statesOf, type Comparison } from '../src/testing/soundness'

const [wanted = 100_000, seed = 31] = process.argv.slice(2).map(Number)
const dir = vectorsDir('verifier')
const vectors =
  dir === undefined
    ? []
    : jsonlFiles(dir).flatMap((file) => readJsonl<RunVector & { caps?: unknown; btf?: unknown }>(file))
const runnable = vectors.filter((v) => v.run?.some((r) => !r.errno) && !v.caps && !v.btf)
const each = Math.ceil(wanted / Math.max(1, runnable.length))
const into: Comparison = { points: 0, registers: 0, violations: [] }
let programs = 0
let tooLong = 0
let packets = 0
for (const [k, vector] of runnable.entries()) {
  const states = statesOf(vector)
  if (!states) {
    tooLong++
    continue
  }
  programs++
  const recorded = vector.run!.map((r) => parseHex(r.data_in)!)
  const random = Array.from({ length: each }, (_, n) => randomPacket(seed + k, n, recorded))
  packets += random.length
  compareRuns(vector, states, [...recorded, ...random], into)
}
console.log(
  `states against runs: seed ${seed}, ${programs} programs (${tooLong} more whose complete walk is too long), ${packets} random packets, ` +
    `${into.points} instructions compared, ${into.violations.length} violations`,
)
for (const line of into.violations.slice(0, 20)) console.log(line)
if (into.violations.length > 0) process.exitCode = 1
