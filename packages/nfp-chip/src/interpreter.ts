/**
 * The precise tier: executes decoded words of one context until it waits, ends, or a number of words is used up.
 *
 * It is the reference for every other tier. It reads and writes the context's block only at its edges and may stop
 * between any two words (inside defer slots too), so single steps and long runs leave the same state.
 * Semantics follow nfp-isa.md (the section is named where a rule is not obvious), cycle costs its section 15.
 */
import { ISSUE, UNDEFINED_SHIFT_AMOUNT } from './constants'
import type { Commands } from './commands'
import { CORE, CORE_WORDS, CTX } from './layout'
import type { ChipMemory } from './layout'
import type { Operands } from './operands'
import { product } from './product'
import { SLOW, createSlowWords } from './slow-word'
import type { SlowState } from './slow-word'
import { FAULT, UOP } from './uop'
import type { DecodedStore } from './uop'

/** Why `execute` returned. */
export const STOP = {
  /** The context waits; its core is free after the refill. */
  swapped: 0,
  /** The words were used up, or the request log is full: continue later. */
  suspended: 1,
  /** The context reached an address of the firmware. */
  firmware: 2,
  /** The word at `CTX.pc` cannot be executed; the fault is in `lastFault`. */
  fault: 3,
} as const

export interface Interpreter {
  /** Executes at most `budget` words of a context; `countsAt` is the word offset of the member's count table. */
  execute(core: number, slot: number, budget: number, countsAt: number): number
  /** Words executed by the last call. */
  executed(): number
  lastFault(): number
}

