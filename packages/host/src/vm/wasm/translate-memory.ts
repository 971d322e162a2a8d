/** Loads, stores and atomics of BPF in WebAssembly. A pointer's low half is its index in the memory. */
import { LOAD_ACQUIRE, STORE_RELEASE } from '../atomic'
import { CTX_AT, POINTER_HIGH } from '../memory'
import { NO_RESULT, OP } from './code-writer'
import type { CodeWriter } from './code-writer'
import { local, LOCAL, POINTER_MASK_AT } from './layout'

/** By the size bits of the opcode (0 word, 1 half, 2 byte, 3 double word). */
const LOADS = [OP.i64Load32U, OP.i64Load16U, OP.i64Load8U, OP.i64Load] as const
const SIGNED_LOADS = [OP.i64Load32S, OP.i64Load16S, OP.i64Load8S] as const
const STORES = [OP.i64Store32, OP.i64Store16, OP.i64Store8, OP.i64Store] as const

/** Context offsets that can hold a packet pointer: xdp_md's and __sk_buff's. */
const POINTER_OFFSETS = [0, 4, 8, 76, 80, 140]

/** Pushes register + off as an index; what is left of the offset is returned, for the instruction itself. */
function pushAddress(code: CodeWriter, register: number, off: number): number {
  code.get(local(register)).byte(OP.i32WrapI64)
  if (off >= 0) return off
  code.i32(off).byte(OP.i32Add)
  return 0
}

export function emitLoad(code: CodeWriter, op: number, dst: number, src: number, off: number): boolean {
  const size = (op >> 3) & 3
  const mode = op & 0xe0
  const load = mode === 0x60 ? LOADS[size] : mode === 0x80 ? SIGNED_LOADS[size] : undefined
  if (load === undefined) return false
  const pointer = size === 0 && mode === 0x60 && POINTER_OFFSETS.includes(off)
  // The base may be the destination: look at it first.
  if (pointer) code.get(local(src)).byte(OP.i32WrapI64).tee(LOCAL.address).memory(load, off).set(local(dst))
  else {
    const rest = pushAddress(code, src, off)
    code.memory(load, rest).set(local(dst))
    return true
  }
  // A packet pointer in the context is 32 bits wide there; here it gets its upper half.
  code.get(LOCAL.address).i32(CTX_AT).byte(OP.i32Eq, OP.if, NO_RESULT)
  code.i32(off).memory(OP.i64Load8U, POINTER_MASK_AT).i64(0, 0).byte(OP.i64Ne, OP.if, NO_RESULT)
  code.get(local(dst)).i64(0, POINTER_HIGH).byte(OP.i64Or).set(local(dst))
  code.byte(OP.end, OP.end)
  return true
}

export function emitStore(code: CodeWriter, op: number, dst: number, src: number | undefined, off: number, imm: number): boolean {
  if ((op & 0xe0) !== 0x60) return false
  const rest = pushAddress(code, dst, off)
  if (src === undefined) code.i64(imm, imm >> 31)
  else code.get(local(src))
  code.memory(STORES[(op >> 3) & 3]!, rest)
  return true
}

const ATOMIC_OPERATIONS: Readonly<Record<number, number>> = { 0x00: OP.i64Add, 0x40: OP.i64Or, 0x50: OP.i64And, 0xa0: OP.i64Xor }

export function emitAtomic(code: CodeWriter, op: number, dst: number, src: number, off: number, kind: number): boolean {
  const size = (op >> 3) & 3
  const load = LOADS[size]!
  const store = STORES[size]!
  if (kind === LOAD_ACQUIRE) return emitLoad(code, (op & 0x18) | 0x61, dst, src, off)
  if (kind === STORE_RELEASE) return emitStore(code, (op & 0x18) | 0x63, dst, src, off, 0)
  if (size !== 0 && size !== 3) return false
  const rest = pushAddress(code, dst, off)
  code.tee(LOCAL.address)
  // The address is on the stack for the store; the old value goes to a scratch local.
  code.get(LOCAL.address).memory(load, rest).set(LOCAL.t0)
  if (kind === 0xf1) {
    code.get(local(src)).get(LOCAL.t0)
    code.get(LOCAL.t0).get(LOCAL.r0)
    if (size === 0) code.i64(-1, 0).byte(OP.i64And)
    code.byte(OP.i64Eq, OP.select).memory(store, rest)
    code.get(LOCAL.t0).set(LOCAL.r0)
    return true
  }
  if (kind === 0xe1) code.get(local(src))
  else {
    const operation = ATOMIC_OPERATIONS[kind & ~1]
    if (operation === undefined) return false
    code.get(LOCAL.t0).get(local(src)).byte(operation)
  }
  code.memory(store, rest)
  if (kind & 1) code.get(LOCAL.t0).set(local(src))
  return true
}
