/**
 * The plain interpreter of the host machine: the whole instruction set, versions 1 to 4 (RFC 9669 and the kernel's
 * additions may_goto, load_acquire, store_release), one instruction a round, every access checked. It is the oracle of
 * faster ways to run the same program. Divisions by zero and the like as in the verifier vectors' notes.
 */
import { alu32, alu64, jump } from './alu'
import { atomic, LOAD_ACQUIRE, STORE_RELEASE } from './atomic'
import { loadAbsolute } from './load-absolute'
import { CTX_AT, FRAME_SIZE, MAX_FRAMES, POINTER_HIGH, STACK_HIGH, STACK_TOP } from './memory'
import { FUNCTION_HIGH } from './program'
import { MAY_GOTO_ROUNDS, R10, R6 } from './vm'
import type { VmProgram } from './program'
import type { Vm } from './vm'

/** Chained tail calls that a run may make. */
const MAX_TAIL_CALLS = 33
const CALL_FRAMES = 8

/** Offsets in the context where a 4-byte load gives a pointer. */
const XDP_POINTERS = 0b1_0001_0001
const SKB_POINTERS: readonly number[] = [76, 80, 140]

/** Runs `program` from its start to its end; R0 is the result unless `vm.fault` is set. Call `vm.begin` before. */
export function interpret(vm: Vm, program: VmProgram): void {
  vm.program = program
  vm.callback = (pc) => callBack(vm, pc)
  execute(vm, 0)
}

/** A function of the running program as callback: R1… are set by the helper. False when it faulted. */
function callBack(vm: Vm, pc: number): boolean {
  if (!enter(vm, -1, pc)) return false
  execute(vm, pc)
  return vm.fault === undefined
}

/** Opens the callee's frame; `returnPc` -1 ends `execute` on exit. False with a fault when there is no frame left. */
export function enter(vm: Vm, returnPc: number, pc: number): boolean {
  const depth = vm.depth + 1
  if (depth >= (returnPc < 0 ? MAX_FRAMES : CALL_FRAMES)) {
    vm.fail('stack', pc, `more than ${CALL_FRAMES} frames`)
    return false
  }
  const { reg, saved } = vm
  for (let i = 0; i < 10; i++) saved[depth * 10 + i] = reg[R6 + i]!
  vm.returnPc[depth] = returnPc
  vm.returnProgram[depth] = vm.program
  vm.mayGoto[depth] = MAY_GOTO_ROUNDS
  vm.depth = depth
  if (depth > vm.deepest) vm.deepest = depth
  reg[R10] = STACK_TOP - depth * FRAME_SIZE
  reg[R10 + 1] = STACK_HIGH
  return true
}

