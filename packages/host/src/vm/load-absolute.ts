/**
 * LD_ABS and LD_IND: loads from the packet in network order, at a constant offset or one plus a register; R6 holds the
 * context. Offsets from −0x100000 count from the network header, from −0x200000 from the link-layer header.
 */
import { R0 } from './vm'
import type { Vm } from './vm'

const NETWORK = -0x100000
const LINK_LAYER = -0x200000

/** True when `op` is such a load and its bytes lie in the packet; R0 has them then. */
export function loadAbsolute(vm: Vm, op: number, s: number, imm: number): boolean {
  const mode = op & 0xe7
  if (vm.context !== 'skb' || (mode !== 0x20 && mode !== 0x40)) return false
  const size = (op & 0x18) === 0x10 ? 1 : (op & 0x18) === 0x08 ? 2 : 4
  const offset = mode === 0x40 ? (imm + vm.reg[s]!) | 0 : imm
  let at = vm.data + offset
  if (offset < 0) {
    if (offset >= NETWORK) at = vm.data + vm.networkHeader + offset - NETWORK
    else if (offset >= LINK_LAYER) at = vm.data + vm.networkHeader - 14 + offset - LINK_LAYER
    else return false
    // The headers before the data may be read, not what lies before them.
    if (at < vm.data + vm.networkHeader - 14) return false
  }
  if (at + size > vm.dataEnd) return false
  const { bytes } = vm.memory
  let value = 0
  for (let i = 0; i < size; i++) value = (value << 8) | bytes[at + i]!
  vm.reg[R0] = value
  vm.reg[R0 + 1] = 0
  return true
}
