/**
 * How fast the walk is, and how that compares with the kernel's own account of its time, measured in the same run: long
 * walks one by one, and the median over the recorded programs that are accepted. Prints peak memory.
 * Usage: npm run bench -- verifier
 */
import { toHex } from '@offload/bpf'
import { verify, type VerifyRequest } from '@offload/verifier'
import { liveKernel, verificationTime, type Kernel } from './kernel'
import { longPrograms } from './long-programs'
import { recordedPrograms, requestOf } from './vectors'

const ROUNDS = 5

/** Shortest of some runs of both, taken in turns, in ms. */
async function measure(
  kernel: Kernel | undefined,
  request: VerifyRequest,
  question: Readonly<Record<string, unknown>>,
): Promise<{ ours: number; kernels: number; processed: number }> {
  let ours = Infinity
  let kernels = Infinity
  let processed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    processed = verify(request).processedInsns
    ours = Math.min(ours, performance.now() - start)
    if (kernel) kernels = Math.min(kernels, verificationTime(await kernel.ask({ ...question, log_level: 4 })))
  }
  return { ours, kernels, processed }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN

function print(name: string, processed: number, ours: number, kernels: number): void {
  const speed = `${(processed / ours / 1000).toFixed(2)} million/s`
  const ratio = Number.isFinite(kernels) ? `kernel ${kernels.toFixed(1)} ms, ratio ${(ours / kernels).toFixed(2)}` : ''
  console.log(
    `${name.padEnd(28)} ${String(processed).padStart(8)} in ${ours.toFixed(1).padStart(7)} ms  ${speed}  ${ratio}`,
  )
}

const kernel = await liveKernel()
const long: number[] = []
for (const { name, request } of longPrograms()) {
  const m = await measure(kernel, request, { prog_type: request.progType, insns: toHex(request.insns) })
  print(name, m.processed, m.ours, m.kernels)
  long.push(m.ours / m.kernels)
}

const recorded = recordedPrograms()
for (const v of recorded.filter((one) => one.topic !== 'restricted' && (one.processed_insns ?? 0) >= 50_000)) {
  const { id: _, ...question } = v
  const m = await measure(kernel, requestOf(v), question)
  print(v.id, m.processed, m.ours, m.kernels)
  long.push(m.ours / m.kernels)
}

const accepted = recorded.filter((v) => v.verdict === 'accept')
const ratios: number[] = []
let total = 0
let processed = 0
for (const v of accepted) {
  const { id: _, ...question } = v
  const m = await measure(kernel, requestOf(v), question)
  total += m.ours
  processed += m.processed
  ratios.push(m.ours / m.kernels)
}
if (accepted.length > 0) {
  const each = `${((total / accepted.length) * 1000).toFixed(0)} µs each, ${(processed / total / 1000).toFixed(2)} million/s`
  console.log(`${accepted.length} recorded programs that are accepted: ${each}`)
}
if (kernel) {
  console.log(
    `ratio to the kernel: median over accepted programs ${median(ratios).toFixed(2)}, ` +
      `over ${long.length} long walks ${median(long).toFixed(2)}, largest ${Math.max(...long).toFixed(2)}`,
  )
  await kernel.close()
}
console.log(`peak memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
