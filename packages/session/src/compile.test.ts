import { describe, expect, it } from 'vitest'
import { advise, compile } from './compile'
import { defaultDocument } from './default'

const of = (source: string) => ({ ...defaultDocument(), source })

describe('compile', () => {
  it('makes words of a program that everybody accepts', () => {
    const made = compile(of('r0 = 2\nexit\n'))
    expect(made.ok).toBe(true)
    expect(made.diagnostics).toEqual([])
    expect(made.kernel?.verdict).toBe('accept')
    expect(made.disassembly).toHaveLength(made.image!.words.length / 2)
    expect(made.relocated).toHaveLength(made.image!.words.length)
  })

  it("puts the kernel's refusal on the line that caused it, without the comment", () => {
    const made = compile(of('r2 = *(u32 *)(r1 + 0)\n  r0 = *(u8 *)(r2 + 4)   ; no bounds check\nexit\n'))
    expect(made.ok).toBe(false)
    const [finding] = made.diagnostics
    expect(finding?.source).toBe('kernel')
    expect(finding?.message).toMatch(/invalid access to packet, off=4 size=1/)
    expect(finding?.range).toEqual({ startLine: 2, startColumn: 3, endLine: 2, endColumn: 23 })
  })

  it('asks the kernel separately when only the device refuses', () => {
    const made = compile(of('r0 = 7\nr0 %= 3\nexit\n'))
    expect(made.ok).toBe(false)
    expect(made.kernel?.verdict).toBe('accept')
    expect(made.device?.verdict).toBe('driver-reject')
    expect(made.diagnostics.map((item) => item.source)).toEqual(['device'])
    expect(made.diagnostics[0]?.range.startLine).toBe(2)
  })

  it('asks the device about what stands behind its first refusal', () => {
    const made = compile(of('r0 = 7\nr0 %= 3\nr0 = 7\nr0 %= 3\nr0 = 2\nexit\n'))
    expect(made.device?.insn).toBe(1)
    expect([...(made.device?.driverVerdicts ?? [])]).toEqual([1, 2, 1, 2, 1, 1])
  })

  it('says several things about a text that does not assemble, and nothing else', () => {
    const made = compile(of('r0 = \nfoo bar\nexit\n'))
    expect(made.ok).toBe(false)
    expect(made.diagnostics.length).toBeGreaterThan(1)
    expect(made.diagnostics.every((item) => item.source === 'assembler')).toBe(true)
  })

  it('lets a capability be taken away and says so on the line that needs it', () => {
    const source = 'call bpf_get_prandom_u32\nr0 = 2\nexit\n'
    expect(compile(of(source)).ok).toBe(true)
    const made = compile({ ...of(source), capabilities: { random: false } })
    expect(made.diagnostics.map((item) => [item.source, item.range.startLine])).toEqual([['device', 1]])
    expect(made.diagnostics[0]?.message).toMatch(/random number generation/)
  })

  it('leaves out a pass that is switched off', () => {
    const source =
      'r6 = *(u32 *)(r1 + 0)\nr7 = *(u32 *)(r1 + 4)\nr2 = r6\nr2 += 8\nif r2 > r7 goto out\nr3 = *(u8 *)(r6 + 0)\nr4 = *(u8 *)(r6 + 1)\nr3 += r4\nout:\nr0 = 2\nexit\n'
    const all = compile(of(source), { trace: true })
    const without = compile({ ...of(source), passesOff: ['packet-cache'] }, { trace: true })
    expect(all.device?.passes?.length).toBeGreaterThan(3)
    expect(all.ok && without.ok).toBe(true)
    expect(without.image!.words.length).not.toBe(all.image!.words.length)
  })
})

describe('advise', () => {
  it('names the limit behind a refusal and gives a change that passes', () => {
    const document = of('r1 = 5\nr1 *= -3            ; too wide\nr0 = 2\nexit\n')
    expect(compile(document).ok).toBe(false)
    const [advice] = advise(document)
    expect(advice?.limit.length).toBeGreaterThan(10)
    expect(advice?.suggestion.length).toBeGreaterThan(10)
    expect(advice?.range.startLine).toBe(2)
    if (advice?.change?.source !== undefined)
      expect(compile({ ...document, source: advice.change.source }).ok).toBe(true)
  })

  it('changes the declaration of a map that the driver refuses, and says so on its line', () => {
    const document = of(
      '; first\n.map big hash key u32 value u64 max 1 flags 1   ; preallocated later\nr1 = big ll\nr0 = 2\nexit\n',
    )
    const made = compile(document)
    expect(made.diagnostics.map(({ source, message, range }) => [source, message, range.startLine])).toEqual([
      ['device', 'map flags are not supported', 2],
    ])
    const [advice] = advise(document)
    expect(advice?.change?.source).toContain('.map big hash key u32 value u64 max 1   ; preallocated later\n')
    expect(compile({ ...document, ...advice?.change }).ok).toBe(true)
  })

  it('has nothing to say about a program that is accepted', () => {
    expect(advise(of('r0 = 2\nexit\n'))).toEqual([])
  })

  it('gives back capabilities that were changed by hand where they are the reason', () => {
    const document = { ...of('call bpf_get_prandom_u32\nr0 = 2\nexit\n'), capabilities: { random: false } }
    const [advice] = advise(document)
    expect(advice?.change?.capabilities).toEqual({})
    expect(advice?.change?.firmware).toBeUndefined()
    expect(compile({ ...document, ...advice?.change }).ok).toBe(true)
  })
})
