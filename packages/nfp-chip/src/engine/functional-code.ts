/**
 * The functional model's loop in WebAssembly: takes frames from the inbox, each to its end, without leaving.
 * It does what `runWithoutTime`, `startNow` and `serveNow` do one by one.
 */
import { choose, chooseFloat, float, int } from '@offload/wasm'
import type { FunctionReference, ModuleBuilder } from '@offload/wasm'
import { BURST_WORDS, CTM, POSTED_CREDITS } from '../constants'
import { CNT, CORE, CTX, ENGINE, HDR, LOG, LOG_START, PACKETS_PER_ISLAND, PKT, REQUEST } from '../layout'
import type { Layout } from '../layout'
import { INBOX_FRAME } from '../inbox'
import { RING_POP } from '../map-steps'
import { at, contextBlock, coreBlock, islandOf, packetBlock } from './addresses'
import type { CoreCode } from './core-code'
import type { PacketCode } from './packet-code'
import type { RequestsCode } from './requests-code'

export interface FunctionalImports {
  /** (core): does at once what a core has logged, whatever it is. */
  readonly serveNowElsewhere: FunctionReference<readonly ['int']>
  /** (core): gives a packet up that does not end. */
  readonly giveUpNow: FunctionReference<readonly ['int']>
}

export function defineFunctional(
  module: ModuleBuilder,
  layout: Layout,
  endlessWords: number,
  { begin, advance }: CoreCode,
  { perform }: Pick<RequestsCode, 'perform'>,
  { finishNow }: PacketCode,
  imports: FunctionalImports,
): void {
  const counters = at(layout.counters)
  const counter = (number: number): number => 2 * number
  const headOf = (core: ReturnType<typeof int>) => core.shl(2).word(layout.logHeads)

  const serveNow = module.define('serveNow', ['int', 'int'], undefined, (f, core, cb) => {
    const head = f.int(headOf(core))
    const tail = f.int(core.shl(2).word(layout.logTails))
    const entry = f.int()
    const kind = f.int()
    f.loop((_leave, again) => {
      f.when(head.eq(tail), () => f.return())
      entry.set(
        head
          .and(LOG.entries - 1)
          .mul(4 * LOG.words)
          .add(cb)
          .add(4 * LOG_START),
      )
      kind.set(entry.word(LOG.kind))
      f.when(
        kind.eq(REQUEST.done),
        () => {
          f.when(entry.word(LOG.hi), () => {
            imports.serveNowElsewhere.do(f, core)
            f.return()
          })
          finishNow.do(f, entry.word(LOG.lo), entry.float(LOG.cycleF))
        },
        () => {
          const rare = kind.eq(REQUEST.event).or(entry.word(LOG.op).and(0xff).geu(RING_POP)).or(entry.word(LOG.signal))
          f.when(rare, () => {
            imports.serveNowElsewhere.do(f, core)
            f.return()
          })
          perform.do(f, core, cb, entry.word(LOG.context), entry)
          f.bumpFloat(counters, counter(CNT.requests), float(1))
          f.when(kind.eq(REQUEST.posted), () => {
            const served = f.int(cb.word(CORE.postedServed))
            f.putFloat(
              served
                .and(POSTED_CREDITS - 1)
                .shl(3)
                .add(cb),
              CORE.postedF,
              float(0),
            )
            f.put(cb, CORE.postedServed, served.add(1))
          })
        },
      )
      head.increase(1)
      f.put(core.shl(2), layout.logHeads, head)
      again()
    })
  })

  const start = module.define('startNow', ['int', 'int', 'int'], undefined, (f, core, cb, frame) => {
    const length = f.int(frame.word(INBOX_FRAME.length))
    const offered = f.float(frame.float(INBOX_FRAME.offeredF))
    f.putFloat(counters, counter(CNT.lastArrival), offered)
    f.bumpFloat(counters, counter(CNT.received), float(1))
    f.bumpFloat(counters, counter(CNT.receivedBytes), length.toFloat())
    const number = f.int(islandOf(layout, core))
    const index = f.int(number.mul(PACKETS_PER_ISLAND))
    const packet = f.int(packetBlock(layout, index))
    const base = f.int(number.mul(CTM.bytes).add(4 * layout.ctm))
    const needed = f.int(length.add(CTM.packetStart))
    const blocks = f.int(choose(needed.le(256), 1, choose(needed.le(512), 2, choose(needed.le(1024), 4, 8))))
    f.put(packet, PKT.port, frame.word(INBOX_FRAME.port))
    f.put(packet, PKT.length, length)
    f.put(packet, PKT.base, base)
    f.put(packet, PKT.blocks, blocks)
    f.putFloat(packet, PKT.arrivedF, offered)
    f.putFloat(packet, PKT.numberF, frame.float(INBOX_FRAME.numberF))
    const room = 8 * CTM.blockBytes - CTM.packetStart
    const to = base.add(CTM.packetStart)
    const from = frame.add(4 * INBOX_FRAME.data)
    f.copyBytes(to, from, choose(length.lt(room), length, room))
    const tb = f.int(contextBlock(cb, int(0)))
    f.put(tb, CTX.packet, index)
    f.put(tb, CTX.packetBase, base)
    f.put(tb, CTX.packetBytes, blocks.mul(CTM.blockBytes))
  })

  /** (core of the first packet): works the inbox off. */
  module.define('runInbox', ['int'], undefined, (f, core) => {
    const engine = at(layout.engine)
    const left = f.int(engine.word(ENGINE.inbox))
    const frame = f.int(4 * layout.inbox)
    const cb = f.int()
    const tb = f.int()
    const now = f.float()
    const chip = f.float()
    const limit = f.float()
    const ended = f.int()
    f.loop((leave, again) => {
      f.when(left.eqz(), leave)
      cb.set(coreBlock(layout, core))
      tb.set(contextBlock(cb, int(0)))
      start.do(f, core, cb, frame)
      now.set(cb.float(CORE.nowF))
      chip.set(at(layout.header).float(HDR.nowF))
      now.set(chooseFloat(chip.gt(now), chip, now))
      limit.set(cb.float(CORE.wordsF).add(float(endlessWords)))
      begin.do(f, core, cb, 0, now)
      f.loop((finished, more) => {
        ended.set(advance.int(core, cb, BURST_WORDS))
        serveNow.do(f, core, cb)
        f.when(ended.and(tb.word(CTX.packet).lt(0)), finished)
        f.when(cb.float(CORE.wordsF).gt(limit), () => {
          imports.giveUpNow.do(f, core)
          finished()
        })
        f.when(ended, () => begin.do(f, core, cb, 0, cb.float(CORE.nowF)))
        more()
      })
      f.putFloat(core.shl(3), layout.nextTimes, Infinity)
      frame.increase(
        frame
          .word(INBOX_FRAME.length)
          .add(4 * INBOX_FRAME.data + 7)
          .and(-8),
      )
      left.increase(-1)
      core.increase(1)
      f.when(core.ge(layout.coreCount), () => core.set(0))
      again()
    })
    f.put(engine, ENGINE.inbox, 0)
  })
}
