/**
 * Loads and stores on the stack: spills and fills keep the whole register, partial and variable ones keep less.
 * Offsets are relative to the frame's r10 and negative. Follows LOG-FORMAT.md ("Slots") and NOTES.md.
 */
import { EACCES, EFAULT, EINVAL, MAX_STACK, MAX_VAR_OFF, type Env } from './env'
import { noteStackAccess } from './history'
import * as i64 from './int64'
import { markPrecise } from './precision'
import * as R from './reg-state'
import { knownScalar, type RegState, UNKNOWN_SCALAR, ZERO_SCALAR } from './reg-state'
import { clearScalarId, isPointer, isSecret, linkBeforeCopy } from './registers'
import * as S from './stack-slot'
import { StackSlot, withKind } from './stack-slot'
import type { Frame } from './state'
import * as tnum from './tnum'

/** Frame a stack pointer points into. */
export const frameOf = (env: Env, r: RegState): Frame => env.state.frames[r.frameno]!
const slotOf = (off: number): number => (-off - 1) >> 3
const byteOf = (off: number): number => (-off - 1) & 7

/** Whole access inside the frame; makes the frame large enough. `off` contains the register's fixed offset. */
export function checkStackBounds(env: Env, regno: number, off: number, size: number, write: boolean): void {
  const r = env.regs[regno]!
  const frame = frameOf(env, r)
  const what = write ? ' write to' : ' read from'
  const fixed = tnum.isConst(r.varOff)
  if (!fixed && (!i64.slt(r.smax, i64.s64(MAX_VAR_OFF)) || !i64.slt(i64.s64(-MAX_VAR_OFF), r.smin))) {
    env.refuse(EACCES, `invalid unbounded variable-offset${what} stack R${regno}\n`)
  }
  const min = i64.toSigned(fixed ? r.varOff.value : r.smin) + off
  const max = (fixed ? min : i64.toSigned(r.smax) + off) + size
  const lowest = write || env.perfmon ? -MAX_STACK : -8 * frame.stack.length
  let errno = min < lowest || min > -1 ? EACCES : 0
  if (errno === 0 && max > 0) errno = EINVAL
  if (errno === 0 && size < 0) errno = EFAULT
  if (errno !== 0) {
    const where = fixed ? `off=${min} size=${size}` : `var_off=${tnum.text(r.varOff)} off=${off} size=${size}`
    env.refuse(errno, `invalid${fixed ? '' : ' variable-offset'}${what} stack R${regno} ${where}\n`)
  }
  growStack(env, frame, -min)
}

export function growStack(env: Env, frame: Frame, bytes: number): void {
  const slots = (bytes + 7) >> 3
  if (frame.stack.length >= slots) return
  frame.growStack(slots)
  const sub = env.subprograms[frame.subprogno]!
  sub.stackDepth = Math.max(sub.stackDepth, slots * 8)
}

/** Load of `size` bytes; `dst` < 0: nobody takes the value (an atomic's read). */
export function readStack(env: Env, regno: number, off: number, size: number, dst: number, def: number): void {
  const r = env.regs[regno]!
  if (tnum.isConst(r.varOff)) {
    readFixed(env, frameOf(env, r), off + r.varOff.value.lo, size, dst, def)
    return
  }
  if (dst < 0) {
    env.refuse(
      EACCES,
      `variable offset stack pointer cannot be passed into helper function; var_off=${tnum.text(r.varOff)} off=${off} size=${size}\n`,
    )
  }
  checkStackInitialised(env, regno, off, size, { zeroSize: false, write: false, raw: false })
  readBytes(env, frameOf(env, r), r.smin.lo + off, r.smax.lo + off + size, dst, def)
}

function readFixed(env: Env, frame: Frame, off: number, size: number, dst: number, def: number): void {
  const k = slotOf(off)
  const slot = frame.stack[k] ?? S.EMPTY
  env.touched.slot(k)
  env.liveStack.read(frame.frameno, k)
  if (!slot.isSpill) {
    for (let n = 0; n < size; n++) checkByteReadable(env, slot.kind(byteOf(off + n)), off, n, size)
    if (dst >= 0) readBytes(env, frame, off, off + size, dst, def)
    return
  }
  const spilled = slot.reg!
  const stored = S.spillSize(slot)
  if (size === 8 && stored === 8) {
    if (dst >= 0) env.frame.adopt(dst, spilled.clone())
    else if (isSecret(env, spilled)) env.refuse(EACCES, `leaking pointer from stack off ${off}\n`)
    noteStackAccess(env, frame.frameno, k)
    return
  }
  if (isPointer(spilled)) env.refuse(EACCES, 'invalid size of register fill\n')
  if (dst < 0) return
  if (size <= stored && (off & 7) === 0) {
    const copy = spilled.clone()
    if (R.width(spilled) > size * 8) clearScalarId(copy)
    setLoaded(env, dst, copy, def)
    noteStackAccess(env, frame.frameno, k)
    return
  }
  let spills = 0
  let zeros = 0
  for (let n = 0; n < size; n++) {
    const kind = slot.kind(byteOf(off + n))
    if (kind === S.SPILL) spills++
    else if (kind === S.ZERO) zeros++
    else checkByteReadable(env, kind, off, n, size)
  }
  if (spills === size && R.isNull(spilled)) {
    setLoaded(env, dst, ZERO_SCALAR.clone(), def)
    noteStackAccess(env, frame.frameno, k)
  } else setLoaded(env, dst, (zeros === size ? ZERO_SCALAR : UNKNOWN_SCALAR).clone(), def)
}

