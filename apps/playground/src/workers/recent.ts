/** The last so many of a stream, numbered from 1; older ones are forgotten. */
export class Recent<T> {
  private readonly kept: T[] = []
  private readonly capacity: number
  private count = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  push(item: T): void {
    this.kept[this.count % this.capacity] = item
    this.count++
  }

  /** Newest first. */
  newest(limit: number): { readonly number: number; readonly item: T }[] {
    const out: { number: number; item: T }[] = []
    const available = Math.min(limit, this.count, this.capacity)
    for (let back = 0; back < available; back++) {
      const index = this.count - 1 - back
      out.push({ number: index + 1, item: this.kept[index % this.capacity]! })
    }
    return out
  }
}
