/**
 * The host's side of translated programs: one for each machine. It moves registers between the state and the machine for
 * helpers, keeps the region slots true, and takes over where translated code leaves to the interpreter. Runs that end
 * early are ended by a thrown mark; the reason stands in `vm.fault`.
 */
import { enter, execute, leave, tailCall } from '../vm/interpreter'
import { loadAbsolute } from '../vm/load-absolute'
import { HANDLE_SIZE, HANDLES_AT, MAX_FRAMES, POINTER_HIGH } from '../vm/memory'
import type { VmProgram } from '../vm/program'
import { MAY_GOTO_ROUNDS } from '../vm/vm'
import type { ContextKind, Helper, Vm } from '../vm/vm'
import { wasmPlatform } from '@offload/wasm'
import { CALLBACK_HELPERS } from './convention'
import type { ArrayPlace } from './emit-frame'
import {
  BUDGET_AT,
  DEEPEST_AT,
  MAY_GOTO_AT,
  PACKET_SLOT,
  REGISTERS_AT,
  SCRATCH_AT,
  SLOT_COUNT,
  SLOT_SIZE,
  SLOTS_AT,
} from './state-layout'
import { translateProgram } from './translate'
import type { Translation } from './translate'

type Entry = (depth: number) => void

/** A translated program in a machine. */
export interface FastCode {
  readonly entries: ReadonlyMap<number, Entry>
  readonly readsSaved: boolean
  /** Bytes of its module. */
  readonly size: number
}

/** Thrown through translated frames: the run has a fault. */
const FAULT = new Error('the run has ended with a fault')

const REGISTERS = REGISTERS_AT >> 2
const BUDGET = BUDGET_AT >> 2
const DEEPEST = DEEPEST_AT >> 2
const ROUNDS = MAY_GOTO_AT >> 2
/** Halves of R0 … R5, and of all registers. */
const ARGUMENT_HALVES = 12
const ALL_HALVES = 22
const MAX_BUDGET = 0x7fffffff

/** Largest module: platforms limit functions to some megabytes, and compilation would take long. */
const MAX_MODULE = 1 << 22

const machines = new WeakMap<Vm, FastMachine>()

/** The fast side of `vm`; undefined where there is no WebAssembly. */
export function fastMachine(vm: Vm): FastMachine | undefined {
  let machine = machines.get(vm)
  if (!machine && vm.memory.toWasm()) {
    machine = new FastMachine(vm)
    machines.set(vm, machine)
  }
  return machine
}

export class FastMachine {
  private readonly vm: Vm
  private bytes: Uint8Array
  private state: Int32Array
  private released = 0
  /** What the packet slot says. */
  private start = -1
  private end = -1
  /** Part of the budget that does not fit the state. */
  private reserve = 0
  private slotsTaken = 0
  private readonly codes = new WeakMap<VmProgram, Partial<Record<ContextKind, FastCode | 'none'>>>()
  private readonly callback = (pc: number): boolean => this.callBack(pc)

  constructor(vm: Vm) {
    this.vm = vm
    this.bytes = vm.memory.bytes
    this.state = new Int32Array(this.bytes.buffer)
  }

  /** The program's translation, made at the first request; undefined when there is none. */
  codeOf(program: VmProgram, context: ContextKind, dispatch = false): FastCode | undefined {
    let known = this.codes.get(program)
    if (!known) {
      known = {}
      this.codes.set(program, known)
    }
    const code = (known[context] ??= this.translate(program, context, dispatch) ?? 'none')
    return code === 'none' ? undefined : code
  }

  /** Runs the program from its start, as `interpret` does; `vm.begin` comes before. */
  run(code: FastCode): void {
    const { vm } = this
    const { reg } = vm
    vm.callback = this.callback
    this.hostHasRun()
    const { state } = this
    this.setBudget(vm.remaining)
    state[DEEPEST] = 0
    state[ROUNDS] = MAY_GOTO_ROUNDS
    for (let i = 0; i < ARGUMENT_HALVES; i++) state[REGISTERS + i] = reg[i]!
    try {
      code.entries.get(0)!(0)
      reg[0] = this.state[REGISTERS]!
      reg[1] = this.state[REGISTERS + 1]!
    } catch (error) {
      if (error !== FAULT) throw error
    }
    vm.remaining = this.budget()
    if (this.state[DEEPEST]! > vm.deepest) vm.deepest = this.state[DEEPEST]!
  }

