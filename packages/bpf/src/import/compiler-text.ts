/**
 * Imports assembly text as `clang -S` writes it: sections, data directives, symbols. An object is made of it
 * and imported like any other, so maps, types and source lines come along. Only what a compiler writes is
 * understood; text that people write is the assembler's.
 */

import { assemble } from '../assembler/assemble'
import { ByteWriter } from '../byte-writer'
import { FLAG, SECTION } from '../elf/file'
import { importElf, type ImportResult } from '../elf/import'
import { ElfWriter } from '../elf/writer'

const MAX_TEXT = 8 * 1024 * 1024
const MAX_SECTION = 4 * 1024 * 1024
const R_64_64 = 1
const R_64_ABS64 = 2
const R_64_32 = 10

/** Whether a text looks like a compiler's output rather than somebody's program. */
export function isCompilerText(text: string): boolean {
  const head = text.slice(0, 100_000)
  return /^\s*\.type\s+\S+,\s*@function/m.test(head) && /^\s*\.(?:globl|section|text)\b/m.test(head)
}

/** Reads the text to programs; a finding tells the line that could not be read. */
export function importCompilerText(text: string, options: { readonly name?: string } = {}): ImportResult {
  const fail = (code: string, message: string): ImportResult => ({
    ok: false,
    findings: [{ code, severity: 'error', message }],
  })
  if (text.length > MAX_TEXT) return fail('text-too-long', `The text is longer than ${MAX_TEXT} characters`)
  try {
    return importElf(new CompilerText(text).object(), { name: (options.name ?? 'object.s').replace(/\.[sS]$/, '.o') })
  } catch (error) {
    if (!(error instanceof TextError)) throw error
    return fail('bad-compiler-text', error.message)
  }
}

class TextError extends Error {}

/** A value that waits for symbols: `name`, `name+8`, `a-b`. */
interface Pending {
  readonly offset: number
  readonly size: number
  readonly source: string
  readonly line: number
}

interface Section {
  readonly name: string
  readonly flags: number
  readonly isBss: boolean
  readonly data: ByteWriter
  readonly pending: Pending[]
  /** Code: one line a statement, for the assembler; line 0 is unused. */
  readonly code: string[]
  readonly symbols: { readonly line: number; readonly kind: 'load' | 'call'; readonly name: string }[]
}

interface Place {
  readonly section: Section
  readonly offset: number
}

interface SymbolNotes {
  type?: 'object' | 'func'
  global?: boolean
  size?: string
}

const CODE_FLAGS = FLAG.ALLOC | FLAG.EXEC
const FLAG_LETTERS: Readonly<Record<string, number>> = {
  a: FLAG.ALLOC,
  w: FLAG.WRITE,
  x: FLAG.EXEC,
  M: FLAG.MERGE,
  S: FLAG.STRINGS,
}
const DATA_SIZES: Readonly<Record<string, number>> = {
  '.byte': 1,
  '.short': 2,
  '.2byte': 2,
  '.long': 4,
  '.4byte': 4,
  '.int': 4,
  '.quad': 8,
  '.8byte': 8,
}

class CompilerText {
  private readonly sections = new Map<string, Section>()
  private readonly places = new Map<string, Place>()
  private readonly notes = new Map<string, SymbolNotes>()
  private current: Section
  private line = 0

  constructor(text: string) {
    this.current = this.section('.text', CODE_FLAGS, false)
    for (const source of text.split('\n')) {
      this.line++
      this.read(withoutComment(source).trim())
    }
    for (const section of this.sections.values()) if (isCode(section)) this.assemble(section)
  }

  private fail(reason: string): never {
    throw new TextError(`line ${this.line}: ${reason}`)
  }

  private section(name: string, flags: number, isBss: boolean): Section {
    let section = this.sections.get(name)
    if (section === undefined) {
      section = { name, flags, isBss, data: new ByteWriter(), pending: [], code: [''], symbols: [] }
      this.sections.set(name, section)
    }
    return section
  }

  private note(name: string): SymbolNotes {
    let notes = this.notes.get(name)
    if (notes === undefined) this.notes.set(name, (notes = {}))
    return notes
  }

  // Lines --------------------------------------------------------------------------------------------

  private read(source: string): void {
    const label = /^([A-Za-z_.$][\w.$]*):\s*/.exec(source)
    if (label !== null) {
      this.define(label[1]!)
      return this.read(source.slice(label[0].length))
    }
    if (source === '') return
    const [, word, rest] = /^(\S+)\s*(.*)$/.exec(source)!
    if (word!.startsWith('.')) this.directive(word!, rest!)
    else if (isCode(this.current)) this.instruction(source)
    else this.fail(`an instruction in section '${this.current.name}'`)
  }

  private define(name: string): void {
    // Labels of code get their places when the section is assembled.
    if (isCode(this.current)) this.current.code.push(`${name}:`)
    else this.places.set(name, { section: this.current, offset: this.current.data.length })
  }

