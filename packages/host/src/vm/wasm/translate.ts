/**
 * A whole BPF program as a WebAssembly module: its functions, an entry, and a door for each function that helpers call
 * back. See translate-function.ts for the scheme.
 */
import { FUNCTION_HIGH } from '../program'
import type { VmProgram } from '../program'
import { CodeWriter, I32, I64, OP, section } from './code-writer'
import { byteSwapBody } from './translate-alu'
import { FIRST_FUNCTION, RESULT_AT } from './layout'
import { translateFunction } from './translate-function'
import type { FunctionRange } from './translate-function'

/** Function types, by number in the module. */
const TYPES: readonly (readonly [params: readonly number[], results: readonly number[]])[] = [
  [[I64, I64, I64, I64, I64, I32], [I64]],
  [[I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32], []],
  [[I32, I32, I32, I32], [I32]],
  [[I32, I32, I32], [I32]],
  [[], []],
  [[I64], [I64]],
  [[I32, I32, I32, I32, I32, I32, I32, I32, I32, I32, I32], []],
]
const TYPE = { bpf: 0, helper: 1, tailCall: 2, loadAbsolute: 3, nothing: 4, swap: 5, door: 6 } as const

export interface Translation {
  readonly bytes: Uint8Array
  /** Slots of functions that have a door, named `f<slot>`. */
  readonly doors: readonly number[]
}

/** The module, or undefined where the program holds something that only the interpreter can do. */
export function translateProgram(program: VmProgram): Translation | undefined {
  const callbacks = new Set<number>()
  const starts = new Set<number>([0])
  for (let pc = 0; pc < program.length; pc++) {
    const op = program.opcode[pc]!
    if (op === 0x85 && program.src[pc] === 2) starts.add(program.extra[pc]!)
    if (op === 0x18) {
      if (program.src[pc] === 8 && program.extra[pc] === FUNCTION_HIGH) {
        callbacks.add(program.value[pc]!)
        starts.add(program.value[pc]!)
      }
      pc++
    }
  }
  const order = [...starts].sort((a, b) => a - b)
  if (order.some((start) => start < 0 || start >= program.length)) return undefined
  const functionAt = new Map(order.map((start, index) => [start, index]))
  const ranges: FunctionRange[] = order.map((start, index) => ({ start, end: order[index + 1] ?? program.length }))
  const bodies: Uint8Array[] = []
  for (const range of ranges) {
    const body = translateFunction(program, range, functionAt)
    if (!body) return undefined
    bodies.push(body)
  }
  // Doors: the entry (function 0, for tail calls, too) and every callback.
  const doors = [...new Set([0, ...callbacks])].sort((a, b) => a - b)
  const out = new CodeWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  section(out, 1, TYPES.map(([params, results]) => new CodeWriter().byte(0x60).u32(params.length).byte(...params).u32(results.length).byte(...results).bytes()))
  const imported = (name: string, type: number): Uint8Array => new CodeWriter().name('vm').name(name).byte(0).u32(type).bytes()
  section(out, 2, [
    imported('helper', TYPE.helper),
    imported('tailCall', TYPE.tailCall),
    imported('loadAbsolute', TYPE.loadAbsolute),
    imported('limit', TYPE.nothing),
    new CodeWriter().name('vm').name('memory').byte(2, 0).u32(1).bytes(),
  ])
  const types = [TYPE.swap, ...bodies.map(() => TYPE.bpf), ...doors.map(() => TYPE.door)]
  section(out, 3, types.map((type) => new CodeWriter().u32(type).bytes()))
  const firstDoor = FIRST_FUNCTION + bodies.length
  section(out, 7, doors.map((slot, index) => new CodeWriter().name(`f${slot}`).byte(0).u32(firstDoor + index).bytes()))
  const swap = new CodeWriter()
  byteSwapBody(swap)
  const all = [swap.bytes(), ...bodies, ...doors.map((slot) => doorBody(functionAt.get(slot)!))]
  section(out, 10, all.map((body) => new CodeWriter().u32(body.length).append(body).bytes()))
  return { bytes: out.bytes(), doors }
}

/** Joins the halves of R1 … R5, calls the function, leaves R0 in memory. */
function doorBody(index: number): Uint8Array {
  const code = new CodeWriter().u32(0)
  code.i32(0)
  for (let register = 0; register < 5; register++) {
    code.get(register * 2).byte(OP.i64ExtendI32U)
    code.get(register * 2 + 1).byte(OP.i64ExtendI32U).i64(32, 0).byte(OP.i64Shl, OP.i64Or)
  }
  return code.get(10).call(FIRST_FUNCTION + index).memory(OP.i64Store, RESULT_AT).byte(OP.end).bytes()
}
