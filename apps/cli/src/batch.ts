/**
 * `offload batch`: one JSON request a line on standard input, one JSON answer a line on standard output, in order.
 * A request that is unknown or malformed answers `{"ok":false,"error":…}` for its line, and the next one is read.
 */
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { BadRequest } from './hex'
import { OPERATIONS } from './operations'

/** Answer one line of text with one JSON value; never throws. */
export function answer(line: string): unknown {
  let request: unknown
  try {
    request = JSON.parse(line)
  } catch (error) {
    return { ok: false, error: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    return { ok: false, error: 'a request is a JSON object with a field "op"' }
  const fields = request as Record<string, unknown>
  const operation = typeof fields['op'] === 'string' ? OPERATIONS.get(fields['op']) : undefined
  if (operation === undefined)
    return {
      ok: false,
      error: `unknown op ${JSON.stringify(fields['op']) ?? 'undefined'}; known are ${[...OPERATIONS.keys()].join(', ')}`,
    }
  try {
    return operation(fields)
  } catch (error) {
    if (error instanceof BadRequest) return { ok: false, error: error.message }
    return {
      ok: false,
      error: `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    }
  }
}

export async function batch(input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    if (!output.write(JSON.stringify(answer(line)) + '\n'))
      await new Promise<void>((resume) => output.once('drain', resume))
  }
}
