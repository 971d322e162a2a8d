/** Quantiles over the last thousand latencies (cycles); sorted only when asked, which is once a slice. */
const SIZE = 1024

export class LatencyWindow {
  private readonly ring = new Float64Array(SIZE)
  private count = 0

  push(cycles: number): void {
    this.ring[this.count++ % SIZE] = cycles
  }

  /** Median, 99th percentile and largest; zeros while nothing has been measured. */
  quantiles(): readonly [number, number, number] {
    const filled = Math.min(this.count, SIZE)
    if (filled === 0) return [0, 0, 0]
    const sorted = this.ring.slice(0, filled).sort()
    const at = (share: number): number => sorted[Math.min(filled - 1, Math.floor(filled * share))]!
    return [at(0.5), at(0.99), sorted[filled - 1]!]
  }
}
