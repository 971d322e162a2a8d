/**
 * Damaged objects, BTF and texts by the thousand: none may throw, take more than a second of processor time or let the
 * heap grow past 256 MB. `HOSTILE_ROUNDS` (of each kind) and `HOSTILE_SEED` set how many and which; both are printed.
 * The whole campaign, 200,001 inputs: `HOSTILE_ROUNDS=66667`, or several seeds with fewer rounds.
 */
import { readFileSync } from 'node:fs'
import { assemble, btfAsC, btfRawLines, dataTypeOf, importElf, importFile, parseBtf } from '@offload/bpf'
import { mutateBytes, mutateText } from '../src/testing/mutate'
import { Random } from '../src/testing/random'

const rounds = Number(process.env['HOSTILE_ROUNDS'] ?? 3000)
const seed = Number(process.env['HOSTILE_SEED'] ?? 1)
const testdata = new URL('../testdata/', import.meta.url)
const objects = ['counter.o', 'counter-v4.o', 'counter-eb.o', 'callback.o', 'legacy.o'].map(
  (name) => new Uint8Array(readFileSync(new URL(name, testdata))),
)
const imported = importElf(objects[0]!)
if (!imported.ok || imported.btf === undefined) throw new Error('the test object does not import')
const btf = imported.btf
const text = `.license GPL
.struct counter { packets u64; bytes u64; inner { a u8[4] hex; b be16 port } }
.map counts array key u32 value counter max 1 << 4
.const LIMIT = (4 + 4) * 8
.prog xdp p
    r2 = *(u32 *)(r1 + ctx.data)
    if r2 s> LIMIT goto out
    r1 = counts ll
    lock *(u64 *)(r0 + counter.bytes) += r2
    r0 = cmpxchg_64(r2 + 0, r0, r1)
    call bpf_map_lookup_elem
out:
    exit
.func f
    .raw b700000002000000
    exit
`

const kinds: Record<string, (random: Random) => void> = {
  objects: (random) => void importElf(mutateBytes(random, random.pick(objects))),
  BTF: (random) => {
    const result = parseBtf(mutateBytes(random, btf))
    if (!result.ok) return
    btfRawLines(result.btf)
    btfAsC(result.btf)
    result.btf.types.forEach((_, id) => dataTypeOf(result.btf, id))
  },
  texts: (random) => {
    const source = mutateText(random, text)
    assemble(source)
    // The same as a dropped file of any kind.
    importFile(new TextEncoder().encode(source), 'a.s')
  },
}

for (const [name, run] of Object.entries(kinds)) {
  const random = new Random(seed)
  const from = performance.now()
  let slowest = 0
  let heap = 0
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage()
    try {
      run(random)
    } catch (error) {
      throw new Error(`${name}: seed ${seed}, round ${round}`, { cause: error })
    }
    const took = process.cpuUsage(start).user / 1000
    slowest = Math.max(slowest, took)
    if (took > 1000) throw new Error(`${name}: seed ${seed}, round ${round} took ${took.toFixed(0)} ms`)
    if (round % 16 === 0) heap = Math.max(heap, process.memoryUsage().heapUsed)
    if (heap > 256 * 2 ** 20) throw new Error(`${name}: seed ${seed}, round ${round} holds ${heap} bytes`)
  }
  console.log(
    `${rounds} damaged ${name}, seed ${seed}: ${((performance.now() - from) / 1000).toFixed(1)} s, slowest ${slowest.toFixed(1)} ms of CPU, heap at most ${(heap / 2 ** 20).toFixed(0)} MB, none threw`,
  )
}
