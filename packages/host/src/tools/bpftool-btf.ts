/** bpftool btf: types that came with object files (tool-formats.md, section 4). */
import { btfAsC, btfRawLines, parseBtf } from '@offload/bpf'
import type { Btf } from '@offload/bpf'
import type { Machine } from '../machine/machine'
import type { BtfObject } from '../machine/objects'
import { BpftoolError, fail } from './bpftool'
import type { BpftoolOptions, ObjectCommand, Output } from './bpftool'
import { oneMap, oneProgram } from './bpftool-handles'
import type { ToolContext } from './context'
import type { Json } from './json-text'
import type { Arguments } from './result'

export const btfCommand: ObjectCommand = (context, args, options) => {
  const word = args.next() ?? 'show'
  if ('show'.startsWith(word) || 'list'.startsWith(word)) return show(context.machine)
  return 'dump'.startsWith(word) ? dump(context, args, options) : fail(`unknown command '${word}'`)
}

function users(machine: Machine, btf: BtfObject): { readonly programs: number[]; readonly maps: number[] } {
  return {
    programs: machine.programs
      .list()
      .filter((program) => program.types?.btf === btf)
      .map((program) => program.id),
    maps: machine.maps
      .list()
      .filter((map) => map.btf === btf)
      .map((map) => map.id),
  }
}

function show(machine: Machine): Output {
  let text = ''
  const json: Json[] = []
  for (const btf of machine.btfs.list()) {
    const { programs, maps } = users(machine, btf)
    text += `${btf.id}: name <anon>  size ${btf.bytes.length}B`
    if (programs.length > 0) text += `  prog_ids ${programs.join(',')}`
    if (maps.length > 0) text += `  map_ids ${maps.join(',')}`
    text += '\n'
    json.push({ id: btf.id, size: btf.bytes.length, prog_ids: programs, map_ids: maps, kernel: false })
  }
  return { text, json }
}

function byId(machine: Machine, args: Arguments): BtfObject {
  const id = Number(args.next())
  return machine.btfs.get(id) ?? notThere(id)
}

function notThere(id: number): never {
  throw new BpftoolError(
    `get btf by id (${id}): No such file or directory`,
    2,
    `Error: can't get BTF object by id (${id}): No such file or directory\n`,
  )
}

function dump(context: ToolContext, args: Arguments, options: BpftoolOptions): Output {
  const { machine } = context
  let btf: BtfObject
  /** Types to show; all of them when undefined. */
  let roots: number[] | undefined
  if (args.take('id')) btf = byId(machine, args)
  else if (args.take('prog'))
    btf = oneProgram(machine, args).types?.btf ?? fail('specified prog has no associated BTF', 22)
  else if (args.take('map')) {
    const map = oneMap(machine, args)
    btf = map.btf ?? fail('specified map has no associated BTF', 22)
    const parsed = parseBtf(btf.bytes)
    const kind = args.take('key')
      ? 'key'
      : args.take('value')
        ? 'value'
        : args.take('all')
          ? 'all'
          : (args.take('kv'), 'kv')
    if (kind !== 'all' && parsed.ok) {
      const ids = mapTypeIds(parsed.btf, map.name)
      roots = [...(kind !== 'value' && ids ? [ids.key] : []), ...(kind !== 'key' && ids ? [ids.value] : [])]
    }
  } else return fail(`unrecognized BTF source specifier: '${args.peek() ?? ''}'`)
  let asC = false
  if (args.take('format')) {
    asC = args.take('c')
    if (!asC && !args.take('raw'))
      return fail(`unrecognized format specifier: '${args.peek() ?? ''}', possible values: raw, c`)
  }
  if (asC && options.json) return fail('JSON output for C-syntax dump is not supported', 95)
  const parsed = parseBtf(btf.bytes)
  if (!parsed.ok) return fail('invalid BTF', 22)
  if (asC) return { text: btfAsC(parsed.btf), json: null }
  const lines = rawLines(parsed.btf, roots)
  return { text: `${lines.join('\n')}\n`, json: { types: lines } }
}

/** Lines of the chosen types, members included. */
function rawLines(btf: Btf, roots: readonly number[] | undefined): string[] {
  const all = btfRawLines(btf).join('\n').split('\n')
  if (!roots) return all
  const out: string[] = []
  for (const root of roots) {
    const start = all.findIndex((line) => line.startsWith(`[${root}] `))
    if (start < 0) continue
    out.push(all[start]!)
    for (let i = start + 1; all[i]?.startsWith('\t'); i++) out.push(all[i]!)
  }
  return out
}

/** Key and value types of a map that `.maps` declares: what its members `key` and `value` point at. */
function mapTypeIds(btf: Btf, name: string): { readonly key: number; readonly value: number } | undefined {
  const variable = btf.types.find((type) => type.kind === 'var' && type.name.slice(0, 15) === name)
  const struct = variable?.kind === 'var' ? btf.types[variable.type] : undefined
  if (struct?.kind !== 'struct') return undefined
  const pointed = (member: string): number | undefined => {
    const pointer = btf.types[struct.members.find((one) => one.name === member)?.type ?? 0]
    return pointer?.kind === 'ptr' ? pointer.type : undefined
  }
  const [key, value] = [pointed('key'), pointed('value')]
  return key === undefined || value === undefined ? undefined : { key, value }
}
