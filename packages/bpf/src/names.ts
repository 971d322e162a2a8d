/**
 * Which names of a program can be printed, and where: labels, subprograms, maps. A name that could not be
 * read back (a register's, a helper's, one that is taken) is left out, and its place printed as a number.
 */

import { decode } from './decode'
import { helperId } from './helpers'
import { immAt, offAt, opcodeAt, srcAt } from './insn'
import { LD_IMM64, OP_CALL, OP_JA32, PSEUDO_CALL, PSEUDO_LD } from './opcodes'
import { type InsnNames, printedSlots } from './print'
import type { Program } from './program'

/** Whether a name can stand in a text as a name of its own. */
export function isName(name: string): boolean {
  return /^[A-Za-z_.$][\w.$]*$/.test(name) && !/^[rw]\d{1,2}$/.test(name)
}

/** The names that can be printed, and where. */
export class ProgramNames implements InsnNames {
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
