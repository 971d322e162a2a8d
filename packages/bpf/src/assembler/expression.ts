/**
 * Constant expressions: `+ - * / % << >> & | ^ ~`, parentheses, names, `sizeof(type)`.
 * Precedence as in C. Values are whole numbers: a plain number where it is exact, else a BigInt;
 * arithmetic with operators is done in BigInt and never wraps.
 */

import { type Lexer, TOKEN } from './lexer'

export type Value = number | bigint

const PRECEDENCE: Readonly<Record<string, number>> = {
  '|': 1,
  '^': 2,
  '&': 3,
  '<<': 4,
  '>>': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
}

/** Where names get their values from. */
export interface NameSource {
  constant(name: string): Value | undefined
  sizeOf(typeName: string): number | undefined
}

const MAX_DEPTH = 64
/** Results beyond this many bits are refused rather than computed. */
const MAX_BITS = 256n

export class ExpressionReader {
  /** Value of the last expression that was read. */
  value: Value = 0
  /** How it was written: one decimal number (with or without a sign), one hex or binary number, or anything else. */
  kind: 'decimal' | 'hex' | 'expression' = 'decimal'
  /** Token and reason of the last failure. */
  failedAt = 0
  failure = ''
  private readonly lexer: Lexer
  private readonly names: NameSource
  private depth = 0

  constructor(lexer: Lexer, names: NameSource) {
    this.lexer = lexer
    this.names = names
  }

  /** Reads an expression from token `at`; gives the token behind it, or -1 (see `failure`). */
  read(at: number): number {
    const { lexer } = this
    this.failure = ''
    const negative = lexer.kinds[at] === TOKEN.PUNCT && this.isChar(at, 45)
    const signed = negative || (lexer.kinds[at] === TOKEN.PUNCT && this.isChar(at, 43))
    const first = signed ? at + 1 : at
    // The usual case without any recursion: one number, no operator behind it.
    if (lexer.kinds[first] === TOKEN.NUMBER && !this.isOperator(first + 1)) {
      const value = lexer.values[first]!
      this.value = Number.isNaN(value)
        ? negative
          ? -lexer.bigOf(first)
          : lexer.bigOf(first)
        : negative
          ? -value
          : value
      const from = lexer.starts[first]!
      const prefixed =
        lexer.ends[first]! - from > 2 && lexer.text.charCodeAt(from) === 48 && lexer.text.charCodeAt(from + 1) > 57
      this.kind = prefixed ? 'hex' : 'decimal'
      return first + 1
    }
    this.kind = 'expression'
    this.depth = 0
    return this.binary(at, 1)
  }

  private isChar(at: number, code: number): boolean {
    const { lexer } = this
    return lexer.ends[at]! - lexer.starts[at]! === 1 && lexer.text.charCodeAt(lexer.starts[at]!) === code
  }

  private isOperator(at: number): boolean {
    return this.lexer.kinds[at] === TOKEN.PUNCT && this.lexer.textOf(at) in PRECEDENCE
  }

  private binary(at: number, least: number): number {
    if (++this.depth > MAX_DEPTH) return this.fail(at, 'the expression is nested too deep')
    let next = this.unary(at)
    while (next > 0 && this.isOperator(next)) {
      const operator = this.lexer.textOf(next)
      const precedence = PRECEDENCE[operator]!
      if (precedence < least) break
      const left = BigInt(this.value)
      const operatorAt = next
      next = this.binary(next + 1, precedence + 1)
      if (next < 0) return -1
      const result = combine(operator, left, BigInt(this.value))
      if (typeof result === 'string') return this.fail(operatorAt, result)
      this.value = narrow(result)
    }
    this.depth--
    return next
  }

  private unary(at: number): number {
    const { lexer } = this
    const kind = lexer.kinds[at]
    if (kind === TOKEN.NUMBER) {
      this.value = narrow(lexer.bigOf(at))
      return at + 1
    }
    if (kind === TOKEN.NAME) return this.name(at)
    if (kind === TOKEN.PUNCT) {
      const text = lexer.textOf(at)
      if (text === '(') {
        const next = this.binary(at + 1, 1)
        if (next < 0) return -1
        if (lexer.textOf(next) !== ')') return this.fail(next, 'a closing parenthesis is missing')
        return next + 1
      }
      if (text === '-' || text === '+' || text === '~') {
        if (++this.depth > MAX_DEPTH) return this.fail(at, 'the expression is nested too deep')
        const next = this.unary(at + 1)
        this.depth--
        if (next < 0) return -1
        const operand = BigInt(this.value)
        this.value = narrow(text === '-' ? -operand : text === '~' ? ~operand : operand)
        return next
      }
    }
    return this.fail(at, '')
  }

  private name(at: number): number {
    const { lexer } = this
    const name = lexer.textOf(at)
    if (name === 'sizeof' && lexer.textOf(at + 1) === '(') {
      const size = lexer.kinds[at + 2] === TOKEN.NAME ? this.names.sizeOf(lexer.textOf(at + 2)) : undefined
      if (size === undefined) return this.fail(at + 2, `\`${lexer.textOf(at + 2)}\` is no type`)
      if (lexer.textOf(at + 3) !== ')') return this.fail(at + 3, 'a closing parenthesis is missing')
      this.value = size
      return at + 4
    }
    const value = this.names.constant(name)
    if (value === undefined) return this.fail(at, `\`${name}\` is no constant`)
    this.value = value
    return at + 1
  }

  private fail(at: number, reason: string): number {
    this.failedAt = at
    this.failure = reason
    return -1
  }
}

function narrow(value: bigint): Value {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value
}

/** The result, or the reason why there is none. */
function combine(operator: string, left: bigint, right: bigint): bigint | string {
  const result = compute(operator, left, right)
  if (typeof result === 'bigint' && result >> MAX_BITS !== 0n && result >> MAX_BITS !== -1n)
    return 'the result is too large'
  return result
}

function compute(operator: string, left: bigint, right: bigint): bigint | string {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0n ? 'division by zero' : left / right
    case '%':
      return right === 0n ? 'division by zero' : left % right
    case '&':
      return left & right
    case '|':
      return left | right
    case '^':
      return left ^ right
    default:
      if (right < 0n || right > 63n) return 'a shift must be by 0 to 63'
      return operator === '<<' ? left << right : left >> right
  }
}
