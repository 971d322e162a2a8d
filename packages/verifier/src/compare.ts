/**
 * Comparisons of two values: whether the outcome is known, and what each outcome teaches about both sides.
 * Pure functions over RegStates; pointers and the bookkeeping of branches are in jumps.ts.
 */
import * as i64 from './int64'
import type { I64 } from './int64'
import { sync } from './bounds'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import * as tnum from './tnum'
import type { Tnum } from './tnum'

export const JEQ = 0x10
export const JGT = 0x20
export const JGE = 0x30
export const JSET = 0x40
export const JNE = 0x50
export const JSGT = 0x60
export const JSGE = 0x70
export const JLT = 0xa0
export const JLE = 0xb0
export const JSLT = 0xc0
export const JSLE = 0xd0
/** "No common bit": the fall-through of JSET. */
const JNSET = 0x48

const FLIPPED: Readonly<Record<number, number>> = {
  [JGT]: JLT,
  [JGE]: JLE,
  [JSGT]: JSLT,
  [JSGE]: JSLE,
  [JLT]: JGT,
  [JLE]: JGE,
  [JSLT]: JSGT,
  [JSLE]: JSGE,
}
const REVERSED: Readonly<Record<number, number>> = {
  [JEQ]: JNE,
  [JNE]: JEQ,
  [JSET]: JNSET,
  [JGT]: JLE,
  [JGE]: JLT,
  [JSGT]: JSLE,
  [JSGE]: JSLT,
  [JLT]: JGE,
  [JLE]: JGT,
  [JSLT]: JSGE,
  [JSLE]: JSGT,
}
/** The same comparison with the sides exchanged. */
export const flip = (op: number): number => FLIPPED[op] ?? op

/** 1 taken, 0 not taken, -1 unknown. */
export type Outcome = 0 | 1 | -1

const isKnown = (r: RegState, narrow: boolean): boolean =>
  r.type === R.SCALAR && (narrow ? R.isConst32(r) : R.isConst(r))
const knownValue = (r: RegState, narrow: boolean): I64 => (narrow ? i64.u64(r.varOff.value.lo >>> 0) : r.varOff.value)

/** Outcome where packet pointers, or a pointer and a constant, are compared; scalars go on to `scalarOutcome`. */
export function outcome(a: RegState, b: RegState, op: number, narrow: boolean): Outcome {
  if (R.isAnyPacketPointer(a.type) && R.isAnyPacketPointer(b.type) && !narrow) return packetOutcome(a, b, op)
  if (a.type === R.SCALAR && b.type === R.SCALAR) return scalarOutcome(a, b, op, narrow)
  // A pointer that is not null is not equal to 0.
  let pointer = a
  let scalar = b
  if (!isKnown(b, narrow)) {
    pointer = b
    scalar = a
    op = flip(op)
  }
  if (!isKnown(scalar, narrow) || !isNotNull(pointer) || !i64.isZero(knownValue(scalar, narrow))) return -1
  return op === JEQ ? 0 : op === JNE ? 1 : -1
}

function isNotNull(r: RegState): boolean {
  if ((r.type & R.OR_NULL) !== 0) return false
  switch (R.baseType(r)) {
    case R.SOCKET:
    case R.TCP_SOCK:
    case R.MAP_VALUE:
    case R.MAP_KEY:
    case R.SOCK_COMMON:
    case R.MEM:
    case R.MAP_PTR:
      return true
    default:
      return false
  }
}

/** A pointer that went past the end compares so again. */
function packetOutcome(a: RegState, b: RegState, op: number): Outcome {
  let pointer = a
  if (a.type === R.PACKET_END) {
    pointer = b
    op = flip(op)
  } else if (b.type !== R.PACKET_END) return -1
  if (pointer.range >= 0) return -1
  const beyond = pointer.range === R.BEYOND_PACKET_END
  if (op === JLE || op === JGT) return beyond ? (op === JGT ? 1 : 0) : -1
  if (op === JLT || op === JGE) return op === JGE ? 1 : 0
  return -1
}

const overlaps = (a: Tnum, b: Tnum): boolean => {
  const known = i64.not(i64.or(a.mask, b.mask))
  return i64.eq(i64.and(a.value, known), i64.and(b.value, known))
}

function disjoint32(a: RegState, b: RegState): boolean {
  return a.u32min > b.u32max || a.u32max < b.u32min || a.s32min > b.s32max || a.s32max < b.s32min
}
function disjoint64(a: RegState, b: RegState): boolean {
  return i64.ult(b.umax, a.umin) || i64.ult(a.umax, b.umin) || i64.slt(b.smax, a.smin) || i64.slt(a.smax, b.smin)
}

