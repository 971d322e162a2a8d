/** Bytes as hex text and back, and fields of a request that must have a certain form. */

export class BadRequest extends Error {}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Bytes of a hex text; throws BadRequest that names the field. */
export function fromHex(value: unknown, field: string): Uint8Array {
  if (typeof value !== 'string' || !/^([0-9a-f]{2})*$/i.test(value)) throw new BadRequest(`"${field}" is not hex bytes`)
  return new Uint8Array(Buffer.from(value, 'hex'))
}

/** Instructions: hex of whole 8-byte slots, in one text or a list of texts. */
export function instructions(value: unknown, field = 'insns'): Uint8Array {
  const bytes = fromHex(Array.isArray(value) ? value.join('') : value, field)
  if (bytes.length % 8 !== 0) throw new BadRequest(`"${field}" has ${bytes.length} bytes; an instruction has 8`)
  return bytes
}

export function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest(`"${field}" is not an object`)
  return value as Record<string, unknown>
}

export function array(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new BadRequest(`"${field}" is not a list`)
  return value
}

export function integer(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new BadRequest(`"${field}" is not a whole number`)
  return value
}

export function oneOf<T extends string>(value: unknown, field: string, choices: readonly T[], otherwise?: T): T {
  if (value === undefined && otherwise !== undefined) return otherwise
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new BadRequest(`"${field}" must be one of ${choices.join(', ')}`)
  return found
}
