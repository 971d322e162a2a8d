/**
 * Links that earlier versions made, kept as they were: each opens to the document it was made of and runs to its
 * numbers. A file is written once for each version of the link's form and never made again.
 */
import { readFileSync } from 'node:fs'
import { compile, createPlayback, decodeLink } from '@offload/session'
import { describe, expect, it } from 'vitest'

interface StoredLink {
  readonly id: string
  readonly fragment: string
  readonly document: unknown
  readonly packets: number
  readonly outcomes: Readonly<Record<string, number>>
}

const stored = (version: number): readonly StoredLink[] =>
  JSON.parse(readFileSync(new URL(`../testdata/links-v${version}.json`, import.meta.url), 'utf8')) as StoredLink[]

describe.each(stored(1))('stored link of version 1: $id', ({ fragment, document, packets, outcomes }) => {
  it('opens to the document that it was made of, view and all', () => {
    expect(decodeLink(fragment)).toEqual({ ok: true, document })
  })

  it('runs to the numbers that it had', () => {
    const opened = decodeLink(fragment)
    if (!opened.ok) throw new Error(opened.error)
    const made = createPlayback(opened.document, compile(opened.document, { logLevel: 0 }))
    if (!made.ok) throw new Error(made.error)
    made.playback.runPackets(packets)
    expect(made.playback.read().counters).toMatchObject(outcomes)
  })
})
