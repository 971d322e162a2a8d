/**
 * What every word of a source text is: the base of colours, outline, hover, completion, rename.
 * Tolerant: works on texts that do not assemble. Positions are offsets into the text; the functions of
 * the editor turn them into lines and columns.
 */

import { assembleDeclarations } from '../assembler/assemble'
import type { Declarations } from '../assembler/declarations'
import { detectDialect } from '../assembler/detect'
import { LineIndex } from '../assembler/findings'
import { grammarOf } from '../assembler/grammar'
import { fieldsEnd, Lexer, TOKEN } from '../assembler/lexer'
import { BUILTIN_TYPES, TYPE_FORMATS } from '../assembler/types'
import { predefinedConstants } from '../constants'
import { helperId } from '../helpers'
import { mapTypeNumber } from '../map-types'
import type { Dialect } from '../program'

/** What a piece of text is. */
export type TokenKind =
  | 'comment'
  | 'directive'
  | 'keyword'
  | 'register'
  | 'number'
  | 'string'
  | 'operator'
  | 'punctuation'
  | 'label'
  | 'function'
  | 'helper'
  | 'map'
  | 'constant'
  | 'type'
  | 'field'
  | 'program'
  | 'name'
  | 'invalid'

export interface SourceToken {
  readonly kind: TokenKind
  /** Offsets into the text, end exclusive. */
  readonly start: number
  readonly end: number
  /** This is where the name is defined. */
  readonly defines?: boolean
}

export type SymbolKind = 'program' | 'function' | 'label' | 'map' | 'constant' | 'type'

export interface SymbolDefinition {
  readonly kind: SymbolKind
  readonly name: string
  readonly start: number
  readonly end: number
}

/** Words that say what follows in a declaration. */
const DECLARATION_WORDS = new Set(['key', 'value', 'max', 'max_entries', 'flags', 'size'])
const JUMP_WORDS = new Set(['goto', 'gotol', 'may_goto'])
const OPERATORS = /^[-+*/%<>=!&|^~]+$/

export class SourceIndex {
  readonly text: string
  readonly lines: LineIndex
  readonly dialect: Dialect
  readonly declarations: Declarations
  readonly tokens: SourceToken[] = []
  /** Defined names; a label and a constant may share one. */
  readonly definitions: SymbolDefinition[] = []
  private readonly lexer: Lexer
  private readonly labels = new Set<string>()
  private readonly functions = new Set<string>()

  constructor(text: string, dialect?: Dialect) {
    this.text = text
    this.lines = new LineIndex(text)
    this.dialect = dialect ?? detectDialect(text)
    this.lexer = new Lexer(grammarOf(this.dialect).literals)
    this.declarations = assembleDeclarations(text, this.dialect)
    this.collectLabels()
    this.classify()
  }