  private instruction(source: string): void {
    const { code, symbols } = this.current
    const line = code.length
    const load = /^(r\d+) = ([A-Za-z_.$][\w.$]*)((?:[+-]\d+)?) ll$/.exec(source)
    const call = /^call ([A-Za-z_.$][\w.$]*)$/.exec(source)
    if (load !== null) {
      symbols.push({ line, kind: 'load', name: load[2]! })
      code.push(`${load[1]} = ${Number(load[3] || 0)} ll`)
    } else if (call !== null) {
      symbols.push({ line, kind: 'call', name: call[1]! })
      code.push('call pc-1')
    } else code.push(source)
  }

  private directive(word: string, rest: string): void {
    const size = DATA_SIZES[word]
    if (size !== undefined) return this.values(rest, size)
    switch (word) {
      case '.text':
        this.current = this.section('.text', CODE_FLAGS, false)
        return
      case '.data':
        this.current = this.section('.data', FLAG.ALLOC | FLAG.WRITE, false)
        return
      case '.bss':
        this.current = this.section('.bss', FLAG.ALLOC | FLAG.WRITE, true)
        return
      case '.section':
        return this.startSection(rest)
      case '.globl':
      case '.global':
      case '.weak':
        this.note(rest).global = true
        return
      case '.type': {
        const [name, kind] = rest.split(/\s*,\s*/)
        if (kind === '@function') this.note(name!).type = 'func'
        else if (kind === '@object') this.note(name!).type = 'object'
        return
      }
      case '.size': {
        const [name, value] = rest.split(/\s*,\s*/)
        this.note(name!).size = value ?? ''
        return
      }
      case '.zero':
      case '.space':
        return this.zeros(rest)
      case '.ascii':
      case '.asciz':
        return this.text(rest, word === '.asciz')
      case '.p2align':
        if (!isCode(this.current)) this.current.data.align(1 << Math.min(12, Number.parseInt(rest, 10) || 0))
        return
      case '.comm':
        return this.common(rest)
    }
  }

  private startSection(rest: string): void {
    const [name, flags, type] = rest.split(/\s*,\s*/)
    const letters = [...(flags ?? '').replace(/"/g, '')]
    const bits = letters.reduce((sum, letter) => sum | (FLAG_LETTERS[letter] ?? 0), 0)
    this.current = this.section(name!.replace(/"/g, ''), bits, type === '@nobits')
  }

  private values(rest: string, size: number): void {
    if (isSkipped(this.current)) return
    for (const source of rest.split(',')) {
      const { data, pending } = this.current
      const value = source.trim()
      this.checkRoom(size)
      if (/^-?(?:0x[0-9a-fA-F]+|\d+)$/.test(value)) {
        const number = value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)
        writeValue(data, number, size)
      } else {
        pending.push({ offset: data.length, size, source: value, line: this.line })
        writeValue(data, 0n, size)
      }
    }
  }

  private checkRoom(size: number): void {
    if (this.current.data.length + size > MAX_SECTION)
      this.fail(`section '${this.current.name}' is larger than ${MAX_SECTION} bytes`)
  }

  private zeros(rest: string): void {
    const count = Number.parseInt(rest, 10)
    if (!(count >= 0)) this.fail('a number of bytes is needed')
    this.checkRoom(count)
    this.current.data.append(new Uint8Array(count))
  }

  private text(rest: string, terminated: boolean): void {
    if (isSkipped(this.current)) return
    const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(rest.trim())
    if (quoted === null) this.fail('a text between quotes is needed')
    const plain = quoted[1]!.replace(/\\([0-7]{1,3}|.)/g, (_, escape: string) => {
      if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8) & 255)
      return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }[escape] ?? escape
    })
    this.checkRoom(plain.length + 1)
    const bytes = Uint8Array.from(plain, (char) => char.charCodeAt(0))
    this.current.data.append(bytes)
    if (terminated) this.current.data.u8(0)
  }

  /** `.comm name,size,align`: a zero variable in `.bss`. */
  private common(rest: string): void {
    const [name, size, align] = rest.split(/\s*,\s*/)
    const bss = this.section('.bss', FLAG.ALLOC | FLAG.WRITE, true)
    const bytes = Number.parseInt(size ?? '', 10)
    if (!(bytes >= 0 && bytes + bss.data.length <= MAX_SECTION)) this.fail('a size is needed')
    bss.data.align(Math.min(4096, Number.parseInt(align ?? '1', 10) || 1))
    this.places.set(name!, { section: bss, offset: bss.data.length })
    bss.data.append(new Uint8Array(bytes))
    const notes = this.note(name!)
    notes.type = 'object'
    notes.size ??= String(bytes)
  }

  // Object -------------------------------------------------------------------------------------------

  private readonly slotOfLine = new Map<Section, Map<number, number>>()

