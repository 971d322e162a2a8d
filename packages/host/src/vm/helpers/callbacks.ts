/** Helpers that call a function of the program: bpf_loop and bpf_for_each_map_elem. */
import { ERRNO } from '../../errno'
import { functionAt } from '../interpreter'
import { POINTER_HIGH } from '../memory'
import type { Vm } from '../vm'
import { R1, R2, R3, R4 } from '../vm'
import type { HelperGroup } from './base'
import { flagsOf } from './maps'

const MAX_ROUNDS = 1 << 23

export const CALLBACK_HELPERS: HelperGroup = {
  181: (vm) => {
    const rounds = vm.reg[R1]! >>> 0
    const target = functionAt(vm, R2)
    if (flagsOf(vm, R4) !== 0) return vm.give(-ERRNO.EINVAL)
    if (rounds > MAX_ROUNDS) return vm.give(-ERRNO.E2BIG)
    const [lo, hi] = [vm.reg[R3]!, vm.reg[R3 + 1]!]
    let i = 0
    while (i < rounds) {
      set(vm, R1, i, 0)
      set(vm, R2, lo, hi)
      if (!vm.callback(target)) return
      i++
      if (vm.reg[0] !== 0 || vm.reg[1] !== 0) break
    }
    vm.give(i)
  },
  164: (vm) => {
    const map = vm.mapAt(R1)
    const target = functionAt(vm, R2)
    if (flagsOf(vm, R4) !== 0) return vm.give(-ERRNO.EINVAL)
    if (!map?.forEach) return vm.fail('helper', 0, 'this map cannot be walked')
    const [lo, hi] = [vm.reg[R3]!, vm.reg[R3 + 1]!]
    const visited = map.forEach(vm.env.cpu, (key, value) => {
      set(vm, R1, map.handle, POINTER_HIGH)
      set(vm, R2, key, POINTER_HIGH)
      set(vm, R3, value, POINTER_HIGH)
      set(vm, R4, lo, hi)
      return vm.callback(target) && vm.reg[0] === 0 && vm.reg[1] === 0
    })
    if (!vm.fault) vm.give(visited)
  },
}

function set(vm: Vm, r: number, lo: number, hi: number): void {
  vm.reg[r] = lo
  vm.reg[r + 1] = hi
}
