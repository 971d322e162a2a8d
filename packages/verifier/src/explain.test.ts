import { assemble } from '@offload/bpf'
import { describe, expect, it } from 'vitest'
import type { VerifyRequest } from './api'
import { explain } from './explain'
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
      'Instruction 3 (`r0 = *(u8 *)(r2 +0)`) reaches past the part of the packet that a check has proven for r2.',
    )
    expect(e.slice).toEqual([0, 2, 3])
    expect(e.advice).toContain('data_end')
  })
  it('follows values over the stack', () => {
    const e = explained('r3 = 1\nr6 = 9\n*(u64 *)(r10 - 8) = r3\nr4 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r4 + 0)\nexit')!
    expect(e.sentence).toContain('uses r4 as an address, but it is a number')
    expect(e.slice).toEqual([0, 2, 3, 4])
  })
  it('asks for the null check', () => {
    const e = explained(
      '*(u32 *)(r10 - 4) = 1\nr2 = r10\nr2 += -4\nr1 = flows ll\ncall bpf_map_lookup_elem\nr0 = *(u64 *)(r0 + 0)\nexit',
    )!
    expect(e.sentence).toContain('uses r0, a map value that may be null, before it was compared with 0')
    expect(e.slice).toContain(5)
  })
  it('speaks of the program where no instruction is to blame', () => {
    expect(explained('r0 = 0\nexit\nr0 = 1\nexit')!.sentence).toBe('The program has code that no path reaches (instruction 2).')
  })
})
