/**
 * The verifier log: text in the kernel's form, kept in blocks so that a long walk stays within a limit.
 * Like the kernel with a small buffer, the newest text is kept. Not the printing of states: that is state-text.ts.
 */

const BLOCK = 1 << 16

export class Log {
  readonly level: number
  private readonly limit: number
  private blocks: string[] = []
  private kept = 0
  private pieces: string[] = []
  private piecesLength = 0
  private dropped = false
  /** Characters written so far; compares as "was something printed since". */
  end = 0
  /** End of the instruction line that a state may still join, and that line's length. */
  lineEnd = 0
  lineLength = 0

  constructor(level: number, limit = 64 << 20) {
    this.level = level
    this.limit = limit
  }

  /** Levels 1 and 2: instructions and states. */
  get walks(): boolean {
    return (this.level & 3) !== 0
  }
  /** Level 2: everything. */
  get full(): boolean {
    return (this.level & 2) !== 0
  }

  write(text: string): void {
    this.pieces.push(text)
    this.piecesLength += text.length
    this.end += text.length
    if (this.piecesLength > BLOCK) this.flush()
  }

  private flush(): void {
    // The last piece stays open: a line end may still be taken back from it.
    const last = this.pieces.pop()
    const block = this.pieces.join('')
    this.blocks.push(block)
    this.kept += block.length
    this.pieces = last === undefined ? [] : [last]
    this.piecesLength = last?.length ?? 0
    while (this.kept > this.limit && this.blocks.length > 1) {
      this.kept -= this.blocks.shift()!.length
      this.dropped = true
    }
  }

  /** Takes back the line end that was written last. */
  joinLine(): void {
    const last = this.pieces.pop()!
    this.pieces.push(last.slice(0, -1))
    this.piecesLength--
    this.end--
  }

  /** Level 1 keeps only the path at hand: forgets everything behind `end`. Needs the text to be unbroken since then. */
  rewind(end: number): void {
    if (end >= this.end || this.dropped) return
    const text = this.text().slice(0, end)
    this.blocks = []
    this.kept = 0
    this.pieces = [text]
    this.piecesLength = text.length
    this.end = end
  }

  /** Whether the beginning was given up. */
  get truncated(): boolean {
    return this.dropped
  }

  text(): string {
    return this.blocks.join('') + this.pieces.join('')
  }
}
