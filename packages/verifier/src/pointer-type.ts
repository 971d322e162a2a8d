/**
 * One load or store instruction goes through one kind of pointer on all paths: some kinds are translated differently.
 */
import { EINVAL, type Env } from './env'
import * as R from './reg-state'

/** Kinds whose accesses are rewritten before execution. */
function isSpecial(type: number): boolean {
  switch (type & R.BASE_MASK) {
    case R.CTX:
    case R.SOCKET:
    case R.SOCK_COMMON:
    case R.TCP_SOCK:
    case R.XDP_SOCK:
    case R.BTF_ID:
      return true
    default:
      return false
  }
}

export function recordPointerType(env: Env, type: number): void {
  const before = env.marks.pointerType[env.insn]!
  if (before === 0) env.marks.pointerType[env.insn] = type
  else if (before !== type && (isSpecial(before) || isSpecial(type))) {
    env.refuse(EINVAL, 'same insn cannot be used with different pointers\n')
  }
}
