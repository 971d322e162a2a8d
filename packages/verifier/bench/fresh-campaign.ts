/**
 * New programs, asked of the live kernel at once: verdict, errno, message, log, counts. Mutations are generated programs with
 * one field of one instruction changed. Prints seed and shares.
 * Usage: tsx --conditions=@offload/source packages/verifier/bench/fresh-campaign.ts [seed] [programs] [mutated|plain] [log level]
 */
import { verify } from '@offload/verifier'
import { Random } from '../src/random'
import { liveKernel, oracleModule, type Kernel } from './kernel'
import { requestOf, type Recorded } from './vectors'

const [seed = 'fresh-1', count = '1000', kind = 'plain', level = '2'] = process.argv.slice(2)
const LOG_LEVEL = Number(level)
/** Longer walks are compared without their log. */
const MAX_LOG_INSNS = 20_000
/** Questions asked together. */
const BATCH = 40

interface Generator {
  readonly topicNames: readonly string[]
  generate(topic: string, seed: string, n: number): Recorded
}

/** Addresses, times and blanks at line ends aside. */
const plain = (log: string): string =>
  log
    .split('\n')
    .map((line) =>
      line
        .replaceAll(/0x(ffff[0-9a-f]{12}|0) *( ;|$)/g, '0x0$2')
        .replace(/verification time \d+/, '')
        .trimEnd(),
    )
    .join('\n')
    .trim()
const lastLine = (log: string): string =>
  log
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(processed|verification time|stack depth) /.test(line))
    .at(-1) ?? ''
const counts = (log: string): string => /processed \d+ insns.*/.exec(log)?.[0] ?? ''

/** One field of one instruction changed; instructions that name a map stay. */
function mutate(v: Recorded, random: Random): Recorded {
  const bytes = Buffer.from(v.insns, 'hex')
  const named = new Set((v.relocs ?? []).flatMap((r) => [r.insn, r.insn + 1]))
  const places = Array.from({ length: bytes.length / 8 }, (_, i) => i).filter((i) => !named.has(i))
  if (places.length === 0) return v
  const at = 8 * random.pick(places)
  switch (random.below(5)) {
    case 0:
      bytes[at] = random.below(2) === 0 ? random.below(256) : bytes[at]! ^ (1 << random.below(8))
      break
    case 1:
      bytes[at + 1] = (bytes[at + 1]! & 0xf0) | random.below(12)
      break
    case 2:
      bytes[at + 1] = (bytes[at + 1]! & 0x0f) | (random.below(12) << 4)
      break
    case 3:
      bytes.writeInt16LE(((bytes.readInt16LE(at + 2) + random.pick([-8, -2, -1, 1, 2, 4, 8, 100])) << 16) >> 16, at + 2)
      break
    default:
      bytes.writeInt32LE(
        random.below(3) === 0 ? random.u32() | 0 : (bytes.readInt32LE(at + 4) + random.pick([-8, -1, 1, 2, 16])) | 0,
        at + 4,
      )
  }
  return { ...v, insns: bytes.toString('hex') }
}

const equal: Record<string, [number, number]> = {}
const differing: string[] = []
function note(what: string, same: boolean, id: string, text: () => string): void {
  const share = (equal[what] ??= [0, 0])
  share[1]++
  if (same) share[0]++
  else if (differing.length < 30) differing.push(`${what} ${id}: ${text()}`)
}

async function compare(kernel: Kernel, v: Recorded, id: string, restricted: boolean): Promise<void> {
  const { id: _, ...question } = v
  const theirs = await kernel.ask({ ...question, log_level: LOG_LEVEL, max_log_insns: MAX_LOG_INSNS })
  if (theirs.verdict === 'error') return
  const more = restricted ? { caps: ['bpf', 'net_admin'] as const } : {}
  const request = { ...requestOf(v), ...more }
  let ours = verify(request)
  const short = ours.processedInsns <= MAX_LOG_INSNS
  if (short) ours = verify({ ...request, logLevel: LOG_LEVEL })
  const name = restricted ? 'restricted ' : ''
  note(
    `${name}verdict`,
    ours.verdict === theirs.verdict,
    id,
    () => `kernel ${theirs.verdict} «${lastLine(theirs.log)}», ours «${ours.error}»`,
  )
  note(
    `${name}errno`,
    ours.errno === theirs.errno,
    id,
    () => `kernel ${theirs.errno}, ours ${ours.errno} «${ours.error}»`,
  )
  if (!short || (theirs as { log_overflow?: boolean }).log_overflow) return
  if (theirs.verdict === 'reject' && ours.verdict === 'reject') {
    note(
      `${name}message`,
      ours.error === lastLine(theirs.log),
      id,
      () => `kernel «${lastLine(theirs.log)}», ours «${ours.error}»`,
    )
  }
  note(
    `${name}counts`,
    counts(ours.log) === counts(theirs.log),
    id,
    () => `kernel ${counts(theirs.log)}, ours ${counts(ours.log)}`,
  )
  note(`${name}log`, plain(ours.log) === plain(theirs.log), id, () =>
    firstDifference(plain(theirs.log), plain(ours.log)),
  )
}
function firstDifference(a: string, b: string): string {
  const left = a.split('\n')
  const right = b.split('\n')
  const at = left.findIndex((line, k) => line !== right[k])
  return `kernel «${left[at]}», ours «${right[at]}»`
}

const kernel = await liveKernel()
const low = await liveKernel(true)
const generator = (await oracleModule('generate.mjs')) as Generator | undefined
if (kernel && low && generator) {
  const random = new Random([...seed].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0), 7))
  let batch: Promise<void>[] = []
  for (let k = 0; k < Number(count); k++) {
    const topic = generator.topicNames[k % generator.topicNames.length]!
    const n = Math.floor(k / generator.topicNames.length)
    const v = generator.generate(topic, seed, n)
    const asked = kind === 'mutated' ? mutate(v, random) : v
    const id = `${topic} ${n}`
    if (topic !== 'restricted') batch.push(compare(kernel, asked, id, false))
    if (topic === 'restricted' || k % 3 === 0) batch.push(compare(low, asked, id, true))
    if (batch.length < BATCH && k + 1 < Number(count)) continue
    await Promise.all(batch)
    batch = []
  }
  const shares = Object.entries(equal).map(([what, [same, of]]) => `${what} ${same}/${of}`)
  console.log(`${kind} programs, seed ${seed}, log level ${LOG_LEVEL}: ${shares.join(', ')}`)
  for (const line of differing) console.log(line)
}
await kernel?.close()
await low?.close()
