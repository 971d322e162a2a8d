/**
 * JSON as bpftool writes it: on one line, or "pretty" in its own style (tool-formats.md, section 1): arrays open and close
 * with the objects in them, arrays of numbers stay on one line with the bracket on the next.
 */

/** Text that stands in the output as it is. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Json =
  | RawJson
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined }

export function jsonText(value: Json, pretty: boolean, depth = 0): string {
  const line = (level: number): string => (pretty ? `\n${'    '.repeat(level)}` : '')
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => jsonText(item, pretty, depth + 1))
    return items.length === 0 ? '[]' : `[${items.join(',')}${line(depth)}]`
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    if (fields.length === 0) return '{}'
    const body = fields.map(
      ([name, field]) =>
        `${line(depth + 1)}${JSON.stringify(name)}:${pretty ? ' ' : ''}${jsonText(field!, pretty, depth + 1)}`,
    )
    return `{${body.join(',')}${line(depth)}}`
  }
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

/** iproute2's pretty style: `[ {`, 8 blanks, `} ]`. */
export function iprouteJson(value: Json, pretty: boolean, depth = 0): string {
  const line = (level: number): string => (pretty ? `\n${'    '.repeat(level)}` : '')
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => iprouteJson(item, pretty, depth + 1))
    if (items.length === 0) return pretty ? '[ ]' : '[]'
    return pretty ? `[ ${items.join(',')} ]` : `[${items.join(',')}]`
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    const body = fields.map(
      ([name, field]) =>
        `${line(depth + 1)}${JSON.stringify(name)}:${pretty ? ' ' : ''}${iprouteJson(field!, pretty, depth + 1)}`,
    )
    return `{${body.join(',')}${line(depth)}}`
  }
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}
