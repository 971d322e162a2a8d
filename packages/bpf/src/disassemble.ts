/**
 * The disassembler: a whole program, or bare instructions, as text that the assembler reads back to the
 * same bytes, maps, relocations, labels and subprograms. One instruction alone: print.ts.
 */

import { BUILTIN_TYPES } from './assembler/types'
import { cLineComment } from './assembler/c-lines'
import { toHex } from './insn'
import { isName, ProgramNames } from './names'
import { insnText, printedSlots } from './print'
import type { DataType, Dialect, MapContents, MapDef, Program, ProgType } from './program'
import { structsOf, structText, typeText } from './type-text'

export interface DisassembleOptions {
  /** Default `llvm`. */
  readonly dialect?: Dialect
  /** Give a label to every target that has none; default false: distances, so that reading back adds no labels. */
  readonly labels?: boolean
}

/** Where each slot was printed, beside the text. */
export interface Disassembly {
  readonly text: string
  /** Line (from 1) of each slot; 0 for the second half of a 64-bit load. */
  readonly lines: Int32Array
}

const PROG_WORDS: Readonly<Record<ProgType, string>> = {
  xdp: 'xdp',
  sched_cls: 'tc',
  sched_act: 'action',
  socket_filter: 'socket',
  cgroup_skb: 'cgroup_skb',
}

/** Text of a program (with its declarations) or of bare instructions. */
export function disassemble(program: Program | Uint8Array, options: DisassembleOptions = {}): string {
  return disassembleWithLines(program, options).text
}

/** As `disassemble`, and tells the line of each slot. */
export function disassembleWithLines(program: Program | Uint8Array, options: DisassembleOptions = {}): Disassembly {
  const dialect = options.dialect ?? 'llvm'
  const bare = program instanceof Uint8Array
  const insns = bare ? program : program.insns
  const count = Math.floor(insns.length / 8)
  const out = bare ? [] : declarations(program)
  const names = bare ? new ProgramNames(insns, []) : new ProgramNames(insns, program.labels, program)
  if (options.labels === true) names.addTargets()
  const lines = new Int32Array(count)
  const cLines = new Map(bare ? [] : program.cLines?.map((line) => [line.insn, line]))
  for (let slot = 0; slot < count;) {
    if (names.functions.has(slot)) out.push('', `.func ${names.functions.get(slot)}`)
    for (const label of names.labels.get(slot) ?? []) out.push(`${label}:`)
    const cLine = cLines.get(slot)
    if (cLine !== undefined) out.push(`    ${cLineComment(cLine)}`)
    out.push(`    ${insnText(insns, slot, dialect, names)}`)
    lines[slot] = out.length
    slot += printedSlots(insns, slot, names.map(slot) !== undefined)
  }
  for (const label of names.labels.get(count) ?? []) out.push(`${label}:`)
  return { text: out.length === 0 ? '' : `${out.join('\n')}\n`, lines }
}

function declarations(program: Program): string[] {
  const structs = new Map<string, string>()
  for (const { key, value } of program.maps) {
    for (const type of [key, value]) {
      for (const struct of type === undefined ? [] : structsOf(type)) {
        if (isName(struct.name) && !structs.has(struct.name)) structs.set(struct.name, structText(struct))
      }
    }
  }
  return [
    `.license ${/^[\w/ .-]+$/.test(program.license) ? program.license : JSON.stringify(program.license)}`,
    ...structs.values(),
    ...program.maps.map((map, index) =>
      mapText(map, program.maps.findIndex(({ name }) => name === map.name) === index),
    ),
    ...(program.contents ?? [])
      .filter(({ data }) => data.some((byte) => byte !== 0))
      .map((contents) => initText(program, contents)),
    '',
    `.prog ${PROG_WORDS[program.progType]} ${isName(program.name) ? program.name : 'main'}`,
  ]
}

/** The `.init` directive of a map's first contents; zeros at the end are left out. */
function initText(program: Program, { map, data, frozen }: MapContents): string {
  const name = program.maps[map]?.name
  const unique = name !== undefined && isName(name) && program.maps.findIndex((other) => other.name === name) === map
  let end = data.length
  while (end > 0 && data[end - 1] === 0) end--
  return `.init ${unique ? name : map} "${toHex(data.subarray(0, end))}"${frozen ? ' frozen' : ''}`
}

/** The `.map` directive of a map. `unique`: no earlier map has its name. */
export function mapText(map: MapDef, unique = true): string {
  const name =
    map.name === undefined ? '_' : unique && isName(map.name) && map.name !== '_' ? map.name : JSON.stringify(map.name)
  return `.map ${name} ${mapOptions(map)}`
}

function mapOptions(map: MapDef): string {
  const part = (word: string, type: DataType | undefined, size: number) =>
    `${word} ${type === undefined || !isWritable(type) ? size : typeText(type)}`
  const flags = map.map_flags === undefined || map.map_flags === 0 ? '' : ` flags 0x${map.map_flags.toString(16)}`
  const inner = map.inner === undefined ? '' : ` inner { ${mapOptions(map.inner)} }`
  return `${map.type} ${part('key', map.key, map.key_size)} ${part('value', map.value, map.value_size)} max ${map.max_entries}${flags}${inner}`
}

/** Whether a type can be written: all its structs have names that can stand in a text. */
function isWritable(type: DataType): boolean {
  return structsOf(type).every(
    (struct) =>
      (struct.name === '' || (isName(struct.name) && !BUILTIN_TYPES.has(struct.name))) &&
      struct.fields.every((field) => field.name === '' || isName(field.name)),
  )
}
