/** Collects bytes, little-endian, in a buffer that grows. */
export class ByteWriter {
  private data = new Uint8Array(256)
  length = 0

  private room(size: number): number {
    const at = this.length
    if (at + size > this.data.length) {
      const larger = new Uint8Array(Math.max(this.data.length * 2, at + size))
      larger.set(this.data)
      this.data = larger
    }
    this.length += size
    return at
  }

  u8(value: number): void {
    const at = this.room(1)
    this.data[at] = value
  }

  u16(value: number): void {
    const at = this.room(2)
    this.data[at] = value
    this.data[at + 1] = value >> 8
  }

  u32(value: number): void {
    const at = this.room(4)
    this.data[at] = value
    this.data[at + 1] = value >> 8
    this.data[at + 2] = value >> 16
    this.data[at + 3] = value >>> 24
  }

  u64(value: number): void {
    this.u32(value % 0x100000000)
    this.u32(Math.floor(value / 0x100000000))
  }

  append(bytes: Uint8Array): void {
    // `room` may replace the buffer: call it first.
    const at = this.room(bytes.length)
    this.data.set(bytes, at)
  }

  /** Latin-1 text with a NUL behind it. */
  cString(text: string): void {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i))
    this.u8(0)
  }

  align(to: number): void {
    while (this.length % to !== 0) this.u8(0)
  }

  bytes(): Uint8Array {
    return this.data.slice(0, this.length)
  }
}