function equality(a: RegState, b: RegState, narrow: boolean): Outcome {
  const ta = narrow ? tnum.subreg(a.varOff) : a.varOff
  const tb = narrow ? tnum.subreg(b.varOff) : b.varOff
  if (tnum.isConst(ta) && tnum.isConst(tb)) return i64.eq(ta.value, tb.value) ? 1 : 0
  if (!overlaps(ta, tb)) return 0
  if (!narrow && disjoint64(a, b)) return 0
  return disjoint32(a, b) ? 0 : -1
}

const negate = (o: Outcome): Outcome => (o === -1 ? -1 : o === 1 ? 0 : 1)

/** Two scalars; a register compared with itself is no special case. */
export function scalarOutcome(a: RegState, b: RegState, op: number, narrow: boolean): Outcome {
  switch (op) {
    case JEQ:
      return equality(a, b, narrow)
    case JNE:
      return negate(equality(a, b, narrow))
    case JSET: {
      const [x, mask] = isKnown(b, narrow) ? [a, b] : [b, a]
      if (!isKnown(mask, narrow)) return -1
      const t = narrow ? tnum.subreg(x.varOff) : x.varOff
      const bits = knownValue(mask, narrow)
      if (!i64.isZero(i64.and(t.value, bits))) return 1
      return i64.isZero(i64.and(i64.or(t.value, t.mask), bits)) ? 0 : -1
    }
    case JGT:
      return narrow ? greater32(a.u32min, a.u32max, b.u32min, b.u32max) : greater(a, b)
    case JLE:
      return negate(narrow ? greater32(a.u32min, a.u32max, b.u32min, b.u32max) : greater(a, b))
    case JLT:
      return narrow ? greater32(b.u32min, b.u32max, a.u32min, a.u32max) : greater(b, a)
    case JGE:
      return negate(narrow ? greater32(b.u32min, b.u32max, a.u32min, a.u32max) : greater(b, a))
    case JSGT:
      return narrow ? greater32(a.s32min, a.s32max, b.s32min, b.s32max) : signedGreater(a, b)
    case JSLE:
      return negate(narrow ? greater32(a.s32min, a.s32max, b.s32min, b.s32max) : signedGreater(a, b))
    case JSLT:
      return narrow ? greater32(b.s32min, b.s32max, a.s32min, a.s32max) : signedGreater(b, a)
    case JSGE:
      return negate(narrow ? greater32(b.s32min, b.s32max, a.s32min, a.s32max) : signedGreater(b, a))
    default:
      return -1
  }
}

const greater32 = (amin: number, amax: number, bmin: number, bmax: number): Outcome =>
  amin > bmax ? 1 : amax <= bmin ? 0 : -1
const greater = (a: RegState, b: RegState): Outcome => (i64.ult(b.umax, a.umin) ? 1 : i64.ule(a.umax, b.umin) ? 0 : -1)
const signedGreater = (a: RegState, b: RegState): Outcome =>
  i64.slt(b.smax, a.smin) ? 1 : i64.sle(a.smax, b.smin) ? 0 : -1

/** Both sides learn the outcome; `both` false: nobody will look at `b` again. Both must be writable scalars. */
export function learn(a: RegState, b: RegState, op: number, narrow: boolean, taken: boolean, both: boolean): void {
  refine(a, b, taken ? op : (REVERSED[op] ?? op), narrow)
  sync(a)
  if (both) sync(b)
}

/** Both sides learn that `a op b` holds. Both must be writable scalars. */
export function learnTaken(a: RegState, b: RegState, op: number, narrow: boolean): void {
  refine(a, b, op, narrow)
  sync(a)
  sync(b)
}
/** Both sides learn that `a op b` does not hold. */
export function learnNotTaken(a: RegState, b: RegState, op: number, narrow: boolean): void {
  learnTaken(a, b, REVERSED[op] ?? op, narrow)
}

