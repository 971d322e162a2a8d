/**
 * Says what is wrong with an instruction: how far a line could be read, what was expected there, which
 * name was meant. Runs only for lines with mistakes, so it may be slow and look at everything again.
 */

import type { Dialect } from '../program'
import type { CompiledForm, Slot } from '../template'
import type { Declarations } from './declarations'
import { refuseForeignText } from './detect'
import { changeTo, type Findings } from './findings'
import { explain, type Grammar } from './grammar'
import { type Lexer, TOKEN } from './lexer'
import { nearest } from './nearest'
import type { Operands } from './operands'

export class Mistakes {
  /** The text turned out to be something else than source: one finding says so, and reading stops. */
  isForeign = false
  private readonly lexer: Lexer
  private readonly grammar: Grammar
  private readonly declarations: Declarations
  private readonly operands: Operands
  private readonly findings: Findings
  private readonly dialect: Dialect

  constructor(
    lexer: Lexer,
    grammar: Grammar,
    declarations: Declarations,
    operands: Operands,
    findings: Findings,
    dialect: Dialect,
  ) {
    this.lexer = lexer
    this.grammar = grammar
    this.declarations = declarations
    this.operands = operands
    this.findings = findings
    this.dialect = dialect
  }

  /** An immediate written as an unsigned number: fine for 32-bit operations, misleading for 64-bit ones. */
  width({ form }: CompiledForm): void {
    const { lexer, operands } = this
    if (form.group !== 'alu64' && form.name !== 'st_dw') return
    const start = lexer.starts[operands.immAt]!
    const end = lexer.ends[operands.immEnd - 1]!
    const source = lexer.text.slice(start, end)
    const fix =
      form.name === 'mov64_imm' && this.dialect === 'llvm'
        ? { fix: { title: 'Load 64 bits', text: `${source} ll` } }
        : {}
    if (operands.unsignedImm === 'expression') this.findings.add('immediate-range', start, end, [source], fix)
    else if (source.length < 18) {
      this.findings.add('sign-extended', start, end, [source, operands.imm], { severity: 'warning', ...fix })
    }
  }

  /** An operand that was read but does not fit. */
  problem(): void {
    const { lexer, operands } = this
    const { code, first, last, values } = operands.problem!
    this.findings.add(code, lexer.starts[first]!, lexer.ends[last]!, values, this.problemHelp(code, first))
  }

  private problemHelp(code: string, first: number): { expected?: string; fix?: { title: string; text: string } } {
    if (code === 'immediate-range') {
      const source = this.lexer.textOf(first)
      const isMove = this.dialect === 'llvm' && first === 2 && this.lexer.textOf(1) === '=' && this.lexer.count === 3
      return {
        expected: '-2147483648 to 2147483647, or 0x0 to 0xffffffff',
        ...(isMove ? { fix: { title: 'Load 64 bits', text: `${source} ll` } } : {}),
      }
    }
    if (code === 'offset-range') return { expected: '-32768 to 32767' }
    if (code === 'unknown-map') {
      const meant = nearest(
        this.lexer.textOf(first),
        this.declarations.maps.flatMap(({ name }) => name ?? []),
      )
      return changeTo(meant)
    }
    return {}
  }

