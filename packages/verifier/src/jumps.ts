/**
 * Conditional jumps: which ways are walked, and what each way knows. The fall-through goes on at once, the taken
 * branch waits (pending.ts). Packet bounds and null checks live here, since comparisons prove them.
 */
import { EACCES, EINVAL, type Env } from './env'
import * as C from './compare'
import { DST_IS_STACK, noteLinked, noteStackCompare, SRC_IS_STACK } from './history'
import * as i64 from './int64'
import { collectLinked, syncLinked } from './linked'
import * as M from './maps'
import { pushBranch } from './pending'
import { markPrecise } from './precision'
import { releaseReference } from './references'
import * as R from './reg-state'
import { knownScalar, type RegState } from './reg-state'
import { isPointer, isSecret, readReg } from './registers'
import { pushSpeculative } from './speculation'
import type { Frame, LinkedReg, State } from './state'
import { checkMayGoto } from './loops'
import { contradictory } from './bounds'

const MAX_PACKET_OFF = 0xffff

/** Checks the jump at `env.insn` and gives the instruction to go on with. */
export function checkJump(env: Env): number {
  const { insns, insn } = env
  const code = insns.op[insn]!
  const op = code & 0xf0
  const narrow = (code & 7) === 6
  const fromReg = (code & 8) !== 0
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const target = insn + 1 + insns.off[insn]!
  if (op === 0 || op > 0xe0) env.refuse(EINVAL, `invalid BPF_JMP/JMP32 opcode ${op.toString(16)}\n`)
  if (op === 0xe0) return checkMayGoto(env)
  const left = readReg(env, dst)
  if (fromReg ? insns.imm[insn] !== 0 : src !== 0) env.refuse(EINVAL, 'BPF_JMP/JMP32 uses reserved fields\n')
  let flags = left.type === R.STACK ? DST_IS_STACK : 0
  let right: RegState
  if (fromReg) {
    right = readReg(env, src)
    const packets = R.isAnyPacketPointer(left.type) && R.isAnyPacketPointer(right.type)
    if (!packets && isSecret(env, right)) env.refuse(EACCES, `R${src} pointer comparison prohibited\n`)
    if (right.type === R.STACK) flags |= SRC_IS_STACK
  } else right = env.immediate(insn)
  if (flags !== 0) noteStackCompare(env, flags)

  const decided = C.outcome(left, right, op, narrow)
  if (decided !== -1) {
    if (!isPointer(left)) markPrecise(env, dst)
    if (fromReg && !isPointer(right)) markPrecise(env, src)
    if (!env.perfmon) pushSpeculative(env, decided === 1 ? insn + 1 : target, insn, true)
    if (env.log.walks) env.printTouched()
    return decided === 1 ? target : insn + 1
  }

  const linked = collectLinked(env, fromReg ? src : -1, dst)
  if (linked.length > 1) noteLinked(env, linked)

  const here = env.state
  const there = pushBranch(env, target, insn, false)
  if (left.type === R.SCALAR && right.type === R.SCALAR) {
    learn(here, dst, fromReg ? src : -1, right, op, narrow, false)
    learn(there, dst, fromReg ? src : -1, right, op, narrow, true)
  }
  if (fromReg) followLinked(env, here, there, src, linked)
  followLinked(env, here, there, dst, linked)
  comparePointers(env, here, there, op, narrow, fromReg, right)
  if (env.log.walks) env.printTouched()
  return insn + 1
}

/** Applies the outcome to the compared registers of one branch. */
function learn(
  state: State,
  dst: number,
  src: number,
  imm: RegState,
  op: number,
  narrow: boolean,
  taken: boolean,
): void {
  const frame = state.current
  if (src < 0) SECOND.assign(imm)
  const first = FIRST
  const second = src === dst ? FIRST : SECOND
  first.assign(frame.regs[dst]!)
  if (src >= 0 && src !== dst) second.assign(frame.regs[src]!)
  C.learn(first, second, op, narrow, taken, src >= 0)
  keep(frame, dst, first)
  if (src >= 0 && src !== dst) keep(frame, src, second)
}
/** Scratch registers: what nothing was learned of is not copied. */
const FIRST = new R.RegState()
const SECOND = new R.RegState()

function keep(frame: Frame, regno: number, learned: RegState): void {
  if (contradictory(learned)) learned.setUnbounded()
  if (!learned.sharesValue(frame.regs[regno]!)) frame.adopt(regno, learned.clone())
}

function followLinked(env: Env, here: State, there: State, regno: number, linked: readonly LinkedReg[]): void {
  if (linked.length < 2) return
  const a = here.current.regs[regno]!
  if (a.type === R.SCALAR && a.id !== 0) syncLinked(env, here, a, linked)
  const b = there.current.regs[regno]!
  if (b.type === R.SCALAR && b.id !== 0) syncLinked(env, there, b, linked)
}