/** Runs `vm.program` from `start` to the end of the current frame, whose `returnPc` is -1 (or which is the outermost). */
export function execute(vm: Vm, start: number): void {
  const { reg } = vm
  const baseDepth = vm.depth
  let program = vm.program!
  let { opcode, dst, src, off, imm, extra, value } = program
  let pc = start
  let remaining = vm.remaining
  for (;;) {
    if (pc < 0 || pc >= program.length) {
      vm.fail('jump', pc, `jump to ${pc}, outside the program`)
      break
    }
    if (remaining-- <= 0) {
      vm.fail('limit', pc, 'instruction limit reached')
      remaining = 0
      break
    }
    const op = opcode[pc]!
    const d = dst[pc]!
    const s = src[pc]!
    const kind = op & 7
    if (kind === 7 || kind === 4) {
      // ALU64 and ALU
      if (kind === 7 ? !alu64(reg, op, d, s, off[pc]!, imm[pc]!) : !alu32(reg, op, d, s, off[pc]!, imm[pc]!)) {
        vm.fail('instruction', pc, `unknown opcode ${op.toString(16)}`)
        break
      }
      pc++
    } else if (kind === 5 || kind === 6) {
      const code = op >> 4
      if (code === 0) pc = extra[pc]!
      else if (op === 0x95) {
        if (vm.depth === baseDepth && (vm.depth === 0 || vm.returnPc[vm.depth] === -1)) {
          leave(vm)
          break
        }
        pc = vm.returnPc[vm.depth]!
        leave(vm)
        if (vm.program !== program) {
          program = vm.program!
          ;({ opcode, dst, src, off, imm, extra, value } = program)
        }
      } else if (op === 0x85 || op === 0x8d) {
        if (op === 0x85 && s === 2) {
          if (!enter(vm, pc + 1, pc)) break
          pc = extra[pc]!
          continue
        }
        const number = op === 0x85 ? imm[pc]! : reg[d]!
        if (op === 0x85 && s !== 0) {
          vm.fail('helper', pc, `kernel function ${number} is not modelled`)
          break
        }
        if (number === 12) {
          // A tail call goes on in another program, in the same frame.
          const next = tailCall(vm)
          if (vm.fault) break
          if (next) {
            program = next
            vm.program = next
            ;({ opcode, dst, src, off, imm, extra, value } = next)
            pc = 0
            continue
          }
          pc++
          continue
        }
        const helper = vm.helpers[number]
        if (!helper) {
          if (!vm.lenientHelpers) {
            vm.fail('helper', pc, `helper ${number} is not modelled`)
            break
          }
          vm.give(0)
        } else {
          vm.remaining = remaining
          helper(vm)
          remaining = vm.remaining
          if (vm.fault) break
        }
        pc++
      } else if (op === 0xe5) {
        // may_goto: falls through while the frame has rounds left.
        const left = vm.mayGoto[vm.depth]!
        if (left === 0) pc = extra[pc]!
        else {
          vm.mayGoto[vm.depth] = left - 1
          pc++
        }
      } else {
        const taken = jump(reg, op, d, s, imm[pc]!)
        if (taken < 0) {
          vm.fail('instruction', pc, `unknown opcode ${op.toString(16)}`)
          break
        }
        pc = taken ? extra[pc]! : pc + 1
      }
    } else if (kind === 1) {
      // LDX
      const at = address(vm, pc, s, off[pc]!, op)
      if (at < 0) break
      if (!load(vm, op, d, at)) {
        vm.fail('instruction', pc, `unknown opcode ${op.toString(16)}`)
        break
      }
      pc++
    } else if (kind === 3 || kind === 2) {
      const mode = op & 0xe0
      const acquire = mode === 0xc0 && imm[pc] === LOAD_ACQUIRE
      const at = address(vm, pc, acquire ? s : d, off[pc]!, op)
      if (at < 0) break
      if (acquire) load(vm, (op & 0x18) | 0x61, d, at)
      else if (mode === 0xc0 && imm[pc] === STORE_RELEASE) store(vm, op, at, reg[s]!, reg[s + 1]!)
      else if (mode === 0x60) {
        if (kind === 3) store(vm, op, at, reg[s]!, reg[s + 1]!)
        else store(vm, op, at, imm[pc]!, imm[pc]! >> 31)
      } else if (kind !== 3 || mode !== 0xc0 || !atomic(vm, op, imm[pc]!, s, at)) {
        vm.fail('instruction', pc, `unknown opcode ${op.toString(16)}`)
        break
      }
      pc++
    } else if (op === 0x18) {
      reg[d] = value[pc]!
      reg[d + 1] = extra[pc]!
      pc += 2
    } else if (loadAbsolute(vm, op, s, imm[pc]!)) {
      pc++
    } else if ((op & 0xe7) === 0x20 || (op & 0xe7) === 0x40) {
      // A load outside the packet ends the function that makes it, with 0.
      vm.give(0)
      if (vm.depth === baseDepth && (vm.depth === 0 || vm.returnPc[vm.depth] === -1)) {
        leave(vm)
        break
      }
      pc = vm.returnPc[vm.depth]!
      leave(vm)
      if (vm.program !== program) {
        program = vm.program!
        ;({ opcode, dst, src, off, imm, extra, value } = program)
      }
    } else {
      vm.fail('instruction', pc, `unknown opcode ${op.toString(16)}`)
      break
    }
  }
  vm.remaining = remaining
}