export function createInterpreter(
  memory: ChipMemory,
  store: DecodedStore,
  commands: Commands,
  operands: Operands,
): Interpreter {
  const { words: H, layout } = memory
  const { op: OP, a: A, b: B, dst: D, imm: IMM, aux: AUX, extra: EXTRA } = store
  const { cores } = layout
  const slowWord = createSlowWords(memory, store, operands)
  const slow: SlowState = {
    cycle: 0,
    result: 0,
    carry: 0,
    overflow: 0,
    flagsAt: 0,
    prevAlu: 0,
    prevA: 0,
    target: 0,
    cost: 0,
    fault: 0,
  }
  let wordsDone = 0
  let fault = 0

  function execute(core: number, slot: number, budget: number, countsAt: number): number {
    const cb = cores + core * CORE_WORDS
    const tb = cb + CORE.contexts + slot * CTX.size
    const limit = store.size
    let pc = H[tb + CTX.pc]!
    let prevAlu = H[tb + CTX.prevAlu]!
    let prevA = H[tb + CTX.prevA]!
    let result = H[tb + CTX.ccResult]!
    let carry = H[tb + CTX.ccCarry]!
    let overflow = H[tb + CTX.ccOverflow]!
    let cycle = H[tb + CTX.cycle]!
    let flagsAt = H[tb + CTX.ccCycle]!
    let slots = H[tb + CTX.slots]!
    let slotTarget = H[tb + CTX.slotTarget]!
    let slotBubbles = H[tb + CTX.slotBubbles]!
    let left = budget
    let stop: number = STOP.suspended

    run: while (left > 0) {
      if (pc >= limit) {
        fault = FAULT.outside
        stop = STOP.fault
        break
      }
      const uop = OP[pc]!
      left--
      H[countsAt + pc]!++
      if (uop <= UOP.xor) {
        if (uop === UOP.invalid) {
          fault = store.fault[pc]!
          stop = STOP.fault
          break
        }
        const codeA = A[pc]!
        const codeB = B[pc]!
        const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
        const vb = codeB >= 0 ? H[tb + codeB]! : codeB >= -256 ? ~codeB : operands.read(codeB, tb, cb, cycle)
        let r: number
        switch (uop) {
          case UOP.movB:
            r = vb
            carry = 0
            overflow = 0
            break
          case UOP.notB:
            r = ~vb
            carry = 0
            overflow = 0
            break
          case UOP.add:
            r = (va + vb) | 0
            carry = r >>> 0 < va >>> 0 ? 1 : 0
            overflow = ((va ^ r) & (vb ^ r)) >>> 31
            break
          case UOP.add16: {
            const low = vb & 0xffff
            r = (va + low) | 0
            carry = r >>> 0 < va >>> 0 ? 1 : 0
            overflow = ((va ^ r) & (low ^ r)) >>> 31
            break
          }
          case UOP.add8: {
            const low = vb & 0xff
            r = (va + low) | 0
            carry = r >>> 0 < va >>> 0 ? 1 : 0
            overflow = ((va ^ r) & (low ^ r)) >>> 31
            break
          }
          case UOP.addCarry: {
            const sum = (va >>> 0) + (vb >>> 0) + carry
            r = sum | 0
            carry = sum > 0xffffffff ? 1 : 0
            overflow = ((va ^ r) & (vb ^ r)) >>> 31
            break
          }
          case UOP.sub:
            r = (va - vb) | 0
            carry = va >>> 0 >= vb >>> 0 ? 1 : 0
            overflow = ((va ^ vb) & (va ^ r)) >>> 31
            break
          case UOP.subCarry: {
            const sum = (va >>> 0) + (~vb >>> 0) + carry
            r = sum | 0
            carry = sum > 0xffffffff ? 1 : 0
            overflow = ((va ^ vb) & (va ^ r)) >>> 31
            break
          }
          case UOP.subReverse:
            r = (vb - va) | 0
            carry = vb >>> 0 >= va >>> 0 ? 1 : 0
            overflow = ((vb ^ va) & (vb ^ r)) >>> 31
            break
          case UOP.and:
            r = va & vb
            carry = 0
            overflow = 0
            break
          case UOP.andNot:
            r = va & ~vb
            carry = 0
            overflow = 0
            break
          case UOP.notAnd:
            r = ~va & vb
            carry = 0
            overflow = 0
            break
          case UOP.or:
            r = va | vb
            carry = 0
            overflow = 0
            break
          default:
            r = va ^ vb
            carry = 0
            overflow = 0
        }
        prevA = EXTRA[pc] === 0 ? va : vb
        prevAlu = r
        result = r
        flagsAt = cycle
        const dst = D[pc]!
        if (dst >= 256) {
          H[tb + dst - 256] = r
          H[tb + dst - 224] = r
        } else if (dst >= 0) H[tb + dst] = r
        else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
        pc++
        cycle++
      } else if (uop <= UOP.fieldLeft) {
        const codeA = A[pc]!
        const codeB = B[pc]!
        const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
        const vb = codeB >= 0 ? H[tb + codeB]! : codeB >= -256 ? ~codeB : operands.read(codeB, tb, cb, cycle)
        const imm = IMM[pc]!
        let r: number
        switch (uop) {
          case UOP.rotate:
          case UOP.fieldRotate:
            r = (vb >>> imm) | (vb << (32 - imm))
            break
          case UOP.shiftRight:
          case UOP.fieldRight:
            r = vb >>> imm
            break
          case UOP.shiftLeft:
          case UOP.fieldLeft:
            r = vb << imm
            break
          case UOP.shiftDouble:
            r = (vb >>> imm) | (va << (32 - imm))
            break
          case UOP.shiftArithmetic:
            r = prevAlu < 0 ? ~(~0 >>> imm) | (vb >>> imm) : vb >>> imm
            break
          case UOP.shiftRightBy:
            r = (vb >>> (prevA & 31)) | 0
            break
          case UOP.shiftLeftBy:
            r = vb << (prevA & 31)
            break
          case UOP.shiftDoubleBy: {
            const by = prevA & 31
            r = by === 0 ? vb : (vb >>> by) | (va << (32 - by))
            break
          }
          default: {
            const by = prevA & 31
            r = prevAlu < 0 && by !== 0 ? ~(~0 >>> by) | (vb >>> by) : (vb >>> by) | 0
          }
        }
        const aux = AUX[pc]!
        if (uop >= UOP.fieldRotate) {
          r = imm & 256 ? r & aux : (r & aux) | (va & ~aux)
        } else {
          if (uop < UOP.shiftDouble || uop === UOP.shiftRightBy || uop === UOP.shiftLeftBy) {
            switch (aux) {
              case 1:
                r = ~r
                break
              case 2:
                r = va & r
                break
              case 3:
                r = ~va & r
                break
              case 4:
                r = va & ~r
                break
              case 5:
                r = va | r
                break
            }
          }
          result = r
          carry = 0
          overflow = 0
          flagsAt = cycle
        }
        prevA = EXTRA[pc] === 0 ? va : vb
        prevAlu = r
        const dst = D[pc]!
        if (dst >= 256) {
          H[tb + dst - 256] = r
          H[tb + dst - 224] = r
        } else if (dst >= 0) H[tb + dst] = r
        else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
        pc++
        cycle++
      } else {
        switch (uop) {
          case UOP.immed: {
            const r = IMM[pc]!
            prevAlu = r
            prevA = UNDEFINED_SHIFT_AMOUNT
            const dst = D[pc]!
            if (dst >= 256) {
              H[tb + dst - 256] = r
              H[tb + dst - 224] = r
            } else if (dst >= 0) H[tb + dst] = r
            else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
            pc++
            cycle++
            break
          }
          case UOP.immedPart: {
            const codeA = A[pc]!
            const old = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? 0 : operands.read(codeA, tb, cb, cycle)
            // Without a destination the word builds on the previous one: immed[--, low]; immed_w1[--, high].
            const r = IMM[pc]! | ((D[pc]! === -1 ? prevAlu : old) & ~AUX[pc]!)
            prevAlu = r
            prevA = UNDEFINED_SHIFT_AMOUNT
            const dst = D[pc]!
            if (dst >= 256) {
              H[tb + dst - 256] = r
              H[tb + dst - 224] = r
            } else if (dst >= 0) H[tb + dst] = r
            else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
            pc++
            cycle++
            break
          }
          case UOP.immedLatch: {
            const r = H[tb + CTX.latchPc] === pc ? H[tb + CTX.latch]! : IMM[pc]!
            H[tb + CTX.latchPc] = -1
            prevAlu = r
            prevA = UNDEFINED_SHIFT_AMOUNT
            const dst = D[pc]!
            if (dst >= 256) {
              H[tb + dst - 256] = r
              H[tb + dst - 224] = r
            } else if (dst >= 0) H[tb + dst] = r
            else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
            pc++
            cycle++
            break
          }
          case UOP.branch: {
            let taken: boolean
            const cond = AUX[pc]!
            switch (cond) {
              case 0:
                taken = result === 0
                break
              case 1:
                taken = result !== 0
                break
              case 2:
                taken = result < 0
                break
              case 3:
                taken = result >= 0
                break
              case 4:
                taken = carry !== 0
                break
              case 5:
                taken = carry === 0
                break
              case 6:
                taken = overflow !== 0
                break
              case 7:
                taken = overflow === 0
                break
              case 8:
                taken = result >>> 31 === overflow
                break
              case 9:
                taken = result >>> 31 !== overflow
                break
              case 10:
                taken = result === 0 || result >>> 31 !== overflow
                break
              case 11:
                taken = result !== 0 && result >>> 31 === overflow
                break
              default:
                taken = true
            }
            prevA = UNDEFINED_SHIFT_AMOUNT
            if (!taken) {
              pc++
              cycle++
              break
            }
            const cost =
              cond === 24 ? ISSUE.branchAlways : flagsAt === cycle - 1 ? ISSUE.branchTakenAfterFlags : ISSUE.branchTaken
            const defer = EXTRA[pc]!
            if (defer === 0) {
              pc = IMM[pc]!
              cycle += cost
            } else {
              slots = defer + 1
              slotTarget = IMM[pc]!
              slotBubbles = cost - 1 > defer ? cost - 1 - defer : 0
              pc++
              cycle++
            }
            break
          }
          case UOP.branchBit: {
            const codeA = A[pc]!
            const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
            prevA = UNDEFINED_SHIFT_AMOUNT
            if (((va >>> B[pc]!) & 1) !== AUX[pc]!) {
              pc++
              cycle++
              break
            }
            const defer = EXTRA[pc]!
            if (defer === 0) {
              pc = IMM[pc]!
              cycle += ISSUE.branchTaken
            } else {
              slots = defer + 1
              slotTarget = IMM[pc]!
              slotBubbles = ISSUE.branchTaken - 1 > defer ? ISSUE.branchTaken - 1 - defer : 0
              pc++
              cycle++
            }
            break
          }
          case UOP.jump: {
            const codeA = A[pc]!
            const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
            prevA = UNDEFINED_SHIFT_AMOUNT
            const target = (va + IMM[pc]!) & 0x3fff
            const defer = EXTRA[pc]!
            if (defer === 0) {
              pc = target
              cycle += ISSUE.rtn
            } else {
              slots = defer + 1
              slotTarget = target
              slotBubbles = ISSUE.rtn - 1 > defer ? ISSUE.rtn - 1 - defer : 0
              pc++
              cycle++
            }
            break
          }
          case UOP.lmPointer: {
            const codeA = A[pc]!
            const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
            operands.setPointer(IMM[pc]!, va, tb, cycle)
            prevA = UNDEFINED_SHIFT_AMOUNT
            pc++
            cycle++
            break
          }
          case UOP.mulStart: {
            const codeA = A[pc]!
            const codeB = B[pc]!
            H[cb + CORE.mulA] =
              codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
            H[cb + CORE.mulB] =
              codeB >= 0 ? H[tb + codeB]! : codeB >= -256 ? ~codeB : operands.read(codeB, tb, cb, cycle)
            prevA = UNDEFINED_SHIFT_AMOUNT
            pc++
            cycle++
            break
          }
          case UOP.mulStep:
            prevA = UNDEFINED_SHIFT_AMOUNT
            pc++
            cycle++
            break
          case UOP.mulLast:
          case UOP.mulLast2: {
            const r = product(H[cb + CORE.mulA]!, H[cb + CORE.mulB]!, AUX[pc]!, uop === UOP.mulLast2)
            prevAlu = r
            prevA = UNDEFINED_SHIFT_AMOUNT
            result = r
            carry = 0
            overflow = 0
            flagsAt = cycle
            const dst = D[pc]!
            if (dst >= 256) {
              H[tb + dst - 256] = r
              H[tb + dst - 224] = r
            } else if (dst >= 0) H[tb + dst] = r
            else if (dst < -1) operands.write(dst, r, tb, cb, cycle)
            pc++
            cycle++
            break
          }
          case UOP.command: {
            if (commands.logFull(core)) {
              H[countsAt + pc]!--
              left++
              break run
            }
            const codeA = A[pc]!
            const codeB = B[pc]!
            const va = codeA >= 0 ? H[tb + codeA]! : codeA >= -256 ? ~codeA : operands.read(codeA, tb, cb, cycle)
            const vb = codeB >= 0 ? H[tb + codeB]! : codeB >= -256 ? ~codeB : operands.read(codeB, tb, cb, cycle)
            const aux = AUX[pc]!
            let lo: number
            let hi = 0
            switch (aux >>> 20) {
              case 4:
                lo = (va + vb) | 0
                break
              case 1:
                lo = ((vb << 8) + va) | 0
                hi = ((vb >>> 24) + (lo >>> 0 < va >>> 0 ? 1 : 0)) & 0xff
                break
              case 0:
                lo = ((va << 8) + vb) | 0
                hi = ((va >>> 24) + (lo >>> 0 < vb >>> 0 ? 1 : 0)) & 0xff
                break
              default:
                fault = FAULT.memory
                stop = STOP.fault
                break run
            }
            if (((aux >> 16) & 3) === 3) {
              const stall = commands.postedStall(core, cycle)
              if (stall < 0) {
                H[countsAt + pc]!--
                left++
                break run
              }
              cycle += stall
              fault = commands.issue(core, slot, IMM[pc]!, aux, lo, hi, prevAlu, cycle, false)
              if (fault !== 0) {
                stop = STOP.fault
                break run
              }
              prevA = UNDEFINED_SHIFT_AMOUNT
              pc++
              cycle++
              break
            }
            prevA = UNDEFINED_SHIFT_AMOUNT
            H[tb + CTX.cmdPc] = pc
            H[tb + CTX.cmdLo] = lo
            H[tb + CTX.cmdHi] = hi
            H[tb + CTX.cmdOverride] = prevAlu
            H[tb + CTX.cmdCycle] = cycle
            slots = EXTRA[pc]! + 1
            slotTarget = -1
            pc++
            cycle++
            break
          }
          case UOP.firmware:
            H[countsAt + pc]!--
            left++
            stop = STOP.firmware
            break run
          default: {
            slow.cycle = cycle
            slow.result = result
            slow.carry = carry
            slow.overflow = overflow
            slow.flagsAt = flagsAt
            slow.prevAlu = prevAlu
            slow.prevA = prevA
            const action = slowWord(pc, core, slot, slow)
            result = slow.result
            carry = slow.carry
            overflow = slow.overflow
            flagsAt = slow.flagsAt
            prevAlu = slow.prevAlu
            prevA = slow.prevA
            if (action === SLOW.next) {
              pc++
              cycle++
            } else if (action === SLOW.taken) {
              const defer = EXTRA[pc]!
              if (defer === 0) {
                pc = slow.target
                cycle += slow.cost
              } else {
                slots = defer + 1
                slotTarget = slow.target
                slotBubbles = slow.cost - 1 > defer ? slow.cost - 1 - defer : 0
                pc++
                cycle++
              }
            } else if (action === SLOW.wait) {
              slots = EXTRA[pc]! + 1
              slotTarget = -2
              slotBubbles = slow.target
              pc++
              cycle++
            } else {
              if (action === SLOW.retry) {
                H[countsAt + pc]!--
                left++
              } else {
                fault = slow.fault
                stop = STOP.fault
              }
              break run
            }
          }
        }
      }
      if (slots !== 0 && --slots === 0) {
        if (slotTarget >= 0) {
          pc = slotTarget
          cycle += slotBubbles
        } else if (slotTarget === -1) {
          const at = H[tb + CTX.cmdPc]!
          fault = commands.issue(
            core,
            slot,
            IMM[at]!,
            AUX[at]!,
            H[tb + CTX.cmdLo]!,
            H[tb + CTX.cmdHi]!,
            H[tb + CTX.cmdOverride]!,
            H[tb + CTX.cmdCycle]!,
            true,
          )
          stop = fault === 0 ? STOP.swapped : STOP.fault
          if (fault !== 0) pc = at
          break
        } else {
          // ctx_arb: `slotBubbles` holds where the context resumes, -1 behind it.
          if (slotBubbles >= 0) pc = slotBubbles
          stop = STOP.swapped
          break
        }
      }
    }

    H[tb + CTX.pc] = pc
    H[tb + CTX.prevAlu] = prevAlu
    H[tb + CTX.prevA] = prevA
    H[tb + CTX.ccResult] = result
    H[tb + CTX.ccCarry] = carry
    H[tb + CTX.ccOverflow] = overflow
    H[tb + CTX.cycle] = cycle
    H[tb + CTX.ccCycle] = flagsAt
    H[tb + CTX.slots] = slots
    H[tb + CTX.slotTarget] = slotTarget
    H[tb + CTX.slotBubbles] = slotBubbles
    wordsDone = budget - left
    return stop
  }

  return { execute, executed: () => wordsDone, lastFault: () => fault }
}
