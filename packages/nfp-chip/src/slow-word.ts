/**
 * The words that the driver's translator never emits (and CSR accesses, which it emits rarely): operations without
 * flags, population count, find-first-set, CRC, CAM, byte alignment, byte branches, context and signal branches,
 * ctx_arb. Same semantics contract as interpreter.ts, on which it depends for everything else.
 * Follows nfp-isa.md, sections 5.2, 6, 9 and 12.5; points that no source settles are marked "assumed".
 */
import { ISSUE } from './constants'
import { csrAccess } from './csr'
import { CORE, CORE_WORDS, CTX, HDR, STATE, WAIT } from './layout'
import type { ChipMemory } from './layout'
import type { Operands } from './operands'
import { product } from './product'
import { signalsReady } from './signals'
import { FAULT, RARE, UOP } from './uop'
import type { DecodedStore } from './uop'
import { crcByte } from './crc32'

/** What the interpreter does after a slow word. */
export const SLOW = { next: 0, taken: 1, wait: 2, fault: 3, retry: 4 } as const

/** Flags and latches that go in and out, and the outcome of branches. */
export interface SlowState {
  cycle: number
  result: number
  carry: number
  overflow: number
  flagsAt: number
  prevAlu: number
  prevA: number
  /** Branch target; for a wait, where the context resumes or -1. */
  target: number
  cost: number
  fault: number
}