function checkByteReadable(env: Env, kind: number, off: number, n: number, size: number): void {
  if (kind === S.MISC || kind === S.ZERO || (kind === S.INVALID && env.perfmon)) return
  env.refuse(EACCES, `invalid read from stack off ${off}+${n} size ${size}\n`)
}

/** The loaded value, made here. (Where a whole register comes back, its definition travels with it.) */
function setLoaded(env: Env, dst: number, value: RegState, def: number): void {
  value.subregDef = def
  env.frame.adopt(dst, value)
}

/** Zero if all bytes are known zero, else unknown. */
function readBytes(env: Env, frame: Frame, min: number, max: number, dst: number, def: number): void {
  let zero = true
  for (let off = min; off < max && zero; off++) {
    const k = slotOf(off)
    env.touched.slot(k)
    zero = (frame.stack[k] ?? S.EMPTY).kind(byteOf(off)) === S.ZERO
  }
  setLoaded(env, dst, (zero ? ZERO_SCALAR : UNKNOWN_SCALAR).clone(), def)
}

/** Store of `size` bytes from register `src`, or of the immediate when `src` < 0 (unknown data from an atomic: 'data'). */
export function writeStack(env: Env, regno: number, off: number, size: number, src: number): void {
  const r = env.regs[regno]!
  if (tnum.isConst(r.varOff)) writeFixed(env, frameOf(env, r), off + r.varOff.value.lo, size, src)
  else writeVariable(env, frameOf(env, r), r, off, size, src)
}

const isSpillable = (r: RegState): boolean => r.type !== R.SCALAR && r.type !== R.NOT_INIT

function storedImmediate(env: Env): number | undefined {
  const op = env.insns.op[env.insn]!
  return (op & 7) === 2 && (op & 0xe0) === 0x60 ? env.insns.imm[env.insn]! : undefined
}

function writeFixed(env: Env, frame: Frame, off: number, size: number, src: number): void {
  const k = slotOf(off)
  const old = frame.stack[k]!
  if (!env.perfmon && old.isSpill && isPointer(old.reg!) && size !== 8) {
    env.refuse(EACCES, 'attempt to corrupt spilled pointer on stack\n')
  }
  const value = src >= 0 ? env.regs[src]! : null
  const immediate = src < 0 ? storedImmediate(env) : undefined
  if (!env.perfmon) {
    let sanitize = value !== null && isSpillable(value)
    for (let n = 0; n < size && !sanitize; n++) {
      const kind = old.kind(n)
      sanitize = kind !== S.MISC && kind !== S.ZERO
    }
    if (sanitize) env.marks.nospecResult[env.insn] = 1
  }
  env.touched.slot(k)
  if (size === 8) env.liveStack.write(frame.frameno, k)
  const aligned = (off & 7) === 0
  if (value && aligned && value.type === R.SCALAR) {
    const fits = R.width(value) <= size * 8
    const saved = fits ? linkBeforeCopy(env, src) : value
    frame.stack[k] = spill(old, fits ? saved : withoutId(saved), size)
  } else if (immediate !== undefined && aligned) {
    frame.stack[k] = spill(old, knownScalar(i64.s64(immediate)), size)
  } else if (value && isSpillable(value)) {
    if (size !== 8) env.refuse(EACCES, 'invalid size of register spill\n')
    if (frame !== env.frame && value.type === R.STACK) {
      env.refuse(EINVAL, 'cannot spill pointers to stack into stack frame of the caller\n')
    }
    frame.stack[k] = spill(old, value, size)
  } else {
    let kinds = old.isSpill ? scrub(old.kinds) : old.kinds
    let kind = S.MISC
    if ((value && R.isNull(value)) || immediate === 0) {
      if (src >= 0) markPrecise(env, src)
      kind = S.ZERO
    }
    for (let n = 0; n < size; n++) kinds = withKind(kinds, byteOf(off + n), kind)
    frame.stack[k] = new StackSlot(kinds, null)
    return
  }
  noteStackAccess(env, frame.frameno, k)
}

