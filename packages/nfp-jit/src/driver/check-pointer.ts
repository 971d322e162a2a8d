/**
 * The pointer of a load, store or atomic: its kind, and whether later visits agree with earlier ones.
 * nfp-offload.md, sections 6.3 and 6.7.
 */
import type { RegView } from '@offload/verifier'
import { EINVAL, EOPNOTSUPP } from '../errno'
import { accessSize, isAtomic, isStore } from '../opcodes'
import { FLAG_CALLER_FRAME, PTR_CTX, PTR_MAP_VALUE, PTR_PACKET, PTR_STACK } from '../program-info'
import { isConstant, knownOffset } from './check-context'
import type { CheckContext } from './check-context'
import { USE_ATOMIC, USE_NAMES, USE_NONE, USE_READ } from './map-word-uses'

/** Checks register `register` as the pointer of the instruction and records its state for the translator. */
export function checkPointer(cx: CheckContext, register: number): number {
  const { env, program: p, insn } = cx
  const reg = env.reg(register)
  if (reg.type !== PTR_CTX && reg.type !== PTR_STACK && reg.type !== PTR_MAP_VALUE && reg.type !== PTR_PACKET) {
    return cx.refuse(EINVAL, 'pointer-type', `unsupported ptr type: ${reg.type}`)
  }
  const failed =
    reg.type === PTR_STACK ? checkStackPointer(cx, reg) : reg.type === PTR_MAP_VALUE ? checkMapPointer(cx, reg) : 0
  if (failed !== 0) return failed
  const before = p.ptrType[insn]!
  if (before !== 0 && before !== reg.type) {
    return cx.refuse(EINVAL, 'pointer-changed', `ptr type changed for instruction ${before} -> ${reg.type}`)
  }
  p.ptrType[insn] = reg.type
  p.ptrOff[insn] = reg.off
  p.ptrVar[insn] = reg.varOff.value.lo
  p.ptrId[insn] = reg.id
  if (reg.type === PTR_PACKET) notePacketReach(cx, reg)
  return 0
}

/** The kernel keeps the furthest byte any access may touch; attaching compares it with the split of packets. */
function notePacketReach({ program: p, insn }: CheckContext, reg: RegView): void {
  const last = reg.off + p.off[insn]! + (reg.umax.lo >>> 0) + accessSize(p.code[insn]!) - 1
  p.maxPktOffset = Math.max(p.maxPktOffset, last)
}

function checkStackPointer(cx: CheckContext, reg: RegView): number {
  const { env, program: p, insn } = cx
  if (reg.frameno !== env.curFrame) p.flags[insn]! |= FLAG_CALLER_FRAME
  if (!isConstant(reg)) return cx.refuse(EINVAL, 'stack-variable', 'variable ptr stack access')
  if (p.ptrType[insn] === 0) return 0
  const before = p.pointerOffset(insn)
  const now = knownOffset(reg)
  if (before !== now) p.ptrNotConst[insn] = 1
  if (p.ptrNotConst[insn] && before % 4 !== now % 4) {
    return cx.refuse(EINVAL, 'stack-moved', `stack access changed location was:${before} is:${now}`)
  }
  return 0
}

function checkMapPointer(cx: CheckContext, reg: RegView): number {
  const code = cx.program.code[cx.insn]!
  if (isStore(code)) return cx.refuse(EOPNOTSUPP, 'map-write', 'map writes not supported')
  return markMapUse(cx, reg, isAtomic(code) ? USE_ATOMIC : USE_READ)
}

function markMapUse(cx: CheckContext, reg: RegView, use: number): number {
  const { program: p, mapUses, insn, env } = cx
  if (!isConstant(reg)) return cx.refuse(EOPNOTSUPP, 'map-variable', 'map value offset is variable')
  const uses = mapUses[reg.map]
  const from = knownOffset(reg) + p.off[insn]!
  const size = accessSize(p.code[insn]!)
  if (from < 0 || from + size > (env.maps[reg.map]?.value_size ?? 0)) {
    return cx.refuse(EINVAL, 'map-bounds', 'map value access out-of-bounds')
  }
  if (!uses) return 0
  // Byte by byte up to the next word, so that a conflict names the first byte touched in that word.
  for (let at = from; at < from + size; at = (at | 3) + 1) {
    const word = at >>> 2
    const before = uses.use[word]!
    if (before !== USE_NONE && before !== use) {
      const text = `map value use type conflict ${USE_NAMES[before]} vs ${USE_NAMES[use]} off: ${at}`
      return cx.refuse(EOPNOTSUPP, 'map-use-conflict', text)
    }
    if (uses.nonZeroUpdate[word] && use === USE_ATOMIC) {
      const text = `atomic counter in map value may already be initialized to non-zero value off: ${at}`
      return cx.refuse(EOPNOTSUPP, 'counter-initialised', text)
    }
    uses.use[word] = use
  }
  return 0
}
