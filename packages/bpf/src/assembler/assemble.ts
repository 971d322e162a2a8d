/**
 * The assembler: source text in either dialect to a program, or to diagnostics; it never throws.
 *
 * Two walks over the lines: declarations first (declarations.ts), then labels and instructions. Jumps to
 * labels are patched at the end. A line that is wrong is reported and left out; the rest is still read,
 * so that one text can give several diagnostics.
 */

import { writeImm, writeInsn, writeOff } from '../insn'
import { HELPERS } from '../helpers'
import { LD_IMM64 } from '../opcodes'
import type { AssembleResult, Dialect, Label, MapReloc, Program, ProgType, Subprogram } from '../program'
import type { CompiledForm, Slot } from '../template'
import { DECLARATIONS, Declarations, PROG_TYPE_WORDS } from './declarations'
import { detectDialect, refuseForeignText } from './detect'
import { Findings, LineIndex } from './findings'
import { explain, type Grammar, grammarOf, match } from './grammar'
import { Lexer, TOKEN } from './lexer'
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
  '.file',
  '.ident',
  '.addrsig',
  '.addrsig_sym',
  '.loc',
  '.weak',
  '.hidden',
  '.local',
  '.code',
])

/** What a jump or call waits for. */
interface Fixup {
  readonly slot: number
  readonly kind: 'jump' | 'jump32' | 'callee' | 'func'
  readonly name: string
  readonly start: number
  readonly end: number
}

