/**
 * Reading values from outside (links, files, embedding pages): form and limits are checked, what is wrong is named by
 * its path. Each function throws `Wrong`; nothing else leaves here.
 */

export class Wrong extends Error {}

const HEX = /^([0-9a-f]{2})*$/i

export type Fields = Readonly<Record<string, unknown>>

export function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Wrong(`${path} is not an object`)
  return value as Fields
}

export function list(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Wrong(`${path} is not a list`)
  if (value.length > max) throw new Wrong(`${path} has ${value.length} items; at most ${max} are allowed`)
  // A hole, which JSON cannot have but a message can, becomes an item that is checked like any other.
  return Array.from(value as readonly unknown[])
}

export function text(value: unknown, path: string, max: number): string {
  if (typeof value !== 'string') throw new Wrong(`${path} is not text`)
  if (value.length > max) throw new Wrong(`${path} has ${value.length} characters; at most ${max} are allowed`)
  return value
}

export function number(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Wrong(`${path} is not a number`)
  if (value < min || value > max) throw new Wrong(`${path} is ${value}; it must be from ${min} to ${max}`)
  return value
}

export function integer(value: unknown, path: string, min: number, max: number): number {
  const result = number(value, path, min, max)
  if (!Number.isInteger(result)) throw new Wrong(`${path} is ${result}; it must be a whole number`)
  return result
}

export function oneOf<T extends string>(value: unknown, path: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found === undefined)
    throw new Wrong(`${path} is ${JSON.stringify(value)?.slice(0, 60)}; it must be one of ${choices.join(', ')}`)
  return found
}

export function hex(value: unknown, path: string, maxBytes: number): string {
  const digits = text(value, path, maxBytes * 2)
  if (!HEX.test(digits)) throw new Wrong(`${path} is not hex bytes`)
  return digits
}

/** JSON that the traffic generator takes; details beyond form and size are its own business. */
export function plain(value: unknown, path: string, depth: number): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return number(value, path, -1e15, 1e15)
  if (typeof value === 'string') return text(value, path, 65536)
  if (depth === 0) throw new Wrong(`${path} is nested too deeply`)
  if (Array.isArray(value))
    return list(value, path, 4096).map((item, index) => plain(item, `${path}[${index}]`, depth - 1))
  const result: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(fields(value, path))) {
    if (key === '__proto__') throw new Wrong(`${path} has a field named __proto__`)
    result[key] = plain(item, `${path}.${key}`, depth - 1)
  }
  return result
}