function refine(a: RegState, b: RegState, op: number, narrow: boolean): void {
  switch (op) {
    case JEQ:
      if (narrow) unify32(a, b)
      else unify(a, b)
      break
    case JNE: {
      const [x, k] = isKnown(b, narrow) ? [a, b] : [b, a]
      if (isKnown(k, narrow)) exclude(x, knownValue(k, narrow), narrow)
      break
    }
    case JSET: {
      const [x, k] = isKnown(b, narrow) ? [a, b] : [b, a]
      if (!isKnown(k, narrow)) break
      const bits = knownValue(k, narrow)
      if (!isPowerOfTwo(bits)) break
      const known = tnum.constant(bits)
      x.varOff = narrow ? tnum.withSubreg(x.varOff, tnum.or(tnum.subreg(x.varOff), known)) : tnum.or(x.varOff, known)
      break
    }
    case JNSET: {
      const [x, k] = isKnown(b, narrow) ? [a, b] : [b, a]
      if (!isKnown(k, narrow)) break
      const clear = tnum.constant(i64.not(knownValue(k, narrow)))
      // The tnum may contradict the ranges on a path that cannot happen; it wins.
      x.setUnbounded()
      x.varOff = narrow ? tnum.withSubreg(x.varOff, tnum.and(tnum.subreg(x.varOff), clear)) : tnum.and(x.varOff, clear)
      break
    }
    case JLE:
      if (narrow) {
        a.u32max = Math.min(a.u32max, b.u32max)
        b.u32min = Math.max(a.u32min, b.u32min)
      } else {
        a.umax = i64.umin(a.umax, b.umax)
        b.umin = i64.umax(a.umin, b.umin)
      }
      break
    case JLT:
      if (narrow) {
        a.u32max = Math.min(a.u32max, (b.u32max - 1) >>> 0)
        b.u32min = Math.max((a.u32min + 1) >>> 0, b.u32min)
      } else {
        a.umax = i64.umin(a.umax, i64.sub(b.umax, i64.ONE))
        b.umin = i64.umax(i64.add(a.umin, i64.ONE), b.umin)
      }
      break
    case JSLE:
      if (narrow) {
        a.s32max = Math.min(a.s32max, b.s32max)
        b.s32min = Math.max(a.s32min, b.s32min)
      } else {
        a.smax = i64.smin(a.smax, b.smax)
        b.smin = i64.smax(a.smin, b.smin)
      }
      break
    case JSLT:
      if (narrow) {
        a.s32max = Math.min(a.s32max, (b.s32max - 1) | 0)
        b.s32min = Math.max((a.s32min + 1) | 0, b.s32min)
      } else {
        a.smax = i64.smin(a.smax, i64.sub(b.smax, i64.ONE))
        b.smin = i64.smax(i64.add(a.smin, i64.ONE), b.smin)
      }
      break
    case JGE:
    case JGT:
    case JSGE:
    case JSGT:
      refine(b, a, flip(op), narrow)
      break
  }
}

const isPowerOfTwo = (v: I64): boolean => !i64.isZero(v) && i64.isZero(i64.and(v, i64.sub(v, i64.ONE)))

function unify(a: RegState, b: RegState): void {
  a.umin = i64.umax(a.umin, b.umin)
  a.umax = i64.umin(a.umax, b.umax)
  a.smin = i64.smax(a.smin, b.smin)
  a.smax = i64.smin(a.smax, b.smax)
  a.varOff = tnum.intersect(a.varOff, b.varOff)
  b.umin = a.umin
  b.umax = a.umax
  b.smin = a.smin
  b.smax = a.smax
  b.varOff = a.varOff
}
function unify32(a: RegState, b: RegState): void {
  a.u32min = Math.max(a.u32min, b.u32min)
  a.u32max = Math.min(a.u32max, b.u32max)
  a.s32min = Math.max(a.s32min, b.s32min)
  a.s32max = Math.min(a.s32max, b.s32max)
  b.u32min = a.u32min
  b.u32max = a.u32max
  b.s32min = a.s32min
  b.s32max = a.s32max
  const low = tnum.intersect(tnum.subreg(a.varOff), tnum.subreg(b.varOff))
  a.varOff = tnum.withSubreg(a.varOff, low)
  b.varOff = tnum.withSubreg(b.varOff, low)
}

/** A value at the edge of a range moves the edge. */
function exclude(r: RegState, v: I64, narrow: boolean): void {
  if (narrow) {
    const u = v.lo >>> 0
    const s = v.lo
    if (r.u32min === u) r.u32min = (u + 1) >>> 0
    if (r.u32max === u) r.u32max = (u - 1) >>> 0
    if (r.s32min === s) r.s32min = (s + 1) | 0
    if (r.s32max === s) r.s32max = (s - 1) | 0
    return
  }
  if (i64.eq(r.umin, v)) r.umin = i64.add(v, i64.ONE)
  if (i64.eq(r.umax, v)) r.umax = i64.sub(v, i64.ONE)
  if (i64.eq(r.smin, v)) r.smin = i64.add(v, i64.ONE)
  if (i64.eq(r.smax, v)) r.smax = i64.sub(v, i64.ONE)
}
