/** Checksum helpers: csum_diff on memory, l3/l4_csum_replace on the packet (RFC 1624). */
import { foldSum, onesSum } from '@offload/packet'
import { ERRNO } from '../../errno'
import { R1, R2, R3, R4, R5 } from '../vm'
import type { Vm } from '../vm'
import type { HelperGroup } from './base'
import { flagsOf } from './maps'

/** Sum of little-endian 16-bit words, as the kernel on this machine sums. */
function hostSum(bytes: Uint8Array, at: number, size: number): number {
  const sum = foldSum(onesSum(bytes, at, at + size))
  return ((sum & 255) << 8) | (sum >> 8)
}

export const CHECKSUM_HELPERS: HelperGroup = {
  28: (vm) => {
    const fromSize = vm.reg[R2]! >>> 0
    const toSize = vm.reg[R4]! >>> 0
    const from = fromSize === 0 ? 0 : vm.pointer(R1, fromSize)
    const to = toSize === 0 ? 0 : vm.pointer(R3, toSize)
    if (from < 0 || to < 0) return vm.fail('helper', 0, 'csum_diff with a bad pointer')
    const { bytes } = vm.memory
    const seed = vm.reg[R5]! >>> 0
    if (fromSize === 0 && toSize === 0) {
      vm.reg[0] = foldSum(seed)
      vm.reg[1] = 0
      return
    }
    const plus = toSize === 0 ? 0 : hostSum(bytes, to, toSize)
    const minus = fromSize === 0 ? 0 : 0xffff - hostSum(bytes, from, fromSize)
    vm.reg[0] = foldSum(seed + plus + minus)
    vm.reg[1] = 0
  },
  10: (vm) => {
    const size = vm.reg[R5]! & 15
    if ((vm.reg[R5]! & ~15) !== 0 || vm.reg[R5 + 1] !== 0) return vm.give(-ERRNO.EINVAL)
    replace(vm, size, false)
  },
  11: (vm) => {
    const flags = vm.reg[R5]!
    if ((flags & ~0xff) !== 0 || vm.reg[R5 + 1] !== 0) return vm.give(-ERRNO.EINVAL)
    replace(vm, flags & 15, (flags & 0x20) !== 0)
  },
  // csum_update, csum_level: no packet here carries a hardware checksum along. 0 asks for the level, 1 to 3 change it.
  40: (vm) => vm.give(-ERRNO.ENOTSUPP),
  135: (vm) => {
    const request = flagsOf(vm, R2)
    vm.give(request === 0 ? -ERRNO.EACCES : request <= 3 ? 0 : -ERRNO.EINVAL)
  },
}

/** Applies the change from R3 to R4 (network order numbers in host registers) to the checksum at offset R2. */
function replace(vm: Vm, size: number, mangledZero: boolean): void {
  const offset = vm.reg[R2]! >>> 0
  const { bytes } = vm.memory
  if (offset > 0xffff || offset & 1 || vm.data + offset + 2 > vm.dataEnd) return vm.give(-ERRNO.EFAULT)
  const at = vm.data + offset
  const old = bytes[at]! | (bytes[at + 1]! << 8)
  if (mangledZero && old === 0) return vm.give(0)
  let change: number
  const [from, to] = [vm.reg[R3]! >>> 0, vm.reg[R4]! >>> 0]
  if (size === 0) {
    if (from !== 0) return vm.give(-ERRNO.EINVAL)
    change = to
  } else if (size === 2) change = (to & 0xffff) + (0xffff - (from & 0xffff))
  else if (size === 4) change = foldSum(to) + (0xffff - foldSum(from))
  else return vm.give(-ERRNO.EINVAL)
  let sum = 0xffff - foldSum(0xffff - old + change)
  if (mangledZero && sum === 0) sum = 0xffff
  bytes[at] = sum
  bytes[at + 1] = sum >> 8
  vm.give(0)
}
