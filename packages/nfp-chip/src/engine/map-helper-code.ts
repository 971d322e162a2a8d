/**
 * Map lookup, update and delete as the firmware does them, in WebAssembly: the steps of map-helpers.ts, which has the
 * explanations. Perf events, waits for locks and the overflow pool's ring are left to that file; state between two steps
 * lies in the context's scratch words, so the two may take turns.
 */
import { choose } from '@offload/wasm'
import type { FunctionBuilder, FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import type { ChipConfig } from '../api'
import { MAP_CODE, MEMORY_MAP } from '../constants'
import { CORE, CTX, ENGINE, LOG, LOG_START, MAPS, REQUEST, STATE, WAIT } from '../layout'
import type { Layout } from '../layout'
import { ERRNO, FLAG, FOUND, KIND, LOCK, POOL_HI, S, STEP, TABLE_HI } from '../map-steps'
import { ACTION, opOf } from '../memory-unit'
import { at, setWake } from './addresses'
import type { CommandsCode } from './commands-code'
import type { HashCode } from './hash-code'

/** (core, core block, context block, slot) */
const PLACE = ['int', 'int', 'int', 'int'] as const

/** Answers of `step` and `call`: the context waits, goes on with program words, or this is not for this tier. */
export const HELPER = { waits: 0, goesOn: 1, elsewhere: 2 } as const

export interface MapHelperCode {
  readonly call: FunctionReference<typeof PLACE>
  readonly step: FunctionReference<typeof PLACE>
}

export function defineMapHelpers(
  module: ModuleBuilder,
  layout: Layout,
  { firmware }: ChipConfig,
  { log, takeOver }: Pick<CommandsCode, 'log' | 'takeOver'>,
  { hashKey }: HashCode,
): MapHelperCode {
  const { helpers } = firmware
  const EMEM = MEMORY_MAP.ememIsland
  const IMEM = MEMORY_MAP.imemIsland
  const bucketBytes = 1 << layout.bucketShift
  const entryBytes = 4 * layout.entryWords
  const read = opOf(ACTION.read32, 2)
  const write = opOf(ACTION.write32, 2)

  // (core, core block, context block, slot, op | wait << 8 | next step << 16, raw length, lo, hi, cycles)
  const COMMAND = [...PLACE, 'int', 'int', 'int', 'int', 'int'] as const
  const command = module.define('mapCommand', COMMAND, 'int', (f, core, cb, tb, slot, how, raw, lo, hi, cycles) => {
    f.bump(tb, CTX.cycle, cycles)
    const entry = f.int(log.int(core, cb, slot, REQUEST.memorySwap, tb.word(CTX.cycle)))
    f.put(entry, LOG.lo, lo)
    f.put(entry, LOG.hi, hi)
    f.put(entry, LOG.count, raw)
    f.put(entry, LOG.xfer, 0)
    f.put(entry, LOG.op, how.and(0xff))
    f.put(entry, LOG.signal, 0)
    f.put(entry, LOG.data + 5, 0)
    f.bump(tb, CTX.cycle, 1)
    f.put(tb, CTX.service, how.shr(16))
    f.put(tb, CTX.state, STATE.waiting)
    f.put(tb, CTX.waitingFor, how.shr(8).and(0xff))
    setWake(f, cb, slot, Infinity)
    f.return(HELPER.waits)
  })
  // (core, core block, context block, slot, lo, hi, op | immediate << 16)
  const POST = [...PLACE, 'int', 'int', 'int'] as const
  const post = module.define('mapPost', POST, undefined, (f, core, cb, tb, slot, lo, hi, op) => {
    const entry = f.int(log.int(core, cb, slot, REQUEST.memory, tb.word(CTX.cycle)))
    f.put(entry, LOG.lo, lo)
    f.put(entry, LOG.hi, hi)
    for (const word of [LOG.count, LOG.xfer, LOG.signal, LOG.data + 5]) f.put(entry, word, 0)
    f.put(entry, LOG.op, op)
    f.bump(tb, CTX.cycle, 1)
  })

  const returns = module.define('mapReturns', ['int', 'int', 'int'], 'int', (f, tb, lo, hi) => {
    f.bump(tb, CTX.cycle, MAP_CODE.exit)
    f.put(tb, CTX.gprA, lo)
    f.put(tb, CTX.gprB, lo)
    f.put(tb, CTX.gprA + 1, hi)
    f.put(tb, CTX.gprB + 1, hi)
    f.put(tb, CTX.pc, tb.word(CTX.scratch + S.back).and(0x3fff))
    f.put(tb, CTX.service, 0)
    f.return(HELPER.goesOn)
  })

  /** The steps of one context, written inside a function of these parameters. */
  const steps = (f: FunctionBuilder, core: Int, cb: Int, tb: Int, slot: Int) => {
    const scratch = (word: number): Int => tb.word(CTX.scratch + word)
    const set = (word: number, value: Int | number): void => f.put(tb, CTX.scratch + word, value)
    const xferIn = (word: number): Int => tb.word(CTX.xferIn + word)
    const setOut = (word: number, value: Int | number): void => f.put(tb, CTX.xferOut + word, value)
    const lockAt = (): Int => scratch(S.bucket).shl(3).add(MEMORY_MAP.locks)
    const bucketAt = (offset: Int | number): Int =>
      scratch(S.bucket).shl(layout.bucketShift).add(MEMORY_MAP.table).add(offset)
    const poolAt = (offset: Int | number): Int => scratch(S.pool).mul(entryBytes).add(MEMORY_MAP.pool).add(offset)
    const lm = (index: Int): Int => index.and(1023).shl(2).add(cb)
    const issue = (
      op: number,
      raw: Int | number,
      lo: Int,
      hi: number,
      cycles: Int | number,
      next: number,
      wait: number = WAIT.emem,
    ): void => f.return(command.int(core, cb, tb, slot, op | (wait << 8) | (next << 16), raw, lo, hi, cycles))
    const postNow = (op: number, lo: Int, hi: number, immediate: number): void =>
      post.do(f, core, cb, tb, slot, lo, hi, op | (immediate << 16))
    const fail = (error: number): void => f.return(returns.int(tb, error, error >> 31))
    const isKind = (kind: number): Int => scratch(S.kind).eq(kind)

    const release = (exclusive: boolean): void => {
      postNow(opOf(ACTION.subtract, 2), lockAt(), EMEM, exclusive ? LOCK.exclusive | 1 : 1)
      if (!exclusive) {
        const found = f.int(scratch(S.found))
        f.when(isKind(KIND.lookup).and(found.ne(FOUND.no)), () => {
          const offset = scratch(S.valueOffset)
          f.when(found.eq(FOUND.primary), () =>
            f.return(returns.int(tb, scratch(S.bucket).mul(bucketBytes).add(offset), TABLE_HI)),
          )
          f.return(returns.int(tb, scratch(S.pool).mul(entryBytes).add(offset), POOL_HI))
        })
      }
      f.return(returns.int(tb, scratch(S.result), scratch(S.result).sar(31)))
    }
    const upgrade = (): void => {
      const primary = scratch(S.found).eq(FOUND.no).and(scratch(S.valid).eqz())
      setOut(0, choose(primary, LOCK.exclusive | LOCK.valid, LOCK.exclusive))
      issue(opOf(ACTION.set, 1), 0, lockAt(), EMEM, MAP_CODE.step, STEP.upgrade)
    }
    const missing = (): void => {
      set(S.found, FOUND.no)
      f.when(isKind(KIND.lookup), () => release(false))
      f.when(isKind(KIND.delete).or(scratch(S.flags).eq(FLAG.exist)), () => {
        set(S.result, ERRNO.noEntry)
        release(false)
      })
      upgrade()
    }
    const entryFound = (where: number): void => {
      set(S.found, where)
      f.when(isKind(KIND.lookup), () => release(false))
      f.when(isKind(KIND.update).and(scratch(S.flags).eq(FLAG.noExist)), () => {
        set(S.result, ERRNO.exists)
        release(false)
      })
      upgrade()
    }
    const readTags = (): void => {
      setOut(0, scratch(S.tag))
      issue(opOf(ACTION.cam, 0), 6, bucketAt(entryBytes), EMEM, MAP_CODE.cam, STEP.tags)
    }
    const nextHit = (): void => {
      const hits = f.int(scratch(S.hits))
      f.when(hits.eqz(), missing)
      const place = f.int(hits.ctz())
      set(S.hits, hits.and(hits.sub(1)))
      set(S.place, place)
      issue(read, 0, bucketAt(place.shl(2).add(entryBytes + 32)), EMEM, MAP_CODE.step, STEP.overflowPointer)
    }
    /** Goes on with `then` when transfer registers hold this key. */
    const whenKeyMatches = (then: () => void): void => {
      const count = f.int(scratch(S.keyWords))
      f.bump(tb, CTX.cycle, count.mul(MAP_CODE.comparePerWord).add(MAP_CODE.compareFixed))
      const key = f.int(scratch(S.key))
      const index = f.int(0)
      const same = f.int(1)
      f.count(index, count, (leave) => {
        f.when(
          tb
            .add(index.shl(2))
            .word(CTX.xferIn)
            .ne(lm(key.add(index)).word(CORE.lm)),
          () => {
            same.set(0)
            leave()
          },
        )
      })
      f.when(same, then)
    }
    const takeLock = (): void => {
      setOut(0, 1)
      setOut(1, 0)
      const how = opOf(ACTION.add, 1) | (WAIT.emem << 8) | (STEP.lock << 16)
      f.drop(command.int(core, cb, tb, slot, how, 4, lockAt(), EMEM, MAP_CODE.lock))
      const tail = core.shl(2).word(layout.logTails).sub(1)
      const entry = f.int(
        tail
          .and(LOG.entries - 1)
          .mul(4 * LOG.words)
          .add(cb)
          .add(4 * LOG_START),
      )
      f.put(entry, LOG.data + 4, lm(scratch(S.key)).word(CORE.lm))
      f.put(entry, LOG.data + 5, scratch(S.map))
      f.return(HELPER.waits)
    }
    /** Writes `count` words of local memory from the scratch word `from` on. */
    const writeWords = (from: number, count: Int, place: Int, next: number): void => {
      const first = f.int(scratch(from))
      const index = f.int(0)
      f.count(index, count, () => f.put(tb.add(index.shl(2)), CTX.xferOut, lm(first.add(index)).word(CORE.lm)))
      issue(write, count.sub(1), place, EMEM, count.add(MAP_CODE.step), next)
    }
    const writeValue = (next: number): void => {
      const words = scratch(S.valueWords)
      const count = f.int(choose(words.lt(1), 1, scratch(S.valueWords)))
      const place = f.int(scratch(S.valueOffset))
      place.set(choose(scratch(S.found).eq(FOUND.overflow), poolAt(place), bucketAt(place)))
      writeWords(S.value, count, place, next)
    }
    const writeKey = (place: Int): void => {
      const count = f.int(scratch(S.keyWords))
      writeWords(S.key, count, place, STEP.keyWritten)
    }
    const change = (): void => {
      f.when(isKind(KIND.delete), () => f.return(HELPER.elsewhere))
      f.when(scratch(S.found).ne(FOUND.no), () => writeValue(STEP.valueWritten))
      setOut(0, 1)
      const credits = scratch(S.map)
        .shl(6)
        .add(4 * MAPS.credits)
      issue(opOf(ACTION.subtractSaturating, 1), 0, credits, IMEM, MAP_CODE.step, STEP.credit, WAIT.imem)
    }

    const descriptor = (): void => {
      const shape = f.int(xferIn(0))
      const count = f.int(shape.shr(16))
      set(S.keyWords, count)
      set(S.valueWords, shape.and(0xffff))
      set(S.maxEntries, xferIn(1))
      set(S.type, xferIn(5))
      f.when(count.eqz(), () => count.set(1))
      set(S.valueOffset, count.shl(2).add(7).and(-8))
      f.when(shape.eqz(), () => {
        f.when(isKind(KIND.lookup), () => fail(0))
        fail(ERRNO.invalid)
      })
      f.when(isKind(KIND.update).and(scratch(S.flags).gtu(FLAG.exist)), () => fail(ERRNO.invalid))
      if (firmware.arraysPreset) {
        f.when(scratch(S.type).eq(2).and(isKind(KIND.lookup).eqz()), () => {
          f.when(isKind(KIND.delete), () => fail(ERRNO.invalid))
          f.when(lm(scratch(S.key)).word(CORE.lm).geu(scratch(S.maxEntries)), () => fail(ERRNO.tooBig))
        })
      }
      const key = f.int(scratch(S.key))
      const mask = f.int(xferIn(2))
      const last = f.int(lm(key.add(count).sub(1)))
      f.put(last, CORE.lm, last.word(CORE.lm).and(mask))
      hashKey.do(f, cb.add(4 * CORE.lm).add(key.shl(2)), count, scratch(S.map), mask)
      const engine = at(layout.engine)
      set(S.bucket, engine.word(ENGINE.hash0).and((1 << layout.bucketBits) - 1))
      set(S.tag, engine.word(ENGINE.hash1).and(0xffffff).or(1))
      f.bump(tb, CTX.cycle, count.mul(MAP_CODE.hashPerWord).add(MAP_CODE.hashFixed))
      takeLock()
    }
    const locked = (): void => {
      const state = f.int(xferIn(0))
      f.when(state.and(LOCK.exclusive), () => f.return(HELPER.elsewhere))
      const valid = f.int(state.and(LOCK.valid).ne(0))
      set(S.valid, valid)
      set(S.owner, xferIn(1))
      f.when(valid.and(xferIn(1).eq(scratch(S.map))), () =>
        issue(read, layout.entryWords - 1, bucketAt(0), EMEM, MAP_CODE.step, STEP.primary),
      )
      readTags()
    }

    return {
      [STEP.descriptor]: descriptor,
      [STEP.lock]: locked,
      [STEP.retry]: takeLock,
      [STEP.primary]: () => {
        whenKeyMatches(() => entryFound(FOUND.primary))
        readTags()
      },
      [STEP.tags]: () => {
        set(S.hits, xferIn(0))
        nextHit()
      },
      [STEP.overflowPointer]: () => {
        const pointer = f.int(xferIn(0))
        f.when(pointer.shr(24).ne(scratch(S.map).and(0xff)), nextHit)
        set(S.pool, pointer.and(0xffffff))
        issue(read, layout.entryWords - 1, poolAt(0), EMEM, MAP_CODE.step, STEP.overflowEntry)
      },
      [STEP.overflowEntry]: () => {
        whenKeyMatches(() => entryFound(FOUND.overflow))
        nextHit()
      },
      [STEP.upgrade]: () => {
        const state = f.int(xferIn(0))
        f.when(state.and(LOCK.exclusive).or(state.and(LOCK.holders).gt(1)), () => f.return(HELPER.elsewhere))
        change()
      },
      [STEP.credit]: () => {
        f.when(xferIn(0).eqz().or(scratch(S.valid)), () => f.return(HELPER.elsewhere))
        setOut(0, scratch(S.map))
        set(S.found, FOUND.primary)
        issue(opOf(ACTION.atomicWrite, 0), 0, lockAt().add(4), EMEM, MAP_CODE.step, STEP.owner)
      },
      [STEP.owner]: () => writeKey(bucketAt(0)),
      [STEP.keyWritten]: () => writeValue(STEP.valueWritten),
      [STEP.valueWritten]: () => release(true),
      [STEP.removed]: () => release(true),
      [STEP.unlocked]: () => release(true),
    }
  }

  const call = module.define('mapCall', PLACE, 'int', (f, core, cb, tb, slot) => {
    const pc = f.int(tb.word(CTX.pc))
    f.when(pc.eq(helpers.perfEventOutput), () => f.return(HELPER.elsewhere))
    const id = f.int(tb.word(CTX.gprA))
    f.when(id.geu(MAPS.count), () => f.return(HELPER.elsewhere))
    f.put(tb, CTX.scratch + S.back, tb.word(CTX.gprB))
    f.put(tb, CTX.scratch + S.result, 0)
    f.put(tb, CTX.scratch + S.found, FOUND.no)
    const kind = f.int(KIND.lookup)
    f.when(
      pc.eq(helpers.update),
      () => kind.set(KIND.update),
      () => f.when(pc.eq(helpers.delete), () => kind.set(KIND.delete)),
    )
    f.put(tb, CTX.scratch + S.kind, kind)
    f.put(tb, CTX.scratch + S.map, id)
    f.when(tb.word(CTX.lmPending), () => takeOver.do(f, tb, 0x7fffffff))
    f.put(tb, CTX.scratch + S.key, tb.word(CTX.lmPointer).shr(2).and(1023))
    f.put(
      tb,
      CTX.scratch + S.value,
      tb
        .word(CTX.lmPointer + 2)
        .shr(2)
        .and(1023),
    )
    f.put(tb, CTX.scratch + S.flags, tb.word(CTX.gprA + 8))
    const how = read | (WAIT.imem << 8) | (STEP.descriptor << 16)
    f.return(command.int(core, cb, tb, slot, how, 5, id.shl(6), IMEM, MAP_CODE.entry))
  })

  const step = module.define('mapStep', PLACE, 'int', (f, core, cb, tb, slot) => {
    const cases = steps(f, core, cb, tb, slot)
    f.switch(
      tb.word(CTX.service),
      new Map(Object.entries(cases).map(([number, write]) => [Number(number), write])),
      () => f.return(HELPER.elsewhere),
    )
  })
  return { call, step }
}