  private translate(program: VmProgram, context: ContextKind, dispatch: boolean): FastCode | undefined {
    const { vm } = this
    const memory = vm.memory.toWasm()
    const translation = translateProgram(program, {
      context,
      hasHelper: (number) => vm.helpers[number] !== undefined,
      arrayAt: (handle) => this.arrayAt(handle),
      slotsTaken: this.slotsTaken,
      dispatch,
    })
    const wasm = wasmPlatform()
    if (!translation || !memory || !wasm || translation.bytes.length > MAX_MODULE) return undefined
    this.slotsTaken += translation.slots
    try {
      const module = new wasm.Module(translation.bytes)
      const instance = new wasm.Instance(module, { vm: { ...this.importsOf(program, context, translation), memory } })
      const entries = new Map(translation.entries.map((entry) => [entry, instance.exports[`entry${entry}`] as Entry]))
      return { entries, readsSaved: translation.readsSaved, size: translation.bytes.length }
    } catch (error) {
      // A page may forbid compilation or limit its size; then the interpreter serves.
      if (wasm.validate(translation.bytes)) return undefined
      throw error
    }
  }

  /** Base and stride of an array map, found by asking it for its first two entries. */
  private arrayAt(handle: number): ArrayPlace | undefined {
    const { vm } = this
    const map = vm.maps[(handle - HANDLES_AT) / HANDLE_SIZE]
    if (map?.attributes.type !== 'array') return undefined
    const lookup = (index: number): number => {
      vm.memory.view.setUint32(SCRATCH_AT, index, true)
      return map.lookup(SCRATCH_AT, 0)
    }
    const entries = map.attributes.maxEntries
    return { base: lookup(0), stride: entries > 1 ? lookup(1) - lookup(0) : 0, entries }
  }

  private importsOf(
    program: VmProgram,
    context: ContextKind,
    translation: Translation,
  ): Record<string, (...values: number[]) => number | void> {
    const { vm } = this
    const imports: Record<string, (...values: number[]) => number | void> = {
      resume: (pc, depth) => {
        this.takeRegisters(ALL_HALVES)
        this.interpretFrame(program, pc!, depth!)
      },
      locate: (lo, hi, off, log, depth, slot) => this.locate((lo! >>> 0) + off!, hi!, 1 << log!, depth!, slot!),
      tailCall: (depth) => {
        this.takeRegisters(ALL_HALVES)
        vm.depth = depth!
        const next = tailCall(vm)
        if (vm.fault) throw FAULT
        if (!next) return 0
        const code = this.codeOf(next, context)
        if (code && !code.readsSaved) code.entries.get(0)!(depth!)
        else this.interpretFrame(next, 0, depth!)
        return 1
      },
      packetLoad: (op, register, low, imm) => {
        vm.reg[register!] = low!
        if (!loadAbsolute(vm, op!, register!, imm!)) return 0
        this.giveResult()
        return 1
      },
    }
    for (const number of translation.helpers) {
      const helper = vm.helpers[number]!
      imports[`helper${number}`] = CALLBACK_HELPERS.has(number)
        ? (depth) => this.callbackHelper(helper, program, depth!)
        : (depth) => this.callHelper(helper, depth!)
    }
    return imports
  }

  private callHelper(helper: Helper, depth: number): void {
    const { vm } = this
    this.takeRegisters(ARGUMENT_HALVES)
    vm.depth = depth
    helper(vm)
    this.hostHasRun()
    if (vm.fault) throw FAULT
    this.giveResult()
  }

  /** A helper that runs functions of the program: budget and program go to the machine and back. */
  private callbackHelper(helper: Helper, program: VmProgram, depth: number): void {
    const { vm } = this
    this.takeRegisters(ARGUMENT_HALVES)
    vm.depth = depth
    vm.program = program
    vm.remaining = this.budget()
    helper(vm)
    this.hostHasRun()
    this.setBudget(vm.remaining)
    if (vm.fault) throw FAULT
    this.giveResult()
  }

