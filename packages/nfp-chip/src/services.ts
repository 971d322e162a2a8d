/**
 * The firmware around a program, as far as it runs on a worker: taking a packet, entering the program, what happens at
 * its end, and dispatch to the map helpers. A service runs in steps; each step spends issue cycles and ends in program
 * words or in a wait. Follows nfp-firmware-abi.md, sections 2 and 3, and nfp-firmware.md, sections 2 and 13.
 */
import type { ChipConfig } from './api'
import type { Commands } from './commands'
import { BASE_BEFORE_PROGRAM, CTM } from './constants'
import { CORE, CORE_WORDS, CTX, HDR, LOG, PACKETS_PER_ISLAND, PKT, REQUEST, STATE, WAIT } from './layout'
import type { ChipMemory } from './layout'
import type { MapHelpers } from './map-helpers'
import { hasHash, parseHeaders, rssHash } from './rss'
import { FAULT } from './uop'

/** Numbers kept in `CTX.service`; map helpers use 16 and up. */
export const SERVICE_STEP = { words: 0, receive: 1, event: 2, firstMapStep: 16 } as const

/** Outcomes as kept in packet tables and records; index of `OUTCOMES`. */
export const OUTCOME = { pass: 0, drop: 1, tx: 2, aborted: 3, lost: 4 } as const
export const OUTCOMES = ['pass', 'drop', 'tx', 'aborted', 'lost'] as const

/** Words of a packet vector (LM pointer 1). */
export const PV = { length: 0, ctmPointer: 2, sequence: 3, flags: 4, headers: 5, queue: 6, metadata: 7 } as const

export interface Services {
  /** Continues the service of a context that woke up; true when it goes on with program words. */
  resume(core: number, slot: number): boolean
  /** The context reached firmware address `CTX.pc`; true when it goes on with program words. */
  enter(core: number, slot: number): boolean
  /** Ends the packet of a context that cannot go on. */
  abort(core: number, slot: number, fault: number): void
}