  private assemble(section: Section): void {
    if (section.code.length === 1) return
    const result = assemble(section.code.join('\n'), { dialect: 'llvm' })
    if (!result.ok) {
      const [finding] = result.diagnostics.filter(({ severity }) => severity === 'error')
      if (finding?.code === 'no-instructions') return
      throw new TextError(`"${section.code[(finding?.range.startLine ?? 1) - 1]}": ${finding?.message}`)
    }
    section.data.append(result.program.insns)
    for (const { name, insn } of result.program.labels) this.places.set(name, { section, offset: insn * 8 })
    const slots = new Map<number, number>()
    result.program.lines.forEach((line, slot) => {
      if (!slots.has(line)) slots.set(line, slot)
    })
    this.slotOfLine.set(section, slots)
  }

  /** The object file. */
  object(): Uint8Array {
    const writer = new ElfWriter()
    const kept = [...this.sections.values()].filter((section) => !isSkipped(section))
    const bytes = new Map(kept.map((section) => [section, section.data.bytes()]))
    const symbols = new Map<string, number>()
    const relocations: { section: Section; offset: number; type: number; name: string }[] = []
    for (const section of kept) {
      const data = bytes.get(section)!
      for (const pending of section.pending) this.resolve(section, pending, data, relocations)
      const slots = this.slotOfLine.get(section)
      for (const { line, kind, name } of section.symbols) {
        relocations.push({
          section,
          offset: slots!.get(line + 1)! * 8,
          type: kind === 'load' ? R_64_64 : R_64_32,
          name,
        })
      }
    }
    const numbers = new Map(
      kept.map((section) => {
        const type = section.isBss ? SECTION.NOBITS : SECTION.PROGBITS
        return [
          section,
          writer.addSection({ name: section.name, type, flags: section.flags, align: 8, data: bytes.get(section)! }),
        ]
      }),
    )
    for (const name of new Set([...this.notes.keys(), ...relocations.map((relocation) => relocation.name)])) {
      const place = this.places.get(name)
      const section = place === undefined ? -1 : numbers.get(place.section)
      if (section === undefined) continue
      const { type, global, size } = this.notes.get(name) ?? {}
      const isFunction = type === 'func' || (type === undefined && place !== undefined && isCode(place.section))
      symbols.set(
        name,
        writer.addSymbol({
          name,
          value: place?.offset ?? 0,
          size: this.numberOf(size ?? '0') ?? 0,
          type: isFunction ? 'func' : 'object',
          global: global === true || place === undefined,
          section,
        }),
      )
    }
    for (const { section, offset, type, name } of relocations) {
      const symbol = symbols.get(name)
      if (symbol !== undefined) writer.relocate(numbers.get(section)!, { offset, type, symbol })
    }
    return writer.bytes()
  }

  /** Writes a value that names symbols: a distance, an offset in a section, or a relocation to come. */
  private resolve(
    section: Section,
    pending: Pending,
    data: Uint8Array,
    relocations: { section: Section; offset: number; type: number; name: string }[],
  ): void {
    const value = this.numberOf(pending.source)
    const name = /^[A-Za-z_.$][\w.$]*$/.exec(pending.source)?.[0]
    if (value === undefined && name === undefined)
      throw new TextError(`line ${pending.line}: "${pending.source}" has no value`)
    if (pending.size === 8 && name !== undefined)
      relocations.push({ section, offset: pending.offset, type: R_64_ABS64, name })
    let rest = BigInt(value ?? 0)
    for (let i = 0; i < pending.size; i++) {
      data[pending.offset + i] = Number(rest & 255n)
      rest >>= 8n
    }
  }

  /** A number, a symbol's offset, a distance of symbols, or a symbol and a number. */
  private numberOf(source: string): number | undefined {
    const parts = /^([\w.$]+)(?:\s*([+-])\s*([\w.$]+))?$/.exec(source.trim().replace(/^\((.*)\)$/, '$1'))
    if (parts === null) return undefined
    const read = (word: string) => (/^\d/.test(word) ? Number(word) : this.places.get(word)?.offset)
    const left = read(parts[1]!)
    const right = parts[3] === undefined ? 0 : read(parts[3])
    if (left === undefined || right === undefined || !Number.isFinite(left + right)) return undefined
    return parts[2] === '-' ? left - right : left + right
  }
}

function isCode(section: Section): boolean {
  return (section.flags & FLAG.EXEC) !== 0
}

/** Debug information and unwind tables say nothing that a program needs. */
function isSkipped({ name }: Section): boolean {
  return /^\.(debug|eh_frame|llvm|note)/.test(name)
}

function writeValue(data: ByteWriter, value: bigint, size: number): void {
  let rest = BigInt.asUintN(size * 8, value)
  for (let i = 0; i < size; i++) {
    data.u8(Number(rest & 255n))
    rest >>= 8n
  }
}

/** The line without its comment; `#` inside quotes is none. */
function withoutComment(source: string): string {
  if (!source.includes('#')) return source
  if (!source.includes('"')) return source.slice(0, source.indexOf('#'))
  const found = /^(?:[^"#]|"(?:[^"\\]|\\.)*")*/.exec(source)
  return found![0]
}
