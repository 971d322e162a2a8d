/** perf_event_output: a sample, and as many packet bytes as the flags ask for, to the reader of a CPU's slot. */
import { ERRNO } from '../../errno'
import { R2, R3, R4, R5 } from '../vm'
import type { HelperGroup } from './base'

const CURRENT_CPU = 0xffffffff

export const EVENT_HELPERS: HelperGroup = {
  25: (vm) => {
    const map = vm.mapAt(R2)
    if (!map) return vm.fail('helper', 0, 'perf_event_output without a map')
    const high = vm.reg[R3 + 1]!
    const packetLength = high & 0xfffff
    if (high >>> 20 !== 0) return vm.give(-ERRNO.EINVAL)
    if (packetLength > vm.dataEnd - vm.data) return vm.give(-ERRNO.EFAULT)
    const flag = vm.reg[R3]! >>> 0
    const index = flag === CURRENT_CPU ? vm.env.cpu : flag
    if (index >= map.attributes.maxEntries) return vm.give(-ERRNO.E2BIG)
    const size = vm.reg[R5]! >>> 0
    const at = size === 0 ? 0 : vm.pointer(R4, size)
    if (at < 0) return vm.fail('helper', 0, 'perf_event_output with a bad data pointer')
    const { bytes } = vm.memory
    vm.give(vm.env.perfOutput(map, index, bytes.slice(at, at + size), bytes.slice(vm.data, vm.data + packetLength)))
  },
}
