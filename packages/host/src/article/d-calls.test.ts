/** Rows D of the article's checklist: calls between functions, and calls into other programs. */
import { readFileSync } from 'node:fs'
import { exportElf, flowGraph, insnText } from '@offload/bpf'
import { FIRMWARE_PROFILES, imageBudget } from '@offload/nfp-jit'
import { describe, expect, it } from 'vitest'
import { readObjectFile } from '../index'
import { DROP, REACH, drive, hostOf, loaded, offload, outcomes, program, send, u32, udp } from '../testing/article-host'

/** Folds four packet words by a function, or by its body written four times. */
const FOLD = (word: string): string =>
  `  r0 = ${word}\n  r0 ^= 0x5a5a\n  r3 = r0\n  r3 >>= 16\n  r0 ^= r3\n  r0 += 77\n  r3 = r0\n  r3 <<= 3\n  r0 ^= r3\n`
const CALLED = `.prog xdp p\n${REACH(30)}${[14, 18, 22, 26].map((at) => `  r1 = *(u32 *)(r7 + ${at})\n  call fold\n  *(u32 *)(r7 + ${at}) = r0\n`).join('')}pass:\n  r0 = 2\n  exit\n.func fold\n${FOLD('r1')}  exit\n`
const UNROLLED = `.prog xdp p\n${REACH(30)}${[14, 18, 22, 26].map((at) => `  r1 = *(u32 *)(r7 + ${at})\n${FOLD('r1')}  *(u32 *)(r7 + ${at}) = r0\n`).join('')}pass:\n  r0 = 2\n  exit\n`
const TAIL_CALL =
  '.map m prog_array key 4 value 4 max 2\n.prog xdp p\n  r2 = m ll\n  r3 = 1\n  call bpf_tail_call\n  r0 = 2\n  exit\n'

describe('D. calls', () => {
  it('D1 calls functions on the card, which keep their caller’s registers and have a stack of their own', () => {
    const text = `
.prog xdp p
  r6 = 40
  r7 = 1
  *(u64 *)(r10 - 8) = r6
  r1 = r6
  call twice
  r0 -= r6
  r0 -= 39                            ; 80 − 40 − 39
  r1 = *(u64 *)(r10 - 8)
  if r1 != 40 goto bad
  if r7 != 1 goto bad
  if r0 != 1 goto bad
  r0 = 2
  exit
bad:
  r0 = 1
  exit
.func twice
  *(u64 *)(r10 - 8) = r1
  r6 = 5
  r7 = 6
  r0 = *(u64 *)(r10 - 8)
  r0 += r1
  exit
`
    const host = hostOf()
    const { program: made } = offload(host, text)
    expect(made.image!.subprograms.at(-1)!.needsRegPush).toBe(true)
    expect(outcomes(send(host, [udp()]))).toEqual(['pass'])
  })

  it('D2 tells three kinds of calls apart: functions, helpers, other programs', () => {
    const own = program(CALLED)
    const { calls } = flowGraph(own)
    expect(calls).toHaveLength(4)
    expect(calls.every(({ to }) => own.subprograms[to]!.name === 'fold')).toBe(true)
    expect(insnText(own.insns, calls[0]!.from, 'llvm')).toMatch(/^call (fold|[+-]?\d|pc)/)
    const tail = program(TAIL_CALL)
    // A helper by its number, and no edge of the flow: a tail call comes back only when it fails.
    expect(flowGraph(tail).calls).toEqual([])
    expect(insnText(tail.insns, 3, 'llvm')).toBe('call bpf_tail_call')
    const onHost = hostOf()
    const depth = (text: string): number => loaded(onHost.load(program(text))).verify.stackDepth.length
    expect([depth(CALLED), depth(TAIL_CALL)]).toEqual([2, 1])
  })

  it('D3 loads an object with several functions that call each other', () => {
    const object = readObjectFile(readFileSync(new URL('../../../bpf/testdata/counter.o', import.meta.url)))!
    const count = object.programs.find(({ program: { name } }) => name === 'classifier')!
    expect(count.program.subprograms.map(({ name }) => name)).toEqual(['classifier', 'account'])
    expect(flowGraph(count.program).calls).toHaveLength(1)
    const host = hostOf()
    expect(host.load(count.program).ok).toBe(true)
    // The same layout, made of our own text: functions in .text, the program in its section, relocated calls.
    const source = CALLED
    const elf = exportElf(program(source), { source, sourceName: 'calls.bpf' })
    if (!elf.ok) throw new Error(elf.error)
    const [own] = readObjectFile(elf.object)!.programs
    expect(flowGraph(own!.program).calls).toHaveLength(4)
    expect(host.load(own!.program, { offload: true }).ok).toBe(true)
  })

  it('D4 takes fewer words with functions than unrolled, and gives the same', () => {
    const words = (text: string) => {
      const host = hostOf()
      const { program: made } = offload(host, text)
      const budget = imageBudget(made.image!, FIRMWARE_PROFILES.shipping)
      return { code: budget.code.used, data: send(host, [udp(1000, '10.9.8.7')])[0]!.record.data }
    }
    const [called, unrolled] = [words(CALLED), words(UNROLLED)]
    expect(called.code).toBeLessThan(unrolled.code)
    expect(called.data).toEqual(unrolled.data)
    const loop = '.prog xdp p\n  r1 = 4\nagain:\n  r1 -= 1\n  if r1 != 0 goto again\n  r0 = 2\n  exit\n'
    expect(hostOf({ kernel: '4.20' }).load(program(loop), { offload: true })).toMatchObject({ ok: false, errno: 22 })
  })

  it('D5 jumps to other programs on the host, not on the card', () => {
    const host = hostOf()
    const refused = host.load(program(TAIL_CALL), { offload: true })
    expect(refused).toMatchObject({ ok: false, errno: 22 })
    const made = drive(host, TAIL_CALL)
    const target = loaded(host.load(program(DROP))).program
    expect(send(host, [udp()])[0]!.host).toBe('stack')
    host.mapUpdate(made.mapIds[0]!, u32(1), u32(target.id))
    expect(send(host, [udp()])[0]!.host).toBe('dropped')
  })
})
