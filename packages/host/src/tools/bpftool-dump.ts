/** bpftool prog dump xlated | jited (tool-formats.md, sections 2.2 and 2.3). */
import { immAt, kernelInsnText, opcodeAt, parseBtf, srcAt } from '@offload/bpf'
import type { Btf } from '@offload/bpf'
import { disassemble } from '@offload/nfp'
import { kernelCode } from '../machine/kernel-code'
import type { KernelInsn } from '../machine/kernel-code'
import { programTag } from '../machine/objects'
import type { BpfProgram } from '../machine/objects'
import { fail, USAGE } from './bpftool'
import type { BpftoolOptions, Output } from './bpftool'
import { programHandles } from './bpftool-handles'
import { controlFlow } from './bpftool-graph'
import type { ToolContext } from './context'
import { hexStrings } from './hex-rows'
import type { Json } from './json-text'
import { ToolExit } from './result'
import type { Arguments } from './result'

export function dump(context: ToolContext, args: Arguments, options: BpftoolOptions): Output {
  const kind = args.take('jited') ? 'jited' : args.take('xlated') ? 'xlated' : undefined
  if (!kind) throw new ToolExit(`Error: expected 'xlated' or 'jited', got: ${args.peek() ?? ''}\n`, 255)
  if (args.left < 2) throw new ToolExit(USAGE, 255)
  const programs = programHandles(context.machine, args)
  const opcodes = args.take('opcodes')
  const lines = !opcodes && args.take('linum')
  if (kind === 'xlated' && args.take('visual')) return { text: programs.map(controlFlow).join(''), json: null }
  if (args.left > 0) throw new ToolExit(USAGE, 255)
  const outputs = programs.map((program) =>
    kind === 'jited' ? dumpJited(program, opcodes) : dumpXlated(context, program, opcodes, lines),
  )
  if (options.json && outputs.length === 1) return outputs[0]!
  return {
    text: outputs.map((output) => output.text).join(''),
    json: outputs.flatMap((output) => output.json as readonly Json[]),
  }
}

function dumpJited(program: BpfProgram, opcodes: boolean): Output {
  if (!program.image) return fail('no instructions returned')
  const { words } = program.image
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  words.forEach((half, i) => view.setUint32(i * 4, half, true))
  let text = ''
  const json: Json[] = []
  disassemble(words, { pc: true }).forEach((line, i) => {
    text += `${(i * 8).toString(16).padStart(4)}:\t${line}\n`
    const word = bytes.subarray(i * 8, i * 8 + 8)
    if (opcodes) text += `\t${Array.from(word, (byte) => byte.toString(16).padStart(2, '0')).join(' ')} \n`
    const [operation, ...operands] = line
      .replace(/^\s*\.\d+\s+/, '')
      .trim()
      .split(/\s+/)
    json.push({
      pc: `0x${(i * 8).toString(16)}`,
      operation: operation ?? '',
      operands: operands.length === 0 ? [null] : operands,
      ...(opcodes && { opcodes: hexStrings(word) }),
    })
  })
  return { text, json }
}

/** Function starts, source lines and types of a program that came from an object file. */
interface Notes {
  readonly prototypes: ReadonlyMap<number, string>
  readonly names: ReadonlyMap<number, string>
  readonly source: ReadonlyMap<
    number,
    { readonly text: string; readonly file: string; readonly line: number; readonly column: number }
  >
}

function notesOf(program: BpfProgram): Notes {
  const { types } = program
  const parsed = types && parseBtf(types.btf.bytes)
  const prototypes = new Map<number, string>()
  const names = new Map<number, string>()
  if (types && parsed?.ok) {
    for (const { insn, type } of types.funcInfo) {
      const func = parsed.btf.types[type]
      if (func?.kind !== 'func') continue
      prototypes.set(insn, prototype(parsed.btf, func.type, func.name))
      names.set(insn, func.name)
    }
  }
  return { prototypes, names, source: new Map((types?.source ?? []).map((note) => [note.insn, note])) }
}

/** `int f(struct xdp_md * ctx)`, with bpftool's blanks. */
function prototype(btf: Btf, id: number, name: string): string {
  const proto = btf.types[id]
  if (proto?.kind !== 'func_proto') return name
  const parameters = proto.parameters.map(
    (parameter) => `${typeName(btf, parameter.type)}${parameter.name === '' ? '' : ` ${parameter.name}`}`,
  )
  return `${typeName(btf, proto.returns)} ${name}(${parameters.length === 0 ? 'void' : parameters.join(', ')})`
}

