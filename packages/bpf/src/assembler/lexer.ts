/**
 * Cuts one line of source into tokens, without allocating an object per token: kinds, places and values
 * lie side by side in arrays that the next line overwrites.
 *
 * Comments begin with `;`, `#` or `//`. `#` right after a name in a `call` is no comment: the kernel's
 * log writes `call bpf_map_lookup_elem#1`. Numbers are decimal, `0x` hex, `0b` binary or `'c'`.
 */

export const TOKEN = { END: 0, NAME: 1, NUMBER: 2, REGISTER: 3, PUNCT: 4, STRING: 5, BAD: 6 } as const

const TAB = 9
const QUOTE = 34
const HASH = 35
const PERCENT = 37
const APOSTROPHE = 39
const SLASH = 47
const SEMICOLON = 59
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** 1 = may begin a name, 2 = digit, 3 = blank, 0 = the rest. */
const CHAR_KIND = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.$') CHAR_KIND[char.charCodeAt(0)] = 1
for (const char of '0123456789') CHAR_KIND[char.charCodeAt(0)] = 2
for (const char of ' \t\r\v\f') CHAR_KIND[char.charCodeAt(0)] = 3

/** Punctuation of two and three characters; all else is one character long. */
const LONG_PUNCT = new Set([
  '<<',
  '>>',
  '<=',
  '>=',
  '==',
  '!=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '|=',
  '^=',
  '<<=',
  '>>=',
])

const MAX_DIGITS = 256

function kindOf(code: number): number {
  return code < 128 ? CHAR_KIND[code]! : 0
}

/** Letters, digits, `_`, `.` and `$`. */
function isWordPart(code: number): boolean {
  return code < 128 && (CHAR_KIND[code] === 1 || CHAR_KIND[code] === 2)
}

/** The literals that grammars know, each with a small number, so that matching compares numbers. */
export class Literals {
  private readonly ids = new Map<string, number>()

  /** Number of a literal text, given out on first use. */
  intern(text: string): number {
    const known = this.ids.get(text)
    if (known !== undefined) return known
    const id = this.ids.size + 1
    this.ids.set(text, id)
    return id
  }

  /** Number of a text that some grammar uses as a literal, or 0. */
  find(text: string): number {
    return this.ids.get(text) ?? 0
  }
}

