/**
 * Serving logged requests in WebAssembly: request-service.ts for memory commands and packets that are done. Perf events,
 * faults, signals, the overflow ring and arrivals are done by the host functions given here; the order is kept in the
 * chip's memory, so either language may go on where the other stopped.
 */
import { choose, chooseFloat, float, int } from '@offload/wasm'
import type { Float, FunctionBuilder, FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { MEMORY_MAP, POSTED_CREDITS } from '../constants'
import { LOCK_VALID } from '../emem'
import { BUCKET, CACHE, CNT, CORE, CTX, ENGINE, LOG, LOG_START, MAPS, REQUEST } from '../layout'
import type { Layout } from '../layout'
import { RING_POP } from '../map-steps'
import { ACTION, OP_CLASS } from '../memory-unit'
import type { Timing } from '../timing'
import { at, contextBlock, coreBlock, islandOf, setWake } from './addresses'
import { aboutOf, bytesOf } from './memory-unit-code'
import type { PerformReference } from './memory-unit-code'
import { lockOf, ownerOf, swapBits } from './places-code'
import type { PlacesCode } from './places-code'

/** What TypeScript does for the engine; see request-service.ts. */
export interface ServiceImports {
  /** Answers the oldest request of a core, whatever it is. */
  readonly answerElsewhere: FunctionReference<readonly ['int']>
  /** (map, key word): makes the entry of a preset array appear. */
  readonly ensure: FunctionReference<readonly ['int', 'int']>
  /** Whether the store has room for another bucket. */
  readonly hasRoom: FunctionReference<readonly []>
  /** Drops a bucket that holds nothing. */
  readonly tidy: FunctionReference<readonly ['int']>
  /** Lets the next frame arrive and puts the cycle of the one behind it to `ENGINE.arrivalF`. */
  readonly arrive: FunctionReference<readonly []>
}

export interface RequestsCode {
  /** (core, slot, cycle): a context wakes. */
  readonly wake: FunctionReference<readonly ['int', 'int', 'float']>
  /** (limit): serves what lies before the horizon and the limit; gives the horizon. */
  readonly serve: FunctionReference<readonly ['float']>
  /** Serves all requests of a core in its own order. */
  readonly serveCore: FunctionReference<readonly ['int']>
  /** (core, core block, slot, entry): does a memory command's work. */
  readonly perform: FunctionReference<readonly ['int', 'int', 'int', 'int']>
}

export function defineRequests(
  module: ModuleBuilder,
  layout: Layout,
  config: ChipConfig,
  timing: Timing,
  performUnit: PerformReference,
  { findBucket, resolve }: PlacesCode,
  imports: ServiceImports,
  done: (
    wake: FunctionReference<readonly ['int', 'int', 'float']>,
  ) => FunctionReference<readonly ['int', 'int', 'int', 'float']>,
): RequestsCode {
  const engine = at(layout.engine)
  const counters = at(layout.counters)
  const counter = (number: number): number => 2 * number
  const inQuanta = config.timeModel === 'quantum'
  const heapAt = layout.engine + ENGINE.heap
  const inHeapAt = layout.engine + ENGINE.inHeap
  const headOf = (core: Int): Int => core.shl(2).word(layout.logHeads)
  const tailOf = (core: Int): Int => core.shl(2).word(layout.logTails)
  const entryOf = (core: Int, cb: Int): Int =>
    headOf(core)
      .and(LOG.entries - 1)
      .mul(4 * LOG.words)
      .add(cb)
      .add(4 * LOG_START)

  const wake = module.define('wake', ['int', 'int', 'float'], undefined, (f, core, slot, cycle) => {
    const cb = f.int(coreBlock(layout, core))
    setWake(f, cb, slot, cycle)
    const next = f.float(cb.float(CORE.nowF))
    f.when(cb.word(CORE.running).lt(0).and(cycle.gt(next)), () => next.set(cycle))
    f.when(next.lt(core.shl(3).float(layout.nextTimes)), () => f.putFloat(core.shl(3), layout.nextTimes, next))
    f.when(next.lt(engine.float(ENGINE.horizonF)), () => f.putFloat(engine, ENGINE.horizonF, next))
  })

  const doneReference = done(wake)

  const keyAt = (index: Int): Float => index.shl(3).float(heapAt)
  const setKey = (f: FunctionBuilder, index: Int, key: Float): void => f.putFloat(index.shl(3), heapAt, key)
  const keyOf = (core: Int, entry: Int): Float => entry.float(LOG.cycleF).mul(float(128)).add(core.toFloat())
  const push = module.define('pushCore', ['int'], undefined, (f, core) => {
    const key = f.float(keyOf(core, entryOf(core, coreBlock(layout, core))))
    f.put(core.shl(2), inHeapAt, 1)
    const place = f.int(engine.word(ENGINE.heapSize))
    f.put(engine, ENGINE.heapSize, place.add(1))
    const parent = f.int()
    const other = f.float()
    f.loop((leave) => {
      f.when(place.le(0), leave)
      parent.set(place.sub(1).shr(1))
      other.set(keyAt(parent))
      f.when(other.le(key), leave)
      setKey(f, place, other)
      place.set(parent)
    })
    setKey(f, place, key)
  })
  /** Puts a key in the place of the one at the top of the heap. */
  const replaceTop = module.define('replaceTop', ['float'], undefined, (f, key) => {
    const size = f.int(engine.word(ENGINE.heapSize))
    const place = f.int(0)
    const child = f.int(1)
    const least = f.float()
    const other = f.float()
    f.loop((leave) => {
      f.when(child.ge(size), leave)
      least.set(keyAt(child))
      f.when(child.add(1).lt(size), () => {
        other.set(keyAt(child.add(1)))
        f.when(other.lt(least), () => {
          least.set(other)
          child.increase(1)
        })
      })
      f.when(least.ge(key), leave)
      setKey(f, place, least)
      place.set(child)
      child.set(place.shl(1).add(1))
    })
    setKey(f, place, key)
  })

  const queue = module.define('queueAtBank', ['int', 'float', 'float'], 'float', (f, bank, cycle, service) => {
    const place = f.int(bank.shl(3).add(4 * layout.counters))
    const free = f.float(place.float(counter(CNT.banks)))
    const start = f.float(chooseFloat(free.gt(cycle), free, cycle))
    if (inQuanta) f.bumpFloat(bank.shl(3), layout.engine + ENGINE.bankWork, service)
    else f.putFloat(place, counter(CNT.banks), start.add(service))
    f.return(start)
  })
  const BANK = { read: 0, atomic: 4, imem: 8 } as const

  const lookUpCache = module.define('lookUpCache', ['int'], 'int', (f, line) => {
    const set = f.int(
      line
        .rem(CACHE.sets)
        .mul(4 * CACHE.ways)
        .add(4 * layout.cache),
    )
    const tag = f.int(line.add(1))
    f.when(set.word().eq(tag), () => {
      f.bumpFloat(counters, counter(CNT.cacheHits), float(1))
      f.return(1)
    })
    const way = f.int(1)
    f.loop((leave) => {
      f.when(way.ge(CACHE.ways), leave)
      f.when(set.add(way.shl(2)).word().eq(tag), leave)
      way.increase(1)
    })
    const hit = f.int(way.lt(CACHE.ways))
    f.when(hit.eqz(), () => way.set(CACHE.ways - 1))
    const place = f.int()
    f.loop((leave) => {
      f.when(way.le(0), leave)
      place.set(set.add(way.shl(2)))
      f.put(place, 0, place.sub(4).word())
      way.increase(-1)
    })
    f.put(set, 0, tag)
    f.when(
      hit,
      () => f.bumpFloat(counters, counter(CNT.cacheHits), float(1)),
      () => f.bumpFloat(counters, counter(CNT.cacheMisses), float(1)),
    )
    f.return(hit)
  })

  /** (op, lo, hi, bytes, cycle): when the issuer sees the end of it. */
  const SERVED = ['int', 'int', 'int', 'int', 'float'] as const
  const served = module.define('served', SERVED, 'float', (f, op, lo, hi, bytes, cycle) => {
    const extra = f.int(0)
    f.when(bytes.gt(32), () => extra.set(bytes.sub(25).shr(3).mul(timing.perEightBytes)))
    const island = f.int(hi.and(63))
    f.when(island.eq(MEMORY_MAP.imemIsland), () => {
      const start = queue.float(lo.shr(4).and(3).add(BANK.imem), cycle, float(timing.serviceImem))
      f.return(start.ceil().add(extra.add(timing.imem).toFloat()))
    })
    f.when(island.ne(MEMORY_MAP.ememIsland), () => f.return(cycle.add(extra.add(timing.ctmRemote).toFloat())))
    const kind = f.int(aboutOf(layout, op).and(15))
    const start = f.float(cycle)
    const latency = f.int()
    f.when(
      kind.eq(OP_CLASS.atomic),
      () => {
        start.set(queue.float(lo.shr(4).and(3).add(BANK.atomic), cycle, float(timing.serviceAtomic)))
        latency.set(choose(lookUpCache.int(lo.shr(CACHE.lineBits)), timing.ememAtomic, timing.ememAtomicMiss))
      },
      () => {
        const units = f.int(lo.and(15).add(bytes).add(15).shr(4))
        const index = f.int(0)
        const began = f.float()
        f.count(index, units, () => {
          began.set(queue.float(lo.shr(4).add(index).and(3).add(BANK.read), cycle, float(timing.serviceRead)))
          f.when(began.gt(start), () => start.set(began))
        })
        latency.set(choose(lookUpCache.int(lo.shr(CACHE.lineBits)), timing.ememHit, timing.ememMiss))
        f.when(kind.eq(OP_CLASS.write), () => latency.set(timing.ememWrite))
      },
    )
    f.return(start.ceil().add(latency.add(extra).toFloat()))
  })

  const PERFORM = ['int', 'int', 'int', 'int'] as const
  const perform = module.define('performRequest', PERFORM, undefined, (f, core, cb, slot, entry) => {
    const tb = f.int(contextBlock(cb, slot))
    const op = f.int(entry.word(LOG.op).and(0xff))
    const lo = f.int(entry.word(LOG.lo))
    const hi = f.int(entry.word(LOG.hi))
    const raw = f.int(entry.word(LOG.count))
    const bytes = f.int(bytesOf(layout, op, raw))
    const hint = f.int(entry.word(LOG.data + 5))
    if (config.firmware.arraysPreset) {
      f.when(hint.ne(0), () =>
        f.when(
          hint
            .shl(6)
            .word(layout.maps + MAPS.type)
            .eq(2),
          () => {
            // Nearly always the entry is there already: then the bucket's own entry is this map's and has the key.
            const bucket = f.int(findBucket.int(lo.sub(MEMORY_MAP.locks).shr(3)))
            const missing = f.int(1)
            f.when(bucket.ge(0), () => {
              const owned = lockOf(layout, bucket)
                .and(swapBits(LOCK_VALID))
                .ne(0)
                .and(ownerOf(layout, bucket).eq(hint.swapped()))
                .and(bucket.word().eq(entry.word(LOG.data + 4)))
              f.when(owned, () => missing.set(0))
            })
            f.when(missing, () => imports.ensure.do(f, hint, entry.word(LOG.data + 4)))
          },
        ),
      )
    }
    const place = f.int(resolve.int(lo, hi, islandOf(layout, core), bytes))
    const to = f.int(tb.add(entry.word(LOG.xfer).shl(2)).add(4 * CTX.xferIn))
    f.when(place.lt(0), () => {
      f.fillBytes(to, 0, bytes.add(3).and(-4))
      f.return()
    })
    const island = f.int(hi.and(63))
    f.when(op.shr(2).eq(ACTION.subtractSaturating).and(island.eq(MEMORY_MAP.imemIsland)).and(lo.ge(0)), () =>
      f.when(imports.hasRoom.int().eqz(), () => {
        f.put(to, 0, 0)
        f.return()
      }),
    )
    const from = f.int(entry.add(4 * LOG.data))
    f.when(entry.word(LOG.kind).eq(REQUEST.memorySwap), () =>
      from.set(tb.add(entry.word(LOG.xfer).shl(2)).add(4 * CTX.xferOut)),
    )
    performUnit.do(f, op, raw, place, to, from, entry.word(LOG.op).shr(16))
    f.when(
      op
        .shr(2)
        .eq(ACTION.subtract)
        .and(island.eq(MEMORY_MAP.ememIsland))
        .and(lo.geu(MEMORY_MAP.locks))
        .and(lo.ltu(MEMORY_MAP.scratch)),
      () => {
        // A lock that is held, or an entry of its own, keeps the bucket.
        const bucket = place.sub(lo.and(7).add(4 * (layout.entryWords + BUCKET.lock)))
        f.when(lockOf(layout, bucket).eqz(), () => imports.tidy.do(f, lo.sub(MEMORY_MAP.locks).shr(3)))
      },
    )
  })

  const answer = module.define('answer', ['int', 'int', 'int', 'float'], undefined, (f, core, cb, entry, cycle) => {
    const kind = f.int(entry.word(LOG.kind))
    const slot = f.int(entry.word(LOG.context))
    f.when(kind.eq(REQUEST.done).and(entry.word(LOG.hi).eqz()), () => {
      f.bumpFloat(counters, counter(CNT.requests), float(1))
      doneReference.do(f, core, slot, entry.word(LOG.lo), cycle)
      f.return()
    })
    const op = f.int(entry.word(LOG.op).and(0xff))
    const rare = kind.eq(REQUEST.done).or(kind.eq(REQUEST.event)).or(op.geu(RING_POP)).or(entry.word(LOG.signal))
    f.when(rare, () => {
      imports.answerElsewhere.do(f, core)
      f.return()
    })
    f.bumpFloat(counters, counter(CNT.requests), float(1))
    perform.do(f, core, cb, slot, entry)
    const bytes = bytesOf(layout, op, entry.word(LOG.count))
    const end = f.float(served.float(op, entry.word(LOG.lo), entry.word(LOG.hi), bytes, cycle))
    f.when(kind.eq(REQUEST.memorySwap), () => {
      wake.do(f, core, slot, end)
      f.return()
    })
    f.when(kind.eq(REQUEST.posted), () => {
      const index = f.int(cb.word(CORE.postedServed))
      f.putFloat(
        index
          .and(POSTED_CREDITS - 1)
          .shl(3)
          .add(cb),
        CORE.postedF,
        end,
      )
      f.put(cb, CORE.postedServed, index.add(1))
    })
  })

  const serve = module.define('serve', ['float'], 'float', (f, limit) => {
    const horizon = f.float(Infinity)
    const core = f.int(0)
    const next = f.float()
    f.count(core, layout.coreCount, () => {
      next.set(core.shl(3).float(layout.nextTimes))
      f.when(next.lt(horizon), () => horizon.set(next))
      f.when(
        core
          .shl(2)
          .word(inHeapAt)
          .eqz()
          .and(headOf(core).ne(tailOf(core))),
        () => push.do(f, core),
      )
    })
    f.putFloat(engine, ENGINE.horizonF, horizon)
    const request = f.float()
    const cb = f.int()
    const horizonNow = () => engine.float(ENGINE.horizonF)
    f.loop((_leave, again) => {
      request.set(Infinity)
      f.when(engine.word(ENGINE.heapSize), () => {
        next.set(int(0).float(heapAt))
        request.set(next.mul(float(1 / 128)).floor())
        core.set(next.sub(request.mul(float(128))).toInt())
      })
      f.when(engine.float(ENGINE.arrivalF).le(request), () => {
        next.set(engine.float(ENGINE.arrivalF))
        f.when(next.ge(horizonNow()).or(next.ge(limit)), () => f.return(horizonNow()))
        imports.arrive.do(f)
        again()
      })
      f.when(request.ge(horizonNow()).or(request.ge(limit)), () => f.return(horizonNow()))
      cb.set(coreBlock(layout, core))
      answer.do(f, core, cb, entryOf(core, cb), request)
      f.put(core.shl(2), layout.logHeads, headOf(core).add(1))
      f.when(
        headOf(core).ne(tailOf(core)),
        () => replaceTop.do(f, keyOf(core, entryOf(core, cb))),
        () => {
          f.put(core.shl(2), inHeapAt, 0)
          const size = f.int(engine.word(ENGINE.heapSize).sub(1))
          f.put(engine, ENGINE.heapSize, size)
          f.when(size, () => replaceTop.do(f, keyAt(size)))
        },
      )
    })
  })

  const serveCore = module.define('serveCore', ['int'], undefined, (f, core) => {
    const cb = f.int(coreBlock(layout, core))
    const entry = f.int()
    f.loop((leave) => {
      f.when(headOf(core).eq(tailOf(core)), leave)
      entry.set(entryOf(core, cb))
      answer.do(f, core, cb, entry, entry.float(LOG.cycleF))
      f.put(core.shl(2), layout.logHeads, headOf(core).add(1))
    })
  })
  return { wake, serve, serveCore, perform }
}
