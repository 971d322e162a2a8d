/** Helpers that ask the surroundings: CPU, clock, random numbers, current task (there is none), locks (nothing runs beside). */
import { ERRNO } from '../../errno'
import type { Helper, Vm } from '../vm'
import { R2 } from '../vm'

export type HelperGroup = Readonly<Record<number, Helper>>

/** Nanoseconds to R0. */
function giveTime(vm: Vm, nanoseconds: number): void {
  const whole = Math.floor(nanoseconds)
  vm.reg[0] = (whole % 4294967296) | 0
  vm.reg[1] = Math.floor(whole / 4294967296) | 0
}

const time: Helper = (vm) => giveTime(vm, vm.env.now())

const zero: Helper = (vm) => vm.give(0)

/** Ticks of a 1000 Hz clock, and what it shows at start. */
const JIFFIES_START = 4294667296

export const BASE_HELPERS: HelperGroup = {
  5: time,
  125: time,
  160: time,
  208: time,
  118: (vm) => giveTime(vm, JIFFIES_START + vm.env.now() / 1e6),
  7: (vm) => {
    vm.reg[0] = vm.env.random()
    vm.reg[1] = 0
  },
  8: (vm) => vm.give(vm.env.cpu),
  42: zero,
  // No task runs: process 0, user 0, no cgroup.
  14: zero,
  15: zero,
  80: zero,
  93: zero,
  94: zero,
  // Timers can be set up and started, but none fires within a run.
  169: zero,
  170: zero,
  171: zero,
  172: zero,
  // probe_read_user(_str): there is no user memory.
  112: (vm) => failRead(vm),
  114: (vm) => failRead(vm),
  113: (vm) => probeRead(vm),
  115: (vm) => probeReadString(vm),
  16: (vm) => {
    const size = vm.reg[R2]! >>> 0
    const at = vm.pointer(2, size)
    if (at < 0) return vm.give(-ERRNO.EFAULT)
    vm.memory.bytes.fill(0, at, at + size)
    vm.give(0)
  },
}

function failRead(vm: Vm): void {
  const size = vm.reg[R2]! >>> 0
  const to = vm.pointer(2, size)
  if (to >= 0) vm.memory.bytes.fill(0, to, to + size)
  vm.give(-ERRNO.EFAULT)
}

function probeRead(vm: Vm): void {
  const size = vm.reg[R2]! >>> 0
  const to = vm.pointer(2, size)
  const from = vm.pointer(6, size)
  if (to < 0 || from < 0) return failRead(vm)
  vm.memory.bytes.copyWithin(to, from, from + size)
  vm.give(0)
}

function probeReadString(vm: Vm): void {
  const size = vm.reg[R2]! >>> 0
  const to = vm.pointer(2, size)
  if (to < 0 || size === 0) return failRead(vm)
  const { bytes } = vm.memory
  const from = vm.reg[6]! >>> 0
  for (let i = 0; i < size; i++) {
    if (vm.pointer(6, i + 1) < 0) return failRead(vm)
    bytes[to + i] = bytes[from + i]!
    if (bytes[from + i] === 0) return vm.give(i + 1)
  }
  bytes[to + size - 1] = 0
  vm.give(size)
}