export function createServices(
  memory: ChipMemory,
  config: ChipConfig,
  commands: Commands,
  helpers: MapHelpers,
): Services {
  const { words: H, floats: F, bytes: B, layout } = memory
  const { firmware } = config
  const before = Math.round(firmware.baseCycles * BASE_BEFORE_PROGRAM)
  const after = firmware.baseCycles - before
  const stackBytes = firmware.stackBytes ?? 512
  const stackBase = 4096 - 4 * stackBytes
  const coreBlock = (core: number): number => layout.cores + core * CORE_WORDS
  const contextBlock = (core: number, slot: number): number => coreBlock(core) + CORE.contexts + slot * CTX.size
  const packetEntry = (packet: number): number => layout.packets + packet * PKT.size

  /** Sets up registers and packet vector for the packet that was handed to the context, and enters the program. */
  function receive(core: number, slot: number): boolean {
    const cb = coreBlock(core)
    const tb = contextBlock(core, slot)
    if (H[tb + CTX.packet]! < 0) {
      // The answer to a command of a packet that was given up.
      F[((cb + CORE.wakeF) >> 1) + slot] = Infinity
      return false
    }
    const packet = packetEntry(H[tb + CTX.packet]!)
    const number = H[tb + CTX.packet]! % PACKETS_PER_ISLAND
    const island = 32 + Math.floor(core / layout.workersPerIsland)
    const length = H[packet + PKT.length]!
    const port = H[packet + PKT.port]!
    F[(packet + PKT.startedF) >> 1] = F[(cb + CORE.segmentStartF) >> 1]!
    H[packet + PKT.core] = core
    H[packet + PKT.context] = 2 * slot
    H[packet + PKT.parse] = parseHeaders(
      B,
      H[packet + PKT.base]! + CTM.packetStart,
      Math.min(length, H[tb + CTX.packetBytes]! - CTM.packetStart),
    )
    const vector = cb + CORE.lm + ((128 * slot + 32) >> 2)
    H[vector + PV.length] = length | (number << 16) | (island << 26)
    H[vector + 1] = (sizeClass(H[packet + PKT.blocks]!) << 29) | (CTM.packetStart + length > 2048 ? 0x80000000 : 0)
    H[vector + PV.ctmPointer] = 0x80000000 | (number << 16) | CTM.packetStart
    H[vector + PV.sequence] = (H[packet + PKT.sequence]! << 16) | (2 << 8) | (H[packet + PKT.parse]! & 0xff)
    H[vector + PV.flags] = 0
    H[vector + PV.headers] = H[packet + PKT.parse]! >>> 8
    H[vector + PV.queue] = ((256 + port) << 23) | 0xfff00
    H[vector + PV.metadata] = 0
    H[tb + CTX.port] = port
    H[tb + CTX.words] = 0
    H[tb + CTX.lmPending] = 0
    H[tb + CTX.slots] = 0
    const stack = stackBase + stackBytes * slot
    H[tb + CTX.gprA + 22] = stack
    H[tb + CTX.lmPointer] = stack
    H[tb + CTX.lmPointer + 1] = 128 * slot + 32
    H[tb + CTX.lmPointer + 2] = 128 * slot
    H[tb + CTX.cycle] = H[tb + CTX.cycle]! + before
    const entry = H[layout.header + HDR.programs + port]!
    if (entry < 0) {
      // No program on this port: the action list has no BPF entry, the packet goes to the host.
      finish(core, slot, OUTCOME.pass, 0)
      return false
    }
    H[tb + CTX.pc] = entry
    H[tb + CTX.service] = SERVICE_STEP.words
    return true
  }

  const sizeClass = (blocks: number): number => (blocks >= 8 ? 3 : blocks >= 4 ? 2 : blocks >= 2 ? 1 : 0)

  /** What A0 asks for: DROP wins, then PASS, anything else is sent out (nfp-firmware-abi.md, section 3). */
  function outcomeOf(code: number): number {
    if (firmware.alwaysDrop) return OUTCOME.drop
    const statistics = (code >>> 20) & 15
    if (code & 0x20000) return statistics & 8 && !(statistics & 7) ? OUTCOME.aborted : OUTCOME.drop
    return code & 0x10000 ? OUTCOME.pass : OUTCOME.tx
  }

  /** Chooses the queue, fills in the packet's table entry, and asks for the next packet. */
  function finish(core: number, slot: number, outcome: number, code: number): void {
    const cb = coreBlock(core)
    const tb = contextBlock(core, slot)
    const packet = packetEntry(H[tb + CTX.packet]!)
    const vector = cb + CORE.lm + ((128 * slot + 32) >> 2)
    const length = H[vector + PV.length]! & 0x3fff
    const offset = H[vector + PV.ctmPointer]! & 0x1fff
    let queue = -1
    let hash = 0
    let cycles = after
    if (outcome === OUTCOME.pass) {
      cycles += firmware.passCycles
      const chosen = H[vector + PV.queue]! & 0xff
      const limit = firmware.mapCodes === 'open' ? layout.queues : layout.queues - 1
      if (H[vector + PV.flags]! & 16 && chosen <= limit) queue = chosen
      else {
        cycles += firmware.rssCycles
        const parse = H[packet + PKT.parse]!
        queue = 0
        if (hasHash(parse)) {
          hash = rssHash(B, H[packet + PKT.base]! + offset, parse)
          queue = B[(layout.indirection + 32 * H[tb + CTX.port]!) * 4 + (hash & 127)]!
        }
      }
    } else if (outcome === OUTCOME.tx) cycles += firmware.txCycles
    H[packet + PKT.outcome] = outcome
    H[packet + PKT.queue] = queue
    H[packet + PKT.hash] = hash
    H[packet + PKT.exitCode] = code
    H[packet + PKT.returnValue] = H[tb + CTX.gprB]!
    H[packet + PKT.words] = H[tb + CTX.words]!
    H[packet + PKT.dataOffset] = offset
    H[packet + PKT.dataLength] = Math.max(0, Math.min(length, H[tb + CTX.packetBytes]! - offset))
    H[tb + CTX.cycle] = H[tb + CTX.cycle]! + cycles
    release(core, slot, FAULT.none)
  }

  /** Hands the packet on and makes the context idle. */
  function release(core: number, slot: number, fault: number): void {
    const cb = coreBlock(core)
    const tb = contextBlock(core, slot)
    const entry = commands.log(core, slot, REQUEST.done, H[tb + CTX.cycle]!)
    H[entry + LOG.lo] = H[tb + CTX.packet]!
    H[entry + LOG.hi] = fault
    H[entry + LOG.count] = H[tb + CTX.pc]!
    H[tb + CTX.cycle] = H[tb + CTX.cycle]! + 1
    H[tb + CTX.packet] = -1
    H[tb + CTX.packetBytes] = 0
    H[tb + CTX.service] = SERVICE_STEP.receive
    H[tb + CTX.state] = STATE.idle
    H[tb + CTX.waitingFor] = WAIT.packet
    F[((cb + CORE.wakeF) >> 1) + slot] = Infinity
  }

  function resume(core: number, slot: number): boolean {
    const service = H[contextBlock(core, slot) + CTX.service]!
    if (service === SERVICE_STEP.receive) return receive(core, slot)
    return helpers.step(core, slot, service)
  }

  function enter(core: number, slot: number): boolean {
    const tb = contextBlock(core, slot)
    const pc = H[tb + CTX.pc]!
    if (pc === firmware.tgtDone) {
      const code = H[tb + CTX.gprA]!
      finish(core, slot, outcomeOf(code), code)
      return false
    }
    return helpers.call(core, slot, pc)
  }

  function abort(core: number, slot: number, fault: number): void {
    const cb = coreBlock(core)
    const tb = contextBlock(core, slot)
    H[tb + CTX.slots] = 0
    if (H[tb + CTX.packet]! < 0) {
      H[tb + CTX.state] = STATE.stopped
      F[((cb + CORE.wakeF) >> 1) + slot] = Infinity
      return
    }
    const packet = packetEntry(H[tb + CTX.packet]!)
    const vector = cb + CORE.lm + ((128 * slot + 32) >> 2)
    const offset = H[vector + PV.ctmPointer]! & 0x1fff
    H[packet + PKT.outcome] = OUTCOME.aborted
    H[packet + PKT.queue] = -1
    H[packet + PKT.exitCode] = H[tb + CTX.gprA]!
    H[packet + PKT.returnValue] = H[tb + CTX.gprB]!
    H[packet + PKT.words] = H[tb + CTX.words]!
    H[packet + PKT.dataOffset] = offset
    H[packet + PKT.dataLength] = Math.max(
      0,
      Math.min(H[vector + PV.length]! & 0x3fff, H[tb + CTX.packetBytes]! - offset),
    )
    H[tb + CTX.cycle] = H[tb + CTX.cycle]! + after
    release(core, slot, fault)
  }

  return { resume, enter, abort }
}
