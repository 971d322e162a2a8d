/** Files from outside: 1,000 mutated projects and 1,000 mutated lessons give an error or a right value, never an exception. */
import { decodeLink, defaultDocument, encodeLink, validateDocument, validateLesson } from '@offload/session'
import { describe, expect, it } from 'vitest'
import { DEMOS, LESSONS } from '.'

const SEED = 20181108

/** Mulberry32: small, seeded, enough to choose what to damage. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  0.5,
  '',
  '\u0000',
  'x'.repeat(100_000),
  [],
  {},
  [[[[[[[[[]]]]]]]]],
  { toString: 1, __proto__: { polluted: 1 } },
  '<img src=x onerror=alert(1)>',
]

type Tree = Record<string, unknown> | unknown[]

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null

/** A copy with one place changed: another value, a field less, a field more, or a value of another place. */
function mutate(value: unknown, next: () => number): unknown {
  const copy: unknown = structuredClone(value)
  const places: [Tree, string][] = []
  const walk = (tree: Tree): void => {
    for (const [key, item] of Object.entries(tree)) {
      places.push([tree, key])
      if (isTree(item)) walk(item)
    }
  }
  if (!isTree(copy)) return copy
  walk(copy)
  const [tree, key] = places[Math.floor(next() * places.length)]!
  const record = tree as Record<string, unknown>
  const kind = next()
  if (kind < 0.5) record[key] = ODD[Math.floor(next() * ODD.length)]
  else if (kind < 0.7) delete record[key]
  else if (kind < 0.8) record[`${key}x`] = 1
  else {
    const [other, from] = places[Math.floor(next() * places.length)]!
    record[key] = structuredClone((other as Record<string, unknown>)[from])
  }
  return copy
}

describe('files from outside', () => {
  it('1,000 mutated projects: an error that names the field, or a document that stays as it is', () => {
    console.log(`mutated projects: seed ${SEED}`)
    const next = random(SEED)
    let good = 0
    for (let n = 0; n < 1000; n++) {
      const demo = DEMOS[n % DEMOS.length]!
      const document = { ...defaultDocument(), ...demo.session, title: demo.title, source: demo.source }
      const result = validateDocument(mutate(document, next))
      if (result.ok) {
        good++
        expect(validateDocument(result.document)).toEqual(result)
        expect(decodeLink(encodeLink(result.document))).toEqual(result)
      } else expect(result.error).toMatch(/\w/)
    }
    expect(good).toBeGreaterThan(50)
    expect(good).toBeLessThan(950)
    expect('polluted' in {}).toBe(false)
  })

  it('1,000 mutated lessons: an error that names the field, or a lesson that stays as it is', () => {
    console.log(`mutated lessons: seed ${SEED}`)
    const next = random(SEED + 1)
    let good = 0
    for (let n = 0; n < 1000; n++) {
      const result = validateLesson(mutate(LESSONS[n % LESSONS.length]!, next))
      if (result.ok) {
        good++
        expect(validateLesson(JSON.parse(JSON.stringify(result.lesson)))).toEqual(result)
      } else expect(result.error).toMatch(/\w/)
    }
    expect(good).toBeGreaterThan(50)
    expect(good).toBeLessThan(950)
    expect('polluted' in {}).toBe(false)
  })
})
