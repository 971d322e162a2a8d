/** `offload asm`, `offload disasm` and `offload convert`: texts and objects into each other. */
import { writeFileSync } from 'node:fs'
import { assemble, convertSource, disassemble, exportElf, isElf } from '@offload/bpf'
import type { Dialect } from '@offload/bpf'
import { toHex } from '../hex'
import type { Command } from '.'
import { BadUse, chosenText, documentFor, fileArgument, findings, readBytes, textsOf } from './input'
import type { CommandResult, Values } from './input'

export const asmCommand: Command = {
  name: 'asm',
  usage: 'asm FILE [--program NAME] [--object OUT.o]',
  summary: 'assemble; print one instruction (hex) a line, or write an object',
  options: { fw: { type: 'string' }, program: { type: 'string' }, object: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const { source } = documentFor(file, values)
    const result = assemble(source)
    if (!result.ok)
      return { failed: true, text: findings(file, result), json: { ok: false, diagnostics: result.diagnostics } }
    const { program } = result
    const { insns, maps, relocs, name, progType, license } = program
    const target = values['object']
    if (typeof target === 'string') {
      const made = exportElf(program, { source, sourceName: file.replace(/^.*[\\/:]/, '') })
      if (!made.ok) return { failed: true, text: `${file}: ${made.error}\n`, json: { ok: false, error: made.error } }
      write(target, made.object)
      return {
        failed: false,
        text: `${target}: program ${name} (${progType}), ${insns.length / 8} slots, ${maps.length} maps\n`,
        json: { ok: true, object: target, bytes: made.object.length },
      }
    }
    const lines = toHex(insns).match(/.{16}/g) ?? []
    return {
      failed: false,
      text: lines.map((line) => line + '\n').join(''),
      json: { ok: true, insns: toHex(insns), maps, relocs, name, prog_type: progType, license },
    }
  },
}

export const disasmCommand: Command = {
  name: 'disasm',
  usage: 'disasm FILE [--program NAME] [--dialect llvm|mnemonic]',
  summary: 'an object, hex, a log or a listing as assembly',
  options: { dialect: { type: 'string' }, program: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const dialect = dialectOf(values, 'llvm')
    const bytes = readBytes(file)
    if (!isElf(bytes)) {
      const digits = Buffer.from(bytes).toString('latin1').replace(/\s+/g, '')
      if (/^([0-9a-f]{16})*$/i.test(digits))
        return asText(disassemble(new Uint8Array(Buffer.from(digits, 'hex')), { dialect }))
      if (/^[0-9a-f]*$/i.test(digits)) throw new BadUse(`${file} is not hex of whole 8-byte instructions`)
    }
    const all = textsOf(file, bytes)
    const texts = values['program'] === undefined ? all : [chosenText(file, all, values)]
    const parts = texts.map(({ source }) => inDialect(file, source, dialect))
    const failed = parts.find((part) => part.failed)
    return failed ?? asText(parts.map(({ text }) => text).join('\n'))
  },
}

export const convertCommand: Command = {
  name: 'convert',
  usage: 'convert FILE --dialect llvm|mnemonic [--program NAME]',
  summary: 'the same program in the other dialect, comments and names kept',
  options: { dialect: { type: 'string' }, program: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const dialect = dialectOf(values)
    return inDialect(file, documentFor(file, values).source, dialect)
  },
}

function asText(text: string): CommandResult {
  return { failed: false, text: text.endsWith('\n') ? text : text + '\n', json: { ok: true, text } }
}

function inDialect(file: string, source: string, dialect: Dialect): CommandResult {
  const result = convertSource(source, dialect)
  return result.ok
    ? asText(result.text)
    : { failed: true, text: findings(file, result), json: { ok: false, diagnostics: result.diagnostics } }
}

function dialectOf(values: Values, otherwise?: Dialect): Dialect {
  const dialect = values['dialect'] ?? otherwise
  if (dialect === 'llvm' || dialect === 'mnemonic') return dialect
  throw new BadUse(
    dialect === undefined
      ? 'say which dialect: --dialect llvm or --dialect mnemonic'
      : `unknown dialect "${String(dialect)}"; there are llvm and mnemonic`,
  )
}

function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes)
  } catch (error) {
    throw new BadUse(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
