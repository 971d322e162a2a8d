/**
 * How fast the walk is, and how that compares with the kernel's own. Prints processed instructions a second for three
 * kinds of long walks and for ordinary programs, peak memory, and, where the kernel can be asked (`OFFLOAD_ORACLE` names
 * the folder of its wrapper; default: beside the checkout), the ratio to the kernel's verification time in the same run.
 * Usage: tsx --conditions=@offload/source packages/verifier/bench/verifier.bench.ts
 */
import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import path from 'node:path'
import { assemble, toHex } from '@offload/bpf'
import { verify, type VerifyRequest } from '@offload/verifier'

interface Case {
  readonly name: string
  readonly text: string
}
const LONG: readonly Case[] = [
  { name: 'counted loop', text: 'r0 = 0\nagain:\nr0 += 1\nif r0 < 0x1000000 goto again\nexit' },
  {
    name: 'sum in a loop',
    text: 'r0 = 0\nr1 = 0\nagain:\nr0 += r1\nr1 += 1\nif r1 != 0x1000000 goto again\nexit',
  },
  {
    name: 'unknown bound',
    text: 'call bpf_get_prandom_u32\nr6 = r0\nr0 = 0\nr1 = 0\nagain:\nr0 += r1\nr1 += 1\nif r1 < r6 goto again\nexit',
  },
]
const SHORT: Case = {
  name: 'packet parser (not a loop)',
  text: `r2 = *(u32 *)(r1 + 0)
r3 = *(u32 *)(r1 + 4)
r4 = r2
r4 += 42
if r4 > r3 goto out
r5 = *(u16 *)(r2 + 12)
if r5 != 8 goto out
r5 = *(u8 *)(r2 + 14)
r5 &= 15
r5 <<= 2
if r5 < 20 goto out
r2 += r5
r4 = r2
r4 += 8
if r4 > r3 goto out
r0 = *(u16 *)(r2 + 2)
r0 &= 3
exit
out:
r0 = 2
exit`,
}

const request = (text: string): VerifyRequest => {
  const result = assemble(`.prog xdp main\n${text}\n`)
  if (!result.ok) throw new Error(result.diagnostics[0]!.message)
  return { progType: 'xdp', insns: result.program.insns }
}

/** Verification time by the kernel's own account, in ms. */
async function kernelTime(insns: Uint8Array): Promise<number | undefined> {
  const folder =
    process.env['OFFLOAD_ORACLE'] ?? fileURLToPath(new URL('../../../../shared/tools/kernel-oracle', import.meta.url))
  if (!existsSync(folder)) return undefined
  try {
    const { Oracle } = await import(pathToFileURL(path.join(folder, 'oracle.mjs')).href)
    const oracle = await Oracle.start()
    const times: number[] = []
    for (let k = 0; k < 3; k++) {
      const { log } = await oracle.ask({ prog_type: 'xdp', log_level: 4, insns: toHex(insns) })
      times.push(Number(/verification time (\d+)/.exec(log)?.[1]) / 1000)
    }
    await oracle.close()
    return Math.min(...times)
  } catch {
    return undefined
  }
}

function measure(r: VerifyRequest, rounds: number): { ms: number; processed: number } {
  let best = Infinity
  let processed = 0
  for (let k = 0; k < 3; k++) {
    const start = performance.now()
    for (let n = 0; n < rounds; n++) processed = verify(r).processedInsns
    best = Math.min(best, (performance.now() - start) / rounds)
  }
  return { ms: best, processed }
}

let peak = 0
for (const { name, text } of [...LONG, SHORT]) {
  const r = request(text)
  const { ms, processed } = measure(r, name === SHORT.name ? 2000 : 1)
  peak = Math.max(peak, process.memoryUsage().rss)
  const kernel = await kernelTime(r.insns)
  const ratio =
    kernel === undefined ? 'kernel not asked' : `kernel ${kernel.toFixed(3)} ms, ratio ${(ms / kernel).toFixed(2)}`
  const speed = (processed / ms / 1000).toFixed(2)
  console.log(`verifier, ${name}: ${processed} instructions in ${ms.toFixed(3)} ms, ${speed} million/s, ${ratio}`)
}
console.log(`verifier, peak memory: ${(peak / 2 ** 20).toFixed(0)} MiB`)
