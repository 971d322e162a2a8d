/**
 * Reads integers and strings at offsets of a byte array, in either byte order. A read outside the bytes
 * throws a RangeError that names the offset; importers catch it and report. Texts are cut at a length, as
 * damaged files can hold any number of overlapping ones.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly little: boolean
  private readonly view: DataView

  constructor(bytes: Uint8Array, little: boolean) {
    this.bytes = bytes
    this.little = little
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private check(at: number, size: number): void {
    if (!(at >= 0 && at + size <= this.bytes.length))
      throw new RangeError(`byte ${at} is outside the ${this.bytes.length} bytes`)
  }

  u8(at: number): number {
    this.check(at, 1)
    return this.bytes[at]!
  }

  u16(at: number): number {
    this.check(at, 2)
    return this.view.getUint16(at, this.little)
  }

  u32(at: number): number {
    this.check(at, 4)
    return this.view.getUint32(at, this.little)
  }

  i32(at: number): number {
    this.check(at, 4)
    return this.view.getInt32(at, this.little)
  }

  /** A 64-bit offset or size; what a file of ours can hold fits a number, the rest becomes Infinity. */
  u64(at: number): number {
    this.check(at, 8)
    const value = this.view.getBigUint64(at, this.little)
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value)
  }

  /** The bytes from `at` on; throws when they are not all there. */
  slice(at: number, size: number): Uint8Array {
    this.check(at, size)
    return this.bytes.subarray(at, at + size)
  }

  /** Text up to a NUL byte, `end` or `most` characters; bytes above 127 as Latin-1. */
  cString(at: number, end = this.bytes.length, most = 256): string {
    const limit = Math.min(end, this.bytes.length, at + most)
    let stop = at
    while (stop < limit && this.bytes[stop] !== 0) stop++
    return String.fromCharCode(...this.bytes.subarray(at, stop))
  }
}
