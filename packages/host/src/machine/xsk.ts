/**
 * AF_XDP sockets: memory of the application (UMEM) cut into chunks, and four rings of its addresses. A packet that an XDP
 * program redirects to the socket of its own queue is copied into a chunk from the fill ring and announced in the RX
 * ring; TX the other way, with the completion ring. object-formats.md, section 14 (aligned mode, copy mode).
 */
import { ERRNO } from '../errno'

/** Bytes before a packet in its chunk: the kernel's XDP headroom. */
const XDP_HEADROOM = 256
const PAGE = 4096
const MIN_CHUNK = 2048

export interface XskDescriptor {
  readonly address: number
  readonly length: number
}

/** A ring of a power of two of entries; producer and consumer only grow, as 32-bit numbers. */
export class XskRing<T> {
  readonly size: number
  producer = 0
  consumer = 0
  private readonly entries: T[]

  constructor(size: number) {
    this.size = size
    this.entries = Array<T>(size)
  }

  get used(): number {
    return (this.producer - this.consumer) >>> 0
  }

  get free(): number {
    return this.size - this.used
  }

  push(entry: T): boolean {
    if (this.free === 0) return false
    this.entries[this.producer & (this.size - 1)] = entry
    this.producer = (this.producer + 1) >>> 0
    return true
  }

  pop(): T | undefined {
    if (this.used === 0) return undefined
    const entry = this.entries[this.consumer & (this.size - 1)]
    this.consumer = (this.consumer + 1) >>> 0
    return entry
  }
}

export interface XskOptions {
  readonly chunks?: number
  /** 2048 or 4096. */
  readonly chunkSize?: number
  readonly headroom?: number
  /** Entries of each ring, a power of two. */
  readonly ringSize?: number
}

/** As getsockopt XDP_STATISTICS. */
export interface XskStatistics {
  rxDropped: number
  rxInvalidDescriptors: number
  txInvalidDescriptors: number
  rxRingFull: number
  rxFillRingEmpty: number
  txRingEmpty: number
}

export type XskResult =
  | { readonly ok: true; readonly socket: XskSocket }
  | { readonly ok: false; readonly errno: number }

export class XskSocket {
  readonly id: number
  readonly ifindex: number
  readonly queue: number
  readonly umem: Uint8Array
  readonly chunkSize: number
  readonly headroom: number
  readonly fill: XskRing<number>
  readonly completion: XskRing<number>
  readonly rx: XskRing<XskDescriptor>
  readonly tx: XskRing<XskDescriptor>
  readonly statistics: XskStatistics = {
    rxDropped: 0,
    rxInvalidDescriptors: 0,
    txInvalidDescriptors: 0,
    rxRingFull: 0,
    rxFillRingEmpty: 0,
    txRingEmpty: 0,
  }

  private constructor(
    id: number,
    ifindex: number,
    queue: number,
    chunks: number,
    chunkSize: number,
    headroom: number,
    ringSize: number,
  ) {
    this.id = id
    this.ifindex = ifindex
    this.queue = queue
    this.umem = new Uint8Array(chunks * chunkSize)
    this.chunkSize = chunkSize
    this.headroom = headroom
    this.fill = new XskRing(ringSize)
    this.completion = new XskRing(ringSize)
    this.rx = new XskRing(ringSize)
    this.tx = new XskRing(ringSize)
  }

  /** A socket bound to a queue; all chunks are on the fill ring as far as they fit. */
  static create(id: number, ifindex: number, queue: number, options: XskOptions = {}): XskResult {
    const chunkSize = options.chunkSize ?? PAGE
    const chunks = options.chunks ?? 64
    const ringSize = options.ringSize ?? 64
    const headroom = options.headroom ?? 0
    const powerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value))
    if (chunkSize < MIN_CHUNK || chunkSize > PAGE || !powerOfTwo(chunkSize) || !powerOfTwo(ringSize))
      return { ok: false, errno: -ERRNO.EINVAL }
    if (chunks < 1 || headroom < 0 || headroom >= chunkSize - XDP_HEADROOM) return { ok: false, errno: -ERRNO.EINVAL }
    const socket = new XskSocket(id, ifindex, queue, chunks, chunkSize, headroom, ringSize)
    for (let chunk = 0; chunk < chunks; chunk++) socket.fill.push(chunk * chunkSize)
    return { ok: true, socket }
  }

  /** A packet from the program; false when it is lost. */
  deliver(data: Uint8Array): boolean {
    const start = this.headroom + XDP_HEADROOM
    if (data.length > this.chunkSize - start) {
      this.statistics.rxDropped++
      return false
    }
    if (this.rx.free === 0) {
      this.statistics.rxRingFull++
      return false
    }
    const address = this.fill.pop()
    if (address === undefined) {
      this.statistics.rxFillRingEmpty++
      return false
    }
    if (address >= this.umem.length) {
      this.statistics.rxInvalidDescriptors++
      return false
    }
    // Aligned mode: an address means the chunk that it lies in.
    const at = address - (address % this.chunkSize) + start
    this.umem.set(data, at)
    this.rx.push({ address: at, length: data.length })
    return true
  }

  /** What the application does with received packets: takes all, gives their chunks back. */
  receive(): Uint8Array[] {
    const packets: Uint8Array[] = []
    for (let descriptor = this.rx.pop(); descriptor; descriptor = this.rx.pop()) {
      packets.push(this.umem.slice(descriptor.address, descriptor.address + descriptor.length))
      this.fill.push(descriptor.address - (descriptor.address % this.chunkSize))
    }
    return packets
  }

  /** What the kernel does on sendto: takes the TX ring's packets, puts their addresses on the completion ring. */
  transmit(): Uint8Array[] {
    const packets: Uint8Array[] = []
    while (this.tx.used > 0 && this.completion.free > 0) {
      const { address, length } = this.tx.pop()!
      if (length === 0 || address + length > this.umem.length || (address % this.chunkSize) + length > this.chunkSize) {
        this.statistics.txInvalidDescriptors++
        continue
      }
      packets.push(this.umem.slice(address, address + length))
      this.completion.push(address)
    }
    if (packets.length === 0) this.statistics.txRingEmpty++
    return packets
  }
}
