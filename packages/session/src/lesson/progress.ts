/**
 * Progress codes: what a learner hands in without a server. `p1.<base64url(deflate(json))>` holds the program and the
 * answers of each lesson, no verdicts: whoever receives it grades it again, so a code cannot claim what is not so.
 */
import { Wrong, fields, list, plain, text } from '../foreign'
import { pack, unpack } from '../link'
import { LESSON_LIMITS } from './lesson'
import type { Submission } from './lesson'

export interface ProgressEntry extends Submission {
  readonly lesson: string
}

export type ProgressResult =
  | { readonly ok: true; readonly name: string; readonly entries: readonly ProgressEntry[] }
  | { readonly ok: false; readonly error: string }

const MAX_CHARACTERS = 1_000_000
const MAX_ENTRIES = 100

export function encodeProgress(name: string, entries: readonly ProgressEntry[]): string {
  return `p1.${pack({ name, entries })}`
}

/** The code's content, or one sentence about what is wrong with it. Never throws. */
export function decodeProgress(code: string): ProgressResult {
  const match = /^\s*p1\.([\w-]+)\s*$/.exec(code.length > MAX_CHARACTERS ? '' : code)
  if (match === null) return { ok: false, error: 'This is not a progress code: it should begin with "p1.".' }
  const unpacked = unpack(match[1]!)
  if (!unpacked.ok) return { ok: false, error: `The code is damaged: ${unpacked.error}. Copy it again, whole.` }
  try {
    const from = fields(unpacked.value, 'code')
    return {
      ok: true,
      name: text(from['name'], 'name', 200),
      entries: list(from['entries'], 'entries', MAX_ENTRIES).map((item, index): ProgressEntry => {
        const path = `entries[${index}]`
        const entry = fields(item, path)
        const answers = fields(plain(entry['answers'] ?? {}, `${path}.answers`, 1), `${path}.answers`)
        return {
          lesson: text(entry['lesson'], `${path}.lesson`, 40),
          source: text(entry['source'], `${path}.source`, LESSON_LIMITS.sourceCharacters),
          answers: Object.fromEntries(
            Object.entries(answers).map(([id, answer]) => [id, text(answer, `${path}.answers.${id}`, 200)]),
          ),
        }
      }),
    }
  } catch (error) {
    if (error instanceof Wrong) return { ok: false, error: `The code holds what cannot be used: ${error.message}.` }
    throw error
  }
}