export class Lexer {
  /** Number of tokens, the closing END not counted. */
  count = 0
  readonly kinds: number[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  /** Number: its value, NaN when it does not fit 53 bits. Register: its number. */
  readonly values: number[] = []
  /** Register: true when written `w`. */
  readonly wide: boolean[] = []
  readonly literals: number[] = []
  /** Where a comment begins, or -1. */
  commentStart = -1
  text = ''
  private place = 0
  /** Braces that are open behind what was cut. */
  braces = 0
  private readonly known: Literals

  constructor(known: Literals) {
    this.known = known
  }

  /** Cuts `text` from `start` up to `end` (exclusive). */
  lex(text: string, start: number, end: number): void {
    this.begin(text)
    this.append(start, end)
    this.finish()
  }

  /** Starts a new row of tokens, inside a number of braces; `append` and `finish` follow. */
  begin(text: string, braces = 0): void {
    this.text = text
    this.count = 0
    this.commentStart = -1
    this.place = 0
    this.braces = braces
  }

  /** Closes the row with an END token. */
  finish(): void {
    this.set(this.count, TOKEN.END, this.place, this.place, 0, 0)
  }

  /** Whether a token with this text is in the row. */
  contains(text: string): boolean {
    for (let i = 0; i < this.count; i++) if (this.textOf(i) === text) return true
    return false
  }

  /** Whether as many braces are closed as opened, and some were. */
  isClosed(): boolean {
    let open = 0
    let seen = false
    for (let i = 0; i < this.count; i++) {
      if (this.kinds[i] !== TOKEN.PUNCT) continue
      const text = this.textOf(i)
      if (text === '{') {
        open++
        seen = true
      } else if (text === '}') open--
    }
    return seen && open <= 0
  }

  /** A token for a line break, where fields of a struct end. */
  pushNewline(at: number): void {
    this.set(this.count++, TOKEN.PUNCT, at, at + 1, 0, 0)
  }

  /** Adds a name that does not stand in the text, at the end of the row. */
  appendName(name: string): void {
    this.set(this.count++, TOKEN.NAME, this.place, this.place, 0, this.known.find(name))
    this.finish()
  }

  /** Cuts a further piece. `inBraces`: up to the closing brace `;` separates and begins no comment. */
  append(start: number, end: number, inBraces = false): void {
    const { text } = this
    let separates = inBraces
    let at = start
    let isCall = false
    while (at < end) {
      const code = text.charCodeAt(at)
      const kind = kindOf(code)
      if (kind === 3) {
        at++
      } else if (kind === 1) {
        const from = at
        do at++
        while (at < end && isWordPart(text.charCodeAt(at)))
        this.pushWord(from, at)
        if (this.count === 1 && at - from === 4 && text.startsWith('call', from)) isCall = true
        if (isCall && at < end && text.charCodeAt(at) === HASH && this.count > 1) at = this.skipSuffix(at, end)
      } else if (kind === 2) {
        at = this.pushNumber(at, end)
        if (isCall && at < end && text.charCodeAt(at) === HASH) at = this.skipSuffix(at, end)
      } else if (
        (code === SEMICOLON && !separates) ||
        code === HASH ||
        (code === SLASH && text.charCodeAt(at + 1) === SLASH)
      ) {
        this.commentStart = at
        break
      } else if (code === PERCENT && this.isRegisterAt(at + 1, end)) {
        const from = at++
        while (at < end && isWordPart(text.charCodeAt(at))) at++
        this.pushWord(from, at, 1)
      } else if (code === QUOTE) {
        at = this.pushString(at, end)
      } else if (code === APOSTROPHE) {
        at = this.pushCharacter(at, end)
      } else {
        if (code === OPEN_BRACE) this.braces++
        if (code === CLOSE_BRACE && --this.braces <= 0) separates = false
        at = this.pushPunct(at, end)
      }
    }
    this.place = at
  }

  /** Text of token `index`. */
  textOf(index: number): string {
    return this.text.slice(this.starts[index]!, this.ends[index]!)
  }

  /** Value of a number token of any size. */
  bigOf(index: number): bigint {
    const value = this.values[index]!
    return Number.isNaN(value) ? BigInt(this.textOf(index)) : BigInt(value)
  }

  private set(index: number, kind: number, start: number, end: number, value: number, literal: number): void {
    this.kinds[index] = kind
    this.starts[index] = start
    this.ends[index] = end
    this.values[index] = value
    this.literals[index] = literal
  }

  private pushWord(start: number, end: number, prefix = 0): void {
    const { text } = this
    const first = text.charCodeAt(start + prefix)
    const length = end - start - prefix
    // r or w and one or two digits
    if ((first === 114 || first === 119) && length >= 2 && length <= 3) {
      const tens = text.charCodeAt(start + prefix + 1) - 48
      const ones = length === 3 ? text.charCodeAt(start + prefix + 2) - 48 : 0
      if (tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9) {
        const number = length === 3 ? tens * 10 + ones : tens
        const literal = number === 0 ? this.known.find(first === 114 ? 'r0' : 'w0') : 0
        this.wide[this.count] = first === 119
        this.set(this.count++, TOKEN.REGISTER, start, end, number, literal)
        return
      }
    }
    this.set(this.count++, TOKEN.NAME, start, end, 0, this.known.find(text.slice(start, end)))
  }

  private isRegisterAt(at: number, end: number): boolean {
    const code = this.text.charCodeAt(at)
    return at + 1 < end && (code === 114 || code === 119) && kindOf(this.text.charCodeAt(at + 1)) === 2
  }

  private pushNumber(start: number, end: number): number {
    const { text } = this
    let at = start
    let value = 0
    for (; at < end; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    // More digits than any field holds: not worth the arithmetic.
    let bad = at - start > MAX_DIGITS
    if (at < end && kindOf(text.charCodeAt(at)) === 1) {
      while (at < end && isWordPart(text.charCodeAt(at))) at++
      const word = text.slice(start, at)
      bad = word.length > MAX_DIGITS || !/^(0x[0-9a-f]+|0b[01]+)$/i.test(word)
      value = bad ? 0 : Number(word)
    }
    if (value > Number.MAX_SAFE_INTEGER) value = NaN
    this.set(this.count++, bad ? TOKEN.BAD : TOKEN.NUMBER, start, at, value, 0)
    return at
  }

  private pushString(start: number, end: number): number {
    let at = start + 1
    while (at < end && this.text.charCodeAt(at) !== QUOTE) at += this.text.charCodeAt(at) === BACKSLASH ? 2 : 1
    const closed = at < end
    at = Math.min(end, at + 1)
    this.set(this.count++, closed ? TOKEN.STRING : TOKEN.BAD, start, at, 0, 0)
    return at
  }

  private pushCharacter(start: number, end: number): number {
    const closed =
      start + 2 < end && this.text.charCodeAt(start + 2) === APOSTROPHE && this.text.charCodeAt(start + 1) > TAB
    const at = closed ? start + 3 : start + 1
    this.set(
      this.count++,
      closed ? TOKEN.NUMBER : TOKEN.BAD,
      start,
      at,
      closed ? this.text.charCodeAt(start + 1) : 0,
      0,
    )
    return at
  }

  private pushPunct(start: number, end: number): number {
    let length = 1
    for (const longer of [3, 2]) {
      if (start + longer <= end && LONG_PUNCT.has(this.text.slice(start, start + longer))) {
        length = longer
        break
      }
    }
    this.set(
      this.count++,
      TOKEN.PUNCT,
      start,
      start + length,
      0,
      this.known.find(this.text.slice(start, start + length)),
    )
    return start + length
  }

  /** Skips `#1` or `#bpf_prog_<tag>` behind the target of a call. */
  private skipSuffix(at: number, end: number): number {
    at++
    while (at < end && isWordPart(this.text.charCodeAt(at))) at++
    return at
  }
}

/**
 * Where the fields of a line inside a struct's braces end: at a `;` that begins a comment. A `;` separates
 * when a field (a name and a known type), the closing brace or nothing follows.
 */
export function fieldsEnd(text: string, start: number, end: number, isType: (name: string) => boolean): number {
  for (let at = text.indexOf(';', start); at >= 0 && at < end; at = text.indexOf(';', at + 1)) {
    const next = /^\s*(?:$|[;}#]|\/\/|([A-Za-z_$][\w$]*)\s+([\w.$]+|\{))/.exec(text.slice(at + 1, end))
    if (next === null) return at
    const type = next[2]
    if (type !== undefined && type !== '{' && type !== 'size' && !isType(type)) return at
  }
  return end
}
