/** `offload asm` and `offload disasm`. */
import { assemble, disassemble } from '@offload/bpf'
import type { Dialect } from '@offload/bpf'
import { toHex } from '../hex'
import type { Command } from '.'
import { BadUse, documentFor, fileArgument, readText } from './input'

export const asmCommand: Command = {
  name: 'asm',
  usage: 'asm FILE',
  summary: 'assemble; print one instruction (hex) a line',
  options: { fw: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const result = assemble(documentFor(file, values).source)
    if (!result.ok) {
      const text = result.diagnostics.map(
        (item) =>
          `${file}:${item.range.startLine}:${item.range.startColumn}: ${item.severity}: ${item.message} [${item.code}]\n`,
      )
      return { failed: true, text: text.join(''), json: { ok: false, diagnostics: result.diagnostics } }
    }
    const { insns, maps, relocs, name, progType, license } = result.program
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
  usage: 'disasm FILE [--dialect llvm|mnemonic]',
  summary: 'hex instructions to assembly',
  options: { dialect: { type: 'string' } },
  run(positionals, values) {
    const file = fileArgument(positionals)
    const digits = readText(file).replace(/\s+/g, '')
    if (!/^([0-9a-f]{16})*$/i.test(digits)) throw new BadUse(`${file} is not hex of whole 8-byte instructions`)
    const dialect = values['dialect'] ?? 'llvm'
    if (dialect !== 'llvm' && dialect !== 'mnemonic')
      throw new BadUse(`unknown dialect "${String(dialect)}"; there are llvm and mnemonic`)
    const text = disassemble(new Uint8Array(Buffer.from(digits, 'hex')), { dialect: dialect as Dialect })
    return { failed: false, text: text.endsWith('\n') ? text : text + '\n', json: { ok: true, text } }
  },
}
