import { describe, expect, it } from 'vitest'
import { jsonlFiles, readJsonl, vectorsDir } from '../../tooling/vectors'
import { fromHex } from './insn'
import { kernelInsnText } from './kernel-text'

interface Recorded {
  id: string
  insns: string
  log: string
}

describe('kernel instruction text', () => {
  it.each([
    ['b701000005000000', 'r1 = 5'],
    ['bc21000000000000', 'w1 = w2'],
    ['bf21080000000000', 'r1 = (s8)r2'],
    ['8701000000000000', 'r1 = -r1'],
    ['dc01000010000000', 'r1 = be16 r1'],
    ['d701000080000000', 'r1 = bswap128 r1'],
    ['6110040000000000', 'r0 = *(u32 *)(r1 +4)'],
    ['7a0af8ff07000000', '*(u64 *)(r10 -8) = 7'],
    ['65010300ffffffff', 'if r1 s> 0xffffffff goto pc+3'],
    ['1e21fcff00000000', 'if w1 == w2 goto pc-4'],
    ['06000000fdffffff', 'gotol pc-3'],
    ['e500030000000000', 'may_goto pc+3'],
    ['db10000001000000', 'r1 = atomic64_fetch_add((u64 *)(r0 +0), r1)'],
    ['c310000000000000', 'lock *(u32 *)(r0 +0) += r1'],
    ['db120000f1000000', 'r0 = atomic64_cmpxchg((u64 *)(r2 +0), r0, r1)'],
    ['c321040000010000', 'r1 = load_acquire((u32 *)(r2 +4))'],
    ['c312040010010000', 'store_release((u32 *)(r2 +4), r1)'],
    ['4870000002000000', 'r0 = *(u16 *)skb[r7 + 2]'],
    ['8500000001000000', 'call bpf_map_lookup_elem#1'],
    ['85100000030000f0', 'call pc-268435453'],
    ['85000000d4000000', 'call unknown#212'],
  ])('of %s is %s', (hex, text) => {
    expect(kernelInsnText(fromHex(hex)!, 0)).toBe(text)
  })

  it('equals every instruction line of the recorded logs', () => {
    const dir = vectorsDir('verifier')
    if (dir === undefined) return
    let compared = 0
    for (const { id, insns, log } of jsonlFiles(dir).flatMap((file) => readJsonl<Recorded>(file))) {
      const bytes = fromHex(insns)!
      for (const [, slot, text] of log.matchAll(
        /^ *(?:\d+ +)?(\d+): (?:[0-9.]{10} )?\([0-9a-f]{2}\) (.*?)(?: *; .*| *;)?$/gm,
      )) {
        compared++
        if (kernelInsnText(bytes, Number(slot)) !== text)
          expect(`${id} ${slot}: ${kernelInsnText(bytes, Number(slot))}`).toBe(`${id} ${slot}: ${text}`)
      }
    }
    console.log(`kernel text: ${compared} log lines compared`)
    expect(compared).toBeGreaterThan(100_000)
  })
})
