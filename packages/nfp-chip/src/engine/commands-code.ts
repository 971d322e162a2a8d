/**
 * Commands as a core issues them, and pointers to local memory, in WebAssembly: what commands.ts and operands.ts do.
 * Translated programs and the scheduler call these; everything lies in the chip's memory, so both languages may take turns.
 */
import { choose, int } from '@offload/wasm'
import type { FunctionBuilder, FunctionReference, Int, IntVariable, ModuleBuilder } from '@offload/wasm'
import { ISSUE, MEMORY_MAP, POSTED_CREDITS } from '../constants'
import { TARGET } from '../decode'
import { CORE, CTX, LOG, LOG_START, REQUEST, STATE, WAIT } from '../layout'
import type { Layout } from '../layout'
import { OP_CLASS } from '../memory-unit'
import type { Timing } from '../timing'
import { FAULT } from '../uop'
import { contextBlock, coreBlock, setWake } from './addresses'
import { aboutOf, bytesOf } from './memory-unit-code'
import type { PerformReference } from './memory-unit-code'

const IN_CYCLE = ['int', 'int', 'int', 'int', 'int', 'int', 'int'] as const

export interface CommandsCode {
  /** (core, core block, slot, kind, cycle): address of a new log entry. */
  readonly log: FunctionReference<readonly ['int', 'int', 'int', 'int', 'int']>
  /** (who, imm, aux, lo, hi, override, cycle): see `SegmentCalls`. */
  readonly issue: FunctionReference<typeof IN_CYCLE>
  readonly post: FunctionReference<typeof IN_CYCLE>
  readonly takeOver: FunctionReference<readonly ['int', 'int']>
  readonly setPointer: FunctionReference<readonly ['int', 'int', 'int', 'int']>
}

/** Names under which the functions are exported. */
export const COMMAND_SIGNATURES = {
  log: ['int', 'int', 'int', 'int', 'int'],
  issue: IN_CYCLE,
  post: IN_CYCLE,
  takeOver: ['int', 'int'],
  setPointer: ['int', 'int', 'int', 'int'],
} as const

