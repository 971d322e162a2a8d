/**
 * What the firmware does around a program, in WebAssembly: taking a packet and its end, as in services.ts.
 * Aborts and ports without a program are left to that file.
 */
import { choose } from '@offload/wasm'
import type { FunctionReference, ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { BASE_BEFORE_PROGRAM, CTM } from '../constants'
import { CORE, CTX, HDR, LOG, PACKETS_PER_ISLAND, PKT, REQUEST, STATE, WAIT } from '../layout'
import type { Layout } from '../layout'
import { PROTOCOL } from '../rss'
import { OUTCOME, PV, SERVICE_STEP } from '../services'
import { FAULT } from '../uop'
import { islandOf, packetBlock, setWake, vectorOf } from './addresses'
import type { CommandsCode } from './commands-code'
import type { HashCode } from './hash-code'

/** (core, core block, context block, slot) */
const PLACE = ['int', 'int', 'int', 'int'] as const

export interface ServicesCode {
  /** Takes the packet that was handed to the context; 0 when this is not for this tier. */
  readonly receive: FunctionReference<typeof PLACE>
  /** The program ended: decides, hands the packet on, and makes the context idle. */
  readonly finish: FunctionReference<typeof PLACE>
}

export function defineServices(
  module: ModuleBuilder,
  layout: Layout,
  { firmware }: ChipConfig,
  { log }: Pick<CommandsCode, 'log'>,
  { parse, rssHash }: HashCode,
): ServicesCode {
  const before = Math.round(firmware.baseCycles * BASE_BEFORE_PROGRAM)
  const after = firmware.baseCycles - before
  const stackBytes = firmware.stackBytes ?? 512

  const receive = module.define('receive', PLACE, 'int', (f, core, cb, tb, slot) => {
    const index = f.int(tb.word(CTX.packet))
    f.when(index.lt(0), () => f.return(0))
    const packet = f.int(packetBlock(layout, index))
    const port = f.int(packet.word(PKT.port))
    const entry = f.int(port.shl(2).word(layout.header + HDR.programs))
    f.when(entry.lt(0), () => f.return(0))
    const number = f.int(index.and(PACKETS_PER_ISLAND - 1))
    const length = f.int(packet.word(PKT.length))
    f.putFloat(packet, PKT.startedF, cb.float(CORE.segmentStartF))
    f.put(packet, PKT.core, core)
    f.put(packet, PKT.context, slot.shl(1))
    const room = f.int(tb.word(CTX.packetBytes).sub(CTM.packetStart))
    const parsed = f.int(parse.int(packet.word(PKT.base).add(CTM.packetStart), choose(length.lt(room), length, room)))
    f.put(packet, PKT.parse, parsed)
    const vector = f.int(vectorOf(cb, slot))
    f.put(vector, PV.length, length.or(number.shl(16)).or(islandOf(layout, core).add(32).shl(26)))
    const blocks = f.int(packet.word(PKT.blocks))
    const sizeClass = blocks.ge(2).add(blocks.ge(4)).add(blocks.ge(8))
    f.put(vector, 1, sizeClass.shl(29).or(length.gt(2048 - CTM.packetStart).shl(31)))
    f.put(vector, PV.ctmPointer, number.shl(16).or(0x8000_0000 | CTM.packetStart))
    f.put(
      vector,
      PV.sequence,
      packet
        .word(PKT.sequence)
        .shl(16)
        .or(2 << 8)
        .or(parsed.and(0xff)),
    )
    f.put(vector, PV.flags, 0)
    f.put(vector, PV.headers, parsed.shr(8))
    f.put(vector, PV.queue, port.add(256).shl(23).or(0xfff00))
    f.put(vector, PV.metadata, 0)
    f.put(tb, CTX.port, port)
    for (const word of [CTX.words, CTX.lmPending, CTX.slots]) f.put(tb, word, 0)
    const stack = f.int(slot.mul(stackBytes).add(4096 - 4 * stackBytes))
    f.put(tb, CTX.gprA + 22, stack)
    f.put(tb, CTX.lmPointer, stack)
    f.put(tb, CTX.lmPointer + 1, slot.shl(7).add(32))
    f.put(tb, CTX.lmPointer + 2, slot.shl(7))
    f.bump(tb, CTX.cycle, before)
    f.put(tb, CTX.pc, entry)
    f.put(tb, CTX.service, SERVICE_STEP.words)
    f.return(1)
  })

  const finish = module.define('finish', PLACE, undefined, (f, core, cb, tb, slot) => {
    const code = f.int(tb.word(CTX.gprA))
    const packet = f.int(packetBlock(layout, tb.word(CTX.packet)))
    const vector = f.int(vectorOf(cb, slot))
    const length = f.int(vector.word(PV.length).and(0x3fff))
    const offset = f.int(vector.word(PV.ctmPointer).and(0x1fff))
    const queue = f.int(-1)
    const hash = f.int(0)
    const cycles = f.int(after)
    const outcome = f.int(OUTCOME.drop)
    if (!firmware.alwaysDrop) {
      const statistics = f.int(code.shr(20).and(15))
      f.when(
        code.and(0x20000),
        () => f.when(statistics.and(8).ne(0).and(statistics.and(7).eqz()), () => outcome.set(OUTCOME.aborted)),
        () =>
          f.when(
            code.and(0x10000),
            () => {
              outcome.set(OUTCOME.pass)
              cycles.increase(firmware.passCycles)
              const chosen = f.int(vector.word(PV.queue).and(0xff))
              const limit = firmware.mapCodes === 'open' ? layout.queues : layout.queues - 1
              f.when(
                vector.word(PV.flags).shr(4).and(chosen.le(limit)),
                () => queue.set(chosen),
                () => {
                  cycles.increase(firmware.rssCycles)
                  queue.set(0)
                  const parsed = f.int(packet.word(PKT.parse))
                  f.when(parsed.and(0xff).ne(PROTOCOL.unknown), () => {
                    hash.set(rssHash.int(packet.word(PKT.base).add(offset), parsed))
                    queue.set(
                      tb
                        .word(CTX.port)
                        .shl(7)
                        .add(hash.and(127))
                        .byte(4 * layout.indirection),
                    )
                  })
                },
              )
            },
            () => {
              outcome.set(OUTCOME.tx)
              cycles.increase(firmware.txCycles)
            },
          ),
      )
    }
    f.put(packet, PKT.outcome, outcome)
    f.put(packet, PKT.queue, queue)
    f.put(packet, PKT.hash, hash)
    f.put(packet, PKT.exitCode, code)
    f.put(packet, PKT.returnValue, tb.word(CTX.gprB))
    f.put(packet, PKT.words, tb.word(CTX.words))
    f.put(packet, PKT.dataOffset, offset)
    const room = f.int(tb.word(CTX.packetBytes).sub(offset))
    const kept = f.int(choose(length.lt(room), length, room))
    f.put(packet, PKT.dataLength, choose(kept.lt(0), 0, kept))
    f.bump(tb, CTX.cycle, cycles)
    const entry = f.int(log.int(core, cb, slot, REQUEST.done, tb.word(CTX.cycle)))
    f.put(entry, LOG.lo, tb.word(CTX.packet))
    f.put(entry, LOG.hi, FAULT.none)
    f.put(entry, LOG.count, tb.word(CTX.pc))
    f.bump(tb, CTX.cycle, 1)
    f.put(tb, CTX.packet, -1)
    f.put(tb, CTX.packetBytes, 0)
    f.put(tb, CTX.service, SERVICE_STEP.receive)
    f.put(tb, CTX.state, STATE.idle)
    f.put(tb, CTX.waitingFor, WAIT.packet)
    setWake(f, cb, slot, Infinity)
  })
  return { receive, finish }
}
