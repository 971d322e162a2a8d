/**
 * Control flow of an image: basic blocks, edges, places where execution can enter or resume.
 *
 * A block ends with a branch *and its defer slots*, with a context swap and its slots, or before a word that something
 * else leads to. Defer slots belong to the block of their branch; a slot that is itself a target also begins a block of
 * its own, so blocks may overlap there. Calls are recognised by their return address: a plain `immed` in the slots of
 * an unconditional branch that holds the address after the slots. Register values are not followed: `rtn` and `jump`
 * may lead to every indirect target. Follows nfp-isa.md, section 9.5, and nfp-jit.md, sections 16 to 20.
 */
import { wordAt } from './bits'
import { cost } from './cost'
import { decodeAt } from './decode'
import type { Instruction } from './decode'
import { RELOCATION } from './names'
import { relocationOf } from './relocation'
import type { Words } from './word'

/** How a block is left. */
export type Exit =
  /** The next block follows. */
  | 'fall'
  /** Unconditional branch. */
  | 'jump'
  /** Conditional branch: taken or not. */
  | 'branch'
  /** Unconditional branch that left a return address behind. */
  | 'call'
  /** To an address in a register. */
  | 'indirect'
  /** Context swap: execution goes on later at the resume point. */
  | 'swap'
  /** The context is killed, or stops at a breakpoint without resume address. */
  | 'stop'
  /** The words end, or the word is invalid. */
  | 'end'

/** One way out of a block. */
export interface Edge {
  readonly kind: 'fall' | 'taken' | 'resume' | 'return'
  /** Word index inside the image, or -1 for an address outside. */
  readonly word: number
  /** Block index, or -1 outside. */
  readonly block: number
  /** Code store address (image index plus origin); the written address for targets outside. */
  readonly address: number
}

/** A run of words executed one after the other. */
export interface BasicBlock {
  readonly index: number
  /** First word. */
  readonly start: number
  /** Word after the last one, defer slots included. */
  readonly end: number
  /** The branching or swapping word, or -1. */
  readonly terminator: number
  readonly exit: Exit
  /** Ways out. Of a call: to the callee (`taken`) and to the return address (`return`). */
  readonly edges: readonly Edge[]
  /** Blocks with an edge to this one, ascending. Indirect jumps are not listed. */
  readonly predecessors: readonly number[]
  /** Reachable from an entry. */
  readonly reachable: boolean
  /** Sum of the words' least and most cycles (cost.ts). */
  readonly minCycles: number
  readonly maxCycles: number
}

/** A word at which execution can begin from outside a block. */
export interface ResumePoint {
  readonly word: number
  readonly reason: 'entry' | 'swap' | 'indirect'
}

/** A call found by its return address. */
export interface Call {
  /** The calling branch. */
  readonly word: number
  /** Word branched to, -1 outside the image (a helper). */
  readonly target: number
  /** Word the target goes on to (a routine that saves registers, then enters the callee), or -1. */
  readonly through: number
  /** Word at the return address. */
  readonly returnTo: number
}

/** Something the analysis cannot model or a program should not do. */
export interface FlowProblem {
  readonly word: number
  readonly code: 'branch-in-slot' | 'slots-past-end' | 'runs-past-end' | 'invalid'
}

/** The control flow of an image. */
export interface FlowGraph {
  readonly blocks: readonly BasicBlock[]
  /** Block of each word (the one of its branch for defer slots). */
  readonly blockOf: Int32Array
  readonly instructions: readonly Instruction[]
  /** Entries, resume points of swaps and indirect targets, ascending. */
  readonly resumePoints: readonly ResumePoint[]
  /** Words that indirect jumps may lead to, ascending. */
  readonly indirectTargets: readonly number[]
  /** Calls by the word of their branch. */
  readonly calls: ReadonlyMap<number, Call>
  readonly problems: readonly FlowProblem[]
}

/** What `flowGraph` needs to know beside the words. */
export interface FlowOptions {
  /** Code store address of word 0: the start offset of a relocated image, 0 for an unrelocated one. */
  readonly origin?: number
  /** Words where execution enters; word 0 unless given. */
  readonly entries?: readonly number[]
  /** Further words that indirect jumps may lead to. */
  readonly indirectTargets?: readonly number[]
  /** Words that branches of a relocation type lead to in an unrelocated image, by type (the outro, say, by `goOut`). */
  readonly places?: ReadonlyMap<number, number>
  /** End blocks at context swaps (default); false joins what runs on after a swap. */
  readonly splitAtSwaps?: boolean
}

/** How one word changes the flow. */
interface Transfer {
  readonly exit: Exit
  /** Slots executed before the change. */
  readonly slots: number
  /** Target address, or -1. */
  readonly address: number
  /** The target is a place of the firmware, whatever its number (unrelocated images). */
  readonly outside: boolean
}

