/** The work of memory commands in WebAssembly: memory-unit.ts word for word, whose comments hold here too. */
import { int, long } from '@offload/wasm'
import type { FunctionReference, Int, ModuleBuilder } from '@offload/wasm'
import { ENGINE } from '../layout'
import type { Layout } from '../layout'
import { ACTION, opClass, usesImmediate } from '../memory-unit'

/** (op, raw length, address, result address, data address, immediate); addresses in bytes. */
const PERFORM = ['int', 'int', 'int', 'int', 'int', 'int'] as const
export type PerformReference = FunctionReference<typeof PERFORM>

/**
 * What tables say of an operation: class (4 bits), whether it takes an immediate, and how the length follows from the raw
 * field: ((raw >> 2 for atomics) & mask) + 1, times a power of two.
 */
export function operationInfo(op: number): number {
  const info = opClass(op) | (usesImmediate(op) ? 16 : 0)
  const length = (skip: number, mask: number, shift: number): number => info | (skip << 5) | (mask << 8) | (shift << 16)
  switch (op >> 2) {
    case ACTION.read:
    case ACTION.write:
      return length(0, 31, 3)
    case ACTION.read32:
    case ACTION.write32:
      return length(0, 31, 2)
    case ACTION.write8:
      return length(0, 31, 0)
    case ACTION.read8:
      return length(0, 31, (op & 3) === 0 ? 2 : 0)
    case ACTION.cam:
      return length(0, 0, 5)
    default:
      return length(2, 1, 2)
  }
}

export const aboutOf = (layout: Layout, op: Int): Int => op.shl(2).word(layout.engine + ENGINE.operations)

/** Bytes that a command touches; `op` is used more than once. */
export function bytesOf(layout: Layout, op: Int, raw: Int): Int {
  const about = (): Int => aboutOf(layout, op)
  const units = raw.shr(about().shr(5).and(7)).and(about().shr(8).and(31)).add(1)
  return units.shl(about().shr(16))
}

