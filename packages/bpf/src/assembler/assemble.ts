/**
 * The assembler: source text in either dialect to a program, or to diagnostics; it never throws.
 *
 * Two walks over the lines: declarations first (declarations.ts), then labels and instructions. Jumps to
 * labels are patched at the end. A line that is wrong is reported and left out; the rest is still read,
 * so that one text can give several diagnostics.
 */

import { fromHex } from '../insn'
import { LD_IMM64 } from '../opcodes'
import type { AssembleResult, Dialect, MapReloc, Program, ProgType } from '../program'
import type { CompiledForm } from '../template'
import { CLineReader } from './c-lines'
import { Code } from './code'
import { DECLARATIONS, Declarations, PROG_TYPE_WORDS } from './declarations'
import { detectDialect } from './detect'
import { changeTo, Findings, LineIndex } from './findings'
import { type Grammar, grammarOf, match } from './grammar'
import { Labels } from './labels'
import { fieldsEnd, Lexer, TOKEN } from './lexer'
import { Mistakes } from './mistakes'
import { nearest } from './nearest'
import { Operands } from './operands'

export interface AssembleOptions {
  /** Default `auto`: found from the text. */
  readonly dialect?: Dialect | 'auto'
  /** Program type where the text names none; default xdp. */
  readonly progType?: ProgType
}

const MAX_TEXT = 4 * 1024 * 1024
/** The kernel's limit for privileged loads. */
const MAX_SLOTS = 1_000_000

/** Assembler directives of other tools that say nothing about the program: skipped without a word. */
const SILENT = new Set([
  '.globl',
  '.global',
  '.type',
  '.size',
  '.p2align',
  '.align',
  '.balign',
  '.ident',
  '.addrsig',
  '.addrsig_sym',
  '.loc',
  '.weak',
  '.hidden',
  '.local',
  '.code',
])

/** Reads a text to a program. Any text gives a result: the program, or at least one error. */
export function assemble(text: string, options: AssembleOptions = {}): AssembleResult {
  if (text.length > MAX_TEXT) {
    const findings = new Findings(new LineIndex(''))
    findings.add('text-too-long', 0, 0, [MAX_TEXT])
    return { ok: false, diagnostics: findings.list() }
  }
  const lines = new LineIndex(text)
  const findings = new Findings(lines)
  const dialect = options.dialect === undefined || options.dialect === 'auto' ? detectDialect(text) : options.dialect
  const assembler = new Assembler(text, lines, findings, dialect, options.progType ?? 'xdp')
  const program = assembler.run()
  const diagnostics = findings.list()
  return findings.hasErrors ? { ok: false, diagnostics } : { ok: true, program, dialect, diagnostics }
}

/** Only what a text declares (maps, types, constants, program), for editors; mistakes are passed over. */
export function assembleDeclarations(text: string, dialect: Dialect): Declarations {
  const lines = new LineIndex(text.length > MAX_TEXT ? '' : text)
  const assembler = new Assembler(lines.text, lines, new Findings(lines), dialect, 'xdp')
  assembler.readDeclarations()
  return assembler.declarations
}

class Assembler {
  private readonly lexer: Lexer
  private readonly grammar: Grammar
  readonly declarations: Declarations
  private readonly operands: Operands
  private readonly code = new Code()
  private readonly relocs: MapReloc[] = []
  private readonly labels: Labels
  private readonly mistakes: Mistakes
  private readonly cLines = new CLineReader()
  /** Lines taken by declarations of several lines. */
  private readonly taken = new Set<number>()
  private skippedSection: string | undefined
  private readonly text: string
  private readonly lines: LineIndex
  private readonly findings: Findings
  private readonly dialect: Dialect

  constructor(text: string, lines: LineIndex, findings: Findings, dialect: Dialect, progType: ProgType) {
    this.text = text
    this.lines = lines
    this.findings = findings
    this.dialect = dialect
    this.grammar = grammarOf(dialect)
    this.lexer = new Lexer(this.grammar.literals)
    this.declarations = new Declarations(this.lexer, findings, progType)
    this.operands = new Operands(this.lexer, this.declarations)
    this.labels = new Labels(this.code, findings)
    this.mistakes = new Mistakes(this.lexer, this.grammar, this.declarations, this.operands, findings, dialect)
  }

