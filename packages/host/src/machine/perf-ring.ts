/**
 * Perf event rings as user space reads them: one a CPU, of a power of two of pages. A sample that does not fit is lost and
 * counted. Sizes as in object-formats.md, section 12: 8 bytes of record header, 4 of size, data padded to 8.
 */

export interface PerfSample {
  /** Nanoseconds of machine time. */
  readonly time: number
  readonly cpu: number
  readonly mapId: number
  readonly data: Uint8Array
  /** Packet bytes that the program asked for; empty otherwise. */
  readonly packet: Uint8Array
}

export class PerfRing {
  readonly cpu: number
  readonly capacity: number
  /** Samples that found no room. */
  lost = 0
  private used = 0
  private samples: PerfSample[] = []

  constructor(cpu: number, pages: number) {
    this.cpu = cpu
    this.capacity = pages * 4096
  }

  write(sample: PerfSample): boolean {
    const size = recordSize(sample)
    if (this.used + size > this.capacity) {
      this.lost++
      return false
    }
    this.used += size
    this.samples.push(sample)
    return true
  }

  /** Takes everything out. */
  read(): PerfSample[] {
    const taken = this.samples
    this.samples = []
    this.used = 0
    return taken
  }
}

/** Bytes that a sample takes in a ring. */
export function recordSize(sample: Pick<PerfSample, 'data' | 'packet'>): number {
  return 8 + ((4 + sample.data.length + sample.packet.length + 7) & ~7)
}

/** Readers of one perf event array: a ring for each slot that has an event. */
export class PerfReaders {
  readonly rings = new Map<number, PerfRing>()
  /** Samples for slots without a reader. */
  unread = 0

  open(cpu: number, pages: number): void {
    this.rings.set(cpu, new PerfRing(cpu, pages))
  }

  /** True when the sample found a reader (it may still be lost). */
  write(index: number, sample: PerfSample): boolean {
    const ring = this.rings.get(index)
    if (!ring) {
      this.unread++
      return false
    }
    ring.write(sample)
    return true
  }

  /** All samples, in order of time. */
  read(): PerfSample[] {
    return [...this.rings.values()].flatMap((ring) => ring.read()).sort((a, b) => a.time - b.time)
  }

  get lost(): number {
    let sum = this.unread
    for (const ring of this.rings.values()) sum += ring.lost
    return sum
  }
}
