/**
 * The run loop of a core in WebAssembly: arbitration, run segments, the firmware between them. It is core-runner.ts for
 * what programs do all the time; whatever is rare (words for the interpreter, perf events, faults) ends in a call to the
 * host function `advanceRest`, which finishes the segment there.
 */
import { chooseFloat, int } from '@offload/wasm'
import type { Float, FunctionBuilder, FunctionReference, Int, IntVariable, ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { BURST_WORDS, ISSUE, POSTED_CREDITS } from '../constants'
import { CORE, CTX, ENGINE, HDR, LOG, STATE } from '../layout'
import type { Layout } from '../layout'
import { SERVICE_STEP } from '../services'
import { SEGMENT_STOP } from './segment/locals'
import { at, contextBlock, coreBlock, wakeAt } from './addresses'
import type { CommandsCode } from './commands-code'
import { HELPER } from './map-helper-code'
import type { MapHelperCode } from './map-helper-code'
import type { ServicesCode } from './services-code'

/** Value in the table of entries of an address that belongs to the firmware. */
export const FIRMWARE_ENTRY = -2

const SEGMENT = ['int', 'int', 'int', 'int', 'int', 'int'] as const

export interface CoreCode {
  /** (core, end of the window): runs a core until its next event lies at or behind `end`. */
  readonly runCore: FunctionReference<readonly ['int', 'float']>
  readonly runCores: FunctionReference<readonly ['int', 'int', 'float']>
  /** (core, core block, slot, cycle): starts a run segment. */
  readonly begin: FunctionReference<readonly ['int', 'int', 'int', 'float']>
  /** (core, core block, words left): whether the running context's segment ended. */
  readonly advance: FunctionReference<readonly ['int', 'int', 'int']>
}

export interface CoreParts {
  readonly segment: FunctionReference<typeof SEGMENT>
  readonly commands: Pick<CommandsCode, 'takeOver'>
  readonly services: ServicesCode
  readonly helpers: MapHelperCode
  /** Quantum model: serves what a core has logged. */
  readonly serveCore?: FunctionReference<readonly ['int']>
}

export function defineCore(
  module: ModuleBuilder,
  layout: Layout,
  { firmware }: ChipConfig,
  member: number,
  advanceRest: FunctionReference<readonly ['int', 'int', 'int']>,
  { segment, commands, services, helpers, serveCore }: CoreParts,
): CoreCode {
  const entries = layout.entries + member * layout.storeWords
  const counts = 4 * (layout.blockCounts + member * layout.storeWords)

  const begin = module.define('begin', ['int', 'int', 'int', 'float'], undefined, (f, _core, cb, slot, now) => {
    const tb = f.int(contextBlock(cb, slot))
    f.put(cb, CORE.running, slot)
    f.put(cb, CORE.last, slot)
    f.putFloat(cb, CORE.segmentStartF, now)
    const wake = f.int(wakeAt(cb, slot))
    const woke = f.float(wake.float())
    f.bumpFloat(f.int(tb.word(CTX.waitingFor).shl(3).add(cb)), CORE.waitedF, woke.sub(tb.float(CTX.sleepF)))
    f.bumpFloat(cb, CORE.waitedF, now.sub(woke))
    f.putFloat(wake, 0, Infinity)
    f.put(cb, CORE.segmentWords, 0)
    f.put(tb, CTX.cycle, 0)
    f.put(tb, CTX.ccCycle, -2)
    f.put(tb, CTX.state, STATE.ready)
    f.put(tb, CTX.waitingFor, 0)
    f.when(tb.word(CTX.arbMask), () => {
      f.put(tb, CTX.signals, tb.word(CTX.signals).and(tb.word(CTX.arbMask).not()))
      f.put(tb, CTX.arbMask, 0)
    })
    f.when(tb.word(CTX.lmPending), () => commands.takeOver.do(f, tb, 0x7fffffff))
  })

  const ADVANCE = ['int', 'int', 'int'] as const
  const advance = module.define('advance', ADVANCE, 'int', (f, core, cb, left) => {
    const slot = f.int(cb.word(CORE.running))
    const tb = f.int(contextBlock(cb, slot))
    const service = f.int(tb.word(CTX.service))
    const pc = f.int()
    const entry = f.int()
    const stop = f.int()
    const words = f.int()
    const elsewhere = (how: number): void => f.return(advanceRest.int(core, left, how))
    const ended = (): void => {
      const cycles = f.int(tb.word(CTX.cycle))
      const free = f.float(cb.float(CORE.segmentStartF).add(cycles.toFloat()))
      f.put(cb, CORE.running, -1)
      f.bumpFloat(cb, CORE.busyF, cycles.toFloat())
      f.putFloat(tb, CTX.sleepF, free)
      f.putFloat(cb, CORE.nowF, free.add(ISSUE.swap))
      f.return(1)
    }
    f.when(
      service.eq(SERVICE_STEP.receive),
      () => {
        f.when(services.receive.int(core, cb, tb, slot).eqz(), () => elsewhere(0))
      },
      () =>
        f.when(service, () => {
          stop.set(helpers.step.int(core, cb, tb, slot))
          f.when(stop.eq(HELPER.waits), ended)
          f.when(stop.eq(HELPER.elsewhere), () => elsewhere(0))
        }),
    )
    f.loop((_leave, again) => {
      pc.set(tb.word(CTX.pc))
      f.when(pc.geu(layout.storeWords).or(tb.word(CTX.slots)), () => elsewhere(0))
      entry.set(pc.shl(2).word(entries))
      f.when(entry.eq(FIRMWARE_ENTRY), () => {
        f.when(pc.eq(firmware.tgtDone), () => {
          services.finish.do(f, core, cb, tb, slot)
          ended()
        })
        stop.set(helpers.call.int(core, cb, tb, slot))
        f.when(stop.eq(HELPER.waits), ended)
        f.when(stop.eq(HELPER.elsewhere), () => elsewhere(0))
        again()
      })
      const room = f.int(left.sub(at(layout.engine).word(ENGINE.programWords)))
      f.when(entry.lt(0).or(room.le(0)), () => elsewhere(0))
      words.set(segment.int(cb, tb, entry, counts, room, core.shl(2).or(slot)))
      stop.set(words.and(7))
      words.set(words.shr(3))
      left.set(left.sub(words))
      f.bump(tb, CTX.words, words)
      f.bumpFloat(cb, CORE.wordsF, words.toFloat())
      f.bump(cb, CORE.segmentWords, words)
      f.when(stop.eq(SEGMENT_STOP.swapped), ended)
      f.when(stop.eq(SEGMENT_STOP.interpret), () => elsewhere(1))
      f.when(stop.eq(SEGMENT_STOP.fault), () => elsewhere(2))
    })
  })

  /** The context that runs next at `now`, -1 when none is ready: `slot` is set. */
  const pick = (f: FunctionBuilder, cb: Int, now: Float, slot: IntVariable): void => {
    const candidate = f.int(cb.word(CORE.last))
    const turn = f.int(0)
    slot.set(-1)
    f.count(turn, 4, (leave) => {
      candidate.set(candidate.add(1).and(3))
      f.when(wakeAt(cb, candidate).float().le(now), () => {
        slot.set(candidate)
        leave()
      })
    })
  }
  const earliestWake = module.define('earliestWake', ['int'], 'float', (f, cb) => {
    const least = f.float(cb.float(CORE.wakeF))
    for (let slot = 1; slot < 4; slot++) {
      const wake = cb.float(CORE.wakeF + 2 * slot)
      least.set(chooseFloat(wake.lt(least), wake, least))
    }
    f.return(least)
  })

  const logFull = (core: Int): Int =>
    core
      .shl(2)
      .word(layout.logTails)
      .sub(core.shl(2).word(layout.logHeads))
      .ge(LOG.entries - 4)

  const runCore = module.define('runCore', ['int', 'float'], undefined, (f, core, end) => {
    const cb = f.int(coreBlock(layout, core))
    const now = f.float()
    const slot = f.int()
    const done = f.int()
    f.loop((leave) => {
      done.set(0)
      f.when(
        cb.word(CORE.running).lt(0),
        () => {
          now.set(cb.float(CORE.nowF))
          pick(f, cb, now, slot)
          f.when(
            slot.lt(0),
            () => {
              now.set(earliestWake.float(cb))
              f.when(now.ge(end), leave)
              pick(f, cb, now, slot)
            },
            () => f.when(now.ge(end), leave),
          )
          f.when(logFull(core), () => {
            f.putFloat(cb, CORE.nowF, now)
            leave()
          })
          begin.do(f, core, cb, slot, now)
        },
        () => {
          done.set(cb.word(CORE.segmentWords).rem(BURST_WORDS))
          f.when(cb.float(CORE.nowF).ge(end), () => f.when(done.eqz().or(cb.float(CORE.segmentStartF).ge(end)), leave))
        },
      )
      const ended = f.int(advance.int(core, cb, int(BURST_WORDS).sub(done)))
      if (serveCore) serveCore.do(f, core)
      else
        f.when(ended.eqz(), () => {
          const stuck = cb.word(CORE.posted).sub(cb.word(CORE.postedServed)).ge(POSTED_CREDITS)
          f.when(logFull(core).or(stuck), leave)
        })
    })
    now.set(cb.float(CORE.nowF))
    f.when(cb.word(CORE.running).lt(0), () => {
      const wake = f.float(earliestWake.float(cb))
      now.set(chooseFloat(wake.gt(now), wake, now))
    })
    f.putFloat(core.shl(3), layout.nextTimes, now)
  })
  /** (first core, step, end of the window): runs the cores first, first + step, … */
  const runCores = module.define('runCores', ['int', 'int', 'float'], undefined, (f, core, step, end) => {
    f.loop((leave) => {
      f.when(core.ge(layout.coreCount), leave)
      f.when(core.shl(3).float(layout.nextTimes).lt(end), () => runCore.do(f, core, end))
      core.increase(step)
    })
  })
  return { runCore, runCores, begin, advance }
}

/**
 * The exact model by one thread: windows, each served behind it, until nothing is left to do before `until`; gives the
 * horizon then.
 */
export function defineWindows(
  module: ModuleBuilder,
  layout: Layout,
  { runCores }: CoreCode,
  serve: FunctionReference<readonly ['float']>,
): void {
  module.define('runWindows', ['float', 'float'], 'float', (f, until, window) => {
    const horizon = f.float()
    const end = f.float()
    f.loop((_leave, again) => {
      horizon.set(serve.float(until))
      f.when(horizon.ge(until), () => f.return(horizon))
      end.set(horizon.add(window))
      f.when(end.gt(until), () => end.set(until))
      f.putFloat(at(layout.header), HDR.windowEndF, end)
      runCores.do(f, 0, 1, end)
      again()
    })
  })
}
