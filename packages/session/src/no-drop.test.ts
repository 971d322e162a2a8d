import { describe, expect, it } from 'vitest'
import { compile } from './compile'
import { defaultDocument } from './default'
import { noDropRate } from './no-drop'
import type { NoDropAnswer, NoDropTrial } from './no-drop'

function search(source: string, size: number): { trials: NoDropTrial[]; answer: NoDropAnswer } {
  const document = {
    ...defaultDocument(),
    source,
    traffic: {
      kind: 'synthetic' as const,
      spec: { seed: 1, rate: 1, kinds: [{ weight: 1, l3: 'ipv4' as const, l4: 'udp' as const, flows: 100, size }] },
    },
  }
  const trials: NoDropTrial[] = []
  const steps = noDropRate(document, compile(document, { logLevel: 0 }), { packets: 4000, precision: 0.05 })
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return { trials, answer: step.value }
    trials.push(step.value)
  }
}

describe('the highest rate without loss', () => {
  it('is the line’s where the card keeps up, and lies between a good and a bad trial where it does not', () => {
    const easy = search('.prog xdp p\nr0 = 1\nexit\n', 1514)
    expect(easy.answer.rate).toBe(easy.answer.line)
    expect(easy.trials).toHaveLength(1)
    // 60 bytes at 25 Gbit/s are 37 million a second: too many for a dozen lookups each.
    const lookup = '  r1 = m ll\n  r2 = r10\n  r2 += -4\n  call bpf_map_lookup_elem\n'
    const hard = search(
      `.map m hash key 4 value 4 max 4\n.prog xdp p\n  r1 = 0\n  *(u32 *)(r10 - 4) = r1\n${lookup.repeat(12)}  r0 = 1\n  exit\n`,
      60,
    )
    expect(hard.answer.rate).toBeGreaterThan(2e6)
    expect(hard.answer.rate).toBeLessThan(hard.answer.line)
    expect(hard.trials.filter(({ lost }) => lost === 0).every(({ rate }) => rate <= hard.answer.rate)).toBe(true)
    expect(hard.trials.some(({ lost, rate }) => lost > 0 && rate <= hard.answer.rate + hard.answer.line * 0.06)).toBe(
      true,
    )
  })
})