  run(): Program {
    this.readDeclarations()
    this.readInstructions()
    this.labels.patch((name) => this.impliedSlot(name))
    if (this.code.count === 0 && !this.findings.hasErrors) this.refuseEmpty()
    const { declarations } = this
    return {
      name: declarations.name,
      progType: declarations.progType,
      license: declarations.license,
      insns: this.code.bytes(),
      maps: declarations.maps,
      relocs: this.relocs,
      subprograms: this.labels.subprograms(declarations.name),
      labels: this.labels.list(),
      lines: this.code.sourceLines(),
      ...(declarations.maps.length > 0
        ? { mapLines: declarations.mapPlaces.map((place) => this.lines.lineAt(place)) }
        : {}),
      ...(this.cLines.list.length > 0 ? { cLines: this.cLines.list } : {}),
      ...(declarations.contents.length > 0 ? { contents: declarations.contents } : {}),
    }
  }

  /** Names that every text has: the program itself, and the conformance suite's `exit`, its last instruction. */
  private impliedSlot(name: string): number | undefined {
    if (name === this.declarations.name) return 0
    return name === 'exit' && this.dialect === 'mnemonic' && this.code.count > 0 ? this.code.count - 1 : undefined
  }

  private refuseEmpty(): void {
    this.findings.add('no-instructions', 0, Math.min(this.text.length, this.lines.lineEnd(1)), [], {
      expected: 'at least `r0 = 2` and `exit`',
    })
  }

  // Declarations ---------------------------------------------------------------------------------

  readDeclarations(): void {
    const { text, lines, lexer } = this
    for (let line = 1; line <= lines.starts.length; line++) {
      const end = lines.lineEnd(line)
      const start = skipBlanks(text, lines.starts[line - 1]!, end)
      if (text.charCodeAt(start) !== 46) continue
      const word = /\.[a-z]+/y
      word.lastIndex = start
      const directive = word.exec(text)?.[0]
      if (directive === undefined || !DECLARATIONS.has(directive)) continue
      if (directive !== '.struct') {
        lexer.lex(text, start, end)
        this.declarations.read()
        continue
      }
      const last = this.lexStruct(line, start)
      for (let other = line + 1; other <= last; other++) this.taken.add(other)
      this.declarations.read()
      line = last
    }
  }

  /** Lexes a struct up to its closing brace, over several lines if need be; gives the last line. */
  private lexStruct(first: number, start: number): number {
    const { lexer, lines, text } = this
    const opening = text.indexOf('{', start)
    // Without a brace on the first line it is no body; the reader will say so.
    if (opening < 0 || opening > lines.lineEnd(first)) {
      lexer.lex(text, start, lines.lineEnd(first))
      return first
    }
    let last = first
    lexer.begin(text)
    while (true) {
      const from = last === first ? start : lines.starts[last - 1]!
      const end = lines.lineEnd(last)
      const isType = (name: string) => this.declarations.type(name) !== undefined
      // On one line all is fields; below the first, comments are likely.
      lexer.append(
        from,
        last === first && text.slice(from, end).includes('}') ? end : fieldsEnd(text, from, end, isType),
        true,
      )
      if (lexer.isClosed() || last >= lines.starts.length) break
      // A directive inside the braces: the closing one was forgotten.
      const next = lines.starts[last]!
      if (text.charCodeAt(skipBlanks(text, next, lines.lineEnd(last + 1))) === 46) break
      lexer.pushNewline(lines.lineEnd(last))
      last++
    }
    lexer.finish()
    return last
  }

  // Instructions ---------------------------------------------------------------------------------

  private readInstructions(): void {
    const { text, lines } = this
    const count = lines.starts.length
    for (let line = 1; line <= count; line++) {
      const end = line < count ? lines.starts[line]! - 1 : text.length
      const start = skipBlanks(text, lines.starts[line - 1]!, end)
      if (start >= end || this.taken.has(line)) continue
      const first = text.charCodeAt(start)
      // ; and #: a comment
      if (first === 59 || first === 35) {
        this.cLines.read(text, start, end)
        continue
      }
      if (first === 46 && this.readDirective(line, start, end)) continue
      if (this.skippedSection !== undefined) continue
      this.readLine(line, start, end)
      if (this.mistakes.isForeign || this.findings.isFull) return
      if (this.code.count > MAX_SLOTS) {
        this.findings.add('too-many-instructions', start, end, [MAX_SLOTS])
        return
      }
    }
  }