function typeName(btf: Btf, id: number, depth = 0): string {
  const type = btf.types[id]
  if (!type || depth > 20) return 'void'
  switch (type.kind) {
    case 'ptr':
      return `${typeName(btf, type.type, depth + 1)} *`
    case 'const':
    case 'volatile':
    case 'restrict':
      return `${type.kind} ${typeName(btf, type.type, depth + 1)}`
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${type.name}`
    default:
      return 'name' in type && type.name !== '' ? type.name : 'void'
  }
}

function dumpXlated(context: ToolContext, program: BpfProgram, opcodes: boolean, numbers: boolean): Output {
  const code = kernelCode(program)
  const flat = new Uint8Array(code.length * 8)
  code.forEach((insn, i) => flat.set(insn.bytes, i * 8))
  const notes = notesOf(program)
  const mapIds = mapIdsOf(context, program)
  let text = ''
  const json: Json[] = []
  for (let index = 0; index < code.length; index++) {
    const insn = code[index]!
    const wide = opcodeAt(flat, index) === 0x18
    const proto = insn.first ? notes.prototypes.get(insn.from) : undefined
    const source = insn.first ? notes.source.get(insn.from) : undefined
    if (proto !== undefined) text += `${proto}:\n`
    if (source)
      text += `; ${source.text.trim()}${numbers ? ` [file:${source.file} line_num:${source.line} line_col:${source.column}]` : ''}\n`
    const line = `(${opcodeAt(flat, index).toString(16).padStart(2, '0')}) ${instructionText(program, flat, code, index, mapIds, notes)}`
    const raw = flat.subarray(index * 8, index * 8 + (wide ? 16 : 8))
    text += `${String(index).padStart(4)}: ${line}\n`
    if (opcodes) text += `       ${Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}\n`
    json.push({
      proto,
      src: source?.text.trim(),
      ...(source &&
        numbers && {
          file: source.file === '' ? undefined : source.file,
          line_num: source.line || undefined,
          line_col: source.column || undefined,
        }),
      disasm: line,
      ...(opcodes && { opcodes: opcodeFields(raw) }),
    })
    if (wide) index++
  }
  return { text, json }
}

/** Ids of the program's maps by their number in the definition. */
function mapIdsOf(context: ToolContext, program: BpfProgram): ReadonlyMap<number, number> {
  const used = [...new Set(program.definition.relocs.map((reloc) => reloc.map))].sort((a, b) => a - b)
  return new Map(
    used.flatMap((map, index) =>
      context.machine.maps.get(program.mapIds[index] ?? -1) ? [[map, program.mapIds[index]!] as const] : [],
    ),
  )
}

function instructionText(
  program: BpfProgram,
  flat: Uint8Array,
  code: readonly KernelInsn[],
  index: number,
  mapIds: ReadonlyMap<number, number>,
  notes: Notes,
): string {
  const insn = code[index]!
  const op = opcodeAt(flat, index)
  const src = srcAt(flat, index)
  const imm = immAt(flat, index)
  const signed = `${imm >= 0 ? '+' : ''}${imm}`
  if (op === 0x85 && src === 1) {
    if (program.ifindex !== undefined) return `call pc${signed}`
    const target = insn.from + 1 + immAt(program.definition.insns, insn.from)
    return `call pc${signed}#bpf_prog_${functionTag(program, flat, code, target)}_${notes.names.get(target) ?? 'F'}`
  }
  if (op === 0x85 && src === 0 && insn.callee !== undefined) return `call ${insn.callee}#${imm}`
  // This version of the tool does not know per-CPU moves and shows them as plain ones.
  if (op === 0xbf && flat[index * 8 + 2] === 0xff && flat[index * 8 + 3] === 0xff)
    return `r${flat[index * 8 + 1]! & 15} = r${src}`
  if (op !== 0x18) return kernelInsnText(flat, index)
  const reloc = program.definition.relocs.find((one) => one.insn === insn.from)
  const dst = insn.bytes[1]! & 15
  const id = reloc ? mapIds.get(reloc.map) : undefined
  if (src === 1 && id !== undefined) return `r${dst} = map[id:${id}]`
  if (src === 2 && id !== undefined) return `r${dst} = map[id:${id}][0]+${immAt(flat, index + 1)}`
  if (src === 4) return `r${dst} = subprog[${signed}]`
  return kernelInsnText(flat, index)
}

/** Tag of the function that begins at slot `start`: over the instructions that the kernel made of it. */
function functionTag(program: BpfProgram, flat: Uint8Array, code: readonly KernelInsn[], start: number): string {
  const end = program.definition.subprograms
    .map((one) => one.start)
    .filter((at) => at > start)
    .sort((a, b) => a - b)[0]
  const at = (slot: number | undefined): number => {
    const index = slot === undefined ? -1 : code.findIndex((insn) => insn.from >= slot)
    return index < 0 ? code.length : index
  }
  return programTag(flat.subarray(at(start) * 8, at(end) * 8))
}

function opcodeFields(raw: Uint8Array): Json {
  const byte = (value: number): string => `0x${value.toString(16)}`
  return {
    code: `0x${raw[0]!.toString(16).padStart(2, '0')}`,
    src_reg: byte(raw[1]! >> 4),
    dst_reg: byte(raw[1]! & 15),
    off: hexStrings(raw.subarray(2, 4)),
    imm:
      raw.length === 16
        ? hexStrings(Uint8Array.from([...raw.subarray(4, 8), ...raw.subarray(12, 16)]))
        : hexStrings(raw.subarray(4, 8)),
  }
}
