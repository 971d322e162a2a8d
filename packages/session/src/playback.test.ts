import { describe, expect, it } from 'vitest'
import { compile } from './compile'
import { defaultDocument } from './default'
import { createPlayback } from './playback'
import type { Playback, StepSize } from './playback'

const counting = `.map seen array key u32 value u64 max 4
.prog xdp main
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r1 = seen ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
out:
    r0 = 1
    exit
`

function playing(source: string): Playback {
  const document = { ...defaultDocument(), source }
  const made = createPlayback(document, compile(document))
  if (!made.ok) throw new Error(made.error)
  return made.playback
}

const count = (playback: Playback): string | undefined => playback.maps()[0]?.entries[0]?.value

describe('playback', () => {
  it('lets exactly so many packets through', () => {
    const playback = playing(counting)
    expect(playback.runPackets(300)).toBe(300)
    const { counters, packets } = playback.read()
    expect([counters.received, counters.dropped]).toEqual([300, 300])
    expect(packets).toHaveLength(300)
    expect(count(playback)).toBe('2c01000000000000')
  })

  it('takes another program while it runs, and keeps maps of the same shape', () => {
    const playback = playing(counting)
    playback.runPackets(10)
    const passing = compile({ ...defaultDocument(), source: counting.replace('r0 = 1\n    exit', 'r0 = 2\n    exit') })
    expect(playback.replaceProgram(passing)).toEqual({ ok: true })
    playback.runPackets(10)
    const { counters } = playback.read()
    expect([counters.dropped, counters.passed]).toEqual([10, 10])
    expect(count(playback)).toBe('1400000000000000')
    expect(playback.machine.leaks()).toHaveLength(2)
  })

  it('keeps the present program when another is refused', () => {
    const playback = playing(counting)
    const refused = compile({ ...defaultDocument(), source: 'r0 = r5\nexit\n' })
    expect(playback.replaceProgram(refused).ok).toBe(false)
    playback.runPackets(5)
    expect(playback.read().counters.dropped).toBe(5)
  })

  it('writes map entries from the host and says what is wrong with bad ones', () => {
    const playback = playing(counting)
    expect(playback.mapUpdate('seen', '00000000', '0500000000000000')).toBeUndefined()
    playback.runPackets(1)
    expect(count(playback)).toBe('0600000000000000')
    expect(playback.mapUpdate('seen', '00', '00')).toMatch(/key of "seen" is 4 bytes/)
    expect(playback.mapUpdate('seen', '09000000', '0500000000000000')).toMatch(/refused/)
    expect(playback.mapUpdate('nobody', '00', '00')).toMatch(/no map/)
    expect(playback.mapDelete('seen', '00000000')).toMatch(/cannot be deleted/)
  })

  it.each(['cycle', 'word', 'insn', 'packet'] as const)(
    'steps by %s and comes to where running comes',
    (size: StepSize) => {
      const stepped = playing(counting)
      const ran = playing(counting)
      ran.runPackets(3)
      const most = size === 'cycle' ? 20_000 : 2_000
      for (let step = 0; step < most && stepped.chip.counters().dropped < 3; step++) stepped.step(size)
      expect(stepped.chip.counters().dropped).toBe(3)
      expect(count(stepped)).toBe(count(ran))
    },
  )

  it('names the BPF instruction that a step ended at', () => {
    const playback = playing(counting)
    const seen = new Set<number>()
    for (let step = 0; step < 60; step++) seen.add(playback.step('insn')?.insn ?? -1)
    expect(seen.has(0) || seen.has(1)).toBe(true)
    expect(seen.size).toBeGreaterThan(5)
  })

  it('says what is wrong with a document that cannot be played', () => {
    const document = { ...defaultDocument(), device: 'toaster' }
    const made = createPlayback(document, compile(document))
    expect(made).toMatchObject({ ok: false, error: expect.stringMatching(/no device "toaster"/) })
  })
})
