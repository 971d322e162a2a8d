/**
 * One line of NFP assembly split into name, argument list and suffixes, each suffix taken once.
 *
 * Knows the punctuation of the text alone, no instruction.
 */

/** Text that is no instruction; `code` is one of `instruction`, `operand`, `operator`, `shift`, `syntax`, `suffix`. */
export class NfpSyntaxError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'NfpSyntaxError'
    this.code = code
  }
}

/** A line in parts. Builders take what they understand; `finish` complains about the rest. */
export class Line {
  readonly name: string
  private readonly list: readonly string[]
  private readonly suffixes: string[]

  constructor(name: string, list: readonly string[], suffixes: string[]) {
    this.name = name
    this.list = list
    this.suffixes = suffixes
  }

  /** Number of arguments. */
  get count(): number {
    return this.list.length
  }

  /** Argument `index`. */
  arg(index: number): string {
    const text = this.list[index]
    if (text === undefined) throw new NfpSyntaxError('syntax', `${this.name} needs more than ${this.count} arguments`)
    return text
  }

  /** All arguments, which must be `count`. */
  args(count: number): readonly string[] {
    if (this.list.length !== count) {
      throw new NfpSyntaxError('syntax', `${this.name} has ${count} arguments, not ${this.list.length}`)
    }
    return this.list
  }

  /** Takes a suffix if it is there. */
  take(suffix: string): boolean {
    const at = this.suffixes.indexOf(suffix)
    if (at < 0) return false
    this.suffixes.splice(at, 1)
    return true
  }

  /** Takes the first suffix that matches. */
  takePattern(pattern: RegExp): RegExpMatchArray | undefined {
    const at = this.suffixes.findIndex((suffix) => pattern.test(suffix))
    return at < 0 ? undefined : (this.suffixes.splice(at, 1)[0]!.match(pattern) ?? undefined)
  }

  /** Takes `defer[n]`; 0 without it. */
  takeDefer(): number {
    return Number(this.takePattern(/^defer\[(\d)\]$/)?.[1] ?? 0)
  }

  /** Throws when a suffix was not taken. */
  finish(): void {
    if (this.suffixes.length > 0) {
      throw new NfpSyntaxError('suffix', `${this.name} cannot have "${this.suffixes[0]}"`)
    }
  }
}

/** Splits a line, with or without a leading word number. */
export function parseLine(text: string): Line {
  const code = text.trim().replace(/^\.\d+\s+/, '')
  const parts = splitTopLevel(code)
  const head = parts[0] ?? ''
  const match = head.match(/^([a-z_0-9!=]+)(?:\[(.*)\])?$/)
  if (!match) throw new NfpSyntaxError('syntax', `"${head}" is not an instruction`)
  const inner = match[2]
  return new Line(match[1]!, inner === undefined ? [] : splitTopLevel(inner), parts.slice(1))
}

/** Splits at the commas outside brackets and trims. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '[') depth++
    else if (char === ']') depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  parts.push(text.slice(start).trim())
  return parts
}
