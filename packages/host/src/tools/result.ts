/** What a command leaves, and how the tools end early. */

export interface ToolResult {
  readonly stdout: string
  readonly stderr: string
  /** Exit code, 0 to 255. */
  readonly code: number
}

/** A command that failed; caught by runCommand. */
export class ToolExit extends Error {
  readonly stderr: string
  readonly code: number
  readonly stdout: string
  constructor(stderr: string, code: number, stdout = '') {
    super(stderr)
    this.stderr = stderr
    this.code = code
    this.stdout = stdout
  }
}

/** Words of a command line; single and double quotes hold blanks together, a backslash takes the next character as it is. */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!
    else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (word !== undefined) words.push(word)
  return words
}

/** Words still to be read, in order. */
export class Arguments {
  private readonly words: readonly string[]
  private at = 0
  constructor(words: readonly string[]) {
    this.words = words
  }

  get left(): number {
    return Math.max(0, this.words.length - this.at)
  }

  peek(): string | undefined {
    return this.words[this.at]
  }

  next(): string | undefined {
    return this.words[this.at++]
  }

  /** Takes the next word when it is `word` or a beginning of it. */
  take(word: string): boolean {
    const next = this.peek()
    if (next === undefined || next === '' || !word.startsWith(next)) return false
    this.at++
    return true
  }

  /** Takes the next word when it is exactly `word`. */
  takeExact(word: string): boolean {
    if (this.peek() !== word) return false
    this.at++
    return true
  }
}
