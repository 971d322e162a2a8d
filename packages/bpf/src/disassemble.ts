/**
 * The disassembler: a whole program, or bare instructions, as text that the assembler reads back to the
 * same bytes, maps, relocations, labels and subprograms. One instruction alone: print.ts.
 */

import { BUILTIN_TYPES } from './assembler/types'
import { decode } from './decode'
import { helperId } from './helpers'
import { immAt, offAt, opcodeAt, srcAt, toHex } from './insn'
import { LD_IMM64, OP_CALL, OP_JA32, PSEUDO_CALL, PSEUDO_LD } from './opcodes'
import { insnText, type InsnNames, printedSlots } from './print'
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
  const names = bare ? new Names(insns, []) : new Names(insns, program.labels, program)
  if (options.labels === true) names.addTargets()
  const lines = new Int32Array(count)
  for (let slot = 0; slot < count;) {
    if (names.functions.has(slot)) out.push('', `.func ${names.functions.get(slot)}`)
    for (const label of names.labels.get(slot) ?? []) out.push(`${label}:`)
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

/** Whether a name can stand in a text as a name of its own. */
export function isName(name: string): boolean {
  return /^[A-Za-z_.$][\w.$]*$/.test(name) && !/^[rw]\d{1,2}$/.test(name)
}

/** The names that can be printed, and where. */
class Names implements InsnNames {
  readonly labels = new Map<number, string[]>()
  readonly functions = new Map<number, string>()
  private readonly used = new Set<string>()
  private readonly maps = new Map<number, string>()
  private readonly insns: Uint8Array
  private readonly starts: Set<number>

  constructor(insns: Uint8Array, labels: Program['labels'], program?: Program) {
    this.insns = insns
    if (program !== undefined) this.nameMaps(program)
    this.starts = instructionStarts(insns, (slot) => this.maps.has(slot))
    for (const { name, insn } of labels) {
      if (this.starts.has(insn) && isName(name) && !this.used.has(name)) this.addLabel(insn, name)
    }
    for (const { name, start } of program?.subprograms ?? []) {
      if (start === 0 || !this.starts.has(start) || !isName(name) || this.used.has(name)) continue
      this.used.add(name)
      this.functions.set(start, name)
    }
  }

  private nameMaps(program: Program): void {
    const seen = new Map<string, number>()
    program.maps.forEach(({ name }, index) => {
      if (name !== undefined && !seen.has(name)) seen.set(name, index)
    })
    for (const { insn, map } of program.relocs) {
      const name = program.maps[map]?.name
      this.maps.set(
        insn,
        name !== undefined && isName(name) && name !== '_' && seen.get(name) === map ? name : String(map),
      )
    }
  }

  private addLabel(slot: number, name: string): void {
    this.used.add(name)
    const present = this.labels.get(slot)
    if (present === undefined) this.labels.set(slot, [name])
    else present.push(name)
  }

  /** Labels for all targets of jumps and calls that have none: `L1`, `L2`, … in the order of the text. */
  addTargets(): void {
    const targets = new Set<number>()
    for (const slot of this.starts) {
      const target = slot * 8 < this.insns.length - 7 ? targetOf(this.insns, slot) : undefined
      if (target !== undefined && this.starts.has(target) && this.label(target) === undefined) targets.add(target)
    }
    let number = 1
    for (const target of [...targets].sort((a, b) => a - b)) {
      while (this.used.has(`L${number}`)) number++
      this.addLabel(target, `L${number}`)
    }
  }

  label = (slot: number): string | undefined => this.labels.get(slot)?.[0] ?? this.functions.get(slot)

  subprogram = (slot: number): string | undefined => {
    const name = this.functions.get(slot) ?? this.labels.get(slot)?.[0]
    // A helper of the same name would be called instead.
    return name !== undefined && helperId(name) === undefined ? name : undefined
  }

  map = (slot: number): string | undefined => this.maps.get(slot)
}

/** Slots where a printed instruction begins. */
function instructionStarts(insns: Uint8Array, mapped: (slot: number) => boolean): Set<number> {
  const starts = new Set<number>()
  const count = Math.floor(insns.length / 8)
  for (let slot = 0; slot < count; slot += printedSlots(insns, slot, mapped(slot))) starts.add(slot)
  starts.add(count)
  return starts
}

/** Slot that a jump, a local call or a function address goes to. */
export function targetOf(insns: Uint8Array, slot: number): number | undefined {
  const form = decode(insns, slot)?.form
  if (form === undefined) return undefined
  const opcode = opcodeAt(insns, slot)
  if (opcode === OP_CALL) return srcAt(insns, slot) === PSEUDO_CALL.LOCAL ? slot + 1 + immAt(insns, slot) : undefined
  if (opcode === LD_IMM64) return srcAt(insns, slot) === PSEUDO_LD.FUNC ? slot + 1 + immAt(insns, slot) : undefined
  if (opcode === OP_JA32) return slot + 1 + immAt(insns, slot)
  if (form.group === 'jump' || form.group === 'jump32') return slot + 1 + offAt(insns, slot)
  return undefined
}