export function createSlowWords(memory: ChipMemory, store: DecodedStore, operands: Operands) {
  const { words: H, floats: F, layout } = memory
  const csr = csrAccess(memory)

  function read(code: number, tb: number, cb: number, cycle: number): number {
    return code >= 0 ? H[tb + code]! : code >= -256 ? ~code : operands.read(code, tb, cb, cycle)
  }

  function write(dst: number, value: number, tb: number, cb: number, cycle: number): void {
    if (dst >= 256) {
      H[tb + dst - 256] = value
      H[tb + dst - 224] = value
    } else if (dst >= 0) H[tb + dst] = value
    else if (dst < -1) operands.write(dst, value, tb, cb, cycle)
  }

  const refuse = (state: SlowState, fault: number): number => {
    state.fault = fault
    return SLOW.fault
  }

  /** An ALU or shift result with its flags, unless the word says no_cc. */
  function finish(state: SlowState, value: number, flags: boolean): void {
    state.prevAlu = value | 0
    if (!flags) return
    state.result = value | 0
    state.carry = 0
    state.overflow = 0
    state.flagsAt = state.cycle
  }

  function plainAlu(uop: number, a: number, b: number, carry: number): number {
    switch (uop) {
      case UOP.movB:
        return b
      case UOP.notB:
        return ~b
      case UOP.add:
        return a + b
      case UOP.add16:
        return a + (b & 0xffff)
      case UOP.add8:
        return a + (b & 0xff)
      case UOP.addCarry:
        return a + b + carry
      case UOP.sub:
        return a - b
      case UOP.subCarry:
        return a + ~b + carry
      case UOP.subReverse:
        return b - a
      case UOP.and:
        return a & b
      case UOP.andNot:
        return a & ~b
      case UOP.notAnd:
        return ~a & b
      case UOP.or:
        return a | b
      default:
        return a ^ b
    }
  }

  function rareAlu(pc: number, op: number, tb: number, cb: number, state: SlowState): number {
    const dst = store.dst[pc]!
    const fields = store.imm[pc]!
    const b = read(store.b[pc]!, tb, cb, state.cycle)
    switch (op) {
      case 3: {
        let count = 0
        for (let rest = b; rest !== 0; rest &= rest - 1) count++
        finish(state, count, true)
        write(dst, count, tb, cb, state.cycle)
        return SLOW.next
      }
      case 6:
      case 7:
        return SLOW.next
      case 14: {
        const first = b === 0 ? 0 : 31 - Math.clz32(b & -b)
        finish(state, first, true)
        if (b === 0) state.result = 0
        else if (first === 0) state.result = 1
        write(dst, first, tb, cb, state.cycle)
        return SLOW.next
      }
      case 18:
        return crc(fields & 0x3ff, b, dst, tb, cb, state)
      default:
        return cam(pc, op, fields, tb, cb, state)
    }
  }

  /** CRC-32 over the selected bytes; the other polynomials are not modelled. */
  function crc(modifier: number, b: number, dst: number, tb: number, cb: number, state: SlowState): number {
    const type = (modifier >> 5) & 7
    if (type !== 4 && type !== 0) return refuse(state, FAULT.unsupported)
    if (type === 4) {
      const range = [
        [0, 3],
        [1, 3],
        [2, 3],
        [3, 3],
        [0, 2],
        [0, 1],
        [0, 0],
      ][modifier & 7]
      if (!range) return refuse(state, FAULT.unsupported)
      let remainder = H[cb + CORE.crc]!
      for (let index = range[0]!; index <= range[1]!; index++) {
        const lane = modifier & 8 ? 8 * index : 24 - 8 * index
        remainder = crcByte(remainder, (b >>> lane) & 0xff)
      }
      H[cb + CORE.crc] = remainder
    }
    finish(state, b, true)
    write(dst, b, tb, cb, state.cycle)
    return SLOW.next
  }

  /** Moves an entry to the most recently used end. */
  function camTouch(cb: number, entry: number): void {
    const order = cb + CORE.camOrder
    let at = 0
    while (at < 15 && H[order + at] !== entry) at++
    for (; at < 15; at++) H[order + at] = H[order + at + 1]!
    H[order + 15] = entry
  }

  /** Assumed: lookup gives state << 8 | hit << 7 | entry << 3, as the ancestor of this engine does. */
  function cam(pc: number, op: number, fields: number, tb: number, cb: number, state: SlowState): number {
    const dst = store.dst[pc]!
    const a = read(store.a[pc]!, tb, cb, state.cycle)
    const b = read(store.b[pc]!, tb, cb, state.cycle)
    let value: number
    switch (op) {
      case 11:
        for (let entry = 0; entry < 16; entry++) {
          H[cb + CORE.camTag + entry] = 0
          H[cb + CORE.camState + entry] = 0
          H[cb + CORE.camOrder + entry] = entry
        }
        return SLOW.next
      case 15:
        value = H[cb + CORE.camTag + (b & 15)]!
        break
      case 19:
        H[cb + CORE.camTag + (b & 15)] = a
        H[cb + CORE.camState + (b & 15)] = (fields >> 10) & 15
        camTouch(cb, b & 15)
        return SLOW.next
      case 27:
        H[cb + CORE.camState + (b & 15)] = (fields >> 10) & 15
        return SLOW.next
      case 23: {
        let hit = -1
        for (let entry = 0; entry < 16; entry++) if (H[cb + CORE.camTag + entry] === a) hit = entry
        const entry = hit >= 0 ? hit : H[cb + CORE.camOrder]!
        if (hit >= 0) camTouch(cb, hit)
        value = hit >= 0 ? (H[cb + CORE.camState + entry]! << 8) | 128 | (entry << 3) : entry << 3
        break
      }
      default:
        value = H[cb + CORE.camState + (b & 15)]! << 8
    }
    finish(state, value, true)
    write(dst, value, tb, cb, state.cycle)
    return SLOW.next
  }

  function shifted(kind: number, amount: number, a: number, b: number): number {
    const by = amount & 31
    if (kind === 0) return (b >>> by) | (b << (32 - by))
    if (kind === 1) return b >>> by
    if (kind === 2) return b << by
    return by === 0 ? b : (b >>> by) | (a << (32 - by))
  }

  function shiftWord(pc: number, tb: number, cb: number, state: SlowState): number {
    const packed = store.aux[pc]!
    const kind = (packed >> 4) & 3
    const op = packed & 7
    const a = read(store.a[pc]!, tb, cb, state.cycle)
    const b = read(store.b[pc]!, tb, cb, state.cycle)
    const amount = packed & 0x80 && kind !== 0 ? state.prevA & 31 : store.imm[pc]!
    let value: number
    if (op === 7 && kind !== 3) {
      // byte_align: the bytes behind the previous operand of the same stream, by ByteIndex.
      const by = (H[cb + CORE.byteIndex]! & 3) * 8
      if (kind === 2) value = by === 0 ? a : (state.prevA >>> by) | (a << (32 - by))
      else value = by === 0 ? b : (state.prevA << by) | (b >>> (32 - by))
    } else if (op === 6) {
      const by = amount & 31
      const sign = state.prevAlu < 0 && by !== 0 ? ~(~0 >>> by) : 0
      value = kind === 1 ? sign | (b >>> by) : shifted(kind, amount, a, b)
    } else {
      const s = shifted(kind, amount, a, b)
      value = op === 0 ? s : op === 1 ? ~s : op === 2 ? a & s : op === 3 ? ~a & s : op === 4 ? a & ~s : a | s
      if (kind === 3) value = s
    }
    finish(state, value, false)
    state.prevA = store.extra[pc] === 0 ? a : b
    write(store.dst[pc]!, value | 0, tb, cb, state.cycle)
    return SLOW.next
  }

  function fieldWord(pc: number, tb: number, cb: number, state: SlowState): number {
    const extra = store.extra[pc]!
    const imm = store.imm[pc]!
    const mask = store.aux[pc]!
    const kind = (extra >> 1) & 3
    const old = read(store.a[pc]!, tb, cb, state.cycle)
    const source = read(store.b[pc]!, tb, cb, state.cycle)
    const amount = extra & 16 && kind !== 0 ? state.prevA & 31 : imm & 31
    const value = shifted(kind, amount, old, source)
    const merged = imm & 256 ? value & mask : (value & mask) | (old & ~mask)
    finish(state, merged, (extra & 8) !== 0)
    state.prevA = extra & 1 ? source : old
    write(store.dst[pc]!, merged, tb, cb, state.cycle)
    return SLOW.next
  }

  function csrWord(pc: number, core: number, slot: number, tb: number, cb: number, state: SlowState): number {
    const address = store.imm[pc]!
    const now = F[(cb + CORE.segmentStartF) >> 1]! + state.cycle
    if (store.op[pc] === UOP.csrRead) {
      H[tb + CTX.latch] = csr.read(address, core, slot, now)
      H[tb + CTX.latchPc] = pc + 1
      return SLOW.next
    }
    csr.write(address, read(store.a[pc]!, tb, cb, state.cycle), core, slot, now)
    return SLOW.next
  }

  /** br=ctx, br_signal and the ring states (no ring of this model is ever full). */
  function rareBranch(pc: number, slot: number, tb: number, cb: number, state: SlowState): number {
    const number = store.b[pc]!
    const cond = store.aux[pc]!
    let taken: boolean
    if (cond <= 17) taken = number === 2 * slot
    else if (cond <= 19) {
      const now = F[(cb + CORE.segmentStartF) >> 1]! + state.cycle
      const bit = 1 << number
      const known = (H[tb + CTX.signals]! & bit) !== 0
      const at = known ? F[((tb + CTX.signalTimeF) >> 1) + number]! : Infinity
      if (known && at === Infinity && now >= F[(layout.header + HDR.windowEndF) >> 1]!) return SLOW.retry
      taken = known && at <= now
      if (taken && cond === 18) H[tb + CTX.signals] = H[tb + CTX.signals]! & ~bit
    } else if (cond <= 21) taken = number === 0 && H[cb + CORE.nnGet] === H[cb + CORE.nnPut]
    else taken = false
    if (cond & 1) taken = !taken
    if (!taken) return SLOW.next
    state.target = store.imm[pc]!
    state.cost = ISSUE.branchTaken
    return SLOW.taken
  }

  function branchByte(pc: number, tb: number, cb: number, state: SlowState): number {
    const codeA = store.a[pc]!
    const immediateInA = codeA < 0 && codeA >= -256
    const register = read(immediateInA ? store.b[pc]! : codeA, tb, cb, state.cycle)
    const value = read(immediateInA ? codeA : store.b[pc]!, tb, cb, state.cycle) & 0xff
    const packed = store.aux[pc]!
    const equal = ((register >>> (8 * (packed & 3))) & 0xff) === value
    if (equal !== ((packed & 4) !== 0)) return SLOW.next
    state.target = store.imm[pc]!
    state.cost = ISSUE.branchTaken
    return SLOW.taken
  }

  /** ctx_arb: wait for all (or any) of the signals; mask 1 gives the other contexts a turn, mask 0 stops. */
  function arbitrate(pc: number, slot: number, tb: number, cb: number, state: SlowState): number {
    const mask = store.aux[pc]!
    const flags = store.a[pc]!
    const now = F[(cb + CORE.segmentStartF) >> 1]! + state.cycle
    const wake = ((cb + CORE.wakeF) >> 1) + slot
    state.target = flags & 4 ? store.imm[pc]! : -1
    H[tb + CTX.state] = STATE.waiting
    H[tb + CTX.waitingFor] = WAIT.signal
    if (flags & 2) return refuse(state, FAULT.unsupported)
    if (mask === 0) {
      F[wake] = Infinity
      H[tb + CTX.state] = STATE.stopped
    } else if (mask === 1) {
      F[wake] = now + 1
      H[tb + CTX.waitingFor] = WAIT.yield
    } else {
      H[tb + CTX.arbMask] = mask & ~1
      H[tb + CTX.arbAny] = flags & 1
      F[wake] = Math.max(now + 1, signalsReady(memory, tb))
    }
    return SLOW.wait
  }

  return function slowWord(pc: number, core: number, slot: number, state: SlowState): number {
    const cb = layout.cores + core * CORE_WORDS
    const tb = cb + CORE.contexts + slot * CTX.size
    const op = store.op[pc]!
    if (op === UOP.csrRead || op === UOP.csrWrite) return csrWord(pc, core, slot, tb, cb, state)
    switch (store.rare[pc]!) {
      case RARE.alu: {
        const packed = store.aux[pc]!
        if (packed & 0x100) return rareAlu(pc, packed & 0xff, tb, cb, state)
        const a = read(store.a[pc]!, tb, cb, state.cycle)
        const b = read(store.b[pc]!, tb, cb, state.cycle)
        const value = plainAlu(packed, a, b, state.carry) | 0
        finish(state, value, false)
        state.prevA = store.extra[pc] === 0 ? a : b
        write(store.dst[pc]!, value, tb, cb, state.cycle)
        return SLOW.next
      }
      case RARE.shift:
        return shiftWord(pc, tb, cb, state)
      case RARE.field:
        return fieldWord(pc, tb, cb, state)
      case RARE.branch:
        return rareBranch(pc, slot, tb, cb, state)
      case RARE.branchByte:
        return branchByte(pc, tb, cb, state)
      case RARE.mul: {
        const value = product(H[cb + CORE.mulA]!, H[cb + CORE.mulB]!, store.aux[pc]!, store.imm[pc] === 5)
        finish(state, value, false)
        write(store.dst[pc]!, value, tb, cb, state.cycle)
        return SLOW.next
      }
      case RARE.arbitrate:
        return arbitrate(pc, slot, tb, cb, state)
      default:
        return refuse(state, FAULT.unsupported)
    }
  }
}
