/**
 * The image while it grows: words with their relocation type, and for each the BPF slot and reason it is there for.
 *
 * Every word goes through `push`, which also keeps the port's limit: words beyond it are dropped and counted, and the
 * translator looks at the count after each unit (nfp-jit.md, section 21).
 */
import { storeWord, wordAt } from '@offload/nfp'
import type { Word, Words } from '@offload/nfp'
import type { WordOrigin } from '../api'
import { ENOSPC } from '../errno'
import { TranslateError } from './translate-error'

/** `WordOrigin.insn` of words that belong to no BPF instruction. */
export const ORIGIN_PROLOGUE = -1
export const ORIGIN_OUTRO = -2
export const ORIGIN_TRAMPOLINE = -3
export const ORIGIN_PADDING = -4

export class CodeBuffer {
  readonly limit: number
  readonly origins: WordOrigin[] = []
  private buffer: Words = new Uint32Array(512)
  private count = 0
  private dropped = 0
  private insn = ORIGIN_PROLOGUE
  private reason = ''

  /** `limit` is the port's maximum program length in words. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Index of the next word. */
  get length(): number {
    return this.count
  }

  /** What the words that follow are for. */
  begin(insn: number, reason: string): void {
    this.insn = insn
    this.reason = reason
  }

  /** A new reason for the same instruction; returns the one before. */
  because(reason: string): string {
    const before = this.reason
    this.reason = reason
    return before
  }

  /** Appends a word; `relocation` goes to bits 63..56. */
  push(word: Word, relocation: number): void {
    if (this.count >= this.limit) {
      this.dropped++
      return
    }
    if (2 * this.count === this.buffer.length) {
      const larger = new Uint32Array(2 * this.buffer.length)
      larger.set(this.buffer)
      this.buffer = larger
    }
    this.buffer[2 * this.count] = word.lo
    this.buffer[2 * this.count + 1] = (word.hi | (relocation << 24)) >>> 0
    this.origins.push({ insn: this.insn, reason: this.reason })
    this.count++
  }

  /** Ends a unit (an instruction, the outro, the padding): throws if words were dropped in it. */
  endUnit(): void {
    if (this.dropped === 0) return
    const line = `instruction limit reached (${this.limit} NFP instructions)`
    throw new TranslateError(ENOSPC, Array<string>(this.dropped).fill(line))
  }

  at(index: number): Word {
    return wordAt(this.buffer, index)
  }

  replace(index: number, word: Word): void {
    storeWord(this.buffer, index, word)
  }

  /** The words so far, trimmed. */
  finish(): Words {
    return this.buffer.slice(0, 2 * this.count)
  }
}
