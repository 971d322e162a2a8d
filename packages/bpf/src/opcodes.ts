/**
 * The numbers of the BPF encoding: classes, sizes, modes, operations, sources.
 * Facts of RFC 9669, sections 3 to 5; nothing here knows how an instruction is written.
 */

/** Instruction classes: the low three bits of the opcode. */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const

/** Operand source of ALU and jump instructions: bit 3 of the opcode. */
export const SOURCE = { K: 0x00, X: 0x08 } as const

/** Width of a memory access: bits 3 and 4 of the opcode. */
export const SIZE = { W: 0x00, H: 0x08, B: 0x10, DW: 0x18 } as const

/** Addressing mode of loads and stores: the high three bits of the opcode. */
export const MODE = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const

/** ALU operations: the high four bits of the opcode. */
export const ALU = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
  MOV: 0xb0,
  ARSH: 0xc0,
  END: 0xd0,
} as const

/** Jump operations: the high four bits of the opcode. */
export const JMP = {
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  JNE: 0x50,
  JSGT: 0x60,
  JSGE: 0x70,
  CALL: 0x80,
  EXIT: 0x90,
  JLT: 0xa0,
  JLE: 0xb0,
  JSLT: 0xc0,
  JSLE: 0xd0,
  JCOND: 0xe0,
} as const

/** Atomic operations, in the immediate of an atomic store. */
export const ATOMIC = {
  ADD: 0x00,
  OR: 0x40,
  AND: 0x50,
  XOR: 0xa0,
  FETCH: 0x01,
  XCHG: 0xe1,
  CMPXCHG: 0xf1,
  LOAD_ACQ: 0x100,
  STORE_REL: 0x110,
} as const

/** What the source register field of `ld_imm64` says about its immediate. */
export const PSEUDO_LD = {
  CONST: 0,
  MAP_FD: 1,
  MAP_VALUE: 2,
  BTF_ID: 3,
  FUNC: 4,
  MAP_IDX: 5,
  MAP_IDX_VALUE: 6,
} as const

/** What the source register field of `call` says about its immediate. */
export const PSEUDO_CALL = { HELPER: 0, LOCAL: 1, KFUNC: 2 } as const

/** Opcode of the 16-byte load of a 64-bit immediate. */
export const LD_IMM64 = 0x18
export const OP_CALL = 0x85
export const OP_EXIT = 0x95
export const OP_JA = 0x05
export const OP_JA32 = 0x06
