/** Atomic instructions. One program runs at a time here, so "atomic" is only what they compute and return. */
import type { Vm } from './vm'

const FETCH = 0x01
/** These two are loads and stores; the interpreter treats them as such. */
export const LOAD_ACQUIRE = 0x100
export const STORE_RELEASE = 0x110
const EXCHANGE = 0xe1
const COMPARE_EXCHANGE = 0xf1

/** Executes the atomic `op` with operation `kind` at `at`; false for an unknown combination. */
export function atomic(vm: Vm, op: number, kind: number, s: number, at: number): boolean {
  const { reg } = vm
  const { view } = vm.memory
  const wide = (op & 0x18) === 0x18
  if (!wide && (op & 0x18) !== 0) return false
  const oldLo = view.getInt32(at, true)
  const oldHi = wide ? view.getInt32(at + 4, true) : 0
  const sLo = reg[s]!
  const sHi = reg[s + 1]!
  let lo: number
  let hi: number
  switch (kind & ~FETCH) {
    case 0x00:
      lo = (oldLo + sLo) | 0
      hi = (oldHi + sHi + (lo >>> 0 < oldLo >>> 0 ? 1 : 0)) | 0
      break
    case 0x40:
      lo = oldLo | sLo
      hi = oldHi | sHi
      break
    case 0x50:
      lo = oldLo & sLo
      hi = oldHi & sHi
      break
    case 0xa0:
      lo = oldLo ^ sLo
      hi = oldHi ^ sHi
      break
    case 0xe0:
      if (kind !== EXCHANGE) return false
      lo = sLo
      hi = sHi
      break
    case 0xf0: {
      if (kind !== COMPARE_EXCHANGE) return false
      const equal = oldLo === reg[0] && (!wide || oldHi === reg[1])
      lo = equal ? sLo : oldLo
      hi = equal ? sHi : oldHi
      reg[0] = oldLo
      reg[1] = oldHi
      view.setInt32(at, lo, true)
      if (wide) view.setInt32(at + 4, hi, true)
      return true
    }
    default:
      return false
  }
  view.setInt32(at, lo, true)
  if (wide) view.setInt32(at + 4, hi, true)
  if (kind & FETCH) {
    reg[s] = oldLo
    reg[s + 1] = oldHi
  }
  return true
}
