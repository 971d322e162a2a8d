/**
 * The translated tier as the core runner uses it: makes the function of the loaded programs, finds entries, and gives
 * the function what it needs from the host side. Falls silent (no entries) where WebAssembly is missing.
 */
import type { Commands } from './commands'
import { programBlocks } from './code-blocks'
import { BLOCK_END } from './code-blocks'
import { CORE, CORE_WORDS, CTX } from './layout'
import type { ChipMemory } from './layout'
import type { Operands } from './operands'
import { defineSegment } from './translate'
import type { DecodedStore } from './uop'
import { ModuleBuilder } from '@offload/wasm'
import { instantiate, wasmPages } from './wasm-memory'

type Segment = (cb: number, tb: number, entry: number, counts: number, limit: number, who: number) => number

export interface TranslatedTier {
  /** Translates the loaded programs anew. */
  refresh(): void
  /** Whether the word at `address` begins a translated block that a run of `budget` words may enter. */
  canEnter(address: number, budget: number): boolean
  /** Whether a run with `budget` words left may enter translated code again at all. */
  worthReturning(budget: number): boolean
  /** Runs a context from its program counter, which `canEnter` allowed; returns `SEGMENT_STOP` | words << 3. */
  run(core: number, slot: number, budget: number): number
  lastFault(): number
}

export function createTranslatedTier(
  memory: ChipMemory,
  store: DecodedStore,
  commands: Commands,
  operands: Operands,
  member: number,
): TranslatedTier {
  const { words: H, layout } = memory
  const entries = new Int32Array(layout.storeWords).fill(-1)
  const countsAt = 4 * (layout.blockCounts + member * layout.storeWords)
  let segment: Segment | undefined
  let programWords = 0
  let fault = 0

  const functions = {
    issue: (who: number, imm: number, aux: number, lo: number, hi: number, override: number, cycle: number): number => {
      fault = commands.issue(who >> 2, who & 3, imm, aux, lo, hi, override, cycle, true)
      return fault
    },
    post: (who: number, imm: number, aux: number, lo: number, hi: number, override: number, cycle: number): number => {
      const stall = commands.postedStall(who >> 2, cycle)
      if (stall < 0) return -1
      const code = commands.issue(who >> 2, who & 3, imm, aux, lo, hi, override, cycle + stall, false)
      return code === 0 ? stall : -1
    },
    takeOver: (tb: number, cycle: number): void => operands.takeOver(tb >> 2, cycle),
    setPointer: (pointer: number, value: number, tb: number, cycle: number): void =>
      operands.setPointer(pointer, value, tb >> 2, cycle),
  }

  function refresh(): void {
    entries.fill(-1)
    segment = undefined
    if (!memory.wasm) return
    const blocks = programBlocks(memory, store)
    if (blocks.length === 0) return
    programWords = blocks.reduce((sum, block) => sum + block.limit - block.start, 0)
    const shared = !(memory.buffer instanceof ArrayBuffer)
    const pages = wasmPages(layout.bytes)
    const module = new ModuleBuilder('env', { minimum: pages, maximum: pages, shared })
    const command = ['int', 'int', 'int', 'int', 'int', 'int', 'int'] as const
    const calls = {
      issue: module.import('issue', command, 'int'),
      post: module.import('post', command, 'int'),
      takeOver: module.import('takeOver', ['int', 'int']),
      setPointer: module.import('setPointer', ['int', 'int', 'int', 'int']),
    }
    defineSegment(module, layout, store, blocks, calls)
    const bytes = module.finish()
    segment = instantiate(bytes, memory.wasm, functions)?.['segment'] as Segment | undefined
    if (!segment) return
    blocks.forEach(({ start, end }, index) => {
      if (end !== BLOCK_END.interpret) entries[start] = index
    })
  }

  function run(core: number, slot: number, budget: number): number {
    const cb = layout.cores + core * CORE_WORDS
    const tb = cb + CORE.contexts + slot * CTX.size
    return segment!(4 * cb, 4 * tb, entries[H[tb + CTX.pc]!]!, countsAt, budget - programWords, (core << 2) | slot)
  }

  return {
    refresh,
    canEnter: (address, budget) => address < entries.length && entries[address]! >= 0 && budget > programWords,
    worthReturning: (budget) => segment !== undefined && budget > programWords,
    run,
    lastFault: () => fault,
  }
}