interface Mark {
  readonly slot: number
  readonly start: number
  readonly end: number
}

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
  private insns = new Uint8Array(1024)
  private slotLines = new Int32Array(128)
  private slots = 0
  private readonly relocs: MapReloc[] = []
  private readonly labels = new Map<string, Mark>()
  private readonly functions = new Map<string, Mark>()
  private readonly fixups: Fixup[] = []
  /** Lines taken by declarations of several lines. */
  private readonly taken = new Set<number>()
  private skippedSection: string | undefined
  /** The text turned out to be something else than source: one finding says so, and reading stops. */
  private isForeign = false
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
  }

  run(): Program {
    this.readDeclarations()
    this.readInstructions()
    this.patch()
    if (this.slots === 0 && !this.findings.hasErrors) this.refuseEmpty()
    const { declarations } = this
    return {
      name: declarations.name,
      progType: declarations.progType,
      license: declarations.license,
      insns: this.insns.slice(0, this.slots * 8),
      maps: declarations.maps,
      relocs: this.relocs,
      subprograms: this.subprograms(),
      labels: [...this.labels].map(([name, { slot }]): Label => ({ name, insn: slot })),
      lines: this.slotLines.slice(0, this.slots),
      ...(declarations.contents.length > 0 ? { contents: declarations.contents } : {}),
    }
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
      lexer.append(from, lines.lineEnd(last), true)
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
      if (first === 59 || first === 35) continue
      if (first === 46 && this.readDirective(line, start, end)) continue
      if (this.skippedSection !== undefined) continue
      this.readLine(line, start, end)
      if (this.isForeign || this.findings.isFull) return
      if (this.slots > MAX_SLOTS) {
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
        return this.defineLabel(symbol[1]!, at, at + symbol[1]!.length)
      }
      COLUMNS.lastIndex = start
      const columns = COLUMNS.exec(text)
      if (columns !== null && columns.index + columns[0].length <= end) {
        start += columns[0].length
        opcode = columns[1] ?? columns[2]?.slice(0, 2) ?? ''
      }
    }
    lexer.lex(text, start, end)
    if (lexer.count === 0) return
    let at = 0
    while (
      !this.findings.isFull &&
      lexer.kinds[at] === TOKEN.NAME &&
      lexer.text.charCodeAt(lexer.ends[at]!) === 58 &&
      lexer.ends[at]! < end
    ) {
      this.defineLabel(lexer.textOf(at), lexer.starts[at]!, lexer.ends[at]!)
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
      this.reportMismatch(at)
      return
    }
    this.emit(compiled, line)
  }

  private emit(compiled: CompiledForm, line: number): void {
    const { operands } = this
    const { form } = compiled
    if (operands.problem !== undefined) return this.reportProblem()
    if (operands.unsignedImm !== undefined && compiled.usesImm) this.checkWidth(compiled)
    const slot = this.slots
    const dst = compiled.usesDst ? operands.dst : 0
    const src = compiled.usesSrc ? operands.src : (form.fixed.src ?? 0)
    const off = compiled.usesOff ? operands.off : (form.fixed.off ?? 0)
    const imm = compiled.usesImm ? operands.imm : (form.fixed.imm ?? 0)
    if (form.opcode === LD_IMM64) {
      this.emitWide(compiled, dst, src, line)
    } else {
      this.push(
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
    this.push(LD_IMM64, dst, src, 0, low, line)
    this.push(0, 0, 0, 0, high, line)
  }

  private push(opcode: number, dst: number, src: number, off: number, imm: number, line: number): void {
    if ((this.slots + 1) * 8 > this.insns.length) this.grow()
    writeInsn(this.insns, this.slots, opcode, dst, src, off, imm)
    this.slotLines[this.slots] = line
    this.slots++
  }

  private grow(): void {
    const insns = new Uint8Array(this.insns.length * 2)
    insns.set(this.insns)
    this.insns = insns
    const slotLines = new Int32Array(this.slotLines.length * 2)
    slotLines.set(this.slotLines)
    this.slotLines = slotLines
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
    this.fixups.push({ slot, kind, name: lexer.textOf(at), start: lexer.starts[at]!, end: lexer.ends[at]! })
  }

  /** An immediate written as an unsigned number: fine for 32-bit operations, misleading for 64-bit ones. */
  private checkWidth({ form }: CompiledForm): void {
    const { lexer, operands } = this
    if (form.group !== 'alu64' && form.name !== 'st_dw') return
    const start = lexer.starts[operands.immAt]!
    const end = lexer.ends[operands.immEnd - 1]!
    const source = this.text.slice(start, end)
    const fix =
      form.name === 'mov64_imm' && this.dialect === 'llvm'
        ? { fix: { title: 'Load 64 bits', text: `${source} ll` } }
        : {}
    if (operands.unsignedImm === 'expression') this.findings.add('immediate-range', start, end, [source], fix)
    else if (source.length < 18) {
      this.findings.add('sign-extended', start, end, [source, operands.imm], { severity: 'warning', ...fix })
    }
  }

  // Labels ---------------------------------------------------------------------------------------

  private defineLabel(name: string, start: number, end: number): void {
    this.mark(this.labels, name, start, end)
  }

  private mark(table: Map<string, Mark>, name: string, start: number, end: number): void {
    const before = this.labels.get(name) ?? this.functions.get(name)
    if (before !== undefined) {
      this.findings.add('duplicate-label', start, end, [name, this.lines.lineAt(before.start)])
      return
    }
    table.set(name, { slot: this.slots, start, end })
  }

  private slotOf(name: string): number | undefined {
    const mark = this.labels.get(name) ?? this.functions.get(name)
    if (mark !== undefined) return mark.slot
    if (name === this.declarations.name) return 0
    // The conformance suite has a label `exit` in every program: its last instruction.
    return name === 'exit' && this.dialect === 'mnemonic' && this.slots > 0 ? this.slots - 1 : undefined
  }

  private patch(): void {
    for (const fixup of this.fixups) {
      if (this.findings.isFull) return
      const target = this.slotOf(fixup.name)
      if (target === undefined) {
        this.reportUnknownTarget(fixup)
        continue
      }
      const distance = target - fixup.slot - 1
      if (fixup.kind !== 'jump') {
        writeImm(this.insns, fixup.slot, distance)
        continue
      }
      if (distance < -0x8000 || distance > 0x7fff) {
        this.findings.add('jump-range', fixup.start, fixup.end, [distance], { expected: 'a nearer label, or `gotol`' })
        continue
      }
      writeOff(this.insns, fixup.slot, distance)
    }
  }

  private reportUnknownTarget({ kind, name, start, end }: Fixup): void {
    const isCall = kind === 'callee' || kind === 'func'
    if (!this.findings.wantsHelp)
      return this.findings.add(isCall ? 'unknown-function' : 'unknown-label', start, end, [name])
    const known = [...this.labels.keys(), ...this.functions.keys()]
    const meant = nearest(
      name,
      isCall ? [...this.functions.keys(), ...HELPERS.map((helper) => helper.name), ...this.labels.keys()] : known,
    )
    this.findings.add(isCall ? 'unknown-function' : 'unknown-label', start, end, [name], {
      ...(known.length > 0 && !isCall ? { expected: known.slice(0, 8).join(', ') } : {}),
      ...(meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } }),
    })
  }

  /** The program itself, then every function and every target of a call. */
  private subprograms(): Subprogram[] {
    const starts = new Map<number, string>([[0, this.declarations.name]])
    const labelAt = new Map<number, string>()
    for (const [name, { slot }] of this.labels) if (!labelAt.has(slot)) labelAt.set(slot, name)
    for (const [name, { slot }] of this.functions) if (slot > 0 && slot < this.slots) starts.set(slot, name)
    for (let slot = 0; slot < this.slots; slot++) {
      const target = this.calledSlot(slot)
      if (target === undefined || starts.has(target)) continue
      starts.set(target, labelAt.get(target) ?? `sub_${target}`)
    }
    return [...starts].map(([start, name]) => ({ name, start })).sort((a, b) => a.start - b.start)
  }

  private calledSlot(slot: number): number | undefined {
    const at = slot * 8
    const isCall = this.insns[at] === 0x85 && this.insns[at + 1]! >> 4 === 1
    const isFunc = this.insns[at] === LD_IMM64 && this.insns[at + 1]! >> 4 === 4
    if (!isCall && !isFunc) return undefined
    const imm =
      this.insns[at + 4]! | (this.insns[at + 5]! << 8) | (this.insns[at + 6]! << 16) | (this.insns[at + 7]! << 24)
    const target = slot + 1 + imm
    return target > 0 && target < this.slots ? target : undefined
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
    else if (directive === '.section' || directive === '.text') this.readSection(directive, end)
    else if (!SILENT.has(directive) && !directive.startsWith('.cfi_') && this.skippedSection === undefined) {
      const known = [...DECLARATIONS, '.func', '.raw', '.section']
      const meant = nearest(directive, known)
      this.findings.add('unknown-directive', lexer.starts[0]!, lexer.ends[0]!, [directive], {
        expected: known.join(', '),
        ...(meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } }),
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
    this.mark(this.functions, lexer.textOf(1), lexer.starts[1]!, lexer.ends[1]!)
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
    const slot = this.slots
    for (let i = 0; i < digits.length; i += 16) {
      this.push(0, 0, 0, 0, 0, line)
      for (let j = 0; j < 8; j++)
        this.insns[(this.slots - 1) * 8 + j] = parseInt(digits.slice(i + j * 2, i + j * 2 + 2), 16)
    }
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
    if (progType !== undefined) this.declarations.progType = progType
    const isCode = progType !== undefined || name === '.text'
    if (!isCode && name !== 'license') {
      this.findings.add('skipped-section', lexer.starts[0]!, lexer.ends[lexer.count - 1]!, [name], { severity: 'info' })
    }
    this.skippedSection = isCode ? undefined : name
  }

  // Diagnostics ------------------------------------------------------------------------------------

  private reportProblem(): void {
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
      return meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } }
    }
    return {}
  }

  /** Says why a line is no instruction: how far it could be read, and what was expected there. */
  private reportMismatch(from: number): void {
    const { findings, grammar, lexer, operands } = this
    const foreign = refuseForeignText(this.text)
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
      ...(meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } }),
    })
  }

  private reportUnknownInstruction(at: number): void {
    const { findings, grammar, lexer } = this
    const word = lexer.textOf(at)
    if (/^[rw]\d+$/.test(word)) return findings.add('bad-register', lexer.starts[at]!, lexer.ends[at]!, [word])
    const meant = nearest(word, grammar.firstWords)
    findings.add(
      'unknown-instruction',
      lexer.starts[at]!,
      lexer.ends[at]!,
      [word],
      meant === undefined ? {} : { fix: { title: `Change to \`${meant}\``, text: meant } },
    )
  }

  private reportUnknownName(at: number, what: { expected?: string }): void {
    const { declarations, findings, lexer } = this
    const word = lexer.textOf(at)
    if (/^%?[rw]\d+$/.test(word)) return findings.add('bad-register', lexer.starts[at]!, lexer.ends[at]!, [word])
    const isWide = this.text.slice(lexer.ends[at]!, lexer.ends[lexer.count - 1]!).trim() === 'll'
    const candidates = [
      ...declarations.maps.flatMap(({ name }) => name ?? []),
      ...(isWide ? [] : declarations.constantNames),
    ]
    const isMap = declarations.mapIndex(word) >= 0
    const fix = isMap
      ? { title: 'Load the map', text: `${word} ll` }
      : ((meant) => (meant === undefined ? undefined : { title: `Change to \`${meant}\``, text: meant }))(
          nearest(word, candidates),
        )
    findings.add(isWide ? 'unknown-map' : 'unknown-name', lexer.starts[at]!, lexer.ends[at]!, [word], {
      ...what,
      ...(fix === undefined ? {} : { fix }),
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