function comparePointers(
  env: Env,
  here: State,
  there: State,
  op: number,
  narrow: boolean,
  fromReg: boolean,
  right: RegState,
): void {
  const { insns, insn } = env
  const dst = insns.dst[insn]!
  const src = insns.src[insn]!
  const left = env.regs[dst]!
  // Two numbers: nothing to prove about pointers.
  if (left.type === R.SCALAR && right.type === R.SCALAR) return
  if (!narrow && fromReg && isPointer(left) && isPointer(right) && orNull(left) !== orNull(right)) {
    const notBtf = R.baseType(left) !== R.BTF_ID && R.baseType(right) !== R.BTF_ID
    const equal = op === C.JEQ ? there : op === C.JNE ? here : null
    if (equal && notBtf) {
      const regno = orNull(right) ? src : dst
      equal.current.regs[regno] = notNull(env, equal.current.regs[regno]!)
    }
  }
  const isZero = fromReg ? R.isNull(right) : insns.imm[insn] === 0
  if (!narrow && (op === C.JEQ || op === C.JNE) && orNull(left) && isZero) {
    markNull(env, here, dst, op === C.JNE)
    markNull(env, there, dst, op === C.JEQ)
    return
  }
  if (matchPacket(env, here, there, op, narrow, fromReg)) return
  if (isSecret(env, env.regs[dst]!)) env.refuse(EACCES, `R${dst} pointer comparison prohibited\n`)
}

const orNull = (r: RegState): boolean => (r.type & R.OR_NULL) !== 0
const isStart = (r: RegState): boolean =>
  r.type === R.PACKET && r.off === 0 && R.isConst(r) && i64.isZero(r.varOff.value) && r.id === 0
/** The first bounds-checks against the second. */
const bounds = (pointer: RegState, end: RegState): boolean =>
  (pointer.type === R.PACKET && end.type === R.PACKET_END) || (pointer.type === R.PACKET_META && isStart(end))

/** The pointer of register `regno`, and all others from the same call, are null or are not. */
function markNull(env: Env, state: State, regno: number, isNull: boolean): void {
  const { id, refObjId } = state.current.regs[regno]!
  if (refObjId !== 0 && refObjId === id && isNull) releaseReference(state, id)
  state.replaceRegs((r) => {
    if ((r.type & R.OR_NULL) === 0 || r.id !== id) return r
    if (!isNull) {
      const next = notNull(env, r)
      if (!mayHoldLock(env, r)) next.id = 0
      return next
    }
    return knownScalar(i64.ZERO)
  })
}
const mayHoldLock = (_env: Env, _r: RegState): boolean => false

/** What an or-null pointer is once it is known not to be null. */
export function notNull(env: Env, r: RegState): RegState {
  const next = r.clone()
  if (R.baseType(r) !== R.MAP_VALUE) {
    next.type &= ~R.OR_NULL
    return next
  }
  switch (env.maps[r.map]!.type) {
    case M.XSKMAP:
      next.type = R.XDP_SOCK
      break
    case M.SOCKMAP:
    case M.SOCKHASH:
      next.type = R.SOCKET
      break
    case M.ARRAY_OF_MAPS:
    case M.HASH_OF_MAPS:
      next.type = R.MAP_PTR
      break
    default:
      next.type = R.MAP_VALUE
  }
  return next
}

/** A packet pointer against the end (or metadata against the data): proves how much there is. */
function matchPacket(env: Env, here: State, there: State, op: number, narrow: boolean, fromReg: boolean): boolean {
  if (!fromReg || narrow) return false
  const dst = env.insns.dst[env.insn]!
  const src = env.insns.src[env.insn]!
  const left = env.regs[dst]!
  const right = env.regs[src]!
  let regno: number
  if (bounds(left, right)) regno = dst
  else if (bounds(right, left)) {
    regno = src
    op = C.flip(op)
  } else return false
  // Now: pointer op end. In the branch where it is inside, its offset is proven.
  const pointer = env.regs[regno]!
  switch (op) {
    case C.JGT:
      proveRange(here, pointer, false)
      markPastEnd(there, regno, true)
      return true
    case C.JLT:
      proveRange(there, pointer, true)
      markPastEnd(here, regno, false)
      return true
    case C.JGE:
      proveRange(here, pointer, true)
      markPastEnd(there, regno, false)
      return true
    case C.JLE:
      proveRange(there, pointer, false)
      markPastEnd(here, regno, true)
      return true
    default:
      return false
  }
}

/** All pointers with the same origin may be used up to this one (one more if the end itself is excluded). */
function proveRange(state: State, pointer: RegState, open: boolean): void {
  const { type, id, off } = pointer
  if (off < 0 || (off === 0 && open)) return
  if (i64.ult(i64.u64(MAX_PACKET_OFF), pointer.umax) || pointer.umax.lo + off > MAX_PACKET_OFF) return
  const range = open ? off + 1 : off
  state.replaceRegs((r) => {
    if (r.type !== type || r.id !== id || r.range >= range) return r
    const next = r.clone()
    next.range = range
    return next
  })
}

function markPastEnd(state: State, regno: number, beyond: boolean): void {
  if (state.current.regs[regno]!.type !== R.PACKET) return
  state.current.own(regno).range = beyond ? R.BEYOND_PACKET_END : R.AT_PACKET_END
}
