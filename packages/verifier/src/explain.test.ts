import { assemble } from '@offload/bpf'
import { describe, expect, it } from 'vitest'
import type { VerifyRequest } from './api'
import { explain } from './explain'
import { suggestChange } from './suggest'
import { verify } from './verify'

function request(body: string): VerifyRequest {
  const result = assemble(`.map flows hash key u32 value u64 max 16\n.prog xdp main\n${body}\n`)
  if (!result.ok) throw new Error(result.diagnostics[0]!.message)
  const { insns, maps, relocs, progType } = result.program
  return { insns, maps, relocs, progType }
}
const explained = (body: string) => {
  const r = request(body)
  return explain(r, verify(r))
}

describe('explain', () => {
  it('has nothing to say about an accepted program', () => {
    expect(explained('r0 = 2\nexit')).toBeUndefined()
  })
  it('names instruction, cause and the makers of a packet pointer', () => {
    const e = explained('r2 = *(u32 *)(r1 + 0)\nr5 = 7\nr2 += 4\nr0 = *(u8 *)(r2 + 0)\nexit')!
    expect(e.sentence).toBe(
      'Instruction 3 (`r0 = *(u8 *)(r2 +0)`) reads byte 0 after r2, but no check has proven any byte there.',
    )
    expect(e.slice.map(({ insn, role, text }) => [insn, role, text])).toEqual([
      [0, 'value', 'r2: packet, 0 B proven'],
      [2, 'value', 'r2: packet + 4, 0 B proven'],
      [3, 'refused', 'reads byte 0 after r2, but no check has proven any byte there'],
    ])
    expect(e.advice).toContain('data_end')
  })
  it('follows values over the stack', () => {
    const e = explained('r3 = 1\nr6 = 9\n*(u64 *)(r10 - 8) = r3\nr4 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r4 + 0)\nexit')!
    expect(e.sentence).toContain('uses r4 as an address, but it is a number')
    expect(e.slice.map(({ insn }) => insn)).toEqual([0, 2, 3, 4])
  })
  it('asks for the null check', () => {
    const e = explained(
      '*(u32 *)(r10 - 4) = 1\nr2 = r10\nr2 += -4\nr1 = flows ll\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 + 0)\nexit',
    )!
    expect(e.sentence).toContain('uses r0, a map value that may be null, before it was compared with 0')
    expect(e.slice.map(({ insn, text }) => [insn, text])).toContainEqual([5, 'r0: map value or null of flows'])
  })
  it('counts the bytes that a short check proves, from where the pointer moved last', () => {
    const e = explained(
      `r6 = r1
      r7 = *(u32 *)(r6 + 0)
      r8 = *(u32 *)(r6 + 4)
      r5 = r7
      r5 += 14
      if r5 > r8 goto out
      r4 = *(u8 *)(r7 + 0)
      r4 &= 15
      r9 = 3
      r7 += r4
      r5 = r7
      r5 += 5
      if r5 > r8 goto out
      r2 = *(u16 *)(r7 + 6)
      out:
      r0 = 2
      exit`,
    )!
    expect(e.sentence).toContain('reads bytes 6 to 7 after r7, but only 5 bytes (0 to 4) are proven.')
    expect(e.reach).toEqual({ base: 'r7', kind: 'packet', allowed: 5, first: 6, last: 7, writes: false })
    expect(e.slice.map(({ insn, role }) => [insn, role])).toEqual([
      [9, 'value'],
      [10, 'value'],
      [11, 'value'],
      [12, 'check'],
      [13, 'refused'],
    ])
    expect(e.slice[3]!.text).toBe('proves 5 B from r7 on')
  })
  it('keeps the registers of a caller and of a function apart', () => {
    const e = explained('r6 = 7\nr1 = 5\ncall get\nr0 = *(u8 *)(r6 + 0)\nexit\n.func get\nr6 = r1\nr0 = r6\nexit')!
    expect(e.slice.map(({ insn }) => insn)).toEqual([0, 3])
  })
  it('ends a value where a call forgets it', () => {
    const e = explained('r3 = 1\ncall bpf_ktime_get_ns\nr0 = r3\nexit')!
    expect(e.slice.map(({ insn, text }) => [insn, text])).toEqual([
      [1, 'forgets r3, as every call does'],
      [2, 'reads r3, which holds nothing here'],
    ])
  })
  it('speaks of the program where no instruction is to blame', () => {
    expect(explained('r0 = 0\nexit\nr0 = 1\nexit')!.sentence).toBe(
      'The program has code that no path reaches (instruction 2).',
    )
  })
})

describe('suggestChange', () => {
  const suggested = (body: string) => {
    const r = request(body)
    return suggestChange(r, verify(r))
  }
  it('makes a bounds check longer', () => {
    const s = suggested(
      'r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 13\nif r4 > r3 goto out\nr0 = *(u16 *)(r2 + 12)\nout:\nr0 = 2\nexit',
    )!
    expect(s).toMatchObject({ insn: 3, from: 'r4 += 13', to: 'r4 += 14' })
    expect(verify({ progType: 'xdp', insns: s.insns }).verdict).toBe('accept')
  })
  it('moves a stack access into the frame', () => {
    expect(suggested('*(u64 *)(r10 - 520) = 1\nr0 = 2\nexit')).toMatchObject({ insn: 0, to: '*(u64 *)(r10 -512) = 1' })
  })
  it('offers nothing that does not pass', () => {
    expect(suggested('r0 = r5\nexit')).toBeUndefined()
    expect(suggested('r0 = 2\nexit')).toBeUndefined()
  })
})
