/** Runs of host programs: one packet through a program of any type, and the conformance suite's bare programs. */
import type { ProgType } from '@offload/bpf'
import type { MapReloc } from '@offload/bpf'
import { HELPERS } from './helpers/table'
import { interpret } from './interpreter'
import { FRAME_SIZE, PACKET_AT, POINTER_HIGH } from './memory'
import { beginSkb, beginXdp, MAX_PACKET, skbResult, xdpResult } from './packet-context'
import { decodeProgram } from './program'
import { R1, R2, Vm } from './vm'
import type { PacketMeta } from './packet-context'
import type { VmProgram } from './program'
import type { HostMap } from '../maps/map'
import type { VmEnvironment, VmFault } from './vm'
import { ERRNO } from '../errno'

/** Instructions that a run may execute unless told otherwise; enough for any bounded program on one packet. */
export const DEFAULT_LIMIT = 100_000_000

export interface RunResult {
  /** 0, or the positive errno with which the kernel refuses the packet for this type. */
  readonly errno: number
  /** R0's low half, unsigned. */
  readonly retval: number
  readonly data: Uint8Array
  readonly instructions: number
  /** Set when the program did not come to its end: never for verified programs, apart from the instruction limit. */
  readonly fault?: VmFault
  /** XDP: what a redirect helper named. */
  readonly redirect?: Vm['redirect']
}

/** Surroundings that never change: CPU 0 of `cpus`, time 0, a fixed random sequence, no readers. */
export function quietEnvironment(cpus = 2): VmEnvironment {
  let state = 1
  return {
    cpu: 0,
    cpus,
    now: () => 0,
    random: () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0),
    perfOutput: () => -ERRNO.ENOENT,
    trace: () => {},
  }
}

/** A machine with all helpers. */
export function createVm(env: VmEnvironment = quietEnvironment()): Vm {
  return new Vm(env, HELPERS)
}

/** A program of `maps`, ready for `runProgram`; throws RangeError when a relocation names a map that is not there. */
export function loadProgram(insns: Uint8Array, relocs: readonly MapReloc[], maps: readonly HostMap[]): VmProgram {
  const { program, unresolved } = decodeProgram(insns, relocs, maps)
  const first = unresolved[0]
  if (first) throw new RangeError(`instruction ${first.insn}: ${first.message}`)
  return program
}

export interface RunOptions extends PacketMeta {
  readonly limit?: number
}

/** One packet (an Ethernet frame) through `program`, as the kernel's test run does it. */
export function runProgram(
  vm: Vm,
  program: VmProgram,
  progType: ProgType,
  packet: Uint8Array,
  options: RunOptions = {},
): RunResult {
  return runPacket(vm, progType, packet, options, () => interpret(vm, program))
}

/** As `runProgram`, with `execute` in place of a program: it runs in a machine made ready, and leaves R0 in it. */
export function runPacket(
  vm: Vm,
  progType: ProgType,
  packet: Uint8Array,
  options: RunOptions,
  execute: () => void,
): RunResult {
  if (packet.length < 14 || packet.length > MAX_PACKET) return REFUSED
  const linkLayer = progType === 'sched_cls' || progType === 'sched_act'
  if (progType === 'xdp') beginXdp(vm, packet, options)
  else if (!beginSkb(vm, packet, linkLayer, options)) return REFUSED
  vm.begin(options.limit ?? DEFAULT_LIMIT)
  execute()
  const { fault, redirect } = vm
  const result = {
    errno: 0,
    retval: vm.reg[0]! >>> 0,
    data: progType === 'xdp' ? xdpResult(vm) : skbResult(vm, linkLayer),
    instructions: vm.executed,
  }
  // Spreading takes as long as the rest of a short run.
  return fault || redirect ? { ...result, ...(fault && { fault }), ...(redirect && { redirect }) } : result
}

const REFUSED: RunResult = { errno: ERRNO.EINVAL, retval: 0, data: new Uint8Array(0), instructions: 0 }

export type ConformanceResult =
  | { readonly ok: true; readonly r0: { readonly lo: number; readonly hi: number }; readonly memory: Uint8Array }
  | { readonly ok: false; readonly error: string }

/**
 * A bare program as the public conformance suite runs it: R1 points at `memory`, R2 is its length; helpers that do not
 * exist give 0. R0 as two unsigned halves. `execute` runs the program in the machine.
 */
export function runConformance(
  insns: Uint8Array,
  memory: Uint8Array,
  limit = 10_000_000,
  execute: (vm: Vm, program: VmProgram) => void = interpret,
): ConformanceResult {
  if (insns.length === 0 || insns.length % 8 !== 0) return { ok: false, error: `${insns.length} bytes are no program` }
  const vm = createVm()
  const { program, unresolved } = decodeProgram(insns, [], [])
  if (unresolved[0]) return { ok: false, error: `instruction ${unresolved[0].insn}: ${unresolved[0].message}` }
  vm.context = 'none'
  vm.lenientHelpers = true
  vm.extraStart = PACKET_AT
  vm.extraEnd = PACKET_AT + Math.max(memory.length, FRAME_SIZE)
  vm.memory.bytes.set(memory, PACKET_AT)
  vm.begin(limit)
  vm.reg[R1] = memory.length === 0 ? 0 : PACKET_AT
  vm.reg[R1 + 1] = memory.length === 0 ? 0 : POINTER_HIGH
  vm.reg[R2] = memory.length
  execute(vm, program)
  if (vm.fault) return { ok: false, error: `instruction ${vm.fault.pc}: ${vm.fault.message}` }
  return {
    ok: true,
    r0: { lo: vm.reg[0]! >>> 0, hi: vm.reg[1]! >>> 0 },
    memory: vm.memory.bytes.slice(PACKET_AT, PACKET_AT + memory.length),
  }
}
