/**
 * The verifier's recorded walk, ready to be asked: how steps hang together, how often each instruction was visited and
 * which way its jump went, and which step made a value what it is. Built once a verdict. Pure; draws nothing.
 */
import { splitState, useDefs } from '@offload/verifier'
import type { PendingBranch, UseDef, VerifierStep, VerifyResult } from '@offload/verifier'
import type { Program } from '@offload/bpf'
import { buildTree, type WalkTree } from './walk-tree'

/** Which way a jump went, over all visits. */
export interface JumpVisits {
  readonly taken: number
  readonly notTaken: number
}

/** Steps that are looked at for the maker of a value before the search is given up. */
const WRITER_LIMIT = 20_000

export class Walk {
  readonly steps: readonly VerifierStep[]
  readonly pending: readonly PendingBranch[]
  readonly rejected: boolean
  readonly truncated: boolean
  readonly tree: WalkTree
  /** Visits by slot. */
  readonly visits: ReadonlyMap<number, number>
  readonly mostVisits: number
  /** Step of the first visit, by slot. */
  readonly firstVisits: ReadonlyMap<number, number>
  readonly useDef: (insn: number) => UseDef
  private readonly insns: Uint8Array
  private readonly jumps = new Map<number, { taken: number; notTaken: number }>()
  private readonly otherChild = new Map<number, number>()
  private readonly values = new Map<number, ReadonlyMap<string, string>>()

  constructor(kernel: VerifyResult, program: Program) {
    this.steps = kernel.steps ?? []
    this.pending = kernel.pending ?? []
    this.rejected = kernel.verdict === 'reject'
    this.truncated = kernel.stepsTruncated === true
    this.insns = program.insns
    this.useDef = useDefs(program.insns, program.progType)
    const visits = new Map<number, number>()
    const firstVisits = new Map<number, number>()
    this.steps.forEach((step, index) => {
      if (step.covered !== true) {
        visits.set(step.insn, (visits.get(step.insn) ?? 0) + 1)
        if (!firstVisits.has(step.insn)) firstVisits.set(step.insn, index)
      }
      if (step.parent >= 0 && step.parent !== index - 1) this.otherChild.set(step.parent, index)
      this.countJump(step)
    })
    this.visits = visits
    this.firstVisits = firstVisits
    this.mostVisits = Math.max(1, ...new Set(visits.values()))
    this.tree = buildTree(this.steps, this.pending, this.rejected && !this.truncated)
  }

  private countJump({ insn, parent }: VerifierStep): void {
    const from = this.steps[parent]?.insn
    if (from === undefined || !this.isConditional(from)) return
    const count = this.jumps.get(from) ?? { taken: 0, notTaken: 0 }
    if (insn === from + 1) count.notTaken++
    else count.taken++
    this.jumps.set(from, count)
  }

  /** Conditional jumps: two ways to go on. */
  isConditional(insn: number): boolean {
    const opcode = this.insns[insn * 8] ?? 0
    const group = opcode & 7
    const kind = opcode & 0xf0
    return (group === 5 || group === 6) && kind !== 0 && kind !== 0x80 && kind !== 0x90
  }

  isExit(insn: number): boolean {
    return this.insns[insn * 8] === 0x95
  }

  jumpVisits(insn: number): JumpVisits | undefined {
    return this.jumps.get(insn)
  }

  /** "visited 4 times; jump taken once, not taken 3 times". */
  visitText(insn: number): string {
    const count = this.visits.get(insn) ?? 0
    if (count === 0) return 'the verifier did not come by here'
    const jump = this.jumps.get(insn)
    const waiting = this.pending.filter(({ parent }) => this.steps[parent]?.insn === insn).length
    return [
      `visited ${times(count)}`,
      ...(jump === undefined ? [] : [`jump taken ${times(jump.taken)}, not taken ${times(jump.notTaken)}`]),
      ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? 'branch' : 'branches'} not walked yet`]),
    ].join('; ')
  }

  /** The step that goes on from `step`: the way that was walked first. */
  after(step: number): number | undefined {
    if (this.steps[step + 1]?.parent === step) return step + 1
    return this.otherChild.get(step)
  }

  /** All visits of the instruction of a step, in walk order. */
  visitsOf(step: number): number[] {
    const insn = this.steps[step]?.insn
    return this.steps.flatMap((one, index) => (one.insn === insn && one.covered !== true ? [index] : []))
  }

  /** Registers and slots before a step, by name. */
  valuesAt(step: number): ReadonlyMap<string, string> {
    const known = this.values.get(step)
    if (known !== undefined) return known
    const made = new Map(splitState(this.steps[step]?.state ?? '').map(({ name, value }) => [name, value]))
    if (this.values.size > 4096) this.values.clear()
    this.values.set(step, made)
    return made
  }

  /** The step whose instruction made `name` what it is before `step`: set it, or told something new about it. */
  writerOf(step: number, name: string): number | undefined {
    const value = this.valuesAt(step).get(name)
    const register = /^R(\d+)$/.exec(name)
    const bit = register === null ? 0 : 1 << Number(register[1])
    const { frame } = this.steps[step]!
    let at = step
    for (let count = 0; count < WRITER_LIMIT; count++) {
      const before = this.steps[at]!.parent
      if (before < 0) return undefined
      const made = this.steps[before]!
      if (made.frame === frame) {
        if ((this.useDef(made.insn).writes & bit) !== 0) return before
        if (made.state !== this.steps[at]!.state && this.valuesAt(before).get(name) !== value) return before
      }
      at = before
    }
    return undefined
  }

  /** Latest visit of each instruction on the way to a step, with the step that follows it on that way. */
  pathTo(step: number): ReadonlyMap<number, { readonly at: number; readonly next: number | undefined }> {
    const path = new Map<number, { readonly at: number; readonly next: number | undefined }>()
    for (let at = step, next: number | undefined; at >= 0; next = at, at = this.steps[at]!.parent) {
      const { insn, covered } = this.steps[at]!
      if (covered !== true && !path.has(insn)) path.set(insn, { at, next })
    }
    return path
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)