export function defineCommands(
  module: ModuleBuilder,
  layout: Layout,
  timing: Timing,
  perform: PerformReference,
): CommandsCode {
  const log = module.define('log', COMMAND_SIGNATURES.log, 'int', (f, core, cb, slot, kind, cycle) => {
    const tail = f.int(core.shl(2).word(layout.logTails))
    f.put(core.shl(2), layout.logTails, tail.add(1))
    const entry = f.int(
      tail
        .and(LOG.entries - 1)
        .mul(4 * LOG.words)
        .add(cb)
        .add(4 * LOG_START),
    )
    f.putFloat(entry, LOG.cycleF, cb.float(CORE.segmentStartF).add(cycle.toFloat()))
    f.put(entry, LOG.kind, kind)
    f.put(entry, LOG.context, slot)
    f.return(entry)
  })

  /** The body of both ways to issue a command; `done` returns when all is well. */
  function command(
    f: FunctionBuilder,
    swap: boolean,
    [who, imm, aux, lo, hi, override, cycle]: readonly IntVariable[],
    fail: (fault: number) => void,
    done: () => void,
  ): void {
    const core = f.int(who!.shr(2))
    const slot = f.int(who!.and(3))
    const cb = f.int(coreBlock(layout, core))
    const tb = f.int(contextBlock(cb, slot))
    const op = f.int(imm!.and(0xff))
    const about = f.int(aboutOf(layout, op))
    const kind = about.and(15)
    f.when(imm!.shr(8).ne(TARGET.memory).or(kind.eq(OP_CLASS.none)), () => fail(FAULT.memory))
    const indirect = aux!.shr(18).and(1)
    const raw = f.int(aux!.shr(8).and(7))
    f.when(indirect.and(override!.shr(7)), () => raw.set(override!.shr(8).and(31)))
    const immediate = f.int(0)
    f.when(indirect.and(override!.shr(3).and(7).eq(2)).and(about.shr(4).and(1)), () => immediate.set(override!.shr(16)))
    const transfer = f.int(aux!.and(63))
    const signal = f.int(aux!.shr(12).and(15))
    const bytes = f.int(bytesOf(layout, op, raw))
    const words = f.int(bytes.add(3).shr(2))
    f.when(transfer.add(words).gt(64), () => fail(FAULT.memory))
    const toAt = (register: number): Int => tb.add(transfer.shl(2)).add(4 * register)
    const deliverAt = tb.add(signal.shl(3)).add(4 * CTX.signalTimeF)
    const expectSignal = (): void => f.put(tb, CTX.signals, tb.word(CTX.signals).or(int(1).shl(signal)))
    f.when(hi!.eqz().and(lo!.lt(0)), () => {
      const offset = f.int(lo!.and(0x1fff))
      const packet = f.int(tb.word(CTX.packet))
      f.when(
        packet
          .ge(0)
          .and(lo!.shr(16).and(0x3ff).eq(packet.and(0xff)))
          .and(offset.add(bytes).le(tb.word(CTX.packetBytes))),
        () => {
          perform.do(f, op, raw, tb.word(CTX.packetBase).add(offset), toAt(CTX.xferIn), toAt(CTX.xferOut), immediate)
          const latency = f.int(choose(kind.eq(OP_CLASS.write), timing.ctmWrite, timing.ctmRead))
          f.when(bytes.gt(32), () => latency.increase(bytes.sub(25).shr(3).mul(timing.perEightBytes)))
          const ready = cb.float(CORE.segmentStartF).add(cycle!.add(latency).toFloat())
          if (swap) {
            setWake(f, cb, slot, ready)
            f.put(tb, CTX.state, STATE.waiting)
            f.put(tb, CTX.waitingFor, WAIT.ctm)
          } else
            f.when(signal, () => {
              f.putFloat(deliverAt, 0, ready)
              expectSignal()
            })
          done()
        },
      )
    })
    const dataWords = f.int(choose(kind.eq(OP_CLASS.read).or(about.shr(4).and(1)), 0, words))
    if (!swap) f.when(dataWords.gt(5), () => fail(FAULT.memory))
    const entry = f.int(log.int(core, cb, slot, swap ? REQUEST.memorySwap : REQUEST.posted, cycle!))
    if (!swap) f.bump(cb, CORE.posted)
    f.put(entry, LOG.lo, lo!)
    f.put(entry, LOG.hi, hi!)
    f.put(entry, LOG.count, raw)
    f.put(entry, LOG.xfer, transfer)
    f.put(entry, LOG.op, op.or(immediate.shl(16)))
    f.put(entry, LOG.signal, swap ? 0 : signal)
    f.put(entry, LOG.data + 5, 0)
    if (swap) {
      setWake(f, cb, slot, Infinity)
      f.put(tb, CTX.state, STATE.waiting)
      const island = hi!.and(63)
      f.put(
        tb,
        CTX.waitingFor,
        choose(
          island.eq(MEMORY_MAP.ememIsland),
          WAIT.emem,
          choose(island.eq(MEMORY_MAP.imemIsland), WAIT.imem, WAIT.ctm),
        ),
      )
    } else {
      const index = f.int(0)
      f.count(index, dataWords, () =>
        f.put(entry.add(index.shl(2)), LOG.data, toAt(CTX.xferOut).add(index.shl(2)).word()),
      )
      f.when(signal, () => {
        f.putFloat(deliverAt, 0, Infinity)
        expectSignal()
      })
    }
    done()
  }

  const issue = module.define('issue', IN_CYCLE, 'int', (f, ...operands) => {
    command(
      f,
      true,
      operands,
      (fault) => {
        f.put(coreBlock(layout, operands[0].shr(2)), CORE.fault, fault)
        f.return(fault)
      },
      () => f.return(FAULT.none),
    )
  })

  const post = module.define('post', IN_CYCLE, 'int', (f, who, imm, aux, lo, hi, override, cycle) => {
    const cb = f.int(coreBlock(layout, who.shr(2)))
    const issued = f.int(cb.word(CORE.posted))
    f.when(issued.sub(cb.word(CORE.postedServed)).ge(POSTED_CREDITS), () => f.return(-1))
    const ahead = f.float(
      issued
        .and(POSTED_CREDITS - 1)
        .shl(3)
        .add(cb)
        .float(CORE.postedF)
        .sub(cb.float(CORE.segmentStartF))
        .sub(cycle.toFloat()),
    )
    const stall = f.int(0)
    f.when(ahead.gt(0), () => stall.set(ahead.toInt()))
    cycle.increase(stall)
    command(
      f,
      false,
      [who, imm, aux, lo, hi, override, cycle],
      () => f.return(-1),
      () => f.return(stall),
    )
  })

  const takeOver = module.define('takeOver', ['int', 'int'], undefined, (f, tb, cycle) => {
    const left = f.int(tb.word(CTX.lmPending))
    const index = f.int()
    f.loop((leave) => {
      f.when(left.le(0), leave)
      f.when(tb.word(CTX.lmPendingList + 2).gt(cycle), leave)
      f.put(tb.add(tb.word(CTX.lmPendingList).shl(2)), CTX.lmPointer, tb.word(CTX.lmPendingList + 1))
      left.increase(-1)
      index.set(0)
      f.count(index, left.mul(3), () => {
        const place = tb.add(index.shl(2))
        f.put(place, CTX.lmPendingList, place.word(CTX.lmPendingList + 3))
      })
    })
    f.put(tb, CTX.lmPending, left)
  })

  const setPointer = module.define(
    'setPointer',
    ['int', 'int', 'int', 'int'],
    undefined,
    (f, pointer, value, tb, cycle) => {
      f.when(tb.word(CTX.lmPending), () => takeOver.do(f, tb, cycle))
      f.when(tb.word(CTX.lmPending).eq(4), () => takeOver.do(f, tb, 0x7fffffff))
      const count = f.int(tb.word(CTX.lmPending))
      const entry = f.int(tb.add(count.mul(12)))
      f.put(entry, CTX.lmPendingList, pointer)
      f.put(entry, CTX.lmPendingList + 1, value)
      f.put(entry, CTX.lmPendingList + 2, cycle.add(ISSUE.localMemoryPointerDelay))
      f.put(tb, CTX.lmPending, count.add(1))
    },
  )
  return { log, issue, post, takeOver, setPointer }
}
