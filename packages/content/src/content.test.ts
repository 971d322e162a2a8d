/** Every gallery item gives its numbers on the card; what is refused is refused with the words that the item shows. */
import { compile, createPlayback, defaultDocument, validateDocument } from '@offload/session'
import type { SessionDocument } from '@offload/session'
import { describe, expect, it } from 'vitest'
import { DEMOS, REFUSALS } from '.'
import type { Demo, ExpectedRun } from '.'

const documentOf = (demo: Demo): SessionDocument => ({
  ...defaultDocument(),
  ...demo.session,
  title: demo.title,
  demo: demo.id,
  source: demo.source,
})

function measured(demo: Demo, expected: ExpectedRun): ExpectedRun {
  const document = documentOf(demo)
  const compilation = compile(document, { logLevel: 0 })
  expect(compilation.diagnostics).toEqual([])
  const made = createPlayback(document, compilation)
  if (!made.ok) throw new Error(made.error)
  made.playback.runPackets(expected.packets)
  const { counters, events } = made.playback.read()
  const { passed, dropped, transmitted, aborted, lost } = counters
  const maps = made.playback.maps(4096).map(({ name, entries }) => {
    const wanted = expected.maps?.[name]
    const contents = Object.fromEntries(entries.map(({ key, value }) => [key, value]))
    return [name, typeof wanted === 'number' ? entries.length : contents] as const
  })
  return {
    runs: true,
    packets: counters.received,
    outcomes: { passed, dropped, transmitted, aborted, lost },
    maps: Object.fromEntries(maps.filter(([name]) => expected.maps?.[name] !== undefined)),
    events: events.length,
    words: compilation.image!.words.length / 2,
  }
}

const running = DEMOS.flatMap((demo) => (demo.expected.runs ? [{ demo, expected: demo.expected, id: demo.id }] : []))
const waiting = DEMOS.flatMap((demo) => (demo.expected.runs ? [] : [{ demo, expected: demo.expected, id: demo.id }]))

describe.each(running)('gallery item $id', ({ demo, expected }) => {
  it('gives its numbers', () => {
    const none = { passed: 0, dropped: 0, transmitted: 0, aborted: 0, lost: 0 }
    expect(measured(demo, expected)).toEqual({
      maps: {},
      events: 0,
      ...expected,
      outcomes: { ...none, ...expected.outcomes },
    })
  })

  it('still loads with the hinted change', () => {
    const { line, from, to } = demo.hint
    const source = demo.source
      .split('\n')
      .map((text) => (text.includes(line) ? text.replace(from, to) : text))
      .join('\n')
    expect(source).not.toBe(demo.source)
    expect(compile({ ...documentOf(demo), source }, { logLevel: 0 }).diagnostics).toEqual([])
  })
})

describe.each(waiting)('gallery item $id, which waits for $expected.awaits', ({ demo, expected }) => {
  it('is accepted by the kernel and refused by the card, for as long as it waits', () => {
    const compilation = compile(documentOf(demo), { logLevel: 0 })
    expect(compilation.kernel?.verdict).toBe('accept')
    expect(compilation.ok, `${demo.id} no longer waits for ${expected.awaits}: give its numbers`).toBe(false)
    expect(compilation.diagnostics.map((item) => [item.source, item.message])).toEqual([['device', expected.message]])
  })
})

describe.each(DEMOS)('gallery item $id', (demo) => {
  it('has a session that a link can carry, a hint that fits the text, and three things to try', () => {
    expect(validateDocument(JSON.parse(JSON.stringify(documentOf(demo))))).toEqual({
      ok: true,
      document: documentOf(demo),
    })
    const line = demo.source.split('\n').find((text) => text.includes(demo.hint.line))
    expect(line).toContain(demo.hint.from)
    expect(demo.tries).toHaveLength(3)
    expect(demo.story.split('\n\n').length).toBeGreaterThanOrEqual(3)
    expect(demo.shows.length).toBeGreaterThan(10)
  })
})

describe.each(REFUSALS)('refusal $id', (refusal) => {
  const judged = (source: string) => compile({ ...defaultDocument(), source }, { logLevel: 1 })

  it('is refused with its words, by whom it says', () => {
    const { ok, kernel, diagnostics } = judged(refusal.source)
    expect(ok).toBe(false)
    expect(kernel?.verdict).toBe(refusal.by === 'kernel' ? 'reject' : 'accept')
    expect(diagnostics.map((item) => `${item.source}: ${item.message}`).join('\n')).toMatch(`${refusal.by}: `)
    expect(diagnostics.map((item) => item.message).join('\n')).toContain(refusal.message)
  })

  it('passes once cured', () => {
    expect(judged(refusal.cure).diagnostics).toEqual([])
  })
})

it('ten are refused by the kernel and ten by the card', () => {
  const by = (who: string): number => REFUSALS.filter((refusal) => refusal.by === who).length
  expect([by('kernel'), by('device')]).toEqual([10, 10])
})
