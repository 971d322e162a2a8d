/**
 * Names of the numbers inside NFP words: operations, conditions, shift kinds, local CSRs, relocation types.
 *
 * Names are those of GNU binutils where it prints them. Follows nfp-isa.md, sections 5, 6, 9 and 10, and nfp-jit.md,
 * section 20. Memory commands have a table of their own (commands.ts).
 */

/** ALU operators with two operands in infix notation, and the two moves `B` and `~B`. */
export const ALU_OPS = {
  B: 0,
  '+': 1,
  '~B': 4,
  '+16': 5,
  AND: 8,
  '+8': 9,
  '~AND': 12,
  '-carry': 13,
  'AND~': 16,
  '+carry': 17,
  OR: 20,
  '-': 21,
  XOR: 24,
  'B-A': 25,
} as const
export type AluOp = keyof typeof ALU_OPS

/** ALU operators with a name and argument list of their own. */
export const ALU_FUNCTIONS = {
  pop_count3: 3,
  pop_count1: 6,
  pop_count2: 7,
  cam_clear: 11,
  ffs: 14,
  cam_read_tag: 15,
  crc: 18,
  cam_write: 19,
  cam_lookup: 23,
  cam_write_state: 27,
  cam_read_state: 31,
} as const
export type AluFunction = keyof typeof ALU_FUNCTIONS

/** Operators of ALU_SHF words. `asr` and `byte_align` print as instructions of their own. */
export const SHF_OPS = { B: 0, '~B': 1, AND: 2, '~AND': 3, 'AND~': 4, OR: 5, asr: 6, byte_align: 7 } as const
export type ShfOp = keyof typeof SHF_OPS

/** Shift kinds (field SC): rotate right, right, left, double-word right. */
export const SHIFT_KINDS = { rot: 0, '>>': 1, '<<': 2, 'dbl>>': 3 } as const
export type ShiftKind = keyof typeof SHIFT_KINDS

/** Branch conditions, by binutils' names; `bcs` is the driver's BHS, `bcc` its BLO and BCC, `br` its UNC. */
export const CONDITIONS = {
  beq: 0,
  bne: 1,
  bmi: 2,
  bpl: 3,
  bcs: 4,
  bcc: 5,
  bvs: 6,
  bvc: 7,
  bge: 8,
  blt: 9,
  ble: 10,
  bgt: 11,
  'br=ctx': 16,
  'br!=ctx': 17,
  br_signal: 18,
  'br_!signal': 19,
  br_inp_state: 20,
  'br_!inp_state': 21,
  br_cls_state: 22,
  'br_!cls_state': 23,
  br: 24,
} as const
export type Condition = keyof typeof CONDITIONS

/** Kinds of product of MULT words (field TYPE). */
export const MUL_TYPES = { start: 0, '24x8': 1, '16x16': 2, '32x32': 3 } as const
export type MulType = keyof typeof MUL_TYPES

/** Steps of MULT words (field STEP). */
export const MUL_STEPS = { step1: 0, step2: 1, step3: 2, step4: 3, last: 4, last2: 5 } as const
export type MulStep = keyof typeof MUL_STEPS

/** Local CSR byte addresses the driver uses. */
export const CSR_ADDRESS = {
  actLMAddr0: 0x64,
  actLMAddr1: 0x6c,
  actLMAddr2: 0x94,
  actLMAddr3: 0x9c,
  pseudoRandom: 0x148,
} as const

/** Relocation types in bits 63..56 of a word that is not loaded yet (nfp-jit.md, section 20). */
export const RELOCATION = {
  none: 0,
  branch: 1,
  goOut: 2,
  goAbort: 3,
  callPushRegs: 4,
  callPopRegs: 5,
  nextPacket: 6,
  helper: 7,
  immediate: 8,
} as const
export type Relocation = (typeof RELOCATION)[keyof typeof RELOCATION]

/** The key of a table whose value is `value`. */
export function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, value: number): Name | undefined {
  for (const name of Object.keys(table) as Name[]) if (table[name] === value) return name
  return undefined
}
