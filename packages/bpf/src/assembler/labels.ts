/**
 * Labels and subprograms of a text, and the jumps and calls that wait for them: defined while the lines
 * are read, patched into the instructions at the end.
 */

import { HELPERS } from '../helpers'
import { immAt, srcAt, writeImm, writeOff } from '../insn'
import { LD_IMM64, OP_CALL, PSEUDO_CALL, PSEUDO_LD } from '../opcodes'
import type { Label, Subprogram } from '../program'
import type { Code } from './code'
import { changeTo, type Findings } from './findings'
import { nearest } from './nearest'

/** An instruction whose target is a name; places are offsets into the text. */
export interface Fixup {
  readonly slot: number
  readonly kind: 'jump' | 'jump32' | 'callee' | 'func'
  readonly name: string
  readonly start: number
  readonly end: number
}

interface Mark {
  readonly slot: number
  readonly start: number
}

export class Labels {
  private readonly labels = new Map<string, Mark>()
  private readonly functions = new Map<string, Mark>()
  private readonly fixups: Fixup[] = []
  private readonly code: Code
  private readonly findings: Findings

  constructor(code: Code, findings: Findings) {
    this.code = code
    this.findings = findings
  }

  /** Defines a label or subprogram at the next instruction. */
  define(kind: 'label' | 'function', name: string, start: number, end: number): void {
    const before = this.labels.get(name) ?? this.functions.get(name)
    if (before !== undefined) {
      this.findings.add('duplicate-label', start, end, [name, this.findings.lines.lineAt(before.start)])
      return
    }
    const table = kind === 'label' ? this.labels : this.functions
    table.set(name, { slot: this.code.count, start })
  }

  await(fixup: Fixup): void {
    this.fixups.push(fixup)
  }

  list(): Label[] {
    return [...this.labels].map(([name, { slot }]) => ({ name, insn: slot }))
  }

  /** Writes all distances. `extra` gives the slots of names that are there without being defined. */
  patch(extra: (name: string) => number | undefined): void {
    const { code, findings } = this
    for (const fixup of this.fixups) {
      if (findings.isFull) return
      const target = (this.labels.get(fixup.name) ?? this.functions.get(fixup.name))?.slot ?? extra(fixup.name)
      if (target === undefined) {
        this.reportUnknown(fixup)
        continue
      }
      const distance = target - fixup.slot - 1
      if (fixup.kind !== 'jump') writeImm(code.insns, fixup.slot, distance)
      else if (distance >= -0x8000 && distance <= 0x7fff) writeOff(code.insns, fixup.slot, distance)
      else {
        findings.add('jump-range', fixup.start, fixup.end, [distance], { expected: 'a nearer label, or `gotol`' })
      }
    }
  }

  private reportUnknown({ kind, name, start, end }: Fixup): void {
    const isCall = kind === 'callee' || kind === 'func'
    const code = isCall ? 'unknown-function' : 'unknown-label'
    if (!this.findings.wantsHelp) {
      this.findings.add(code, start, end, [name])
      return
    }
    const known = [...this.labels.keys(), ...this.functions.keys()]
    const callable = [...this.functions.keys(), ...HELPERS.map((helper) => helper.name), ...this.labels.keys()]
    this.findings.add(code, start, end, [name], {
      ...(known.length > 0 && !isCall ? { expected: known.slice(0, 8).join(', ') } : {}),
      ...changeTo(nearest(name, isCall ? callable : known)),
    })
  }

  /** The program itself, then every function and every target of a call, named after what stands there. */
  subprograms(programName: string): Subprogram[] {
    const { count } = this.code
    const starts = new Map<number, string>([[0, programName]])
    const labelAt = new Map<number, string>()
    for (const [name, { slot }] of this.labels) if (!labelAt.has(slot)) labelAt.set(slot, name)
    for (const [name, { slot }] of this.functions) if (slot > 0 && slot < count) starts.set(slot, name)
    for (let slot = 0; slot < count; slot++) {
      const target = this.calledSlot(slot)
      if (target === undefined || starts.has(target)) continue
      starts.set(target, labelAt.get(target) ?? `sub_${target}`)
    }
    return [...starts].map(([start, name]) => ({ name, start })).sort((a, b) => a.start - b.start)
  }

  private calledSlot(slot: number): number | undefined {
    const { count, insns } = this.code
    const opcode = insns[slot * 8]
    const isCall = opcode === OP_CALL && srcAt(insns, slot) === PSEUDO_CALL.LOCAL
    const isAddress = opcode === LD_IMM64 && srcAt(insns, slot) === PSEUDO_LD.FUNC
    if (!isCall && !isAddress) return undefined
    const target = slot + 1 + immAt(insns, slot)
    return target > 0 && target < count ? target : undefined
  }
}
