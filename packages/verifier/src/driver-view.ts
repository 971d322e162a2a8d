/**
 * The walk's state as an offload driver sees it (driver.ts): views made on demand, valid during one callback.
 */
import type { DriverEnv, RegView } from './driver'
import type { Env } from './env'
import type { I64 } from './int64'
import * as R from './reg-state'
import type { RegState } from './reg-state'
import * as tnum from './tnum'

const halves = (v: I64) => ({ lo: v.lo >>> 0, hi: v.hi >>> 0 })

function regView(r: RegState): RegView {
  return {
    type: r.type & 0x1ff,
    off: r.off,
    id: r.id,
    varOff: { value: halves(r.varOff.value), mask: halves(r.varOff.mask) },
    umin: halves(r.umin),
    umax: halves(r.umax),
    frameno: r.type === R.STACK ? r.frameno : 0,
    map: R.isMapType(r.type) ? r.map : -1,
  }
}

export function hookView(env: Env): DriverEnv {
  return {
    progType: env.progType,
    maps: env.request.maps ?? [],
    relocs: env.relocs,
    get curFrame() {
      return env.curFrame
    },
    reg: (n) => regView(env.regs[n]!),
    stackSlot(frameno, off) {
      const slot = env.state.frames[frameno]?.stack[(-off - 1) >> 3]
      return slot ? slot.kind((-off - 1) & 7) : 0
    },
    log: (text) => env.say(text),
    tnumText: (t) =>
      tnum.text(new tnum.Tnum({ lo: t.value.lo | 0, hi: t.value.hi | 0 }, { lo: t.mask.lo | 0, hi: t.mask.hi | 0 })),
  }
}
