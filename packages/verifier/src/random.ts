/**
 * A small seeded generator for property tests (xorshift32). Not for engines: nothing in the verifier is random.
 */
import * as i64 from './int64'

export class Random {
  private state: number
  constructor(seed: number) {
    this.state = seed >>> 0 || 1
  }
  u32(): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return this.state >>> 0
  }
  below(n: number): number {
    return this.u32() % n
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
  /** 64-bit value, often near a border. */
  wide(): i64.I64 {
    const shape = this.below(6)
    if (shape === 0) return i64.s64(this.below(16) - 8)
    if (shape === 1) return i64.add(this.pick(BORDERS), i64.s64(this.below(8) - 4))
    if (shape === 2) return i64.u64(this.u32())
    return i64.shr(i64.pair(this.u32() | 0, this.u32() | 0), this.below(64))
  }
}

const BORDERS = [i64.ZERO, i64.S64_MIN, i64.S64_MAX, i64.S32_MIN_64, i64.S32_MAX_64, i64.U32_MAX_64, i64.U64_MAX]
