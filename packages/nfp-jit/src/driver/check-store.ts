/** Stores of registers and atomic additions. nfp-offload.md, sections 6.4 and 6.5; nfp-jit.md, section 14. */
import { XDP_RX_QUEUE_INDEX } from '../emit/memory-context'
import { EOPNOTSUPP } from '../errno'
import { ADDEND_MAYBE_16_BIT, ADDEND_OVER_16_BIT, PTR_CTX, PTR_MAP_VALUE, PTR_SCALAR } from '../program-info'
import { isAbove } from './check-context'
import type { InsnCheck } from './check-context'
import { checkPointer } from './check-pointer'

export const checkStore: InsnCheck = (cx) => {
  const { env, program: p, insn, firmware } = cx
  const dst = p.dst[insn]!
  if (env.reg(dst).type === PTR_CTX) {
    if (env.progType !== 'xdp' || p.off[insn] !== XDP_RX_QUEUE_INDEX) {
      return cx.refuse(EOPNOTSUPP, 'context-store', 'unsupported store to context field')
    }
    if (!firmware.queueSelect) {
      return cx.refuse(EOPNOTSUPP, 'queue-select-missing', 'queue selection not supported by FW')
    }
  }
  return checkPointer(cx, dst)
}

export const checkAtomic: InsnCheck = (cx) => {
  const { env, program: p, insn } = cx
  const operation = p.imm[insn]!
  if (operation !== 0) return cx.refuse(EOPNOTSUPP, 'atomic-op', `atomic op not implemented: ${operation}`)
  const target = env.reg(p.dst[insn]!)
  if (target.type !== PTR_MAP_VALUE) {
    return cx.refuse(EOPNOTSUPP, 'atomic-target', `atomic add not to a map value pointer: ${target.type}`)
  }
  const addend = env.reg(p.src[insn]!)
  if (addend.type !== PTR_SCALAR) {
    return cx.refuse(EOPNOTSUPP, 'atomic-addend', `atomic add not of a scalar: ${addend.type}`)
  }
  const { value, mask } = addend.varOff
  if (isAbove(value, 0xffff) || isAbove(mask, 0xffff)) p.addend[insn]! |= ADDEND_OVER_16_BIT
  const known = { lo: value.lo & ~mask.lo, hi: value.hi & ~mask.hi }
  if (!isAbove(known, 0xffff)) p.addend[insn]! |= ADDEND_MAYBE_16_BIT
  return checkPointer(cx, p.dst[insn]!)
}
