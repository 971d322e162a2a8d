import { PASSES } from '@offload/nfp-jit'
import { describe, expect, it } from 'vitest'
import { compile } from './compile'
import { defaultDocument } from './default'
import { passEffects } from './pass-effects'

/** Reads two neighbouring bytes, so that the packet cache has something to do, and copies the context first. */
const SOURCE = `r6 = r1
r7 = *(u32 *)(r6 + 0)
r8 = *(u32 *)(r6 + 4)
r2 = r7
r2 += 8
if r2 > r8 goto out
r3 = *(u8 *)(r7 + 0)
r4 = *(u8 *)(r7 + 1)
r3 += r4
out:
r0 = 2
exit
`
const document = { ...defaultDocument(), source: SOURCE }
const length = (words: ArrayLike<number> | undefined): number => (words?.length ?? 0) / 2

describe('effects of the passes', () => {
  it('lead from the program without passes to what the card runs', () => {
    const { written, passes } = passEffects(document)!
    const none = compile({ ...document, passesOff: PASSES.map(({ name }) => name) })
    expect(written.words).toEqual(none.image!.words)
    expect(passes.map(({ pass }) => pass)).toEqual(PASSES.map(({ name }) => name))
    expect(passes.at(-1)!.stage.words).toEqual(compile(document).image!.words)
    expect(length(written.words)).toBeGreaterThan(length(passes.at(-1)!.stage.words))
  })

  it('are those of the passes before, one after the other', () => {
    const { passes } = passEffects(document)!
    passes.forEach(({ stage }, index) => {
      const passesOff = PASSES.slice(index + 1).map(({ name }) => name)
      expect(stage.words).toEqual(compile({ ...document, passesOff }).image!.words)
    })
  })

  it('say what switching one pass would change', () => {
    const withAll = passEffects(document)!.passes.find(({ pass }) => pass === 'packet-cache')!
    const changed = { ...document, passesOff: ['packet-cache'] as const }
    const without = passEffects(changed)!.passes.find(({ pass }) => pass === 'packet-cache')!
    expect([withAll.on, without.on]).toEqual([true, false])
    expect(withAll.switched.words).toBe(length(compile(changed).image!.words))
    expect(without.switched.words).toBe(length(compile(document).image!.words))
    expect(without.stage.words).toEqual(compile(changed).image!.words)
  })

  it('are absent where there are no words', () => {
    expect(passEffects({ ...document, source: 'r0 = \n' })).toBeUndefined()
    expect(passEffects({ ...document, source: 'r0 = 7\nr0 %= 3\nexit\n' })).toBeUndefined()
  })
})
