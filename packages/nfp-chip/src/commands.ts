/**
 * Memory commands as a core issues them: address and length rules, the packet memory that only this context can see
 * (done at once), and the log of everything that other cores can see (done later, in order, by service.ts).
 * Follows nfp-isa.md, section 12, and chip-engine.md, section 7.
 */
import { MEMORY_MAP, POSTED_CREDITS } from './constants'
import { TARGET } from './decode'
import { CORE, CORE_WORDS, CTX, LOG, LOG_START, REQUEST, STATE, WAIT } from './layout'
import type { ChipMemory } from './layout'
import { OP_CLASS, opBytes, opClass, usesImmediate } from './memory-unit'
import type { MemoryUnit } from './memory-unit'
import type { Timing } from './timing'
import { FAULT } from './uop'

export interface Commands {
  /** Whether the core's log has no room for another command. */
  logFull(core: number): boolean
  /**
   * Cycles that the core has to stall at `cycle` before it may post another command; -1 when that is not known before
   * more of its commands are served. Cycles here and below are integers, counted from the start of the run segment.
   */
  postedStall(core: number, cycle: number): number
  /** Reserves a log entry; returns its word offset. */
  log(core: number, slot: number, kind: number, cycle: number): number
  /**
   * Issues the command with decoded `imm` and `aux` fields (see decode.ts) of a context. `cycle` is the issue
   * cycle. With `swap` the context is put to sleep. Returns a fault, 0 when all is well.
   */
  issue(
    core: number,
    slot: number,
    imm: number,
    aux: number,
    lo: number,
    hi: number,
    override: number,
    cycle: number,
    swap: boolean,
  ): number
}

export function createCommands(memory: ChipMemory, timing: Timing, unit: MemoryUnit): Commands {
  const { words: H, floats: F, layout } = memory
  const { cores, logTails, logHeads } = layout
  const coreWords = CORE_WORDS

  function logFull(core: number): boolean {
    return ((H[logTails + core]! - H[logHeads + core]!) | 0) >= LOG.entries - 4
  }

  function postedStall(core: number, cycle: number): number {
    const cb = cores + core * coreWords
    const issued = H[cb + CORE.posted]!
    if (((issued - H[cb + CORE.postedServed]!) | 0) >= POSTED_CREDITS) return -1
    const back = F[((cb + CORE.postedF) >> 1) + (issued & (POSTED_CREDITS - 1))]!
    const ahead = back - F[(cb + CORE.segmentStartF) >> 1]! - cycle
    return ahead > 0 ? ahead | 0 : 0
  }

  function log(core: number, slot: number, kind: number, cycle: number): number {
    const cb = cores + core * coreWords
    const tail = H[logTails + core]!
    H[logTails + core] = (tail + 1) | 0
    const entry = cb + LOG_START + (tail & (LOG.entries - 1)) * LOG.words
    F[(entry + LOG.cycleF) >> 1] = F[(cb + CORE.segmentStartF) >> 1]! + cycle
    H[entry + LOG.kind] = kind
    H[entry + LOG.context] = slot
    return entry
  }

  function issue(
    core: number,
    slot: number,
    imm: number,
    aux: number,
    lo: number,
    hi: number,
    override: number,
    cycle: number,
    swap: boolean,
  ): number {
    const cb = cores + core * coreWords
    const tb = cb + CORE.contexts + slot * CTX.size
    const op = imm & 0xff
    const target = imm >> 8
    const kind = opClass(op)
    if (target !== TARGET.memory || kind === OP_CLASS.none) return FAULT.memory
    const indirect = (aux >> 18) & 1
    const raw = indirect && override & 0x80 ? (override >>> 8) & 31 : (aux >> 8) & 7
    const xfer = aux & 63
    const signal = (aux >> 12) & 15
    const immediate = indirect && ((override >>> 3) & 7) === 2 && usesImmediate(op) ? override >>> 16 : 0
    const bytes = opBytes(op, raw)
    if (xfer + ((bytes + 3) >> 2) > 64) return FAULT.memory
    const wake = (cb + CORE.wakeF + 2 * slot) >> 1
    if (hi === 0 && lo < 0) {
      const offset = lo & 0x1fff
      const packet = H[tb + CTX.packet]!
      if (packet >= 0 && ((lo >>> 16) & 0x3ff) === (packet & 0xff) && offset + bytes <= H[tb + CTX.packetBytes]!) {
        const at = H[tb + CTX.packetBase]! + offset
        unit.perform(op, raw, at, tb + CTX.xferIn + xfer, tb + CTX.xferOut + xfer, immediate)
        const base = kind === OP_CLASS.write ? timing.ctmWrite : timing.ctmRead
        const done =
          F[(cb + CORE.segmentStartF) >> 1]! +
          cycle +
          base +
          (bytes > 32 ? ((bytes - 25) >> 3) * timing.perEightBytes : 0)
        if (swap) {
          F[wake] = done
          H[tb + CTX.state] = STATE.waiting
          H[tb + CTX.waitingFor] = WAIT.ctm
        } else if (signal !== 0) {
          F[((tb + CTX.signalTimeF) >> 1) + signal] = done
          H[tb + CTX.signals] = H[tb + CTX.signals]! | (1 << signal)
        }
        return FAULT.none
      }
    }
    const reads = kind === OP_CLASS.read || usesImmediate(op)
    const dataWords = reads ? 0 : (bytes + 3) >> 2
    if (!swap && dataWords > 5) return FAULT.memory
    const entry = log(core, slot, swap ? REQUEST.memorySwap : REQUEST.posted, cycle)
    if (!swap) H[cb + CORE.posted] = (H[cb + CORE.posted]! + 1) | 0
    H[entry + LOG.lo] = lo
    H[entry + LOG.hi] = hi
    H[entry + LOG.count] = raw
    H[entry + LOG.xfer] = xfer
    H[entry + LOG.op] = op | (immediate << 16)
    H[entry + LOG.signal] = swap ? 0 : signal
    H[entry + LOG.data + 5] = 0
    if (swap) {
      F[wake] = Infinity
      H[tb + CTX.state] = STATE.waiting
      const island = hi & 63
      H[tb + CTX.waitingFor] =
        island === MEMORY_MAP.ememIsland ? WAIT.emem : island === MEMORY_MAP.imemIsland ? WAIT.imem : WAIT.ctm
    } else {
      for (let index = 0; index < dataWords; index++) H[entry + LOG.data + index] = H[tb + CTX.xferOut + xfer + index]!
      if (signal !== 0) {
        F[((tb + CTX.signalTimeF) >> 1) + signal] = Infinity
        H[tb + CTX.signals] = H[tb + CTX.signals]! | (1 << signal)
      }
    }
    return FAULT.none
  }

  return { logFull, postedStall, log, issue }
}
