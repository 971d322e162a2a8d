/** Base64 in both alphabets, without the page's or Node's own. */

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const values = new Int8Array(128).fill(-1)
for (let i = 0; i < 64; i++) values[STANDARD.charCodeAt(i)] = i
values['-'.charCodeAt(0)] = 62
values['_'.charCodeAt(0)] = 63

/** Standard alphabet with padding, or URL-safe without. */
export function toBase64(bytes: Uint8Array, urlSafe = false): string {
  const parts: string[] = []
  let part = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    part += STANDARD[group >> 18]! + STANDARD[(group >> 12) & 63]!
    part += left > 1 ? STANDARD[(group >> 6) & 63]! : urlSafe ? '' : '='
    part += left > 2 ? STANDARD[group & 63]! : urlSafe ? '' : '='
    if (part.length > 8000) {
      parts.push(part)
      part = ''
    }
  }
  const text = parts.join('') + part
  return urlSafe ? text.replaceAll('+', '-').replaceAll('/', '_') : text
}

/** Reads either alphabet, padded or not; undefined where a character does not belong. */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? values[code]! : -1
    if (value < 0) return undefined
    bits = ((bits << 6) | value) & 0xffffff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at++] = (bits >> held) & 0xff
    }
  }
  return bytes
}
