/**
 * The link: `#v1.<base64url(deflate(json))>`. Self-contained and versioned; every version that was ever out stays
 * readable here. A hostile link can at worst make an error text: sizes are limited before anything is unpacked.
 */
import { Inflate, deflateSync, strFromU8, strToU8 } from 'fflate'
import { fromBase64, toBase64 } from './base64'
import type { SessionDocument } from './document'
import { validateDocument } from './validate'
import type { DocumentResult } from './validate'

/** Longest fragment and largest unpacked document that are read. */
export const LINK_LIMITS = { characters: 12_000_000, unpackedBytes: 16_000_000 } as const

/** A JSON value as base64url of its deflated text. */
export function pack(value: unknown): string {
  return toBase64(deflateSync(strToU8(JSON.stringify(value)), { level: 9 }), true)
}

/** Fragment of a link, from `#`. */
export function encodeLink(document: SessionDocument): string {
  return '#v1.' + pack(document)
}

class TooLarge extends Error {}

function inflate(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = []
  let total = 0
  let ended = false
  const stream = new Inflate((chunk, final) => {
    total += chunk.length
    if (total > LINK_LIMITS.unpackedBytes) throw new TooLarge()
    chunks.push(chunk)
    ended ||= final
  })
  // In small pieces, so that a tiny link that unpacks to gigabytes stops at the limit.
  const piece = 16384
  for (let at = 0; at < bytes.length; at += piece)
    stream.push(bytes.subarray(at, at + piece), at + piece >= bytes.length)
  if (!ended) throw new Error('ends early')
  const result = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    result.set(chunk, at)
    at += chunk.length
  }
  return result
}

type Unpacked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string }

/** The value that `pack` was given, not validated yet; or what is damaged. Never throws. */
export function unpack(text: string): Unpacked {
  const bytes = fromBase64(text)
  if (bytes === undefined) return { ok: false, error: 'a character does not belong in it' }
  try {
    return { ok: true, value: JSON.parse(strFromU8(inflate(bytes))) as unknown }
  } catch (error) {
    return {
      ok: false,
      error:
        error instanceof TooLarge
          ? `it unpacks to more than ${LINK_LIMITS.unpackedBytes} bytes`
          : 'its end is missing or changed',
    }
  }
}

/** A document from a fragment (with or without `#`), or one sentence about what is wrong with it. Never throws. */
export function decodeLink(fragment: string): DocumentResult {
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment
  if (text.length > LINK_LIMITS.characters)
    return {
      ok: false,
      error: `The link is ${text.length} characters long; at most ${LINK_LIMITS.characters} are read.`,
    }
  const match = /^v(\d+)\.(.*)$/s.exec(text)
  if (match === null) return { ok: false, error: 'This is not a link of the playground: it should begin with "#v1.".' }
  if (match[1] !== '1')
    return {
      ok: false,
      error: `The link has version ${match[1]}; this page reads version 1. Open it in a newer playground.`,
    }
  const unpacked = unpack(match[2] ?? '')
  if (!unpacked.ok) return { ok: false, error: `The link is damaged: ${unpacked.error}. Copy it again, whole.` }
  const result = validateDocument(unpacked.value)
  return result.ok ? result : { ok: false, error: `The link holds a document that cannot be used: ${result.error}.` }
}
