/**
 * ringbuf: records of 8 bytes of header and data, rounded up to 8, in a ring of max_entries bytes. The reader takes
 * submitted records in order; a reserved one holds back those behind it. object-formats.md, section 13.
 */
import { ERRNO } from '../errno'
import type { HostMap, LookupResult, MapAttributes, MapHost } from './map'

interface RingRecord {
  /** Address of the data. */
  readonly at: number
  readonly size: number
  readonly space: number
  state: 'reserved' | 'submitted' | 'discarded'
}

export class RingBuffer implements HostMap {
  readonly attributes: MapAttributes
  handle = 0
  private readonly host: MapHost
  private records: RingRecord[] = []
  producer = 0
  consumer = 0

  constructor(attributes: MapAttributes, host: MapHost) {
    this.attributes = attributes
    this.host = host
  }

  get count(): number {
    return this.records.length
  }

  lookup(): number {
    return 0
  }

  update(): number {
    return -ERRNO.EINVAL
  }

  delete(): number {
    return -ERRNO.EINVAL
  }

  /** Address of `size` bytes, or 0 when they do not fit. */
  reserve(size: number): number {
    const space = (size + 8 + 7) & ~7
    const ring = this.attributes.maxEntries
    if (space >= ring || this.producer - this.consumer + space > ring) return 0
    const at = this.host.memory.alloc(size)
    if (at === undefined) return 0
    this.records.push({ at, size, space, state: 'reserved' })
    this.producer += space
    return at
  }

  /** Ends a reservation; false for an address that was never given. */
  finish(at: number, submit: boolean): boolean {
    const record = this.records.find((one) => one.at === at && one.state === 'reserved')
    if (!record) return false
    record.state = submit ? 'submitted' : 'discarded'
    return true
  }

  output(data: Uint8Array): number {
    const at = this.reserve(data.length)
    if (at === 0) return -ERRNO.EAGAIN
    this.host.memory.bytes.set(data, at)
    this.finish(at, true)
    return 0
  }

  /** What the reader gets: finished records up to the first that is still reserved. */
  read(): Uint8Array[] {
    const out: Uint8Array[] = []
    while (this.records[0] && this.records[0].state !== 'reserved') {
      const record = this.records.shift()!
      if (record.state === 'submitted') out.push(this.host.memory.bytes.slice(record.at, record.at + record.size))
      this.consumer += record.space
      this.host.memory.release(record.at, record.size)
    }
    return out
  }

  hostLookup(): LookupResult {
    return { errno: -ERRNO.EINVAL }
  }

  hostUpdate(): number {
    return -ERRNO.EINVAL
  }

  hostDelete(): number {
    return -ERRNO.EINVAL
  }

  nextKey(): undefined {
    return undefined
  }

  free(): void {
    for (const record of this.records) this.host.memory.release(record.at, record.size)
    this.records = []
  }
}
