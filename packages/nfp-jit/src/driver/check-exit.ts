/** The return value at exit: TC programs may only return what the card can do. nfp-offload.md, section 6.2. */
import { EINVAL } from '../errno'
import { isAbove, isConstant } from './check-context'
import type { InsnCheck } from './check-context'

/** TC actions up to 7 that the card knows: shot, stolen, queued. Anything above 7 counts as "unspecified". */
const KNOWN_TC_ACTIONS: readonly number[] = [2, 4, 5]
const LAST_TC_ACTION = 7

/** Exits of subprograms are judged by the same rule. */
export const checkExit: InsnCheck = (cx) => {
  const { env } = cx
  if (env.progType === 'xdp') return 0
  const r0 = env.reg(0)
  if (!isConstant(r0)) {
    const text = `unsupported exit state: ${r0.type}, var_off: ${env.tnumText(r0.varOff)}`
    return cx.refuse(EINVAL, 'exit-not-constant', text)
  }
  const action = r0.varOff.value
  if (isAbove(action, LAST_TC_ACTION) || KNOWN_TC_ACTIONS.includes(action.lo)) return 0
  return cx.refuse(EINVAL, 'exit-action', `unsupported exit state: ${r0.type}, imm: ${(action.lo >>> 0).toString(16)}`)
}
