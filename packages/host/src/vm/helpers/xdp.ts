/** XDP helpers that move the ends of the packet, or read and write it (kernel-tables.md, section 1.2). */
import { ERRNO } from '../../errno'
import { writePointers, XDP_FRAME_SIZE } from '../packet-context'
import { R2, R3, R4 } from '../vm'
import type { Vm } from '../vm'
import type { HelperGroup } from './base'

const ETHERNET = 14
const MAX_METADATA = 252

export const XDP_HELPERS: HelperGroup = {
  44: (vm) => {
    const delta = vm.reg[R2]!
    const metadata = vm.data - vm.dataMeta
    const data = vm.data + delta
    if (data < vm.hardStart + XDP_FRAME_SIZE + metadata || data > vm.dataEnd - ETHERNET) return vm.give(-ERRNO.EINVAL)
    if (metadata > 0) vm.memory.bytes.copyWithin(vm.dataMeta + delta, vm.dataMeta, vm.data)
    vm.dataMeta += delta
    vm.data = data
    writePointers(vm)
    vm.give(0)
  },
  54: (vm) => {
    const meta = vm.dataMeta + vm.reg[R2]!
    if (meta < vm.hardStart + XDP_FRAME_SIZE || meta > vm.data) return vm.give(-ERRNO.EINVAL)
    const length = vm.data - meta
    if (length % 4 !== 0 || length > MAX_METADATA) return vm.give(-ERRNO.EACCES)
    vm.dataMeta = meta
    writePointers(vm)
    vm.give(0)
  },
  65: (vm) => {
    const delta = vm.reg[R2]!
    const end = vm.dataEnd + delta
    if (end > vm.hardEnd || end < vm.data + ETHERNET) return vm.give(-ERRNO.EINVAL)
    if (delta > 0) vm.memory.bytes.fill(0, vm.dataEnd, end)
    vm.dataEnd = end
    writePointers(vm)
    vm.give(0)
  },
  188: (vm) => vm.give(vm.dataEnd - vm.data),
  189: (vm) => copy(vm, false),
  190: (vm) => copy(vm, true),
}

/** load: packet at offset R2 into R3; store: the other way. */
function copy(vm: Vm, store: boolean): void {
  const offset = vm.reg[R2]! >>> 0
  const size = vm.reg[R4]! >>> 0
  const buffer = vm.pointer(R3, size)
  if (buffer < 0) return vm.fail('helper', 0, 'bad buffer')
  if (offset > 0xffff || size > 0xffff || vm.data + offset + size > vm.dataEnd) return vm.give(-ERRNO.EINVAL)
  const packet = vm.data + offset
  if (store) vm.memory.bytes.copyWithin(packet, buffer, buffer + size)
  else vm.memory.bytes.copyWithin(buffer, packet, packet + size)
  vm.give(0)
}
