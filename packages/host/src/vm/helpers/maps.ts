/** Map helpers. A wrong pointer cannot happen in a verified program; here it is a fault, not an errno. */
import { ERRNO } from '../../errno'
import type { HostMap } from '../../maps/map'
import { RingBuffer } from '../../maps/ringbuf-map'
import type { Vm } from '../vm'
import { R1, R2, R3, R4 } from '../vm'
import type { HelperGroup } from './base'

/** The map in R1 and the index of the key in R2, or undefined with a fault. */
function mapAndKey(vm: Vm): { map: HostMap; key: number } | undefined {
  const map = vm.mapAt(R1)
  const key = map ? vm.pointer(R2, map.attributes.keySize) : -1
  if (!map || key < 0) {
    vm.fail('helper', 0, 'map helper without a map or with a bad key pointer')
    return undefined
  }
  return { map, key }
}

/** Flags as a small number; anything that does not fit 31 bits is an invalid one. */
export function flagsOf(vm: Vm, r: number): number {
  return vm.reg[r + 1] === 0 && vm.reg[r]! >= 0 ? vm.reg[r]! : 0x7fffffff
}

function withValue(vm: Vm, r: number, run: (map: HostMap, value: number) => number | undefined): void {
  const map = vm.mapAt(R1)
  const value = map ? vm.pointer(r, map.attributes.valueSize) : -1
  const answer = map && value >= 0 ? run(map, value) : undefined
  if (answer === undefined) vm.fail('helper', 0, 'map helper without a fitting map or with a bad value pointer')
  else vm.give(answer)
}

function ringBuffer(vm: Vm): RingBuffer | undefined {
  const map = vm.mapAt(R1)
  if (map instanceof RingBuffer) return map
  vm.fail('helper', 0, 'ring buffer helper without a ring buffer')
  return undefined
}

function finish(vm: Vm, submit: boolean): void {
  const at = vm.reg[R1]! >>> 0
  for (const map of vm.maps) {
    if (map instanceof RingBuffer && map.finish(at, submit)) {
      vm.give(0)
      return
    }
  }
  vm.fail('helper', 0, 'record was not reserved')
}

export const MAP_HELPERS: HelperGroup = {
  1: (vm) => {
    const found = mapAndKey(vm)
    if (found) vm.givePointer(found.map.lookup(found.key, vm.env.cpu))
  },
  2: (vm) => {
    const found = mapAndKey(vm)
    if (!found) return
    const value = vm.pointer(R3, found.map.attributes.valueSize)
    if (value < 0) return vm.fail('helper', 0, 'map update with a bad value pointer')
    vm.give(found.map.update(found.key, value, flagsOf(vm, R4), vm.env.cpu))
  },
  3: (vm) => {
    const found = mapAndKey(vm)
    if (found) vm.give(found.map.delete(found.key))
  },
  87: (vm) => withValue(vm, R2, (map, value) => map.push?.(value, flagsOf(vm, R3))),
  88: (vm) => withValue(vm, R2, (map, value) => map.pop?.(value)),
  89: (vm) => withValue(vm, R2, (map, value) => map.peek?.(value)),
  195: (vm) => {
    const found = mapAndKey(vm)
    if (!found) return
    const cpu = vm.reg[R3]! >>> 0
    vm.givePointer(cpu < vm.env.cpus ? found.map.lookup(found.key, cpu) : 0)
  },
  130: (vm) => {
    const ring = ringBuffer(vm)
    if (!ring) return
    const size = vm.reg[R3]! >>> 0
    const at = vm.pointer(R2, size)
    if (flagsOf(vm, R4) > 3) return vm.give(-ERRNO.EINVAL)
    if (at < 0) return vm.fail('helper', 0, 'ring buffer output with a bad data pointer')
    vm.give(ring.output(vm.memory.bytes.slice(at, at + size)))
  },
  131: (vm) => {
    const ring = ringBuffer(vm)
    if (ring) vm.givePointer(flagsOf(vm, R3) === 0 && vm.reg[R2 + 1] === 0 ? ring.reserve(vm.reg[R2]! >>> 0) : 0)
  },
  132: (vm) => finish(vm, true),
  133: (vm) => finish(vm, false),
  134: (vm) => {
    const ring = ringBuffer(vm)
    if (!ring) return
    const answers = [ring.producer - ring.consumer, ring.attributes.maxEntries, ring.consumer, ring.producer]
    vm.give(answers[flagsOf(vm, R2)] ?? 0)
  },
}
