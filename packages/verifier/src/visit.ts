/**
 * The state before an instruction as an observer is told it (api.ts, Visit): a copy that may be kept.
 */
import type { Known, Visit } from './api'
import type { Env } from './env'
import * as R from './reg-state'

export function visitOf(env: Env): Visit {
  return { insn: env.insn, frame: env.curFrame, live: env.marks.live[env.insn]!, regs: env.regs.map(known) }
}

function kindOf(r: R.RegState): Known['kind'] {
  switch (r.type) {
    case R.NOT_INIT:
      return 'nothing'
    case R.SCALAR:
      return 'number'
    case R.PACKET:
      return 'packet'
    case R.STACK:
      return 'stack'
    default:
      return 'other'
  }
}

const known = (r: R.RegState): Known => {
  const kind = kindOf(r)
  return {
    kind,
    off: kind === 'number' ? 0 : r.off,
    range: kind === 'packet' ? r.range : 0,
    frame: kind === 'stack' ? r.frameno : 0,
    tnum: r.varOff,
    signed: [r.smin, r.smax],
    unsigned: [r.umin, r.umax],
    signed32: [r.s32min, r.s32max],
    unsigned32: [r.u32min, r.u32max],
  }
}
