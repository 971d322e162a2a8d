/** Redirects, route and MTU questions. The test device is number 1 with the loopback's MTU; there are no routes. */
import { ERRNO } from '../../errno'
import { SlotMap } from '../../maps/slot-map'
import { R1, R2, R3, R4, R5 } from '../vm'
import type { HelperGroup } from './base'
import { flagsOf } from './maps'

const XDP_ABORTED = 0
const XDP_REDIRECT = 4
const TC_ACT_SHOT = 2
const TC_ACT_REDIRECT = 7
const BROADCAST = 8
const EXCLUDE_INGRESS = 16

/** Layer 3 MTU and link header of the device that programs run on. */
const MTU = 65536
const LINK_HEADER = 14
const FIB_PARAMETERS = 64
const FIB_NOT_FORWARDED = 4

export const NET_HELPERS: HelperGroup = {
  23: (vm) => {
    const flags = flagsOf(vm, R2)
    if (vm.context === 'xdp') {
      if (flags !== 0) return vm.give(XDP_ABORTED)
      vm.redirect = { ifindex: vm.reg[R1]! }
      return vm.give(XDP_REDIRECT)
    }
    if (flags > 1) return vm.give(TC_ACT_SHOT)
    vm.redirect = { ifindex: vm.reg[R1]! }
    vm.give(TC_ACT_REDIRECT)
  },
  152: (vm) => {
    vm.redirect = { ifindex: vm.reg[R1]! }
    vm.give(flagsOf(vm, R4) === 0 ? TC_ACT_REDIRECT : TC_ACT_SHOT)
  },
  155: (vm) => {
    vm.redirect = { ifindex: vm.reg[R1]! }
    vm.give(flagsOf(vm, R2) === 0 ? TC_ACT_REDIRECT : TC_ACT_SHOT)
  },
  13: (vm) => vm.give(flagsOf(vm, R3) > 1 ? -ERRNO.EINVAL : vm.reg[R2] === 1 ? 0 : -ERRNO.EINVAL),
  51: (vm) => {
    const map = vm.mapAt(R1)
    if (!(map instanceof SlotMap)) return vm.fail('helper', 0, 'redirect_map without a fitting map')
    const key = vm.reg[R2]! >>> 0
    const flags = flagsOf(vm, R3)
    const device = map.attributes.type.startsWith('devmap')
    // The two low bits are the action for a missing key; broadcast belongs to device maps.
    const known = 3 | (device ? BROADCAST | EXCLUDE_INGRESS : 0)
    if (flags & ~known || (flags & EXCLUDE_INGRESS && !(flags & BROADCAST))) return vm.give(XDP_ABORTED)
    if (flags & BROADCAST) {
      vm.redirect = { map, key: -1 }
      return vm.give(XDP_REDIRECT)
    }
    if (!map.slotValue(key)) return vm.give(flags & 3)
    vm.redirect = { map, key }
    vm.give(XDP_REDIRECT)
  },
  69: (vm) => {
    const size = vm.reg[R3]!
    if (size < FIB_PARAMETERS) return vm.give(-ERRNO.EINVAL)
    if (flagsOf(vm, R4) > 0x3f) return vm.give(-ERRNO.EINVAL)
    const at = vm.pointer(R2, FIB_PARAMETERS)
    if (at < 0) return vm.fail('helper', 0, 'fib_lookup with a bad pointer')
    // Family AF_INET or AF_INET6, else there is nothing to ask.
    const family = vm.memory.bytes[at]!
    if (family !== 2 && family !== 10) return vm.give(-97)
    vm.give(FIB_NOT_FORWARDED)
  },
  163: (vm) => {
    const ifindex = vm.reg[R2]!
    const at = vm.pointer(R3, 4)
    if (at < 0) return vm.fail('helper', 0, 'check_mtu with a bad pointer')
    if (flagsOf(vm, R5) > (vm.context === 'xdp' ? 0 : 1)) return vm.give(-ERRNO.EINVAL)
    const { view } = vm.memory
    const given = view.getUint32(at, true)
    // Asking about segments excludes a length of one's own.
    if (flagsOf(vm, R5) === 1 && (given | vm.reg[R4]!) !== 0) return vm.give(-ERRNO.EINVAL)
    if (ifindex !== 0 && ifindex !== 1) return vm.give(-ERRNO.ENODEV)
    const length = (given === 0 ? vm.dataEnd - vm.data : given + LINK_HEADER) + vm.reg[R4]!
    view.setUint32(at, MTU, true)
    vm.give(length > MTU + LINK_HEADER ? 1 : 0)
  },
}
