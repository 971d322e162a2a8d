/**
 * The record of jumps and stack accesses since a path's last checkpoint, from which backtracking finds its way.
 * One table for the whole walk: an entry names the entry before it on its path, so that a copy of a path (State.history)
 * is the number of its newest entry. At most one entry per processed instruction; 0 is "no entry".
 */
import type { Env } from './env'
import type { LinkedReg } from './state'

/** Flags: sides of a comparison that are stack pointers. */
export const DST_IS_STACK = 1
export const SRC_IS_STACK = 2

// Columns of the table. ACCESS is, from bit 0: slot + 1 (0: none), frame << 8, flags << 12, linked << 14.
const COLUMNS = 4
const INSN = 0
const PREV = 1
const BEFORE = 2
const ACCESS = 3
const LINKED = 1 << 14

export class History {
  private table = new Int32Array(COLUMNS * 256)
  private end = COLUMNS
  private readonly linkedRegs = new Map<number, readonly LinkedReg[]>()

  add(insn: number, prev: number, before: number): number {
    if (this.end === this.table.length) {
      const old = this.table
      this.table = new Int32Array(2 * old.length)
      this.table.set(old)
    }
    const e = this.end
    this.table[e + INSN] = insn
    this.table[e + PREV] = prev
    this.table[e + BEFORE] = before
    this.end += COLUMNS
    return e
  }

  insn(e: number): number {
    return this.table[e + INSN]!
  }
  /** Instruction that was walked before this one. */
  prev(e: number): number {
    return this.table[e + PREV]!
  }
  /** The entry before, back to the checkpoint. */
  before(e: number): number {
    return this.table[e + BEFORE]!
  }
  /** Slot that the instruction spilled to or filled from; -1 none. */
  slot(e: number): number {
    return (this.table[e + ACCESS]! & 0xff) - 1
  }
  slotFrame(e: number): number {
    return (this.table[e + ACCESS]! >> 8) & 15
  }
  setSlot(e: number, frameno: number, slot: number): void {
    this.table[e + ACCESS] = (this.table[e + ACCESS]! & ~0xfff) | (frameno << 8) | (slot + 1)
  }
  flags(e: number): number {
    return (this.table[e + ACCESS]! >> 12) & 3
  }
  addFlags(e: number, flags: number): void {
    this.table[e + ACCESS]! |= flags << 12
  }
  /** Scalars that were refined together here. */
  linked(e: number): readonly LinkedReg[] | null {
    return (this.table[e + ACCESS]! & LINKED) === 0 ? null : this.linkedRegs.get(e)!
  }
  setLinked(e: number, linked: readonly LinkedReg[]): void {
    this.table[e + ACCESS]! |= LINKED
    this.linkedRegs.set(e, linked)
  }
}

/** Entry of the present instruction, made on demand. */
function entry(env: Env): number {
  if (env.historyEntry !== 0) return env.historyEntry
  const { state } = env
  state.history = env.history.add(env.insn, env.prevInsn, state.history)
  state.historyLength++
  env.historyEntry = state.history
  return state.history
}

/** The walk came here by a jump (or at an end of one): the previous instruction is not the one before. */
export function noteJump(env: Env): void {
  entry(env)
}
/** The instruction spills to or fills from this slot. */
export function noteStackAccess(env: Env, frameno: number, slot: number): void {
  env.history.setSlot(entry(env), frameno, slot)
}
/** A comparison with a stack pointer: which side. */
export function noteStackCompare(env: Env, flags: number): void {
  env.history.addFlags(entry(env), flags)
}
/** These scalars were refined together. */
export function noteLinked(env: Env, linked: readonly LinkedReg[]): void {
  env.history.setLinked(entry(env), linked)
}
