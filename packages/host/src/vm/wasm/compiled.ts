/** A translated program tied to a machine: imports for helpers and tail calls, and the way in. */
import { loadAbsolute } from '../load-absolute'
import { CTX_AT, FRAME_SIZE, POINTER_HIGH, STACK_AT, STACK_TOP } from '../memory'
import type { VmProgram } from '../program'
import { R1, R2 } from '../vm'
import type { Vm } from '../vm'
import { FUEL_AT, POINTER_MASK_AT, RESULT_AT } from './layout'
import { translateProgram } from './translate'

import { wasm } from './wasm-api'

type Door = (l1: number, h1: number, l2: number, h2: number, l3: number, h3: number, l4: number, h4: number, l5: number, h5: number, fp: number) => void

export interface CompiledProgram {
  /** Bytes of the module. */
  readonly size: number
  run(vm: Vm): void
  /** Runs the program in the frame whose top is `fp`, R1 the context; for tail calls. */
  enter(fp: number): void
}

/** Thrown through translated frames when a run ends early; the reason is in `vm.fault`. */
const STOP = new Error('run stopped')

const MAX_TAIL_CALLS = 33

/** Makes `program` fast in `vm`; false where it cannot be translated (the interpreter goes on serving it). */
export function compileProgram(vm: Vm, program: VmProgram): boolean {
  if (program.compiled) return true
  if (!wasm) return false
  const translation = translateProgram(program)
  const wasmMemory = translation && vm.memory.toWasm()
  if (!wasmMemory) return false
  try {
    const instance = new wasm.Instance(new wasm.Module(translation.bytes), { vm: { ...importsOf(vm), memory: wasmMemory } })
    program.compiled = compiledOf(vm, instance.exports as Readonly<Record<string, Door>>, translation.bytes.length)
    return true
  } catch {
    // Some hosts limit what may be compiled at once, or forbid it.
    return false
  }
}

function compiledOf(vm: Vm, doors: Readonly<Record<string, Door>>, size: number): CompiledProgram {
  const main = doors['f0']!
  const callback = (pc: number): boolean => {
    const { reg } = vm
    const fp = vm.framePointer - FRAME_SIZE
    const door = doors[`f${pc}`]
    if (!door || fp - FRAME_SIZE < STACK_AT) {
      vm.fail('stack', pc, 'callback cannot be run')
      return false
    }
    const caller = vm.framePointer
    vm.enterFrame(fp)
    door(reg[2]!, reg[3]!, reg[4]!, reg[5]!, reg[6]!, reg[7]!, reg[8]!, reg[9]!, reg[10]!, reg[11]!, fp)
    vm.enterFrame(caller)
    reg[0] = vm.memory.view.getInt32(RESULT_AT, true)
    reg[1] = vm.memory.view.getInt32(RESULT_AT + 4, true)
    return vm.fault === undefined
  }
  const compiled: CompiledProgram = {
    size,
    enter(fp) {
      const previous = vm.callback
      vm.callback = callback
      vm.enterFrame(fp)
      main(CTX_AT, POINTER_HIGH, vm.reg[R2]!, vm.reg[R2 + 1]!, 0, 0, 0, 0, 0, 0, fp)
      vm.callback = previous
    },
    run(machine) {
      const { view } = machine.memory
      view.setInt32(FUEL_AT, machine.remaining, true)
      markPointers(machine)
      try {
        compiled.enter(STACK_TOP)
        const result = machine.memory.view
        machine.reg[0] = result.getInt32(RESULT_AT, true)
        machine.reg[1] = result.getInt32(RESULT_AT + 4, true)
      } catch (error) {
        if (error !== STOP) throw error
      }
      machine.remaining = Math.max(0, machine.memory.view.getInt32(FUEL_AT, true))
    },
  }
  return compiled
}

/** Context offsets that hold packet pointers for this kind of program. */
function markPointers(vm: Vm): void {
  const { bytes } = vm.memory
  const xdp = vm.context === 'xdp' ? 1 : 0
  const skb = vm.context === 'skb' ? 1 : 0
  bytes[POINTER_MASK_AT] = xdp
  bytes[POINTER_MASK_AT + 4] = xdp
  bytes[POINTER_MASK_AT + 8] = xdp
  bytes[POINTER_MASK_AT + 76] = skb
  bytes[POINTER_MASK_AT + 80] = skb
  bytes[POINTER_MASK_AT + 140] = skb
}

function importsOf(vm: Vm) {
  const { reg } = vm
  const result = (): void => {
    const { view } = vm.memory
    view.setInt32(RESULT_AT, reg[0]!, true)
    view.setInt32(RESULT_AT + 4, reg[1]!, true)
  }
  return {
    helper(id: number, l1: number, h1: number, l2: number, h2: number, l3: number, h3: number, l4: number, h4: number, l5: number, h5: number, fp: number): void {
      reg[2] = l1
      reg[3] = h1
      reg[4] = l2
      reg[5] = h2
      reg[6] = l3
      reg[7] = h3
      reg[8] = l4
      reg[9] = h4
      reg[10] = l5
      reg[11] = h5
      vm.enterFrame(fp)
      const helper = vm.helpers[id]
      if (helper) helper(vm)
      else vm.fail('helper', 0, `helper ${id} is not modelled`)
      if (vm.fault) throw STOP
      result()
    },
    tailCall(mapLo: number, mapHi: number, index: number, fp: number): number {
      reg[R2] = mapLo
      reg[R2 + 1] = mapHi
      const next = vm.mapAt(R2)?.program?.(index >>> 0)
      if (!next || vm.tailCalls >= MAX_TAIL_CALLS) return 0
      vm.tailCalls++
      if (!compileProgram(vm, next)) {
        vm.fail('helper', 0, 'tail call to a program that cannot be translated')
        throw STOP
      }
      reg[R1] = CTX_AT
      reg[R1 + 1] = POINTER_HIGH
      next.compiled!.enter(fp)
      return 1
    },
    loadAbsolute(op: number, source: number, imm: number): number {
      reg[R2] = source
      if (!loadAbsolute(vm, op, R2, imm)) return 0
      result()
      return 1
    },
    limit(): void {
      vm.fail('limit', 0, 'instruction limit reached')
      throw STOP
    },
  }
}