/** Closes the current frame: R6 … R10 are the caller's again. */
export function leave(vm: Vm): void {
  const { depth, reg, saved } = vm
  if (depth === 0) return
  for (let i = 0; i < 10; i++) reg[R6 + i] = saved[depth * 10 + i]!
  vm.program = vm.returnProgram[depth]
  vm.depth = depth - 1
}

/** The program that a tail call goes on in; undefined when it goes on here, or with a fault. */
export function tailCall(vm: Vm): VmProgram | undefined {
  const map = vm.mapAt(4)
  if (!map?.program) {
    vm.fail('helper', 0, 'tail call without a program array')
    return undefined
  }
  const next = map.program(vm.reg[6]! >>> 0)
  if (vm.tailCalls >= MAX_TAIL_CALLS || !next) return undefined
  vm.tailCalls++
  return next
}

function sizeOf(op: number): number {
  const size = op & 0x18
  return size === 0x18 ? 8 : size === 0x10 ? 1 : size === 0x08 ? 2 : 4
}

/** Index of the bytes at register + offset, or -1 with a fault. */
function address(vm: Vm, pc: number, r: number, off: number, op: number): number {
  const size = sizeOf(op)
  const at = (vm.reg[r]! >>> 0) + off
  const found = vm.checkPointer(at, vm.reg[r + 1]!, size)
  if (found < 0) {
    const text = (vm.reg[r + 1]! >>> 0).toString(16).padStart(8, '0') + (vm.reg[r]! >>> 0).toString(16).padStart(8, '0')
    vm.fail('memory', pc, `access of ${size} bytes at 0x${text}${off < 0 ? '' : '+'}${off}`)
  }
  return found
}

function load(vm: Vm, op: number, d: number, at: number): boolean {
  const { reg, memory } = vm
  const { bytes } = memory
  const signed = (op & 0xe0) === 0x80
  if (!signed && (op & 0xe0) !== 0x60) return false
  let lo: number
  let hi = 0
  switch (op & 0x18) {
    case 0x10:
      lo = bytes[at]!
      if (signed) lo = (lo << 24) >> 24
      break
    case 0x08:
      lo = bytes[at]! | (bytes[at + 1]! << 8)
      if (signed) lo = (lo << 16) >> 16
      break
    case 0x00:
      lo = memory.view.getInt32(at, true)
      if (at < CTX_AT + 192 && at >= CTX_AT && isPointerField(vm, at - CTX_AT)) hi = POINTER_HIGH
      break
    default:
      if (signed) return false
      lo = memory.view.getInt32(at, true)
      hi = memory.view.getInt32(at + 4, true)
  }
  reg[d] = lo
  reg[d + 1] = signed ? lo >> 31 : hi
  return true
}

function isPointerField(vm: Vm, offset: number): boolean {
  if (vm.context === 'xdp') return offset <= 8 && ((XDP_POINTERS >> offset) & 1) === 1
  return vm.context === 'skb' && SKB_POINTERS.includes(offset)
}

function store(vm: Vm, op: number, at: number, lo: number, hi: number): void {
  const { bytes, view } = vm.memory
  switch (op & 0x18) {
    case 0x10:
      bytes[at] = lo
      break
    case 0x08:
      bytes[at] = lo
      bytes[at + 1] = lo >> 8
      break
    case 0x00:
      view.setInt32(at, lo, true)
      break
    default:
      view.setInt32(at, lo, true)
      view.setInt32(at + 4, hi, true)
  }
}

/** A function's address as ld_imm64 gives it, to its first instruction; -1 for anything else. */
export function functionAt(vm: Vm, r: number): number {
  return vm.reg[r + 1] === FUNCTION_HIGH ? vm.reg[r]! : -1
}