function transferAt(insn: Instruction, relocation: number): Transfer | undefined {
  switch (insn.class) {
    case 'branch':
    case 'br_bit':
    case 'br_byte': {
      const always = insn.class === 'branch' && insn.condition === 24
      const outside = relocation !== RELOCATION.none && relocation !== RELOCATION.branch
      return { exit: always ? 'jump' : 'branch', slots: insn.defer, address: insn.address, outside }
    }
    case 'br_alu':
      return { exit: 'indirect', slots: insn.defer, address: -1, outside: false }
    case 'cmd':
      return insn.ctx === 3 ? undefined : { exit: 'swap', slots: insn.ctx, address: -1, outside: false }
    case 'ctx_arb': {
      const stops = (insn.breakpoint || (insn.signals === 0 && !insn.noLoad)) && !insn.resume
      return {
        exit: stops ? 'stop' : 'swap',
        slots: insn.defer,
        address: insn.resume ? insn.address : -1,
        outside: false,
      }
    }
    case 'invalid':
      return { exit: 'end', slots: 0, address: -1, outside: false }
    default:
      return undefined
  }
}

/** The value of an immed that can be a code address, or -1. */
function plainImmediate(insn: Instruction | undefined): number {
  const plain = insn?.class === 'immed' && insn.width === 'all' && insn.shift === 0 && !insn.invert
  return plain ? insn.value : -1
}

/** Analyses the control flow of an image. */
export function flowGraph(words: Words, options: FlowOptions = {}): FlowGraph {
  return new Analysis(words, options).graph()
}

class Analysis {
  private readonly count: number
  private readonly origin: number
  private readonly split: boolean
  private readonly instructions: Instruction[]
  private readonly transfers: (Transfer | undefined)[]
  private readonly problems: FlowProblem[] = []
  private readonly leaders: Set<number>
  private readonly indirect: Set<number>
  private readonly entries: readonly number[]
  private readonly calls = new Map<number, Call>()

  constructor(words: Words, options: FlowOptions) {
    this.count = words.length / 2
    this.origin = options.origin ?? 0
    this.split = options.splitAtSwaps ?? true
    this.entries = options.entries ?? (this.count > 0 ? [0] : [])
    this.instructions = Array.from({ length: this.count }, (_, index) => decodeAt(words, index))
    this.transfers = this.instructions.map((insn, index) => {
      const relocation = relocationOf(wordAt(words, index))
      const place = options.places?.get(relocation)
      const transfer = transferAt(insn, relocation)
      if (transfer === undefined || place === undefined || !transfer.outside) return transfer
      return { ...transfer, address: place + this.origin, outside: false }
    })
    this.indirect = new Set((options.indirectTargets ?? []).filter((word) => this.inside(word)))
    for (let word = 0; word < this.count; word++) {
      if (relocationOf(wordAt(words, word)) !== RELOCATION.immediate) continue
      const value = plainImmediate(this.instructions[word]) - this.origin
      if (this.inside(value)) this.indirect.add(value)
    }
    this.findCalls()
    this.leaders = this.findLeaders()
  }

  graph(): FlowGraph {
    const starts = [...this.leaders].sort((left, right) => left - right)
    const blockAt = new Map(starts.map((start, index) => [start, index]))
    const drafts = starts.map((start) => this.scan(start))
    const edges = drafts.map((draft) => this.edgesOf(draft, blockAt))
    const reachable = this.reach(edges, drafts, blockAt)
    const predecessors: number[][] = starts.map(() => [])
    edges.forEach((list, from) => {
      for (const { block } of list)
        if (block >= 0 && !predecessors[block]!.includes(from)) predecessors[block]!.push(from)
    })
    const blocks = drafts.map((draft, index) => ({
      ...draft,
      index,
      edges: edges[index]!,
      predecessors: predecessors[index]!,
      reachable: reachable.has(index),
      ...this.cycles(draft.start, draft.end),
    }))
    const blockOf = new Int32Array(this.count).fill(-1)
    for (const { index, start, end } of blocks) {
      for (let word = start; word < end; word++) if (blockOf[word] === -1) blockOf[word] = index
    }
    return {
      blocks,
      blockOf,
      instructions: this.instructions,
      resumePoints: this.resumePoints(),
      indirectTargets: [...this.indirect].sort((left, right) => left - right),
      calls: this.calls,
      problems: this.problems,
    }
  }

  private inside(word: number): boolean {
    return word >= 0 && word < this.count
  }

  /** Calls leave the address after their slots in a register; other plain immediates there may be addresses too. */
  private findCalls(): void {
    for (let word = 0; word < this.count; word++) {
      const transfer = this.transfers[word]
      if (transfer?.exit !== 'jump') continue
      const after = word + 1 + transfer.slots
      const values = Array.from({ length: transfer.slots }, (_, slot) =>
        plainImmediate(this.instructions[word + 1 + slot]),
      )
      if (!this.inside(after) || !values.includes(after + this.origin)) continue
      const target = transfer.outside ? -1 : transfer.address - this.origin
      const through = values.find((value) => value !== after + this.origin && this.inside(value - this.origin))
      this.calls.set(word, {
        word,
        target: this.inside(target) ? target : -1,
        through: this.inside(target) && through !== undefined ? through - this.origin : -1,
        returnTo: after,
      })
      for (const value of values) if (this.inside(value - this.origin)) this.indirect.add(value - this.origin)
    }
  }

