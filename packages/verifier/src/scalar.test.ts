import { describe, expect, it } from 'vitest'
import { contradictory, signExtend, sync, truncate, useBoundsRules } from './bounds'
import * as C from './compare'
import * as i64 from './int64'
import { profileOf } from './profile'
import { Random } from './random'
import { RegState, SCALAR } from './reg-state'
import * as A from './scalar-alu'
import * as tnum from './tnum'

const SEED = 90_125
const KERNELS = ['6.18', '6.12'] as const

/** What is known of a value: random true facts about it. */
function describeValue(random: Random, v: i64.I64): RegState {
  const r = new RegState()
  r.type = SCALAR
  const around = (): i64.I64 => i64.shr(random.wide(), random.below(64))
  if (random.below(3) !== 0) {
    const mask = i64.and(random.wide(), random.wide())
    r.varOff = new tnum.Tnum(i64.and(v, i64.not(mask)), mask)
  }
  const low = i64.sub(v, around())
  const high = i64.add(v, around())
  if (i64.ule(low, v)) r.umin = low
  if (i64.ule(v, high)) r.umax = high
  if (i64.sle(low, v) && random.below(2) === 0) r.smin = low
  if (i64.sle(v, high) && random.below(2) === 0) r.smax = high
  sync(r)
  return r
}

function holds(r: RegState, v: i64.I64): boolean {
  return (
    tnum.contains(r.varOff, tnum.constant(v)) &&
    i64.ule(r.umin, v) &&
    i64.ule(v, r.umax) &&
    i64.sle(r.smin, v) &&
    i64.sle(v, r.smax) &&
    r.u32min <= v.lo >>> 0 &&
    v.lo >>> 0 <= r.u32max &&
    r.s32min <= v.lo &&
    v.lo <= r.s32max
  )
}

function concrete(op: number, narrow: boolean, a: i64.I64, b: i64.I64): i64.I64 {
  const n = b.lo & (narrow ? 31 : 63)
  const x = narrow ? i64.u64(a.lo >>> 0) : a
  const y = narrow ? i64.u64(b.lo >>> 0) : b
  const wide = ((): i64.I64 => {
    switch (op) {
      case A.ADD:
        return i64.add(x, y)
      case A.SUB:
        return i64.sub(x, y)
      case A.MUL:
        return i64.mul(x, y)
      case A.AND:
        return i64.and(x, y)
      case A.OR:
        return i64.or(x, y)
      case A.XOR:
        return i64.xor(x, y)
      case A.NEG:
        return i64.neg(x)
      case A.LSH:
        return i64.shl(x, n)
      case A.RSH:
        return i64.shr(x, n)
      default:
        return narrow ? i64.s64(a.lo >> n) : i64.sar(a, n)
    }
  })()
  return narrow ? i64.u64(wide.lo >>> 0) : wide
}

const OPS = [A.ADD, A.SUB, A.MUL, A.AND, A.OR, A.XOR, A.NEG, A.LSH, A.RSH, A.ARSH]

function compare(op: number, a: i64.I64, b: i64.I64, narrow: boolean): boolean {
  const x = narrow ? i64.s64(a.lo) : a
  const y = narrow ? i64.s64(b.lo) : b
  switch (op) {
    case C.JEQ:
      return i64.eq(x, y)
    case C.JNE:
      return !i64.eq(x, y)
    case C.JSET:
      return !i64.isZero(i64.and(x, y))
    case C.JGT:
      return i64.ult(y, x)
    case C.JGE:
      return i64.ule(y, x)
    case C.JLT:
      return i64.ult(x, y)
    case C.JLE:
      return i64.ule(x, y)
    case C.JSGT:
      return i64.slt(y, x)
    case C.JSGE:
      return i64.sle(y, x)
    case C.JSLT:
      return i64.slt(x, y)
    default:
      return i64.sle(x, y)
  }
}
const COMPARISONS = [C.JEQ, C.JNE, C.JSET, C.JGT, C.JGE, C.JLT, C.JLE, C.JSGT, C.JSGE, C.JSLT, C.JSLE]

describe.each(KERNELS)('knowledge about scalars (rules of %s)', (kernel) => {
  const { scalar, bounds } = profileOf(kernel)

  it(`stays true when facts are combined (seed ${SEED})`, () => {
    useBoundsRules(bounds)
    const random = new Random(SEED)
    for (let k = 0; k < 10_000; k++) {
      const v = random.wide()
      const r = describeValue(random, v)
      expect(holds(r, v), `value ${i64.hex(v)} at ${k}`).toBe(true)
      expect(contradictory(r)).toBe(false)
      const size = random.pick([1, 2, 4])
      const bits = (4 - size) * 8
      const cut = r.clone()
      truncate(cut, size)
      expect(holds(cut, i64.u64((v.lo << bits) >>> bits)), `${size} bytes of ${i64.hex(v)}`).toBe(true)
      const extended = r.clone()
      signExtend(extended, size)
      expect(holds(extended, i64.s64((v.lo << bits) >> bits)), `s${size * 8} of ${i64.hex(v)}`).toBe(true)
    }
  })

  it(`stays true through arithmetic (seed ${SEED})`, () => {
    useBoundsRules(bounds)
    const random = new Random(SEED)
    for (let k = 0; k < 10_000; k++) {
      const op = random.pick(OPS)
      const narrow = random.below(2) === 0
      const a = random.wide()
      const b = op >= A.LSH && op !== A.XOR && op !== A.NEG ? i64.u64(random.below(narrow ? 32 : 64)) : random.wide()
      const x = describeValue(random, a)
      const y = describeValue(random, b)
      if (!A.computable(op, narrow, y, scalar)) continue
      A.apply(op, narrow, x, y, scalar)
      const result = concrete(op, narrow, a, b)
      const at = `op ${op.toString(16)} narrow ${narrow} ${i64.hex(a)} ${i64.hex(b)} = ${i64.hex(result)}`
      expect(holds(x, result), at).toBe(true)
    }
  })

  it(`decides and learns from comparisons only what is so (seed ${SEED})`, () => {
    useBoundsRules(bounds)
    const random = new Random(SEED)
    for (let k = 0; k < 10_000; k++) {
      const op = random.pick(COMPARISONS)
      const narrow = random.below(2) === 0
      const a = random.wide()
      const b = random.below(3) === 0 ? i64.add(a, i64.s64(random.below(3) - 1)) : random.wide()
      const x = describeValue(random, a)
      const y = random.below(2) === 0 ? describeValue(random, b) : known(b)
      const truth = compare(op, a, b, narrow)
      const decided = C.outcome(x, y, op, narrow)
      const at = `op ${op.toString(16)} narrow ${narrow} ${i64.hex(a)} ${i64.hex(b)}`
      if (decided !== -1) {
        expect(decided === 1, at).toBe(truth)
        continue
      }
      if (truth) C.learnTaken(x, y, op, narrow)
      else C.learnNotTaken(x, y, op, narrow)
      expect(holds(x, a), at).toBe(true)
      expect(holds(y, b), at).toBe(true)
    }
  })
})

function known(v: i64.I64): RegState {
  const r = new RegState()
  r.setKnown(v)
  return r
}