  /** A function of the running program as a helper's callback. */
  private callBack(pc: number): boolean {
    const { vm } = this
    if (!enter(vm, -1, pc)) return false
    const { depth } = vm
    const entry = this.codeOf(vm.program!, vm.context)?.entries.get(pc)
    if (!entry) {
      execute(vm, pc)
      return vm.fault === undefined
    }
    const { reg } = vm
    this.hostHasRun()
    this.setBudget(vm.remaining)
    this.state[ROUNDS + depth] = MAY_GOTO_ROUNDS
    for (let i = 0; i < ARGUMENT_HALVES; i++) this.state[REGISTERS + i] = reg[i]!
    let fault = false
    try {
      entry(depth)
      reg[0] = this.state[REGISTERS]!
      reg[1] = this.state[REGISTERS + 1]!
    } catch (error) {
      if (error !== FAULT) throw error
      fault = true
    }
    vm.remaining = this.budget()
    vm.depth = depth
    if (fault) return false
    leave(vm)
    return vm.fault === undefined
  }

  /** The interpreter runs `program` from `pc` to the end of the frame at `depth`; its result goes to the state. */
  private interpretFrame(program: VmProgram, pc: number, depth: number): void {
    const { vm } = this
    vm.depth = depth
    vm.program = program
    vm.returnPc[depth] = -1
    vm.returnProgram[depth] = program
    vm.mayGoto[depth] = this.state[ROUNDS + depth]!
    vm.remaining = this.budget()
    execute(vm, pc)
    this.hostHasRun()
    this.setBudget(vm.remaining)
    if (vm.fault) throw FAULT
    this.giveResult()
  }

  /** The machine's answer about an access, and the region it lies in kept in `slot` for the next one. */
  private locate(at: number, high: number, size: number, depth: number, slot: number): number {
    const { vm } = this
    vm.depth = depth
    const found = vm.checkPointer(at, high, size)
    if (found < 0) return -1
    const region = vm.memory.heapRegion(found)
    if (region) this.writeSlot(slot, region.start, region.end)
    return found
  }

  private writeSlot(slot: number, start: number, end: number): void {
    const { state } = this
    const at = slot >> 2
    state[at] = start
    state[at + 1] = POINTER_HIGH
    for (let log = 0; log < 4; log++) state[at + 2 + log] = Math.max(0, end - start - (1 << log) + 1)
  }

  /** After anything that may have moved memory, the packet, or given a region back. */
  private hostHasRun(): void {
    const { vm } = this
    const { memory } = vm
    if (memory.bytes !== this.bytes) {
      this.bytes = memory.bytes
      this.state = new Int32Array(memory.bytes.buffer)
    }
    const bare = vm.context === 'none'
    const start = bare ? vm.extraStart : vm.dataMeta
    const end = bare ? vm.extraEnd : vm.dataEnd
    if (start !== this.start || end !== this.end) {
      this.start = start
      this.end = end
      this.writeSlot(PACKET_SLOT, start, end)
    }
    if (memory.released !== this.released) {
      this.released = memory.released
      this.state.fill(0, (SLOTS_AT + SLOT_SIZE) >> 2, (SLOTS_AT + SLOT_COUNT * SLOT_SIZE) >> 2)
    }
  }

  private takeRegisters(halves: number): void {
    const { state } = this
    const { reg } = this.vm
    for (let i = 0; i < halves; i++) reg[i] = state[REGISTERS + i]!
  }

  private giveResult(): void {
    const { state } = this
    const { reg } = this.vm
    state[REGISTERS] = reg[0]!
    state[REGISTERS + 1] = reg[1]!
  }

  private budget(): number {
    return this.reserve + this.state[BUDGET]!
  }

  private setBudget(count: number): void {
    const fits = Math.min(count, MAX_BUDGET)
    this.reserve = count - fits
    this.state[BUDGET] = fits
  }
}

if (MAX_FRAMES * 4 > SCRATCH_AT - MAY_GOTO_AT) throw new Error('the state has no room for the frames')