  private findLeaders(): Set<number> {
    const leaders = new Set<number>([...this.entries.filter((word) => this.inside(word)), ...this.indirect])
    if (this.count > 0) leaders.add(0)
    let slotsLeft = 0
    for (let word = 0; word < this.count; word++) {
      const inSlot = slotsLeft > 0
      if (slotsLeft > 0) slotsLeft--
      const transfer = this.transfers[word]
      if (transfer === undefined) continue
      if (transfer.exit === 'end') this.problems.push({ word, code: 'invalid' })
      if (inSlot) {
        this.problems.push({ word, code: 'branch-in-slot' })
        continue
      }
      slotsLeft = transfer.slots
      const after = word + 1 + transfer.slots
      if (after > this.count) this.problems.push({ word, code: 'slots-past-end' })
      const target = transfer.address - this.origin
      if (transfer.address >= 0 && !transfer.outside && this.inside(target)) leaders.add(target)
      if (this.inside(after) && (this.split || transfer.exit !== 'swap' || transfer.address >= 0)) leaders.add(after)
    }
    return leaders
  }

  /** The block that begins at a leader. */
  private scan(start: number): { start: number; end: number; terminator: number; exit: Exit } {
    let word = start
    for (;;) {
      if (word >= this.count) {
        this.problems.push({ word: this.count - 1, code: 'runs-past-end' })
        return { start, end: this.count, terminator: -1, exit: 'end' }
      }
      if (word !== start && this.leaders.has(word)) return { start, end: word, terminator: -1, exit: 'fall' }
      const transfer = this.transfers[word]
      if (transfer !== undefined) {
        const end = Math.min(word + 1 + transfer.slots, this.count)
        const through = transfer.exit === 'swap' && !this.split && transfer.address < 0
        if (!through) {
          const exit = this.calls.has(word) ? 'call' : transfer.exit
          return { start, end, terminator: word, exit }
        }
      }
      word++
    }
  }

  private edgesOf(
    draft: { end: number; terminator: number; exit: Exit },
    blockAt: ReadonlyMap<number, number>,
  ): Edge[] {
    const edge = (kind: Edge['kind'], address: number, outside = false): Edge => {
      const word = outside || !this.inside(address - this.origin) ? -1 : address - this.origin
      return { kind, word, block: blockAt.get(word) ?? -1, address }
    }
    const transfer = this.transfers[draft.terminator]
    const next = draft.end + this.origin
    switch (draft.exit) {
      case 'fall':
        return [edge('fall', next)]
      case 'jump':
        return [edge('taken', transfer!.address, transfer!.outside)]
      case 'branch':
        return [edge('taken', transfer!.address, transfer!.outside), edge('fall', next)]
      case 'call':
        return [edge('taken', transfer!.address, transfer!.outside), edge('return', next)]
      case 'swap':
        return [edge('resume', transfer!.address >= 0 ? transfer!.address : next)]
      case 'indirect':
      case 'stop':
      case 'end':
        return []
    }
  }

  /** Blocks reachable from the entries; an indirect jump reaches every indirect target. */
  private reach(
    edges: readonly (readonly Edge[])[],
    drafts: readonly { readonly exit: Exit }[],
    blockAt: ReadonlyMap<number, number>,
  ): Set<number> {
    const seen = new Set<number>()
    const open = this.entries.flatMap((word) => blockAt.get(word) ?? [])
    for (;;) {
      const block = open.pop()
      if (block === undefined) return seen
      if (seen.has(block)) continue
      seen.add(block)
      for (const edge of edges[block]!) if (edge.block >= 0) open.push(edge.block)
      if (drafts[block]!.exit === 'indirect') for (const word of this.indirect) open.push(blockAt.get(word)!)
    }
  }

  private cycles(start: number, end: number): { minCycles: number; maxCycles: number } {
    let minCycles = 0
    let maxCycles = 0
    for (let word = start; word < end; word++) {
      const { min, max } = cost(this.instructions[word]!)
      minCycles += min
      maxCycles += max
    }
    return { minCycles, maxCycles }
  }

  private resumePoints(): ResumePoint[] {
    const points = new Map<number, ResumePoint['reason']>()
    this.transfers.forEach((transfer, word) => {
      if (transfer?.exit !== 'swap') return
      const at = transfer.address >= 0 ? transfer.address - this.origin : word + 1 + transfer.slots
      if (this.inside(at)) points.set(at, 'swap')
    })
    for (const word of this.indirect) points.set(word, 'indirect')
    for (const word of this.entries) if (this.inside(word)) points.set(word, 'entry')
    return [...points].map(([word, reason]) => ({ word, reason })).sort((left, right) => left.word - right.word)
  }
}
