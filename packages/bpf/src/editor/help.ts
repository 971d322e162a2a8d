/**
 * What an editor says about a place in a text: hover texts (Markdown), completion candidates, hints with
 * the values of constants. Pure functions over text; lines and columns from 1.
 */

import { PROG_TYPE_WORDS } from '../assembler/declarations'
import { grammarOf, match } from '../assembler/grammar'
import { Lexer } from '../assembler/lexer'
import { Operands } from '../assembler/operands'
import { BUILTIN_TYPES, TYPE_FORMATS } from '../assembler/types'
import { contextLayout } from '../context-fields'
import { CARD_HELPERS, helperDoc } from '../helper-docs'
import { type Helper, helperId, HELPERS } from '../helpers'
import { INSN_FORMS } from '../isa'
import { MAP_TYPE_NAMES } from '../map-types'
import type { SourceRange } from '../program'
import type { CompiledForm } from '../template'
import { structText, typeText } from '../type-text'
import { mapText } from '../disassemble'
import { SourceIndex, type SourceToken } from './source-index'

export interface Description {
  readonly range: SourceRange
  /** Markdown: a code block, then sentences. */
  readonly markdown: string
}

export type CompletionKind =
  | 'instruction'
  | 'register'
  | 'helper'
  | 'label'
  | 'function'
  | 'map'
  | 'constant'
  | 'type'
  | 'directive'
  | 'keyword'

export interface Completion {
  readonly label: string
  readonly kind: CompletionKind
  /** One line beside the label. */
  readonly detail: string
  readonly doc?: string
  /** Text to put in; `${1:name}` marks a place to fill (snippet). */
  readonly insert: string
  readonly snippet: boolean
  /** What the text replaces. */
  readonly range: SourceRange
}

export interface InlayHint {
  readonly line: number
  readonly column: number
  readonly text: string
}

const DIRECTIVE_DOCS: Readonly<Record<string, readonly [form: string, doc: string, snippet: string]>> = {
  '.prog': ['.prog xdp|tc NAME', 'Type and name of the program.', '.prog ${1:xdp} ${2:name}'],
  '.license': [
    '.license GPL',
    'Licence; some helpers are for GPL programs only. GPL when left out.',
    '.license ${1:GPL}',
  ],
  '.map': [
    '.map NAME TYPE key TYPE value TYPE max N [flags N]',
    'Declares a map; `r1 = NAME ll` loads its address.',
    '.map ${1:name} ${2:array} key ${3:u32} value ${4:u64} max ${5:1}',
  ],
  '.struct': [
    '.struct NAME { field TYPE; … }',
    'Declares a type for keys and values, laid out as in C; `NAME.field` is a constant, the offset.',
    '.struct ${1:name} { ${2:field} ${3:u32} }',
  ],
  '.const': ['.const NAME = EXPRESSION', 'Names a number.', '.const ${1:NAME} = ${2:1}'],
  '.equ': ['.equ NAME, EXPRESSION', 'Names a number.', '.equ ${1:NAME}, ${2:1}'],
  '.set': ['.set NAME, EXPRESSION', 'Names a number.', '.set ${1:NAME}, ${2:1}'],
  '.func': ['.func NAME', 'A subprogram begins here; `call NAME` calls it.', '.func ${1:name}'],
  '.raw': ['.raw BYTES [map[NAME]]', 'An instruction as bytes in hex.', '.raw ${1:b700000002000000}'],
  '.section': ['.section NAME', 'Section as clang writes it; `xdp`, `tc` set the program type.', '.section ${1:xdp}'],
}

const CALLER_WORDS = { X: 'xdp', C: 'tc', S: 'socket filter', G: 'cgroup skb' } as const

/** The text that explains what stands at a place, or undefined where there is nothing to say. */
export function describeAt(text: string, line: number, column: number): Description | undefined {
  const index = new SourceIndex(text)
  const token = index.tokenAt(index.lines.place(line, column))
  if (token === undefined || token.kind === 'comment') return undefined
  const markdown = describeToken(index, token) ?? describeInstruction(index, token)
  return markdown === undefined ? undefined : { range: index.lines.range(token.start, token.end), markdown }
}

function code(text: string): string {
  return `\`\`\`bpf\n${text}\n\`\`\``
}