function withoutId(r: RegState): RegState {
  if (r.id === 0) return r
  const copy = r.clone()
  copy.id = 0
  return copy
}

function spill(old: StackSlot, reg: RegState, size: number): StackSlot {
  // Register and slot share the state from now on.
  reg.owner = 0
  let kinds = old.kinds
  for (let byte = 7; byte >= 0; byte--) {
    if (byte >= 8 - size) kinds = withKind(kinds, byte, S.SPILL)
    else {
      const kind = old.kind(byte)
      if (kind !== S.ZERO && kind !== S.INVALID) kinds = withKind(kinds, byte, S.MISC)
    }
  }
  return new StackSlot(kinds, reg)
}

/** Known bytes become plain data. */
function scrub(kinds: number): number {
  for (let byte = 0; byte < 8; byte++) if ((kinds >>> (byte * 4)) & 15) kinds = withKind(kinds, byte, S.MISC)
  return kinds
}

function writeVariable(env: Env, frame: Frame, pointer: RegState, off: number, size: number, src: number): void {
  const min = pointer.smin.lo + off
  const max = pointer.smax.lo + off + size
  const value = src >= 0 ? env.regs[src]! : null
  const zero = value ? R.isNull(value) : storedImmediate(env) === 0
  let zeroUsed = false
  for (let at = min; at < max; at++) {
    const k = slotOf(at)
    const slot = frame.stack[k]!
    const byte = byteOf(at)
    const kind = slot.kind(byte)
    env.touched.slot(k)
    if (!env.perfmon && kind !== S.MISC && kind !== S.ZERO) {
      env.refuse(EINVAL, `spilled ptr in range of var-offset stack write; insn ${env.insn}, ptr off: ${at}`)
    }
    if (zero && kind === S.SPILL && slot.isSpill && R.isNull(slot.reg!)) {
      zeroUsed = true
      continue
    }
    const keepsZero = zero && kind === S.ZERO
    if (keepsZero) zeroUsed = true
    const kinds = slot.isSpill ? scrub(slot.kinds) : slot.kinds
    frame.stack[k] = new StackSlot(withKind(kinds, byte, keepsZero ? S.ZERO : S.MISC), null)
  }
  if (zeroUsed && src >= 0) markPrecise(env, src)
}

export interface RangeUse {
  readonly zeroSize: boolean
  readonly write: boolean
  /** The helper fills the memory: it need not be initialised. */
  readonly raw: boolean
}

/**
 * A helper (or a load with variable offset) uses `size` bytes of stack. Returns true when the bytes count as written by
 * the helper afterwards (raw use at a known offset).
 */
export function checkStackInitialised(env: Env, regno: number, off: number, size: number, use: RangeUse): boolean {
  const r = env.regs[regno]!
  if (size === 0 && !use.zeroSize) env.refuse(EACCES, 'invalid zero-sized read\n')
  checkStackBounds(env, regno, off, size, use.write)
  const fixed = tnum.isConst(r.varOff)
  if (!fixed && !env.perfmon) {
    env.refuse(EACCES, `R${regno} variable offset stack access prohibited for !root, var_off=${tnum.text(r.varOff)}\n`)
  }
  const min = (fixed ? r.varOff.value.lo : r.smin.lo) + off
  const max = (fixed ? r.varOff.value.lo : r.smax.lo) + off
  if (use.raw && fixed) return true
  const frame = frameOf(env, r)
  for (let at = min; at < max + size; at++) {
    const k = slotOf(at)
    const slot = frame.stack[k] ?? S.EMPTY
    const byte = byteOf(at)
    const kind = slot.kind(byte)
    if (kind === S.ZERO || (kind === S.INVALID && env.perfmon)) {
      if (use.write) frame.stack[k] = new StackSlot(withKind(slot.kinds, byte, S.MISC), slot.reg)
    } else if (kind !== S.MISC) {
      if (!slot.isSpill || (slot.reg!.type !== R.SCALAR && !env.perfmon)) {
        const where = fixed ? `off ${min}+${at - min}` : `var_off ${tnum.text(r.varOff)}+${at - min}`
        env.refuse(EACCES, `invalid read from stack R${regno} ${where} size ${size}\n`)
      }
      if (use.write) frame.stack[k] = new StackSlot(scrub(slot.kinds), UNKNOWN_SCALAR)
    }
    env.liveStack.read(frame.frameno, k)
  }
  return false
}