  /** Says why a line is no instruction: how far it could be read, and what was expected there. */
  mismatch(from: number): void {
    const { findings, grammar, lexer, operands } = this
    const foreign = refuseForeignText(lexer.text)
    if (foreign !== undefined) {
      findings.add(foreign.code, lexer.starts[from]!, lexer.ends[lexer.count - 1]!, foreign.values)
      this.isForeign = true
      return
    }
    operands.reset()
    const { at, expected } = explain(grammar, lexer, from, operands.read)
    const start = lexer.starts[at]!
    const end = lexer.ends[at]!
    const word = lexer.textOf(at)
    const what = describeExpected(expected)
    if (lexer.kinds[at] === TOKEN.BAD) return findings.add('bad-token', start, end, [word], what)
    if (at === from && lexer.kinds[at] === TOKEN.NAME) return this.reportUnknownInstruction(at)
    if (lexer.kinds[at] === TOKEN.END) {
      const last = lexer.count - 1
      const place = lexer.ends[last]!
      const isLoad = expected.length === 1 && expected[0] === 'll'
      const fix = isLoad ? { fix: { title: 'Load 64 bits', text: ' ll', start: place, end: place } } : {}
      return findings.add('unexpected-end', lexer.starts[last]!, place, [], { ...what, ...fix })
    }
    if (lexer.kinds[at] === TOKEN.REGISTER && expected.some((slot) => /^\{[wx]?(dst|src)\}$/.test(slot))) {
      const letter = lexer.wide[at] ? 'r' : 'w'
      return findings.add('register-width', start, end, [word], {
        ...what,
        fix: { title: `Change to \`${letter}${lexer.values[at]}\``, text: `${letter}${lexer.values[at]}` },
      })
    }
    if (expected.some((slot) => NUMBER_SLOTS.has(slot))) {
      const { expressions } = operands
      const end = expressions.read(at)
      const { failedAt, failure } = expressions
      if (end < 0 && failure !== '') {
        if (lexer.kinds[failedAt] === TOKEN.NAME && failure.endsWith('is no constant'))
          return this.reportUnknownName(failedAt, what)
        const place = Math.min(failedAt, lexer.count - 1)
        return findings.add('bad-expression', lexer.starts[place]!, lexer.ends[place]!, [failure])
      }
    }
    const meant =
      lexer.kinds[at] === TOKEN.NAME
        ? nearest(
            word,
            expected.filter((text) => /^\w+$/.test(text)),
          )
        : undefined
    findings.add('unexpected-token', start, end, [word], {
      ...what,
      ...changeTo(meant),
    })
  }

  private reportUnknownInstruction(at: number): void {
    const { findings, grammar, lexer } = this
    const word = lexer.textOf(at)
    if (/^[rw]\d+$/.test(word)) return findings.add('bad-register', lexer.starts[at]!, lexer.ends[at]!, [word])
    const meant = nearest(word, grammar.firstWords)
    findings.add('unknown-instruction', lexer.starts[at]!, lexer.ends[at]!, [word], changeTo(meant))
  }

  private reportUnknownName(at: number, what: { expected?: string }): void {
    const { declarations, findings, lexer } = this
    const word = lexer.textOf(at)
    if (/^%?[rw]\d+$/.test(word)) return findings.add('bad-register', lexer.starts[at]!, lexer.ends[at]!, [word])
    const isWide = lexer.text.slice(lexer.ends[at]!, lexer.ends[lexer.count - 1]!).trim() === 'll'
    const candidates = [
      ...declarations.maps.flatMap(({ name }) => name ?? []),
      ...(isWide ? [] : declarations.constantNames),
    ]
    const isMap = declarations.mapIndex(word) >= 0
    const help = isMap ? { fix: { title: 'Load the map', text: `${word} ll` } } : changeTo(nearest(word, candidates))
    findings.add(isWide ? 'unknown-map' : 'unknown-name', lexer.starts[at]!, lexer.ends[at]!, [word], {
      ...what,
      ...help,
    })
  }
}

const SLOT_WORDS: Partial<Record<Slot, string>> = {
  dst: 'a register r0 … r10',
  src: 'a register r0 … r10',
  wdst: 'a register w0 … w10',
  wsrc: 'a register w0 … w10',
  xdst: 'a register r0 … r10',
  xsrc: 'a register r0 … r10',
  off: 'an offset (+ 4)',
  jump: 'a label',
  jump32: 'a label',
  helper: 'a helper',
  callee: 'a subprogram',
  func: 'func name',
  map: 'a map',
  value: 'map[name][0]+0',
}

/** Slots that begin with a constant expression. */
const NUMBER_SLOTS: ReadonlySet<string> = new Set([
  '{imm}',
  '{cmp}',
  '{imm64}',
  '{off}',
  '{plus}',
  '{next}',
  '{jump}',
  '{jump32}',
])

/** What was expected, as words: first slots by what they hold, then literals as they are written. */
function describeExpected(expected: readonly string[]): { expected?: string } {
  const slots = expected.filter((text) => text.startsWith('{') && text.length > 1)
  const literals = expected.filter((text) => !slots.includes(text) && text !== 'r0' && text !== 'w0')
  const words = new Set([...slots.map((text) => SLOT_WORDS[text.slice(1, -1) as Slot] ?? 'a number'), ...literals])
  if (words.size === 0) return {}
  const shown = [...words].slice(0, 10)
  return { expected: shown.join(', ') + (words.size > shown.length ? ', …' : '') }
}