function describeToken(index: SourceIndex, token: SourceToken): string | undefined {
  const word = index.wordOf(token)
  const { declarations } = index
  switch (token.kind) {
    case 'helper':
      return describeHelper(HELPERS[helperId(word)!]!)
    case 'map': {
      const map = declarations.maps[declarations.mapIndex(word)]
      return map === undefined ? undefined : code(mapText(map))
    }
    case 'constant':
      return describeConstant(index, word)
    case 'type': {
      const struct = declarations.structTypes.get(word)
      if (struct?.kind === 'struct') return `${code(structText(struct))}\n${struct.size} bytes.`
      const type = BUILTIN_TYPES.get(word)
      return type === undefined
        ? undefined
        : `${code(typeText(type))}\n${declarations.sizeOf(word)} bytes${type.kind === 'int' && type.bigEndian === true ? ' in network order' : ''}.`
    }
    case 'directive': {
      const [form, doc] = DIRECTIVE_DOCS[word] ?? []
      return form === undefined ? undefined : `${code(form)}\n${doc}`
    }
    case 'label':
    case 'function': {
      const uses = index.tokens.filter(
        (other) => other.kind === token.kind && other.defines !== true && index.wordOf(other) === word,
      ).length
      return `${code(token.kind === 'function' ? `.func ${word}` : `${word}:`)}\nUsed ${uses === 1 ? 'once' : `${uses} times`}.`
    }
    case 'number':
      return describeNumber(word) ?? undefined
    default:
      return undefined
  }
}

/** Other ways to write a number, when that tells something. */
function describeNumber(word: string): string | undefined {
  if (!/^(0x[0-9a-f]+|0b[01]+|\d+)$/i.test(word) || word.length > 20) return undefined
  const value = BigInt(word)
  if (value < 10n) return undefined
  return `\`${value}\` = \`0x${value.toString(16)}\``
}

function describeConstant(index: SourceIndex, word: string): string | undefined {
  const value = index.declarations.constant(word)
  if (value === undefined) return undefined
  const [owner, field] = word.split('.')
  const layout = contextLayout(index.declarations.progType)
  const context =
    owner === 'ctx' || owner === layout.name ? layout.fields.find(({ name }) => name === field) : undefined
  const doc =
    context === undefined
      ? ''
      : `\nField of \`${layout.name}\`, ${context.size} bytes at ${context.offset}. ${context.doc}`
  return `${code(`${word} = ${value}${typeof value === 'number' && Math.abs(value) > 9 ? ` (0x${(value < 0 ? value >>> 0 : value).toString(16)})` : ''}`)}${doc}`
}

/** Signature, callers and remarks of a helper. */
export function describeHelper(helper: Helper): string {
  const { signature } = helper
  const head =
    signature === undefined ? helper.name : `${helper.name}(${signature.args.join(', ')}) → ${signature.returns}`
  const remarks: string[] = []
  const doc = helperDoc(helper.id)
  if (doc !== undefined) remarks.push(doc)
  if (signature !== undefined) {
    remarks.push(`Programs: ${signature.callers.map((caller) => CALLER_WORDS[caller]).join(', ')}.`)
    if (signature.returns.endsWith('∅')) remarks.push('The result must be compared with 0 before it is used.')
    if (signature.flags.includes('gpl')) remarks.push('Needs a GPL-compatible licence.')
    if (signature.flags.includes('inv')) remarks.push('All packet pointers must be loaded anew afterwards.')
    if (signature.flags.includes('acq')) remarks.push('Takes a reference that must be given back.')
  } else remarks.push('Not for the program types of a network card.')
  remarks.push(
    CARD_HELPERS.has(helper.id)
      ? 'Runs on the card if its firmware has it.'
      : 'The card has no such helper; on the host only.',
  )
  return `${code(head)}\nHelper ${helper.id}. ${remarks.join(' ')}`
}

/** The instruction of the token's line. */
function describeInstruction(index: SourceIndex, token: SourceToken): string | undefined {
  const form = formAt(index, index.lines.lineAt(token.start))?.form
  if (form === undefined) return undefined
  const show = (template: string) =>
    template
      .replace(/\{[wx]?(dst|src)\}/g, '$1')
      .replace(/\{off\}/g, ' + offset')
      .replace(/\{(\w+)\}/g, (_, slot: string) => SLOT_NAMES[slot] ?? slot)
  const shown = index.dialect === 'llvm' ? form.llvm : form.mnemonic
  const other = index.dialect === 'llvm' ? form.mnemonic : form.llvm
  return `${code(show(shown))}\n${form.doc}\n\nOpcode \`0x${form.opcode.toString(16).padStart(2, '0')}\`, instruction set v${form.isa}; also written \`${show(other)}\`.`
}