  /** The token at an offset; a token just left of it counts too, as a cursor stands behind what was typed. */
  tokenAt(place: number): SourceToken | undefined {
    let low = 0
    let high = this.tokens.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.tokens[middle]!.start <= place) low = middle + 1
      else high = middle
    }
    const token = this.tokens[low - 1]
    return token !== undefined && place <= token.end ? token : undefined
  }

  wordOf(token: SourceToken): string {
    return this.text.slice(token.start, token.end)
  }

  private collectLabels(): void {
    const label = /^[ \t]*([A-Za-z_.$][\w.$]*):/gm
    for (const found of this.text.matchAll(label)) this.labels.add(found[1]!)
    for (const found of this.text.matchAll(/^[ \t]*\.func[ \t]+([\w.$]+)/gm)) this.functions.add(found[1]!)
  }

  private classify(): void {
    const { lexer, lines, text } = this
    const isType = (name: string) => this.declarations.type(name) !== undefined
    // Braces of a `.struct` that are open at the start of the line.
    let braces = 0
    for (let line = 1; line <= lines.starts.length; line++) {
      const start = lines.starts[line - 1]!
      const end = lines.lineEnd(line)
      const head = text.slice(start, Math.min(end, start + 400))
      if (/^\s*\./.test(head)) braces = 0
      const isInside = braces > 0
      const isFields = isInside || /^\s*\.struct\b[^}]*\{/.test(head)
      const cut = isFields && !(braces === 0 && head.includes('}')) ? fieldsEnd(text, start, end, isType) : end
      lexer.begin(text, braces)
      lexer.append(start, cut, isFields)
      lexer.finish()
      braces = isFields ? Math.max(0, lexer.braces) : 0
      const first = lexer.textOf(0)
      if (isInside) this.structBody(0)
      else if (lexer.kinds[0] === TOKEN.NAME && first.startsWith('.') && lexer.textOf(1) !== ':')
        this.directiveLine(first)
      else this.instructionLine()
      const comment = lexer.commentStart >= 0 ? lexer.commentStart : cut
      if (comment < end) {
        const stop = trimEnd(text, comment, end)
        if (stop > comment) this.tokens.push({ kind: 'comment', start: comment, end: stop })
      }
    }
  }

  private push(kind: TokenKind, index: number, defines = false): void {
    const { lexer } = this
    const start = lexer.starts[index]!
    const end = lexer.ends[index]!
    this.tokens.push(defines ? { kind, start, end, defines } : { kind, start, end })
  }

  private define(kind: SymbolKind, index: number): void {
    this.push(kind, index, true)
    const { lexer } = this
    this.definitions.push({ kind, name: lexer.textOf(index), start: lexer.starts[index]!, end: lexer.ends[index]! })
  }

  private directiveLine(directive: string): void {
    const { lexer } = this
    this.push('directive', 0)
    let next = 1
    if (lexer.kinds[1] === TOKEN.NAME) {
      if (directive === '.func') this.define('function', 1)
      else if (directive === '.map') this.define('map', 1)
      else if (directive === '.struct') this.define('type', 1)
      else if (directive === '.const' || directive === '.equ' || directive === '.set') this.define('constant', 1)
      else if (directive === '.prog') {
        this.push('keyword', 1)
        if (lexer.kinds[2] === TOKEN.NAME) this.define('program', 2)
        next = 2
      } else this.plain(1)
      next++
    }
    if (directive === '.struct') return this.structBody(next)
    for (let i = Math.min(next, lexer.count); i < lexer.count; i++) {
      if (lexer.kinds[i] !== TOKEN.NAME) this.plain(i)
      else if (
        directive === '.map' &&
        (DECLARATION_WORDS.has(lexer.textOf(i)) || mapTypeNumber(lexer.textOf(i)) !== undefined)
      )
        this.push('keyword', i)
      else this.declarationName(i)
    }
  }

  private structBody(from: number): void {
    const { lexer } = this
    let expectField = from === 0
    for (let i = from; i < lexer.count; i++) {
      const word = lexer.textOf(i)
      if (word === '{' || word === ';' || word === ',') {
        expectField = true
        this.push('punctuation', i)
      } else if (lexer.kinds[i] === TOKEN.NAME && word === 'size' && !expectField) this.push('keyword', i)
      else if (lexer.kinds[i] === TOKEN.NAME && expectField) {
        this.push('field', i, true)
        expectField = false
      } else if (lexer.kinds[i] === TOKEN.NAME) this.declarationName(i)
      else this.plain(i)
    }
  }

  private declarationName(i: number): void {
    const word = this.lexer.textOf(i)
    if (this.declarations.structTypes.has(word) || BUILTIN_TYPES.has(word)) this.push('type', i)
    else if (TYPE_FORMATS.includes(word)) this.push('keyword', i)
    else if (this.declarations.constant(word) !== undefined) this.push('constant', i)
    else this.push('name', i)
  }

  private instructionLine(): void {
    const { lexer } = this
    let at = 0
    while (lexer.kinds[at] === TOKEN.NAME && lexer.textOf(at + 1) === ':') {
      this.define('label', at)
      this.push('punctuation', at + 1)
      at += 2
    }
    const first = lexer.textOf(at)
    const jumps = this.dialect === 'mnemonic' && first.startsWith('j')
    for (let i = at; i < lexer.count; i++) {
      if (lexer.kinds[i] === TOKEN.NAME) this.push(this.nameKind(i, at, jumps), i)
      else this.plain(i)
    }
  }

  private nameKind(i: number, first: number, jumps: boolean): TokenKind {
    const { lexer, declarations } = this
    const word = lexer.textOf(i)
    const previous = i > first ? lexer.textOf(i - 1) : ''
    if (JUMP_WORDS.has(previous) || (jumps && i > first && i === lexer.count - 1))
      return word === 'pc' && !this.labels.has(word) ? 'keyword' : this.targetKind(word)
    if (previous === 'call' || previous === 'local' || previous === 'func') {
      if (word === 'local' || word === 'kfunc' || word === 'pc') return 'keyword'
      return previous === 'call' && helperId(word) !== undefined ? 'helper' : this.targetKind(word)
    }
    if (
      declarations.mapIndex(word) >= 0 &&
      (lexer.textOf(i + 1) === 'll' || previous === '[' || lexer.textOf(first) === 'lddw')
    )
      return 'map'
    if (lexer.literals[i] !== 0) return /^[us](?:8|16|32|64)$/.test(word) ? 'type' : 'keyword'
    if (word === 'sizeof') return 'keyword'
    if (declarations.constant(word) !== undefined) return 'constant'
    if (declarations.structTypes.has(word) || (BUILTIN_TYPES.has(word) && previous === '(')) return 'type'
    if (declarations.mapIndex(word) >= 0) return 'map'
    return 'name'
  }

  private targetKind(word: string): TokenKind {
    if (this.functions.has(word)) return 'function'
    if (this.labels.has(word)) return 'label'
    return word === this.declarations.name ? 'program' : 'name'
  }

  private plain(i: number): void {
    const { lexer } = this
    const kind = lexer.kinds[i]
    if (kind === TOKEN.REGISTER) this.push('register', i)
    else if (kind === TOKEN.NUMBER) this.push('number', i)
    else if (kind === TOKEN.STRING) this.push('string', i)
    else if (kind === TOKEN.NAME) this.push('name', i)
    else if (kind === TOKEN.BAD) this.push('invalid', i)
    else this.push(OPERATORS.test(lexer.textOf(i)) ? 'operator' : 'punctuation', i)
  }

  /** Constants that may be used: own and predefined. */
  constantNames(): string[] {
    return this.declarations.constantNames
  }

  isPredefined(name: string): boolean {
    return predefinedConstants(this.declarations.progType).has(name)
  }
}

function trimEnd(text: string, from: number, end: number): number {
  let at = end
  while (at > from && text.charCodeAt(at - 1) <= 32) at--
  return at
}
