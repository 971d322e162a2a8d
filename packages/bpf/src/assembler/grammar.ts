/**
 * The instruction grammar of a dialect, made from the templates of the instruction table: a tree whose
 * edges are literal tokens and slots. Matching a line walks down the tree; literals are tried before
 * slots, slots in the order of the table, with backtracking.
 *
 * On failure `explain` walks again and notes how far any way came and what was expected there.
 */

import type { Dialect } from '../program'
import { COMPILED_FORMS, type CompiledForm, parseTemplate, type Slot } from '../template'
import { Lexer, Literals, TOKEN } from './lexer'

/** A slot of a form; the second `dst` of a template must repeat the first. */
export interface SlotEdge {
  readonly slot: Slot
  readonly repeat: boolean
  readonly node: GrammarNode
}

export interface GrammarNode {
  readonly literals: Map<number, GrammarNode>
  readonly slots: SlotEdge[]
  form: CompiledForm | undefined
}

export interface Grammar {
  readonly root: GrammarNode
  readonly literals: Literals
  /** The literal texts, by number. */
  readonly texts: readonly string[]
  /** First words of instructions: mnemonics, or `if`, `goto`, … */
  readonly firstWords: readonly string[]
}

/** What a slot reader does: reads a slot from a token on, gives the token behind it or -1. */
export type SlotReader = (slot: Slot, at: number, repeat: boolean) => number

function emptyNode(): GrammarNode {
  return { literals: new Map(), slots: [], form: undefined }
}

function build(dialect: Dialect): Grammar {
  const literals = new Literals()
  const texts: string[] = ['']
  const root = emptyNode()
  const lexer = new Lexer(literals)
  for (const compiled of COMPILED_FORMS) {
    const { form } = compiled
    for (const template of [dialect === 'llvm' ? form.llvm : form.mnemonic, ...(form.also[dialect] ?? [])]) {
      insert(root, template, compiled, lexer, literals, texts)
    }
  }
  const firstWords = [...root.literals.keys()].map((id) => texts[id]!).filter((text) => /^\w{2,}$/.test(text))
  return { root, literals, texts, firstWords }
}

function insert(
  root: GrammarNode,
  template: string,
  form: CompiledForm,
  lexer: Lexer,
  literals: Literals,
  texts: string[],
): void {
  const seen = new Set<string>()
  let node = root
  for (const part of parseTemplate(template)) {
    if ('slot' in part) {
      const field = part.slot.replace(/^[wx](?=dst|src)/, '')
      const repeat = (field === 'dst' || field === 'src') && seen.has(field)
      seen.add(field)
      let edge = node.slots.find((other) => other.slot === part.slot && other.repeat === repeat)
      if (edge === undefined) {
        edge = { slot: part.slot, repeat, node: emptyNode() }
        node.slots.push(edge)
      }
      node = edge.node
      continue
    }
    const text = part.text.replace(/%$/, '')
    lexer.lex(text, 0, text.length)
    for (let i = 0; i < lexer.count; i++) {
      const word = lexer.textOf(i)
      const id = literals.intern(word)
      texts[id] = word
      let next = node.literals.get(id)
      if (next === undefined) {
        next = emptyNode()
        node.literals.set(id, next)
      }
      node = next
    }
  }
  if (node.form !== undefined && node.form !== form)
    throw new Error(`Template "${template}" stands for ${node.form.form.name} and ${form.form.name}`)
  node.form = form
}

/** The form that the tokens from `at` on are an instance of, or undefined; operands are left in the reader. */
export function match(node: GrammarNode, lexer: Lexer, at: number, read: SlotReader): CompiledForm | undefined {
  if (node.form !== undefined && isEnd(lexer, at)) return node.form
  const literal = lexer.literals[at]!
  if (literal !== 0) {
    const next = node.literals.get(literal)
    if (next !== undefined) {
      const form = match(next, lexer, at + 1, read)
      if (form !== undefined) return form
    }
  }
  for (const edge of node.slots) {
    const next = read(edge.slot, at, edge.repeat)
    if (next < 0) continue
    const form = match(edge.node, lexer, next, read)
    if (form !== undefined) return form
  }
  return undefined
}

/** End of the instruction: end of the line, or the `<symbol+0x10>` that objdump adds to targets. */
function isEnd(lexer: Lexer, at: number): boolean {
  return lexer.kinds[at] === TOKEN.END || (lexer.textOf(at) === '<' && lexer.textOf(lexer.count - 1) === '>')
}

export interface Explanation {
  /** Token that no way came past. */
  at: number
  /** What could have stood there: literal texts, and slots in braces. */
  expected: string[]
}

/** Why the tokens from `from` on match nothing. */
export function explain(grammar: Grammar, lexer: Lexer, from: number, read: SlotReader): Explanation {
  const result: Explanation = { at: from, expected: [] }
  const note = (at: number, what: string) => {
    if (at < result.at) return
    if (at > result.at) {
      result.at = at
      result.expected = []
    }
    if (!result.expected.includes(what)) result.expected.push(what)
  }
  const walk = (node: GrammarNode, at: number): void => {
    if (node.form !== undefined) note(at, 'end of line')
    for (const [id, next] of node.literals) {
      if (lexer.literals[at] === id) walk(next, at + 1)
      else note(at, grammar.texts[id]!)
    }
    for (const edge of node.slots) {
      const next = read(edge.slot, at, edge.repeat)
      if (next < 0) note(at, `{${edge.slot}}`)
      else walk(edge.node, next)
    }
  }
  walk(grammar.root, from)
  return result
}

const grammars = new Map<Dialect, Grammar>()

/** The grammar of a dialect, made on first use. */
export function grammarOf(dialect: Dialect): Grammar {
  let grammar = grammars.get(dialect)
  if (grammar === undefined) {
    grammar = build(dialect)
    grammars.set(dialect, grammar)
  }
  return grammar
}
