/** bpftool btf: types that came with object files (tool-formats.md, section 4). Objects assembled here carry none of their own. */
import { addDataType, BtfBuilder, btfAsC, btfRawLines, parseBtf } from '@offload/bpf'
import { fail } from './bpftool'
import type { ObjectCommand, Output } from './bpftool'
import { oneMap } from './bpftool-handles'

export const btfCommand: ObjectCommand = (context, args, options) => {
  const word = args.next() ?? 'show'
  if ('show'.startsWith(word) || 'list'.startsWith(word)) return { text: '', json: [] }
  if (!'dump'.startsWith(word)) return fail(`unknown command '${word}'`)
  if (!args.take('map')) return fail(`unrecognized BTF source specifier: '${args.peek() ?? ''}'`)
  const map = oneMap(context.machine, args)
  const { key, value } = map.definition
  if (map.table || !value) return fail('specified map has no associated BTF', 22)
  const builder = new BtfBuilder()
  if (key) addDataType(builder, key)
  addDataType(builder, value)
  const parsed = parseBtf(builder.bytes())
  if (!parsed.ok) return fail('invalid BTF')
  let asC = false
  if (args.take('format')) {
    asC = args.take('c')
    if (!asC && !args.take('raw')) return fail(`unrecognized format specifier: '${args.peek() ?? ''}', possible values: raw, c`)
  }
  if (asC && options.json) return fail('JSON output for C-syntax dump is not supported', 95)
  return output(asC ? btfAsC(parsed.btf) : `${btfRawLines(parsed.btf).join('\n')}\n`)
}

function output(text: string): Output {
  return { text, json: { types: text.trimEnd().split('\n') } }
}
