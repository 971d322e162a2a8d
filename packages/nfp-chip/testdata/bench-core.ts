/** One context alone, for tests of single instructions: loads words, sets registers, executes, shows registers. */
import { withEcc, wordsOf } from '@offload/nfp'
import type { Word } from '@offload/nfp'
import { createCommands } from '../src/commands'
import { decodeRange } from '../src/decode'
import { DEVICES, FIRMWARE_BEHAVIOURS } from '../src/devices'
import { createInterpreter } from '../src/interpreter'
import { CORE, CTX, contextStart, coreStart, layoutOf, memoryOver } from '../src/layout'
import { createMemoryUnit } from '../src/memory-unit'
import { createOperands } from '../src/operands'
import { timingOf } from '../src/timing'
import { emptyStore } from '../src/uop'

export interface BenchCore {
  gprA(n: number): number
  gprB(n: number): number
  xferOut(n: number): number
  set(values: { readonly a?: Record<number, number>; readonly b?: Record<number, number>; readonly xfer?: Record<number, number> }): void
  lm(word: number): number
  setLm(word: number, value: number): void
  setPointer(pointer: number, value: number): void
  pointer(pointer: number): number
  readonly pc: number
  readonly cycle: number
  readonly flags: { readonly n: boolean; readonly z: boolean; readonly c: boolean; readonly v: boolean }
  readonly prevAlu: number
  /** Executes `count` words; returns why it stopped (`STOP`). */
  run(count?: number): number
}

export function benchCore(program: readonly Word[]): BenchCore {
  const config = {
    device: { ...DEVICES['cx-2x40']!, islands: 1, workersPerIsland: 1 },
    firmware: FIRMWARE_BEHAVIOURS['shipping']!,
    seed: 0,
    timeModel: 'exact',
    queues: 1,
  } as const
  const layout = layoutOf(config, { buckets: 64, recordBytes: 1024, eventBytes: 1024, members: 1 })
  const memory = memoryOver(layout, new ArrayBuffer(layout.bytes))
  const { words: H } = memory
  const store = emptyStore(layout.storeWords)
  const words = wordsOf(program.map(withEcc))
  decodeRange(store, words, 0, program.length)
  const interpreter = createInterpreter(memory, store, createCommands(memory, timingOf(config.device), createMemoryUnit(memory)), createOperands(memory))
  const cb = coreStart(layout, 0)
  const tb = contextStart(layout, 0, 0)
  H[tb + CTX.packet] = -1
  H[tb + CTX.latchPc] = -1
  H[tb + CTX.ccCycle] = -2
  const put = (at: number, values: Record<number, number> = {}): void => {
    for (const [register, value] of Object.entries(values)) H[at + Number(register)] = value
  }
  return {
    gprA: (n) => H[tb + CTX.gprA + n]!,
    gprB: (n) => H[tb + CTX.gprB + n]!,
    xferOut: (n) => H[tb + CTX.xferOut + n]!,
    set: ({ a, b, xfer }) => {
      put(tb + CTX.gprA, a)
      put(tb + CTX.gprB, b)
      put(tb + CTX.xferIn, xfer)
    },
    lm: (word) => H[cb + CORE.lm + word]!,
    setLm: (word, value) => {
      H[cb + CORE.lm + word] = value
    },
    setPointer: (pointer, value) => {
      H[tb + CTX.lmPointer + pointer] = value
    },
    pointer: (pointer) => H[tb + CTX.lmPointer + pointer]!,
    get pc() {
      return H[tb + CTX.pc]!
    },
    get cycle() {
      return H[tb + CTX.cycle]!
    },
    get flags() {
      const result = H[tb + CTX.ccResult]!
      return { n: result < 0, z: result === 0, c: H[tb + CTX.ccCarry] === 1, v: H[tb + CTX.ccOverflow] === 1 }
    },
    get prevAlu() {
      return H[tb + CTX.prevAlu]!
    },
    run: (count = program.length) => interpreter.execute(0, 0, count, layout.counts),
  }
}