  private readLine(line: number, start: number, end: number): void {
    const { lexer, text } = this
    const first = text.charCodeAt(start)
    let opcode = ''
    // Digits and brackets: the columns that logs and disassemblers put before an instruction.
    if ((first >= 48 && first <= 57) || first === 40) {
      const symbol = SYMBOL_LINE.exec(text.slice(start, end))
      if (symbol !== null) {
        const at = start + symbol[0].indexOf('<') + 1
        return this.labels.define('label', symbol[1]!, at, at + symbol[1]!.length)
      }
      COLUMNS.lastIndex = start
      const columns = COLUMNS.exec(text)
      if (columns !== null && columns.index + columns[0].length <= end) {
        start += columns[0].length
        opcode = columns[1] ?? columns[2]?.slice(0, 2) ?? ''
      }
    }
    lexer.lex(text, start, end)
    if (lexer.commentStart >= 0) this.cLines.read(text, lexer.commentStart, end)
    if (lexer.count === 0) return
    let at = 0
    while (
      !this.findings.isFull &&
      lexer.kinds[at] === TOKEN.NAME &&
      lexer.text.charCodeAt(lexer.ends[at]!) === 58 &&
      lexer.ends[at]! < end
    ) {
      this.labels.define('label', lexer.textOf(at), lexer.starts[at]!, lexer.ends[at]!)
      at += 2
    }
    if (lexer.kinds[at] === TOKEN.END) return
    // The kernel prints a 64-bit constant like a 32-bit one; the opcode column tells them apart.
    if (opcode === '18' && this.dialect === 'llvm' && lexer.textOf(lexer.count - 1) !== 'll') lexer.appendName('ll')
    this.readInstruction(at, line)
  }

  private readInstruction(at: number, line: number): void {
    const { grammar, lexer, operands } = this
    operands.reset()
    const compiled = match(grammar.root, lexer, at, operands.read)
    if (compiled === undefined) {
      this.mistakes.mismatch(at)
      return
    }
    this.emit(compiled, line)
  }

  private emit(compiled: CompiledForm, line: number): void {
    const { operands } = this
    const { form } = compiled
    if (operands.problem !== undefined) return this.mistakes.problem()
    if (operands.unsignedImm !== undefined && compiled.usesImm) this.mistakes.width(compiled)
    const slot = this.code.count
    this.cLines.begin(slot)
    const dst = compiled.usesDst ? operands.dst : 0
    const src = compiled.usesSrc ? operands.src : (form.fixed.src ?? 0)
    const off = compiled.usesOff ? operands.off : (form.fixed.off ?? 0)
    const imm = compiled.usesImm ? operands.imm : (form.fixed.imm ?? 0)
    if (form.opcode === LD_IMM64) {
      this.emitWide(compiled, dst, src, line)
    } else {
      this.code.push(
        form.opcode,
        dst,
        src,
        operands.targetAt >= 0 && compiled.usesOff ? 0 : off,
        operands.targetAt >= 0 && !compiled.usesOff ? 0 : imm,
        line,
      )
    }
    if (operands.targetAt >= 0) this.await(slot, compiled)
    if (operands.map >= 0) this.relocs.push({ insn: slot, map: operands.map })
  }

  private emitWide(compiled: CompiledForm, dst: number, src: number, line: number): void {
    const { operands } = this
    let low = compiled.usesImm ? operands.imm : 0
    let high = compiled.usesNext ? operands.next : 0
    if (compiled.form.name === 'ld_imm64') {
      const { imm64 } = operands
      if (typeof imm64 === 'number') {
        low = imm64 | 0
        high = Math.floor(imm64 / 0x100000000) | 0
      } else {
        low = Number(BigInt.asIntN(32, imm64))
        high = Number(BigInt.asIntN(32, imm64 >> 32n))
      }
    } else if (operands.targetAt >= 0 || operands.map >= 0) low = 0
    this.code.push(LD_IMM64, dst, src, 0, low, line)
    this.code.push(0, 0, 0, 0, high, line)
  }

  /** Notes that the instruction at `slot` waits for the label under `targetAt`. */
  private await(slot: number, { form }: CompiledForm): void {
    const { lexer, operands } = this
    const at = operands.targetAt
    const kind =
      form.name === 'call_local'
        ? 'callee'
        : form.name === 'ld_func'
          ? 'func'
          : form.name === 'ja32'
            ? 'jump32'
            : 'jump'
    this.labels.await({ slot, kind, name: lexer.textOf(at), start: lexer.starts[at]!, end: lexer.ends[at]! })
  }

  // Directives that stand among instructions -------------------------------------------------------

