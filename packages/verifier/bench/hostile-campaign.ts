/**
 * Random instruction sequences: each must get a verdict within the limits. Prints the seed, verdicts and the slowest;
 * ends with 1 at an exception.
 * Usage: tsx --conditions=@offload/source packages/verifier/bench/hostile-campaign.ts [seed] [first] [count]
 */
import { toHex } from '@offload/bpf'
import { verify } from '@offload/verifier'
import { randomRequest } from '../src/random-program'

const [seed = 1, first = 0, count = 1_000_000] = process.argv.slice(2).map(Number)
const verdicts: Record<string, number> = {}
let slowest = 0
let processed = 0
for (let k = first; k < first + count; k++) {
  const request = randomRequest(seed, k)
  const start = performance.now()
  try {
    const result = verify(request)
    verdicts[result.verdict] = (verdicts[result.verdict] ?? 0) + 1
    processed += result.processedInsns
  } catch (e) {
    console.log(`program ${k} of seed ${seed}: ${String(e)}, instructions ${toHex(request.insns)}`)
    process.exitCode = 1
  }
  slowest = Math.max(slowest, performance.now() - start)
}
const shares = Object.entries(verdicts).map(([verdict, n]) => `${n} ${verdict}`)
console.log(
  `hostile programs: seed ${seed}, ${first} to ${first + count - 1}: ${shares.join(', ')}; ` +
    `${processed} instructions processed, slowest ${slowest.toFixed(0)} ms`,
)