export function defineMemoryUnit(module: ModuleBuilder): PerformReference {
  // (address, result address, words, in the order of the bytes, 1 to exchange the words of a pair)
  const transfer = ['int', 'int', 'int', 'int', 'int'] as const
  const readWords = module.define('readWords', transfer, undefined, (f, from, to, count, swapped, pair) => {
    const index = f.int()
    const value = f.int()
    f.loop((leave) => {
      value.set(from.add(index.xor(pair).shl(2)).looseWord())
      f.when(swapped.eqz(), () => value.set(value.swapped()))
      f.put(to.add(index.shl(2)), 0, value)
      index.increase(1)
      f.when(index.ge(count), leave)
    })
  })
  const writeWords = module.define('writeWords', transfer, undefined, (f, to, from, count, swapped, pair) => {
    const index = f.int()
    const value = f.int()
    f.loop((leave) => {
      value.set(from.add(index.shl(2)).word())
      f.when(swapped.eqz(), () => value.set(value.swapped()))
      f.putLoose(to.add(index.xor(pair).shl(2)), 0, value)
      index.increase(1)
      f.when(index.ge(count), leave)
    })
  })

  const write8 = module.define('write8', ['int', 'int', 'int', 'int'], undefined, (f, to, from, count, swapped) => {
    const index = f.int()
    const lane = f.int()
    f.count(index, count, () => {
      lane.set(index.and(3).shl(3))
      f.when(swapped.eqz(), () => lane.set(int(24).sub(lane)))
      f.putByte(to.add(index), from.add(index.and(-4)).word().shr(lane))
    })
  })
  const read8 = module.define('read8', ['int', 'int', 'int'], undefined, (f, from, to, count) => {
    const index = f.int()
    const value = f.int()
    f.count(index, count, () => {
      f.when(index.and(3).eqz(), () => value.set(0))
      value.set(
        value.or(
          from
            .add(index)
            .byte()
            .shl(int(24).sub(index.and(3).shl(3))),
        ),
      )
      f.put(to.add(index.and(-4)), 0, value)
    })
  })

  const atomic = ['int', 'int', 'int', 'int', 'int'] as const
  const atomic32 = module.define('atomic32', atomic, undefined, (f, op, place, to, from, immediate) => {
    const old = f.int(place.looseWord().swapped())
    f.when(op.and(1), () => f.put(to, 0, old))
    const operand = f.int(immediate)
    f.when(op.and(2).eqz(), () => operand.set(from.word()))
    const value = f.int()
    f.switch(
      op.shr(2),
      new Map([
        [ACTION.atomicWrite, () => value.set(operand)],
        [ACTION.set, () => value.set(old.or(operand))],
        [ACTION.clear, () => value.set(old.and(operand.not()))],
        [ACTION.xor, () => value.set(old.xor(operand))],
        [ACTION.add, () => value.set(old.add(operand))],
        [
          ACTION.addSaturating,
          () => {
            value.set(old.add(operand))
            f.when(value.ltu(old), () => value.set(-1))
          },
        ],
        [ACTION.subtract, () => value.set(old.sub(operand))],
      ]),
      () => {
        value.set(old.sub(operand))
        f.when(old.ltu(operand), () => value.set(0))
      },
    )
    f.putLoose(place, 0, value.swapped())
  })
  const atomic64 = module.define('atomic64', atomic, undefined, (f, op, place, to, from, immediate) => {
    const low = f.int(place.looseWord().swapped())
    const high = f.int(place.looseWord(4).swapped())
    f.when(op.and(1), () => {
      f.put(to, 0, low)
      f.put(to, 1, high)
    })
    const old = f.long(high.toLong().shl(32).or(low.toLong()))
    const operand = f.long(immediate.toLong())
    f.when(op.and(2).eqz(), () => operand.set(from.word(1).toLong().shl(32).or(from.word().toLong())))
    const value = f.long()
    f.switch(
      op.shr(2),
      new Map([
        [ACTION.atomicWrite, () => value.set(operand)],
        [ACTION.set, () => value.set(old.or(operand))],
        [ACTION.clear, () => value.set(old.and(operand.xor(long(-1))))],
        [ACTION.xor, () => value.set(old.xor(operand))],
        [ACTION.add, () => value.set(old.add(operand))],
        [
          ACTION.addSaturating,
          () => {
            value.set(old.add(operand))
            f.when(value.ltu(old), () => value.set(long(-1)))
          },
        ],
        [ACTION.subtract, () => value.set(old.sub(operand))],
      ]),
      () => {
        value.set(old.sub(operand))
        f.when(old.ltu(operand), () => value.set(long(0)))
      },
    )
    low.set(value.low())
    high.set(value.high())
    f.putLoose(place, 0, low.swapped())
    f.putLoose(place, 4, high.swapped())
  })

  const camLookup = module.define('camLookup', ['int', 'int', 'int'], undefined, (f, place, to, from) => {
    const tag = f.int(from.word().shl(8))
    const hits = f.int()
    const index = f.int()
    f.count(index, 8, () => {
      f.when(place.add(index.shl(2)).looseWord().shl(8).eq(tag), () => hits.set(hits.or(int(1).shl(index))))
    })
    f.put(to, 0, hits)
  })

  const perform = module.define('perform', PERFORM, undefined, (f, op, raw, place, to, from, immediate) => {
    const swapped = op.and(2)
    const pair = op.and(raw.gt(0))
    f.switch(
      op.shr(2),
      new Map([
        [ACTION.read32, () => readWords.do(f, place, to, raw.add(1), swapped, pair)],
        [ACTION.read, () => readWords.do(f, place, to, raw.add(1).shl(1), swapped, op.and(1))],
        [ACTION.write32, () => writeWords.do(f, place, from, raw.add(1), swapped, pair)],
        [ACTION.write, () => writeWords.do(f, place, from, raw.add(1).shl(1), swapped, op.and(1))],
        [ACTION.write8, () => write8.do(f, place, from, raw.add(1), swapped)],
        [
          ACTION.read8,
          () =>
            f.when(
              op.and(3).eqz(),
              () => readWords.do(f, place, to, raw.add(1), 0, 0),
              () => read8.do(f, place, to, raw.add(1)),
            ),
        ],
        [ACTION.cam, () => camLookup.do(f, place, to, from)],
      ]),
      () =>
        f.when(
          raw.and(4),
          () => atomic64.do(f, op, place, to, from, immediate),
          () => atomic32.do(f, op, place, to, from, immediate),
        ),
    )
  })
  return perform
}