  /** Reads a line that begins with a dot; false when it is none (a label such as `.LBB0_1:`). */
  private readDirective(line: number, start: number, end: number): boolean {
    const { lexer } = this
    lexer.lex(this.text, start, end)
    const directive = lexer.textOf(0)
    if (lexer.textOf(1) === ':' && lexer.ends[0] === lexer.starts[1]) return false
    if (DECLARATIONS.has(directive)) return true
    if (directive === '.func') this.readFunction()
    else if (directive === '.raw') this.readRaw(line, end)
    else if (directive === '.file') this.cLines.nameFile(this.text.slice(start, end))
    else if (directive === '.section' || directive === '.text') this.readSection(directive, end)
    else if (!SILENT.has(directive) && !directive.startsWith('.cfi_') && this.skippedSection === undefined) {
      const known = [...DECLARATIONS, '.func', '.raw', '.section']
      const meant = nearest(directive, known)
      this.findings.add('unknown-directive', lexer.starts[0]!, lexer.ends[0]!, [directive], {
        expected: known.join(', '),
        ...changeTo(meant),
      })
    }
    return true
  }

  private readFunction(): void {
    const { lexer } = this
    if (lexer.kinds[1] !== TOKEN.NAME || lexer.count > 2) {
      const last = lexer.count - 1
      this.findings.add('directive-syntax', lexer.starts[last]!, lexer.ends[last]!, ['.func', 'one name is needed'], {
        expected: '.func name',
      })
      return
    }
    this.labels.define('function', lexer.textOf(1), lexer.starts[1]!, lexer.ends[1]!)
  }

  /** `.raw 18110000050000000000000000000000 [map[name]]`: bytes as they are. */
  private readRaw(line: number, end: number): void {
    const { lexer } = this
    const from = lexer.ends[0]!
    const source = this.text.slice(from, lexer.commentStart >= 0 ? lexer.commentStart : end)
    const parts = /^\s*((?:[0-9a-fA-F]{2}\s*)+)(?:map\[(\w+|[^\]]*)\])?\s*$/.exec(source)
    const digits = parts?.[1]!.replace(/\s+/g, '') ?? ''
    if (parts === null || digits.length % 16 !== 0 || digits.length === 0) {
      this.findings.add('bad-raw', lexer.starts[0]!, Math.max(lexer.ends[lexer.count - 1]!, from), [], {
        expected: '.raw b700000002000000',
      })
      return
    }
    const slot = this.code.count
    if (lexer.commentStart >= 0) this.cLines.read(this.text, lexer.commentStart, end)
    this.cLines.begin(slot)
    const bytes = fromHex(digits)!
    for (let at = 0; at < bytes.length; at += 8) this.code.pushBytes(bytes.subarray(at, at + 8), line)
    const name = parts[2]
    if (name === undefined) return
    const map = /^\d+$/.test(name) ? Number(name) : this.declarations.mapIndex(name)
    if (map >= 0 && map < this.declarations.mapCount) this.relocs.push({ insn: slot, map })
    else {
      const at = from + source.indexOf('map[') + 4
      this.findings.add('unknown-map', at, at + name.length, [name])
    }
  }

  private readSection(directive: string, end: number): void {
    const { lexer } = this
    const start = lexer.starts[1] ?? end
    const name =
      directive === '.text' ? '.text' : this.text.slice(start, end).split(/[,;#]/)[0]!.trim().replace(/^"|"$/g, '')
    const kind = name.split(/[/.]/)[0]!
    const progType = PROG_TYPE_WORDS.get(kind)
    if (progType !== undefined) {
      this.declarations.progType = progType
      if (this.code.count > 0) {
        this.findings.add('section-order', lexer.starts[0]!, lexer.ends[lexer.count - 1]!, [name, this.code.count], {
          severity: 'warning',
          expected: 'the program before its functions',
        })
      }
    }
    const isCode = progType !== undefined || name === '.text'
    if (!isCode && name !== 'license') {
      this.findings.add('skipped-section', lexer.starts[0]!, lexer.ends[lexer.count - 1]!, [name], { severity: 'info' })
    }
    this.skippedSection = isCode ? undefined : name
  }
}

/** `0000000000000078 <LBB0_2>:` of objdump. */
const SYMBOL_LINE = /^[0-9a-f]+ <([\w.$]+)>:\s*$/
/** Slot number, opcode in brackets, bytes in hex: what logs and disassemblers print before an instruction. */
const COLUMNS =
  /(?:[0-9a-f]+:)?[ \t]*(?:\(([0-9a-f]{2})\))?[ \t]*((?:[0-9a-f]{2} ){7}[0-9a-f]{2}(?: [0-9a-f]{2}){0,8}(?=\s))?[ \t]*/y

function skipBlanks(text: string, from: number, end: number): number {
  let at = from
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 13) break
    at++
  }
  return at
}