const SLOT_NAMES: Readonly<Record<string, string>> = {
  cmp: 'imm',
  plus: ' + imm',
  jump: 'label',
  jump32: 'label',
  imm64: 'imm',
  callee: 'function',
  func: 'func name',
}

/** The form of the instruction on a line, or undefined when there is none that is right. */
function formAt(index: SourceIndex, line: number): CompiledForm | undefined {
  const grammar = grammarOf(index.dialect)
  const lexer = new Lexer(grammar.literals)
  lexer.lex(index.text, index.lines.starts[line - 1]!, index.lines.lineEnd(line))
  let at = 0
  while (lexer.textOf(at + 1) === ':') at += 2
  const operands = new Operands(lexer, index.declarations)
  return lexer.count <= at ? undefined : match(grammar.root, lexer, at, operands.read)
}

// Completion -------------------------------------------------------------------------------------

/** What may be typed at a place, the best first. */
export function completionsAt(text: string, line: number, column: number): Completion[] {
  const index = new SourceIndex(text)
  const place = index.lines.place(line, column)
  const lineStart = index.lines.starts[Math.min(line, index.lines.starts.length) - 1]!
  const before = text.slice(lineStart, place)
  if (/(^|\s)[;#]|\/\//.test(before) && !/^\s*\.struct\b.*\{/.test(before)) return []
  const word = /[\w.$%]*$/.exec(before)![0]
  const range = index.lines.range(place - word.length, place)
  const found: Completion[] = []
  const offer = (label: string, kind: CompletionKind, detail: string, more: { doc?: string; insert?: string } = {}) => {
    found.push({
      label,
      kind,
      detail,
      insert: more.insert ?? label,
      snippet: more.insert !== undefined && more.insert.includes('${'),
      range,
      ...(more.doc === undefined ? {} : { doc: more.doc }),
    })
  }
  const head = before
    .slice(0, before.length - word.length)
    .trimStart()
    .replace(/^[\w.$]+:\s*/, '')
  if (head.startsWith('.')) completeDirective(index, head, offer)
  else if (head === '') completeStart(index, word, offer)
  else completeOperand(index, head, offer)
  return found
}

type Offer = (label: string, kind: CompletionKind, detail: string, more?: { doc?: string; insert?: string }) => void

function completeStart(index: SourceIndex, word: string, offer: Offer): void {
  if (word.startsWith('.') || word === '') {
    for (const [name, [form, doc, snippet]] of Object.entries(DIRECTIVE_DOCS))
      offer(name, 'directive', form, { doc, insert: snippet })
  }
  if (word.startsWith('.')) return
  if (index.dialect === 'mnemonic') {
    const seen = new Set<string>()
    for (const form of INSN_FORMS) {
      const mnemonic = form.mnemonic.split(' ')[0]!
      if (seen.has(mnemonic)) continue
      seen.add(mnemonic)
      offer(mnemonic, 'instruction', form.mnemonic.replace(/[{}]/g, ''), { doc: form.doc })
    }
    return
  }
  offer('if', 'instruction', 'if r1 == 0 goto label', {
    insert: 'if ${1:r1} ${2:==} ${3:0} goto ${4:label}',
    doc: 'Jumps if the comparison holds.',
  })
  offer('goto', 'instruction', 'goto label', { insert: 'goto ${1:label}' })
  offer('call', 'instruction', 'call helper or subprogram', { insert: 'call ' })
  offer('exit', 'instruction', 'end of program or function')
  offer('lock', 'instruction', 'atomic operation on memory', { insert: 'lock *(u64 *)(${1:r0} + ${2:0}) += ${3:r1}' })
  for (const size of ['u8', 'u16', 'u32', 'u64'])
    offer(`*(${size} *)`, 'instruction', `store ${size}`, { insert: `*(${size} *)(\${1:r10} - \${2:8}) = \${3:r1}` })
  for (let register = 0; register <= 10; register++) offer(`r${register}`, 'register', REGISTER_DOCS[register]!)
}

function completeDirective(index: SourceIndex, head: string, offer: Offer): void {
  const words = head.split(/\s+/).filter((word) => word !== '')
  if (words[0] === '.prog' && words.length === 1) {
    for (const [name, type] of PROG_TYPE_WORDS) offer(name, 'keyword', type)
  } else if (words[0] === '.map' && words.length === 2) {
    for (const name of MAP_TYPE_NAMES.slice(1)) offer(name, 'keyword', 'map type')
  } else if (words[0] === '.map') {
    const last = words.at(-1)
    if (last === 'key' || last === 'value') completeType(index, offer)
    else
      for (const word of ['key', 'value', 'max', 'flags'])
        if (!words.includes(word)) offer(word, 'keyword', `${word} of the map`)
  } else if (words[0] === '.struct') completeType(index, offer)
}

function completeType(index: SourceIndex, offer: Offer): void {
  for (const name of index.declarations.structTypes.keys())
    offer(name, 'type', `${index.declarations.sizeOf(name)} bytes`)
  for (const name of BUILTIN_TYPES.keys()) offer(name, 'type', `${index.declarations.sizeOf(name)} bytes`)
  for (const name of TYPE_FORMATS) offer(name, 'keyword', 'how it is shown')
}

function completeOperand(index: SourceIndex, head: string, offer: Offer): void {
  const { declarations } = index
  const last = /(\S+)\s*$/.exec(head)?.[1] ?? ''
  const offerTargets = () => {
    for (const { kind, name } of index.definitions) if (kind === 'label' || kind === 'function') offer(name, kind, kind)
  }
  if (/^(goto|gotol|may_goto)$/.test(last) || /^j\w*\s.*,\s*$|^ja\w*\s+$/.test(head)) {
    offerTargets()
    return
  }
  if (last === 'call' || last === 'local') {
    for (const { kind, name } of index.definitions)
      if (kind === 'function' || kind === 'label') offer(name, 'function', 'subprogram')
    if (last === 'local') return
    const letter =
      declarations.progType === 'xdp'
        ? 'X'
        : declarations.progType === 'socket_filter'
          ? 'S'
          : declarations.progType === 'cgroup_skb'
            ? 'G'
            : 'C'
    const helpers = HELPERS.filter(({ signature }) => signature?.callers.includes(letter) === true)
    for (const helper of [
      ...helpers.filter(({ id }) => CARD_HELPERS.has(id)),
      ...helpers.filter(({ id }) => !CARD_HELPERS.has(id)),
    ]) {
      offer(helper.name, 'helper', helper.signature!.args.join(', '), { doc: describeHelper(helper) })
    }
    return
  }
  for (const { name } of declarations.maps)
    if (name !== undefined) offer(name, 'map', 'map', { insert: index.dialect === 'llvm' ? `${name} ll` : name })
  const letters =
    index.dialect === 'llvm' ? (/^w\d+\s/.test(head) || /\bw\d+\s/.test(head) ? ['w', 'r'] : ['r', 'w']) : ['%r']
  for (const letter of letters)
    for (let register = 0; register <= 10; register++)
      offer(`${letter}${register}`, 'register', REGISTER_DOCS[register]!)
  for (const name of index.constantNames()) offer(name, 'constant', String(declarations.constant(name) ?? ''))
  for (const struct of declarations.structTypes.values()) {
    if (struct.kind === 'struct')
      for (const field of struct.fields) offer(`${struct.name}.${field.name}`, 'constant', `offset ${field.offset}`)
  }
  for (const word of index.dialect === 'llvm'
    ? ['goto', 'll', 'be16', 'be32', 'be64', 'bswap16', 'bswap32', 'bswap64']
    : [])
    offer(word, 'keyword', '')
}

const REGISTER_DOCS: readonly string[] = [
  'result of calls and of the program',
  'first argument; the context at the start',
  'second argument',
  'third argument',
  'fourth argument',
  'fifth argument',
  'kept over calls',
  'kept over calls',
  'kept over calls',
  'kept over calls',
  'end of the stack, read only',
]

// Hints ------------------------------------------------------------------------------------------

/** Values of the constants that a text uses, each behind its name. */
export function inlayHints(text: string): InlayHint[] {
  const index = new SourceIndex(text)
  return index.tokens.flatMap((token) => {
    if (token.kind !== 'constant' || token.defines === true) return []
    const value = index.declarations.constant(index.wordOf(token))
    if (value === undefined) return []
    const { endLine, endColumn } = index.lines.range(token.start, token.end)
    return [{ line: endLine, column: endColumn, text: `= ${value}` }]
  })
}
