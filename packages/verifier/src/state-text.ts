/**
 * Registers, slots and whole states as the verifier log prints them.
 * Follows LOG-FORMAT.md, sections "The walk" and "Register state".
 */
import * as i64 from './int64'
import type { I64 } from './int64'
import type { MapInfo } from './maps'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import { REG_COUNT, type Frame, type State } from './state'
import type { StackSlot } from './stack-slot'
import { INVALID, SPILL } from './stack-slot'
import * as tnum from './tnum'

/** Signed numbers: decimal within 16 bits, else 64-bit hex. */
export function signedText(v: I64): string {
  return i64.fitsS32(v) && v.lo >= -32768 && v.lo <= 32767 ? String(v.lo) : i64.hex(v)
}
export function unsignedText(v: I64): string {
  return v.hi === 0 && v.lo >>> 0 <= 0xffff ? String(v.lo >>> 0) : i64.hex(v)
}

const RANGE_NAMES = ['smin', 'smax', 'umin', 'umax', 'smin32', 'smax32', 'umin32', 'umax32']

/** The ranges that say something, equal ones joined; each with its own comma rule left to the caller. */
function rangeTexts(r: RegState): string[] {
  const narrow = (n: number): I64 => (n >= -32768 && n <= 32767 ? i64.s64(n) : i64.u64(n >>> 0))
  const values = [
    r.smin,
    r.smax,
    r.umin,
    r.umax,
    narrow(r.s32min),
    narrow(r.s32max),
    i64.u64(r.u32min),
    i64.u64(r.u32max),
  ]
  const omit = [
    i64.eq(r.smin, i64.S64_MIN),
    i64.eq(r.smax, i64.S64_MAX),
    i64.isZero(r.umin),
    i64.eq(r.umax, i64.U64_MAX),
    r.s32min === i64.S32_MIN,
    r.s32max === i64.S32_MAX,
    r.u32min === 0,
    r.u32max === i64.U32_MAX,
  ]
  const negative = (k: number): boolean => RANGE_NAMES[k]!.startsWith('s') && i64.isNegative(values[k]!)
  const texts: string[] = []
  for (let k = 0; k < 8; k++) {
    if (omit[k]) continue
    let text = `${RANGE_NAMES[k]!}=`
    for (let j = k + 2; j < 8; j += 2) {
      if (omit[j] || !i64.eq(values[j]!, values[k]!) || negative(j) !== negative(k)) continue
      omit[j] = true
      text += `${RANGE_NAMES[j]!}=`
    }
    texts.push(text + (RANGE_NAMES[k]!.startsWith('s') ? signedText(values[k]!) : unsignedText(values[k]!)))
  }
  return texts
}

/** One register in frame `frameno`; `precise` puts the mark before a scalar. */
export function regText(r: RegState, frameno: number, precise: boolean, maps: readonly MapInfo[]): string {
  const mark = precise && r.type === R.SCALAR ? 'P' : ''
  if (r.type === R.SCALAR && tnum.isConst(r.varOff)) return mark + signedText(r.varOff.value)
  const name = mark + R.typeName(r.type)
  if (r.type === R.STACK) {
    const frame = frameno !== r.frameno ? `[${r.frameno}]` : ''
    if (tnum.isConst(r.varOff)) return name + frame + signedText(i64.add(r.varOff.value, i64.s64(r.off)))
    return `${name}${frame}(${attributes(r, maps).join(',')})`
  }
  return `${name}(${attributes(r, maps).join(',')})`
}

function attributes(r: RegState, maps: readonly MapInfo[]): string[] {
  const list: string[] = []
  if (r.id !== 0) {
    const distance = (r.id & R.ADD_CONST) !== 0 ? (r.off < 0 ? String(r.off) : `+${r.off}`) : ''
    list.push(`id=${r.id & ~R.ADD_CONST}${distance}`)
  }
  if (r.refObjId !== 0) list.push(`ref_obj_id=${r.refObjId}`)
  if (R.isMapType(r.type)) {
    const map = maps[r.map]
    if (map?.name) list.push(`map=${map.name}`)
    list.push(`ks=${map?.keySize ?? 0},vs=${map?.valueSize ?? 0}`)
  }
  if (r.type !== R.SCALAR && r.off !== 0) list.push(`off=${signedText(i64.s64(r.off))}`)
  if (R.isPacketPointer(r.type)) list.push(`r=${unsignedText(i64.s64(r.range))}`)
  if (R.baseType(r) === R.MEM) list.push(`sz=${unsignedText(i64.u64(r.memSize))}`)
  if (tnum.isConst(r.varOff)) {
    if (!i64.isZero(r.varOff.value)) list.push(`imm=${signedText(r.varOff.value)}`)
  } else {
    list.push(...rangeTexts(r))
    if (!tnum.isUnknown(r.varOff)) list.push(`var_off=${tnum.text(r.varOff)}`)
  }
  return list
}

const KIND_LETTERS = '?rm0dif'

function slotText(slot: StackSlot, frame: Frame, k: number, maps: readonly MapInfo[]): string {
  let letters = ''
  for (let byte = 0; byte < 8; byte++) {
    const kind = slot.kind(byte)
    if (slot.isSpill && kind === SPILL) break
    letters += KIND_LETTERS[kind]
  }
  const reg = slot.isSpill && slot.reg ? regText(slot.reg, frame.frameno, frame.slotPrecise(k), maps) : ''
  return ` fp${-8 * (k + 1)}=${letters}${reg}`
}

const hasKnownByte = (slot: StackSlot): boolean => slot.kinds !== INVALID

/** What was touched since the last print; bit sets over registers and slots of the current frame. */
export class Touched {
  regs = 0
  low = 0
  high = 0
  get any(): boolean {
    return (this.regs | this.low | this.high) !== 0
  }
  reg(n: number): void {
    this.regs |= 1 << n
  }
  slot(k: number): void {
    if (k < 32) this.low |= 1 << k
    else this.high |= 1 << (k - 32)
  }
  hasSlot(k: number): boolean {
    return ((k < 32 ? this.low >>> k : this.high >>> (k - 32)) & 1) !== 0
  }
  all(): void {
    this.regs = -1
    this.low = -1
    this.high = -1
  }
  clear(): void {
    this.regs = 0
    this.low = 0
    this.high = 0
  }
}

/** A state without line end, each item after a blank. `only`: just what was touched. */
export function stateText(state: State, frameno: number, maps: readonly MapInfo[], only?: Touched): string {
  const frame = state.frames[frameno]!
  let text = frameno > 0 ? ` frame${frameno}:` : ''
  for (let n = 0; n < REG_COUNT; n++) {
    if (!frame.isInit(n) || (only && ((only.regs >>> n) & 1) === 0)) continue
    text += ` R${n}=${regText(frame.regs[n]!, frame.frameno, ((frame.preciseRegs >>> n) & 1) !== 0, maps)}`
  }
  for (let k = 0; k < frame.stack.length; k++) {
    const slot = frame.stack[k]!
    if (!hasKnownByte(slot) || (only && !only.hasSlot(k))) continue
    text += slotText(slot, frame, k, maps)
  }
  if (state.refs.length > 0) text += ` refs=${state.refs.map((ref) => ref.id).join(',')}`
  if (frame.callbackRange) text += ' cb'
  if (frame.asyncCallback) text += ' async_cb'
  return text
}
