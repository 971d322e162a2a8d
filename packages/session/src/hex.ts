/** Hex text and bytes, for keys and values. */

export function hexOfBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** Bytes of a hex text of exactly `length` bytes; spaces are allowed. Undefined for anything else. */
export function bytesOfHex(text: string, length: number): Uint8Array | undefined {
  const digits = text.replace(/\s+/g, '')
  if (digits.length !== length * 2 || !/^[0-9a-f]*$/i.test(digits)) return undefined
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16))
}
