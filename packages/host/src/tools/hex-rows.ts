/** Bytes as bpftool prints and reads them. */
import { ToolExit } from './result'

/** Rows of 16: one blank between bytes, two after the eighth. */
export function hexRows(bytes: Uint8Array): string[] {
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, '0'))
    rows.push(row.length > 8 ? `${row.slice(0, 8).join(' ')}  ${row.slice(8).join(' ')}` : row.join(' '))
  }
  return rows
}

/** `["0x01", …]` */
export function hexStrings(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => `0x${byte.toString(16).padStart(2, '0')}`)
}

/** A byte in decimal, octal (0…) or hex (0x…, or always after the word `hex`). */
export function parseByte(text: string, hex: boolean): number {
  const value = hex
    ? /^(0x)?[0-9a-f]+$/i.test(text)
      ? Number.parseInt(text, 16)
      : Number.NaN
    : /^0x[0-9a-f]+$/i.test(text)
      ? Number.parseInt(text, 16)
      : /^0[0-7]+$/.test(text)
        ? Number.parseInt(text, 8)
        : /^\d+$/.test(text)
          ? Number.parseInt(text, 10)
          : Number.NaN
  if (!(value >= 0 && value <= 255)) throw new ToolExit(`Error: error parsing byte: ${text}\n`, 255)
  return value
}
