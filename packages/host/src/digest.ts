/** SHA-1 and SHA-256 (FIPS 180-4), for program tags. Not for secrets. */

function pad(message: Uint8Array): DataView {
  const length = (message.length + 9 + 63) & ~63
  const bytes = new Uint8Array(length)
  bytes.set(message)
  bytes[message.length] = 0x80
  const view = new DataView(bytes.buffer)
  view.setUint32(length - 8, Math.floor(message.length / 0x20000000))
  view.setUint32(length - 4, (message.length << 3) >>> 0)
  return view
}

function toBytes(state: Uint32Array): Uint8Array {
  const out = new Uint8Array(state.length * 4)
  const view = new DataView(out.buffer)
  state.forEach((word, i) => view.setUint32(i * 4, word))
  return out
}

const rotl = (x: number, n: number): number => (x << n) | (x >>> (32 - n))

export function sha1(message: Uint8Array): Uint8Array {
  const view = pad(message)
  const h = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const w = new Int32Array(80)
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4)
    for (let i = 16; i < 80; i++) w[i] = rotl(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1)
    let [a, b, c, d, e] = [h[0]! | 0, h[1]! | 0, h[2]! | 0, h[3]! | 0, h[4]! | 0]
    for (let i = 0; i < 80; i++) {
      const [f, k] =
        i < 20
          ? [(b & c) | (~b & d), 0x5a827999]
          : i < 40
            ? [b ^ c ^ d, 0x6ed9eba1]
            : i < 60
              ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
              : [b ^ c ^ d, 0xca62c1d6]
      const next = (rotl(a, 5) + f + e + k + w[i]!) | 0
      e = d
      d = c
      c = rotl(b, 30)
      b = a
      a = next
    }
    for (const [i, value] of [a, b, c, d, e].entries()) h[i] = h[i]! + value
  }
  return toBytes(h)
}

/** First 32 bits of the fractional part of a root of a prime. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 4294967296) >>> 0
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n)
  return found
}

/** Cube roots by Newton's method: Math.cbrt may differ in the last bit between engines. */
function cubeRoot(n: number): number {
  let x = n / 2 + 1
  for (let i = 0; i < 60; i++) x -= (x * x * x - n) / (3 * x * x)
  return x
}

const ROUND = Int32Array.from(primes(64), (p) => fraction(cubeRoot(p)))
const START = Uint32Array.from(primes(8), (p) => fraction(Math.sqrt(p)))

const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

export function sha256(message: Uint8Array): Uint8Array {
  const view = pad(message)
  const h = START.slice()
  const w = new Int32Array(64)
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4)
    for (let i = 16; i < 64; i++) {
      const [x, y] = [w[i - 15]!, w[i - 2]!]
      w[i] = w[i - 16]! + w[i - 7]! + (rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3)) + (rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10))
    }
    const v = Int32Array.from(h)
    for (let i = 0; i < 64; i++) {
      const [a, e] = [v[0]!, v[4]!]
      const t1 =
        (v[7]! + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & v[5]!) ^ (~e & v[6]!)) + ROUND[i]! + w[i]!) | 0
      const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & v[1]!) ^ (a & v[2]!) ^ (v[1]! & v[2]!))) | 0
      v.copyWithin(1, 0, 7)
      v[4] = v[4]! + t1
      v[0] = t1 + t2
    }
    v.forEach((value, i) => (h[i] = h[i]! + value))
  }
  return toBytes(h)
}
